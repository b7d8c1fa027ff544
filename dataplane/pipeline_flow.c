/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline_parts.h"

enum {
	LINGER_US = 10000000, /* a closed connection's octets are kept for late copies */
	SWEEP_ROUND_S = 30,   /* every flow is looked at for age this often */
};

void frame_pass(struct pipeline *p, struct frame *f, enum reason why)
{
	if (f->kind == FRAME_SCTP && stats_reason_kind(why) != REASON_LEDGER) {
		why = R_sctp_not_judged;
	}
	if (f->kind == FRAME_TCP || f->kind == FRAME_SCTP) {
		stats_ledger(&p->stats, f->direction, why, f->user_len);
	}
	stats_reason(&p->stats, why);
	stats_add(&p->stats, STAT_frames_other, 1);
	frame_list_add(&p->leaving, f);
}

static enum flow_service service_of(const struct pipeline *p, const struct frame *f)
{
	const uint8_t *service = p->port_service[f->link];
	uint8_t lo = service[f->key.lo.port];
	uint8_t hi = service[f->key.hi.port];

	if (lo == SERVICE_SMPP || hi == SERVICE_SMPP) {
		return SERVICE_SMPP;
	}
	return (enum flow_service)lo;
}

bool flow_wanted(const struct pipeline *p, const struct frame *f)
{
	return service_of(p, f) != SERVICE_NONE;
}

static bool prefix_holds(const struct prefix *prefix, const uint8_t *address)
{
	unsigned whole = prefix->bits / 8;
	unsigned rest = prefix->bits % 8;

	if (memcmp(prefix->address, address, whole) != 0) {
		return false;
	}
	return rest == 0 || ((prefix->address[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

bool flow_is_inside(const struct link_config *link, const uint8_t address[16])
{
	for (unsigned i = 0; i < link->n_inside; i++) {
		if (prefix_holds(&link->inside[i], address)) {
			return true;
		}
	}
	return false;
}

/* Which end is the inside: by prefix, by port of arrival (inline), or the end that serves SMPP. */
static bool lo_is_inside(const struct pipeline *p, const struct frame *f)
{
	const struct link_config *link = &p->config->links[f->link];
	const uint8_t *service = p->port_service[f->link];
	bool lo = flow_is_inside(link, f->key.lo.address);
	bool hi = flow_is_inside(link, f->key.hi.address);

	if (lo != hi) {
		return lo;
	}
	/* a mirror port and a capture give both directions on one port */
	if (!p->config->replay && link->mode != LINK_TAP) {
		return (f->direction == 0) == (f->from_lo != 0);
	}
	lo = service[f->key.lo.port] == SERVICE_SMPP;
	hi = service[f->key.hi.port] == SERVICE_SMPP;
	if (lo != hi) {
		return lo;
	}
	/* who is called serves: the sender of SYN is the other end */
	return (f->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN ? !f->from_lo : f->from_lo != 0;
}

/* A connection is followed from its SYN, or from the first octets where the port says SMPP. */
static bool opens(const struct pipeline *p, const struct frame *f)
{
	if ((f->tcp_flags & TCP_RST) != 0 || f->reason != R_none) {
		return false;
	}
	return (f->tcp_flags & TCP_SYN) != 0 ||
	       (f->payload_len != 0 && service_of(p, f) == SERVICE_SMPP);
}

/* Why a frame of no known connection is not followed. */
static enum reason unfollowed(const struct pipeline *p, const struct frame *f)
{
	if (f->reason != R_none) {
		return (enum reason)f->reason;
	}
	return service_of(p, f) == SERVICE_SMPP ? R_no_connection : R_not_sms;
}

static void session_start(struct pipeline *p, struct flow *flow, const struct frame *f)
{
	struct smpp_session *session = smpp_session_open(p->sessions);

	if (session != NULL) {
		session->owner = flow;
		session->late =
			(f->tcp_flags & TCP_SYN) == 0; /* its bind may have been before us */
	}
	flow->session = session;
}

static struct flow *flow_open(struct pipeline *p, struct frame *f)
{
	struct flow *flow = flowtable_add(p->flows, &f->key);

	if (flow == NULL) {
		return NULL;
	}
	flow->state = FLOW_OPEN;
	flow->service = (uint8_t)service_of(p, f);
	flow->link = f->link;
	flow->id = p->next_flow_id++;
	flow->opened_us = p->now_us;
	flow->lo_is_inside = lo_is_inside(p, f);
	session_start(p, flow, f);
	stats_add(&p->stats, STAT_flows_opened, 1);
	return flow;
}

struct flow *flow_resolve(struct pipeline *p, struct frame *f, struct flow *found, enum reason *why)
{
	/* a timer or an earlier frame of the burst may have ended what the bulk lookup found */
	if (found != NULL &&
		(found->state == FLOW_FREE || memcmp(&found->key, &f->key, sizeof(f->key)) != 0)) {
		found = NULL;
	}
	if (found == NULL) {
		found = flowtable_find(p->flows, &f->key);
	}
	if (found == NULL && !opens(p, f)) {
		*why = unfollowed(p, f);
		return NULL;
	}
	if (found == NULL) {
		found = flow_open(p, f);
		*why = R_flow_table_full;
	}
	return found;
}

/*
 * The queues of holding directions, the next to end first: one per link, direction and reason to wait,
 * as those of one reason wait equally long.
 */
static void hold_unlink(struct pipeline *p, struct flow *flow, unsigned index)
{
	struct flow_hold *n = &flow->hold[index];
	struct hold_queue *q = &p->holding[flow->link][n->wait];

	if (n->wait == TCP_WAIT_NOTHING) {
		return;
	}
	if (n->prev != NULL) {
		n->prev->hold[index].next = n->next;
	} else {
		q->head[index] = n->next;
	}
	if (n->next != NULL) {
		n->next->hold[index].prev = n->prev;
	} else {
		q->tail[index] = n->prev;
	}
	*n = (struct flow_hold){ 0 };
	p->n_holding--;
}

static void hold_append(
	struct pipeline *p, struct flow *flow, unsigned index, enum tcp_wait wait, uint64_t due_us)
{
	struct hold_queue *q = &p->holding[flow->link][wait];

	flow->hold[index] = (struct flow_hold){
		.prev = q->tail[index], .due_us = due_us, .wait = (uint8_t)wait
	};
	if (q->tail[index] != NULL) {
		q->tail[index]->hold[index].next = flow;
	} else {
		q->head[index] = flow;
	}
	q->tail[index] = flow;
	p->n_holding++;
}

void flow_hold_update(struct pipeline *p, struct flow *flow, unsigned index)
{
	uint64_t due = 0;
	enum tcp_wait wait =
		tcp_waits_until(&flow->tcp[index], &p->config->links[flow->link].tcp, &due);

	if (flow->hold[index].wait == wait && flow->hold[index].due_us == due) {
		return;
	}
	hold_unlink(p, flow, index);
	if (wait != TCP_WAIT_NOTHING) {
		hold_append(p, flow, index, wait, due);
	}
}

/* The first of a queue leaves when its time is over. False: it is not, or there is none. */
static bool hold_end_one(struct pipeline *p, unsigned link, enum tcp_wait wait, unsigned index)
{
	struct flow *flow = p->holding[link][wait].head[index];
	enum tcp_leave which;
	enum reason why;
	struct half h;

	if (flow == NULL || flow->hold[index].due_us > p->now_us ||
		!tcp_release_due(
			&flow->tcp[index], p->now_us, &p->config->links[link].tcp, &why, &which)) {
		return false;
	}
	h = half_of(p, flow, index);
	stream_release(&h, why, which);
	flow_hold_update(p, flow, index);
	return true;
}

void flow_holds_run(struct pipeline *p)
{
	for (unsigned link = 0; link < p->config->n_links && p->n_holding != 0; link++) {
		for (unsigned i = 0; i < 2 * TCP_WAITS; i++) {
			while (hold_end_one(p, link, (enum tcp_wait)(i / 2), i % 2)) {
			}
		}
	}
}

static void hold_end_all(
	struct pipeline *p, unsigned link, enum tcp_wait wait, unsigned index, enum reason why)
{
	struct flow *flow;

	while ((flow = p->holding[link][wait].head[index]) != NULL) {
		struct half h = half_of(p, flow, index);

		stream_release(&h, why, TCP_LEAVE_ALL);
		hold_unlink(p, flow, index);
	}
}

void flow_holds_end(struct pipeline *p, enum reason why)
{
	for (unsigned link = 0; link < p->config->n_links; link++) {
		for (unsigned i = 0; i < 2 * TCP_WAITS; i++) {
			hold_end_all(p, link, (enum tcp_wait)(i / 2), i % 2, why);
		}
	}
}

/* Frames that ran ahead of a gap: remembered until the stream has passed them. */
static void ahead_note(struct half *h, const struct frame *f)
{
	struct flow_reader *r = h->reader;
	uint32_t end = f->seq + f->payload_len;
	unsigned kept = 0;

	for (unsigned i = 0; i < r->n_ahead; i++) {
		if (seq_diff(r->ahead[i].to, h->tcp->parse) > 0) {
			r->ahead[kept++] = r->ahead[i];
		}
	}
	r->n_ahead = (uint8_t)kept;
	if (f->payload_len != 0 && seq_diff(end, h->tcp->next) > 0 && kept < FLOW_AHEAD_MAX) {
		r->ahead[r->n_ahead++] = (struct flow_ahead){ f->seq, end, f->number };
	}
}

static void release_if_due(struct half *h)
{
	enum tcp_leave which;
	enum reason why;

	if (tcp_release_due(h->tcp, h->p->now_us, &h->link->tcp, &why, &which)) {
		stream_release(h, why, which);
	}
	flow_hold_update(h->p, h->flow, h->index);
}

static void let_go(struct half *h)
{
	struct pipeline *p = h->p;

	if (tcp_ended(h->tcp) && h->tcp->parse != h->tcp->next && h->tcp->held.count != 0) {
		/* nothing more will come: judged by what is there */
		stream_release(h, R_hold_close, TCP_LEAVE_ALL);
	}

	tcp_leave(h->tcp, TCP_LEAVE_JUDGED, p->now_us, &h->link->tcp, &p->chunks, &p->stats,
		&p->leaving);
	release_if_due(h);
}

static void close_half(struct half *h)
{
	stream_finish(h);
	if (h->tcp->held.count + h->tcp->ahead.count + h->tcp->passing.count != 0) {
		stream_release(h, R_hold_close, TCP_LEAVE_ALL);
	}
	flow_hold_update(h->p, h->flow, h->index);
}

void flow_end(struct pipeline *p, struct flow *flow, unsigned change)
{
	if (flow->state == FLOW_CLOSED) {
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		struct half h = half_of(p, flow, i);

		close_half(&h);
	}
	flow->state = FLOW_CLOSED;
	stats_add(&p->stats, change == SESSION_AGED ? STAT_flows_aged : STAT_flows_closed, 1);
	if (flow->reported) {
		event_session_put(p, flow, change);
	}
}

void flow_remove(struct pipeline *p, struct flow *flow)
{
	for (unsigned i = 0; i < 2; i++) {
		struct half h = half_of(p, flow, i);

		close_half(&h);
		hold_unlink(p, flow, i);
		tcp_close(&flow->tcp[i], h.direction, &p->chunks, &p->stats);
	}
	smpp_session_close(p->sessions, flow->session);
	flow->session = NULL;
	flowtable_remove(p->flows, flow);
}

void flow_sweep(struct pipeline *p)
{
	uint32_t slots = p->config->flows_max / SWEEP_ROUND_S + 1;
	uint32_t end = p->sweep_position + slots;
	struct flow *flow;

	/* no slot beyond this round's: an empty table of millions is no reason to stand still */
	while ((flow = flowtable_next_before(p->flows, &p->sweep_position, end)) != NULL) {
		uint64_t idle = p->now_us - flow->last_us;

		for (unsigned i = 0; i < 2; i++) {
			tcp_forget(&flow->tcp[i], p->now_us, &p->config->links[flow->link].tcp,
				&p->chunks);
		}

		if (idle >= (flow->state == FLOW_CLOSED ? (uint64_t)LINGER_US
							: p->config->flow_idle_us)) {
			flow_end(p, flow, SESSION_AGED);
			flow_remove(p, flow);
		}
	}
	if (p->sweep_position >= p->config->flows_max) {
		p->sweep_position = 0;
	}
}

/* A connection that begins, or begins anew: what its first octets mean is open again. */
static void start_anew(struct pipeline *p, struct flow *flow, const struct frame *f)
{
	for (unsigned i = 0; i < 2; i++) {
		struct half h = half_of(p, flow, i);

		close_half(&h);
		hold_unlink(p, flow, i);
		tcp_close(&flow->tcp[i], h.direction, &p->chunks, &p->stats);
		flow->tcp[i] = (struct tcp_direction){ 0 };
		flow->reader[i] = (struct flow_reader){ 0 };
	}
	smpp_session_close(p->sessions, flow->session);
	session_start(p, flow, f);
	flow->state = FLOW_OPEN;
	flow->panicked = false;
	flow->reported = false;
	flow->id = p->next_flow_id++;
	flow->opened_us = p->now_us;
}

static void take_in_panic(struct pipeline *p, struct flow *flow, struct frame *f)
{
	for (unsigned i = 0; i < 2; i++) {
		struct half h = half_of(p, flow, i);

		tcp_leave(h.tcp, TCP_LEAVE_ALL, p->now_us, &h.link->tcp, &p->chunks, &p->stats,
			&p->leaving);
		flow_hold_update(p, flow, i);
	}
	flow->panicked = true;
	frame_pass(p, f, R_panic);
}

static void note_opaque(struct flow *flow, const struct frame *f, struct pipeline *p)
{
	enum reason why = tcp_options_opaque(frame_tcp_options(f));

	if (why == R_none || flow->tcp[0].sync == TCP_OPAQUE) {
		return;
	}
	stats_reason(&p->stats, why);
	for (unsigned i = 0; i < 2; i++) {
		flow->tcp[i].sync = TCP_OPAQUE;
		flow->tcp[i].opaque_reason = (uint8_t)why;
	}
}

/* The other direction may move by this frame's ACK: a gap that the receiver does not miss is none. */
static void take_acknowledged(struct half *other, const struct half *h)
{
	struct pipeline *p = h->p;
	bool moved = false;

	while (other->tcp->gap_proven && tcp_skip_gap(other->tcp, h->tcp, other->direction,
						 &other->link->tcp, &p->chunks, &p->stats)) {
		other->reader->head_done = false;
		other->reader->condemned = false;
		stream_read(other);
		moved = true;
	}
	if (moved) {
		let_go(other);
	}
}

/* Octets wait here behind a gap: their sender is told, or, where nothing unjudged may leave, has to find out. */
static void tell_sender(struct half *h, const struct half *other, const struct frame *data)
{
	struct pipeline *p = h->p;
	struct frame *f;

	if (!h->tcp->came_ahead) {
		return;
	}
	h->tcp->patient = h->tcp->patient || link_refuses(p, data->link);
	f = p->turn->spare != NULL && !p->config->replay && half_enforces(h)
	            ? frame_list_take(p->turn->spare)
	            : NULL;
	if (f == NULL) {
		return;
	}
	if (!tcp_tell_sender(h->tcp, other->tcp, p->now_us, f)) {
		frame_list_add(p->turn->spare, f);
		return;
	}
	f->time_us = p->now_us;
	f->link = data->link;
	f->input = data->input;
	f->from_side = data->from_side ^ 1u;
	f->direction = other->direction;
	stats_add(&p->stats, STAT_sacks, 1);
	stats_link(&p->stats, data->link, LINK_STAT_sacks, 1);
	frame_list_add(&p->leaving, f);
}

void flow_take(struct pipeline *p, struct flow *flow, struct frame *f)
{
	struct half h = half_of(p, flow, f->from_lo != 0 ? 0 : 1);
	struct half other = half_of(p, flow, 1 - h.index);
	uint64_t start = stats_clock(&p->stats);
	enum tcp_received received;
	bool fin_seen;

	f->flow = flow;
	f->direction = h.direction;
	flow->last_us = p->now_us;
	if ((p->turn->panic_links >> flow->link & 1) != 0) {
		take_in_panic(p, flow, f);
		return;
	}
	if (flow->panicked || tcp_is_new_connection(h.tcp, other.tcp, f)) {
		start_anew(p, flow, f);
	}
	if (f->reason == R_none) {
		note_opaque(flow, f, p);
	}
	fin_seen = h.tcp->fin_seen;
	received = tcp_receive(h.tcp, other.tcp, f, &h.link->tcp, &p->chunks, &p->stats);
	ahead_note(&h, f);
	if (received == TCP_DATA) {
		stream_read(&h);
	}
	take_acknowledged(&other, &h);
	tell_sender(&h, &other, f);
	if (received == TCP_RESET || (h.tcp->fin_seen && !fin_seen)) {
		link_note_close(&h, &other);
	}
	let_go(&h);
	if (received == TCP_RESET || (tcp_ended(h.tcp) && tcp_ended(other.tcp))) {
		flow_end(p, flow, SESSION_CLOSED);
	}
	(void)stats_stage(&p->stats, STAGE_stream, start);
}
