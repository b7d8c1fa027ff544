/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl probe smsc: which refusals an SMSC answers well, and the configuration that follows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "control/ctl.h"
#include "control/probe.h"
#include "control/probe_client.h"

enum { WAIT_S = 5, NAME_MAX_LEN = 63 };

static const struct {
	unsigned bit;
	const char *name;
} poisons[] = { { POISON_DEST, "dest" }, { POISON_PRIORITY, "priority" },
	{ POISON_ESM_CLASS, "esm_class" } };

/* read_target: "host:port", "[2001:db8::1]:port"; `host` of its own memory. */
static int read_target(struct ctl_call *call, char *host, size_t size, struct probe_target *t)
{
	const char *word = call->words[0];
	const char *colon = strrchr(word, ':');
	size_t len = colon != NULL ? (size_t)(colon - word) : 0;

	if (colon == NULL || len == 0 || colon[1] == '\0' || len >= size ||
		strspn(colon + 1, "0123456789") != strlen(colon + 1) || atoi(colon + 1) > 65535 ||
		atoi(colon + 1) < 1) {
		return ctl_error(call, CONTROL_USAGE,
			"an SMSC is HOST:PORT or [ADDRESS]:PORT, not \"%s\"", word);
	}
	if (word[0] == '[' && colon[-1] == ']') {
		word++;
		len -= 2;
	}
	memcpy(host, word, len);
	host[len] = '\0';
	t->host = host;
	t->port = colon + 1;
	return 0;
}

/* read_password: the file's first line. */
static int read_password(struct ctl_call *call, char *out, size_t size)
{
	const char *path = ctl_value(call, "password-file");
	FILE *f = path != NULL ? fopen(path, "re") : NULL;
	struct stat st;
	bool ok;

	if (path == NULL) {
		return ctl_error(call, CONTROL_USAGE, "probe smsc needs --password-file FILE");
	}
	if (f == NULL) {
		return ctl_error(call, CONTROL_INVALID, "%s: %s", path, strerror(errno));
	}
	if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) != 0) {
		diag_add(&call->diag, DIAG_WARNING, path, 0, 0,
			"others may read this password: chmod 600");
	}
	ok = fgets(out, (int)size, f) != NULL;
	(void)fclose(f);
	if (!ok) {
		out[0] = '\0'; /* an empty file: an account without a password */
	}
	out[strcspn(out, "\r\n")] = '\0';
	return 0;
}

/* take_text: an option's value that goes into a PDU. */
static int take_text(struct ctl_call *call, const char *option, size_t most, const char *otherwise,
	const char **out)
{
	const char *value = ctl_value(call, option);

	*out = value != NULL ? value : otherwise;
	if (*out != NULL && strlen(*out) > most) {
		return ctl_error(
			call, CONTROL_USAGE, "--%s is longer than %zu octets", option, most);
	}
	return 0;
}

static int read_options(struct ctl_call *call, struct probe_target *t)
{
	long wait_s = WAIT_S;
	int rc = ctl_number(call, "wait", 1, 300, &wait_s);

	/* SMPP 3.4 5.2.1 to 5.2.3, 5.2.8, 5.2.9: sizes with their NUL */
	rc = rc == 0 ? take_text(call, "system-id", 15, NULL, &t->system_id) : rc;
	rc = rc == 0 ? take_text(call, "system-type", 12, "", &t->system_type) : rc;
	rc = rc == 0 ? take_text(call, "source", 20, "", &t->source) : rc;
	rc = rc == 0 ? take_text(call, "destination", 20, NULL, &t->destination) : rc;
	if (rc == 0 && t->system_id == NULL) {
		rc = ctl_error(call, CONTROL_USAGE, "probe smsc needs --system-id ID");
	}
	if (rc == 0 && t->destination != NULL &&
		(t->destination[0] == '\0' ||
			strspn(t->destination, "+0123456789") != strlen(t->destination))) {
		rc = ctl_error(call, CONTROL_USAGE, "--destination is a number of yours");
	}
	t->transceiver = ctl_value(call, "transceiver") != NULL;
	t->wait_ms = (unsigned)wait_s * 1000;
	t->deadline_ms =
		call->timeout_s != 0 ? probe_now_ms() + 1000 * (int64_t)call->timeout_s : 0;
	return rc;
}

static void poison_text(unsigned poison, const char *quote, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(poisons) / sizeof(poisons[0]); i++) {
		if ((poison & poisons[i].bit) != 0 && len < size) {
			len += (size_t)snprintf(out + len, size - len, "%s%s%s%s",
				len != 0 ? ", " : "", quote, poisons[i].name, quote);
		}
	}
}

static void tell(void *arg, const struct probe_result *r)
{
	const struct ctl_call *call = arg;
	char poison[64];
	char status[64] = "-";

	poison_text(r->what.poison, "", poison, sizeof(poison));
	if (r->answer.answered) {
		(void)snprintf(status, sizeof(status), "0x%X %s", r->answer.status,
			probe_status_name(r->answer.status));
	}
	ctl_out(call, "%-13s %-12s %-26s %-13s %-22s %4u/%-4u %-5s %-8s %5u\n",
		smpp_command_name(r->what.command), edit_style_name(r->what.style),
		r->what.large ? "as advised, 600 octets" : poison, probe_outcome_name(r->outcome),
		status, r->sent_len, r->answer.len,
		!r->answer.answered        ? "-"
		: r->answer.sequence_right ? "right"
					   : "WRONG",
		r->answer.closed  ? "CLOSED"
		: r->answer.alive ? "lives"
				  : "silent",
		r->answer.took_ms);
	(void)fflush(stdout);
}

static json_t *poison_json(unsigned poison)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(poisons) / sizeof(poisons[0]); i++) {
		if ((poison & poisons[i].bit) != 0) {
			json_array_append_new(list, json_string(poisons[i].name));
		}
	}
	return list;
}

static json_t *results_json(const struct probe_run *run)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < run->n_results; i++) {
		const struct probe_result *r = &run->results[i];
		json_t *row = json_pack("{s:s, s:s, s:o, s:b, s:s, s:I, s:b, s:b, s:I}", "command",
			smpp_command_name(r->what.command), "style", edit_style_name(r->what.style),
			"poison", poison_json(r->what.poison), "large", r->what.large, "outcome",
			probe_outcome_name(r->outcome), "octets_sent", (json_int_t)r->sent_len,
			"session_closed", r->answer.closed, "enquire_link_answered",
			r->answer.alive, "took_ms", (json_int_t)r->answer.took_ms);

		if (r->answer.answered) {
			json_object_set_new(row, "answer",
				json_pack("{s:s, s:I, s:s, s:I, s:b}", "command",
					smpp_command_name(r->answer.command), "status",
					(json_int_t)r->answer.status, "status_name",
					probe_status_name(r->answer.status), "octets",
					(json_int_t)r->answer.len, "sequence_right",
					r->answer.sequence_right));
		}
		json_array_append_new(list, row);
	}
	return list;
}

/* The lines for a link of smswall.conf. */
static void lines_of(const struct probe_advice *a, char *out, size_t size)
{
	char poison[64];

	poison_text(a->poison, "\"", poison, sizeof(poison));
	if (!a->usable) {
		(void)snprintf(out, size, "mode = \"monitor\";\n");
	} else if (a->style == EDIT_BLANK) {
		(void)snprintf(
			out, size, "smpp = {\n\tto_smsc = {\n\t\tstyle = \"blank\";\n\t};\n};\n");
	} else {
		(void)snprintf(out, size,
			"smpp = {\n\tto_smsc = {\n\t\tstyle = \"self_reject\";\n\t\tpoison = [ %s ];\n"
			"\t\ton_accept = \"%s\";\n\t};\n};\n",
			poison, a->force ? "force" : "pass");
	}
}

static void explain_advice(const struct ctl_call *call, const struct probe_run *run)
{
	const struct probe_advice *a = &run->advice;

	for (unsigned i = 0; i < PROBE_COMMANDS; i++) {
		if (a->ignored[i]) {
			ctl_out(call,
				"This SMSC does not seem to speak %s: left out of what follows.\n",
				smpp_command_name(probe_commands[i]));
		}
	}
	if (!a->usable) {
		ctl_out(call,
			"It answers no style well. Do not enforce on this link: its sessions would break.\n");
	} else if (a->style == EDIT_BLANK) {
		ctl_out(call,
			"It answers no poisoned PDU well, but takes empty ones: refused messages reach their "
			"recipients as blank texts.\n");
	} else if (a->force) {
		ctl_out(call,
			"It accepts some of them: on_accept = force tells the ESME the refusal all the same. "
			"Nothing reaches anybody%s.\n",
			(a->poison & POISON_DEST) != 0 ? "" : " but a blank text");
	} else {
		ctl_out(call, "It refuses them by itself, as it should.\n");
	}
}

/* A long text as advised is answered otherwise than a short one: rare, and to be known. */
static bool large_differs(const struct probe_run *run)
{
	const struct probe_result *last =
		run->n_results != 0 ? &run->results[run->n_results - 1] : NULL;
	const struct probe_result *small = probe_find(run->results, run->n_results, SMPP_SUBMIT_SM,
		run->advice.style, run->advice.poison);

	return last != NULL && last->what.large && small != NULL && last->outcome != small->outcome;
}

static int finish(struct ctl_call *call, const struct probe_run *run)
{
	static const int codes[] = { [PROBE_DONE] = 0,
		[PROBE_NO_CONNECTION] = CONTROL_FAILED,
		[PROBE_BIND_REFUSED] = CONTROL_NOT_PERMITTED,
		[PROBE_BIND_MUTE] = CONTROL_TIMEOUT,
		[PROBE_LOST] = CONTROL_PARTIAL,
		[PROBE_TIMEOUT] = CONTROL_TIMEOUT };
	char lines[512];

	ctl_set(call, "results", results_json(run));
	ctl_set(call, "binds", json_integer(run->n_binds));
	if (run->end != PROBE_DONE) {
		return ctl_error(call, codes[run->end], "%s", run->error);
	}
	lines_of(&run->advice, lines, sizeof(lines));
	ctl_set(call, "usable", json_boolean(run->advice.usable));
	ctl_set(call, "configuration", json_string(lines));
	ctl_out(call, "\n");
	explain_advice(call, run);
	if (large_differs(run)) {
		diag_add(&call->diag, DIAG_WARNING, NULL, 0, 0,
			"a long text (message_payload) is answered otherwise than a short one: see the last line");
	}
	ctl_out(call, "For the link in smswall.conf:\n\n%s", lines);
	return run->advice.usable ? 0
	                          : ctl_error(call, CONTROL_FAILED,
					    "no refusal is answered well by this SMSC");
}

static void warn(const struct ctl_call *call, const struct probe_target *t)
{
	fprintf(stderr,
		"smswallctl: this SENDS MESSAGES to %s port %s as \"%s\": empty texts, each refusable in another "
		"way.\n",
		t->host, t->port, t->system_id);
	if (t->destination != NULL) {
		fprintf(stderr,
			"smswallctl: those that the SMSC accepts may be DELIVERED to %s, and charged to the account.\n",
			t->destination);
	} else {
		fprintf(stderr,
			"smswallctl: without --destination only PDUs without a recipient are sent: `blank` "
			"and poisons without dest are not tried.\n");
	}
	ctl_out(call, "%-13s %-12s %-26s %-13s %-22s %-9s %-5s %-8s %5s\n", "COMMAND", "STYLE",
		"POISON", "OUTCOME", "STATUS", "SENT/GOT", "SEQ", "SESSION", "ms");
}

int ctl_probe_smsc(struct ctl_call *call)
{
	struct probe_target t = { .host = NULL };
	struct probe_run *run = calloc(1, sizeof(*run));
	char host[256];
	char password[NAME_MAX_LEN + 2];
	int rc = read_target(call, host, sizeof(host), &t);

	rc = rc == 0 ? read_options(call, &t) : rc;
	rc = rc == 0 ? read_password(call, password, sizeof(password)) : rc;
	if (rc == 0 && run == NULL) {
		rc = ctl_error(call, CONTROL_FAILED, "no memory");
	}
	if (rc == 0) {
		t.password = password;
		warn(call, &t);
		probe_run(&t, run, tell, call);
		explicit_bzero(password, sizeof(password));
		rc = finish(call, run);
	}
	free(run);
	return rc;
}
