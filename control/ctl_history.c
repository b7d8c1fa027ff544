/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl policy confirm, rollback, history, show, tag: the generations that the daemon keeps. */
#include <string.h>

#include "control/ctl_daemon.h"
#include "control/ctl_store.h"
#include "control/summary.h"

static const struct ctl_column columns[] = { { "GEN", true }, { "STATE", false },
	{ "PUSHED (UTC)", false }, { "BY", false }, { "RULES", true }, { "TAG", false },
	{ "HASH", false }, { "NOTE", false } };

/* change: a verb whose answer is what is live then. */
static int change(struct ctl_call *call, const char *verb, json_t *args)
{
	json_t *result = NULL;
	int rc = ctl_daemon_ask(call, verb, args, CTL_PUSH_TIMEOUT_S, &result);

	if (rc == 0) {
		ctl_change_print(call, result);
	}
	json_decref(result);
	return rc;
}

int ctl_policy_confirm(struct ctl_call *call)
{
	return change(call, "policy.confirm", json_object());
}

int ctl_policy_rollback(struct ctl_call *call)
{
	const char *what = call->n_words != 0 ? call->words[0] : "1";
	long long n = 0;

	if (what[0] != '@' && strspn(what, "0123456789") == strlen(what) && strlen(what) < 5 &&
		strcmp(what, "0") != 0) {
		(void)sscanf(what, "%lld", &n);
		return change(call, "policy.rollback", json_pack("{s:I}", "steps", (json_int_t)n));
	}
	if (what[0] != '@' || ctl_read_generation(call, what, &n) != 0 || n == 0) {
		diag_clear(&call->diag);
		return ctl_error(call, CONTROL_USAGE,
			"policy rollback takes a number of pushes, or @ and a generation, not "
			"\"%s\"",
			what);
	}
	return change(call, "policy.rollback", json_pack("{s:I}", "generation", (json_int_t)n));
}

/* by_of: who pushed: "author" of the pack, else the user's number. */
static const char *by_of(const json_t *r, char *out, size_t size)
{
	if (strcmp(ctl_text(r, "author"), "-") != 0) {
		(void)snprintf(out, size, "%s", ctl_text(r, "author"));
	} else {
		(void)snprintf(out, size, "uid %lld", summary_integer(r, "uid"));
	}
	return out;
}

/* state_of: one whose rules live on in whole databases was not taken back. */
static const char *state_of(const json_t *r)
{
	bool merged = strncmp(ctl_text(r, "why"), "merged into", strlen("merged into")) == 0;

	return json_is_true(json_object_get(r, "live")) ? "live"
	       : merged                                 ? "merged"
	                                                : ctl_text(r, "state");
}

static json_t *row_of(const json_t *r)
{
	char number[CTL_GENERATION_TEXT];
	char rules[CTL_GENERATION_TEXT];
	char time[32];
	char by[80];
	char hash[16];
	const char *cells[] = { ctl_cell(r, "generation", number), state_of(r),
		ctl_time(json_object_get(r, "pushed_us"), time, sizeof(time)),
		by_of(r, by, sizeof(by)), ctl_cell(r, "rules", rules), ctl_text(r, "tag"),
		ctl_hash(r, hash), ctl_text(r, "note") };

	return ctl_row(cells, sizeof(cells) / sizeof(cells[0]));
}

int ctl_policy_history(struct ctl_call *call)
{
	json_t *result = NULL;
	int rc = ctl_daemon_ask(call, "policy.history", json_object(), 0, &result);

	if (rc == 0) {
		ctl_table_of(call, columns, sizeof(columns) / sizeof(columns[0]),
			json_object_get(result, "generations"), row_of);
		ctl_pending_print(call, result);
	}
	json_decref(result);
	return rc;
}

static void print_record(const struct ctl_call *call, const json_t *r)
{
	char time[32];
	char by[80];

	ctl_out(call, "generation  %lld, %s\n", summary_integer(r, "generation"), state_of(r));
	if (strcmp(ctl_text(r, "why"), "-") != 0) {
		ctl_out(call, "why         %s\n", ctl_text(r, "why"));
	}
	ctl_out(call, "created     %s UTC, from generation %lld\n",
		ctl_time(json_object_get(r, "created_us"), time, sizeof(time)),
		summary_integer(r, "base"));
	ctl_out(call, "pushed      %s UTC by %s",
		ctl_time(json_object_get(r, "pushed_us"), time, sizeof(time)),
		by_of(r, by, sizeof(by)));
	ctl_out(call, " (uid %lld, pid %lld, %s)\n", summary_integer(r, "uid"),
		summary_integer(r, "pid"), ctl_text(r, "exe"));
	ctl_out(call, "signed by   %s\n", ctl_text(r, "signer"));
	ctl_out(call, "tag         %s\nnote        %s\n", ctl_text(r, "tag"), ctl_text(r, "note"));
	ctl_out(call, "rules       %lld\noctets      %lld\nhash        %s\n",
		summary_integer(r, "rules"), summary_integer(r, "octets"), ctl_text(r, "hash"));
}

/* put_sections: what it is made of, by name, where its manifest can be read. */
static void put_sections(struct ctl_call *call, const struct pack *p)
{
	json_t *list = json_array();
	char hash[PACK_HASH_TEXT_SIZE];

	for (uint32_t i = 0; i < p->n_sections; i++) {
		const struct pack_section *s = &p->sections[i];

		pack_hash_text(s->hash, hash);
		ctl_out(call, "%-12s%-32s %12llu octets  %.12s\n", i == 0 ? "parts" : "", s->name,
			(unsigned long long)s->len, hash);
		json_array_append_new(list, json_pack("{s:s, s:I, s:s}", "name", s->name, "octets",
						    (json_int_t)s->len, "hash", hash));
	}
	ctl_set(call, "sections", list);
}

/* put_text: one section that people can read. */
static void put_text(
	struct ctl_call *call, const struct pack *p, const char *section, const char *key)
{
	struct bytes text;

	if (!pack_find(p, section, &text)) {
		return;
	}
	ctl_out(call, "\n# ---- %s\n%.*s", section, (int)text.len, (const char *)text.data);
	ctl_set(call, key, json_stringn((const char *)text.data, text.len));
}

int ctl_policy_show(struct ctl_call *call)
{
	struct ctl_store store = { .number = 0 };
	bool full = ctl_value(call, "full") != NULL;
	long long number = 0;
	int rc = call->n_words != 0 ? ctl_read_generation(call, call->words[0], &number) : 0;

	rc = rc == 0 ? ctl_store_find(call, number, &store) : rc;
	if (rc == 0) {
		print_record(call, store.record);
		rc = ctl_store_table(call, &store, full);
		if (rc == 0 && store.pack != NULL) {
			put_sections(call, store.pack);
		}
	}
	if (rc == 0 && full) {
		put_text(call, store.pack, "rules", "patterns");
		put_text(call, store.pack, "policy.conf", "policy_conf");
		put_text(call, store.pack, "states", "states");
	}
	ctl_store_close(&store);
	return rc;
}

/* number_of: "live" is asked of the daemon. */
static int number_of(struct ctl_call *call, const char *text, long long *number)
{
	json_t *result = NULL;
	int rc = ctl_read_generation(call, text, number);

	if (rc == 0 && *number == 0) {
		rc = ctl_client_request(call, "policy.history", NULL, &result);
		*number = summary_integer(result, "live");
		json_decref(result);
	}
	return rc;
}

int ctl_policy_tag(struct ctl_call *call)
{
	const char *tag = strcmp(call->words[1], "-") != 0 ? call->words[1] : "";
	json_t *result = NULL;
	long long number = 0;
	int rc = number_of(call, call->words[0], &number);

	if (rc == 0) {
		rc = ctl_daemon_ask(call, "policy.tag",
			json_pack("{s:I, s:s}", "generation", (json_int_t)number, "tag", tag), 0,
			&result);
	}
	if (rc == 0 && tag[0] != '\0') {
		ctl_out(call, "generation %lld is tagged %s\n", number, tag);
	} else if (rc == 0) {
		ctl_out(call, "generation %lld is not tagged\n", number);
	}
	json_decref(result);
	return rc;
}
