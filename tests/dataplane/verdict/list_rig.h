/* SPDX-License-Identifier: BSD-3-Clause */
/* list_rig: what the tests of lists share. */
#ifndef SMSWALL_TESTS_LIST_RIG_H
#define SMSWALL_TESTS_LIST_RIG_H

#include <stdio.h>
#include <stdlib.h>

#include "dataplane/verdict/list_build.h"
#include "tests/support/unit.h"

static inline struct diag *diag_new(void)
{
	struct diag *d = calloc(1, sizeof(*d));

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	return d;
}

static inline void diag_done(struct diag *d)
{
	diag_clear(d);
	free(d);
}

static inline struct list *read_list(enum list_kind kind, const char *text)
{
	struct diag *diag = diag_new();
	struct list *l = list_read("test", kind, "test.txt", bytes_str(text), diag);

	if (l == NULL) {
		diag_print(diag, stdout);
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	diag_done(diag);
	return l;
}

/* found: what list_find_digits() says of `digits`: the entry, or "". Valid until the next call. */
static inline const char *found(const struct list *l, const char *digits)
{
	static char entry[LIST_TEXT_MAX + LIST_TAG_MAX + 4];
	struct list_hit hit;

	entry[0] = '\0';
	if (list_find_digits(l, bytes_str(digits), &hit)) {
		(void)snprintf(entry, sizeof(entry), "%.*s%s%.*s", (int)hit.entry.len,
			(const char *)hit.entry.data, hit.tag.len != 0 ? "," : "", (int)hit.tag.len,
			(const char *)hit.tag.data);
	}
	return entry;
}

static inline const char *found_url(const struct list *l, const char *url)
{
	static char entry[LIST_TEXT_MAX + 1];
	const char *host = strstr(url, "://") + 3;
	struct list_hit hit;

	entry[0] = '\0';
	if (list_find_url(l, bytes_str(url), bytes_of(host, strcspn(host, ":/?#")), &hit)) {
		(void)snprintf(entry, sizeof(entry), "%.*s", (int)hit.entry.len,
			(const char *)hit.entry.data);
	}
	return entry;
}

/* print: the canonical text; to be freed. */
static inline char *print(const struct list *l)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	CU_ASSERT_EQUAL(list_print(l, 0, to), 0);
	fclose(to);
	return text;
}

static inline void check_print(const struct list *l, const char *expected)
{
	char *text = print(l);

	CU_ASSERT_STRING_EQUAL(text, expected);
	free(text);
}

/* through_section: the same list by way of its section. */
static inline struct list *through_section(const struct list *l)
{
	struct diag *diag = diag_new();
	uint8_t *octets;
	size_t len;
	struct list *again;
	uint8_t a[LIST_HASH_SIZE];
	uint8_t b[LIST_HASH_SIZE];

	CU_ASSERT_FATAL(list_encode(l, &octets, &len));
	again = list_decode("test", "test.pack", bytes_of(octets, len), NULL, NULL, diag);
	if (again == NULL) {
		diag_print(diag, stdout);
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	list_hash(l, a);
	list_hash(again, b);
	CU_ASSERT_EQUAL(memcmp(a, b, sizeof(a)), 0);
	free(octets);
	diag_done(diag);
	return again;
}

#endif
