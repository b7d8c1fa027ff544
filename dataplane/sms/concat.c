/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/sms/concat.h"

#include <assert.h>
#include <stdatomic.h>

#define XXH_INLINE_ALL /* short keys: the call would cost as much as the hash; and nothing to link */
#include <xxhash.h>

#include "dataplane/sms/concat_block.h"

enum {
	WAYS = 16,       /* messages of a bucket: half full, one in 300 buckets overflows */
	LOCK_TRIES = 64, /* about a microsecond: a bucket is held for less than that */
	KEY_DIGITS = 64, /* of an address: the longest one that SMPP allows (3.4 4.7.1) */
};
static_assert(LIMIT_CONCAT_PARTS == UINT8_MAX, "a part number is one octet");

/* A long message: its parts' blocks in order of part, of one part the newest text first. */
struct message {
	uint32_t first;
	uint32_t n_blocks;
	union {
		struct concat_verdict verdict; /* when condemned */
		uint8_t admitted[32];          /* else: bit p: part p was let in */
	};
};

/* Lines: [0] lock and masks, [1..2] tags, [3..4] times, then the messages. */
struct bucket {
	_Alignas(64) _Atomic uint32_t locked;
	_Atomic uint32_t used; /* bit w: way w holds a message. Written under the lock only */
	uint32_t condemned;    /* likewise */
	uint32_t whole;        /* likewise: all parts have been seen, none was condemned */
	uint32_t spare;        /* blocks that found no way back to the free lists */
	_Alignas(64) uint64_t tag[WAYS];
	uint64_t last_us[WAYS];
	struct message message[WAYS];
};

struct concat {
	struct concat_config config;
	uint32_t n_buckets;
	struct bucket *buckets;
	struct concat_blocks blocks;
	_Alignas(64) _Atomic uint32_t n_messages;
	_Atomic uint32_t next_expired; /* bucket */
};

static uint32_t bucket_count(const struct concat_config *config)
{
	return config->messages_max / WAYS + (config->messages_max % WAYS != 0);
}

/* The ways of a bucket that may be used, so that small tables are exact. */
static uint32_t way_count(const struct concat *c)
{
	return (c->config.messages_max + c->n_buckets - 1) / c->n_buckets;
}

size_t concat_size(const struct concat_config *config)
{
	return sizeof(struct concat) + bucket_count(config) * sizeof(struct bucket) +
	       config->blocks_max * sizeof(struct concat_block);
}

struct concat *concat_init(void *memory, const struct concat_config *config)
{
	struct concat *c = memory;
	uint8_t *at = memory;

	assert(config->messages_max != 0 && config->blocks_max < CONCAT_NONE);
	memset(memory, 0, concat_size(config));
	c->config = *config;
	c->n_buckets = bucket_count(config);
	at += sizeof(*c);
	c->buckets = (void *)at;
	at += c->n_buckets * sizeof(struct bucket);
	concat_blocks_init(&c->blocks, (void *)at, config->blocks_max);
	for (uint32_t i = 0; i < c->n_buckets; i++) {
		atomic_init(&c->buckets[i].locked, 0);
		atomic_init(&c->buckets[i].used, 0);
		c->buckets[i].spare = CONCAT_NONE;
	}
	atomic_init(&c->n_messages, 0);
	atomic_init(&c->next_expired, 0);
	return c;
}

static inline void pause_briefly(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

/* bucket_lock: false when it is held for longer than `tries`. Acquire pairs with bucket_unlock(). */
static bool bucket_lock(struct bucket *b, unsigned tries)
{
	for (unsigned i = 0; i < tries; i++) {
		uint32_t open = 0;

		if (atomic_compare_exchange_weak_explicit(
			    &b->locked, &open, 1, memory_order_acquire, memory_order_relaxed)) {
			return true;
		}
		pause_briefly();
	}
	return false;
}

/* Release pairs with the acquire in bucket_lock(): the next holder sees all of this one's work. */
static void bucket_unlock(struct bucket *b)
{
	atomic_store_explicit(&b->locked, 0, memory_order_release);
}

/* The mask of used ways; exact for who holds the lock, a hint for who does not. */
static uint32_t bucket_used(struct bucket *b)
{
	return atomic_load_explicit(&b->used, memory_order_relaxed);
}

struct key {
	uint64_t tag;
	uint32_t bucket;
};

static void put_digits(struct writer *w, struct bytes digits)
{
	if (digits.len != 0 && digits.data[0] == '+') {
		digits = bytes_slice(digits, 1, digits.len);
	}
	digits = bytes_slice(digits, 0, KEY_DIGITS);
	writer_u8(w, (uint8_t)digits.len);
	writer_put(w, digits);
}

/* MAP names the receiver of a mobile terminated message by IMSI alone (TS 29.002 12.9). */
static struct bytes recipient_of(const struct sms *m)
{
	return m->carrier == SMS_MAP && m->destination.digits.len == 0 ? m->imsi
	                                                               : m->destination.digits;
}

/* 128 bits under a secret seed: nobody can choose two messages that meet. */
static struct key key_of(const struct concat *c, const struct sms *m)
{
	uint8_t octets[2 * (KEY_DIGITS + 1) + 8];
	struct writer w = writer_of(octets, sizeof(octets));
	XXH128_hash_t h;

	writer_u8(&w, (uint8_t)m->carrier);
	writer_u8(&w, m->concat.width);
	writer_u8(&w, m->concat.total);
	writer_u16(&w, m->concat.reference);
	put_digits(&w, m->source.digits);
	put_digits(&w, recipient_of(m));
	h = XXH3_128bits_withSeed(octets, (size_t)(w.at - octets), c->config.hash_key);
	return (struct key){ h.high64, (uint32_t)((h.low64 >> 32) * c->n_buckets >> 32) };
}

static void message_free_parts(struct concat *c, struct bucket *b, struct message *m)
{
	while (m->first != CONCAT_NONE) {
		uint32_t i = m->first;

		m->first = c->blocks.block[i].next_part;
		m->n_blocks -= concat_part_free(&c->blocks, &b->spare, i);
	}
}

static void way_clear(struct concat *c, struct bucket *b, unsigned way)
{
	message_free_parts(c, b, &b->message[way]);
	memset(&b->message[way], 0, sizeof(b->message[way]));
	b->condemned &= ~(1u << way);
	b->whole &= ~(1u << way);
	atomic_store_explicit(&b->used, bucket_used(b) & ~(1u << way), memory_order_relaxed);
	atomic_fetch_sub_explicit(&c->n_messages, 1, memory_order_relaxed);
}

static bool is_past(const struct concat *c, uint64_t last_us, uint64_t now_us)
{
	return now_us > last_us && now_us - last_us > c->config.age_us;
}

/* find: the way of a message, or WAYS. */
static unsigned find(struct bucket *b, uint64_t tag)
{
	for (uint32_t used = bucket_used(b); used != 0; used &= used - 1) {
		unsigned way = (unsigned)__builtin_ctz(used);

		if (b->tag[way] == tag) {
			return way;
		}
	}
	return WAYS;
}

/*
 * victim: a free way, or the oldest one if it is past its age, or the oldest message of which all
 * parts have passed; else WAYS.
 */
static unsigned victim(const struct concat *c, struct bucket *b, uint64_t now_us)
{
	unsigned n = way_count(c);
	unsigned oldest = 0;
	unsigned whole = WAYS;

	for (unsigned i = 0; i < n; i++) {
		if ((bucket_used(b) >> i & 1) == 0) {
			return i;
		}
		oldest = b->last_us[i] < b->last_us[oldest] ? i : oldest;
		if ((b->whole >> i & 1) != 0 &&
			(whole == WAYS || b->last_us[i] < b->last_us[whole])) {
			whole = i;
		}
	}
	return is_past(c, b->last_us[oldest], now_us) ? oldest : whole;
}

/* make: a way for a new message, or WAYS; `way` is where it lies past its age, or WAYS. */
static unsigned make(
	struct concat *c, struct bucket *b, uint64_t tag, unsigned way, uint64_t now_us)
{
	way = way != WAYS ? way : victim(c, b, now_us);
	if (way == WAYS) {
		return WAYS;
	}
	if ((bucket_used(b) >> way & 1) != 0) {
		way_clear(c, b, way);
	}
	b->tag[way] = tag;
	b->message[way] = (struct message){ .first = CONCAT_NONE };
	atomic_store_explicit(&b->used, bucket_used(b) | 1u << way, memory_order_relaxed);
	atomic_fetch_add_explicit(&c->n_messages, 1, memory_order_relaxed);
	return way;
}

/* What is known around a part. */
struct around {
	unsigned own;
	unsigned low; /* parts [low, high] are known without a gap, own among them */
	unsigned high;
	unsigned n_variants;                   /* the most texts that one of the others has */
	bool known;                            /* the own part was there before */
	bool same;                             /* with the same text */
	uint32_t node[LIMIT_CONCAT_PARTS + 1]; /* by part: its newest text's first block */
	uint8_t n_texts[LIMIT_CONCAT_PARTS + 1];
};

static void widen(struct around *a, unsigned total)
{
	a->low = a->own;
	a->high = a->own;
	while (a->low > 1 && a->n_texts[a->low - 1] != 0) {
		a->low--;
	}
	while (a->high < total && a->n_texts[a->high + 1] != 0) {
		a->high++;
	}
	a->n_variants = 1;
	for (unsigned p = a->low; p <= a->high; p++) {
		if (p != a->own && a->n_texts[p] > a->n_variants) {
			a->n_variants = a->n_texts[p];
		}
	}
}

/* look_around: walks the parts of a message (at most LIMIT_CONCAT_BLOCKS) once. */
static void look_around(const struct concat *c, uint32_t first, const struct sms_concat *part,
	struct bytes text, uint64_t hash, struct around *a, uint8_t passed[32])
{
	const struct concat_block *b;

	a->own = part->part;
	a->same = false;
	memset(a->n_texts, 0, sizeof(a->n_texts));
	for (uint32_t i = first; i != CONCAT_NONE; i = b->next_part) {
		b = &c->blocks.block[i];
		if (a->n_texts[b->part]++ == 0) {
			a->node[b->part] = i;
			passed[b->part / 8] |= (uint8_t)(1u << b->part % 8);
		}
		a->same |= b->part == a->own && b->hash == hash && b->text_len == text.len;
	}
	a->known = a->n_texts[a->own] != 0;
	widen(a, part->total);
}

/* variant: the first block of a neighbour's text that is `age` texts older than the newest. */
static const struct concat_block *variant(
	const struct concat *c, const struct around *a, unsigned part, unsigned age)
{
	const struct concat_block *b = &c->blocks.block[a->node[part]];

	for (unsigned i = 0; i < age && i + 1u < a->n_texts[part]; i++) {
		b = &c->blocks.block[b->next_part];
	}
	return b;
}

/* Which octets of the neighbours are joined: whole parts but for the two ends. */
struct span {
	unsigned low;
	unsigned high;
	size_t low_from; /* in what is kept of part low, where low < own */
	size_t high_to;
	const uint8_t *own_at;
};

/*
 * choose: neighbours in turn, the nearest first, up to `room` octets; a side ends at a part that
 * does not fit whole or whose middle was not kept.
 */
static void choose(
	const struct concat *c, const struct around *a, unsigned age, size_t room, struct span *s)
{
	bool before = true;
	bool after = true;

	*s = (struct span){ .low = a->own, .high = a->own };
	while ((before || after) && room != 0) {
		before = before && s->low > a->low;
		if (before) {
			const struct concat_block *b = variant(c, a, --s->low, age);

			s->low_from = concat_part_tail(&c->blocks, b, room);
			room -= b->stored_len - s->low_from;
			before = s->low_from == 0;
		}
		after = after && s->high < a->high;
		if (after) {
			const struct concat_block *b = variant(c, a, ++s->high, age);

			s->high_to = concat_part_head(&c->blocks, b, room);
			room -= s->high_to;
			after = s->high_to == b->text_len;
		}
	}
}

/* join_once: the part between its neighbours, which get up to `room` octets. */
static void join_once(const struct concat *c, const struct around *a, unsigned age,
	struct bytes text, size_t room, struct writer *out, struct span *s)
{
	choose(c, a, age, room, s);
	for (unsigned p = s->low; p < a->own; p++) {
		const struct concat_block *b = variant(c, a, p, age);

		concat_part_copy(&c->blocks, b, p == s->low ? s->low_from : 0, b->stored_len, out);
	}
	s->own_at = out->at;
	writer_put(out, text);
	for (unsigned p = a->own + 1; p <= s->high; p++) {
		const struct concat_block *b = variant(c, a, p, age);

		concat_part_copy(&c->blocks, b, 0, p == s->high ? s->high_to : b->stored_len, out);
	}
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * join: once with the neighbours' newest texts, then with older ones; each time has its share of
 * the octets, so that a flood of texts cannot push out another. `size` >= text.len.
 */
static void join(const struct concat *c, const struct around *a, struct bytes text, uint8_t *buffer,
	size_t size, struct concat_joined *joined)
{
	struct writer out = writer_of(buffer, size);
	size_t share = least(size - text.len, LIMIT_CONCAT_TEXT_LEN) / a->n_variants;
	struct span s;

	join_once(c, a, 0, text, share, &out, &s);
	joined->own_from = (size_t)(s.own_at - buffer);
	joined->own_to = joined->own_from + text.len;
	joined->first = (uint8_t)s.low;
	joined->last = (uint8_t)s.high;
	for (unsigned age = 1; age < a->n_variants && text.len + 1 < share; age++) {
		writer_u8(&out, '\n');
		join_once(c, a, age, text, share - text.len - 1, &out, &s);
	}
	assert(writer_ok(&out));
	joined->text = bytes_of(buffer, (size_t)(out.at - buffer));
}

/* group_of: the link to the newest text of a part, or to where it belongs. */
static uint32_t *group_of(struct concat *c, struct message *m, unsigned part)
{
	uint32_t *link = &m->first;

	while (*link != CONCAT_NONE && c->blocks.block[*link].part < part) {
		link = &c->blocks.block[*link].next_part;
	}
	return link;
}

/* drop_text: of the texts of a part the oldest but one; the first that came is kept for good. */
static void drop_text(struct concat *c, struct bucket *b, struct message *m, unsigned part)
{
	uint32_t *link = group_of(c, m, part);
	uint32_t i;

	static_assert(LIMIT_CONCAT_VARIANTS >= 2, "the first and the newest");
	for (unsigned n = 0; n + 2 < LIMIT_CONCAT_VARIANTS; n++) {
		link = &c->blocks.block[*link].next_part;
	}
	i = *link;
	*link = c->blocks.block[i].next_part;
	m->n_blocks -= concat_part_free(&c->blocks, &b->spare, i);
}

/* store: keeps `text` as the newest of its part; false when there is no room. */
static bool store(struct concat *c, struct bucket *b, struct message *m, const struct around *a,
	struct bytes text, uint64_t hash)
{
	uint32_t *link;
	uint32_t first;
	uint32_t n;

	if (a->n_texts[a->own] >= LIMIT_CONCAT_VARIANTS) {
		drop_text(c, b, m, a->own);
	}
	n = concat_part_blocks(text);
	if (m->n_blocks + n > LIMIT_CONCAT_BLOCKS) {
		return false;
	}
	first = concat_part_put(
		&c->blocks, &b->spare, (uint32_t)(b - c->buckets), (uint8_t)a->own, text, hash);
	if (first == CONCAT_NONE) {
		return false;
	}
	m->n_blocks += n;
	link = group_of(c, m, a->own);
	c->blocks.block[first].next_part = *link;
	*link = first;
	return true;
}

/* take: add and look, under the lock of the bucket. */
static enum concat_found take(struct concat *c, struct bucket *b, uint64_t tag, const struct sms *m,
	struct bytes text, uint64_t now_us, bool remember, uint8_t *buffer, size_t size,
	struct concat_joined *joined)
{
	uint64_t hash = XXH3_64bits_withSeed(text.data, text.len, c->config.hash_key);
	unsigned way = find(b, tag);
	bool live = way != WAYS && !is_past(c, b->last_us[way], now_us);
	struct around a;

	if (!live && remember) {
		way = make(c, b, tag, way, now_us);
		if (way == WAYS) {
			return CONCAT_ALONE;
		}
		b->last_us[way] = now_us;
		live = true;
	}
	if (live && (b->condemned >> way & 1) != 0) {
		b->last_us[way] = remember ? now_us : b->last_us[way];
		joined->verdict = b->message[way].verdict;
		return CONCAT_CONDEMNED;
	}
	look_around(c, live ? b->message[way].first : CONCAT_NONE, &m->concat, text, hash, &a,
		joined->passed);
	join(c, &a, text, buffer, size, joined);
	joined->conflict = a.known && !a.same;
	if (remember) {
		b->last_us[way] = now_us;
		joined->unstored = !a.same && !store(c, b, &b->message[way], &a, text, hash);
		if (a.low == 1 && a.high == m->concat.total) {
			b->whole |= 1u << way;
		}
	}
	return CONCAT_JOINED;
}

static enum concat_found add(struct concat *c, const struct sms *m, struct bytes text,
	uint64_t now_us, bool remember, uint8_t *buffer, size_t size, struct concat_joined *joined)
{
	const struct sms_concat *part = &m->concat;
	enum concat_found found;
	struct bucket *b;
	struct key k;

	if (part->part == 0 || part->part > part->total || text.len > size) {
		return CONCAT_ALONE;
	}
	*joined = (struct concat_joined){ .first = part->part, .last = part->part };
	if (part->total == 1) { /* it has no neighbours */
		joined->text = bytes_of(memcpy(buffer, text.data, text.len), text.len);
		joined->own_to = text.len;
		return CONCAT_JOINED;
	}
	k = key_of(c, m);
	b = &c->buckets[k.bucket];
	if (!bucket_lock(b, LOCK_TRIES)) {
		return CONCAT_ALONE;
	}
	found = take(c, b, k.tag, m, text, now_us, remember, buffer, size, joined);
	bucket_unlock(b);
	return found;
}

enum concat_found concat_add(struct concat *c, const struct sms *m, struct bytes text,
	uint64_t now_us, uint8_t *buffer, size_t size, struct concat_joined *joined)
{
	return add(c, m, text, now_us, true, buffer, size, joined);
}

enum concat_found concat_look(struct concat *c, const struct sms *m, struct bytes text,
	uint64_t now_us, uint8_t *buffer, size_t size, struct concat_joined *joined)
{
	return add(c, m, text, now_us, false, buffer, size, joined);
}

/* condemn: under the lock of the bucket; `make_it`: also what is not there. */
static bool condemn(struct concat *c, struct bucket *b, uint64_t tag,
	const struct concat_verdict *verdict, uint64_t now_us, bool make_it)
{
	unsigned way = find(b, tag);

	if (way != WAYS && is_past(c, b->last_us[way], now_us)) {
		way = make_it ? make(c, b, tag, way, now_us) : WAYS;
	} else if (way == WAYS && make_it) {
		way = make(c, b, tag, way, now_us);
	}
	if (way == WAYS) {
		return false;
	}
	message_free_parts(c, b, &b->message[way]);
	b->message[way].verdict = *verdict;
	b->condemned |= 1u << way;
	b->whole &= ~(1u << way);
	b->last_us[way] = now_us;
	return true;
}

static bool condemn_locked(struct concat *c, const struct sms *m,
	const struct concat_verdict *verdict, uint64_t now_us, bool make_it)
{
	struct key k = key_of(c, m);
	struct bucket *b = &c->buckets[k.bucket];
	bool done;

	if (!bucket_lock(b, LOCK_TRIES)) {
		return false;
	}
	done = condemn(c, b, k.tag, verdict, now_us, make_it);
	bucket_unlock(b);
	return done;
}

bool concat_condemn(struct concat *c, const struct sms *m, const struct concat_verdict *verdict,
	uint64_t now_us)
{
	return condemn_locked(c, m, verdict, now_us, false);
}

/* ---- admission ---- */

static bool is_part(const struct sms_concat *part)
{
	return part->total > 1 && part->part != 0 && part->part <= part->total;
}

bool concat_refuse(struct concat *c, const struct sms *m, const struct concat_verdict *verdict,
	uint64_t now_us)
{
	return is_part(&m->concat) && condemn_locked(c, m, verdict, now_us, true);
}

static bool has_admitted(const struct message *m, unsigned part)
{
	return (m->admitted[part / 8] >> part % 8 & 1) != 0;
}

static unsigned n_admitted(const struct message *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < sizeof(m->admitted); i++) {
		n += (unsigned)__builtin_popcount(m->admitted[i]);
	}
	return n;
}

/* stand: what a live, uncondemned message says of a part. */
static enum concat_standing stand(const struct message *m, unsigned part)
{
	return n_admitted(m) == 0 || has_admitted(m, part) ? CONCAT_FIRST : CONCAT_FURTHER;
}

/* note_whole: of a message whose admission is known that counts, not which texts were seen. */
static void note_whole(struct bucket *b, unsigned way, unsigned total)
{
	if (n_admitted(&b->message[way]) == total) {
		b->whole |= 1u << way;
	} else {
		b->whole &= ~(1u << way);
	}
}

/* admit: marks a part; one that comes again begins a new message. */
static void admit(struct bucket *b, unsigned way, const struct sms_concat *part, uint64_t now_us)
{
	struct message *m = &b->message[way];

	if (has_admitted(m, part->part)) {
		memset(m->admitted, 0, sizeof(m->admitted));
	}
	m->admitted[part->part / 8] |= (uint8_t)(1u << part->part % 8);
	note_whole(b, way, part->total);
	b->last_us[way] = now_us;
}

static enum concat_standing standing(struct concat *c, struct bucket *b, uint64_t tag,
	const struct sms *m, uint64_t now_us, bool remember, struct concat_admission *a)
{
	unsigned way = find(b, tag);
	bool live = way != WAYS && !is_past(c, b->last_us[way], now_us);
	enum concat_standing s;

	if (!live && remember) {
		way = make(c, b, tag, way, now_us);
		if (way == WAYS) {
			return CONCAT_UNKNOWN;
		}
		live = true;
	}
	memset(a->before, 0, sizeof(a->before));
	if (!live) {
		return way != WAYS || victim(c, b, now_us) != WAYS ? CONCAT_FIRST : CONCAT_UNKNOWN;
	}
	if ((b->condemned >> way & 1) != 0) {
		b->last_us[way] = remember ? now_us : b->last_us[way];
		a->verdict = b->message[way].verdict;
		return CONCAT_REFUSED;
	}
	s = stand(&b->message[way], m->concat.part);
	memcpy(a->before, b->message[way].admitted, sizeof(a->before));
	if (remember) {
		admit(b, way, &m->concat, now_us);
	}
	return s;
}

static enum concat_standing standing_locked(struct concat *c, const struct sms *m, uint64_t now_us,
	bool remember, struct concat_admission *a)
{
	enum concat_standing s;
	struct bucket *b;
	struct key k;

	if (!is_part(&m->concat)) {
		return CONCAT_UNKNOWN;
	}
	k = key_of(c, m);
	b = &c->buckets[k.bucket];
	if (!bucket_lock(b, LOCK_TRIES)) {
		return CONCAT_UNKNOWN;
	}
	s = standing(c, b, k.tag, m, now_us, remember, a);
	bucket_unlock(b);
	return s;
}

enum concat_standing concat_standing(
	struct concat *c, const struct sms *m, uint64_t now_us, struct concat_admission *a)
{
	return standing_locked(c, m, now_us, false, a);
}

enum concat_standing concat_admit(
	struct concat *c, const struct sms *m, uint64_t now_us, struct concat_admission *a)
{
	return standing_locked(c, m, now_us, true, a);
}

void concat_withdraw(struct concat *c, const struct sms *m, const struct concat_admission *a)
{
	struct key k = key_of(c, m);
	struct bucket *b = &c->buckets[k.bucket];
	unsigned way;

	if (!bucket_lock(b, LOCK_TRIES)) {
		return; /* one message more is let in */
	}
	way = find(b, k.tag);
	if (way != WAYS && (b->condemned >> way & 1) == 0) {
		memcpy(b->message[way].admitted, a->before, sizeof(a->before));
		note_whole(b, way, m->concat.total);
	}
	bucket_unlock(b);
}

static void bucket_expire(struct concat *c, struct bucket *b, uint64_t now_us)
{
	for (uint32_t used = bucket_used(b); used != 0; used &= used - 1) {
		unsigned way = (unsigned)__builtin_ctz(used);

		if (is_past(c, b->last_us[way], now_us)) {
			way_clear(c, b, way);
		}
	}
}

void concat_expire(struct concat *c, uint64_t now_us, uint32_t buckets)
{
	for (uint32_t n = 0; n < buckets && n < c->n_buckets; n++) {
		uint32_t i = atomic_fetch_add_explicit(&c->next_expired, 1, memory_order_relaxed);
		struct bucket *b = &c->buckets[i % c->n_buckets];

		/* an empty or a busy one is seen again on the next round */
		if (bucket_used(b) != 0 && bucket_lock(b, 1)) {
			bucket_expire(c, b, now_us);
			bucket_unlock(b);
		}
	}
}

uint32_t concat_count(const struct concat *c)
{
	return atomic_load_explicit(&c->n_messages, memory_order_relaxed);
}
