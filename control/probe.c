/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/probe_client.h"

enum {
	TEXT_LEN = 120,       /* octets of the message that is taken to be refused */
	TEXT_LARGE_LEN = 600, /* does not fit short_message */
	PDU_SIZE = 800,
	REBIND_PAUSE_MS = 1000, /* an SMSC may not like to be bound to again at once */
	REBINDS_MAX = 3,        /* in a row that fail */
	MUTE_IN_A_ROW = 2,      /* of a command's first cases: the rest of them is not waited for */
	MESSAGE_PAYLOAD = SMPP_TAG_MESSAGE_PAYLOAD,
};

/* SMPP 3.4 5.2.5, 5.2.6: international and E.164, or alphanumeric. */
static void put_address(struct writer *w, const char *digits)
{
	bool number = digits[0] != '\0' && strspn(digits, "+0123456789") == strlen(digits);

	digits += number && digits[0] == '+' ? 1 : 0;
	writer_u8(w, digits[0] == '\0' ? 0 : number ? 1 : 5);
	writer_u8(w, number ? 1 : 0);
	writer_put(w, bytes_of(digits, strlen(digits) + 1));
}

static void put_text(struct writer *w, bool payload, uint16_t len)
{
	if (payload) {
		writer_u16(w, MESSAGE_PAYLOAD);
		writer_u16(w, len);
	} else {
		writer_u8(w, (uint8_t)len);
	}
	writer_fill(w, ' ', len); /* never anything to read, whatever becomes of it */
}

/* The message that the policy refuses: SMPP 3.4 4.4.1, 4.5.1, 4.7.1. */
static uint32_t build_original(const struct probe_target *t, const struct probe_case *c,
	uint32_t sequence, uint8_t *out, uint32_t size)
{
	/* without a recipient only PDUs whose destination is taken out are sent */
	const char *destination = t->destination != NULL ? t->destination : "0";
	bool large = c->large || c->command == SMPP_DATA_SM;
	struct writer w = writer_of(out, size);

	writer_u32(&w, 0);
	writer_u32(&w, c->command);
	writer_u32(&w, 0);
	writer_u32(&w, sequence);
	writer_u8(&w, 0); /* service_type */
	put_address(&w, t->source);
	if (c->command == SMPP_SUBMIT_MULTI) {
		writer_u8(&w, 1); /* number_of_dests */
		writer_u8(&w, 1); /* dest_flag: SME address */
	}
	put_address(&w, destination);
	if (c->command == SMPP_DATA_SM) {
		writer_fill(&w, 0, 3); /* esm_class, registered_delivery, data_coding */
	} else {
		writer_fill(&w, 0, 9); /* esm_class to sm_default_msg_id */
		if (large) {
			writer_u8(&w, 0); /* sm_length */
		}
	}
	put_text(&w, large, c->large ? TEXT_LARGE_LEN : TEXT_LEN);
	put_be32(out, (uint32_t)(w.at - out));
	return writer_ok(&w) ? (uint32_t)(w.at - out) : 0;
}

uint32_t probe_build(const struct probe_target *t, const struct probe_case *c, uint32_t sequence,
	uint8_t *out, uint32_t size)
{
	struct smpp_message *m = malloc(sizeof(*m));
	uint8_t original[PDU_SIZE];
	uint32_t len = size >= sizeof(original)
	                       ? build_original(t, c, sequence, original, sizeof(original))
	                       : 0;
	enum edit_style used = EDIT_NONE;
	enum reason why;

	if (m != NULL && len != 0 &&
		smpp_message_read(bytes_of(original, len), m, &why) == PARSE_OK) {
		used = edit_refuse(bytes_of(original, len), m, c->style, c->poison, out);
	}
	free(m);
	return used == c->style ? len : 0;
}

/* One probing: the session in which it stands. */
struct work {
	const struct probe_target *t;
	struct probe_run *run;
	struct probe_client *client;
	void (*tell)(void *arg, const struct probe_result *r);
	void *arg;
};

static bool out_of_time(const struct work *w)
{
	if (w->t->deadline_ms == 0 || probe_now_ms() < w->t->deadline_ms) {
		return false;
	}
	w->run->end = PROBE_TIMEOUT;
	snprintf(w->run->error, sizeof(w->run->error), "--timeout has come before the end");
	return true;
}

static bool bind_once(struct work *w)
{
	struct probe_run *run = w->run;
	struct probe_answer a;

	if (probe_client_connect(w->client, w->t, run->error, sizeof(run->error)) != 0) {
		run->end = PROBE_NO_CONNECTION;
		return false;
	}
	run->n_binds++;
	probe_client_bind(w->client, w->t, &a);
	run->bind_status = a.status;
	if (a.answered && a.status == 0) {
		run->end = PROBE_DONE;
		return true;
	}
	run->end = a.answered ? PROBE_BIND_REFUSED : PROBE_BIND_MUTE;
	if (a.answered) {
		snprintf(run->error, sizeof(run->error), "the bind is refused: status 0x%X %s",
			a.status, probe_status_name(a.status));
	} else {
		snprintf(run->error, sizeof(run->error), "the bind is not answered%s",
			a.closed ? ": the connection was closed" : "");
	}
	probe_client_close(w->client);
	return false;
}

/* The session is gone, or says nothing any more: another one. */
static bool bind_again(struct work *w)
{
	const struct timespec pause = { REBIND_PAUSE_MS / 1000, 0 };

	probe_client_close(w->client);
	for (unsigned i = 0; i < REBINDS_MAX && !out_of_time(w); i++) {
		nanosleep(&pause, NULL);
		if (bind_once(w)) {
			return true;
		}
	}
	if (w->run->end != PROBE_TIMEOUT) {
		w->run->end = PROBE_LOST;
	}
	return false;
}

static struct probe_result *add_result(struct work *w, const struct probe_case *c)
{
	struct probe_result *r = &w->run->results[w->run->n_results++];

	*r = (struct probe_result){ .what = *c, .outcome = PROBE_SKIPPED };
	return r;
}

/* Some recipes are the same for several lists of poison (data_sm has no priority_flag): asked once. */
static const struct probe_result *find_same(
	const struct work *w, const struct probe_case *c, const uint8_t *pdu, uint32_t len)
{
	for (unsigned i = 0; i < w->run->n_results; i++) {
		const struct probe_result *r = &w->run->results[i];
		uint8_t other[PDU_SIZE];

		if (r->what.command == c->command && r->what.large == c->large &&
			probe_build(w->t, &r->what, be32(pdu + 12), other, sizeof(other)) == len &&
			memcmp(other, pdu, len) == 0) {
			return r;
		}
	}
	return NULL;
}

static void try_case(struct work *w, const struct probe_case *c)
{
	uint8_t pdu[PDU_SIZE];
	uint32_t len = probe_build(w->t, c, ++w->client->sequence, pdu, sizeof(pdu));
	const struct probe_result *same;
	struct probe_result *r;

	if (len == 0) {
		return; /* this style does not exist for this command */
	}
	same = find_same(w, c, pdu, len);
	r = add_result(w, c);
	r->sent_len = len;
	if (same != NULL) {
		r->answer = same->answer;
		r->outcome = same->outcome;
	} else {
		probe_client_ask(w->client, bytes_of(pdu, len), w->t->wait_ms, &r->answer);
		r->answer.alive =
			!r->answer.closed && probe_client_enquire(w->client, w->t->wait_ms);
		r->answer.closed = w->client->closed;
		r->outcome = probe_judge(c->command, &r->answer);
	}
	if (w->tell != NULL) {
		w->tell(w->arg, r);
	}
}

/* may_send: without a recipient given nothing is sent that could reach one. */
static bool may_send(const struct work *w, const struct probe_case *c)
{
	return w->t->destination != NULL ||
	       (c->style == EDIT_SELF_REJECT && (c->poison & POISON_DEST) != 0);
}

/* step: one case, in a session that lives; false at the end of all. */
static bool step(struct work *w, const struct probe_case *c)
{
	if (out_of_time(w)) {
		return false;
	}
	if (!may_send(w, c)) {
		return true;
	}
	try_case(w, c);
	if (w->client->closed ||
		(w->run->n_results != 0 &&
			w->run->results[w->run->n_results - 1].outcome == PROBE_MUTE &&
			!w->run->results[w->run->n_results - 1].answer.alive)) {
		return bind_again(w);
	}
	return true;
}

static bool try_command(struct work *w, uint32_t command)
{
	unsigned first = w->run->n_results;
	unsigned mute = 0;

	for (unsigned i = 0; i <= PROBE_POISONS; i++) {
		struct probe_case c = { .command = command,
			.style = i < PROBE_POISONS ? EDIT_SELF_REJECT : EDIT_BLANK,
			.poison = i < PROBE_POISONS ? probe_poisons[i] : 0 };
		unsigned before = w->run->n_results;

		if (command != SMPP_SUBMIT_SM && mute == MUTE_IN_A_ROW &&
			mute == w->run->n_results - first && c.style != EDIT_BLANK) {
			continue; /* it does not speak this one; blank still tells */
		}
		if (!step(w, &c)) {
			return false;
		}
		if (w->run->n_results != before && w->run->results[before].outcome == PROBE_MUTE) {
			mute++;
		}
	}
	return true;
}

/* The style that is going to be advised, on a long text: its recipe has another form. */
static void try_large(struct work *w)
{
	struct probe_case c = { .command = SMPP_SUBMIT_SM,
		.style = w->run->advice.style,
		.poison = w->run->advice.poison,
		.large = true };

	if (w->run->advice.usable) {
		(void)step(w, &c);
	}
}

void probe_run(const struct probe_target *t, struct probe_run *run,
	void (*tell)(void *arg, const struct probe_result *r), void *arg)
{
	struct work w = { t, run, malloc(sizeof(*w.client)), tell, arg };
	bool whole = true;

	*run = (struct probe_run){ .end = PROBE_DONE };
	if (w.client == NULL || !bind_once(&w)) {
		free(w.client);
		return;
	}
	for (unsigned i = 0; i < PROBE_COMMANDS && whole; i++) {
		whole = try_command(&w, probe_commands[i]);
	}
	if (whole) {
		probe_advise(run->results, run->n_results, &run->advice);
		try_large(&w);
	}
	probe_client_close(w.client);
	free(w.client);
}
