/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/event.h"

#include <assert.h>

/*
 * `written` and `read` count octets for ever; their difference is what lies in the ring:
 *
 *      read & mask          written & mask
 *           v                     v
 *     ......|record|record|record|........      a record may go around the end
 */

enum { RECORD_ALIGN = 8 };

void event_ring_init(struct event_ring *r, void *octets, uint32_t size)
{
	assert(size != 0 && (size & (size - 1)) == 0);
	r->octets = octets;
	r->size = size;
	atomic_init(&r->written, 0);
	atomic_init(&r->read, 0);
}

static void ring_write(struct event_ring *r, uint64_t at, const void *from, size_t len)
{
	size_t off = (size_t)(at & (r->size - 1));
	size_t first = len < r->size - off ? len : r->size - off;

	if (len != 0) {
		memcpy(r->octets + off, from, first);
		memcpy(r->octets, (const uint8_t *)from + first, len - first);
	}
}

static void ring_read(const struct event_ring *r, uint64_t at, void *to, size_t len)
{
	size_t off = (size_t)(at & (r->size - 1));
	size_t first = len < r->size - off ? len : r->size - off;

	if (len != 0) {
		memcpy(to, r->octets + off, first);
		memcpy((uint8_t *)to + first, r->octets, len - first);
	}
}

uint32_t event_ring_room(const struct event_ring *r)
{
	uint64_t written = atomic_load_explicit(&r->written, memory_order_relaxed);
	/* acquire: pairs with the release in event_ring_take(): what was read may be overwritten */
	uint64_t read = atomic_load_explicit(&r->read, memory_order_acquire);

	return (uint32_t)(r->size - (written - read));
}

bool event_ring_put(struct event_ring *r, struct event *e, struct bytes text)
{
	uint64_t at = atomic_load_explicit(&r->written, memory_order_relaxed);
	size_t len = (sizeof(*e) + text.len + RECORD_ALIGN - 1) & ~(size_t)(RECORD_ALIGN - 1);

	if (len > event_ring_room(r)) {
		return false;
	}
	e->len = (uint32_t)len;
	e->tail_len = (uint32_t)text.len;
	ring_write(r, at, e, sizeof(*e));
	ring_write(r, at + sizeof(*e), text.data, text.len);
	/* release: pairs with the acquire in event_ring_take(): the record is there before its count */
	atomic_store_explicit(&r->written, at + len, memory_order_release);
	return true;
}

bool event_ring_take(struct event_ring *r, struct event *e, uint8_t *text, size_t size)
{
	uint64_t at = atomic_load_explicit(&r->read, memory_order_relaxed);
	/* acquire: pairs with the release in event_ring_put() */
	uint64_t written = atomic_load_explicit(&r->written, memory_order_acquire);

	if (at == written) {
		return false;
	}
	ring_read(r, at, e, sizeof(*e));
	at += e->len;
	if (e->tail_len > size) {
		e->tail_len = (uint32_t)size;
	}
	ring_read(r, at - e->len + sizeof(*e), text, e->tail_len);
	/* release: pairs with the acquire in event_ring_room(): the record is out before its room is free */
	atomic_store_explicit(&r->read, at, memory_order_release);
	return true;
}
