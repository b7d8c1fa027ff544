/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/sctp_assoc.h"

#include "dataplane/net/sctp_table.h"

#define NEAR ((int32_t)4096) /* TSNs: what Linux and usrsctp receivers keep track of at most */

enum {
	GIVE_WAY_US = 1000000, /* a handshake younger than this is not given up for another */
	REVIVE_US = 1000000,   /* late copies come sooner than this after the end */
};

/* What an end offers in its INIT or INIT ACK; used where both do. */
enum { OFFERS_INTERLEAVING = 1, OFFERS_AUTH = 2 };

/* What proves that a packet's tag is that of a living association. */
#define HAS_PROOF                                                                    \
	(SCTP_HAS_ACK | SCTP_HAS_COOKIE_ECHO | SCTP_HAS_COOKIE_ACK | SCTP_HAS_DATA | \
		SCTP_HAS_HEARTBEAT | SCTP_HAS_SHUTDOWN | SCTP_HAS_ASCONF | SCTP_HAS_FORWARD)

/* A packet on its way through here. */
struct arrival {
	struct sctp_assocs *t;
	const struct frame *f;
	const struct sctp_packet *p;
	struct sctp_journal *j;
	struct stats *stats;
	struct sctp_found *found;
};

static void set_state(
	struct sctp_assocs *t, struct sctp_assoc *a, enum sctp_state state, uint64_t now_us)
{
	if (a->state == SCTP_HALF && state != SCTP_HALF) {
		sctp_half_remove(t, a);
	}
	a->state = (uint8_t)state;
	a->over_us = now_us;
	a->direction[0].ended = a->direction[1].ended = state == SCTP_OVER;
}

static void note_path(const struct arrival *r, struct sctp_assoc *a, unsigned side)
{
	unsigned i = sctp_address_learn(a, side, sctp_source_of(r->f), r->stats);
	unsigned k = sctp_address_learn(a, 1 - side, sctp_target_of(r->f), r->stats);
	uint64_t bit;

	if (i == LIMIT_SCTP_ADDRESSES || k == LIMIT_SCTP_ADDRESSES) {
		return;
	}
	bit = side == 0 ? sctp_path_bit(i, k) : sctp_path_bit(k, i);
	if ((a->paths & bit) == 0) {
		a->paths |= bit;
		a->n_paths++;
	}
}

/* oldest_half: the half-open association that is to give way, or NULL. */
static struct sctp_assoc *oldest_half(const struct sctp_assocs *t, uint64_t now_us)
{
	struct sctp_assoc *a = t->half_head != 0 ? &t->assocs[t->half_head - 1] : NULL;

	if (a == NULL || sctp_holds_frames(a) || now_us < a->last_us + GIVE_WAY_US) {
		return NULL;
	}
	return a;
}

/* assoc_open: a new association by the packet that is here; its sender is side 0. NULL: no room. */
static struct sctp_assoc *assoc_open(const struct arrival *r, enum sctp_state state)
{
	struct sctp_assocs *t = r->t;
	struct sctp_assoc *a = t->free != 0 ? &t->assocs[t->free - 1] : NULL;
	uint32_t *at = sctp_path_at(t, &r->f->key);

	if (a == NULL || (state == SCTP_HALF && t->n_half >= t->assocs_max / 4 + 1)) {
		r->found->gone = oldest_half(t, r->f->time_us);
	}
	if (a == NULL || (state == SCTP_HALF && r->found->gone == NULL &&
				 t->n_half >= t->assocs_max / 4 + 1)) {
		r->found->reason = R_flow_table_full;
		return NULL;
	}
	t->free = a->path_next;
	t->n_assocs++;
	memset(a, 0, sizeof(*a));
	a->key = r->f->key;
	a->link = r->f->link;
	a->state = (uint8_t)state;
	a->opened_us = a->last_us = r->f->time_us;
	a->port[0] = r->p->source_port;
	a->port[1] = r->p->target_port;
	sctp_open(&a->direction[0], r->j);
	sctp_open(&a->direction[1], r->j);
	a->path_next = *at;
	*at = sctp_position_of(t, a) + 1;
	if (state == SCTP_HALF) {
		sctp_half_add(t, a);
	}
	note_path(r, a, 0);
	r->found->opened = true;
	return a;
}

static void learn_init(
	const struct arrival *r, struct sctp_assoc *a, unsigned side, const struct sctp_init *init)
{
	struct sctp_direction *d = &a->direction[side];
	uint8_t both;

	d->isn = init->tsn;
	d->isn_known = true;
	a->n_out[side] = init->n_out;
	a->n_in[side] = init->n_in;
	a->offers[side] = (uint8_t)((init->interleaving ? OFFERS_INTERLEAVING : 0) |
				    (init->auth ? OFFERS_AUTH : 0));
	a->zero_checksum |= init->zero_checksum;
	for (unsigned i = 0; i < init->n_addresses; i++) {
		(void)sctp_address_learn(a, side, init->addresses[i], r->stats);
	}
	if (init->more_addresses) {
		stats_reason(r->stats, R_sctp_addresses);
	}
	if (a->n_out[0] == 0 || a->n_out[1] == 0) {
		return;
	}
	/* RFC 9260 5.1.1: what one asks for, cut to what the other accepts */
	for (unsigned s = 0; s < 2; s++) {
		a->direction[s].n_streams =
			a->n_out[s] < a->n_in[1 - s] ? a->n_out[s] : a->n_in[1 - s];
	}
	both = a->offers[0] & a->offers[1];
	a->interleaving = (both & OFFERS_INTERLEAVING) != 0;
	a->authentication = (both & OFFERS_AUTH) != 0;
}

static void set_found(const struct arrival *r, struct sctp_assoc *a, unsigned side)
{
	r->found->assoc = a;
	r->found->side = (uint8_t)side;
	a->last_us = r->f->time_us;
	a->n_packets[side]++;
}

/* lives_on: an association that is followed and has been heard of lately between these addresses. */
static bool lives_on(const struct sctp_assoc *a, const struct frame *f)
{
	return (a->state == SCTP_OPEN || a->state == SCTP_CLOSING) && sctp_same_path(a, &f->key) &&
	       f->time_us < a->last_us + LIMIT_SCTP_DOUBT_US;
}

/* take_init: RFC 9260 5.1 A, 5.2: whatever lives there goes on until the new handshake is complete. */
static void take_init(const struct arrival *r)
{
	struct sctp_init init;
	struct sctp_end to;
	struct sctp_assoc *a;

	r->found->reason = R_no_connection;
	if (!sctp_read_init(r->p->init, &init)) {
		stats_reason(r->stats, R_sctp_init_body);
		return;
	}
	to = sctp_tag_find(r->t, r->p->target_port, r->p->source_port, init.tag, r->f, true);
	if (to.a != NULL) { /* sent again */
		note_path(r, to.a, 1 - to.side);
		set_found(r, to.a, 1 - to.side);
		return;
	}
	for (uint32_t ref = *sctp_path_at(r->t, &r->f->key); ref != 0;) {
		a = &r->t->assocs[ref - 1];
		ref = a->path_next;
		if (lives_on(a, r->f)) {
			stats_reason(r->stats, R_sctp_new_init);
			break;
		}
	}
	a = assoc_open(r, SCTP_HALF);
	if (a != NULL) {
		sctp_tag_link(r->t, a, 1, init.tag);
		learn_init(r, a, 0, &init);
		set_found(r, a, 0);
	}
}

/* take_init_ack: names the tag of the other side's packets. Of several answers the newest counts, until its cookie. */
static void take_init_ack(const struct arrival *r, struct sctp_assoc *a, unsigned side)
{
	unsigned other = 1 - side;
	struct sctp_init init;
	struct sctp_end same;

	if (!sctp_read_init(r->p->init, &init)) {
		stats_reason(r->stats, R_sctp_init_body);
		return;
	}
	if (a->state != SCTP_HALF || a->echoed) {
		return;
	}
	if (!a->tag_known[other] || a->tag[other] != init.tag) {
		/* RFC 9260 5.2.1: both ends sent an INIT: what the other one opened is this */
		same = sctp_tag_find(r->t, a->port[other], a->port[side], init.tag, r->f, true);
		if (same.a != NULL && same.a != a && same.a->state == SCTP_HALF &&
			!sctp_holds_frames(same.a)) {
			r->found->gone = same.a;
		}
		sctp_tag_unlink(r->t, a, other);
		sctp_tag_link(r->t, a, other, init.tag);
	}
	learn_init(r, a, side, &init);
}

/* supersede: the handshake of `a` is complete: what lived between the same addresses and ports is over. */
static void supersede(const struct arrival *r, struct sctp_assoc *a)
{
	for (uint32_t ref = *sctp_path_at(r->t, &a->key); ref != 0;) {
		struct sctp_assoc *b = &r->t->assocs[ref - 1];

		ref = b->path_next;
		if (b == a || !sctp_same_path(b, &a->key) || b->state == SCTP_OVER) {
			continue;
		}
		if (b->state != SCTP_HALF) {
			stats_reason(r->stats, R_sctp_restart);
			b->restarted = true;
		}
		set_state(r->t, b, SCTP_OVER, r->f->time_us);
	}
}

static void prove(const struct arrival *r, struct sctp_assoc *a, unsigned side)
{
	uint16_t has = r->p->has;

	if ((has & HAS_PROOF) == 0) {
		return;
	}
	if (!a->tag_proven[side]) {
		a->tag_proven[side] = true;
		if (a->tag_proven[1 - side] && !a->joined) {
			supersede(r, a);
		}
	}
	a->echoed |= (has & SCTP_HAS_COOKIE_ECHO) != 0;
	if (a->state == SCTP_HALF && (has & SCTP_HAS_COOKIE_ECHO) == 0) {
		set_state(r->t, a, SCTP_OPEN, r->f->time_us);
	}
}

static void take_asconf(const struct arrival *r, struct sctp_assoc *a, unsigned side)
{
	struct cursor c = sctp_asconf_of(r->p->asconf);
	struct sctp_address_change change;
	const uint8_t *source = sctp_source_of(r->f);
	enum parse step;

	while ((step = sctp_next_address_change(&c, &change)) == PARSE_OK) {
		if (change.add) {
			(void)sctp_address_learn(
				a, side, change.wildcard ? source : change.address, r->stats);
			continue;
		}
		for (unsigned i = a->n_addresses[side]; i-- > 0;) {
			bool named = change.wildcard ||
			             memcmp(a->address[side][i], change.address, 16) == 0;

			/* RFC 5061 4.2.2: never the packet's own source */
			if (named && memcmp(a->address[side][i], source, 16) != 0) {
				sctp_address_forget(a, side, i);
			}
		}
	}
	if (step == PARSE_BAD) {
		stats_reason(r->stats, R_sctp_asconf);
	}
}

/* take_control: what a packet with the right tag says of its association. */
static void take_control(const struct arrival *r, struct sctp_assoc *a, unsigned side)
{
	uint16_t has = r->p->has;

	if ((has & SCTP_HAS_INIT_ACK) != 0) {
		take_init_ack(r, a, side);
	}
	prove(r, a, side);
	if ((has & SCTP_HAS_ASCONF) != 0) {
		take_asconf(r, a, side);
	}
	if ((has & SCTP_HAS_SHUTDOWN) != 0 && a->state == SCTP_OPEN) {
		set_state(r->t, a, SCTP_CLOSING, r->f->time_us);
	}
	if ((has & (SCTP_HAS_ABORT | SCTP_HAS_COMPLETE)) != 0 && a->state != SCTP_OVER) {
		set_state(r->t, a, SCTP_OVER, r->f->time_us);
		r->found->closed = true;
	}
}

/* is_proof: the packet is of side `side` of `a`, whose tag is not known: one counts what the other sends. */
static bool is_proof(const struct sctp_assoc *a, unsigned side, const struct sctp_packet *p)
{
	const struct sctp_direction *other = &a->direction[1 - side];
	int32_t ahead;

	if ((p->has & SCTP_HAS_ACK) != 0 && other->seen) {
		ahead = seq_diff(p->cum_tsn, other->high);
		if (ahead <= NEAR && ahead >= -NEAR) {
			return true;
		}
	}
	if (p->n_data != 0 && a->acks_seen[1 - side]) {
		ahead = seq_diff(p->first_tsn, a->acks[1 - side]);
		return ahead <= NEAR && ahead >= -NEAR;
	}
	return false;
}

/* side_of: the side of `a`, which is of this path, that sent the packet. */
static unsigned side_of(const struct sctp_assoc *a, const struct arrival *r)
{
	return a->port[0] == r->p->source_port &&
	                       sctp_address_find(a, 0, sctp_source_of(r->f)) != LIMIT_SCTP_ADDRESSES
	               ? 0
	               : 1;
}

/* other_half: an association on this path that lacks the tag of the packet's sender, and is proven to be its own. */
static struct sctp_end other_half(const struct arrival *r, const struct sctp_assoc *not_this)
{
	for (uint32_t ref = *sctp_path_at(r->t, &r->f->key); ref != 0;) {
		struct sctp_assoc *a = &r->t->assocs[ref - 1];
		unsigned side = side_of(a, r);
		bool cookie = (r->p->has & SCTP_HAS_COOKIE_ECHO) != 0 && a->state == SCTP_HALF &&
		              not_this == NULL && !a->tag_proven[1 - side];

		ref = a->path_next;
		if (a == not_this || !sctp_same_path(a, &r->f->key) || a->state == SCTP_OVER ||
			(a->tag_known[side] && !cookie)) {
			continue;
		}
		if (cookie || is_proof(a, side, r->p)) {
			return (struct sctp_end){ a, side };
		}
	}
	return (struct sctp_end){ NULL, 0 };
}

/* merge: the only direction of `a`, sent by `side`, moves into the association `into`. */
static void merge(
	const struct arrival *r, struct sctp_assoc *a, unsigned side, struct sctp_end into)
{
	struct sctp_assoc *b = into.a;
	uint32_t tag = a->tag[side];

	sctp_tag_unlink(r->t, a, side);
	sctp_tag_link(r->t, b, into.side, tag);
	b->direction[into.side] = a->direction[side];
	b->n_packets[into.side] += a->n_packets[side];
	b->acks[into.side] = a->acks[side];
	b->acks_seen[into.side] = a->acks_seen[side];
	b->opened_us = a->opened_us < b->opened_us ? a->opened_us : b->opened_us;
	sctp_open(&a->direction[side], r->j);
	r->found->gone = a;
	r->found->opened = false;
}

/* accept: a packet whose tag is that of `a`. */
static void accept(const struct arrival *r, struct sctp_assoc *a, unsigned side)
{
	struct sctp_end other;

	if (!a->tag_known[1 - side] && !sctp_holds_frames(a)) {
		other = other_half(r, a);
		if (other.a != NULL && !sctp_holds_frames(other.a) &&
			other.a->direction[other.side].n_entries == 0 &&
			other.a->direction[other.side].n_kept == 0) {
			merge(r, a, side, other);
			a = other.a;
			side = other.side;
		}
	}
	set_found(r, a, side);
	note_path(r, a, side);
	if (a->state == SCTP_OVER && r->p->n_data != 0 && r->f->time_us > a->over_us + REVIVE_US) {
		set_state(r->t, a, SCTP_OPEN, r->f->time_us); /* its end was forged */
	}
	if ((r->p->has & SCTP_HAS_ACK) != 0) {
		a->acks[side] = r->p->cum_tsn;
		a->acks_seen[side] = true;
	}
	if ((r->p->has & ~(uint32_t)(SCTP_HAS_DATA | SCTP_HAS_ACK)) != 0 || !a->tag_proven[side] ||
		a->state == SCTP_HALF) {
		take_control(r, a, side);
	}
}

/* refuse: a packet that no association takes. */
static void refuse(const struct arrival *r, enum reason why)
{
	r->found->reason = (uint8_t)why;
}

/* is_claimed: another tag is that of this sender on this path. */
static bool is_claimed(const struct arrival *r)
{
	for (uint32_t ref = *sctp_path_at(r->t, &r->f->key); ref != 0;) {
		const struct sctp_assoc *a = &r->t->assocs[ref - 1];

		ref = a->path_next;
		if (lives_on(a, r->f) && a->tag_known[side_of(a, r)]) {
			return true;
		}
	}
	return false;
}

/* take_unknown: a packet whose tag is none that is known. */
static void take_unknown(const struct arrival *r)
{
	const uint16_t opening = HAS_PROOF | SCTP_HAS_INIT_ACK;
	struct sctp_end other = { NULL, 0 };
	struct sctp_assoc *a;

	if (r->p->tag != 0) {
		other = other_half(r, NULL);
	}
	if (other.a != NULL) {
		sctp_tag_unlink(r->t, other.a, other.side);
		sctp_tag_link(r->t, other.a, other.side, r->p->tag);
		accept(r, other.a, other.side);
		return;
	}
	if (r->p->tag == 0 || is_claimed(r)) {
		refuse(r, R_sctp_wrong_tag);
		return;
	}
	if ((r->p->has & opening) == 0) {
		refuse(r, R_no_connection);
		return;
	}
	a = assoc_open(r, (r->p->has & SCTP_HAS_INIT_ACK) != 0 ? SCTP_HALF : SCTP_OPEN);
	if (a == NULL) {
		return;
	}
	a->joined = (r->p->has & SCTP_HAS_INIT_ACK) == 0;
	sctp_tag_link(r->t, a, 0, r->p->tag);
	accept(r, a, 0);
}

void sctp_assocs_find(struct sctp_assocs *t, const struct frame *f, const struct sctp_packet *p,
	struct sctp_journal *j, struct stats *stats, struct sctp_found *found)
{
	struct arrival r = { t, f, p, j, stats, found };
	struct sctp_end to;
	bool reflected = (p->has & SCTP_HAS_REFLECTED) != 0;

	*found = (struct sctp_found){ .assoc = NULL };
	/* RFC 9260 8.5.1 B, C: with the T bit it is the tag of the other direction */
	to = reflected ? sctp_tag_find(t, p->target_port, p->source_port, p->tag, f, true)
	               : sctp_tag_find(t, p->source_port, p->target_port, p->tag, f, false);
	if (reflected && to.a != NULL) {
		to.side = 1 - to.side;
	}
	if (f->reason != R_none) {
		found->reason = f->reason;
		found->assoc = to.a;
		found->side = (uint8_t)to.side;
	} else if ((p->has & SCTP_HAS_INIT) != 0) {
		take_init(&r);
	} else if (to.a != NULL) {
		accept(&r, to.a, to.side);
	} else {
		take_unknown(&r);
	}
}
