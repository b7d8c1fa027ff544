/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading the connections of a running worker: control puts a question on the desk, the worker looks
 * at a slice of its table a turn and copies what fits; nobody waits for the other.
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
		.link = flow->link,
		.age_us = p->now_us - flow->opened_us,
		.idle_us = p->now_us - flow->last_us,
	};
	for (unsigned side = 0; side < 2; side++) {
		unsigned index = side == 0 ? inside : 1 - inside;

		memcpy(row->address[side], end[index]->address, sizeof(row->address[side]));
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

static bool is_asked_for(const struct pipeline_ask *ask, const struct flow *flow)
{
	return is_session(flow) && (ask->link == PIPELINE_ANY_LINK || ask->link == flow->link) &&
	       (ask->id == 0 || ask->id == flow->id);
}

/* One slice; true when the question is answered. */
static bool look(struct pipeline *p)
{
	struct pipeline_desk *d = &p->desk;
	struct pipeline_answer *a = &d->answer;
	uint32_t left = a->position < p->config->flows_max ? p->config->flows_max - a->position : 0;
	uint32_t end = a->position + (left < SLICE_SLOTS ? left : SLICE_SLOTS);
	struct flow *flow;

	while (a->position < end) {
		if (d->ask.rows_max != 0 && a->n_rows == d->ask.rows_max) {
			a->more = true;
			return true;
		}
		flow = flowtable_next_before(p->flows, &a->position, end);
		if (flow != NULL && is_asked_for(&d->ask, flow)) {
			count(&a->census, flow);
			if (d->ask.rows_max != 0) {
				describe(p, &a->rows[a->n_rows++], flow);
			}
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
