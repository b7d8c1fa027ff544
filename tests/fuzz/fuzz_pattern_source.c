/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any octets as a pattern file: errors have a file and a line, what was read obeys its bounds, and
 * the canonical text of what was read reads back to the same canonical text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/limits.h"
#include "patterns/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct diag diag;

static void require(bool holds)
{
	if (!holds) {
		diag_print(&diag, stderr);
		abort();
	}
}

static void check_messages(bool good)
{
	require(good == (diag.n_errors == 0));
	for (size_t i = 0; i < diag.n_entries; i++) {
		const struct diag_entry *e = &diag.entries[i];

		require(e->file != NULL && e->file[0] != '\0' && e->line > 0 && e->column >= 0);
		require(e->text != NULL && e->text[0] != '\0');
	}
}

static void check_bounds(const struct source *s)
{
	require(s->n_categories >= 1 && s->n_categories <= LIMIT_CATEGORIES);
	for (uint32_t i = 0; i < s->n_rules; i++) {
		const struct rule *r = &s->rules[i];

		require(r->id[0] != '\0' && strlen(r->id) <= LIMIT_RULE_ID_LEN);
		require(r->expression[0] != '\0' && r->category < s->n_categories);
		require(r->weight >= -1000 && r->weight <= 1000 && r->status <= 0x4FF);
		require(r->action < ACTIONS || r->action == RULE_ACTION_UNSET);
		require(r->field < FIELDS && r->view < VIEWS && r->line > 0);
		require(r->view == VIEW_SENT || r->field == FIELD_TEXT || r->field == FIELD_SENDER);
	}
	for (uint32_t i = 0; i < s->n_examples; i++) {
		require(s->examples[i].rule < s->n_rules && s->examples[i].line > 0);
		require(i == 0 || s->examples[i - 1].rule <= s->examples[i].rule);
	}
}

static void check_round_trip(const struct source *s)
{
	struct source again;
	size_t len = 0;
	size_t len_again = 0;
	char *text = source_print_rules(s->rules, s->n_rules, s->categories, s, &len);
	char *text_again;

	require(text != NULL);
	source_init(&again);
	diag_clear(&diag);
	require(source_read_text(&again, "printed", text, len, &diag));
	text_again = source_print_rules(
		again.rules, again.n_rules, again.categories, &again, &len_again);
	require(text_again != NULL && len == len_again && memcmp(text, text_again, len) == 0);
	require(again.n_rules == s->n_rules && again.n_examples == s->n_examples);
	free(text);
	free(text_again);
	source_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct source s;
	bool good;

	source_init(&s);
	good = source_read_text(&s, "fuzz.pat", (const char *)data, len, &diag);
	check_messages(good);
	check_bounds(&s);
	check_round_trip(&s);
	diag_clear(&diag);
	source_free(&s);
	return 0;
}
