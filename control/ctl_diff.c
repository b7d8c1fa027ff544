/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * smswallctl policy diff: two policies, from files or from the daemon's store, side by side; with
 * --capture also what becomes of recorded messages. Without it nothing is compiled.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/ctl_client.h"
#include "control/ctl_daemon.h"
#include "control/ctl_store.h"
#include "control/diff.h"
#include "control/diff_capture.h"
#include "control/replay.h"
#include "control/replay_process.h"
#include "control/summary.h"

enum { SAMPLES_DEFAULT = 5, SIDES = 2, LINK_SIZE = 32, PATH_SIZE = 96 };

/* Where the policies meet a capture. */
struct scratch {
	char folder[48];
	char config[PATH_SIZE];
	char pack[SIDES][PATH_SIZE];
	char events[SIDES][PATH_SIZE];
};

struct work {
	struct ctl_call *call;
	struct config *config;
	char names[LIMIT_LINKS][LINK_SIZE]; /* where no configuration says which links there are */
	const char *links[LIMIT_LINKS];
	unsigned n_links;
	struct ctl_store store[SIDES];
	struct policy_set set[SIDES];
	const char *captures[CTL_VALUES_MAX];
	unsigned n_captures;
	unsigned n_samples;
	struct scratch scratch;
};

static bool is_generation(const char *word)
{
	return word[0] == '@';
}

/* ---- configuration and links */

static int open_config(struct work *w)
{
	struct ctl_call *call = w->call;
	json_t *status = NULL;
	int rc;

	if (ctl_value(call, "config") == NULL &&
		(is_generation(call->words[0]) || is_generation(call->words[1]))) {
		rc = ctl_client_request(call, "status", NULL, &status);
		rc = rc == 0 ? ctl_config_live(call, status, &w->config) : rc;
		json_decref(status);
	} else if (ctl_value(call, "config") == NULL && w->n_captures != 0) {
		rc = ctl_error(
			call, CONTROL_USAGE, "--capture needs --config FILE (try conf/lab.conf)");
	} else {
		rc = ctl_config_load(call, &w->config);
	}
	for (unsigned i = 0; rc == 0 && i < w->config->pipeline.n_links; i++) {
		w->links[w->n_links++] = w->config->pipeline.links[i].name;
	}
	return rc;
}

static void add_link(struct work *w, const char *name, size_t len)
{
	for (unsigned i = 0; i < w->n_links; i++) {
		if (strlen(w->links[i]) == len && memcmp(w->links[i], name, len) == 0) {
			return;
		}
	}
	if (w->n_links < LIMIT_LINKS && len < LINK_SIZE) {
		memcpy(w->names[w->n_links], name, len);
		w->links[w->n_links] = w->names[w->n_links];
		w->n_links++;
	}
}

/* ---- the two policies */

/* load_side: `base`: what of the other one may be shared, NULL: the rules alone are read. */
static int load_side(
	struct work *w, unsigned i, bool rules_only, struct policy_set *set, struct diag *diag)
{
	const struct policy_load how = { .path = w->store[i].pack != NULL ? w->store[i].manifest
		                                                          : w->call->words[i],
		.pack = w->store[i].pack,
		.link_names = w->links,
		.n_links = w->n_links,
		.default_action = (enum rule_action)w->config->default_action,
		.base = i != 0 && !rules_only ? w->set[0].ruleset : NULL,
		.rules_only = rules_only };

	return policy_set_load(set, &how, diag) ? 0 : CONTROL_INVALID;
}

static int open_store(struct work *w, unsigned i)
{
	long long number = 0;
	int rc;

	if (!is_generation(w->call->words[i])) {
		return 0;
	}
	rc = ctl_read_generation(w->call, w->call->words[i], &number);
	rc = rc == 0 ? ctl_store_find(w->call, number, &w->store[i]) : rc;
	(void)json_object_del(w->call->document, "record"); /* told with its policy: tell() */
	return rc == 0 ? ctl_store_table(w->call, &w->store[i], true) : rc;
}

/* find_links: where there is no configuration: those that either policy names. */
static int find_links(struct work *w)
{
	struct diag *unsaid = calloc(1, sizeof(*unsaid)); /* it is told when they are loaded */
	struct policy_set *sets = calloc(SIDES, sizeof(*sets));
	bool good = unsaid != NULL && sets != NULL;

	for (unsigned i = 0; good && i < SIDES && w->config->pipeline.n_links == 0; i++) {
		if (load_side(w, i, true, &sets[i], unsaid) != 0) {
			memset(&sets[i].unseen, 0, sizeof(sets[i].unseen));
		}
	}
	for (unsigned i = 0; good && i < SIDES; i++) {
		for (unsigned k = 0; k < sets[i].unseen.n; k++) {
			add_link(w, sets[i].unseen.names[k], strlen(sets[i].unseen.names[k]));
		}
		policy_set_free(&sets[i]);
	}
	if (unsaid != NULL) {
		diag_clear(unsaid);
	}
	free(unsaid);
	free(sets);
	return good ? 0 : ctl_error(w->call, CONTROL_FAILED, "no memory");
}

static int open_both(struct work *w)
{
	int rc = open_config(w);

	for (unsigned i = 0; rc == 0 && i < SIDES; i++) {
		rc = open_store(w, i);
	}
	rc = rc == 0 ? find_links(w) : rc;
	for (unsigned i = 0; rc == 0 && i < SIDES; i++) {
		rc = load_side(w, i, w->n_captures == 0, &w->set[i], &w->call->diag);
	}
	return rc;
}

/* ---- a capture through both */

static int scratch_open(struct work *w)
{
	struct scratch *s = &w->scratch;
	static const char *const names[SIDES] = { "old", "new" };
	char folder[sizeof(s->folder)] = "/tmp/smswall-diff-XXXXXX";

	if (mkdtemp(folder) == NULL) {
		return ctl_error(
			w->call, CONTROL_FAILED, "no private folder in /tmp: %s", strerror(errno));
	}
	(void)snprintf(s->folder, sizeof(s->folder), "%s", folder);
	(void)snprintf(s->config, sizeof(s->config), "%s/diff.conf", folder);
	for (unsigned i = 0; i < SIDES; i++) {
		(void)snprintf(s->pack[i], sizeof(s->pack[i]), "%s/%s.pack", folder, names[i]);
		(void)snprintf(s->events[i], sizeof(s->events[i]), "%s/%s.jsonl", folder, names[i]);
	}
	return 0;
}

static void scratch_close(const struct scratch *s)
{
	if (s->folder[0] == '\0') {
		return;
	}
	(void)unlink(s->config);
	for (unsigned i = 0; i < SIDES; i++) {
		(void)unlink(s->pack[i]);
		(void)unlink(s->events[i]);
	}
	(void)rmdir(s->folder);
}

/* write_config: with events of all messages, and their texts where they are asked for. */
static int write_config(struct work *w)
{
	struct config *c = malloc(sizeof(*c));
	FILE *f = c != NULL ? fopen(w->scratch.config, "we") : NULL;
	bool good = f != NULL;

	if (good) {
		*c = *w->config;
		c->pipeline.event_select = EVENTS_ALL;
		c->pipeline.event_text = ctl_value(w->call, "show-text") != NULL;
		config_print(c, f);
		good = fclose(f) == 0;
	}
	free(c);
	return good ? 0
	            : ctl_error(w->call, CONTROL_FAILED, "%s: %s", w->scratch.config,
			      strerror(errno));
}

static json_t *inputs_json(const struct capture *c)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < c->n_inputs; i++) {
		(void)json_array_append_new(
			list, json_pack("{s:o, s:I}", "path", ctl_json_string(c->inputs[i].path),
				      "frames", (json_int_t)c->inputs[i].frames));
	}
	return list;
}

/* replay_side: *inputs: what the captures were. */
static int replay_side(struct work *w, unsigned i, json_t **inputs)
{
	const struct policy_write how = { .key = NULL };
	struct replay *r = calloc(1, sizeof(*r));
	int rc = r != NULL ? 0 : ctl_error(w->call, CONTROL_FAILED, "no memory");

	if (rc == 0 && !policy_set_write(&w->set[i], w->scratch.pack[i], &how, &w->call->diag)) {
		rc = CONTROL_FAILED;
	}
	if (rc == 0) {
		*r = (struct replay){ .config_path = w->scratch.config,
			.policy_path = w->scratch.pack[i],
			.inputs = w->captures,
			.n_inputs = w->n_captures,
			.events = w->scratch.events[i],
			.hold_ms = -1,
			.timeout_s = w->call->timeout_s };
		rc = replay_run(r, &w->call->diag);
		*inputs = rc == 0 ? inputs_json(&r->capture) : NULL;
		replay_free(r);
	}
	free(r);
	return rc;
}

/* compare_capture: *capture: a new reference. */
static int compare_capture(struct work *w, json_t **capture)
{
	json_t *inputs = NULL;
	int rc = scratch_open(w);

	rc = rc == 0 ? write_config(w) : rc;
	for (unsigned i = 0; rc == 0 && i < SIDES; i++) {
		json_decref(inputs);
		rc = replay_side(w, i, &inputs);
	}
	if (rc == 0) {
		*capture = diff_events(
			w->scratch.events[0], w->scratch.events[1], w->n_samples, &w->call->diag);
		rc = *capture != NULL ? json_object_set(*capture, "inputs", inputs)
		                      : CONTROL_FAILED;
	}
	json_decref(inputs);
	scratch_close(&w->scratch);
	return rc;
}

/* ---- */

static void read_captures(struct work *w)
{
	for (unsigned i = 0; i < w->call->n_values; i++) {
		if (strcmp(w->call->values[i].option->name, "capture") == 0) {
			w->captures[w->n_captures++] = w->call->values[i].value;
		}
	}
}

static int tell(struct work *w, json_t *policies, json_t *capture)
{
	bool differ = summary_integer(policies, "differences") != 0 ||
	              summary_integer(capture, "changed") != 0;

	for (unsigned i = 0; i < SIDES; i++) {
		if (w->store[i].record != NULL) {
			(void)json_object_set(json_object_get(policies, i == 0 ? "old" : "new"),
				"record", w->store[i].record);
		}
	}
	if (!w->call->json) {
		ctl_clean(policies);
		diff_print(policies, stdout);
	}
	(void)json_object_update(w->call->document, policies);
	if (capture != NULL) {
		if (!w->call->json) {
			ctl_clean(capture);
			diff_events_print(capture, stdout);
		}
		ctl_set(w->call, "capture", json_incref(capture));
	}
	return differ && ctl_value(w->call, "exit-code") != NULL ? CONTROL_FAILED : 0;
}

static int diff(struct work *w)
{
	struct diff_side sides[SIDES];
	json_t *policies = NULL;
	json_t *capture = NULL;
	sigset_t before;
	int rc = open_both(w);

	if (rc != 0) {
		return rc;
	}
	for (unsigned i = 0; i < SIDES; i++) {
		sides[i] =
			(struct diff_side){ w->call->words[i], &w->set[i], w->links, w->n_links };
	}
	policies = diff_policies(&sides[0], &sides[1]);
	if (policies == NULL) {
		return ctl_error(w->call, CONTROL_FAILED, "no memory");
	}
	if (w->n_captures != 0) {
		replay_signals_block(&before); /* so that the private folder is removed */
		rc = compare_capture(w, &capture);
		replay_signals_restore(&before);
	}
	rc = rc == 0 ? tell(w, policies, capture) : rc;
	json_decref(policies);
	json_decref(capture);
	return rc;
}

int ctl_policy_diff(struct ctl_call *call)
{
	struct work *w = calloc(1, sizeof(*w));
	long samples = SAMPLES_DEFAULT;
	int rc = ctl_number(call, "samples", 0, DIFF_SAMPLES_MAX, &samples);

	if (w == NULL || rc != 0) {
		free(w);
		return rc != 0 ? rc : ctl_error(call, CONTROL_FAILED, "no memory");
	}
	w->call = call;
	w->n_samples = (unsigned)samples;
	read_captures(w);
	rc = diff(w);
	for (unsigned i = 0; i < SIDES; i++) {
		policy_set_free(&w->set[i]);
		ctl_store_close(&w->store[i]);
	}
	free(w->config);
	free(w);
	return rc;
}
