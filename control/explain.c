/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/explain_parts.h"

#include <stdlib.h>
#include <string.h>

#include <hs/hs.h>

#include "dataplane/base/clock.h"

struct explain *explain_open(const struct config *config, const struct policy_set *policy,
	unsigned link, enum sms_side side, struct diag *diag)
{
	struct explain *x = calloc(1, sizeof(*x));

	if (x != NULL) {
		x->config = config;
		x->link = &config->pipeline.links[link];
		x->link_index = link;
		x->side = side;
		x->memory = aligned_alloc(64, (judge_size() + 63) / 64 * 64);
		x->generation = generation_create(1, policy->ruleset, &policy->policy, 1);
		if (x->generation != NULL) {
			generation_set_lists(x->generation, policy->lists);
		}
	}
	if (x == NULL || x->memory == NULL || x->generation == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "no memory for the judge");
		explain_close(x);
		return NULL;
	}
	memset(x->memory, 0, judge_size());
	judge_init(&x->judge, x->memory, NULL, 0);
	x->judge.sample_key = config->pipeline.sample_key;
	for (unsigned i = 0; i < config->pipeline.n_links; i++) {
		x->judge.unseen_links |= (uint64_t)!config->pipeline.links[i].content << i;
	}
	return x;
}

void explain_close(struct explain *x)
{
	if (x == NULL) {
		return;
	}
	generation_free(x->generation);
	free(x->limits);
	free(x->memory);
	free(x);
}

void explain_about(struct explain *x, const struct explain_about *about)
{
	x->about = *about;
}

/* explain_utf8: a text that the data path has made or an address as it was sent (then octets as Latin-1). */
json_t *explain_utf8(struct bytes b)
{
	json_t *j = json_stringn((const char *)b.data, b.len);
	char *copy;
	size_t n = 0;

	if (j != NULL) {
		return j;
	}
	copy = malloc(2 * b.len + 1);
	for (size_t i = 0; copy != NULL && i < b.len; i++) {
		n += text_put(b.data[i], (uint8_t *)copy + n, 2 * b.len - n);
	}
	j = copy != NULL ? json_stringn(copy, n) : NULL;
	free(copy);
	return j;
}

json_t *explain_hex(struct bytes b)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * b.len + 1);
	json_t *j;

	for (size_t i = 0; text != NULL && i < b.len; i++) {
		text[2 * i] = digits[b.data[i] >> 4];
		text[2 * i + 1] = digits[b.data[i] & 0x0F];
	}
	j = text != NULL ? json_stringn(text, 2 * b.len) : NULL;
	free(text);
	return j;
}

static json_t *integer(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static json_t *address(const struct sms_address *a)
{
	return json_pack("{s:o, s:i, s:i}", "address", explain_utf8(a->digits), "ton", a->ton,
		"npi", a->npi);
}

static const char *const roles[] = { "unknown", "esme", "smsc", "msc" };

const char *explain_role_name(unsigned role)
{
	return roles[role];
}

enum sms_role explain_role_of(const char *name)
{
	for (unsigned i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(roles[i], name) == 0) {
			return (enum sms_role)i;
		}
	}
	return ROLE_UNKNOWN;
}

static const char *mode_name(unsigned mode)
{
	static const char *const names[] = { "tap", "monitor", "enforce" };

	return names[mode];
}

static json_t *anomalies(const struct sms *m)
{
	json_t *list = json_array();

	for (unsigned r = 0; r < R_COUNT; r++) {
		if ((m->anomalies[r / 64] >> (r % 64) & 1) != 0) {
			json_array_append_new(list,
				json_pack("{s:s, s:s}", "reason", stats_reason_name((enum reason)r),
					"help", stats_reason_help((enum reason)r)));
		}
	}
	return list;
}

static void put_concat(json_t *doc, const struct sms *m)
{
	if (m->concat.total != 0) {
		json_object_set_new(doc, "part", integer(m->concat.part));
		json_object_set_new(doc, "parts", integer(m->concat.total));
		json_object_set_new(doc, "reference", integer(m->concat.reference));
		json_object_set_new(doc, "carried_by",
			json_string(m->concat.width == 0   ? "SAR"
				    : m->concat.width == 8 ? "UDH 00"
							   : "UDH 08"));
	}
}

void explain_put_message(json_t *doc, const struct explain *x)
{
	const struct sms *m = &x->sms;
	json_t *bodies = json_array();

	json_object_set_new(doc, "source", address(&m->source));
	json_object_set_new(doc, "destination", address(&m->destination));
	json_object_set_new(doc, "destinations", integer(m->n_destinations));
	json_object_set_new(doc, "esm_class", integer(m->esm_class));
	json_object_set_new(doc, "protocol_id", integer(m->protocol_id));
	json_object_set_new(doc, "data_coding", integer(m->data_coding));
	json_object_set_new(doc, "class",
		m->message_class >= 0 ? integer((uint64_t)m->message_class) : json_null());
	json_object_set_new(doc, "receipt", json_boolean(m->receipt));
	json_object_set_new(doc, "udh", m->udh.len != 0 ? explain_hex(m->udh) : json_null());
	put_concat(doc, m);
	for (unsigned i = 0; i < m->n_bodies; i++) {
		static const char *const names[] = { "short_message", "message_payload",
			"earlier message_payload" };
		const char *name = m->carrier == SMS_MAP ? "TP-UD" : names[i];

		json_array_append_new(bodies,
			json_pack("{s:s, s:I, s:I, s:s, s:o}", "field", name, "offset",
				(json_int_t)m->body[i].offset, "octets",
				(json_int_t)m->body[i].octets.len, "encoding",
				text_encoding_name((enum text_encoding)m->body[i].input.encoding),
				"text", explain_utf8(m->body[i].text)));
	}
	json_object_set_new(doc, "bodies", bodies);
	json_object_set_new(doc, "characters", integer(m->text_stats.n_characters));
	json_object_set_new(doc, "undecodable", integer(m->text_stats.n_undecodable));
	json_object_set_new(doc, "anomalies", anomalies(m));
}

/* view_of: the text a hit's offsets count in. */
static struct bytes view_of(const struct judge_views *w, const struct scan_hit *h)
{
	switch ((enum rule_field)h->field) {
	case FIELD_TEXT:
		return h->view == VIEW_FOLDED ? w->folded : w->text;
	case FIELD_SENDER:
		return h->view == VIEW_FOLDED ? w->sender_folded : w->sender;
	case FIELD_WHEN: /* it is about the whole message */
		return bytes_of(NULL, 0);
	case FIELD_URL:
	case FIELD_NUMBER:
		break;
	}
	return h->entity < w->n_entities ? w->entities[h->entity].value : bytes_of(NULL, 0);
}

/* What find_start() looks for: the longest match that ends at `to`. */
struct start {
	uint64_t to;
	uint64_t from;
	bool found;
};

static int on_match(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *arg)
{
	struct start *s = arg;

	(void)id;
	(void)flags;
	if (to == s->to && (!s->found || from < s->from)) {
		s->from = from;
		s->found = true;
	}
	return 0;
}

/*
 * find_start: where the match of `rule` that ends at h->to begins. The data path does not keep
 * starts, so the rule is compiled alone with them; it compiled before, so this is safe. False for
 * the few rules for which Hyperscan cannot keep starts.
 */
static bool find_start(
	const struct rule *rule, struct bytes view, const struct scan_hit *h, size_t *from)
{
	unsigned flags = (rule->flags & ~(unsigned)HS_FLAG_SINGLEMATCH) | HS_FLAG_SOM_LEFTMOST;
	struct start s = { .to = h->to };
	uint8_t *copy = calloc(1, view.len + LIMIT_SCAN_TAIL);
	hs_compile_error_t *error = NULL;
	hs_database_t *db = NULL;
	hs_scratch_t *scratch = NULL;

	if (copy != NULL &&
		hs_compile(rule->expression, flags, HS_MODE_BLOCK, NULL, &db, &error) ==
			HS_SUCCESS &&
		hs_alloc_scratch(db, &scratch) == HS_SUCCESS) {
		memcpy(copy, view.data, view.len);
		(void)hs_scan(db, (const char *)copy, (unsigned)view.len, 0, scratch, on_match, &s);
	}
	(void)hs_free_scratch(scratch);
	(void)hs_free_database(db);
	(void)hs_free_compile_error(error);
	free(copy);
	*from = (size_t)s.from;
	return s.found;
}

static json_t *hit_json(const struct explain *x, const struct scan_hit *h)
{
	const struct ruleset *r = x->generation->ruleset;
	const struct rule *rule = &r->rules[h->rule];
	struct bytes view = view_of(&x->judge.views, h);
	size_t from = h->from;
	bool start =
		h->field != FIELD_WHEN && (h->from != h->to || find_start(rule, view, h, &from));
	char state[RULE_STATE_SIZE];
	json_t *j = json_pack("{s:o, s:o, s:i, s:s, s:s, s:s, s:s, s:o, s:i, s:o, s:o}", "id",
		explain_utf8(bytes_str(rule->id)), "category",
		explain_utf8(bytes_str(r->categories[rule->category])), "weight", (int)rule->weight,
		"action",
		rule->action == RULE_ACTION_UNSET
			? "by the category's score"
			: rule_action_name((enum rule_action)rule->action),
		"state", rule_state_text(rule, state), "field",
		rule_field_name((enum rule_field)h->field), "view",
		rule_view_name((enum rule_view)h->view), "file",
		rule->file != NULL ? explain_utf8(bytes_str(rule->file)) : json_null(), "line",
		rule->line, "expression", explain_utf8(bytes_str(rule->expression)), "note",
		rule->note != NULL ? explain_utf8(bytes_str(rule->note)) : json_null());

	json_object_set_new(j, "acts", json_boolean(judge_acts(&x->judge, rule)));
	if (h->field == FIELD_URL || h->field == FIELD_NUMBER) {
		json_object_set_new(j, "entity", integer(h->entity));
	}
	json_object_set_new(j, "from", start ? integer(from) : json_null());
	json_object_set_new(j, "to", h->field != FIELD_WHEN ? integer(h->to) : json_null());
	json_object_set_new(j, "match",
		start ? explain_utf8(bytes_slice(view, from, h->to - from)) : json_null());
	return j;
}

/* score_of: the sum of the weights of the rules in state on that add to `category`, each once. */
static bool score_of(const struct explain *x, uint16_t category, int64_t *score)
{
	const struct scan_hits *hits = &x->verdict.hits;
	const struct rule *rules = x->generation->ruleset->rules;
	bool any = false;

	*score = 0;
	for (uint32_t i = 0; i < hits->n; i++) {
		const struct rule *rule = &rules[hits->hits[i].rule];
		bool before = false;

		for (uint32_t k = 0; k < i; k++) {
			before = before || hits->hits[k].rule == hits->hits[i].rule;
		}
		if (!before && rule->category == category && judge_acts(&x->judge, rule) &&
			rule->action == RULE_ACTION_UNSET) {
			*score += rule->weight;
			any = true;
		}
	}
	return any;
}

static json_t *thresholds(const struct policy_category *c)
{
	json_t *j = json_object();

	for (int a = ACTION_REPORT; a < ACTIONS; a++) {
		if (c->threshold[a] != POLICY_NEVER) {
			json_object_set_new(j, rule_action_name((enum rule_action)a),
				json_integer(c->threshold[a]));
		}
	}
	return j;
}

static json_t *scores(const struct explain *x)
{
	const struct policy_scope *scope = &x->generation->policy->scopes[x->verdict.scope];
	json_t *list = json_array();

	for (uint16_t i = 0; i < x->generation->ruleset->n_categories && i < scope->n_categories;
		i++) {
		const struct policy_category *c = &scope->categories[i];
		int64_t score;

		if (score_of(x, i, &score)) {
			json_array_append_new(list,
				json_pack("{s:o, s:I, s:o, s:s}", "category",
					explain_utf8(bytes_str(c->name)), "score",
					(json_int_t)score, "thresholds", thresholds(c), "action",
					rule_action_name(policy_action_of(c, (int32_t)score))));
		}
	}
	return list;
}

/* put_list: the list that decided, and by which entry. */
static void put_list(json_t *verdict, const struct explain *x)
{
	const struct verdict *v = &x->verdict;
	const struct policy *p = x->generation->policy;

	if (v->reason != R_list && v->reason != R_never_block) {
		return;
	}
	json_object_set_new(verdict, "list",
		json_pack("{s:s, s:s, s:s, s:o, s:o}", "name",
			p->lists[p->list_uses[v->list_use].list].name, "match",
			list_match_name((enum list_match)p->list_uses[v->list_use].match), "effect",
			rule_action_name((enum rule_action)p->list_uses[v->list_use].action),
			"entry", explain_utf8(v->list_hit.entry), "tag",
			v->list_hit.tag.len != 0 ? explain_utf8(v->list_hit.tag) : json_null()));
}

/* put_place: whose message it is, and which entry of `links` holds for it. */
static void put_place(json_t *verdict, const struct explain *x)
{
	const struct policy *p = x->generation->policy;

	json_object_set_new(verdict, "tenant",
		x->verdict.tenant != 0 ? json_string(p->tenants[x->verdict.tenant - 1].name)
				       : json_null());
	json_object_set_new(verdict, "place", explain_place(x));
}

static void put_judgement(json_t *doc, const struct explain *x)
{
	const struct verdict *v = &x->verdict;
	const struct ruleset *r = x->generation->ruleset;
	json_t *rules = json_array();

	for (uint32_t i = 0; i < v->hits.n; i++) {
		json_array_append_new(rules, hit_json(x, &v->hits.hits[i]));
	}
	json_object_set_new(doc, "rules", rules);
	json_object_set_new(doc, "scores", scores(x));
	json_object_set_new(doc, "verdict",
		json_pack("{s:s, s:s, s:s, s:i, s:o, s:o, s:s}", "action",
			rule_action_name((enum rule_action)v->action), "reason",
			stats_reason_name((enum reason)v->reason), "reason_help",
			stats_reason_help((enum reason)v->reason), "score", (int)v->score,
			"category",
			v->rule != VERDICT_NO_RULE
				? explain_utf8(bytes_str(r->categories[v->category]))
				: json_null(),
			"rule",
			v->rule != VERDICT_NO_RULE ? explain_utf8(bytes_str(r->rules[v->rule].id))
						   : json_null(),
			"with_shadow_rules", rule_action_name((enum rule_action)v->shadow_action)));
	put_list(json_object_get(doc, "verdict"), x);
	put_place(json_object_get(doc, "verdict"), x);
}

static const struct refusal_config *refusal_of(const struct explain *x)
{
	return x->sms.role == ROLE_SMSC ? &x->link->to_esme : &x->link->to_smsc;
}

static bool redact(struct explain *x, struct bytes pdu)
{
	uint32_t n =
		judge_spans(&x->judge, x->generation, &x->sms, &x->verdict, x->spans, LIMIT_HITS);

	memcpy(x->edited, pdu.data, pdu.len);
	for (uint32_t i = 0; i < n; i++) {
		edit_redact(bytes_of(x->edited, pdu.len), &x->sms, x->spans[i].body,
			x->spans[i].from, x->spans[i].to, x->edited);
	}
	return n != 0;
}

/* put_edit: what an enforcing link makes of the PDU; in monitor mode, what it would make. */
static void put_edit(json_t *doc, struct explain *x, struct bytes pdu)
{
	const struct refusal_config *refusal = refusal_of(x);
	enum rule_action action = (enum rule_action)x->verdict.action;
	enum edit_style style = EDIT_NONE;
	uint32_t status = 0;

	if (action == ACTION_REDACT) {
		style = redact(x, pdu) ? EDIT_REDACT : EDIT_NONE;
	} else if (action == ACTION_BLANK) {
		style = edit_refuse(pdu, &x->message, EDIT_BLANK, 0, x->edited);
	} else if (action >= ACTION_THROTTLE) {
		style = edit_refuse(pdu, &x->message, (enum edit_style)refusal->style,
			refusal->poison, x->edited);
	}
	if (style == EDIT_SELF_REJECT) {
		status = verdict_status(&x->verdict, refusal->status);
	}
	json_object_set_new(doc, "edit",
		json_pack("{s:s, s:b, s:o, s:o}", "style", edit_style_name(style), "applied",
			style != EDIT_NONE && x->link->mode == LINK_ENFORCE, "answer_status",
			status != 0 ? integer(status) : json_null(), "pdu",
			style != EDIT_NONE ? explain_hex(bytes_of(x->edited, pdu.len))
					   : json_null()));
}

static void describe(struct explain *x, struct bytes pdu, enum sms_role role)
{
	sms_from_smpp(&x->message, pdu, &x->link->profile, &x->judge.buffers, &x->sms);
	x->sms.link = (uint8_t)x->link_index;
	x->sms.side = (uint8_t)x->side;
	x->sms.account = bytes_of(NULL, 0);
	if (role == ROLE_UNKNOWN) {
		role = x->message.header.command == SMPP_DELIVER_SM ? ROLE_SMSC : ROLE_ESME;
	}
	x->sms.role = (uint8_t)role;
}

/* take_joined: judged is the text of all parts that were known, as one message. */
static void take_joined(struct explain *x, struct bytes joined)
{
	size_t len = joined.len < LIMIT_TEXT_LEN ? joined.len : LIMIT_TEXT_LEN;

	memcpy(x->joined, joined.data, len);
	x->sms.body[0].text = bytes_of(x->joined, len);
	x->sms.n_bodies = 1;
	x->sms.concat = (struct sms_concat){ 0 };
}

static void judge(struct explain *x)
{
	uint64_t n_inspected = x->stats.counter[STAT_texts_inspected];

	judge_message(
		&x->judge, x->generation, &x->sms, x->about.now_us, false, &x->stats, &x->verdict);
	x->inspected = x->stats.counter[STAT_texts_inspected] != n_inspected;
}

void explain_put_verdict(json_t *doc, struct explain *x, struct bytes joined)
{
	if (joined.len != 0) {
		take_joined(x, joined);
	}
	if (x->about.now_us == 0) {
		x->about.now_us = clock_realtime_us();
	}
	if (x->about.account != NULL && x->sms.account.len == 0) {
		x->sms.account = bytes_str(x->about.account);
	}
	judge(x);
	if (x->generation->policy->n_limits != 0) {
		explain_limits_fill(x);
		judge(x);
	}
	explain_put_views(doc, x);
	put_judgement(doc, x);
	explain_put_limits(doc, x);
}

static void put_text_pdu(
	json_t *doc, struct explain *x, struct bytes pdu, enum sms_role role, struct bytes joined)
{
	describe(x, pdu, role);
	json_object_set_new(doc, "role", json_string(explain_role_name(x->sms.role)));
	explain_put_message(doc, x);
	explain_put_verdict(doc, x, joined);
	if (joined.len == 0 || x->verdict.action != ACTION_REDACT) {
		put_edit(doc, x, pdu);
	}
}

/* check_header: false with a sentence when `pdu` is not one whole PDU. */
static bool check_header(struct bytes pdu, struct smpp_header *h, struct diag *diag)
{
	enum reason why = R_none;
	enum parse p = smpp_header_read(pdu, h, &why);

	if (p == PARSE_MORE) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0,
			"%zu octets are no PDU: its header alone has 16 (SMPP 3.4 3.2)", pdu.len);
	} else if (p == PARSE_BAD) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "no PDU: command_length %u: %s", h->length,
			stats_reason_help(why));
	} else if (h->length != pdu.len) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0,
			"command_length says %u octets, but there are %zu: give one whole PDU",
			h->length, pdu.len);
	} else {
		return true;
	}
	return false;
}

json_t *explain_pdu(struct explain *x, struct bytes pdu, enum sms_role role, struct bytes joined,
	struct diag *diag)
{
	struct smpp_header h;
	enum reason why = R_none;
	json_t *doc;

	if (!check_header(pdu, &h, diag)) {
		return NULL;
	}
	doc = json_pack("{s:s, s:I, s:I, s:I, s:o, s:o, s:s, s:s}", "command",
		smpp_command_name(h.command), "command_id", (json_int_t)h.command, "sequence",
		(json_int_t)h.sequence, "octets", (json_int_t)h.length, "pdu", explain_hex(pdu),
		"link", explain_utf8(bytes_str(x->link->name)), "mode", mode_name(x->link->mode),
		"side", x->side == SIDE_INSIDE ? "inside" : "outside");
	if (!smpp_carries_text(h.command)) {
		json_object_set_new(doc, "forwarded",
			json_string("this command carries no text: it is forwarded as it is"));
	} else if (smpp_message_read(pdu, &x->message, &why) != PARSE_OK) {
		json_object_set_new(doc, "malformed",
			json_pack("{s:s, s:s, s:s}", "reason", stats_reason_name(why), "help",
				stats_reason_help(why), "treated",
				x->link->malformed == MALFORMED_REFUSE ? "refused" : "passed"));
	} else {
		put_text_pdu(doc, x, pdu, role, joined);
	}
	return doc;
}
