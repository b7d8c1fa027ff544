/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * smswallctl why: a verdict after the fact: event -> its generation -> its rules and its score -> judged
 * again where the text is known. What is missing for a part of it is said, and the rest is told.
 */
#include <stdlib.h>
#include <string.h>

#include "control/ctl_about.h"
#include "control/ctl_daemon.h"
#include "control/ctl_event.h"
#include "control/ctl_store.h"
#include "control/explain.h"
#include "control/policy_place.h"
#include "control/summary.h"
#include "dataplane/stats.h"

enum { ESM_UDHI = 0x40 }; /* SMPP 3.4 5.2.12 */

struct why {
	struct ctl_call *call;
	json_t *status; /* of the daemon; NULL: it was not asked */
	json_t *event;
	struct config *config;
	struct ctl_store store;
	struct policy_set *set; /* what judged; NULL: not to be had */
	unsigned link;
	json_t *lacks; /* sentences */
};

static void __attribute__((format(printf, 2, 3))) lack(struct why *w, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(w->lacks, ctl_json_string(text));
}

/* lack_error: what could not be had is a lack, and no failure. */
static void lack_error(struct why *w, const char *what)
{
	struct diag *d = &w->call->diag;

	lack(w, "%s: %s", what, d->n_entries != 0 ? d->entries[0].text : "failed");
	diag_clear(d);
}

/* ---- what there is */

static int find_event(struct why *w)
{
	const char *file = ctl_value(w->call, "events");
	char *end;
	long long id = strtoll(w->call->words[0], &end, 10);
	unsigned n;
	int rc = 0;

	if (*end != '\0' || id < 0 || end == w->call->words[0]) {
		return ctl_error(w->call, CONTROL_USAGE,
			"an event is named by its member \"id\", a number, not \"%s\"",
			w->call->words[0]);
	}
	if (file == NULL) {
		rc = ctl_client_request(w->call, "status", NULL, &w->status);
		file = json_string_value(
			json_object_get(json_object_get(w->status, "events"), "file"));
	}
	if (rc != 0) {
		return rc;
	}
	if (file == NULL || file[0] == '\0') {
		return ctl_error(w->call, CONTROL_INVALID,
			"the daemon writes no events (events.file): name a file with --events FILE");
	}
	rc = ctl_event_find(w->call, file, id, &w->event, &n);
	ctl_set(w->call, "event", json_incref(w->event));
	ctl_set(w->call, "events_with_this_id", json_integer(n));
	if (n > 1) {
		ctl_out(w->call, "(%u events have this number; the newest of them)\n", n);
	}
	return rc;
}

/* find_link: that of the event, in the configuration; without one the first will do. */
static void find_link(struct why *w)
{
	const struct pipeline_config *p = &w->config->pipeline;
	const char *name = ctl_text(w->event, "link");

	for (unsigned i = 0; i < p->n_links; i++) {
		if (strcmp(p->links[i].name, name) == 0) {
			w->link = i;
			return;
		}
	}
	lack(w, "the configuration has no link \"%s\": thresholds may be others there", name);
}

/* a_link: without a configuration there is one, by the event's name. */
static bool a_link(struct why *w)
{
	char text[256];
	const char *name = ctl_text(w->event, "link");

	if (w->config->pipeline.n_links != 0) {
		return true;
	}
	(void)snprintf(text, sizeof(text),
		"links = ({ name = \"%.15s\"; ports = [0, 1]; mode = \"enforce\"; "
		"smpp = { ports = [2775]; }; });",
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(name) ? name
										       : "link");
	return config_load_text(w->config, "default", text, &w->call->diag);
}

static int load_config(struct why *w)
{
	int rc;

	if (w->status == NULL && ctl_value(w->call, "config") == NULL &&
		ctl_value(w->call, "policy") == NULL) {
		rc = ctl_client_request(w->call, "status", NULL, &w->status);
		if (rc != 0) {
			return rc;
		}
	}
	return w->status != NULL ? ctl_config_live(w->call, w->status, &w->config)
	                         : ctl_config_load(w->call, &w->config);
}

/* load_policy: --policy, or the generation of the event from the store. */
static void load_policy(struct why *w)
{
	const char *path = ctl_value(w->call, "policy");
	struct policy_set *set = calloc(1, sizeof(*set));
	int rc = set != NULL ? load_config(w) : CONTROL_FAILED;

	rc = rc == 0 && !a_link(w) ? CONTROL_FAILED : rc;
	if (rc == 0) {
		find_link(w);
	}
	if (rc == 0 && path == NULL) {
		rc = ctl_store_find(w->call, summary_integer(w->event, "generation"), &w->store);
		rc = rc == 0 ? ctl_store_policy(w->call, &w->store, w->config, set) : rc;
	} else if (rc == 0) {
		rc = ctl_policy_load(w->call, path, w->config, set);
	}
	if (rc == 0) {
		w->set = set;
	} else {
		lack_error(w, "the generation that judged");
		free(set);
	}
}

/* ---- telling */

static const char *reason_help(const char *name)
{
	for (int i = 0; i < R_COUNT; i++) {
		if (strcmp(stats_reason_name((enum reason)i), name) == 0) {
			return stats_reason_help((enum reason)i);
		}
	}
	return "";
}

static void tell_event(const struct why *w)
{
	const struct ctl_call *call = w->call;
	const json_t *e = w->event;
	char time[32];

	ctl_out(call, "event       %lld, %s UTC, link %s, session %lld (account %s)\n",
		summary_integer(e, "id"), ctl_time(json_object_get(e, "ts"), time, sizeof(time)),
		ctl_text(e, "link"), summary_integer(e, "session"), ctl_text(e, "account"));
	ctl_out(call, "message     %s of %s, from %s to %s, sent by the %s %s\n",
		ctl_text(e, "command"), ctl_text(e, "proto"), ctl_text(e, "src"),
		ctl_text(e, "dst"), ctl_text(e, "role"), ctl_text(e, "side"));
	ctl_out(call, "verdict     %s, done: %s\n", ctl_text(e, "verdict"), ctl_text(e, "action"));
	ctl_out(call, "reason      %s: %s\n", ctl_text(e, "reason"),
		reason_help(ctl_text(e, "reason")));
	if (json_object_get(e, "rule") != NULL && !json_is_null(json_object_get(e, "rule"))) {
		ctl_out(call, "decided by  %s\n", ctl_text(e, "rule"));
	}
	if (json_is_string(json_object_get(e, "list"))) {
		ctl_out(call, "list        %s, entry %s\n", ctl_text(e, "list"),
			ctl_text(e, "entry"));
	}
	if (json_is_object(json_object_get(e, "limit"))) {
		const json_t *limit = json_object_get(e, "limit");
		long long fill = summary_integer(limit, "fill");

		ctl_out(call, "limit       %s, whose key was full to %lld.%lld %%\n",
			ctl_text(limit, "name"), fill / 10, fill % 10);
	}
	if (json_is_string(json_object_get(e, "shadow_verdict"))) {
		ctl_out(call, "shadow      would have been %s with the shadow rules on\n",
			ctl_text(e, "shadow_verdict"));
	}
}

static void tell_generation(const struct why *w)
{
	const json_t *r = w->store.record;
	char time[32];

	ctl_out(w->call, "generation  %lld", summary_integer(w->event, "generation"));
	if (r != NULL) {
		ctl_out(w->call, ", pushed %s UTC by %s: %s",
			ctl_time(json_object_get(r, "pushed_us"), time, sizeof(time)),
			ctl_text(r, "author"), ctl_text(r, "note"));
	} else if (ctl_value(w->call, "policy") != NULL) {
		ctl_out(w->call, ", taken to be %s", ctl_value(w->call, "policy"));
	}
	ctl_out(w->call, "\n");
}

static json_t *rule_json(const struct ruleset *s, const struct rule *r)
{
	char state[RULE_STATE_SIZE];
	json_t *j = json_object();

	json_object_set_new(j, "id", ctl_json_string(r->id));
	json_object_set_new(j, "file", ctl_json_string(r->file));
	json_object_set_new(j, "line", json_integer(r->line));
	json_object_set_new(j, "expression", ctl_json_string(r->expression));
	json_object_set_new(j, "field", json_string(rule_field_name((enum rule_field)r->field)));
	json_object_set_new(j, "view", json_string(rule_view_name((enum rule_view)r->view)));
	json_object_set_new(j, "category", ctl_json_string(s->categories[r->category]));
	json_object_set_new(j, "weight", json_integer(r->weight));
	json_object_set_new(j, "state", json_string(rule_state_text(r, state)));
	json_object_set_new(j, "action",
		r->action != RULE_ACTION_UNSET
			? json_string(rule_action_name((enum rule_action)r->action))
			: json_null());
	json_object_set_new(j, "note", r->note != NULL ? ctl_json_string(r->note) : json_null());
	return j;
}

static void tell_rule(struct why *w, const char *id, bool shadow, json_t *list)
{
	const struct ruleset *s = w->set != NULL ? w->set->ruleset : NULL;
	uint32_t i = s != NULL ? ruleset_find(s, id) : RULE_GONE;
	json_t *clean;
	json_t *j;

	if (i == RULE_GONE) {
		ctl_out(w->call, "  %s%s\n", id, shadow ? "  (shadow)" : "");
		json_array_append_new(list, json_pack("{s:s}", "id", id));
		if (s != NULL) {
			lack(w, "rule %s is not in this generation", id);
		}
		return;
	}
	j = rule_json(s, &s->rules[i]);
	json_object_set_new(j, "counted_only", json_boolean(shadow));
	clean = json_deep_copy(j);
	ctl_clean(clean);
	ctl_out(w->call, "  %s%s  %s:%lld\n", id, shadow ? "  (shadow: counted only)" : "",
		ctl_text(clean, "file"), summary_integer(clean, "line"));
	if (s->rules[i].field == FIELD_WHEN) {
		ctl_out(w->call, "      when { %s }\n", ctl_text(clean, "expression"));
	} else {
		ctl_out(w->call, "      /%s/ in %s, %s view\n", ctl_text(clean, "expression"),
			ctl_text(clean, "field"), ctl_text(clean, "view"));
	}
	ctl_out(w->call, "      category %s, ", ctl_text(clean, "category"));
	if (s->rules[i].action != RULE_ACTION_UNSET) {
		ctl_out(w->call, "action %s\n", ctl_text(clean, "action"));
	} else {
		ctl_out(w->call, "weight %d\n", s->rules[i].weight);
	}
	json_decref(clean);
	json_array_append_new(list, j);
}

static void tell_rules(struct why *w)
{
	const json_t *on = json_object_get(w->event, "rules");
	const json_t *shadow = json_object_get(w->event, "shadow_rules");
	json_t *list = json_array();

	if (json_array_size(on) + json_array_size(shadow) != 0) {
		ctl_out(w->call, "rules that hit\n");
	}
	for (size_t i = 0; i < json_array_size(on); i++) {
		tell_rule(w, json_string_value(json_array_get(on, i)), false, list);
	}
	for (size_t i = 0; i < json_array_size(shadow); i++) {
		tell_rule(w, json_string_value(json_array_get(shadow, i)), true, list);
	}
	ctl_set(w->call, "rules", list);
}

/* scope_of: what held for the message; in a policy that has changed since, for its link and side. */
static const struct policy_scope *scope_of(const struct why *w, unsigned side)
{
	const struct policy *p = &w->set->policy;
	json_int_t n = json_integer_value(json_object_get(w->event, "scope"));

	return n >= 1 && n <= p->n_scopes ? &p->scopes[n - 1] : policy_scope_of(p, w->link, side);
}

static enum sms_side side_of(const json_t *event)
{
	return strcmp(ctl_text(event, "side"), "inside") == 0 ? SIDE_INSIDE : SIDE_OUTSIDE;
}

/* tell_place: whose message it was, and which entry of `links` held for it. */
static void tell_place(const struct why *w)
{
	const struct policy *p = &w->set->policy;
	const struct pipeline_config *c = &w->config->pipeline;
	const char *tenant = json_string_value(json_object_get(w->event, "tenant"));
	const char **links = calloc(LIMIT_LINKS, sizeof(*links));
	struct policy_names names;
	json_t *place;
	char *text;

	for (unsigned i = 0; links != NULL && i < c->n_links; i++) {
		links[i] = c->links[i].name;
	}
	names = policy_set_names(w->set, links, links != NULL ? c->n_links : 0);
	place = policy_place(
		p, &names, (uint32_t)(scope_of(w, (unsigned)side_of(w->event)) - p->scopes));
	text = policy_place_text(place);
	if (tenant != NULL) {
		ctl_out(w->call, "tenant      %s\n", tenant);
	}
	ctl_out(w->call, "held        %s\n", text != NULL ? text : "?");
	ctl_set(w->call, "place", place);
	free(text);
	free(links);
}

/* tell_thresholds: of the category, on this link and side. */
static void tell_thresholds(const struct why *w, const char *category, json_t *j, unsigned side)
{
	const struct policy_scope *scope = scope_of(w, side);
	const char *separator = "; ";

	for (uint16_t i = 0; i < scope->n_categories; i++) {
		const struct policy_category *c = &scope->categories[i];

		for (int a = ACTION_REPORT; a < ACTIONS && strcmp(c->name, category) == 0; a++) {
			const char *name = rule_action_name((enum rule_action)a);

			if (c->threshold[a] != POLICY_NEVER) {
				ctl_out(w->call, "%s%s from %d", separator, name, c->threshold[a]);
				json_object_set_new(j, name, json_integer(c->threshold[a]));
				separator = ", ";
			}
		}
	}
}

/* tell_score: "prize: 60 (prize.cash) + 50 (prize.call) = 110; reject from 100". */
static void tell_score(struct why *w)
{
	const json_t *ids = json_object_get(w->event, "rules");
	const char *category = ctl_text(w->event, "category");
	const struct ruleset *s = w->set->ruleset;
	json_t *parts = json_array();
	json_t *thresholds = json_object();
	const char *separator = "";
	long long sum = 0;

	ctl_out(w->call, "score       %s: ", category);
	for (size_t i = 0; i < json_array_size(ids); i++) {
		const char *id = json_string_value(json_array_get(ids, i));
		uint32_t n = id != NULL ? ruleset_find(s, id) : RULE_GONE;
		const struct rule *r = n != RULE_GONE ? &s->rules[n] : NULL;

		if (r == NULL || r->action != RULE_ACTION_UNSET ||
			strcmp(s->categories[r->category], category) != 0) {
			continue;
		}
		sum += r->weight;
		ctl_out(w->call, "%s%d (%s)", separator, r->weight, id);
		separator = " + ";
		json_array_append_new(
			parts, json_pack("{s:s, s:i}", "rule", id, "weight", r->weight));
	}
	ctl_out(w->call, "%s%lld", separator[0] != '\0' ? " = " : "", sum);
	tell_thresholds(w, category, thresholds, (unsigned)side_of(w->event));
	ctl_out(w->call, "\n");
	if (sum != summary_integer(w->event, "score")) {
		lack(w, "the event says %lld: rules beyond those named, or other parts, counted too",
			summary_integer(w->event, "score"));
	}
	ctl_set(w->call, "score",
		json_pack("{s:s, s:I, s:o, s:o}", "category", category, "sum", (json_int_t)sum,
			"parts", parts, "thresholds", thresholds));
}

/* ---- judged again */

/* is_pseudonym: 16 hexadecimal digits; a number has 15 at most (ITU-T E.164 6). */
static bool is_pseudonym(const char *s)
{
	return strlen(s) == 16 && strspn(s, "0123456789abcdef") == 16;
}

/* address_of: `who`'s, as far as the event tells it. */
static void address_of(struct why *w, const char *name, const char *who, char *out, size_t size)
{
	const char *s = json_string_value(json_object_get(w->event, name));
	char ton[16];

	(void)snprintf(ton, sizeof(ton), "%s_ton", name);
	out[0] = '\0';
	if (s == NULL || is_pseudonym(s)) {
		lack(w, "the %s is not told in clear (events.numbers): rules and lists of %ss were not asked again",
			who, who);
	} else {
		(void)snprintf(out, size, "%s%s",
			summary_integer(w->event, ton) == 1 && s[0] != '+' ? "+" : "", s);
	}
}

/* text_of: --text, or the event's; NULL: neither. */
static const char *text_of(struct why *w)
{
	const char *text = ctl_value(w->call, "text");

	if (text == NULL) {
		text = json_string_value(json_object_get(w->event, "text"));
	}
	if (text == NULL) {
		lack(w, "the text, to judge it again: the event has none (events.text): --text TEXT");
	}
	if (summary_integer(w->event, "parts") > 1) {
		lack(w, "the message was part %lld of %lld: the other parts counted, too",
			summary_integer(w->event, "part"), summary_integer(w->event, "parts"));
	}
	return text;
}

/* message_of: the header, as far as the event tells it. */
static void message_of(struct why *w, struct explain_message *m)
{
	const char *command = ctl_text(w->event, "command");

	m->data_coding = (int)summary_integer(w->event, "data_coding");
	m->protocol_id = (uint8_t)summary_integer(w->event, "protocol_id");
	if (strcmp(ctl_text(w->event, "proto"), "map") == 0) {
		lack(w, "it came by MAP, and was judged again as a message of SMPP: what asks for IMSI, "
			"global titles or operation was not met");
		return;
	}
	/* no UDH comes with the text that an event tells (SMPP 3.4 5.2.12) */
	m->esm_class = (uint8_t)summary_integer(w->event, "esm_class") & (uint8_t)~ESM_UDHI;
	m->deliver = strcmp(command, "deliver_sm") == 0;
	if (!m->deliver && strcmp(command, "submit_sm") != 0) {
		lack(w, "it was a %s, and was judged again as a submit_sm", command);
	}
}

/* compose: with the event's data_coding, or, where the text was told in another way, one that fits. */
static size_t compose(struct why *w, struct explain_message *m, uint8_t *pdu)
{
	const struct smpp_profile *profile = &w->config->pipeline.links[w->link].profile;
	size_t len = explain_compose(m, profile, pdu, &w->call->diag);

	if (len == 0 && m->data_coding >= 0) {
		diag_clear(&w->call->diag);
		m->data_coding = -1;
		len = explain_compose(m, profile, pdu, &w->call->diag);
	}
	return len;
}

/* lack_conditions: the verdict is another one: the conditions of rules ask for more than an event tells. */
static void lack_conditions(struct why *w)
{
	const char *id = json_string_value(json_object_get(w->event, "rule"));
	uint32_t i = id != NULL ? ruleset_find(w->set->ruleset, id) : RULE_GONE;

	if (i != RULE_GONE && w->set->ruleset->rules[i].field == FIELD_WHEN) {
		lack(w, "rule %s has a condition: an event does not tell all that one can ask for",
			id);
	}
}

static json_t *judge(struct why *w, struct explain_message *m)
{
	uint8_t *pdu = malloc(EXPLAIN_PDU_SIZE);
	size_t len = pdu != NULL ? compose(w, m, pdu) : 0;
	struct explain *x = len != 0 ? explain_open(w->config, w->set, w->link, side_of(w->event),
					       &w->call->diag)
	                             : NULL;
	struct explain_about about = { .account = NULL };
	json_t *doc = NULL;

	if (x != NULL) {
		ctl_about_event(w->event, &about);
		explain_about(x, &about);
		doc = explain_pdu(x, bytes_of(pdu, len),
			explain_role_of(ctl_text(w->event, "role")), bytes_of(NULL, 0),
			&w->call->diag);
	}
	explain_close(x);
	free(pdu);
	return doc;
}

/* judge_again: CONTROL_FAILED when nothing lacks and the verdict is another one. */
static int judge_again(struct why *w)
{
	char from[64];
	char to[64];
	const char *text = text_of(w);
	struct explain_message m = { .text = text, .from = from, .to = to };
	const char *verdict = ctl_text(w->event, "verdict");
	const char *now;
	json_t *doc;
	bool same;

	if (text == NULL) {
		return 0;
	}
	address_of(w, "src", "sender", from, sizeof(from));
	address_of(w, "dst", "recipient", to, sizeof(to));
	message_of(w, &m);
	doc = judge(w, &m);
	if (doc == NULL) {
		lack_error(w, "judging it again");
		return 0;
	}
	now = ctl_text(json_object_get(doc, "verdict"), "action");
	same = strcmp(now, verdict) == 0;
	if (!same) {
		lack_conditions(w);
	}
	ctl_out(w->call, "again       %s: %s\n", now,
		same ? "the same verdict" : "ANOTHER VERDICT THAN THEN");
	ctl_set(w->call, "again", json_pack("{s:s, s:b}", "verdict", now, "same", same));
	ctl_set(w->call, "explanation", doc);
	if (!same && json_array_size(w->lacks) == 0) {
		return ctl_error(w->call, CONTROL_FAILED,
			"judged again the verdict is %s, and was %s", now, verdict);
	}
	return 0;
}

static void tell_lacks(const struct why *w)
{
	for (size_t i = 0; i < json_array_size(w->lacks); i++) {
		ctl_out(w->call, "%-12s%s\n", i == 0 ? "missing" : "",
			json_string_value(json_array_get(w->lacks, i)));
	}
}

static int tell(struct why *w)
{
	int rc = 0;

	load_policy(w);
	if (!w->call->json) {
		ctl_clean(w->event);
	}
	tell_event(w);
	tell_generation(w);
	if (w->set != NULL) {
		tell_place(w);
	}
	tell_rules(w);
	if (w->set != NULL && json_object_get(w->event, "category") != NULL &&
		strcmp(ctl_text(w->event, "reason"), "score") == 0) {
		tell_score(w);
	}
	if (w->set != NULL) {
		rc = judge_again(w);
	}
	tell_lacks(w);
	ctl_set(w->call, "lacks", json_incref(w->lacks));
	return rc;
}

int ctl_why(struct ctl_call *call)
{
	struct why w = { .call = call, .lacks = json_array() };
	int rc = find_event(&w);

	rc = rc == 0 ? tell(&w) : rc;
	ctl_store_close(&w.store);
	if (w.set != NULL) {
		policy_set_free(w.set);
	}
	free(w.set);
	free(w.config);
	json_decref(w.event);
	json_decref(w.status);
	json_decref(w.lacks);
	return rc;
}
