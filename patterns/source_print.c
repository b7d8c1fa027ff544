/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/source.h"

#include <stdlib.h>
#include <string.h>

#include <hs/hs.h>
#include <sodium.h>

#include "patterns/rule_attribute.h"
#include "patterns/rule_text.h"

/* Where the next line of the text would be thought to have been written. */
struct printer {
	FILE *to;
	const char *file; /* NULL: nowhere yet */
	int line;
	bool places;
};

/* Says with @line where the next line was written, unless that is known. */
static void print_place(struct printer *p, const char *file, int line)
{
	if (p->places && (p->file == NULL || p->line != line || strcmp(p->file, file) != 0)) {
		fprintf(p->to, "@line %d ", line);
		rule_text_print_quoted(p->to, file);
		fputc('\n', p->to);
	}
	p->file = file;
	p->line = line + 1;
}

static void print_rule(struct printer *p, const struct rule *r, char *const *categories)
{
	print_place(p, r->file, r->line);
	if (r->field == FIELD_WHEN) {
		fprintf(p->to, "%s:{%s}", r->id, r->expression);
	} else {
		fprintf(p->to, "%s:/%s/", r->id, r->expression);
		rule_text_print_flags(p->to, r->flags);
	}
	rule_attribute_print(p->to, r, categories[r->category]);
	fputc('\n', p->to);
}

static void print_example(struct printer *p, const struct example *e)
{
	print_place(p, e->file, e->line);
	fputs(e->must_match ? "+ " : "- ", p->to);
	rule_text_print_quoted(p->to, e->text);
	fputc('\n', p->to);
}

char *source_print_rules(const struct rule *rules, uint32_t n_rules, char *const *categories,
	const struct source *examples, size_t *len)
{
	char *text = NULL;
	struct printer p = { open_memstream(&text, len), NULL, 0, examples != NULL };
	uint32_t next = 0;
	bool failed;

	if (p.to == NULL) {
		return NULL;
	}
	for (uint32_t i = 0; i < n_rules; i++) {
		print_rule(&p, &rules[i], categories);
		while (examples != NULL && next < examples->n_examples &&
			examples->examples[next].rule == i) {
			print_example(&p, &examples->examples[next++]);
		}
	}
	failed = ferror(p.to) != 0;
	if (fclose(p.to) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

static bool hash_rules(const struct source *s, struct ruleset *r)
{
	size_t len = 0;
	char *text = source_print_rules(s->rules, s->n_rules, s->categories, NULL, &len);
	bool good = text != NULL && sodium_init() >= 0;

	if (good) {
		(void)crypto_generichash(
			r->hash, sizeof(r->hash), (const unsigned char *)text, len, NULL, 0);
	}
	free(text);
	return good;
}

/*
 * What a rule does, in one line: its id, expression and attributes but its note; without its state, which is
 * compared by itself (ruleset_diff()), and whether it keeps starts, which the policy may ask for, too.
 */
static bool hash_rule(struct rule *r, char *const *categories)
{
	struct rule plain = *r;
	char *text = NULL;
	size_t len = 0;
	struct printer p = { open_memstream(&text, &len), NULL, 0, false };
	bool good;

	if (p.to == NULL) {
		return false;
	}
	plain.note = NULL;
	plain.written_state = RULE_ON;
	plain.flags &= ~(unsigned)HS_FLAG_SOM_LEFTMOST;
	plain.flags |= HS_FLAG_SINGLEMATCH;
	print_rule(&p, &plain, categories);
	good = ferror(p.to) == 0;
	good = fclose(p.to) == 0 && good;
	if (good) {
		(void)crypto_generichash(
			r->hash, sizeof(r->hash), (const unsigned char *)text, len, NULL, 0);
	}
	free(text);
	return good;
}

static int compare_ids(const void *a, const void *b, void *rules)
{
	const uint32_t *x = a;
	const uint32_t *y = b;
	const struct rule *all = rules;

	return strcmp(all[*x].id, all[*y].id);
}

static uint32_t *sort_ids(const struct source *s)
{
	uint32_t *by_id = malloc(((size_t)s->n_rules + 1) * sizeof(*by_id));

	if (by_id != NULL) {
		for (uint32_t i = 0; i < s->n_rules; i++) {
			by_id[i] = i;
		}
		if (s->n_rules != 0) {
			qsort_r(by_id, s->n_rules, sizeof(*by_id), compare_ids, s->rules);
		}
	}
	return by_id;
}

bool source_move_rules(struct source *s, struct ruleset *r)
{
	bool good = hash_rules(s, r);

	for (uint32_t i = 0; good && i < s->n_rules; i++) {
		good = hash_rule(&s->rules[i], s->categories);
	}
	r->by_id = good ? sort_ids(s) : NULL;
	if (r->by_id == NULL) {
		return false;
	}
	r->rules = s->rules;
	r->n_rules = s->n_rules;
	r->categories = s->categories;
	r->n_categories = s->n_categories;
	s->rules = NULL;
	s->n_rules = 0;
	s->rules_size = 0;
	s->categories = NULL;
	s->n_categories = 0;
	free(s->ids);
	s->ids = NULL;
	for (uint32_t i = 0; i < r->n_rules; i++) {
		if (r->rules[i].field < FIELDS) {
			r->parts[r->rules[i].field][r->rules[i].view].n_rules++;
		}
	}
	return true;
}
