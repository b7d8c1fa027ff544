/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading the connections and associations of a running worker: control puts a question on the desk,
 * the worker looks at a slice of its tables a turn and copies what fits; nobody waits for the other.
 *
 *     position   0 ........ flows_max ........ flows_max + associations_max
 */
#include "dataplane/pipeline_parts.h"

enum { SLICE_SLOTS = 512 }; /* looked at in a turn: some ten microseconds */

bool pipeline_sessions_ask(struct pipeline *p, const struct pipeline_ask *ask)
{
	struct pipeline_desk *d = &p->desk;
	/* relaxed: only control writes it */
	uint32_t asked = atomic_load_explicit(&d->asked, memory_order_relaxed);

	/* acquire: pairs with the worker's answer: it has done with `ask` and `answer` */
	if (atomic_load_explicit(&d->answered, memory_order_acquire) != asked) {
		return false;
	}
	d->ask = *ask;
	/* release: pairs with the worker's look: it sees the whole question */
	atomic_store_explicit(&d->asked, asked + 1, memory_order_release);
	return true;
}

const struct pipeline_answer *pipeline_sessions_answer(struct pipeline *p)
{
	struct pipeline_desk *d = &p->desk;
	uint32_t asked = atomic_load_explicit(&d->asked, memory_order_relaxed);

	/* acquire: pairs with the worker's answer: the rows are whole */
	return atomic_load_explicit(&d->answered, memory_order_acquire) == asked ? &d->answer
	                                                                         : NULL;
}

static struct pipeline_way way_of(const struct flow *flow, unsigned index)
{
	const struct tcp_direction *t = &flow->tcp[index];

	return (struct pipeline_way){
		.sync = t->sync,
		.opaque_reason = t->sync == TCP_OPAQUE ? t->opaque_reason : (uint8_t)R_none,
		.held_frames = t->held.count + t->ahead.count,
		.waiting_octets = t->pending,
		.journal_octets = t->stream.n_chunks * LIMIT_CHUNK_LEN,
	};
}

static uint8_t esme_side(const struct smpp_session *s, const struct flow *flow)
{
	if (s->esme < 0) {
		return EVENT_SIDE_UNKNOWN;
	}
	return (s->esme == 0) == flow->lo_is_inside ? SIDE_INSIDE : SIDE_OUTSIDE;
}

static void describe_session(struct pipeline_session *row, const struct flow *flow)
{
	const struct smpp_session *s = flow->session;

	row->esme_side = EVENT_SIDE_UNKNOWN;
	if (s == NULL) {
		return;
	}
	memcpy(row->account, s->system_id, sizeof(row->account));
	row->bind_state = s->state;
	row->bind_kind = s->bind_kind;
	row->esme_side = esme_side(s, flow);
	row->messages = s->n_messages;
	row->refused = s->n_refused;
	row->answers = s->n_answers;
	row->pending_answers = s->n_pending;
}

static void describe(
	const struct pipeline *p, struct pipeline_session *row, const struct flow *flow)
{
	unsigned inside = flow->lo_is_inside ? 0 : 1;
	const struct endpoint *end[2] = { &flow->key.lo, &flow->key.hi };

	*row = (struct pipeline_session){
		.id = flow->id,
		.transport = PIPELINE_TCP,
		.link = flow->link,
		.n_addresses = { 1, 1 },
		.age_us = p->now_us - flow->opened_us,
		.idle_us = p->now_us - flow->last_us,
	};
	for (unsigned side = 0; side < 2; side++) {
		unsigned index = side == 0 ? inside : 1 - inside;

		memcpy(row->address[side][0], end[index]->address, sizeof(row->address[side][0]));
		row->port[side] = end[index]->port;
		row->way[side] = way_of(flow, index);
	}
	describe_session(row, flow);
}

/* What an operator calls a session: a connection on an SMPP port, or one that turned out to be SMPP. */
static bool is_session(const struct flow *flow)
{
	return flow->state == FLOW_OPEN && (flow->service == SERVICE_SMPP || flow->reported);
}

/* A session counts as what its worse direction is. */
static void count(struct pipeline_census *c, const struct flow *flow)
{
	uint8_t a = flow->tcp[0].sync;
	uint8_t b = flow->tcp[1].sync;

	c->sessions++;
	if (a == TCP_OPAQUE || b == TCP_OPAQUE) {
		c->opaque++;
	} else if (a == TCP_RESYNC || b == TCP_RESYNC) {
		c->resync++;
	}
}

static bool is_asked_for(const struct pipeline_ask *ask, uint8_t link, uint64_t id)
{
	return (ask->link == PIPELINE_ANY_LINK || ask->link == link) &&
	       (ask->id == 0 || ask->id == id);
}

static void look_at_flow(struct pipeline *p, uint32_t end)
{
	struct pipeline_answer *a = &p->desk.answer;
	const struct pipeline_ask *ask = &p->desk.ask;
	const struct flow *flow = flowtable_next_before(p->flows, &a->position, end);

	if (flow == NULL || !is_session(flow) || !is_asked_for(ask, flow->link, flow->id)) {
		return;
	}
	count(&a->census, flow);
	if (ask->rows_max != 0) {
		describe(p, &a->rows[a->n_rows++], flow);
	}
}

static struct pipeline_way way_of_association(const struct sctp_assoc *s, unsigned index)
{
	const struct sctp_direction *d = &s->direction[index];

	return (struct pipeline_way){
		.sync = s->n_packets[index] != 0 ? TCP_SYNCED : TCP_CLOSED,
		.held_frames = d->held.count,
		.waiting_octets = d->pending,
		.journal_octets = (d->n_blocks + d->n_kept) * LIMIT_SCTP_BLOCK_LEN,
	};
}

static void describe_association(
	const struct pipeline *p, struct pipeline_session *row, const struct sctp_assoc *s)
{
	const struct sigtran_session *above = s->session;

	*row = (struct pipeline_session){ .id = s->id,
		.transport = PIPELINE_SCTP,
		.link = s->link,
		.age_us = p->now_us - s->opened_us,
		.idle_us = p->now_us - s->last_us,
		.esme_side = EVENT_SIDE_UNKNOWN,
		.association = { .state = s->state, .n_paths = s->n_paths, .joined = s->joined } };
	for (unsigned side = 0; side < 2; side++) {
		unsigned index = (side == 0) == s->lo_is_inside ? 0 : 1;

		memcpy(row->address[side], s->address[index], sizeof(row->address[side]));
		row->n_addresses[side] = s->n_addresses[index];
		row->port[side] = s->port[index];
		row->way[side] = way_of_association(s, index);
	}
	if (above != NULL) {
		row->association.has_m3ua = true;
		row->association.m3ua = above->m3ua;
		row->messages = above->n_messages;
		row->refused = above->n_refused;
		row->answers = above->n_answers;
	}
}

static void count_association(struct pipeline_census *c, const struct sctp_assoc *s)
{
	const struct sigtran_session *above = s->session;

	if (s->state == SCTP_OVER) {
		return;
	}
	c->associations++;
	c->joined += s->joined ? 1 : 0;
	if (s->state == SCTP_HALF) {
		c->half++;
	} else if (above != NULL) {
		c->m3ua[m3ua_state_of(&above->m3ua)]++;
	}
}

/* `end` is a position, of the associations behind those of the flows. */
static void look_at_association(struct pipeline *p, uint32_t end)
{
	struct pipeline_answer *a = &p->desk.answer;
	const struct pipeline_ask *ask = &p->desk.ask;
	uint32_t flows = p->config->flows_max;
	uint32_t at = a->position - flows;
	const struct sctp_assoc *s = sctp_assocs_next_before(p->assocs, &at, end - flows);

	a->position = flows + at;
	if (s == NULL || !is_asked_for(ask, s->link, s->id)) {
		return;
	}
	count_association(&a->census, s);
	if (ask->rows_max != 0) {
		describe_association(p, &a->rows[a->n_rows++], s);
	}
}

/* One slice; true when the question is answered. */
static bool look(struct pipeline *p)
{
	struct pipeline_desk *d = &p->desk;
	struct pipeline_answer *a = &d->answer;
	uint32_t flows = p->config->flows_max;
	uint32_t all = flows + p->config->associations_max;
	uint32_t left = a->position < all ? all - a->position : 0;
	uint32_t end = a->position + (left < SLICE_SLOTS ? left : SLICE_SLOTS);

	while (a->position < end) {
		if (d->ask.rows_max != 0 && a->n_rows == d->ask.rows_max) {
			a->more = true;
			return true;
		}
		if (a->position < flows) {
			look_at_flow(p, end < flows ? end : flows);
		} else {
			look_at_association(p, end);
		}
	}
	return left <= SLICE_SLOTS;
}

void pipeline_sessions_turn(struct pipeline *p)
{
	struct pipeline_desk *d = &p->desk;
	/* acquire: pairs with control's question */
	uint32_t asked = atomic_load_explicit(&d->asked, memory_order_acquire);

	if (asked == d->turn_answered) {
		return;
	}
	if (!d->begun) {
		d->begun = true;
		d->answer.n_rows = 0;
		d->answer.more = false;
		d->answer.position = d->ask.position;
		d->answer.census = (struct pipeline_census){ 0 };
		if (d->ask.rows_max > PIPELINE_SESSIONS_MAX) {
			d->ask.rows_max = PIPELINE_SESSIONS_MAX;
		}
	}
	if (look(p)) {
		d->begun = false;
		d->turn_answered = asked;
		/* release: pairs with control's reading: the rows are whole */
		atomic_store_explicit(&d->answered, asked, memory_order_release);
	}
}

uint32_t pipeline_signalling_traffic(const struct pipeline *p, unsigned link)
{
	return signalling_traffic(p->signalling, link);
}

uint64_t pipeline_signalling_found(
	const struct pipeline *p, unsigned link, enum signalling_check check)
{
	return signalling_found(p->signalling, link, check);
}

struct signalling_gauges pipeline_signalling_gauges(const struct pipeline *p)
{
	return signalling_gauges(p->signalling);
}
