/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/events.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "control/guard.h"
#include "control/json_line.h"
#include "dataplane/proto/smpp_session.h"
#include "dataplane/proto/tcap.h"
#include "dataplane/sms/tpdu.h"

/* Ids are unique in their worker; the worker is put above them, within the 53 bits of a double. */
enum { EVENTS_ID_BITS = 47 };

struct context {
	const struct events_names *names;
	const uint8_t *key;
	const struct event *e;
	struct json_line line;
};

/* name_of: entry `i` of a table; what is outside it is "unknown". */
static const char *name_of(const char *const *table, size_t n, size_t i)
{
	return i < n && table[i] != NULL ? table[i] : "unknown";
}
#define NAME_OF(table, i) name_of(table, sizeof(table) / sizeof((table)[0]), i)

static const char *const types[] = { [EVENT_MESSAGE] = "message",
	[EVENT_SESSION] = "session",
	[EVENT_ANOMALY] = "anomaly",
	[EVENT_LINK] = "link",
	[EVENT_PDU] = "pdu",
	[EVENT_WORKER] = "worker",
	[EVENT_POLICY] = "policy" };
static const char *const protocols[] = { [SMS_SMPP] = "smpp", [SMS_MAP] = "map" };
static const char *const sides[] = { [SIDE_INSIDE] = "inside", [SIDE_OUTSIDE] = "outside" };
static const char *const roles[] = {
	[ROLE_UNKNOWN] = "unknown", [ROLE_ESME] = "esme", [ROLE_SMSC] = "smsc", [ROLE_MSC] = "msc"
};
static const char *const session_changes[] = { "opened", "bound", "bind_refused", "unbound",
	"closed", "aged", "resync" };
static const char *const binds[] = { [SMPP_BOUND_TX] = "transmitter",
	[SMPP_BOUND_RX] = "receiver",
	[SMPP_BOUND_TRX] = "transceiver" };
static const char *const link_changes[] = { "up", "down", "panic_on", "panic_off", "set_up",
	"set_down" };
static const char *const worker_changes[] = { "stuck", "moves", "abort" };
static const char *const policy_changes[] = { [POLICY_LIVE] = "live",
	[POLICY_ROLLED_BACK] = "rolled_back",
	[POLICY_CONFIRMED] = "confirmed",
	[POLICY_KEPT] = "kept",
	[POLICY_UNDONE] = "undone",
	[POLICY_NOT_TAKEN] = "not_taken",
	[POLICY_FALLBACK] = "fallback",
	[POLICY_EMPTY] = "empty",
	[POLICY_LIMITS_LOST] = "limits_lost" };

const char *events_policy_change_name(enum event_policy_change change)
{
	return policy_changes[change];
}
#define X(name, text) text,
static const char *const actions[] = { RULE_ACTIONS(X) };
static const char *const styles[] = { EDIT_STYLES(X) };
#undef X

static const char *reason_name(unsigned reason)
{
	return reason < R_COUNT ? stats_reason_name((enum reason)reason) : "unknown";
}

uint64_t events_session_id(unsigned worker, uint64_t id)
{
	return ((uint64_t)worker << EVENTS_ID_BITS) | events_session_local(id);
}

unsigned events_session_worker(uint64_t session)
{
	return (unsigned)(session >> EVENTS_ID_BITS);
}

uint64_t events_session_local(uint64_t session)
{
	return session & ((UINT64_C(1) << EVENTS_ID_BITS) - 1);
}

static uint64_t wide_id(const struct event *e, uint64_t id)
{
	return events_session_id(e->worker, id);
}

/* rule_name: the id of rule `i`; `scratch` for those without one. */
static const char *rule_name(const struct context *c, uint32_t i, char scratch[16])
{
	const struct ruleset *r = c->names->ruleset;

	if (r != NULL && i < r->n_rules) {
		return r->rules[i].id;
	}
	snprintf(scratch, 16, "#%u", i);
	return scratch;
}

/* is_brand: an alphanumeric sender that hides no telephone number: a letter and at most four digits. */
static bool is_brand(const struct event_address *a, size_t len)
{
	unsigned n_digits = 0;
	bool letter = false;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = a->digits[i];

		n_digits += c >= '0' && c <= '9' ? 1 : 0;
		letter = letter || (c | 0x20) >= 'a';
	}
	return a->ton == TON_ALPHANUMERIC && letter && n_digits <= 4;
}

static void put_address(struct context *c, const char *name, const struct event_address *a)
{
	size_t len = a->len < EVENT_ADDRESS_SIZE ? a->len : EVENT_ADDRESS_SIZE;
	struct bytes digits = bytes_of(a->digits, len);
	unsigned numbers = c->names->config->events_numbers;
	char pseudonym[17];

	json_line_key(&c->line, name);
	if (numbers == NUMBERS_NONE) {
		json_line_null(&c->line);
	} else if (numbers == NUMBERS_CLEAR || len == 0 || is_brand(a, len)) {
		json_line_string(&c->line, digits, JSON_LATIN1);
	} else {
		events_pseudonym(c->key, digits, pseudonym);
		json_line_string(&c->line, bytes_str(pseudonym), JSON_REPLACE);
	}
}

static void put_addresses(struct context *c, const struct event_message *m)
{
	put_address(c, "src", &m->source);
	json_line_put_unsigned(&c->line, "src_ton", m->source.ton);
	json_line_put_unsigned(&c->line, "src_npi", m->source.npi);
	put_address(c, "dst", &m->destination);
	json_line_put_unsigned(&c->line, "dst_ton", m->destination.ton);
	json_line_put_unsigned(&c->line, "dst_npi", m->destination.npi);
	if (m->n_destinations > 1) {
		json_line_put_unsigned(&c->line, "destinations", m->n_destinations);
	}
}

/* put_parts: the parts that had passed before a long message was condemned. */
static void put_parts(struct context *c, const struct event_message *m)
{
	bool any = false;

	if (m->parts == 0) {
		return;
	}
	json_line_put_unsigned(&c->line, "part", m->part);
	json_line_put_unsigned(&c->line, "parts", m->parts);
	json_line_put_unsigned(&c->line, "reference", m->reference);
	for (size_t i = 0; i < sizeof(m->passed); i++) {
		any = any || m->passed[i] != 0;
	}
	if (!any) {
		return;
	}
	json_line_key(&c->line, "passed_parts");
	json_line_open(&c->line, '[');
	for (unsigned part = 0; part < 8 * sizeof(m->passed); part++) {
		if ((m->passed[part / 8] & (1u << (part % 8))) != 0) {
			json_line_unsigned(&c->line, part);
		}
	}
	json_line_close(&c->line, ']');
}

static void put_coding(struct context *c, const struct event_message *m)
{
	json_line_put_string(&c->line, "encoding", m->encoding != NULL ? m->encoding : "unknown");
	json_line_put_unsigned(&c->line, "data_coding", m->data_coding);
	json_line_put_unsigned(&c->line, "esm_class", m->esm_class);
	json_line_put_unsigned(&c->line, "protocol_id", m->protocol_id);
	if (m->message_class >= 0) {
		json_line_put_unsigned(&c->line, "class", (uint64_t)m->message_class);
	}
	if (m->receipt) {
		json_line_key(&c->line, "receipt");
		json_line_bool(&c->line, true);
	}
}

/* A message's rules by name, at most those of the record and a condemned sibling's. */
struct rule_list {
	const char *ids[EVENT_RULES_MAX + 1];
	unsigned n;
	char scratch[EVENT_RULES_MAX + 1][16];
};

/* rule_list_add: keeps the list sorted by octets and each id once. */
static void rule_list_add(struct rule_list *l, const char *id)
{
	unsigned at = 0;

	while (at < l->n && strcmp(l->ids[at], id) < 0) {
		at++;
	}
	if (at < l->n && strcmp(l->ids[at], id) == 0) {
		return;
	}
	for (unsigned i = l->n++; i > at; i--) {
		l->ids[i] = l->ids[i - 1];
	}
	l->ids[at] = id;
}

static void put_rule_list(struct context *c, const char *name, const struct rule_list *l)
{
	json_line_key(&c->line, name);
	json_line_open(&c->line, '[');
	for (unsigned i = 0; i < l->n; i++) {
		json_line_string(&c->line, bytes_str(l->ids[i]), JSON_REPLACE);
	}
	json_line_close(&c->line, ']');
}

static bool is_shadow(const struct context *c, const struct event_message *m, unsigned i)
{
	const struct ruleset *r = c->names->ruleset;

	if (r != NULL && m->rules[i] < r->n_rules && r->rules[m->rules[i]].state != RULE_SAMPLE) {
		return r->rules[m->rules[i]].state != RULE_ON;
	}
	return (m->rule_shadow >> i & 1) != 0;
}

static void put_rules(struct context *c, const struct event_message *m)
{
	struct rule_list on = { .n = 0 };
	struct rule_list shadow = { .n = 0 };
	char sibling[LIMIT_RULE_ID_LEN + 1];
	const char *decided = NULL;
	unsigned n = m->n_rules < EVENT_RULES_MAX ? m->n_rules : EVENT_RULES_MAX;

	memcpy(sibling, m->sibling_rule, sizeof(sibling));
	sibling[LIMIT_RULE_ID_LEN] = '\0';
	for (unsigned i = 0; i < n; i++) {
		struct rule_list *l = is_shadow(c, m, i) ? &shadow : &on;

		rule_list_add(l, rule_name(c, m->rules[i], l->scratch[i]));
	}
	if (m->reason == R_sibling && sibling[0] != '\0') {
		decided = sibling;
		rule_list_add(&on, sibling);
	} else if (m->rule != VERDICT_NO_RULE) {
		decided = rule_name(c, m->rule, on.scratch[EVENT_RULES_MAX]);
	}
	json_line_put_string(&c->line, "rule", decided);
	put_rule_list(c, "rules", &on);
	if (shadow.n != 0) {
		put_rule_list(c, "shadow_rules", &shadow);
	}
	if (m->shadow) {
		json_line_put_string(
			&c->line, "shadow_verdict", NAME_OF(actions, m->shadow_action));
	}
}

/* put_list: the list that decided, and its entry: a number under the same rule as addresses. */
static void put_list(struct context *c, const struct event_message *m)
{
	size_t len = m->entry_len < EVENT_ENTRY_SIZE ? m->entry_len : EVENT_ENTRY_SIZE;

	if (m->list[0] == '\0') {
		return;
	}
	json_line_key(&c->line, "list");
	json_line_string(
		&c->line, bytes_of(m->list, strnlen(m->list, EVENT_LIST_SIZE)), JSON_REPLACE);
	if (m->entry_number) {
		struct event_address a = { .ton = TON_INTERNATIONAL, .len = (uint8_t)len };

		memcpy(a.digits, m->entry, len);
		put_address(c, "entry", &a);
		return;
	}
	json_line_key(&c->line, "entry");
	json_line_string(&c->line, bytes_of(m->entry, len), JSON_REPLACE);
}

/* put_limit: the limit that decided, and how full its key was, per mille. */
static void put_limit(struct context *c, const struct event_message *m)
{
	if (m->limit[0] == '\0') {
		return;
	}
	json_line_key(&c->line, "limit");
	json_line_open(&c->line, '{');
	json_line_key(&c->line, "name");
	json_line_string(
		&c->line, bytes_of(m->limit, strnlen(m->limit, EVENT_LIST_SIZE)), JSON_REPLACE);
	json_line_put_unsigned(&c->line, "fill", m->limit_fill);
	json_line_close(&c->line, '}');
}

/* put_tenant: whose message it is; and what holds for it, where that is more than its link and side. */
static void put_tenant(struct context *c, const struct event_message *m)
{
	if (m->tenant[0] != '\0') {
		json_line_key(&c->line, "tenant");
		json_line_string(&c->line,
			bytes_of(m->tenant, strnlen(m->tenant, EVENT_TENANT_SIZE)), JSON_REPLACE);
	}
	if (m->scope != 0) {
		json_line_put_unsigned(&c->line, "scope", m->scope);
	}
}

static void put_category(struct context *c, const struct event_message *m)
{
	const struct ruleset *r = c->names->ruleset;

	if (m->rule == VERDICT_NO_RULE) {
		return;
	}
	if (r != NULL && m->category < r->n_categories) {
		json_line_put_string(&c->line, "category", r->categories[m->category]);
	}
	json_line_key(&c->line, "score");
	json_line_signed(&c->line, m->score);
}

static void put_account(struct context *c)
{
	const char *account = c->e->account;
	size_t len = strnlen(account, EVENT_ACCOUNT_SIZE);

	json_line_key(&c->line, "account");
	if (len == 0) {
		json_line_null(&c->line);
	} else {
		json_line_string(&c->line, bytes_of(account, len), JSON_LATIN1);
	}
}

/* put_number: digits of MAP or SCCP, under the same rule as addresses; nothing where there are none. */
static void put_number(struct context *c, const char *name, const struct event_digits *d)
{
	struct event_address a = { .ton = TON_INTERNATIONAL };

	if (d->len == 0) {
		return;
	}
	a.len = d->len < EVENT_DIGITS_SIZE ? d->len : EVENT_DIGITS_SIZE;
	memcpy(a.digits, d->digits, a.len);
	put_address(c, name, &a);
}

/* put_node: a global title names a node of a network, not a person: it stands as it is. */
static void put_title(struct context *c, const char *name, const struct event_digits *d)
{
	size_t len = d->len < EVENT_DIGITS_SIZE ? d->len : EVENT_DIGITS_SIZE;

	json_line_key(&c->line, name);
	if (len == 0) {
		json_line_null(&c->line);
	} else {
		json_line_string(&c->line, bytes_of(d->digits, len), JSON_LATIN1);
	}
}

static void put_transaction(struct context *c, const char *name, const uint8_t id[4], uint8_t len)
{
	if (len != 0) {
		json_line_key(&c->line, name);
		json_line_hex(&c->line, bytes_of(id, len < 4 ? len : 4));
	}
}

static void put_map(struct context *c, const struct event_map *m)
{
	json_line_put_unsigned(&c->line, "opcode", m->operation);
	json_line_put_unsigned(&c->line, "map_version", m->version);
	json_line_put_string(&c->line, "tcap", tcap_type_name((enum tcap_type)m->tcap_type));
	put_transaction(c, "otid", m->otid, m->otid_len);
	put_transaction(c, "dtid", m->dtid, m->dtid_len);
	json_line_key(&c->line, "invoke_id");
	json_line_signed(&c->line, m->invoke_id);
	/* global titles name nodes of networks, not persons: they stand as they are */
	put_title(c, "calling_gt", &m->calling);
	json_line_put_unsigned(&c->line, "calling_ssn", m->calling_ssn);
	put_title(c, "called_gt", &m->called);
	json_line_put_unsigned(&c->line, "called_ssn", m->called_ssn);
	json_line_put_unsigned(&c->line, "opc", m->opc);
	json_line_put_unsigned(&c->line, "dpc", m->dpc);
	json_line_put_string(&c->line, "tpdu", tpdu_type_name((enum tpdu_type)m->tpdu_type));
	put_title(c, "smsc", &m->smsc);
	put_number(c, "imsi", &m->imsi);
	put_number(c, "msisdn", &m->msisdn);
}

static void put_message(struct context *c, const struct event_message *m)
{
	json_line_put_string(&c->line, "proto", NAME_OF(protocols, m->carrier));
	json_line_put_string(&c->line, "command", m->command != NULL ? m->command : "unknown");
	json_line_put_unsigned(&c->line, "sequence", m->sequence);
	json_line_put_string(&c->line, "side", NAME_OF(sides, m->side));
	json_line_put_string(&c->line, "role", NAME_OF(roles, m->role));
	put_addresses(c, m);
	if (m->carrier == SMS_MAP) {
		put_map(c, &m->map);
	}
	put_coding(c, m);
	put_parts(c, m);
	json_line_put_string(&c->line, "verdict", NAME_OF(actions, m->action));
	json_line_put_string(&c->line, "action", NAME_OF(styles, m->applied));
	put_rules(c, m);
	put_category(c, m);
	put_list(c, m);
	put_limit(c, m);
	put_tenant(c, m);
	json_line_put_string(&c->line, "reason", reason_name(m->reason));
	if (m->late) {
		json_line_put_unsigned(&c->line, "leaked", m->leaked);
	}
	json_line_put_unsigned(&c->line, "generation", m->generation);
	json_line_put_unsigned(&c->line, "octets", m->octets);
}

bool events_host(const uint8_t address[16], char text[EVENTS_ENDPOINT_SIZE])
{
	static const uint8_t v4_mapped[12] = { [10] = 0xFF, [11] = 0xFF }; /* RFC 4291 2.5.5.2 */
	bool v4 = memcmp(address, v4_mapped, sizeof(v4_mapped)) == 0;

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? address + 12 : address, text, EVENTS_ENDPOINT_SIZE);
	return v4;
}

void events_endpoint(const uint8_t address[16], uint16_t port, char text[EVENTS_ENDPOINT_SIZE])
{
	char host[EVENTS_ENDPOINT_SIZE];
	bool v4 = events_host(address, host);

	snprintf(text, EVENTS_ENDPOINT_SIZE, v4 ? "%s:%u" : "[%s]:%u", host, port);
}

static void put_endpoint(
	struct context *c, const char *name, const uint8_t address[16], uint16_t port)
{
	char text[EVENTS_ENDPOINT_SIZE];

	events_endpoint(address, port, text);
	json_line_put_string(&c->line, name, text);
}

static void put_session(struct context *c, const struct event_session *s)
{
	const char *bind = s->bind < sizeof(binds) / sizeof(binds[0]) ? binds[s->bind] : NULL;

	json_line_put_string(&c->line, "change", NAME_OF(session_changes, s->change));
	json_line_put_string(&c->line, "transport", s->protocol == IPPROTO_SCTP ? "sctp" : "tcp");
	json_line_put_string(&c->line, "bind", bind);
	json_line_put_string(&c->line, "esme_side", NAME_OF(sides, s->esme_side));
	put_endpoint(c, "lo", c->e->lo_address, c->e->lo_port);
	put_endpoint(c, "hi", c->e->hi_address, c->e->hi_port);
	json_line_put_unsigned(&c->line, "messages", s->messages);
	json_line_put_unsigned(&c->line, "refused", s->refused);
	json_line_put_unsigned(&c->line, "answers", s->answers);
}

static void put_anomaly(struct context *c, const struct event_anomaly *a)
{
	json_line_put_string(&c->line, "reason", reason_name(a->reason));
	json_line_put_string(&c->line, "from", NAME_OF(sides, a->direction));
	if (a->sequence != 0) {
		json_line_put_unsigned(&c->line, "sequence", a->sequence);
	}
	json_line_put_unsigned(&c->line, "octets", a->octets);
}

/* A port's event names it by its side; panic is about the whole link. */
static void put_link(struct context *c, const struct event_link *l)
{
	json_line_put_string(&c->line, "change", NAME_OF(link_changes, l->what));
	if (l->port != 0) {
		json_line_put_string(&c->line, "port", NAME_OF(sides, l->port - 1u));
	}
}

static void put_worker(struct context *c, const struct event_worker *w)
{
	json_line_put_unsigned(&c->line, "worker", w->worker);
	json_line_put_string(&c->line, "change", NAME_OF(worker_changes, w->change));
	json_line_put_unsigned(&c->line, "stood_ms", w->stood_ms);
}

/* What it is about, and what judges now; of a push that the guard rail has undone: what it saw. */
static void put_policy(struct context *c, const struct event_policy *p)
{
	json_line_put_string(&c->line, "change", NAME_OF(policy_changes, p->change));
	json_line_key(&c->line, "alarm");
	json_line_bool(&c->line, p->change >= POLICY_UNDONE);
	json_line_put_unsigned(&c->line, "generation", p->generation);
	json_line_put_unsigned(&c->line, "live", p->live);
	json_line_put_unsigned(&c->line, "rules", p->n_rules);
	if (p->change == POLICY_NOT_TAKEN) {
		json_line_put_unsigned(&c->line, "worker", p->worker);
	}
	if (p->change != POLICY_UNDONE) {
		return;
	}
	json_line_put_string(&c->line, "why",
		p->why == GUARD_NONE ? "not_confirmed" : guard_band_name((enum guard_band)p->why));
	json_line_put_unsigned(&c->line, "after_ms", p->after_us / 1000);
	if (p->why != GUARD_NONE) {
		json_line_put_unsigned(&c->line, "share", p->share_ppm);
		json_line_put_unsigned(&c->line, "base", p->base_ppm);
		json_line_put_unsigned(&c->line, "limit", p->limit);
		json_line_put_unsigned(&c->line, "messages", p->messages);
		json_line_put_unsigned(&c->line, "refused", p->refused);
	}
}

/* of_daemon: about no link, session or frame. */
static bool of_daemon(const struct event *e)
{
	return e->type == EVENT_WORKER || e->type == EVENT_POLICY;
}

static void put_head(struct context *c)
{
	const struct event *e = c->e;
	const struct pipeline_config *p = &c->names->config->pipeline;

	json_line_put_unsigned(&c->line, "schema_version", EVENTS_SCHEMA_VERSION);
	json_line_put_string(&c->line, "type", NAME_OF(types, e->type));
	json_line_put_unsigned(&c->line, "id", wide_id(e, e->id));
	json_line_put_time(&c->line, "ts", e->time_us);
	if (of_daemon(e)) {
		return;
	}
	json_line_put_string(
		&c->line, "link", e->link < p->n_links ? p->links[e->link].name : NULL);
	if (c->names->config->n_inputs > 1) {
		json_line_put_unsigned(&c->line, "input", e->input + 1u);
	}
	if (e->type == EVENT_LINK) {
		return;
	}
	json_line_put_unsigned(&c->line, "session", wide_id(e, e->session));
	put_account(c);
}

/* format: the whole line; false when it does not fit. */
static bool format(struct context *c, struct bytes text, bool omit_text)
{
	const struct event *e = c->e;

	json_line_open(&c->line, '{');
	put_head(c);
	switch (e->type) {
	case EVENT_MESSAGE:
		put_message(c, &e->u.message);
		break;
	case EVENT_SESSION:
		put_session(c, &e->u.session_change);
		break;
	case EVENT_ANOMALY:
		put_anomaly(c, &e->u.anomaly);
		break;
	case EVENT_LINK:
		put_link(c, &e->u.link_change);
		break;
	case EVENT_WORKER:
		put_worker(c, &e->u.worker_change);
		break;
	case EVENT_POLICY:
		put_policy(c, &e->u.policy_change);
		break;
	case EVENT_PDU:
		json_line_key(&c->line, "pdu");
		json_line_hex(&c->line, text);
		break;
	}
	if (e->type != EVENT_LINK && !of_daemon(e)) {
		json_line_put_unsigned(&c->line, "frame", e->frame);
	}
	if (e->type == EVENT_MESSAGE && c->names->config->pipeline.event_text) {
		json_line_key(&c->line, omit_text ? "text_omitted" : "text");
		if (omit_text) {
			json_line_bool(&c->line, true);
		} else {
			json_line_string(&c->line, text, JSON_REPLACE);
		}
	}
	json_line_close(&c->line, '}');
	return !c->line.full;
}

size_t events_format(const struct events_names *names, const uint8_t key[EVENTS_KEY_LEN],
	const struct event *e, struct bytes text, char *line, size_t size)
{
	for (int omit_text = 0; omit_text < 2; omit_text++) {
		struct context c = { names, key, e, { line, 0, size, size == 0, false } };

		if (format(&c, text, omit_text != 0)) {
			return c.line.len;
		}
	}
	if (size != 0) {
		line[0] = '\0';
	}
	return 0;
}
