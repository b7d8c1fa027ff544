/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline_parts.h"

enum {
	RESYNC_WINDOW = 32768, /* octets searched for a boundary; older ones are given up */
	RESYNC_EXITS = 8,      /* chains that end at different places and are compared */
	TLS_HANDSHAKE = 0x16,  /* RFC 8446 5.1 */
	TLS_MAJOR = 3,
};

static void reader_next_pdu(struct flow_reader *r)
{
	r->head_done = false;
	r->condemned = false;
	r->begun = true;
}

static void opaque(struct half *h, enum reason why)
{
	for (unsigned i = 0; i < 2; i++) {
		h->flow->tcp[i].sync = TCP_OPAQUE;
		h->flow->tcp[i].opaque_reason = (uint8_t)why;
	}
	stats_reason(&h->p->stats, why);
}

/* The first octets of a connection say whether it is SMPP at all. */
static bool opening_is_foreign(struct half *h, struct bytes b)
{
	struct smpp_header header;
	enum reason why;
	bool detect = h->flow->service == SERVICE_DETECT;

	if (b.len >= 2 && b.data[0] == TLS_HANDSHAKE && b.data[1] == TLS_MAJOR) {
		opaque(h, detect ? R_not_sms : R_tls);
		return true;
	}
	switch (smpp_header_read(b, &header, &why)) {
	case PARSE_MORE:
		return false;
	case PARSE_BAD:
		opaque(h, detect ? R_not_sms : R_not_smpp);
		return true;
	case PARSE_OK:
		break;
	}
	if (detect ? !smpp_is_bind(header.command & ~SMPP_RESPONSE) || !smpp_plausible(&header)
		   : !smpp_known(header.command)) {
		opaque(h, detect ? R_not_sms : R_not_smpp);
		return true;
	}
	return false;
}

static void framing_lost(struct half *h, enum reason why, const struct smpp_header *header)
{
	event_anomaly_put(h, why, header->sequence, header->length);
	h->tcp->sync = TCP_RESYNC;
	h->reader->head_done = false;
	h->reader->condemned = false;
}

static void session_begin(struct half *h)
{
	h->reader->begun = true;
	if (!h->flow->reported) {
		h->flow->reported = true;
		event_session_put(h->p, h->flow, SESSION_OPENED);
	}
}

/* A PDU whose end is not there yet: may its frames go? */
static void read_part(struct half *h, const struct smpp_header *header, size_t ready)
{
	struct tcp_direction *t = h->tcp;

	if (h->reader->condemned) {
		smpp_take_rest(h, header, tcp_peek(t, 0, ready, h->p->pdu));
		t->free_to = t->parse + (uint32_t)ready;
		return;
	}
	if (smpp_carries_text(header->command) || smpp_is_bind(header->command)) {
		return;
	}
	if (!h->reader->head_done) {
		smpp_take_head(h, header);
		h->reader->head_done = true;
	}
	t->free_to = t->parse + (uint32_t)ready;
}

/* One PDU at the start of what is ready; false when more octets are needed. */
static bool read_pdu(struct half *h, size_t ready)
{
	struct tcp_direction *t = h->tcp;
	uint8_t head[SMPP_HEADER_LEN];
	struct bytes span = tcp_peek_span(t);
	struct bytes b = span;
	struct smpp_header header;
	enum reason why;

	if (b.len < SMPP_HEADER_LEN) {
		b = tcp_peek(t, 0, ready < SMPP_HEADER_LEN ? ready : SMPP_HEADER_LEN, head);
	}
	if (!h->reader->begun && opening_is_foreign(h, b)) {
		return true;
	}
	switch (smpp_header_read(b, &header, &why)) {
	case PARSE_MORE:
		return false;
	case PARSE_BAD:
		framing_lost(h, why, &header);
		return true;
	case PARSE_OK:
		break;
	}
	if (!h->reader->begun) {
		session_begin(h);
	}
	if (header.length > ready) {
		read_part(h, &header, ready);
		return false;
	}
	if (!h->reader->head_done) {
		smpp_take_head(h, &header);
	}
	smpp_take_pdu(h, &header,
		header.length <= span.len ? bytes_slice(span, 0, header.length)
					  : tcp_peek(t, 0, header.length, h->p->pdu));
	reader_next_pdu(h->reader);
	return true;
}

/* A chain of plausible headers: where it begins, how long it is, where it runs out of octets. */
struct chain {
	size_t from;
	size_t exit;
	unsigned n_headers;
};

/* chain_follow: headers from `from` on, each where the one before says; false where one is implausible. */
static bool chain_follow(struct bytes b, size_t from, struct chain *c)
{
	size_t at = from;

	*c = (struct chain){ from, 0, 0 };
	while (at + SMPP_HEADER_LEN <= b.len) {
		struct smpp_header header;
		enum reason why;

		if (smpp_header_read(bytes_slice(b, at, SMPP_HEADER_LEN), &header, &why) !=
				PARSE_OK ||
			!smpp_plausible(&header)) {
			return false;
		}
		c->n_headers++;
		at += header.length;
	}
	c->exit = at;
	return true;
}

/* The chain with most headers per place where chains run out; a full table keeps the longest. */
static void chain_note(struct chain *exits, unsigned *n, const struct chain *c)
{
	unsigned shortest = 0;

	for (unsigned i = 0; i < *n; i++) {
		if (exits[i].exit == c->exit) {
			if (c->n_headers > exits[i].n_headers) {
				exits[i] = *c;
			}
			return;
		}
		if (exits[i].n_headers < exits[shortest].n_headers) {
			shortest = i;
		}
	}
	if (*n < RESYNC_EXITS) {
		exits[(*n)++] = *c;
	} else if (c->n_headers > exits[shortest].n_headers) {
		exits[shortest] = *c;
	}
}

/*
 * Looks for a PDU boundary in `b`. Text can be made to look like headers, but a chain made of text
 * ends with its PDU unless its last length points beyond: so all chains that are still alive at
 * the end of the octets are compared, and one is believed only if it has LIMIT_RESYNC_HEADERS
 * headers and more than twice those of every chain that leads elsewhere. `final`: no octet will
 * follow, and a chain that ends exactly there is believed too.
 */
static bool resync_find(struct bytes b, bool final, size_t *boundary)
{
	struct chain exits[RESYNC_EXITS];
	unsigned n = 0;
	unsigned best = 0;

	for (size_t at = 0; at + SMPP_HEADER_LEN <= b.len; at++) {
		struct chain c;

		/* no live PDU is longer than LIMIT_SMPP_PDU_LEN, so its length begins 00 00 or 00 01 */
		if (b.data[at] == 0 && b.data[at + 1] <= 1 && chain_follow(b, at, &c)) {
			chain_note(exits, &n, &c);
		}
	}
	for (unsigned i = 1; i < n; i++) {
		if (exits[i].n_headers > exits[best].n_headers) {
			best = i;
		}
	}
	if (n == 0 || (exits[best].n_headers < LIMIT_RESYNC_HEADERS &&
			      !(final && exits[best].exit == b.len))) {
		return false;
	}
	for (unsigned i = 0; i < n; i++) {
		if (i != best && 2 * exits[i].n_headers >= exits[best].n_headers) {
			return false;
		}
	}
	*boundary = exits[best].from;
	return true;
}

/* Joined mid-stream: frames pass while a boundary is looked for. False: more octets are needed. */
static bool resync(struct half *h, size_t ready, bool final)
{
	struct tcp_direction *t = h->tcp;
	size_t window = ready < RESYNC_WINDOW ? ready : RESYNC_WINDOW;
	size_t boundary;

	t->free_to = t->parse + (uint32_t)ready;
	if (resync_find(tcp_peek(t, 0, window, h->p->pdu), final, &boundary)) {
		tcp_consume(t, boundary, R_resync, h->direction, &h->p->stats);
		t->sync = TCP_SYNCED;
		t->free_to = t->parse;
		reader_next_pdu(h->reader);
		session_begin(h);
		event_session_put(h->p, h->flow, SESSION_RESYNC);
		return true;
	}
	if (window == RESYNC_WINDOW) {
		tcp_consume(t, window / 2, R_resync, h->direction, &h->p->stats);
		return true;
	}
	return false;
}

static bool read_some(struct half *h, size_t ready, bool final)
{
	struct tcp_direction *t = h->tcp;

	switch ((enum tcp_sync)t->sync) {
	case TCP_CLOSED:
		return false;
	case TCP_RESYNC:
		return resync(h, ready, final);
	case TCP_SYNCED:
		return read_pdu(h, ready);
	case TCP_OPAQUE:
		tcp_consume(t, ready, (enum reason)t->opaque_reason, h->direction, &h->p->stats);
		return true;
	}
	return false;
}

static void read_all(struct half *h, bool final)
{
	size_t ready;

	while ((ready = tcp_ready(h->tcp)) != 0 && read_some(h, ready, final)) {
	}
}

void stream_read(struct half *h)
{
	read_all(h, false);
}

void stream_finish(struct half *h)
{
	read_all(h, true);
}

/* What leaves now of a text-carrying PDU is judged. True: text is exposed. */
static bool judge_part(struct half *h)
{
	struct pipeline *p = h->p;
	size_t ready = tcp_ready(h->tcp);
	struct smpp_header header;
	enum reason bad;

	if (h->tcp->sync != TCP_SYNCED || ready < SMPP_HEADER_LEN || h->reader->condemned ||
		smpp_header_read(tcp_peek(h->tcp, 0, SMPP_HEADER_LEN, p->pdu), &header, &bad) !=
			PARSE_OK ||
		!smpp_carries_text(header.command)) {
		return false;
	}
	return smpp_take_part(h, &header, tcp_peek(h->tcp, 0, ready, p->pdu));
}

void stream_release(struct half *h, enum reason why, enum tcp_leave which)
{
	struct pipeline *p = h->p;
	bool exposed = half_enforces(h) && judge_part(h);

	stats_add(&p->stats, STAT_releases, 1);
	stats_link(&p->stats, h->flow->link, LINK_STAT_releases, 1);
	stats_reason(&p->stats, why);
	/* behind a gap nobody can tell what is text */
	exposed |= which == TCP_LEAVE_ALL && h->tcp->ahead.count != 0 && h->tcp->sync == TCP_SYNCED;
	if (exposed && why != R_hold_close) {
		link_note_exposed(h);
	}
	tcp_leave(h->tcp, which, p->now_us, &h->link->tcp, &p->chunks, &p->stats, &p->leaving);
}
