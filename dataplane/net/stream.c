/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/stream.h"

#define CHUNK_MASK (LIMIT_CHUNK_LEN - 1u)

_Static_assert(
	(LIMIT_CHUNK_LEN & CHUNK_MASK) == 0 && LIMIT_CHUNK_LEN >= 64, "whole words, divides 2^32");

/* A stretch of octets inside one chunk: [from, to), never empty. */
struct part {
	uint32_t from;
	uint32_t to;
};

static inline struct part part_at(uint32_t seq, size_t len)
{
	uint32_t from = seq & CHUNK_MASK;
	size_t room = LIMIT_CHUNK_LEN - from;

	return (struct part){ from, from + (uint32_t)(len < room ? len : room) };
}

/* The words of a bitmap that a part touches, and which bits of the first and of the last. */
struct words {
	uint32_t first;
	uint32_t last;
	uint64_t first_mask;
	uint64_t last_mask;
};

static inline struct words words_of(struct part p)
{
	struct words w = { p.from / 64, (p.to - 1) / 64, ~UINT64_C(0) << p.from % 64,
		~UINT64_C(0) >> (63 - (p.to - 1) % 64) };

	if (w.first == w.last) {
		w.first_mask &= w.last_mask;
		w.last_mask = w.first_mask;
	}
	return w;
}

static uint32_t part_count(const uint64_t *bits, struct part p)
{
	struct words w = words_of(p);
	uint32_t n = (uint32_t)__builtin_popcountll(bits[w.first] & w.first_mask);

	for (uint32_t i = w.first + 1; i < w.last; i++) {
		n += (uint32_t)__builtin_popcountll(bits[i]);
	}
	if (w.last != w.first) {
		n += (uint32_t)__builtin_popcountll(bits[w.last] & w.last_mask);
	}
	return n;
}

static bool part_none(const uint64_t *bits, struct part p)
{
	struct words w = words_of(p);
	uint64_t any = (bits[w.first] & w.first_mask) | (bits[w.last] & w.last_mask);

	for (uint32_t i = w.first + 1; i < w.last; i++) {
		any |= bits[i];
	}
	return any == 0;
}

static bool part_all(const uint64_t *bits, struct part p)
{
	struct words w = words_of(p);
	uint64_t missing = (~bits[w.first] & w.first_mask) | (~bits[w.last] & w.last_mask);

	for (uint32_t i = w.first + 1; i < w.last; i++) {
		missing |= ~bits[i];
	}
	return missing == 0;
}

static void part_set(uint64_t *bits, struct part p)
{
	struct words w = words_of(p);

	bits[w.first] |= w.first_mask;
	bits[w.last] |= w.last_mask;
	for (uint32_t i = w.first + 1; i < w.last; i++) {
		bits[i] = ~UINT64_C(0);
	}
}

static bool bit_at(const uint64_t *bits, uint32_t at)
{
	return (bits[at / 64] >> (at % 64) & 1) != 0;
}

/* bits_seek: the first bit at or after `from` that is 1 in bits ^ flip, or LIMIT_CHUNK_LEN. */
static uint32_t bits_seek(const uint64_t *bits, uint32_t from, uint64_t flip)
{
	uint64_t word = (bits[from / 64] ^ flip) & (~UINT64_C(0) << (from % 64));

	for (uint32_t w = from / 64;; word = bits[w] ^ flip) {
		if (word != 0) {
			return w * 64 + (uint32_t)__builtin_ctzll(word);
		}
		if (++w == LIMIT_CHUNK_LEN / 64) {
			return LIMIT_CHUNK_LEN;
		}
	}
}

void stream_pool_init(struct stream_pool *pool, void *memory, uint32_t n_chunks)
{
	struct stream_chunk *chunks = memory;

	*pool = (struct stream_pool){ .n_free = n_chunks, .n_chunks = n_chunks };
	for (uint32_t i = n_chunks; i-- > 0;) {
		chunks[i].next = pool->free;
		pool->free = &chunks[i];
	}
}

/* chunk_from: the chunk that begins at `first`, or the next one above it; the newest is tried first. */
static struct stream_chunk *chunk_from(const struct stream *s, uint32_t first)
{
	struct stream_chunk *c = s->tail;

	if (c == NULL || seq_diff(first, c->first) > 0) {
		return NULL;
	}
	if (c->first == first) {
		return c;
	}
	c = s->head;
	while (seq_diff(c->first, first) < 0) {
		c = c->next;
	}
	return c;
}

static struct stream_chunk *chunk_find(const struct stream *s, uint32_t seq)
{
	struct stream_chunk *c = chunk_from(s, seq & ~CHUNK_MASK);

	return c != NULL && c->first == (seq & ~CHUNK_MASK) ? c : NULL;
}

static struct stream_chunk *chunk_take(struct stream *s, struct stream_pool *pool, uint32_t first)
{
	struct stream_chunk *c = pool->free;

	if (c == NULL || s->n_chunks == LIMIT_STREAM_CHUNKS) {
		return NULL;
	}
	pool->free = c->next;
	pool->n_free--;
	s->n_chunks++;
	c->next = NULL;
	c->first = first;
	c->n_octets = 0;
	c->edited = false;
	memset(c->have, 0, sizeof(c->have));
	memset(c->left, 0, sizeof(c->left));
	return c;
}

static struct stream_chunk *chunk_make(struct stream *s, struct stream_pool *pool, uint32_t first)
{
	struct stream_chunk **link = &s->head;
	struct stream_chunk *c;

	if (s->tail != NULL && s->tail->first == first) {
		return s->tail;
	}
	if (s->tail != NULL && seq_diff(first, s->tail->first) > 0) {
		link = &s->tail->next;
	}
	while (*link != NULL && seq_diff((*link)->first, first) < 0) {
		link = &(*link)->next;
	}
	if (*link != NULL && (*link)->first == first) {
		return *link;
	}
	c = chunk_take(s, pool, first);
	if (c != NULL) {
		c->next = *link;
		*link = c;
		if (c->next == NULL) {
			s->tail = c;
		}
	}
	return c;
}

/* chunk_merge: the slow way of chunk_put, octet by octet where some are there and some are not. */
static bool chunk_merge(struct stream_chunk *c, struct part p, const uint8_t *data)
{
	bool differs = false;

	for (uint32_t at = p.from; at < p.to; at++) {
		if (!bit_at(c->have, at)) {
			c->octets[at] = data[at - p.from];
			c->have[at / 64] |= UINT64_C(1) << (at % 64);
			c->n_octets++;
		} else if (c->octets[at] != data[at - p.from]) {
			differs = true;
		}
	}
	return differs;
}

/* chunk_put: stores what is not there; true if an octet that is there differs. */
static bool chunk_put(struct stream_chunk *c, struct part p, const uint8_t *data)
{
	if (part_none(c->have, p)) {
		memcpy(c->octets + p.from, data, p.to - p.from);
		part_set(c->have, p);
		c->n_octets += p.to - p.from;
		return false;
	}
	if (part_all(c->have, p)) {
		return memcmp(c->octets + p.from, data, p.to - p.from) != 0;
	}
	return chunk_merge(c, p, data);
}

enum stream_put stream_put(
	struct stream *s, struct stream_pool *pool, uint32_t seq, struct bytes data)
{
	uint32_t before = s->n_written;
	bool differs = false;

	for (size_t done = 0; done < data.len;) {
		uint32_t at = seq + (uint32_t)done;
		struct part p = part_at(at, data.len - done);
		struct stream_chunk *c = chunk_make(s, pool, at & ~CHUNK_MASK);
		uint32_t had;

		if (c == NULL) {
			return STREAM_FULL;
		}
		had = c->n_octets;
		differs |= chunk_put(c, p, data.data + done);
		s->n_written += c->n_octets - had;
		done += p.to - p.from;
	}
	if (differs) {
		return STREAM_DIFFERS;
	}
	return s->n_written != before ? STREAM_NEW : STREAM_SAME;
}

size_t stream_run(const struct stream *s, uint32_t seq, size_t max)
{
	const struct stream_chunk *c = chunk_find(s, seq);
	size_t run = 0;

	while (c != NULL && run < max) {
		uint32_t from = (seq + (uint32_t)run) & CHUNK_MASK;
		uint32_t to = bits_seek(c->have, from, ~UINT64_C(0));

		run += to - from;
		if (to != LIMIT_CHUNK_LEN || c->next == NULL ||
			c->next->first != c->first + LIMIT_CHUNK_LEN) {
			break;
		}
		c = c->next;
	}
	return run < max ? run : max;
}

struct bytes stream_span(const struct stream *s, uint32_t seq, size_t len)
{
	const struct stream_chunk *c = len != 0 ? chunk_find(s, seq) : NULL;
	struct part p = part_at(seq, len);

	return c != NULL ? bytes_of(c->octets + p.from, p.to - p.from) : bytes_of(NULL, 0);
}

struct bytes stream_get(const struct stream *s, uint32_t seq, size_t len, uint8_t *scratch)
{
	const struct stream_chunk *c = len != 0 ? chunk_find(s, seq) : NULL;
	struct part p = part_at(seq, len);

	if (c == NULL) {
		return bytes_of(NULL, 0);
	}
	if (p.to - p.from == len) {
		return bytes_of(c->octets + p.from, len);
	}
	for (size_t done = 0; done < len && c != NULL; c = c->next) {
		p = part_at(seq + (uint32_t)done, len - done);
		memcpy(scratch + done, c->octets + p.from, p.to - p.from);
		done += p.to - p.from;
	}
	return bytes_of(scratch, len);
}

void stream_edit(struct stream *s, uint32_t seq, struct bytes data)
{
	for (size_t done = 0; done < data.len;) {
		uint32_t at = seq + (uint32_t)done;
		struct part p = part_at(at, data.len - done);
		struct stream_chunk *c = chunk_find(s, at);

		for (uint32_t i = p.from; c != NULL && i < p.to; i++) {
			if (bit_at(c->have, i) && !bit_at(c->left, i)) {
				c->octets[i] = data.data[done + (i - p.from)];
				c->edited = true;
			}
		}
		done += p.to - p.from;
	}
}

static const struct stream_chunk *kept_find(const struct stream *s, uint32_t seq)
{
	const struct stream_chunk *c = s->kept;

	while (c != NULL && c->first != (seq & ~CHUNK_MASK)) {
		c = c->next;
	}
	return c;
}

static bool chunk_overlay(const struct stream_chunk *c, struct part p, uint8_t *data)
{
	bool changed = false;

	if (part_all(c->have, p)) {
		changed = memcmp(data, c->octets + p.from, p.to - p.from) != 0;
		if (changed) {
			memcpy(data, c->octets + p.from, p.to - p.from);
		}
		return changed;
	}
	for (uint32_t i = p.from; i < p.to; i++) {
		if (bit_at(c->have, i) && data[i - p.from] != c->octets[i]) {
			data[i - p.from] = c->octets[i];
			changed = true;
		}
	}
	return changed;
}

bool stream_overlay(const struct stream *s, uint32_t seq, uint8_t *data, size_t len)
{
	bool changed = false;

	for (size_t done = 0; done < len;) {
		uint32_t at = seq + (uint32_t)done;
		struct part p = part_at(at, len - done);
		const struct stream_chunk *c = chunk_find(s, at);

		c = c != NULL ? c : kept_find(s, at);
		if (c != NULL) {
			changed |= chunk_overlay(c, p, data + done);
		}
		done += p.to - p.from;
	}
	return changed;
}

bool stream_seek(const struct stream *s, uint32_t seq, uint32_t *at)
{
	const struct stream_chunk *c = chunk_from(s, seq & ~CHUNK_MASK);

	for (; c != NULL; c = c->next) {
		uint32_t from = seq_diff(seq, c->first) > 0 ? seq - c->first : 0;
		uint32_t found = bits_seek(c->have, from, 0);

		if (found != LIMIT_CHUNK_LEN) {
			*at = c->first + found;
			return true;
		}
	}
	return false;
}

/* chunk_mark_left: where some of the octets are not there. */
static void chunk_mark_left(struct stream_chunk *c, struct part p)
{
	for (uint32_t at = p.from; at < p.to; at++) {
		if (bit_at(c->have, at)) {
			c->left[at / 64] |= UINT64_C(1) << (at % 64);
		}
	}
}

void stream_mark_left(struct stream *s, uint32_t seq, size_t len)
{
	for (size_t done = 0; done < len;) {
		uint32_t at = seq + (uint32_t)done;
		struct part p = part_at(at, len - done);
		struct stream_chunk *c = chunk_find(s, at);

		if (c != NULL && part_all(c->have, p)) {
			part_set(c->left, p);
		} else if (c != NULL) {
			chunk_mark_left(c, p);
		}
		done += p.to - p.from;
	}
}

size_t stream_count_left(const struct stream *s, uint32_t seq, size_t len)
{
	size_t n = 0;

	for (size_t done = 0; done < len;) {
		uint32_t at = seq + (uint32_t)done;
		struct part p = part_at(at, len - done);
		const struct stream_chunk *c = chunk_find(s, at);

		n += c != NULL ? part_count(c->left, p) : 0;
		done += p.to - p.from;
	}
	return n;
}

size_t stream_count_waiting(const struct stream *s, uint32_t seq, size_t len)
{
	size_t n = 0;

	for (size_t done = 0; done < len;) {
		uint32_t at = seq + (uint32_t)done;
		struct part p = part_at(at, len - done);
		const struct stream_chunk *c = chunk_find(s, at);

		n += c != NULL ? part_count(c->have, p) - part_count(c->left, p) : 0;
		done += p.to - p.from;
	}
	return n;
}

static void chunk_free(struct stream_pool *pool, struct stream_chunk *c)
{
	c->next = pool->free;
	pool->free = c;
	pool->n_free++;
}

static struct stream_chunk *take_head(struct stream *s)
{
	struct stream_chunk *c = s->head;

	s->head = c->next;
	if (s->head == NULL) {
		s->tail = NULL;
	}
	s->n_chunks--;
	return c;
}

static struct stream_chunk *take_kept(struct stream *s)
{
	struct stream_chunk *c = s->kept;

	s->kept = c->next;
	if (s->kept == NULL) {
		s->kept_last = NULL;
	}
	s->n_kept--;
	return c;
}

static void keep(struct stream *s, struct stream_chunk *c, uint64_t now_us)
{
	c->kept_us = now_us;
	c->next = NULL;
	if (s->kept == NULL) {
		s->kept = c;
	} else {
		s->kept_last->next = c;
	}
	s->kept_last = c;
	s->n_kept++;
}

void stream_forget(struct stream *s, struct stream_pool *pool, uint32_t seq, uint64_t now_us)
{
	while (s->head != NULL && seq_diff(seq, s->head->first + LIMIT_CHUNK_LEN) >= 0) {
		struct stream_chunk *c = take_head(s);

		if (!c->edited || pool->n_free <= pool->n_chunks / 4) {
			chunk_free(pool, c);
			continue;
		}
		if (s->n_kept == LIMIT_JOURNAL_CHUNKS) {
			chunk_free(pool, take_kept(s));
		}
		keep(s, c, now_us);
	}
}

void stream_age(struct stream *s, struct stream_pool *pool, uint64_t now_us)
{
	while (s->kept != NULL && now_us >= s->kept->kept_us &&
		now_us - s->kept->kept_us >= LIMIT_JOURNAL_US) {
		chunk_free(pool, take_kept(s));
	}
}

void stream_clear(struct stream *s, struct stream_pool *pool)
{
	while (s->head != NULL) {
		chunk_free(pool, take_head(s));
	}
	while (s->kept != NULL) {
		chunk_free(pool, take_kept(s));
	}
}
