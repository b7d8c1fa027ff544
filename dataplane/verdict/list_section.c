/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A list's base as a section of a pack, "list.NAME". Part of list_build.h. Little-endian:
 *
 *   "SMSWLIST" | u32 version | u32 kind | u32 blocks of each length, 1 to 15 | u32 tags
 *   | u64 octets of: numbers, tags' text, spans, texts
 *   then  blocks (u64 each), numbers      as list_number.h has them
 *         tags: keys (u64 each), lengths (u8 each), texts
 *         spans, texts: u8 length, u8 length of the tag, entry, tag; in order
 *
 * Equal lists have equal octets.
 */
#include <stdlib.h>

#include <sodium.h>

#include "dataplane/sms/text.h"
#include "dataplane/verdict/list_parts.h"

static const char magic[8] = { 'S', 'M', 'S', 'W', 'L', 'I', 'S', 'T' };
enum {
	VERSION = 1,
	HEAD_COUNTS = 2 + LIST_DIGITS_MAX + 1, /* u32 */
	HEAD_LENGTHS = 4,                      /* u64 */
	HEAD_SIZE = sizeof(magic) + 4 * HEAD_COUNTS + 8 * HEAD_LENGTHS,
};

struct head {
	uint32_t counts[HEAD_COUNTS]; /* version, kind, blocks of 1 to 15 digits, tags */
	uint64_t lengths[HEAD_LENGTHS];
};
enum { COUNT_VERSION, COUNT_KIND, COUNT_BLOCKS, COUNT_TAGS = HEAD_COUNTS - 1 };
enum { LENGTH_NUMBERS, LENGTH_TAGS, LENGTH_SPANS, LENGTH_TEXTS };

/* ---- out ---- */

/* Where a section goes: counted, hashed, or written. */
struct sink {
	crypto_generichash_state *hash; /* or NULL */
	uint8_t *out;                   /* or NULL */
	size_t len;
};

static void put(struct sink *s, const void *data, size_t len)
{
	if (len == 0) {
		return;
	}
	if (s->hash != NULL) {
		(void)crypto_generichash_update(s->hash, data, len);
	}
	if (s->out != NULL) {
		memcpy(s->out + s->len, data, len);
	}
	s->len += len;
}

static size_t spans_len(const struct list_spans *s)
{
	size_t len = 0;

	for (uint32_t i = 0; s != NULL && i < s->n; i++) {
		len += 2 + (size_t)s->spans[i].entry_len + s->spans[i].tag_len;
	}
	return len;
}

static struct head head_of(const struct list *l)
{
	const struct list_store *b = l->base;
	struct head h = { .counts = { VERSION, l->kind } };

	for (unsigned len = 1; len <= LIST_DIGITS_MAX; len++) {
		h.counts[COUNT_BLOCKS + len - 1] = b->numbers.of[len].n_blocks;
	}
	h.counts[COUNT_TAGS] = b->tags.n;
	h.lengths[LENGTH_NUMBERS] = b->numbers.data_len;
	h.lengths[LENGTH_TAGS] = b->tags.n != 0 ? b->tags.at[b->tags.n] : 0;
	h.lengths[LENGTH_SPANS] = spans_len(l->base_spans);
	h.lengths[LENGTH_TEXTS] = b->texts.blob_len;
	return h;
}

static void put_tags(struct sink *s, const struct list_tags *t)
{
	put(s, t->keys, t->n * sizeof(*t->keys));
	for (uint32_t i = 0; i < t->n; i++) {
		uint8_t len = (uint8_t)(t->at[i + 1] - t->at[i]);

		put(s, &len, 1);
	}
	put(s, t->blob, t->n != 0 ? t->at[t->n] : 0);
}

static void put_section(struct sink *s, const struct list *l)
{
	const struct list_store *b = l->base;
	const struct list_spans *spans = l->base_spans;
	struct head h = head_of(l);

	put(s, magic, sizeof(magic));
	put(s, h.counts, sizeof(h.counts));
	put(s, h.lengths, sizeof(h.lengths));
	for (unsigned len = 1; len <= LIST_DIGITS_MAX; len++) {
		const struct list_directory *d = &b->numbers.of[len];

		put(s, d->blocks, d->n_blocks * sizeof(*d->blocks));
	}
	put(s, b->numbers.data, b->numbers.data_len);
	put_tags(s, &b->tags);
	for (uint32_t i = 0; spans != NULL && i < spans->n; i++) {
		const struct list_span *span = &spans->spans[i];
		uint8_t lengths[2] = { span->entry_len, span->tag_len };

		put(s, lengths, sizeof(lengths));
		put(s, spans->blob + span->at, (size_t)span->entry_len + span->tag_len);
	}
	put(s, b->texts.blob, b->texts.blob_len);
}

void list_section_hash(const struct list *l, uint8_t hash[LIST_HASH_SIZE])
{
	crypto_generichash_state state;
	struct sink s = { .hash = &state };

	(void)crypto_generichash_init(&state, NULL, 0, LIST_HASH_SIZE);
	put_section(&s, l);
	(void)crypto_generichash_final(&state, hash, LIST_HASH_SIZE);
}

void list_hash(const struct list *l, uint8_t hash[LIST_HASH_SIZE])
{
	memcpy(hash, l->hash, LIST_HASH_SIZE);
}

bool list_encode(const struct list *l, uint8_t **octets, size_t *len)
{
	struct sink s = { .len = 0 };

	put_section(&s, l); /* to know how long it becomes */
	*octets = malloc(s.len);
	*len = s.len;
	s = (struct sink){ .out = *octets };
	if (*octets == NULL) {
		return false;
	}
	put_section(&s, l);
	return true;
}

/* ---- in ---- */

struct decoding {
	struct cursor cursor;
	struct head head;
	struct list_store *store;
	struct list_spans *spans;
	const char *why; /* NULL: good so far */
};

static void take_head(struct decoding *d)
{
	struct bytes m = cursor_take(&d->cursor, sizeof(magic));
	struct bytes counts = cursor_take(&d->cursor, sizeof(d->head.counts));
	struct bytes lengths = cursor_take(&d->cursor, sizeof(d->head.lengths));

	if (!cursor_ok(&d->cursor) || memcmp(m.data, magic, sizeof(magic)) != 0) {
		d->why = "it does not begin as a list does";
		return;
	}
	memcpy(d->head.counts, counts.data, counts.len);
	memcpy(d->head.lengths, lengths.data, lengths.len);
	if (d->head.counts[COUNT_VERSION] != VERSION) {
		d->why = "it is of another version";
	} else if (d->head.counts[COUNT_KIND] >= LIST_KIND_COUNT) {
		d->why = "it is of an unknown kind";
	}
}

static void take_numbers(struct decoding *d)
{
	struct list_number_blocks of[LIST_DIGITS_MAX + 1] = { 0 };
	struct bytes data;

	for (unsigned len = 1; len <= LIST_DIGITS_MAX; len++) {
		of[len].n = d->head.counts[COUNT_BLOCKS + len - 1];
		of[len].blocks = cursor_take(&d->cursor, (size_t)of[len].n * sizeof(uint64_t)).data;
	}
	data = cursor_take(&d->cursor, (size_t)d->head.lengths[LENGTH_NUMBERS]);
	if (!cursor_ok(&d->cursor)) {
		d->why = "it is cut short";
		return;
	}
	(void)list_number_adopt(&d->store->numbers, of, data, &d->why);
}

/* good_tag: what list_entry_read() would take, printed. */
static bool good_text(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (b.data[i] < 0x20 || b.data[i] == 0x7F) {
			return false;
		}
	}
	return text_utf8_valid(b);
}

static const char *check_tags(const struct decoding *d)
{
	const struct list_tags *t = &d->store->tags;

	for (uint32_t i = 0; i < t->n; i++) {
		struct bytes tag = bytes_of(t->blob + t->at[i], t->at[i + 1] - t->at[i]);
		uint64_t value;
		unsigned len;

		if (t->keys[i] < 10 || t->keys[i] >= UINT64_C(2000000000000000) ||
			(i != 0 && t->keys[i] <= t->keys[i - 1])) {
			return "tags out of order";
		}
		len = list_number_split(t->keys[i], &value);
		if (!list_number_has(&d->store->numbers, len, value)) {
			return "a tag of no number";
		}
		if (tag.len == 0 || tag.len > LIST_TAG_MAX || !good_text(tag)) {
			return "a tag that is none";
		}
	}
	return NULL;
}

static void take_tags(struct decoding *d)
{
	struct list_tags *t = &d->store->tags;
	uint32_t n = d->head.counts[COUNT_TAGS];
	struct bytes keys = cursor_take(&d->cursor, (size_t)n * sizeof(*t->keys));
	struct bytes lengths = cursor_take(&d->cursor, n);
	struct bytes blob = cursor_take(&d->cursor, (size_t)d->head.lengths[LENGTH_TAGS]);
	uint64_t used = 0;

	if (!cursor_ok(&d->cursor)) {
		d->why = "it is cut short";
		return;
	}
	if (n == 0) {
		d->why = blob.len != 0 ? "tags of no number" : NULL;
		return;
	}
	t->keys = malloc(keys.len);
	t->at = malloc(((size_t)n + 1) * sizeof(*t->at));
	t->blob = malloc(blob.len + 1);
	if (t->keys == NULL || t->at == NULL || t->blob == NULL) {
		d->why = "out of memory";
		return;
	}
	memcpy(t->keys, keys.data, keys.len);
	memcpy(t->blob, blob.data, blob.len);
	t->n = n;
	for (uint32_t i = 0; i < n; i++) {
		t->at[i] = (uint32_t)used;
		used += lengths.data[i];
	}
	t->at[n] = (uint32_t)used;
	d->why = used != blob.len || used > UINT32_MAX ? "tags of another length" : check_tags(d);
}

/* What reading spans works with. */
struct span_work {
	struct list_collect collect;
	struct list_entry raw;
	struct list_entry entry;
	struct list_span before;
	char line[LIST_PRINT_SIZE];
	char why[LIST_WHY_SIZE];
};

/*
 * take_span: reads the entry as one of text is read, which checks it, and it must be in its canonical
 * form and order.
 */
static const char *take_span(struct span_work *w, struct cursor *in)
{
	static const char wrong[] = "a range or prefix that is none";
	struct list_entry *raw = &w->raw;
	struct list_entry *e = &w->entry;
	struct bytes text;
	struct bytes tag;

	raw->class = LIST_EXACT_TEXT;
	raw->len = cursor_u8(in);
	raw->tag_len = cursor_u8(in);
	text = cursor_take(in, raw->len);
	tag = cursor_take(in, raw->tag_len);
	if (!cursor_ok(in) || raw->tag_len > LIST_TAG_MAX || !good_text(text) || !good_text(tag)) {
		return wrong;
	}
	memcpy(raw->text, text.data, text.len);
	memcpy(raw->tag, tag.data, tag.len);
	if (list_entry_read(w->collect.kind, bytes_of(w->line, list_entry_print(raw, w->line)), e,
		    w->why) != 1 ||
		e->class != LIST_SPAN || !bytes_equal(bytes_of(e->text, e->len), text) ||
		!bytes_equal(bytes_of(e->tag, e->tag_len), tag)) {
		return wrong;
	}
	if (w->collect.n_spans != 0 && list_span_order(&w->before, &e->span) >= 0) {
		return "ranges and prefixes out of order";
	}
	list_collect_add(&w->collect, e);
	w->before = e->span;
	return NULL;
}

/* make_spans: takes them out of the collection. */
static const char *make_spans(struct decoding *d, struct list_collect *c)
{
	if (c->failed) {
		return "out of memory";
	}
	if (c->n_spans != 0) {
		d->spans = list_spans_make(
			c->spans, (uint32_t)c->n_spans, c->span_blob, (uint32_t)c->span_len);
		c->spans = NULL;
		c->span_blob = NULL;
		return d->spans == NULL ? "out of memory" : NULL;
	}
	return NULL;
}

static void take_spans(struct decoding *d)
{
	struct cursor in = cursor_sub(&d->cursor, (size_t)d->head.lengths[LENGTH_SPANS]);
	struct span_work *w;

	if (!cursor_ok(&d->cursor)) {
		d->why = "it is cut short";
		return;
	}
	w = malloc(sizeof(*w));
	if (w == NULL) {
		d->why = "out of memory";
		return;
	}
	list_collect_begin(&w->collect, (enum list_kind)d->head.counts[COUNT_KIND]);
	while (cursor_left(&in) != 0 && d->why == NULL) {
		d->why = take_span(w, &in);
	}
	if (d->why == NULL) {
		d->why = make_spans(d, &w->collect);
	}
	list_collect_free(&w->collect);
	free(w);
}

static void take_texts(struct decoding *d)
{
	struct bytes in = cursor_take(&d->cursor, (size_t)d->head.lengths[LENGTH_TEXTS]);
	struct list_texts *t = &d->store->texts;
	uint8_t *blob;

	if (!cursor_ok(&d->cursor) || cursor_left(&d->cursor) != 0) {
		d->why = "it is cut short, or goes on";
		return;
	}
	blob = malloc(in.len + 1);
	if (blob == NULL) {
		d->why = "out of memory";
		return;
	}
	memcpy(blob, in.data, in.len);
	if (!list_text_make(t, blob, in.len, true, &d->why)) {
		return;
	}
	for (uint32_t at = 0; at < t->blob_len; at = list_text_next(t, at)) {
		struct list_text_entry e = list_text_at(t, at);

		if (e.tag.len > LIST_TAG_MAX || !good_text(e.text) || !good_text(e.tag)) {
			d->why = "a text that is none";
			return;
		}
	}
	if (!list_store_index(d->store, (enum list_kind)d->head.counts[COUNT_KIND])) {
		d->why = "out of memory";
	}
}

/* check_kind: nothing that no text could have made. */
static const char *check_kind(const struct decoding *d)
{
	enum list_kind kind = (enum list_kind)d->head.counts[COUNT_KIND];
	bool digits = kind <= LIST_CODE;

	if ((d->store->numbers.n != 0 && !digits) ||
		(d->store->texts.n != 0 && (digits || kind == LIST_IP))) {
		return "entries of another kind";
	}
	return NULL;
}

static void decode(struct decoding *d)
{
	static void (*const steps[])(
		struct decoding *) = { take_head, take_numbers, take_tags, take_spans, take_texts };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && d->why == NULL; i++) {
		steps[i](d);
	}
	if (d->why == NULL) {
		d->why = check_kind(d);
	}
}

/* share: the base of a list that lives. */
static struct list *share(const char *name, const struct list *live, struct diag *diag)
{
	struct list *l = list_new(name, (enum list_kind)live->kind, list_store_ref(live->base),
		list_spans_ref(live->base_spans));

	if (l == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "list %s: out of memory", name);
		return NULL;
	}
	list_share_counts(l, live);
	memcpy(l->hash, live->hash, sizeof(l->hash));
	return l;
}

struct list *list_decode(const char *name, const char *file, struct bytes section,
	const uint8_t *hash, const struct list *live, struct diag *diag)
{
	struct decoding d = { .cursor = cursor_of(section) };
	uint8_t own[LIST_HASH_SIZE];
	struct list *l = NULL;

	if (hash == NULL) {
		(void)crypto_generichash(own, sizeof(own), section.data, section.len, NULL, 0);
		hash = own;
	}
	if (live != NULL && memcmp(live->hash, hash, LIST_HASH_SIZE) == 0) {
		return share(name, live, diag);
	}
	d.store = calloc(1, sizeof(*d.store));
	if (d.store == NULL) {
		d.why = "out of memory";
	} else {
		d.store->references = 1;
		decode(&d);
	}
	if (d.why == NULL) {
		l = list_new(name, (enum list_kind)d.head.counts[COUNT_KIND], d.store, d.spans);
		d.why = l == NULL ? "out of memory" : NULL;
	} else {
		list_store_unref(d.store);
		list_spans_unref(d.spans);
	}
	if (d.why != NULL) {
		diag_add(diag, DIAG_ERROR, file, 0, 0, "list %s: %s", name, d.why);
		return NULL;
	}
	if (live != NULL) {
		list_share_counts(l, live);
	}
	memcpy(l->hash, hash, sizeof(l->hash));
	return l;
}
