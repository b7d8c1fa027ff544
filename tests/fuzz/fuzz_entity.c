/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Property: spans are in order and lie in the text; values are UTF-8 and lie in the buffer; a number
 * in international form, alone in a text, is found as itself; its country has its calling code. The
 * first octet is the home country.
 */
#include <stdlib.h>

#include "dataplane/sms/entity.h"
#include "dataplane/sms/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1024 };

static void must(bool holds)
{
	if (!holds) {
		abort();
	}
}

static void check_number(const struct entity *e, uint16_t home)
{
	static struct entity again[LIMIT_ENTITIES];
	uint8_t buffer[64];
	bool plus = e->value.len != 0 && e->value.data[0] == '+';

	must(e->value.len >= 7 && e->value.len <= 15u + plus);
	for (size_t i = plus; i < e->value.len; i++) {
		must(e->value.data[i] >= '0' && e->value.data[i] <= '9');
	}
	must(e->number.calling_code == numbering_country_of(e->number.country)->calling_code);
	must(plus || e->number.country == NUMBERING_NONE);
	if (plus) {
		must(entity_find(e->value, home, again, buffer, sizeof(buffer)) == 1);
		must(bytes_equal(again[0].value, e->value));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct entity entities[LIMIT_ENTITIES];
	static uint8_t buffer[8 * INPUT_MAX];
	uint16_t home;
	uint8_t *text;
	uint32_t last = 0;
	uint32_t n;

	if (size == 0 || size > INPUT_MAX || !text_utf8_valid(bytes_of(data + 1, size - 1))) {
		return 0;
	}
	home = data[0];
	size--;
	text = malloc(size + 1); /* of the exact size: the sanitizers see a read beyond it */
	memcpy(text + 1, data + 1, size);
	n = entity_find(bytes_of(text + 1, size), home, entities, buffer, sizeof(buffer));
	must(n <= LIMIT_ENTITIES);
	for (uint32_t i = 0; i < n; i++) {
		const struct entity *e = &entities[i];

		must(e->from >= last && e->from < e->to && e->to <= size);
		must(e->value.data >= buffer &&
			e->value.data + e->value.len <= buffer + sizeof(buffer));
		must(text_utf8_valid(e->value));
		must(e->kind == ENTITY_NUMBER ||
			(e->host.len != 0 && e->host.data >= e->value.data &&
				e->host.data + e->host.len <= e->value.data + e->value.len));
		if (e->kind == ENTITY_NUMBER) {
			check_number(e, home);
		}
		last = e->to;
	}
	free(text);
	return 0;
}
