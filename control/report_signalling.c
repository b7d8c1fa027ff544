/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report_signalling.h"

#include "control/json_value.h"

static const char *action_name(uint8_t action)
{
	static const char *const names[] = { [SIGNALLING_OFF] = "off",
		[SIGNALLING_REPORT] = "report",
		[SIGNALLING_REFUSE] = "refuse" };

	return action < sizeof(names) / sizeof(names[0]) ? names[action] : "unknown";
}

static uint32_t traffic_of(const struct control_context *ctx, unsigned link)
{
	uint32_t seen = 0;

	for (unsigned i = 0; i < ctx->n_pipelines; i++) {
		seen |= pipeline_signalling_traffic(ctx->pipelines[i], link);
	}
	return seen;
}

static uint64_t found_of(
	const struct control_context *ctx, unsigned link, enum signalling_check check)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < ctx->n_pipelines; i++) {
		n += pipeline_signalling_found(ctx->pipelines[i], link, check);
	}
	return n;
}

static json_t *kinds_json(uint32_t kinds)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < SIGNALLING_TRAFFIC_COUNT; i++) {
		if ((kinds >> i & 1) != 0) {
			json_array_append_new(list, json_string(signalling_traffic_name(
							    (enum signalling_traffic_kind)i)));
		}
	}
	return list;
}

json_t *report_signalling(const struct control_context *ctx, unsigned link)
{
	const struct signalling_config *config = &ctx->config->pipeline.links[link].signalling;
	uint32_t here = traffic_of(ctx, link);
	uint32_t all = 0;
	json_t *checks = json_object();

	for (unsigned i = 0; i < ctx->config->pipeline.n_links; i++) {
		all |= traffic_of(ctx, i);
	}
	for (unsigned i = 0; i < SIGNALLING_CHECK_COUNT; i++) {
		enum signalling_check check = (enum signalling_check)i;

		json_object_set_new(checks, signalling_check_name(check),
			json_pack("{s:s, s:o, s:o, s:s?}", "action", action_name(config->action[i]),
				"found", json_value_count(found_of(ctx, link, check)), "blind",
				kinds_json(signalling_blind(config, check, here, all)), "unset",
				signalling_unset(config, check)));
	}
	return json_pack("{s:o, s:o}", "seen", kinds_json(here), "checks", checks);
}

json_t *report_signalling_table(const struct pipeline *p)
{
	struct signalling_gauges g = pipeline_signalling_gauges(p);

	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "told", json_value_count(g.told), "asked",
		json_value_count(g.asked), "senders", json_value_count(g.gts), "forgotten",
		json_value_count(g.forgotten), "senders_forgotten",
		json_value_count(g.gts_forgotten));
}
