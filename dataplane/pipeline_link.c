/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline_parts.h"

enum { MINUTE_US = 60000000, MUTE_A_TICK = 64 };

bool link_refuses(const struct pipeline *p, unsigned link)
{
	return p->config->links[link].on_release == ON_RELEASE_REFUSE || p->links[link].dribbles;
}

void link_note_exposed(struct half *h)
{
	struct pipeline *p = h->p;
	struct link_state *l = &p->links[h->flow->link];

	if (h->link->dribble_limit == 0) {
		return;
	}
	if (p->now_us - l->minute_us >= MINUTE_US) {
		l->minute_us = p->now_us;
		l->n_exposed = 0;
	}
	l->n_exposed++;
	l->exposed_us = p->now_us;
	if (l->n_exposed > h->link->dribble_limit && !l->dribbles) {
		l->dribbles = true;
		stats_link(&p->stats, h->flow->link, LINK_STAT_dribbles, 1);
		event_anomaly_put(h, R_dribble, 0, 0);
	}
}

static struct breaker *breaker_of(const struct half *h, enum sms_role sender)
{
	return &h->p->links[h->flow->link]
	                .breaker[sender == ROLE_SMSC ? BREAKER_TO_ESME : BREAKER_TO_SMSC];
}

static enum edit_style configured(const struct half *h, enum sms_role sender)
{
	return (enum edit_style)(
		sender == ROLE_SMSC ? h->link->to_esme.style : h->link->to_smsc.style);
}

/* Who sends in this direction, where it is known. */
static enum sms_role sender_of(const struct half *h)
{
	const struct smpp_session *s = h->flow->session;

	return s != NULL && smpp_session_role(s, h->index) == SMPP_ROLE_SMSC ? ROLE_SMSC
	                                                                     : ROLE_ESME;
}

enum edit_style link_style(const struct half *h, enum sms_role role)
{
	return breaker_style(breaker_of(h, role), configured(h, role));
}

void link_note_rewritten(struct half *h)
{
	h->reader->rewritten_us = h->p->now_us;
}

/* `refused` is the direction of the refusal that did harm. */
static void strike(struct half *refused, enum breaker_cause cause)
{
	struct pipeline *p = refused->p;
	enum sms_role sender = sender_of(refused);

	if (breaker_strike(
		    breaker_of(refused, sender), configured(refused, sender), cause, p->now_us)) {
		stats_link(&p->stats, refused->flow->link, LINK_STAT_breaks, 1);
		event_anomaly_put(refused, R_breaker, 0, 0);
	}
}

void link_note_answer(struct half *h, const struct smpp_pending *pending)
{
	struct half request = half_of(h->p, h->flow, 1 - h->index);
	struct smpp_session *s = h->flow->session;

	s->answered_us = h->p->now_us;
	if (pending->sent_us > s->answered_sent_us) {
		s->answered_sent_us = pending->sent_us;
	}
	if (pending->rewritten) {
		breaker_answered(breaker_of(&request, sender_of(&request)));
	}
}

/* A far end that closes when it was asked to, or after the other has, does nothing unusual. */
void link_note_close(struct half *h, struct half *other)
{
	const struct smpp_session *s = h->flow->session;
	uint64_t at = other->reader->rewritten_us;

	if (at == 0 || h->p->now_us - at > LIMIT_BREAKER_CLOSE_US || other->tcp->fin_seen ||
		s == NULL || s->state == SMPP_UNBOUND || s->unbinding != -1) {
		return;
	}
	other->reader->rewritten_us = 0;
	strike(other, BREAKER_CLOSED);
}

/*
 * A refusal without answer is a strike where the far end is not merely slow, or gone: it has the octets
 * (its TCP acknowledged some since), and has answered what came later, or, once a session, has not
 * answered anything since.
 */
static bool is_mute(const struct smpp_session *s, const struct smpp_pending *pending)
{
	const struct flow *flow = s->owner;
	const struct tcp_direction *t = &flow->tcp[pending->direction];

	if (!pending->rewritten || (t->una_seen && t->ack_time_us < pending->sent_us)) {
		return false;
	}
	return s->answered_sent_us > pending->sent_us ||
	       (s->answered_us < pending->sent_us && !s->mute);
}

static void sweep_mute(struct pipeline *p)
{
	struct smpp_pending pending;
	struct smpp_session *s;

	for (unsigned i = 0; i < MUTE_A_TICK && smpp_pending_overdue(p->sessions, p->now_us,
							LIMIT_BREAKER_MUTE_US, &pending, &s);
		i++) {
		if (is_mute(s, &pending)) {
			struct half h = half_of(p, s->owner, pending.direction);

			s->mute = s->answered_us < pending.sent_us;
			strike(&h, BREAKER_MUTE);
		}
	}
}

void link_tick(struct pipeline *p)
{
	sweep_mute(p);
	for (unsigned i = 0; i < p->config->n_links; i++) {
		struct link_state *l = &p->links[i];

		if (l->dribbles && p->now_us - l->exposed_us >= MINUTE_US) {
			l->dribbles = false;
			l->n_exposed = 0;
		}
	}
}

struct pipeline_breaker pipeline_breaker(const struct pipeline *p, unsigned link, unsigned towards)
{
	const struct breaker *b = &p->links[link].breaker[towards];
	const struct link_config *c = &p->config->links[link];

	/* relaxed: the worker writes them one by one; each is whole */
	return (struct pipeline_breaker){
		.style = (uint8_t)breaker_style(b,
			(enum edit_style)(
				towards == BREAKER_TO_ESME ? c->to_esme.style : c->to_smsc.style)),
		.closes = __atomic_load_n(&b->strikes[BREAKER_CLOSED], __ATOMIC_RELAXED),
		.mutes = __atomic_load_n(&b->strikes[BREAKER_MUTE], __ATOMIC_RELAXED),
		.n_moves = __atomic_load_n(&b->n_moves, __ATOMIC_RELAXED),
	};
}

bool pipeline_dribbles(const struct pipeline *p, unsigned link)
{
	return __atomic_load_n(&p->links[link].dribbles, __ATOMIC_RELAXED);
}
