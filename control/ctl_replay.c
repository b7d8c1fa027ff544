/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl replay */
#include <stdlib.h>

#include "control/ctl_policy.h"
#include "control/replay.h"
#include "control/summary.h"

static json_t *input_json(const struct capture_input *in)
{
	return json_pack("{s:o, s:s, s:s, s:b, s:b, s:I, s:I, s:I}", "path",
		ctl_json_string(in->path), "format", in->format, "link", in->link, "converted",
		in->converted, "cut_off", in->cut_off, "frames", (json_int_t)in->frames,
		"frames_cut", (json_int_t)in->frames_cut, "octets", (json_int_t)in->octets);
}

static void document(struct ctl_call *call, const struct replay *r)
{
	json_t *inputs = json_array();
	json_t *events = json_object_get(r->report, "events");

	(void)json_object_del(events, "file"); /* of the private folder */
	(void)json_object_update_missing(call->document, r->report);
	for (unsigned i = 0; i < r->capture.n_inputs; i++) {
		json_array_append_new(inputs, input_json(&r->capture.inputs[i]));
	}
	ctl_set(call, "inputs", inputs);
	ctl_set(call, "outputs",
		json_pack("{s:o, s:o}", "frames",
			r->out != NULL ? ctl_json_string(r->out) : json_null(), "events",
			r->events != NULL ? ctl_json_string(r->events) : json_null()));
}

static void print(const struct replay *r)
{
	const json_t *counters = json_object_get(r->report, "counters");

	printf("%-28s %10llu\n", "FRAMES", (unsigned long long)r->capture.frames);
	for (unsigned i = 0; i < r->capture.n_inputs; i++) {
		const struct capture_input *in = &r->capture.inputs[i];

		printf("  %-26s %10llu  %s, %s%s\n", "in", (unsigned long long)in->frames,
			in->format, in->link, in->converted ? ", made Ethernet" : "");
	}
	printf("  %-26s %10lld\n", "out", summary_integer(counters, "frames_out"));
	printf("  %-26s %10lld\n", "of which edited", summary_integer(counters, "frames_edited"));
	printf("  %-26s %10lld\n\n", "of which held for a time",
		summary_integer(counters, "frames_held"));
	summary_messages(r->report, stdout);
	summary_sigtran(r->report, stdout);
	summary_rules(r->report, stdout);
	summary_limits(r->report, stdout);
	summary_reasons(r->report, stdout);
	summary_ledger(r->report, stdout);
}

/* check: configuration and policy, so that all their errors are told before anything is begun. */
static int check(struct ctl_call *call, const struct replay *r)
{
	struct config *c = NULL;
	struct policy_set *set = calloc(1, sizeof(*set));
	int rc = set != NULL ? ctl_config_load(call, &c)
	                     : ctl_error(call, CONTROL_FAILED, "no memory");

	if (rc == 0) {
		rc = ctl_policy_load(call, r->policy_path, c, set);
		if (rc == 0) {
			policy_set_free(set);
		}
	}
	free(c);
	free(set);
	return rc;
}

int ctl_replay(struct ctl_call *call)
{
	struct replay *r = calloc(1, sizeof(*r));
	long burst = 0;
	long hold_ms = -1;
	int rc = ctl_number(call, "burst", 1, LIMIT_BURST, &burst);

	rc = rc == 0 ? ctl_number(call, "hold-ms", 0, 3600000, &hold_ms) : rc;
	if (r == NULL || rc != 0) {
		free(r);
		return rc != 0 ? rc : ctl_error(call, CONTROL_FAILED, "no memory");
	}
	*r = (struct replay){ .config_path = ctl_value(call, "config"),
		.policy_path = ctl_value(call, "policy"),
		.inputs = call->words,
		.n_inputs = call->n_words,
		.out = ctl_value(call, "out"),
		.events = ctl_value(call, "events"),
		.quarantine = ctl_value(call, "quarantine"),
		.burst = (unsigned)burst,
		.hold_ms = hold_ms,
		.timeout_s = call->timeout_s };
	if (r->config_path == NULL) {
		rc = ctl_error(
			call, CONTROL_USAGE, "replay needs --config FILE (try conf/lab.conf)");
	}
	rc = rc == 0 ? check(call, r) : rc;
	rc = rc == 0 ? replay_run(r, &call->diag) : rc;
	if (rc == 0 && call->json) {
		document(call, r);
	} else if (rc == 0) {
		print(r);
	}
	replay_free(r);
	free(r);
	return rc;
}
