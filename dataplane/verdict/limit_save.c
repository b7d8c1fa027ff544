/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * limit_save: the state of limits as octets and back. Part of limit.h.
 *
 *   head      "smswlim1", hash_key, time of saving in us                              24 octets
 *   records   'N' slot, length, name                the limit that a tag's slot means
 *             'C' tag, ns left, bit 0 of tat        a cell of rate or grey
 *             'D' tag, us left, slice_us, shape, fill, n, n times (place, age in slices); shape:
 *                 sample bits in its low half, above it the stamps of a value less one
 *             'R' tag, us left, slice_us, fill, n, n times (sent, answered), newest slice first
 *   tail      'E', XXH3 of all before it                                               9 octets
 *
 * Numbers are big-endian. A name stands before the first cell of its slot. What is loaded is checked
 * as a whole first; nothing in it sizes anything.
 */
#include <assert.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dataplane/verdict/limit_parts.h"

static const char magic[8] = { 's', 'm', 's', 'w', 'l', 'i', 'm', '1' };
enum { TAIL_LEN = 9, SAVE_TRIES = 1000 * LIMIT_TRIES };

static void put_u64(struct writer *w, uint64_t v)
{
	writer_u32(w, (uint32_t)(v >> 32));
	writer_u32(w, (uint32_t)v);
}

static uint64_t take_u64(struct cursor *c)
{
	uint64_t high = cursor_u32(c);

	return high << 32 | cursor_u32(c);
}

/* ---- saving ---- */

/* Counts what it needs also where there is no room for it. */
struct saving {
	struct writer out;
	size_t needed;
	uint64_t now_us;
};

static void emit(struct saving *s, struct bytes record)
{
	s->needed += record.len;
	writer_put(&s->out, record);
}

static void save_names(struct saving *s, const struct limits *l)
{
	for (unsigned i = 0; i < LIMIT_SLOTS; i++) {
		uint8_t octets[3 + LIMIT_NAME_SIZE];
		struct writer w = writer_of(octets, sizeof(octets));
		size_t len;

		if (atomic_load_explicit(&l->slot[i], memory_order_acquire) <= 1) {
			continue;
		}
		len = strlen(l->slots[i].name);
		writer_u8(&w, 'N');
		writer_u8(&w, (uint8_t)i);
		writer_u8(&w, (uint8_t)len);
		writer_put(&w, bytes_of(l->slots[i].name, len));
		emit(s, bytes_of(octets, (size_t)(w.at - octets)));
	}
}

static void save_cell(struct saving *s, const struct limit_cell *c)
{
	uint8_t octets[18];
	struct writer w = writer_of(octets, sizeof(octets));
	uint64_t tat = atomic_load_explicit(&c->tat, memory_order_acquire);

	if (tat == LIMIT_TAT_BUSY || tat <= s->now_us * 1000) {
		return;
	}
	writer_u8(&w, 'C');
	put_u64(&w, atomic_load_explicit(&c->tag, memory_order_relaxed));
	put_u64(&w, tat - s->now_us * 1000);
	writer_u8(&w, tat & 1);
	emit(s, bytes_of(octets, sizeof(octets)));
}

static void put_sketch_head(struct writer *w, const struct saving *s, char kind,
	const struct limit_bucket *b, unsigned way)
{
	writer_u8(w, (uint8_t)kind);
	put_u64(w, b->tag[way]);
	put_u64(w, b->until_us[way] - s->now_us);
}

static void save_distinct(struct saving *s, const struct limit_bucket *b, unsigned way,
	const struct limit_distinct *d)
{
	uint8_t head[32];
	struct writer w = writer_of(head, sizeof(head));
	uint32_t slice = (uint32_t)(s->now_us / d->slice_us);
	unsigned n = 0;

	for (unsigned i = 0; i < LIMIT_DISTINCT_STAMPS; i++) {
		n += limit_stamp_age(d, i, slice) < LIMIT_WINDOW_SLICES;
	}
	put_sketch_head(&w, s, 'D', b, way);
	put_u64(&w, d->slice_us);
	writer_u8(&w, (uint8_t)((d->n_stamps - 1) << 4 | d->sample_bits));
	writer_u32(&w, b->fill[way]);
	writer_u16(&w, (uint16_t)n);
	assert(w.at == head + sizeof(head));
	emit(s, bytes_of(head, sizeof(head)));
	for (unsigned i = 0; i < LIMIT_DISTINCT_STAMPS; i++) {
		unsigned age = limit_stamp_age(d, i, slice);
		uint8_t one[3] = { (uint8_t)(i >> 8), (uint8_t)i, (uint8_t)age };

		if (age < LIMIT_WINDOW_SLICES) {
			emit(s, bytes_of(one, sizeof(one)));
		}
	}
}

static void save_ratio(
	struct saving *s, const struct limit_bucket *b, unsigned way, const struct limit_ratio *t)
{
	uint8_t octets[30 + 8 * LIMIT_RATIO_SLICES];
	struct writer w = writer_of(octets, sizeof(octets));
	uint32_t gone = (uint32_t)(s->now_us / t->slice_us) - t->slice;
	unsigned n = gone < LIMIT_RATIO_SLICES ? LIMIT_RATIO_SLICES - gone : 0;

	n = gone > UINT32_MAX / 2 ? LIMIT_RATIO_SLICES : n; /* the clock stepped back */
	put_sketch_head(&w, s, 'R', b, way);
	put_u64(&w, t->slice_us);
	writer_u32(&w, b->fill[way]);
	writer_u8(
		&w, (uint8_t)(gone < LIMIT_RATIO_SLICES ? gone : 0)); /* slices of nothing, first */
	for (unsigned i = 0; i < n; i++) {
		uint32_t slice = (t->slice - i) % LIMIT_RATIO_SLICES;

		writer_u32(&w, t->sent[slice]);
		writer_u32(&w, t->answered[slice]);
	}
	for (unsigned i = n; i < LIMIT_RATIO_SLICES; i++) {
		put_u64(&w, 0);
	}
	assert(w.at == octets + sizeof(octets));
	emit(s, bytes_of(octets, sizeof(octets)));
}

static void save_bucket(
	struct saving *s, struct limit_sketches *sketches, struct limit_bucket *b, bool distinct)
{
	if (!limit_try(&b->held, SAVE_TRIES)) {
		return;
	}
	for (unsigned w = 0; w < LIMIT_SKETCH_WAYS; w++) {
		if (b->until_us[w] <= s->now_us) {
			continue;
		}
		if (distinct) {
			save_distinct(s, b, w, limit_sketch_value(sketches, b, w));
		} else {
			save_ratio(s, b, w, limit_sketch_value(sketches, b, w));
		}
	}
	limit_let(&b->held);
}

size_t limits_save(struct limits *l, uint64_t now_us, uint8_t *out, size_t size)
{
	struct saving s = { writer_of(out, size), 0, now_us };
	uint8_t head[24];
	uint8_t tail[TAIL_LEN] = { 'E' };
	struct writer w = writer_of(head, sizeof(head));

	writer_put(&w, bytes_of(magic, sizeof(magic)));
	put_u64(&w, l->config.hash_key);
	put_u64(&w, now_us);
	emit(&s, bytes_of(head, sizeof(head)));
	save_names(&s, l);
	for (size_t i = 0; i < (size_t)l->n_lines * LIMIT_WAYS; i++) {
		save_cell(&s, &l->lines[i / LIMIT_WAYS].cell[i % LIMIT_WAYS]);
	}
	for (uint32_t i = 0; i < l->distinct.n_buckets; i++) {
		save_bucket(&s, &l->distinct, &l->distinct.buckets[i], true);
	}
	for (uint32_t i = 0; i < l->ratio.n_buckets; i++) {
		save_bucket(&s, &l->ratio, &l->ratio.buckets[i], false);
	}
	if (s.needed + sizeof(tail) <= size) {
		w = writer_of(tail + 1, sizeof(tail) - 1);
		put_u64(&w, XXH3_64bits(out, s.needed));
	}
	emit(&s, bytes_of(tail, sizeof(tail)));
	return s.needed;
}

/* ---- loading ---- */

struct loading {
	struct limits *l; /* NULL: it is looked at only */
	uint64_t now_us;
	uint64_t gone_us;              /* since it was saved */
	uint8_t slot[LIMIT_SLOTS + 1]; /* what a saved slot is here */
};

/* rest: of `left`, in units of `per_us`; 0: it has run out. */
static uint64_t rest(const struct loading *d, uint64_t left, uint64_t per_us)
{
	uint64_t gone = d->gone_us <= UINT64_MAX / per_us ? d->gone_us * per_us : UINT64_MAX;

	return left > gone ? left - gone : 0;
}

/* tag_here: false: its limit has no slot. */
static bool tag_here(const struct loading *d, uint64_t tag, uint64_t *here)
{
	uint8_t slot = d->slot[tag & LIMIT_TAG_SLOT];

	*here = (tag & ~LIMIT_TAG_SLOT) | slot;
	return slot != LIMIT_SLOT_NONE;
}

static bool load_name(struct loading *d, struct cursor *c)
{
	uint8_t slot = cursor_u8(c);
	uint8_t len = cursor_u8(c);
	struct bytes name = cursor_take(c, len);
	char text[LIMIT_NAME_SIZE] = { 0 };

	if (!cursor_ok(c) || len == 0 || len >= LIMIT_NAME_SIZE || slot >= LIMIT_SLOTS ||
		memchr(name.data, '\0', len) != NULL) {
		return false;
	}
	if (d->l != NULL) {
		memcpy(text, name.data, len);
		d->slot[slot] = (uint8_t)limit_slot_take(d->l, text, limit_name_hash(text));
	}
	return true;
}

enum { LEFT_US_BITS = 50 }; /* of times: 35 years; more is nobody's */

static bool time_fits(uint64_t us)
{
	return us >> LEFT_US_BITS == 0;
}

static bool load_cell(struct loading *d, struct cursor *c)
{
	uint64_t tag = take_u64(c);
	uint64_t left_ns = take_u64(c);
	uint8_t bit = cursor_u8(c);
	uint64_t tat;

	if (!cursor_ok(c) || bit > 1 || !time_fits(left_ns / 1000)) {
		return false;
	}
	left_ns = rest(d, left_ns, 1000);
	if (d->l != NULL && left_ns != 0 && tag_here(d, tag, &tag)) {
		tat = ((d->now_us * 1000 + left_ns) & ~UINT64_C(1)) | bit;
		limit_cell_put(d->l, tag, tat, d->now_us * 1000);
	}
	return true;
}

/* What records of both kinds of sketches begin with. */
struct sketch_head {
	uint64_t tag;
	uint64_t left_us;
	uint64_t slice_us;
	uint8_t shape;
	uint32_t fill;
};

/* open_sketch: the cell to be filled; false: there is none, or nothing is to be changed. */
static bool open_sketch(const struct loading *d, struct limit_sketches *s,
	const struct sketch_head *h, struct limit_opened *o)
{
	uint64_t left_us = rest(d, h->left_us, 1);
	uint64_t tag;
	unsigned given;

	if (d->l == NULL || left_us == 0 || !tag_here(d, h->tag, &tag) ||
		!limit_sketch_open(s, tag, d->now_us, o)) {
		return false;
	}
	if (o->value == NULL && !limit_sketch_make(o, tag, d->now_us, &given)) {
		limit_sketch_close(o);
		return false;
	}
	o->bucket->until_us[o->way] = d->now_us + left_us;
	o->bucket->fill[o->way] = h->fill;
	return true;
}

static bool slice_fits(uint64_t slice_us)
{
	return slice_us != 0 && slice_us <= LIMIT_PER_MAX_US;
}

static bool load_distinct(struct loading *d, struct cursor *c)
{
	struct sketch_head h = { .tag = take_u64(c), .left_us = 0 };
	struct limit_distinct *value;
	struct limit_opened o;
	struct bytes places;
	uint16_t n;

	h.left_us = take_u64(c);
	h.slice_us = take_u64(c);
	h.shape = cursor_u8(c);
	h.fill = cursor_u32(c);
	n = cursor_u16(c);
	places = cursor_take(c, 3u * n);
	if (!cursor_ok(c) || !slice_fits(h.slice_us) || !time_fits(h.left_us) ||
		h.shape >> 4 >= LIMIT_VALUE_STAMPS || n > LIMIT_DISTINCT_STAMPS) {
		return false;
	}
	for (size_t i = 0; i < places.len; i += 3) {
		if (be16(places.data + i) >= LIMIT_DISTINCT_STAMPS ||
			places.data[i + 2] >= LIMIT_WINDOW_SLICES) {
			return false;
		}
	}
	if (d->l == NULL || !open_sketch(d, &d->l->distinct, &h, &o)) {
		return true;
	}
	value = o.value;
	value->slice_us = h.slice_us;
	value->sample_bits = h.shape & 0xF;
	value->n_stamps = (uint8_t)((h.shape >> 4) + 1);
	value->slice = (uint32_t)(d->now_us / h.slice_us);
	for (size_t i = 0; i < places.len; i += 3) {
		limit_stamp_put(
			value, be16(places.data + i), places.data[i + 2] + d->gone_us / h.slice_us);
	}
	limit_sketch_close(&o);
	return true;
}

static bool load_ratio(struct loading *d, struct cursor *c)
{
	struct sketch_head h = { .tag = take_u64(c), .left_us = 0 };
	struct limit_ratio *value;
	struct limit_opened o;
	struct bytes counts;
	uint64_t skipped;

	h.left_us = take_u64(c);
	h.slice_us = take_u64(c);
	h.fill = cursor_u32(c);
	skipped = cursor_u8(c);
	counts = cursor_take(c, 8 * LIMIT_RATIO_SLICES);
	if (!cursor_ok(c) || !slice_fits(h.slice_us) || !time_fits(h.left_us) ||
		skipped >= LIMIT_RATIO_SLICES) {
		return false;
	}
	if (d->l == NULL || !open_sketch(d, &d->l->ratio, &h, &o)) {
		return true;
	}
	value = o.value;
	value->slice_us = h.slice_us;
	value->slice = (uint32_t)(d->now_us / h.slice_us);
	skipped += d->gone_us / h.slice_us;
	for (unsigned i = 0; i + skipped < LIMIT_RATIO_SLICES; i++) {
		uint32_t slice = (uint32_t)(value->slice - skipped - i) % LIMIT_RATIO_SLICES;

		value->sent[slice] = be32(counts.data + 8 * i);
		value->answered[slice] = be32(counts.data + 8 * i + 4);
	}
	limit_sketch_close(&o);
	return true;
}

static bool load_records(struct loading *d, struct cursor *c)
{
	bool good = true;

	memset(d->slot, LIMIT_SLOT_NONE, sizeof(d->slot));
	while (good && cursor_left(c) != 0) {
		switch (cursor_u8(c)) {
		case 'N':
			good = load_name(d, c);
			break;
		case 'C':
			good = load_cell(d, c);
			break;
		case 'D':
			good = load_distinct(d, c);
			break;
		case 'R':
			good = load_ratio(d, c);
			break;
		default:
			good = false;
		}
	}
	return good;
}

/* whole: head and tail are; *body is what lies between them. */
static bool whole(struct bytes saved, struct cursor *head, struct cursor *body)
{
	struct cursor tail;

	if (saved.len < 24 + TAIL_LEN || memcmp(saved.data, magic, sizeof(magic)) != 0) {
		return false;
	}
	*head = cursor_of(bytes_slice(saved, sizeof(magic), 16));
	*body = cursor_of(bytes_slice(saved, 24, saved.len - 24 - TAIL_LEN));
	tail = cursor_of(bytes_slice(saved, saved.len - TAIL_LEN, TAIL_LEN));
	return cursor_u8(&tail) == 'E' &&
	       take_u64(&tail) == XXH3_64bits(saved.data, saved.len - TAIL_LEN);
}

bool limits_saved_key(struct bytes saved, uint64_t *hash_key)
{
	struct cursor head;
	struct cursor body;

	if (!whole(saved, &head, &body)) {
		return false;
	}
	*hash_key = take_u64(&head);
	return true;
}

bool limits_load(struct limits *l, struct bytes saved, uint64_t now_us)
{
	struct loading d = { .now_us = now_us };
	struct cursor head;
	struct cursor body;
	struct cursor again;
	uint64_t saved_us;

	if (!whole(saved, &head, &body) || take_u64(&head) != l->config.hash_key) {
		return false;
	}
	again = body;
	if (!load_records(&d, &body)) {
		return false;
	}
	saved_us = take_u64(&head);
	d.gone_us = now_us > saved_us ? now_us - saved_us : 0; /* a clock that stepped back */
	d.l = l;
	return load_records(&d, &again);
}
