/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/sctp_journal.h"

#include <assert.h>

#include "dataplane/base/crc32c.h"

enum {
	FIRST_SIZE = LIMIT_SCTP_BLOCK_LEN - sizeof(struct sctp_entry),
	MORE_SIZE = LIMIT_SCTP_BLOCK_LEN - sizeof(struct sctp_block *),
	MARKS = SCTP_BEGIN | SCTP_END | SCTP_UNORDERED,
};

struct sctp_block {
	union {
		struct {
			struct sctp_entry entry;
			uint8_t octets[FIRST_SIZE];
		} first;
		struct {
			struct sctp_block *next; /* also of the free list */
			uint8_t octets[MORE_SIZE];
		} more;
	} u;
};

_Static_assert(sizeof(struct sctp_block) == LIMIT_SCTP_BLOCK_LEN, "blocks are whole cache lines");
_Static_assert(sizeof(struct sctp_entry) <= 136, "a plain MAP short message fits in one block");

static struct sctp_block *block_of(struct sctp_entry *e)
{
	return (struct sctp_block *)(void *)e; /* the entry is its first member */
}

static const struct sctp_block *const_block_of(const struct sctp_entry *e)
{
	return (const struct sctp_block *)(const void *)e;
}

/* A stretch of an entry's octets that lies in one block. */
struct part {
	uint8_t *at;
	size_t len;
	struct sctp_block *next;
};

static struct part part_first(struct sctp_entry *e)
{
	size_t len = e->len < FIRST_SIZE ? e->len : FIRST_SIZE;

	return (struct part){ block_of(e)->u.first.octets, len, e->more };
}

/* part_next: `left` octets are in this part and behind it. */
static struct part part_next(const struct part *p, size_t left)
{
	struct sctp_block *b = p->next;

	return (struct part){ b->u.more.octets, left < MORE_SIZE ? left : MORE_SIZE,
		b->u.more.next };
}

/* index_size: a power of two, not below the number of entries there can be. */
static uint32_t index_size(uint32_t n_blocks)
{
	uint32_t n = 16;

	while (n < n_blocks) {
		n *= 2;
	}
	return n;
}

size_t sctp_journal_size(uint32_t n_blocks)
{
	return (size_t)n_blocks * sizeof(struct sctp_block) +
	       2 * (size_t)index_size(n_blocks) * sizeof(struct sctp_entry *);
}

void sctp_journal_init(struct sctp_journal *j, void *memory, uint32_t n_blocks, uint64_t seed)
{
	struct sctp_block *blocks = memory;
	uint32_t n_index = index_size(n_blocks);

	*j = (struct sctp_journal){
		.n_blocks = n_blocks, .n_free = n_blocks, .seed = seed, .index_mask = n_index - 1
	};
	for (uint32_t i = n_blocks; i-- > 0;) {
		blocks[i].u.more.next = j->free;
		j->free = &blocks[i];
	}
	j->index = (struct sctp_entry **)(void *)(blocks + n_blocks);
	j->fragments = j->index + n_index;
	memset(j->index, 0, 2 * (size_t)n_index * sizeof(*j->index));
}

uint32_t sctp_journal_blocks(size_t len)
{
	return len <= FIRST_SIZE ? 1
	                         : 1 + (uint32_t)((len - FIRST_SIZE + MORE_SIZE - 1) / MORE_SIZE);
}

static struct sctp_entry **index_at(const struct sctp_journal *j, uint32_t direction, uint32_t tsn)
{
	uint64_t key = (uint64_t)direction << 32 | tsn;

	return &j->index[sctp_mix(key ^ j->seed) & j->index_mask];
}

static struct sctp_entry **fragment_at(const struct sctp_journal *j, uint32_t direction,
	uint16_t stream, uint8_t flags, uint32_t mid, uint32_t fsn)
{
	uint64_t key = (uint64_t)direction << 32 | mid;
	uint64_t rest = (uint64_t)fsn << 32 | (uint32_t)stream << 8 | (flags & SCTP_UNORDERED);

	return &j->fragments[sctp_mix(sctp_mix(key ^ j->seed) ^ rest) & j->index_mask];
}

struct sctp_entry *sctp_journal_find(const struct sctp_journal *j, uint32_t direction, uint32_t tsn)
{
	struct sctp_entry *e = *index_at(j, direction, tsn);

	while (e != NULL && (e->tsn != tsn || e->direction != direction)) {
		e = e->index_next;
	}
	return e;
}

struct sctp_entry *sctp_journal_find_fragment(const struct sctp_journal *j, uint32_t direction,
	uint16_t stream, uint8_t flags, uint32_t mid, uint32_t fsn)
{
	struct sctp_entry *e = *fragment_at(j, direction, stream, flags, mid, fsn);

	while (e != NULL &&
		(e->fsn != fsn || e->number != mid || e->stream != stream ||
			e->direction != direction || ((e->flags ^ flags) & SCTP_UNORDERED) != 0)) {
		e = e->fragment_next;
	}
	return e;
}

static struct sctp_block *block_take(struct sctp_journal *j)
{
	struct sctp_block *b = j->free;

	j->free = b->u.more.next;
	j->n_free--;
	return b;
}

static void block_give(struct sctp_journal *j, struct sctp_block *b)
{
	b->u.more.next = j->free;
	j->free = b;
	j->n_free++;
}

/* store: the octets, into as many blocks as they take; there are enough. */
static void store(struct sctp_journal *j, struct sctp_entry *e, struct bytes user)
{
	struct sctp_block **link = &e->more;
	struct part p;
	size_t done;

	for (uint32_t n = sctp_journal_blocks(user.len); n > 1; n--) {
		*link = block_take(j);
		link = &(*link)->u.more.next;
	}
	*link = NULL;
	p = part_first(e);
	for (done = 0;; p = part_next(&p, user.len - done)) {
		memcpy(p.at, user.data + done, p.len);
		done += p.len;
		if (done == user.len) {
			return;
		}
	}
}

static bool is_piece(const struct sctp_entry *e)
{
	return e->interleaved && (e->flags & (SCTP_BEGIN | SCTP_END)) != (SCTP_BEGIN | SCTP_END);
}

struct sctp_entry *sctp_journal_add(
	struct sctp_journal *j, uint32_t direction, const struct sctp_data *data)
{
	struct sctp_entry **at = index_at(j, direction, data->tsn);
	struct sctp_entry *e;

	assert(data->user.len != 0 && data->user.len <= UINT16_MAX);
	if (sctp_journal_blocks(data->user.len) > j->n_free) {
		return NULL;
	}
	e = &block_take(j)->u.first.entry;
	*e = (struct sctp_entry){ .direction = direction,
		.tsn = data->tsn,
		.number = data->number,
		.fsn = data->fsn,
		.ppid = data->ppid,
		.len = (uint16_t)data->user.len,
		.stream = data->stream,
		.flags = data->flags,
		.interleaved = data->interleaved,
		.run_len = (uint32_t)data->user.len,
		.run_count = 1 };
	e->run_end = e;
	store(j, e, data->user);
	e->index_next = *at;
	*at = e;
	if (is_piece(e)) {
		at = fragment_at(j, direction, e->stream, e->flags, e->number, e->fsn);
		while (*at != NULL) { /* the first copy of a place in a message is found first */
			at = &(*at)->fragment_next;
		}
		*at = e;
	}
	return e;
}

static void fragment_remove(struct sctp_journal *j, struct sctp_entry *e)
{
	struct sctp_entry **at =
		fragment_at(j, e->direction, e->stream, e->flags, e->number, e->fsn);

	while (*at != e) {
		at = &(*at)->fragment_next;
	}
	*at = e->fragment_next;
}

void sctp_journal_keep(struct sctp_journal *j, struct sctp_entry *e)
{
	assert(!e->kept);
	if (is_piece(e)) { /* its sender may use its message identifier again */
		fragment_remove(j, e);
	}
	e->kept = true;
}

void sctp_journal_free(struct sctp_journal *j, struct sctp_entry *e)
{
	struct sctp_entry **at = index_at(j, e->direction, e->tsn);
	struct sctp_block *b = e->more;

	while (*at != e) {
		at = &(*at)->index_next;
	}
	*at = e->index_next;
	if (is_piece(e) && !e->kept) {
		fragment_remove(j, e);
	}
	while (b != NULL) {
		struct sctp_block *next = b->u.more.next;

		block_give(j, b);
		b = next;
	}
	block_give(j, block_of(e));
}

struct bytes sctp_entry_first(const struct sctp_entry *e)
{
	return bytes_of(
		const_block_of(e)->u.first.octets, e->len < FIRST_SIZE ? e->len : FIRST_SIZE);
}

void sctp_entry_copy(const struct sctp_entry *e, uint8_t *to)
{
	struct bytes first = sctp_entry_first(e);
	const struct sctp_block *b = e->more;

	memcpy(to, first.data, first.len);
	for (size_t done = first.len; done < e->len; b = b->u.more.next) {
		size_t n = e->len - done < MORE_SIZE ? e->len - done : MORE_SIZE;

		memcpy(to + done, b->u.more.octets, n);
		done += n;
	}
}

static uint32_t entry_crc(const struct sctp_entry *e)
{
	struct bytes first = sctp_entry_first(e);
	uint32_t crc = crc32c_add(0, first);
	const struct sctp_block *b = e->more;

	for (size_t done = first.len; done < e->len; b = b->u.more.next) {
		size_t n = e->len - done < MORE_SIZE ? e->len - done : MORE_SIZE;

		crc = crc32c_add(crc, bytes_of(b->u.more.octets, n));
		done += n;
	}
	return crc;
}

bool sctp_entry_equals(const struct sctp_entry *e, struct bytes user)
{
	struct bytes first = sctp_entry_first(e);
	const struct sctp_block *b = e->more;

	if (user.len != e->len) {
		return false;
	}
	if (e->edited) { /* the octets as they came are gone, their sum is not */
		return crc32c_add(0, user) == e->original_crc;
	}
	if (memcmp(user.data, first.data, first.len) != 0) {
		return false;
	}
	for (size_t done = first.len; done < e->len; b = b->u.more.next) {
		size_t n = e->len - done < MORE_SIZE ? e->len - done : MORE_SIZE;

		if (memcmp(user.data + done, b->u.more.octets, n) != 0) {
			return false;
		}
		done += n;
	}
	return true;
}

void sctp_entry_write(struct sctp_entry *e, size_t off, struct bytes data)
{
	struct part p = part_first(e);
	size_t at = 0; /* where the part begins in the entry */

	assert(off + data.len <= e->len);
	if (!e->edited) {
		e->original_crc = entry_crc(e);
		e->edited = true;
	}
	while (data.len != 0) {
		size_t n = 0;

		if (off < at + p.len) {
			n = at + p.len - off < data.len ? at + p.len - off : data.len;
			memcpy(p.at + (off - at), data.data, n);
		}
		off += n;
		data = bytes_slice(data, n, data.len);
		at += p.len;
		if (data.len != 0) {
			p = part_next(&p, e->len - at);
		}
	}
}

/* put_part: makes `user` what the part says, as far as there is any of it; true if it changed. */
static bool put_part(uint8_t *user, size_t len, struct bytes part)
{
	size_t n = part.len < len ? part.len : len;

	if (memcmp(user, part.data, n) == 0) {
		return false;
	}
	memcpy(user, part.data, n);
	return true;
}

bool sctp_entry_overlay(const struct sctp_entry *e, uint8_t *user, size_t len)
{
	struct bytes first = sctp_entry_first(e);
	const struct sctp_block *b = e->more;
	bool changed = put_part(user, len, first);
	size_t done = first.len;

	for (; done < e->len && done < len; b = b->u.more.next) {
		size_t n = e->len - done < MORE_SIZE ? e->len - done : MORE_SIZE;

		changed |= put_part(user + done, len - done, bytes_of(b->u.more.octets, n));
		done += n;
	}
	for (; done < len; done++) {
		changed |= user[done] != 0;
		user[done] = 0;
	}
	return changed;
}
