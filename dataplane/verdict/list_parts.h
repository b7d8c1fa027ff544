/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * list_parts: what the files of lists.h and list_build.h share; nobody else includes it.
 *
 *   lists.c         look-ups            list_number.c  whole numbers
 *   list_set.c      names and counting  list_span.c    ranges, prefixes, networks
 *   list_entry.c    one entry as text   list_text.c    senders, accounts, hosts
 *   list_collect.c  entries -> list     list_section.c list <-> section of a pack
 *   list_read.c     text -> entries     list_change.c  changes, merging
 *   list_pair.c     subscribers with a sender
 */
#ifndef SMSWALL_VERDICT_LIST_PARTS_H
#define SMSWALL_VERDICT_LIST_PARTS_H

#include "dataplane/verdict/list_build.h"
#include "dataplane/verdict/list_number.h"
#include "dataplane/verdict/list_span.h"
#include "dataplane/verdict/list_text.h"

/* Tags of whole numbers; few have any. */
struct list_tags {
	uint64_t *keys; /* sorted */
	uint32_t *at;   /* n + 1 places in the blob: where each begins, and the end */
	char *blob;
	uint32_t n;
};

/* Exact entries: a base, or what an overlay adds or takes away. Counted. */
struct list_store {
	struct list_numbers numbers;
	struct list_tags tags;
	struct list_texts texts;
	struct list_texts
		folded; /* kinds sender and host: keyed by the fold; tag: place in texts, 4 octets */
	uint16_t pair_prefixes; /* kind pair: 1 << digits of each prefix that a sender is */
	struct arena *arena;    /* what it is charged to, see list_set_charge() */
	size_t charged;
	_Atomic int references;
};

/* What is counted of a list, over its versions: a cache line a worker. */
struct list_counts {
	struct list_worker_count {
		_Alignas(64) _Atomic uint64_t decided;
		_Atomic uint64_t last_us;
	} workers[LIST_WORKERS_MAX];
	_Atomic int references;
};

struct list {
	char name[LIST_NAME_SIZE];
	uint8_t kind;
	struct list_store *base;
	struct list_store *added;   /* NULL: none */
	struct list_store *deleted; /* NULL: none; all of them are in the base */
	struct list_spans *spans;   /* of this version; NULL: none */
	struct list_spans *base_spans;
	struct list_counts *counts;
	char *change; /* since the base, canonical */
	size_t change_len;
	uint8_t hash[LIST_HASH_SIZE]; /* of the base's section */
	_Atomic int references;
};

/* What an entry is. */
enum list_class { LIST_EXACT_NUMBER, LIST_EXACT_TEXT, LIST_SPAN };

struct list_entry {
	enum list_class class;
	uint64_t key;          /* LIST_EXACT_NUMBER */
	struct list_span span; /* LIST_SPAN; its place in a blob is not set */
	uint8_t len;           /* of text */
	uint8_t tag_len;
	char text[LIST_TEXT_MAX +
		  1]; /* canonical: but for whole numbers; LIST_EXACT_TEXT: the key itself */
	char tag[LIST_TAG_MAX + 1];
};

enum { LIST_WHY_SIZE = 160 };

/*
 * list_entry_read: one line without its line end. 1: an entry, 0: nothing but blanks or a comment,
 * -1: wrong, `why` says what was expected.
 */
int list_entry_read(
	enum list_kind kind, struct bytes line, struct list_entry *e, char why[LIST_WHY_SIZE]);

/* list_entry_number: the digits of a number of E.164 with what people write between them; as above. */
int list_entry_number(const char *text, size_t len, char out[LIST_DIGITS_MAX + 1], size_t *n,
	char why[LIST_WHY_SIZE]);

/* list_entry_print: canonical, with its tag, without a line end; quoted where it has to be. */
enum { LIST_PRINT_SIZE = 2 * (LIST_TEXT_MAX + LIST_TAG_MAX) + 8 };
size_t list_entry_print(const struct list_entry *e, char out[LIST_PRINT_SIZE]);

/* list_entry_order: the order of list_print(); equal entries have the same key, whatever their tag. */
int list_entry_order(const struct list_entry *a, const struct list_entry *b);

/* list_number_text: the digits of a key; `out` of LIST_DIGITS_MAX + 1. */
struct bytes list_number_text(uint64_t key, char out[LIST_DIGITS_MAX + 1]);

/* A heap of entries on its way to be a list. */
struct list_collect {
	enum list_kind kind;
	uint64_t *keys;
	size_t n_keys, keys_size;
	bool keys_unsorted;
	struct list_tag_note { /* of whole numbers */
		uint64_t key;
		uint32_t at; /* in tag_blob: u8 length, tag */
	} * notes;
	size_t n_notes, notes_size;
	uint8_t *tag_blob;
	size_t tag_len, tag_size;
	struct list_span *spans;
	size_t n_spans, spans_size;
	char *span_blob;
	size_t span_len, span_size;
	uint8_t *texts; /* as in list_text.h, unsorted */
	size_t texts_len, texts_size;
	size_t n_texts;
	bool failed; /* out of memory, or more than LIMIT_LIST_ENTRIES */
};

void list_collect_begin(struct list_collect *c, enum list_kind kind);
void list_collect_add(struct list_collect *c, const struct list_entry *e);
/* list_collect_key: a whole number without a tag. */
void list_collect_key(struct list_collect *c, uint64_t key);
/* list_collect_sort: sorts; repeats stay: *n_repeats of them. */
bool list_collect_sort(struct list_collect *c, size_t *n_repeats);
/* list_collect_finish: sorts and drops repeats (the first one's tag stays): a store and spans. */
bool list_collect_finish(
	struct list_collect *c, struct list_store **store, struct list_spans **spans);
void list_collect_free(struct list_collect *c);

/* list_new: with one reference; takes over store and spans. NULL when out of memory (they are released). */
struct list *list_new(
	const char *name, enum list_kind kind, struct list_store *store, struct list_spans *spans);
/* list_share_counts: goes on with those of another version of the same list. */
void list_share_counts(struct list *l, const struct list *before);
struct list_store *list_store_ref(struct list_store *s);
void list_store_unref(struct list_store *s);
struct list_spans *list_spans_ref(struct list_spans *s);
/* list_kind_folds: a store of this kind has `folded`. */
static inline bool list_kind_folds(enum list_kind kind)
{
	return kind == LIST_SENDER || kind == LIST_HOST;
}

/* list_entry_fold: what look-alikes of an entry meet; empty: nothing, as of a URL with a path. */
struct bytes list_entry_fold(enum list_kind kind, struct bytes text, uint8_t out[LIST_FOLD_SIZE]);

/* list_store_index: what of a kind is made from `texts` beside them: `folded`, `pair_prefixes`. */
bool list_store_index(struct list_store *s, enum list_kind kind);
/* list_pair_read: e->text becomes canonical; 1, or -1 with `why` (list_pair.c). */
int list_pair_read(struct list_entry *e, char why[LIST_WHY_SIZE]);
uint16_t list_pair_prefixes(const struct list_texts *s);
size_t list_store_size(const struct list_store *s);
/* list_section_hash: of the section that list_encode() makes. */
void list_section_hash(const struct list *l, uint8_t hash[LIST_HASH_SIZE]);
/* list_tag_of: of a whole number; empty: none. */
struct bytes list_tag_of(const struct list_tags *t, uint64_t key);

/* list_walk: every entry in order of list_print(). Start it with list_walk_begin(). */
struct list_walk {
	const struct list *list;
	struct list_number_walk base, added;
	uint64_t base_key, added_key; /* 0: none */
	uint32_t span;
	uint32_t base_text, added_text;
	int stage;
};
void list_walk_begin(struct list_walk *w, const struct list *l);
bool list_walk_next(struct list_walk *w, struct list_entry *e);

#endif
