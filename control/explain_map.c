/* SPDX-License-Identifier: BSD-3-Clause */
/* A MAP short message. Part of explain.h. */
#include <stdlib.h>
#include <string.h>

#include "control/explain_parts.h"

/* What the message was read into. */
struct tcap_view {
	struct tcap_message message;
	struct tcap_component component;
	struct gsmmap_message map;
};

bool explain_is_tcap(struct bytes b)
{
	return b.len != 0 && strcmp(tcap_type_name((enum tcap_type)b.data[0]), "unknown") != 0;
}

/* find: the component that is meant; false with a sentence. */
static bool find(
	struct tcap_view *v, struct bytes tcap, const struct explain_map *map, struct diag *diag)
{
	struct gsmmap_context context = gsmmap_context_of(&v->message);
	struct cursor c = cursor_of(v->message.components);
	enum reason why = R_none;

	if (map->version != 0) {
		context.version = map->version;
	}
	while (cursor_left(&c) != 0) {
		if (tcap_component_read(&c, tcap, &v->component, &why) != PARSE_OK) {
			continue;
		}
		if (map->invoke_id != EXPLAIN_ANY_INVOKE &&
			v->component.invoke_id != map->invoke_id) {
			continue;
		}
		if (gsmmap_message_read(&v->component, context, tcap, &v->map, &why) == PARSE_OK &&
			v->map.has_ui) {
			return true;
		}
	}
	if (why != R_none) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "no short message can be read: %s",
			stats_reason_help(why));
	} else {
		diag_add(
			diag, DIAG_ERROR, NULL, 0, 0, "this TCAP message carries no short message");
	}
	return false;
}

static json_t *digits(struct bytes b)
{
	return b.len != 0 ? explain_utf8(b) : json_null();
}

static void put_map(json_t *doc, const struct explain *x, const struct tcap_view *v)
{
	const struct sms *m = &x->sms;

	json_object_set_new(doc, "map",
		json_pack("{s:s, s:I, s:i, s:i, s:s, s:o, s:o, s:o, s:b}", "tcap",
			tcap_type_name(v->message.type), "invoke_id",
			(json_int_t)v->component.invoke_id, "opcode", (int)m->operation, "version",
			(int)m->map_version, "tpdu", tpdu_type_name((enum tpdu_type)m->tpdu_type),
			"smsc", digits(m->smsc.digits), "imsi", digits(m->imsi), "msisdn",
			digits(m->msisdn.digits), "more_messages", m->more_messages));
}

static const struct refusal_config *refusal_of(const struct explain *x)
{
	return x->sms.to_mobile ? &x->link->mt : &x->link->mo;
}

static bool redact(struct explain *x, struct bytes tcap, const struct edit_map_target *target)
{
	uint32_t n =
		judge_spans(&x->judge, x->generation, &x->sms, &x->verdict, x->spans, LIMIT_HITS);

	for (uint32_t i = 0; i < n; i++) {
		edit_map_redact(
			tcap, target, &x->sms, x->spans[i].from, x->spans[i].to, 0, x->edited);
	}
	return n != 0;
}

static void put_edit(
	json_t *doc, struct explain *x, struct bytes tcap, const struct edit_map_target *target)
{
	const struct refusal_config *refusal = refusal_of(x);
	enum rule_action action = (enum rule_action)x->verdict.action;
	enum edit_style style = EDIT_NONE;

	memcpy(x->edited, tcap.data, tcap.len);
	if (action == ACTION_REDACT) {
		style = redact(x, tcap, target) ? EDIT_REDACT : EDIT_NONE;
	} else if (action >= ACTION_BLANK) {
		style = edit_map_refuse(tcap, target,
			action == ACTION_BLANK ? EDIT_BLANK : (enum edit_style)refusal->style,
			refusal->poison, 0, x->edited);
	}
	json_object_set_new(doc, "edit",
		json_pack("{s:s, s:b, s:o, s:o}", "style", edit_style_name(style), "applied",
			style != EDIT_NONE && x->link->mode == LINK_ENFORCE, "answer_error",
			action >= ACTION_THROTTLE && style != EDIT_TCAP_GHOST
				? json_string(edit_map_error_name(
					  action == ACTION_THROTTLE
						  ? (unsigned)MAP_ERROR_SYSTEM_FAILURE
						  : refusal->status))
				: json_null(),
			"pdu",
			style != EDIT_NONE ? explain_hex(bytes_of(x->edited, tcap.len))
					   : json_null()));
}

static void put_message(json_t *doc, struct explain *x, struct bytes tcap,
	const struct tcap_view *v, struct bytes joined)
{
	struct edit_map_target target = { &v->message, &v->component, &v->map, &x->tpdu.tpdu };

	x->sms.link = (uint8_t)x->link_index;
	x->sms.side = (uint8_t)x->side;
	x->sms.role = (uint8_t)(x->sms.to_mobile ? ROLE_SMSC : ROLE_MSC);
	x->sms.account = bytes_of(NULL, 0);
	json_object_set_new(doc, "command", json_string(x->sms.command));
	json_object_set_new(doc, "role", json_string(explain_role_name(x->sms.role)));
	put_map(doc, x, v);
	explain_put_message(doc, x);
	explain_put_verdict(doc, x, joined);
	if (joined.len == 0 || x->verdict.action != ACTION_REDACT) {
		put_edit(doc, x, tcap, &target);
	}
}

json_t *explain_tcap(struct explain *x, struct bytes tcap, const struct explain_map *map,
	struct bytes joined, struct diag *diag)
{
	struct tcap_view v;
	enum reason why = R_none;
	json_t *doc;

	if (tcap.len > sizeof(x->edited) || tcap_message_read(tcap, &v.message, &why) != PARSE_OK) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "no TCAP message: %s",
			stats_reason_help(why));
		return NULL;
	}
	if (!find(&v, tcap, map, diag)) {
		return NULL;
	}
	doc = json_pack("{s:s, s:I, s:I, s:o, s:o, s:s, s:s}", "command",
		gsmmap_operation_name(v.map.operation), "sequence",
		(json_int_t)v.component.invoke_id, "octets", (json_int_t)tcap.len, "pdu",
		explain_hex(tcap), "link", explain_utf8(bytes_str(x->link->name)), "mode",
		x->link->mode == LINK_ENFORCE   ? "enforce"
		: x->link->mode == LINK_MONITOR ? "monitor"
						: "tap",
		"side", x->side == SIDE_INSIDE ? "inside" : "outside");
	if (sms_from_map(&v.map, &x->tpdu, &x->judge.buffers, &x->sms, &why) != PARSE_OK) {
		json_object_set_new(doc, "malformed",
			json_pack("{s:s, s:s, s:s}", "reason", stats_reason_name(why), "help",
				stats_reason_help(why), "treated",
				x->link->malformed == MALFORMED_REFUSE ? "refused" : "passed"));
		return doc;
	}
	put_message(doc, x, tcap, &v, joined);
	return doc;
}
