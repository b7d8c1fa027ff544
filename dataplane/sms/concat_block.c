/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/sms/concat_block.h"

enum {
	TRIES = 16, /* per list: each failed one means that another core succeeded */
	KEPT_HALF = LIMIT_CONCAT_PART_LEN / 2,
};

static uint64_t head_of(uint64_t old, uint32_t first)
{
	return ((old >> 32) + 1) << 32 | first;
}

static bool push(struct concat_blocks *pool, struct concat_stripe *s, uint32_t i)
{
	uint64_t head = atomic_load_explicit(&s->head, memory_order_relaxed);

	for (unsigned n = 0; n < TRIES; n++) {
		atomic_store_explicit(
			&pool->block[i].free_next, (uint32_t)head, memory_order_relaxed);
		/*
		 * Release: pairs with the acquire in pop(); whoever takes the block sees its text
		 * zeroed and its free_next. Later changes of head are read-modify-writes, so they
		 * carry this on.
		 */
		if (atomic_compare_exchange_weak_explicit(&s->head, &head, head_of(head, i),
			    memory_order_release, memory_order_relaxed)) {
			return true;
		}
	}
	return false;
}

static uint32_t pop(struct concat_blocks *pool, struct concat_stripe *s)
{
	/* Acquire, here and below: pairs with the release in push(). */
	uint64_t head = atomic_load_explicit(&s->head, memory_order_acquire);

	for (unsigned n = 0; n < TRIES && (uint32_t)head != CONCAT_NONE; n++) {
		uint32_t i = (uint32_t)head;
		/* May be stale, for another core may own the block by now: then the count in head
		 * has moved, and the exchange fails. */
		uint32_t next =
			atomic_load_explicit(&pool->block[i].free_next, memory_order_relaxed);

		if (atomic_compare_exchange_weak_explicit(&s->head, &head, head_of(head, next),
			    memory_order_acquire, memory_order_acquire)) {
			return i;
		}
	}
	return CONCAT_NONE;
}

void concat_blocks_init(struct concat_blocks *pool, struct concat_block *block, uint32_t n_blocks)
{
	pool->block = block;
	pool->n_blocks = n_blocks;
	for (unsigned i = 0; i < CONCAT_STRIPES; i++) {
		atomic_init(&pool->stripes[i].head, CONCAT_NONE);
	}
	for (uint32_t i = n_blocks; i-- != 0;) {
		(void)push(pool, &pool->stripes[i % CONCAT_STRIPES], i);
	}
}

/* block_get: a block, or CONCAT_NONE. */
static uint32_t block_get(struct concat_blocks *pool, uint32_t *spare, uint32_t home)
{
	uint32_t i = *spare;

	if (i != CONCAT_NONE) {
		*spare = pool->block[i].next;
		return i;
	}
	for (unsigned n = 0; n < CONCAT_STRIPES && i == CONCAT_NONE; n++) {
		i = pop(pool, &pool->stripes[(home + n) % CONCAT_STRIPES]);
	}
	return i;
}

/* block_put: gives a block back, its text zeroed. */
static void block_put(struct concat_blocks *pool, uint32_t *spare, uint32_t i)
{
	struct concat_block *b = &pool->block[i];

	memset(b->text, 0, b->len);
	b->len = 0;
	for (unsigned n = 0; n < CONCAT_STRIPES; n++) {
		if (push(pool, &pool->stripes[(i + n) % CONCAT_STRIPES], i)) {
			return;
		}
	}
	b->next = *spare;
	*spare = i;
}

uint32_t concat_part_free(struct concat_blocks *pool, uint32_t *spare, uint32_t first)
{
	uint32_t n = 0;

	while (first != CONCAT_NONE) {
		uint32_t next = pool->block[first].next;

		block_put(pool, spare, first);
		first = next;
		n++;
	}
	return n;
}

static bool is_continuation(uint8_t octet)
{
	return (octet & 0xC0) == 0x80; /* RFC 3629 3 */
}

/* kept: what is kept of a text: all of it, or its two ends, cut between characters. */
static void kept(struct bytes text, struct bytes *head, struct bytes *tail)
{
	size_t to = KEPT_HALF;
	size_t from;

	*head = text;
	*tail = bytes_of(NULL, 0);
	if (text.len <= LIMIT_CONCAT_PART_LEN) {
		return;
	}
	from = text.len - KEPT_HALF;
	while (to != 0 && is_continuation(text.data[to])) {
		to--;
	}
	while (from < text.len && is_continuation(text.data[from])) {
		from++;
	}
	*head = bytes_slice(text, 0, to);
	*tail = bytes_slice(text, from, text.len);
}

uint32_t concat_part_blocks(struct bytes text)
{
	struct bytes head;
	struct bytes tail;

	kept(text, &head, &tail);
	if (head.len + tail.len == 0) {
		return 1; /* a part without text is known all the same */
	}
	return (uint32_t)((head.len + tail.len + CONCAT_BLOCK_TEXT - 1) / CONCAT_BLOCK_TEXT);
}

/* chain_get: `n` linked blocks, or none at all. */
static uint32_t chain_get(struct concat_blocks *pool, uint32_t *spare, uint32_t home, uint32_t n)
{
	uint32_t first = CONCAT_NONE;

	for (uint32_t k = 0; k < n; k++) {
		uint32_t i = block_get(pool, spare, home);

		if (i == CONCAT_NONE) {
			(void)concat_part_free(pool, spare, first);
			return CONCAT_NONE;
		}
		pool->block[i].next = first;
		pool->block[i].len = 0;
		first = i;
	}
	return first;
}

/* chain_put: appends `text` to the blocks from *at on, which have the room. */
static void chain_put(struct concat_blocks *pool, uint32_t *at, struct bytes text)
{
	while (text.len != 0) {
		struct concat_block *b = &pool->block[*at];
		size_t room = CONCAT_BLOCK_TEXT - (size_t)b->len;
		size_t n = text.len < room ? text.len : room;

		memcpy(b->text + b->len, text.data, n);
		b->len = (uint16_t)(b->len + n);
		text = bytes_slice(text, n, text.len);
		if (text.len != 0) {
			*at = b->next;
		}
	}
}

uint32_t concat_part_put(struct concat_blocks *pool, uint32_t *spare, uint32_t home, uint8_t part,
	struct bytes text, uint64_t hash)
{
	struct bytes head;
	struct bytes tail;
	struct concat_block *b;
	uint32_t first = chain_get(pool, spare, home, concat_part_blocks(text));
	uint32_t at = first;

	if (first == CONCAT_NONE) {
		return CONCAT_NONE;
	}
	kept(text, &head, &tail);
	chain_put(pool, &at, head);
	chain_put(pool, &at, tail);
	b = &pool->block[first];
	b->hash = hash;
	b->part = part;
	b->text_len = (uint32_t)text.len;
	b->head_len = (uint16_t)head.len;
	b->stored_len = (uint16_t)(head.len + tail.len);
	b->next_part = CONCAT_NONE;
	return first;
}

/* is_cut: the middle of the part was not kept. */
static bool is_cut(const struct concat_block *b)
{
	return b->stored_len != b->text_len;
}

void concat_part_copy(const struct concat_blocks *pool, const struct concat_block *b, size_t from,
	size_t to, struct writer *out)
{
	for (size_t at = 0; at < to; at += b->len, b = &pool->block[b->next]) {
		size_t begin = from > at ? from - at : 0;
		size_t end = to - at < b->len ? to - at : b->len;

		if (begin < end) {
			writer_put(out, bytes_of(b->text + begin, end - begin));
		}
		if (to - at <= b->len) {
			return;
		}
	}
}

/* kept_octet: octet `at` (< stored_len) of what is kept of a part. */
static uint8_t kept_octet(const struct concat_blocks *pool, const struct concat_block *b, size_t at)
{
	while (at >= b->len) {
		at -= b->len;
		b = &pool->block[b->next];
	}
	return b->text[at];
}

size_t concat_part_tail(const struct concat_blocks *pool, const struct concat_block *b, size_t room)
{
	size_t from = is_cut(b) ? b->head_len : 0;

	if (b->stored_len - from > room) {
		from = b->stored_len - room;
		while (from < b->stored_len && is_continuation(kept_octet(pool, b, from))) {
			from++;
		}
	}
	return from;
}

size_t concat_part_head(const struct concat_blocks *pool, const struct concat_block *b, size_t room)
{
	size_t to = is_cut(b) ? b->head_len : b->stored_len;

	if (to > room) {
		to = room;
		while (to != 0 && is_continuation(kept_octet(pool, b, to))) {
			to--;
		}
	}
	return to;
}
