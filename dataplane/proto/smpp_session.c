/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/smpp_session.h"

#include <assert.h>

enum { NONE = UINT32_MAX >> 1 }; /* an enumerator is an int; no pool is that large */

/*
 * A pending answer is in three lists at once: the hash chain of its bucket (oldest first; the
 * first one's chain_prev is the last, so both ends are at hand), the list of its session (or of
 * what closed sessions left behind) and the list by age. One cache line.
 */
struct node {
	struct smpp_pending p;
	uint32_t serial;  /* of the session's opening: a closed session's entries match nothing */
	uint32_t session; /* index */
	uint32_t chain_next;
	uint32_t chain_prev;
	uint32_t own_next;
	uint32_t own_prev;
	uint32_t age_next; /* the next younger one; in the free list: the next */
	uint32_t age_prev;
};
static_assert(sizeof(struct node) == 64, "a pending answer is one cache line");

struct smpp_sessions {
	struct smpp_session *sessions;
	struct smpp_session *free_sessions;
	struct node *nodes;
	uint32_t *buckets;
	uint32_t bucket_mask;
	uint32_t free_nodes;
	uint32_t oldest;
	uint32_t newest;
	uint32_t untold;      /* the oldest that smpp_pending_overdue() has not told of */
	uint32_t left_behind; /* entries of closed sessions */
	uint32_t n_pending;   /* without those */
	uint32_t serial;
};

static size_t align64(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

static uint32_t bucket_count(uint32_t pending_max)
{
	uint32_t n = 1;

	while (n < pending_max && n < UINT32_C(1) << 30) {
		n *= 2;
	}
	return n;
}

size_t smpp_sessions_size(uint32_t sessions_max, uint32_t pending_max)
{
	return align64(sizeof(struct smpp_sessions)) +
	       align64(sessions_max * sizeof(struct smpp_session)) +
	       pending_max * sizeof(struct node) +
	       align64(bucket_count(pending_max) * sizeof(uint32_t));
}

struct smpp_sessions *smpp_sessions_init(void *memory, uint32_t sessions_max, uint32_t pending_max)
{
	uint8_t *at = memory;
	struct smpp_sessions *pool = memory;
	uint32_t n_buckets = bucket_count(pending_max);

	assert(sessions_max != 0 && pending_max != 0 && pending_max < NONE);
	memset(memory, 0, smpp_sessions_size(sessions_max, pending_max));
	at += align64(sizeof(*pool));
	pool->sessions = (void *)at;
	at += align64(sessions_max * sizeof(struct smpp_session));
	pool->nodes = (void *)at;
	at += pending_max * sizeof(struct node);
	pool->buckets = (void *)at;
	pool->bucket_mask = n_buckets - 1;
	for (uint32_t i = sessions_max; i-- != 0;) {
		pool->sessions[i].next_free = pool->free_sessions;
		pool->free_sessions = &pool->sessions[i];
	}
	for (uint32_t i = 0; i < pending_max; i++) {
		pool->nodes[i].age_next = i + 1 < pending_max ? i + 1 : NONE;
	}
	for (uint32_t i = 0; i < n_buckets; i++) {
		pool->buckets[i] = NONE;
	}
	pool->oldest = NONE;
	pool->newest = NONE;
	pool->untold = NONE;
	pool->left_behind = NONE;
	return pool;
}

struct smpp_session *smpp_session_open(struct smpp_sessions *pool)
{
	struct smpp_session *s = pool->free_sessions;

	if (s == NULL) {
		return NULL;
	}
	pool->free_sessions = s->next_free;
	pool->serial += pool->serial == UINT32_MAX ? 2 : 1; /* never 0 */
	*s = (struct smpp_session){
		.esme = -1,
		.unbinding = -1,
		.serial = pool->serial,
		.pending_first = NONE,
		.pending_last = NONE,
	};
	return s;
}

/* The bucket of a key (finalizer of MurmurHash3: every bit of the key moves every bit of it). */
static uint32_t *bucket_of(
	struct smpp_sessions *pool, uint32_t serial, unsigned direction, uint32_t sequence)
{
	uint64_t x = ((uint64_t)serial << 33) ^ ((uint64_t)direction << 32) ^ sequence;

	x ^= x >> 33;
	x *= UINT64_C(0xFF51AFD7ED558CCD);
	x ^= x >> 33;
	x *= UINT64_C(0xC4CEB9FE1A85EC53);
	x ^= x >> 33;
	return &pool->buckets[(uint32_t)x & pool->bucket_mask];
}

/* chain_append: behind all of its bucket, so that equal keys are found oldest first. */
static void chain_append(struct smpp_sessions *pool, uint32_t *bucket, uint32_t i)
{
	struct node *n = &pool->nodes[i];

	n->chain_next = NONE;
	n->chain_prev = i;
	if (*bucket == NONE) {
		*bucket = i;
		return;
	}
	n->chain_prev = pool->nodes[*bucket].chain_prev;
	pool->nodes[n->chain_prev].chain_next = i;
	pool->nodes[*bucket].chain_prev = i;
}

static void chain_remove(struct smpp_sessions *pool, uint32_t *bucket, uint32_t i)
{
	struct node *n = &pool->nodes[i];

	if (*bucket == i) {
		*bucket = n->chain_next;
	} else {
		pool->nodes[n->chain_prev].chain_next = n->chain_next;
	}
	if (n->chain_next != NONE) {
		pool->nodes[n->chain_next].chain_prev = n->chain_prev;
	} else if (*bucket != NONE) {
		pool->nodes[*bucket].chain_prev = n->chain_prev;
	}
}

static void age_remove(struct smpp_sessions *pool, const struct node *n)
{
	*(n->age_prev != NONE ? &pool->nodes[n->age_prev].age_next : &pool->oldest) = n->age_next;
	*(n->age_next != NONE ? &pool->nodes[n->age_next].age_prev : &pool->newest) = n->age_prev;
}

/* own_remove: from the list of its session, or of what closed sessions left behind. */
static void own_remove(struct smpp_sessions *pool, const struct node *n)
{
	struct smpp_session *s = &pool->sessions[n->session];
	bool live = s->serial == n->serial;

	if (n->own_prev != NONE) {
		pool->nodes[n->own_prev].own_next = n->own_next;
	} else {
		*(live ? &s->pending_first : &pool->left_behind) = n->own_next;
	}
	if (n->own_next != NONE) {
		pool->nodes[n->own_next].own_prev = n->own_prev;
	} else if (live) {
		s->pending_last = n->own_prev;
	}
	if (live) {
		s->n_pending--;
		pool->n_pending--;
	}
}

static void node_remove(struct smpp_sessions *pool, uint32_t i)
{
	struct node *n = &pool->nodes[i];

	chain_remove(pool, bucket_of(pool, n->serial, n->p.direction, n->p.sequence), i);
	if (pool->untold == i) {
		pool->untold = n->age_next;
	}
	age_remove(pool, n);
	own_remove(pool, n);
	n->age_next = pool->free_nodes;
	pool->free_nodes = i;
}

void smpp_session_close(struct smpp_sessions *pool, struct smpp_session *s)
{
	if (s == NULL) {
		return;
	}
	if (s->pending_first != NONE) {
		pool->nodes[s->pending_last].own_next = pool->left_behind;
		if (pool->left_behind != NONE) {
			pool->nodes[pool->left_behind].own_prev = s->pending_last;
		}
		pool->left_behind = s->pending_first;
	}
	pool->n_pending -= s->n_pending;
	s->n_pending = 0;
	s->pending_first = NONE;
	s->pending_last = NONE;
	s->serial = 0;
	s->next_free = pool->free_sessions;
	pool->free_sessions = s;
}

/* sweep: clears a few entries of closed sessions, and a few whose answer never came. */
static void sweep(struct smpp_sessions *pool, uint64_t now_us)
{
	for (unsigned i = 0; i < LIMIT_PENDING_SWEEP && pool->left_behind != NONE; i++) {
		node_remove(pool, pool->left_behind);
	}
	for (unsigned i = 0; i < LIMIT_PENDING_SWEEP && pool->oldest != NONE; i++) {
		uint64_t sent_us = pool->nodes[pool->oldest].p.sent_us;

		if (now_us < sent_us || now_us - sent_us < LIMIT_PENDING_AGE_US) {
			return;
		}
		node_remove(pool, pool->oldest);
	}
}

bool smpp_pending_add(
	struct smpp_sessions *pool, struct smpp_session *s, const struct smpp_pending *p)
{
	struct node *n;
	uint32_t i;

	sweep(pool, p->sent_us);
	i = pool->free_nodes;
	if (i == NONE) {
		return false;
	}
	n = &pool->nodes[i];
	pool->free_nodes = n->age_next;
	n->p = *p;
	n->serial = s->serial;
	n->session = (uint32_t)(s - pool->sessions);
	chain_append(pool, bucket_of(pool, s->serial, p->direction, p->sequence), i);
	n->age_next = NONE;
	n->age_prev = pool->newest;
	*(pool->newest != NONE ? &pool->nodes[pool->newest].age_next : &pool->oldest) = i;
	pool->newest = i;
	if (pool->untold == NONE) {
		pool->untold = i;
	}
	n->own_next = s->pending_first;
	n->own_prev = NONE;
	*(n->own_next != NONE ? &pool->nodes[n->own_next].own_prev : &s->pending_last) = i;
	s->pending_first = i;
	s->n_pending++;
	pool->n_pending++;
	return true;
}

/* SMPP 3.4 5.1.4: an answer has its request's sequence_number; 4.3: generic_nack answers any request. */
bool smpp_pending_take(struct smpp_sessions *pool, struct smpp_session *s, unsigned direction,
	const struct smpp_header *h, struct smpp_pending *p)
{
	unsigned asked = direction ^ 1u;
	uint32_t i = *bucket_of(pool, s->serial, asked, h->sequence);

	for (unsigned looked = 0; i != NONE && looked < LIMIT_PENDING_CHAIN; looked++) {
		const struct node *n = &pool->nodes[i];

		if (n->serial == s->serial && n->p.sequence == h->sequence &&
			n->p.direction == asked &&
			(h->command == SMPP_GENERIC_NACK ||
				(n->p.command | SMPP_RESPONSE) == h->command)) {
			*p = n->p;
			node_remove(pool, i);
			s->n_answers++;
			return true;
		}
		i = n->chain_next;
	}
	return false;
}

bool smpp_pending_overdue(struct smpp_sessions *pool, uint64_t now_us, uint64_t age_us,
	struct smpp_pending *p, struct smpp_session **s)
{
	for (unsigned i = 0; i < LIMIT_PENDING_CHAIN && pool->untold != NONE; i++) {
		const struct node *n = &pool->nodes[pool->untold];

		if (now_us < n->p.sent_us || now_us - n->p.sent_us < age_us) {
			return false;
		}
		pool->untold = n->age_next;
		if (pool->sessions[n->session].serial == n->serial) {
			*p = n->p;
			*s = &pool->sessions[n->session];
			return true;
		}
	}
	return false;
}

uint32_t smpp_pending_count(const struct smpp_sessions *pool)
{
	return pool->n_pending;
}

enum sender { SENDER_EITHER, SENDER_ESME, SENDER_SMSC };

/* Who sends a request (SMPP 3.4 2.3 table 2-1, 5.0 2.3.2). */
static enum sender request_sender(uint32_t command)
{
	switch (command) {
	case SMPP_BIND_RECEIVER:
	case SMPP_BIND_TRANSMITTER:
	case SMPP_BIND_TRANSCEIVER:
	case SMPP_SUBMIT_SM:
	case SMPP_SUBMIT_MULTI:
	case SMPP_QUERY_SM:
	case SMPP_CANCEL_SM:
	case SMPP_REPLACE_SM:
	case SMPP_BROADCAST_SM:
	case SMPP_QUERY_BROADCAST_SM:
	case SMPP_CANCEL_BROADCAST_SM:
		return SENDER_ESME;
	case SMPP_DELIVER_SM:
	case SMPP_ALERT_NOTIFICATION:
	case SMPP_OUTBIND:
		return SENDER_SMSC;
	}
	return SENDER_EITHER;
}

/* esme_direction: the direction in which this PDU's kind says the ESME sends, or -1. */
static int8_t esme_direction(uint32_t command, unsigned direction)
{
	enum sender by = request_sender(command & ~SMPP_RESPONSE);
	bool request = (command & SMPP_RESPONSE) == 0;

	if (by == SENDER_EITHER) {
		return -1;
	}
	return (int8_t)((by == SENDER_ESME) == request ? direction : direction ^ 1u);
}

static bool is_bound(const struct smpp_session *s)
{
	return s->state == SMPP_BOUND_TX || s->state == SMPP_BOUND_RX || s->state == SMPP_BOUND_TRX;
}

static uint8_t bound_state(uint32_t bind)
{
	return bind == SMPP_BIND_TRANSMITTER ? SMPP_BOUND_TX
	       : bind == SMPP_BIND_RECEIVER  ? SMPP_BOUND_RX
	                                     : SMPP_BOUND_TRX;
}

static void name_set(char name[SMPP_SYSTEM_ID_LEN], struct bytes system_id)
{
	size_t n = system_id.len < SMPP_SYSTEM_ID_LEN ? system_id.len : SMPP_SYSTEM_ID_LEN - 1;

	memset(name, 0, SMPP_SYSTEM_ID_LEN);
	memcpy(name, system_id.data, n);
}

/*
 * A bind names the account, so nothing that is said after it may rename a session: a bound one
 * keeps its name, and of two binds in flight under different names only the one whose answer is
 * certain counts. A wrong name would let an account borrow another's policy.
 */
static void see_bind(struct smpp_session *s, unsigned direction, const struct smpp_header *h,
	struct bytes pdu, enum reason *why)
{
	struct smpp_bind b = { .system_id = bytes_of(NULL, 0) };
	char name[SMPP_SYSTEM_ID_LEN];

	if (s->state == SMPP_BINDING || is_bound(s)) {
		if (s->esme != (int8_t)direction) {
			*why = R_smpp_role;
			return;
		}
	}
	if (is_bound(s)) {
		return; /* the SMSC refuses it: ESME_RALYBND */
	}
	(void)smpp_bind_read(pdu, &b, why);
	name_set(name, b.system_id);
	if (s->state == SMPP_BINDING && memcmp(s->system_id, name, sizeof(name)) != 0) {
		s->doubtful = true;
		return;
	}
	s->doubtful &= s->state == SMPP_BINDING;
	s->esme = (int8_t)direction;
	s->state = SMPP_BINDING;
	s->bind_kind = bound_state(h->command);
	s->bind_sequence = h->sequence;
	s->reported = false;
	memcpy(s->system_id, name, sizeof(name));
}

static enum smpp_change see_bind_answer(struct smpp_session *s, unsigned direction,
	const struct smpp_header *h, uint64_t now_us, enum reason *why)
{
	bool ours = s->state == SMPP_BINDING && (!s->doubtful || s->bind_sequence == h->sequence);

	if (s->esme == (int8_t)direction) {
		*why = R_smpp_role; /* nobody accepts his own bind */
		return SMPP_NO_CHANGE;
	}
	if (is_bound(s) || (!ours && h->status != 0)) {
		return SMPP_NO_CHANGE;
	}
	if (h->status != 0) {
		s->state = SMPP_OPEN;
		return SMPP_BIND_REFUSED;
	}
	if (!ours) {
		memset(s->system_id, 0, sizeof(s->system_id)); /* its bind was not seen */
	}
	s->esme = (int8_t)(direction ^ 1u);
	s->state = bound_state(h->command & ~SMPP_RESPONSE);
	s->bind_kind = s->state;
	s->bound_us = now_us;
	return SMPP_BOUND;
}

/* SMPP 3.4 2.2.6 and 4.2: an unbind counts when the other side has answered it. */
static enum smpp_change see_unbind(
	struct smpp_session *s, unsigned direction, const struct smpp_header *h)
{
	if ((h->command & SMPP_RESPONSE) == 0) {
		s->unbinding = (int8_t)direction;
		return SMPP_NO_CHANGE;
	}
	if (s->unbinding != (int8_t)(direction ^ 1u) || h->status != 0) {
		return SMPP_NO_CHANGE;
	}
	s->unbinding = -1;
	s->state = SMPP_UNBOUND;
	return SMPP_ENDED;
}

/* SMPP 3.4 2.3: who may send messages under which bind. */
static void see_message(struct smpp_session *s, unsigned direction, enum reason *why)
{
	s->n_messages++;
	if (!is_bound(s)) {
		*why = s->late ? *why : R_smpp_unbound;
		return;
	}
	if (s->state == (s->esme == (int8_t)direction ? SMPP_BOUND_RX : SMPP_BOUND_TX)) {
		*why = R_smpp_role;
	}
}

enum smpp_change smpp_session_see(struct smpp_session *s, unsigned direction,
	const struct smpp_header *h, struct bytes pdu, uint64_t now_us, enum reason *why)
{
	int8_t esme = esme_direction(h->command, direction);

	*why = R_none;
	if (s->state == SMPP_OPEN && s->system_id[0] != '\0') {
		memset(s->system_id, 0, sizeof(s->system_id)); /* of a refused bind */
	}
	if (smpp_is_bind(h->command)) {
		see_bind(s, direction, h, pdu, why);
		return SMPP_NO_CHANGE;
	}
	if (smpp_is_bind(h->command & ~SMPP_RESPONSE)) {
		return see_bind_answer(s, direction, h, now_us, why);
	}
	if ((h->command & ~SMPP_RESPONSE) == SMPP_UNBIND) {
		return see_unbind(s, direction, h);
	}
	if (esme != -1 && s->esme == -1) {
		s->esme = esme; /* joined late, or an outbind */
	} else if (esme != -1 && s->esme != esme) {
		*why = R_smpp_role;
	}
	if (smpp_carries_text(h->command)) {
		see_message(s, direction, why);
	}
	return SMPP_NO_CHANGE;
}

enum smpp_role smpp_session_role(const struct smpp_session *s, unsigned direction)
{
	if (s->esme == -1) {
		return SMPP_ROLE_UNKNOWN;
	}
	return s->esme == (int8_t)direction ? SMPP_ROLE_ESME : SMPP_ROLE_SMSC;
}
