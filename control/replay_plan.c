/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/replay_plan.h"

#include <jansson.h>

#include "dataplane/base/clock.h"

/* One value for all replays: same capture, same octets and events. */
#define REPLAY_SEED 0x5d588b65u

static bool read_string(
	json_t *plan, const char *name, char *out, const char *path, struct diag *diag)
{
	const char *value = json_string_value(json_object_get(plan, name));

	if (value == NULL || strlen(value) >= REPLAY_PATH_SIZE) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "\"%s\" is missing or too long", name);
		return false;
	}
	memcpy(out, value, strlen(value) + 1);
	return true;
}

static bool read_header(json_t *plan, uint8_t header[24], const char *path, struct diag *diag)
{
	const char *hex = json_string_value(json_object_get(plan, "header"));

	if (hex == NULL || strlen(hex) != 48) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "\"header\" is not 48 hexadecimal digits");
		return false;
	}
	for (unsigned i = 0; i < 24; i++) {
		unsigned octet;

		if (sscanf(hex + 2 * (size_t)i, "%2x", &octet) != 1) {
			diag_add(diag, DIAG_ERROR, path, 0, 0, "\"header\" is not hexadecimal");
			return false;
		}
		header[i] = (uint8_t)octet;
	}
	return true;
}

bool replay_plan_read(struct replay_plan *plan, const char *path, struct diag *diag)
{
	json_error_t error;
	json_t *root = json_load_file(path, 0, &error);
	json_t *hold;
	bool ok;

	if (root == NULL) {
		diag_add(diag, DIAG_ERROR, path, error.line, error.column, "%s", error.text);
		return false;
	}
	hold = json_object_get(root, "hold_ms");
	ok = read_string(root, "index", plan->index, path, diag);
	ok = read_string(root, "out", plan->out, path, diag) && ok;
	ok = read_string(root, "events", plan->events, path, diag) && ok;
	ok = read_string(root, "report", plan->report, path, diag) && ok;
	ok = read_header(root, plan->header, path, diag) && ok;
	if (json_object_get(root, "quarantine") != NULL) {
		ok = read_string(root, "quarantine", plan->quarantine, path, diag) && ok;
	}
	plan->n_inputs = (unsigned)json_integer_value(json_object_get(root, "n_inputs"));
	plan->burst = (unsigned)json_integer_value(json_object_get(root, "burst"));
	plan->hold_ms = hold != NULL ? json_integer_value(hold) : -1;
	plan->explain_frame = (uint64_t)json_integer_value(json_object_get(root, "explain_frame"));
	json_decref(root);
	if (plan->burst > LIMIT_BURST) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "\"burst\" is above %u", LIMIT_BURST);
		ok = false;
	}
	return ok;
}

void replay_plan_apply(const struct replay_plan *plan, struct config *config)
{
	struct tcp_config *tcp = &config->pipeline.links[0].tcp;

	config->n_workers = 1;
	config->n_inputs = plan->n_inputs;
	config->pipeline.n_links = 1;
	config->pipeline.replay = true;
	config->pipeline.hash_seed = REPLAY_SEED;
	config->pipeline.concat.hash_key = REPLAY_SEED;
	config->pipeline.limits.hash_key = REPLAY_SEED;
	config->pipeline.signalling.hash_key = REPLAY_SEED;
	config->pipeline.explain_frame = plan->explain_frame;
	if (plan->burst != 0) {
		config->burst = plan->burst;
	}
	tcp->hold_us = plan->hold_ms >= 0 ? (uint64_t)plan->hold_ms * CLOCK_US_PER_MS
	                                  : config->replay_hold_us;
	/* no sender waits for a replay: what it sent again is no reason to let go (docs/replay.md) */
	tcp->release_on_retransmit = tcp->hold_us != 0;
	config_quarantine(config, plan->quarantine);
	snprintf(config->events_file, sizeof(config->events_file), "%s", plan->events);
}
