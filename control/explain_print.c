/* SPDX-License-Identifier: BSD-3-Clause */
/* An explanation as text. Part of explain.h. */
#include <stdlib.h>
#include <string.h>

#include "control/explain.h"
#include "control/policy_place.h"

static const char *text_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "-";
}

static long long number_of(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

/* print_quoted: control characters escaped, so that a message cannot drive the terminal. */
static void print_quoted(const char *s, FILE *to)
{
	fputc('"', to);
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '\n') {
			fputs("\\n", to);
		} else if (c == '"' || c == '\\') {
			fprintf(to, "\\%c", c);
		} else if (c < 0x20 || c == 0x7F) {
			fprintf(to, "\\x%02x", c);
		} else if (c == 0xC2 && ((unsigned char)s[1] & 0xE0) == 0x80) {
			fprintf(to, "\\u00%02x", (unsigned char)s[1]); /* C1 controls in UTF-8 */
			s++;
		} else {
			fputc(c, to);
		}
	}
	fputc('"', to);
}

static void print_text(const char *label, const json_t *value, bool matched, FILE *to)
{
	const char *s = json_string_value(value);

	if (s != NULL) {
		fprintf(to, "%-11s", label);
		print_quoted(s, to);
		fputs(matched ? "\n" : "  (no rule looks into it)\n", to);
	}
}

static void print_address(const char *label, const json_t *a, FILE *to)
{
	fprintf(to, "%-11s", label);
	print_quoted(text_of(a, "address"), to);
	fprintf(to, " (ton %lld, npi %lld)\n", number_of(a, "ton"), number_of(a, "npi"));
}

static void print_map(const json_t *m, FILE *to)
{
	fprintf(to, "%-11s%s, invoke %lld, operation %lld, version %lld, %s\n", "MAP",
		text_of(m, "tcap"), number_of(m, "invoke_id"), number_of(m, "opcode"),
		number_of(m, "version"), text_of(m, "tpdu"));
	fprintf(to, "%-11ssmsc %s, imsi %s, msisdn %s\n", "", text_of(m, "smsc"),
		text_of(m, "imsi"), text_of(m, "msisdn"));
}

static void print_message(const json_t *e, FILE *to)
{
	const json_t *bodies = json_object_get(e, "bodies");
	const json_t *odd = json_object_get(e, "anomalies");

	if (json_object_get(e, "map") != NULL) {
		print_map(json_object_get(e, "map"), to);
	}
	print_address("from", json_object_get(e, "source"), to);
	print_address("to", json_object_get(e, "destination"), to);
	fprintf(to, "%-11sdata_coding 0x%02llx, esm_class 0x%02llx, protocol_id 0x%02llx%s\n",
		"coding", number_of(e, "data_coding"), number_of(e, "esm_class"),
		number_of(e, "protocol_id"),
		json_is_true(json_object_get(e, "receipt")) ? ", a delivery receipt" : "");
	if (json_object_get(e, "parts") != NULL) {
		fprintf(to, "%-11s%lld of %lld, reference %lld (%s)\n", "part",
			number_of(e, "part"), number_of(e, "parts"), number_of(e, "reference"),
			text_of(e, "carried_by"));
	}
	for (size_t i = 0; i < json_array_size(bodies); i++) {
		const json_t *b = json_array_get(bodies, i);

		fprintf(to, "%-11s%s: %lld octets, %s\n", i == 0 ? "decoded" : "",
			text_of(b, "field"), number_of(b, "octets"), text_of(b, "encoding"));
	}
	if (number_of(e, "undecodable") != 0) {
		fprintf(to, "%-11s%lld characters could not be decoded\n", "",
			number_of(e, "undecodable"));
	}
	for (size_t i = 0; i < json_array_size(odd); i++) {
		const json_t *a = json_array_get(odd, i);

		fprintf(to, "%-11s%s: %s\n", "anomaly", text_of(a, "reason"), text_of(a, "help"));
	}
}

/* print_unseen: that the text was not looked at, and what forbids it. */
static void print_unseen(const json_t *e, const json_t *unseen, FILE *to)
{
	const char *by = text_of(unseen, "by");
	char *place = NULL;

	if (unseen == NULL) {
		return;
	}
	fprintf(to, "%-11snot looked at: ", "  text");
	if (strcmp(by, "link") == 0) {
		fprintf(to, "link %s has content = false in smswall.conf\n", text_of(e, "link"));
	} else if (strcmp(by, "policy") == 0) {
		place = policy_place_text(json_object_get(unseen, "place"));
		fprintf(to, "%s\n", place != NULL ? place : "?");
	} else {
		fputs("the verdict was known without it\n", to);
	}
	free(place);
}

static void print_views(const json_t *e, FILE *to)
{
	const json_t *v = json_object_get(e, "views");
	const json_t *entities = json_object_get(v, "entities");
	bool folded = json_is_true(json_object_get(v, "folded_matched"));
	bool sender = json_is_true(json_object_get(v, "sender_matched"));

	fputs("\nVIEWS\n", to);
	print_unseen(e, json_object_get(v, "unseen"), to);
	print_text("  sent", json_object_get(v, "sent"), true, to);
	print_text("  folded", json_object_get(v, "folded"), folded, to);
	if (json_is_string(json_object_get(v, "sent")) &&
		json_is_null(json_object_get(v, "folded"))) {
		fputs("  folded   (as sent, but for case)\n", to);
	}
	print_text("  sender", json_object_get(v, "sender"), sender, to);
	print_text("  folded", json_object_get(v, "sender_folded"), sender, to);
	for (size_t i = 0; i < json_array_size(entities); i++) {
		const json_t *n = json_array_get(entities, i);

		fprintf(to, "  %-9s", text_of(n, "kind"));
		print_quoted(text_of(n, "value"), to);
		fprintf(to, " (octets %lld to %lld)\n", number_of(n, "from"), number_of(n, "to"));
	}
}

static void print_rules(const json_t *e, FILE *to)
{
	const json_t *rules = json_object_get(e, "rules");

	fprintf(to, "\nRULES THAT HIT%s\n", json_array_size(rules) == 0 ? ": none" : "");
	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *r = json_array_get(rules, i);

		fprintf(to, "  %s  state %s%s, category %s, weight %lld, action %s\n",
			text_of(r, "id"), text_of(r, "state"),
			strncmp(text_of(r, "state"), "sample", 6) != 0 ? ""
			: json_is_true(json_object_get(r, "acts"))
				? " (acts on this sender)"
				: " (only counts for this sender)",
			text_of(r, "category"), number_of(r, "weight"), text_of(r, "action"));
		if (strcmp(text_of(r, "field"), "when") == 0) {
			fprintf(to, "    %s:%lld: when { %s }\n", text_of(r, "file"),
				number_of(r, "line"), text_of(r, "expression"));
			continue;
		}
		fprintf(to, "    in %s as %s, ", text_of(r, "field"), text_of(r, "view"));
		if (json_is_null(json_object_get(r, "from"))) {
			fprintf(to, "up to octet %lld\n", number_of(r, "to"));
		} else {
			fprintf(to, "octets %lld to %lld: ", number_of(r, "from"),
				number_of(r, "to"));
			print_quoted(text_of(r, "match"), to);
			fputc('\n', to);
		}
		fprintf(to, "    %s:%lld: /%s/\n", text_of(r, "file"), number_of(r, "line"),
			text_of(r, "expression"));
	}
}

static void print_scores(const json_t *e, FILE *to)
{
	json_t *scores = json_object_get(e, "scores");

	if (json_array_size(scores) != 0) {
		fputs("\nSCORES\n", to);
	}
	for (size_t i = 0; i < json_array_size(scores); i++) {
		json_t *s = json_array_get(scores, i);
		json_t *thresholds = json_object_get(s, "thresholds");
		const char *action;
		json_t *value;

		fprintf(to, "  %s %lld: %s (", text_of(s, "category"), number_of(s, "score"),
			text_of(s, "action"));
		json_object_foreach(thresholds, action, value)
		{
			fprintf(to, "%s from %lld, ", action, (long long)json_integer_value(value));
		}
		fputs("else pass)\n", to);
	}
}

/* print_list: the list that decided. */
static void print_list(const json_t *l, FILE *to)
{
	if (l == NULL) {
		return;
	}
	fprintf(to, "%-11slist %s, asked for %s, effect %s: entry ", "", text_of(l, "name"),
		text_of(l, "match"), text_of(l, "effect"));
	print_quoted(text_of(l, "entry"), to);
	if (json_is_string(json_object_get(l, "tag"))) {
		fputs(", ", to);
		print_quoted(text_of(l, "tag"), to);
	}
	fputc('\n', to);
}

static void print_percent(long long per_mille, FILE *to)
{
	fprintf(to, "%lld.%lld %%", per_mille / 10, per_mille % 10);
}

/* print_limits: which are asked, with which keys; of a running daemon, how full these are. */
static void print_limits(const json_t *e, FILE *to)
{
	const json_t *limits = json_object_get(e, "limits");

	fputs(json_array_size(limits) != 0 ? "\nLIMITS\n" : "", to);
	for (size_t i = 0; i < json_array_size(limits); i++) {
		const json_t *l = json_array_get(limits, i);
		const json_t *now = json_object_get(l, "now");

		fprintf(to, "  %s  %s, %s, action %s, state %s\n", text_of(l, "name"),
			text_of(l, "kind"), text_of(l, "allows"), text_of(l, "action"),
			text_of(l, "state"));
		fputs("    key ", to);
		print_quoted(text_of(l, "key"), to);
		if (now != NULL) {
			fprintf(to, ", now %lld of %lld: ", number_of(now, "used"),
				number_of(now, "max"));
			print_percent(number_of(now, "per_mille"), to);
		}
		fputc('\n', to);
	}
}

/* print_limit: the limit that decided. */
static void print_limit(const json_t *l, FILE *to)
{
	if (l != NULL) {
		fprintf(to, "%-11slimit %s, whose key is full to ", "", text_of(l, "name"));
		print_percent(number_of(l, "fill"), to);
		fputc('\n', to);
	}
}

/* print_place: whose message it is, and which entry of `links` holds for it. */
static void print_place(const json_t *v, FILE *to)
{
	const json_t *place = json_object_get(v, "place");
	char *text;

	if (json_is_string(json_object_get(v, "tenant"))) {
		fprintf(to, "%-11stenant %s\n", "", text_of(v, "tenant"));
	}
	if (number_of(place, "line") != 0) {
		text = policy_place_text(place);
		fprintf(to, "%-11sheld: %s\n", "", text != NULL ? text : "?");
		free(text);
	}
}

static void print_verdict(const json_t *e, FILE *to)
{
	const json_t *v = json_object_get(e, "verdict");
	const json_t *edit = json_object_get(e, "edit");
	const char *status = "answer_status";

	fprintf(to, "\nVERDICT    %s: %s (%s)", text_of(v, "action"), text_of(v, "reason"),
		text_of(v, "reason_help"));
	if (json_is_string(json_object_get(v, "rule"))) {
		fprintf(to, ", rule %s", text_of(v, "rule"));
	}
	fputc('\n', to);
	print_list(json_object_get(v, "list"), to);
	print_place(v, to);
	print_limit(json_object_get(v, "limit"), to);
	if (strcmp(text_of(v, "with_shadow_rules"), text_of(v, "action")) != 0) {
		fprintf(to, "%-11swith shadow rules on it would be: %s\n", "",
			text_of(v, "with_shadow_rules"));
	}
	if (!json_is_string(json_object_get(edit, "pdu"))) {
		return;
	}
	fprintf(to, "EDIT       %s%s\n", text_of(edit, "style"),
		json_is_true(json_object_get(edit, "applied"))
			? ""
			: " (on an enforcing link; this one only watches)");
	if (json_is_string(json_object_get(edit, "answer_error"))) {
		fprintf(to, "%-11sthe answer becomes ReturnError %s\n", "",
			text_of(edit, "answer_error"));
	}
	if (json_is_integer(json_object_get(edit, status))) {
		fprintf(to, "%-11sthe answer's command_status becomes 0x%08llx\n", "",
			number_of(edit, status));
	}
	fprintf(to, "%-11s%s\n", "as left", text_of(edit, "pdu"));
}

/* print_event: what the data path itself said of this message when the capture was replayed. */
static void print_event(const json_t *e, FILE *to)
{
	const json_t *event = json_object_get(e, "event");
	const json_t *joined = json_object_get(e, "joined_parts");

	if (event == NULL) {
		return;
	}
	if (json_array_size(joined) > 1) {
		fputs("joined     parts", to);
		for (size_t i = 0; i < json_array_size(joined); i++) {
			fprintf(to, "%s %lld", i == 0 ? "" : ",",
				(long long)json_integer_value(json_array_get(joined, i)));
		}
		fputs(" were known: rules are looked for in their text\n", to);
	}
	fprintf(to, "in replay  frame %lld, session %lld: %s (%s)", number_of(event, "frame"),
		number_of(event, "session"), text_of(event, "verdict"), text_of(event, "reason"));
	if (json_is_string(json_object_get(event, "rule"))) {
		fprintf(to, ", rule %s", text_of(event, "rule"));
	}
	fputc('\n', to);
}

void explain_print(const json_t *e, FILE *to)
{
	const json_t *malformed = json_object_get(e, "malformed");

	fprintf(to, "%-11s%s, sequence %lld, %lld octets\n", "PDU", text_of(e, "command"),
		number_of(e, "sequence"), number_of(e, "octets"));
	fprintf(to, "%-11s%s (%s), sender %s%s%s\n", "link", text_of(e, "link"), text_of(e, "mode"),
		text_of(e, "side"), json_object_get(e, "role") != NULL ? ", " : "",
		json_object_get(e, "role") != NULL ? text_of(e, "role") : "");
	print_event(e, to);
	if (json_object_get(e, "forwarded") != NULL) {
		fprintf(to, "%-11s%s\n", "VERDICT", text_of(e, "forwarded"));
		return;
	}
	if (malformed != NULL) {
		fprintf(to, "%-11s%s (%s): %s by this link's setting\n", "VERDICT",
			text_of(malformed, "reason"), text_of(malformed, "help"),
			text_of(malformed, "treated"));
		return;
	}
	print_message(e, to);
	print_views(e, to);
	print_rules(e, to);
	print_scores(e, to);
	print_limits(e, to);
	print_verdict(e, to);
}
