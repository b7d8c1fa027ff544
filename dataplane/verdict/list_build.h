/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * list_build: lists from text, from a pack's section and from changes, and back.
 *
 *   text     one entry a line; "#" begins a comment; a tag may follow a comma:
 *            447700900001            +44 7700 900001, tag          4477009*
 *            447700900000-447700900999   "My, Bank"    10.0.0.0/8    example.com/login
 *   section  "list.NAME" of a pack: the base, as memory has it (list_section.c)
 *   change   "list.NAME.change" of a pack: lines "+ENTRY[,TAG]" and "-ENTRY", relative to the base
 *
 * Control only; allocates. Every error is told, as file:line. Bounds: LIMIT_LIST_ENTRIES; a section
 * is checked in full before it is looked into, so that no octets can lead a look-up astray.
 */
#ifndef SMSWALL_VERDICT_LIST_BUILD_H
#define SMSWALL_VERDICT_LIST_BUILD_H

#include <stdio.h>

#include "dataplane/base/diag.h"
#include "dataplane/verdict/lists.h"

enum { LIST_HASH_SIZE = 32 };

/* list_read: from text; `file` is for messages. With one reference; NULL with errors in `diag`. */
struct list *list_read(const char *name, enum list_kind kind, const char *file, struct bytes text,
	struct diag *diag);

/* list_load: list_read() of a file; `shown` is its name in messages. */
struct list *list_load(const char *name, enum list_kind kind, const char *path, const char *shown,
	struct diag *diag);

/* list_encode: the base as a section, malloc()ed into *octets. False when out of memory. */
bool list_encode(const struct list *l, uint8_t **octets, size_t *len);

/*
 * list_decode: a section as a list without changes. `hash` is the BLAKE2b-256 of its octets, as its
 * pack's table has it (NULL: it is computed). Where `live` (may be NULL) has a base of that hash the
 * base is shared, and the octets are not looked at. NULL with an error in `diag`, `file` naming the pack.
 */
struct list *list_decode(const char *name, const char *file, struct bytes section,
	const uint8_t *hash, const struct list *live, struct diag *diag);

/* list_hash: BLAKE2b-256 of the base's section: what a pack's table says of it. */
void list_hash(const struct list *l, uint8_t hash[LIST_HASH_SIZE]);

/*
 * list_change: a version of `l` with the lines of `change` applied after those it has; shares the
 * base of `l`. An entry to be deleted that is not there is an error, one to be added that is there a
 * warning. NULL with errors in `diag`; nothing is applied then.
 */
struct list *list_change(
	const struct list *l, const char *file, struct bytes change, struct diag *diag);

/* list_change_text: all changes since the base, sorted; empty: none. Lives as long as the list. */
struct bytes list_change_text(const struct list *l);

/* list_wants_merge: the overlay has grown beyond LIMIT_LIST_OVERLAY. */
bool list_wants_merge(const struct list *l);
/* list_merge: the same entries as a base of their own; NULL when out of memory. */
struct list *list_merge(const struct list *l);

/*
 * list_print: the canonical text: numbers by length and value, then ranges, prefixes and networks,
 * then texts by octets; read again it gives an equal list. At most `max` entries (0: all).
 * Returns how many were left out.
 */
uint64_t list_print(const struct list *l, uint64_t max, FILE *to);

/* list_has_entry: an entry as written is one of the list's own; false also when it is none at all. */
bool list_has_entry(const struct list *l, const char *entry);

/*
 * list_equal_entries: both have the same entries and tags; for `list replace` that changes nothing.
 */
bool list_equal_entries(const struct list *a, const struct list *b);

/* list_difference: of two lists of one kind: what only one of them has, and what has another tag. */
struct list_difference {
	uint64_t n_added;
	uint64_t n_removed;
	uint64_t n_retagged;
};
struct list_difference list_difference(const struct list *old, const struct list *new);

#endif
