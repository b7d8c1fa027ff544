/* SPDX-License-Identifier: BSD-3-Clause */
/* Property: idempotent; valid and bounded; the map back is monotone; fold_needed never says false wrongly. */
#include <stdlib.h>

#include "dataplane/sms/entity.h"
#include "dataplane/sms/fold.h"
#include "dataplane/sms/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1024 };

static void check_entities(struct bytes text)
{
	static struct entity entities[LIMIT_ENTITIES];
	static uint8_t buffer[8 * INPUT_MAX];
	uint32_t n = entity_find(text, NUMBERING_NONE, entities, buffer, sizeof(buffer));

	if (n > LIMIT_ENTITIES) {
		abort();
	}
	for (uint32_t i = 0; i < n; i++) {
		if (entities[i].from >= entities[i].to || entities[i].to > text.len ||
			entities[i].value.data < buffer ||
			entities[i].value.data + entities[i].value.len > buffer + sizeof(buffer)) {
			abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t once[FOLD_SIZE(INPUT_MAX) + 64];
	static uint8_t twice[FOLD_SIZE(FOLD_SIZE(INPUT_MAX)) + 64];
	static uint32_t origin[FOLD_SIZE(INPUT_MAX) + 65];
	uint8_t *text;
	struct fold_result a;
	struct fold_result b;

	if (size > INPUT_MAX || !text_utf8_valid(bytes_of(data, size)) ||
		memchr(data, 0, size) != NULL) {
		return 0;
	}
	text = calloc(1, size + 64);
	memcpy(text, data, size);
	a = fold_text(bytes_of(text, size), once, FOLD_SIZE(size), origin);
	if (a.len > FOLD_SIZE(size) || !text_utf8_valid(bytes_of(once, a.len)) ||
		origin[a.len] != size) {
		abort();
	}
	for (size_t i = 1; i <= a.len; i++) {
		if (origin[i] < origin[i - 1]) {
			abort();
		}
	}
	if (a.beyond_case && !fold_needed(bytes_of(text, size))) {
		abort();
	}
	b = fold_text(bytes_of(once, a.len), twice, FOLD_SIZE(a.len), NULL);
	if (b.beyond_case ||
		(b.len != 0 && !bytes_equal(bytes_of(once, a.len), bytes_of(twice, b.len)))) {
		abort();
	}
	check_entities(bytes_of(text, size));
	free(text);
	return 0;
}
