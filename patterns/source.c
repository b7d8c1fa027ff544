/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/source.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/limits.h"
#include "patterns/rule_attribute.h"
#include "patterns/rule_text.h"

enum { LINE_NUMBER_MAX = 1000000000, SIZE_FIRST = 64 };

/* Open addressing by FNV-1a: slots hold a rule's index + 1, 0 is free; at most half are taken. */
struct ids {
	uint32_t size; /* a power of two */
	uint32_t slots[];
};

enum last_rule { LAST_NONE, LAST_BAD, LAST_GOOD };

/* The reading of one text. On the heap: the attributes and the scratch are large. */
struct reader {
	struct source *source;
	struct diag *diag;
	char *file; /* changed by @line */
	int line;
	enum last_rule last; /* what an example belongs to */
	bool out_of_memory;
	bool printed; /* @line was seen: lines may be as long as source_print_rules() makes them */
	bool whens;   /* rules of FIELD_WHEN may stand in it */
	struct rule_attributes defaults;
	struct rule_attributes attributes;
	char scratch[QUOTED_SIZE];
};

static uint32_t hash_id(const char *id)
{
	uint32_t h = 2166136261u;

	for (; *id != '\0'; id++) {
		h = (h ^ (unsigned char)*id) * 16777619u;
	}
	return h;
}

/* The slot of `id`: it holds the rule of that id or is free. */
static uint32_t *find_slot(struct ids *t, const struct rule *rules, const char *id)
{
	uint32_t i = hash_id(id) & (t->size - 1);

	while (t->slots[i] != 0 && strcmp(rules[t->slots[i] - 1].id, id) != 0) {
		i = (i + 1) & (t->size - 1);
	}
	return &t->slots[i];
}

/* Makes room for one more id. */
static bool grow_ids(struct source *s)
{
	const struct ids *old = s->ids;
	struct ids *t;
	uint32_t size;

	if (old != NULL && s->n_rules + 1 <= old->size / 2) {
		return true;
	}
	size = old != NULL ? old->size * 2 : 4 * SIZE_FIRST;
	t = calloc(1, sizeof(*t) + size * sizeof(t->slots[0]));
	if (t == NULL) {
		return false;
	}
	t->size = size;
	for (uint32_t i = 0; i < s->n_rules; i++) {
		*find_slot(t, s->rules, s->rules[i].id) = i + 1;
	}
	free(s->ids);
	s->ids = t;
	return true;
}

void source_init(struct source *s)
{
	*s = (struct source){ 0 };
	s->categories = calloc(LIMIT_CATEGORIES, sizeof(s->categories[0]));
	if (s->categories != NULL) {
		s->categories[0] = strdup("default");
		s->n_categories = s->categories[0] != NULL ? 1 : 0;
	}
}

void source_free(struct source *s)
{
	for (uint32_t i = 0; i < s->n_rules; i++) {
		free(s->rules[i].expression);
		free(s->rules[i].note);
		free(s->rules[i].file);
	}
	for (uint32_t i = 0; i < s->n_examples; i++) {
		free(s->examples[i].text);
		free(s->examples[i].file);
	}
	for (uint32_t i = 0; i < s->n_categories; i++) {
		free(s->categories[i]);
	}
	free(s->rules);
	free(s->examples);
	free(s->categories);
	free(s->ids);
	*s = (struct source){ 0 };
}

static bool grow_rules(struct source *s)
{
	uint32_t size = s->rules_size != 0 ? s->rules_size * 2 : SIZE_FIRST;
	struct rule *rules;

	if (s->n_rules < s->rules_size) {
		return true;
	}
	rules = realloc(s->rules, size * sizeof(*rules));
	if (rules == NULL) {
		return false;
	}
	s->rules = rules;
	s->rules_size = size;
	return true;
}

static bool grow_examples(struct source *s)
{
	uint32_t size = s->examples_size != 0 ? s->examples_size * 2 : SIZE_FIRST;
	struct example *examples;

	if (s->n_examples < s->examples_size) {
		return true;
	}
	examples = size > s->examples_size ? realloc(s->examples, size * sizeof(*examples)) : NULL;
	if (examples == NULL) {
		return false;
	}
	s->examples = examples;
	s->examples_size = size;
	return true;
}

/* The index of category `name`, added if new; false when there are too many or no memory. */
static bool intern_category(struct source *s, const char *name, uint16_t *index)
{
	for (uint16_t i = 0; i < s->n_categories; i++) {
		if (strcmp(s->categories[i], name) == 0) {
			*index = i;
			return true;
		}
	}
	if (s->n_categories == 0 || s->n_categories == LIMIT_CATEGORIES) {
		return false;
	}
	s->categories[s->n_categories] = strdup(name);
	if (s->categories[s->n_categories] == NULL) {
		return false;
	}
	*index = s->n_categories++;
	return true;
}

/* Out of memory ends the reading of this text: said once. */
static void fail_memory(struct reader *r)
{
	if (!r->out_of_memory) {
		diag_add(r->diag, DIAG_ERROR, r->file, r->line, 0, "out of memory");
	}
	r->out_of_memory = true;
}

static const char id_allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789_.-";

/* expect_slash: what follows the id's colon. */
static bool expect_slash(const struct rule_line *l, size_t at, bool whens)
{
	if (at < l->len && (l->text[at] == '/' || (l->text[at] == '{' && whens))) {
		return true;
	}
	if (at < l->len && l->text[at] == '{') {
		rule_text_error(l, at,
			"a rule with a condition stands in policy.conf: "
			"rules = ( { id = \"%.*s\"; when = { ... }; } );",
			(int)(at - 1), l->text);
	} else {
		rule_text_error(l, at,
			"expected '/' right after the colon, as in %.*s:/expression/",
			(int)(at - 1), l->text);
	}
	return false;
}

/* The rule's id: what stands before "ID:/". Returns the offset of the slash, 0 after an error. */
static size_t read_id(const struct rule_line *l, bool whens, char *id)
{
	size_t n = 0;

	while (n < l->len && l->text[n] != '\0' && strchr(id_allowed, l->text[n]) != NULL) {
		n++;
	}
	if (n == 0 || n >= l->len || l->text[n] != ':') {
		if (l->text[0] == ' ' || l->text[0] == '\t') {
			rule_text_error(l, 0, "a rule begins in the first column");
		} else if (memchr(l->text, ':', l->len) == NULL) {
			rule_text_error(l, 0,
				"this is no rule (ID:/expression/flags), example "
				"(+ \"text\"), directive (@...) or comment (#...)");
		} else {
			rule_text_error(l, n,
				"a rule's id has letters, digits, '_', '.' and '-' only, "
				"and ends at a colon");
		}
		return 0;
	}
	if (n > LIMIT_RULE_ID_LEN) {
		rule_text_error(
			l, 0, "this id has %zu characters; %u are allowed", n, LIMIT_RULE_ID_LEN);
		return 0;
	}
	if (!expect_slash(l, n + 1, whens)) {
		return 0;
	}
	memcpy(id, l->text, n);
	id[n] = '\0';
	return n + 1;
}

/* Operators write comments behind rules; they would silently become part of the expression. */
static void warn_of_comment(const struct rule_line *l, size_t open, size_t close)
{
	for (size_t i = open + 1; i < close; i++) {
		size_t j = i + 1;

		if (l->text[i] != '/' || l->text[i - 1] == '\\') {
			continue;
		}
		while (j < close && strchr("ismLVWH8", l->text[j]) != NULL) {
			j++;
		}
		if (j + 1 < close && l->text[j] == ' ' && rule_text_skip(l, j) < close &&
			l->text[rule_text_skip(l, j)] == '#') {
			rule_text_warn(l, rule_text_skip(l, j),
				"\"#\" here is part of the expression; a comment needs a line of its own");
			return;
		}
	}
}

/* find_category: by its name, added if it is new. */
static bool find_category(struct source *s, const char *name, const char *file, int line,
	struct diag *diag, uint16_t *category)
{
	if (!intern_category(s, name, category)) {
		diag_add(diag, DIAG_ERROR, file, line, 0,
			"category \"%s\": a policy has at most %u categories", name,
			LIMIT_CATEGORIES);
		return false;
	}
	return true;
}

/* Moves what was read into the source; takes nothing when it fails. */
static bool add_rule(struct reader *r, struct rule *rule)
{
	struct source *s = r->source;
	const struct rule_attributes *a = &r->attributes;

	if (!find_category(s, a->category, r->file, r->line, r->diag, &rule->category)) {
		return false;
	}
	rule->weight = a->weight;
	rule->status = a->status;
	rule->action = a->action;
	rule->state = a->state;
	rule->sample = a->sample;
	rule->written_state = a->state;
	rule->written_sample = a->sample;
	rule->field = rule->field == FIELD_WHEN ? FIELD_WHEN : a->field;
	rule->view = a->view;
	rule->line = r->line;
	rule->file = strdup(r->file);
	rule->note = a->note[0] != '\0' ? strdup(a->note) : NULL;
	if (rule->file == NULL || (a->note[0] != '\0' && rule->note == NULL) || !grow_rules(s)) {
		free(rule->file);
		free(rule->note);
		fail_memory(r);
		return false;
	}
	*find_slot(s->ids, s->rules, rule->id) = s->n_rules + 1;
	s->rules[s->n_rules++] = *rule;
	return true;
}

/* False when the id was given before or there is no room. */
static bool check_new(struct reader *r, const struct rule_line *l, const char *id)
{
	struct source *s = r->source;
	uint32_t slot;

	if (!grow_ids(s)) {
		fail_memory(r);
		return false;
	}
	slot = *find_slot(s->ids, s->rules, id);
	if (slot != 0) {
		rule_text_error(l, 0, "rule %s was given before, at %s:%d", id,
			s->rules[slot - 1].file, s->rules[slot - 1].line);
		return false;
	}
	if (s->n_rules == LIMIT_RULES) {
		rule_text_error(l, 0, "more than %u rules", LIMIT_RULES);
		return false;
	}
	return true;
}

/* read_pattern: from the opening slash on; *at is then behind the flags. */
static bool read_pattern(
	const struct rule_line *l, size_t open, size_t close, size_t *at, struct rule *rule)
{
	bool good = true;

	if (close == open + 1) {
		rule_text_error(l, close, "an empty expression matches every text");
		good = false;
	}
	if (close - open > TEXT_LEN_MAX) {
		rule_text_error(
			l, open, "this expression is longer than %d octets", TEXT_LEN_MAX - 1);
		good = false;
	}
	warn_of_comment(l, open, close);
	return rule_text_flags(l, at, &rule->flags) && good;
}

static void read_rule(struct reader *r, const struct rule_line *l)
{
	struct rule rule = { 0 };
	size_t open = read_id(l, r->whens, rule.id);
	size_t close;
	size_t at;
	bool good;

	r->last = LAST_BAD;
	if (open == 0) {
		return;
	}
	rule.field = l->text[open] == '{' ? FIELD_WHEN : FIELD_TEXT;
	good = check_new(r, l, rule.id);
	if (r->out_of_memory || !(rule.field == FIELD_WHEN ? rule_text_brace(l, open, &close)
							   : rule_text_close(l, open, &close))) {
		return;
	}
	at = close + 1;
	if (rule.field != FIELD_WHEN) {
		good = read_pattern(l, open, close, &at, &rule) && good;
	} else if (close - open > WHEN_LEN_MAX) {
		rule_text_error(l, open, "this condition is longer than %d octets", WHEN_LEN_MAX);
		good = false;
	}
	r->attributes = r->defaults;
	good = rule_attribute_read(l, at, r->scratch, &r->attributes) && good;
	if (!good) {
		return;
	}
	rule.expression = strndup(l->text + open + 1, close - open - 1);
	if (rule.expression == NULL) {
		fail_memory(r);
	} else if (add_rule(r, &rule)) {
		r->last = LAST_GOOD;
	} else {
		free(rule.expression);
	}
}

static void read_example(struct reader *r, const struct rule_line *l, size_t at)
{
	struct source *s = r->source;
	struct example e = { .must_match = l->text[at] == '+', .line = r->line };
	size_t begin = rule_text_skip(l, at + 1);

	if (begin >= l->len || l->text[begin] != '"') {
		rule_text_error(l, begin, "expected a text in double quotes, as in %c \"text\"",
			l->text[at]);
		return;
	}
	at = begin;
	if (!rule_text_quoted(l, &at, r->scratch, sizeof(r->scratch))) {
		return;
	}
	if (at != l->len) {
		rule_text_error(l, at, "nothing may follow an example's text");
		return;
	}
	if (strlen(r->scratch) > TEXT_LEN_MAX) {
		rule_text_error(l, begin, "this text is longer than %d octets", TEXT_LEN_MAX);
		return;
	}
	if (r->last == LAST_NONE) {
		rule_text_error(l, 0, "this example follows no rule");
	}
	if (r->last != LAST_GOOD) {
		return; /* its rule has errors of its own */
	}
	e.rule = s->n_rules - 1;
	e.text = strdup(r->scratch);
	e.file = strdup(r->file);
	if (e.text == NULL || e.file == NULL || !grow_examples(s)) {
		free(e.text);
		free(e.file);
		fail_memory(r);
		return;
	}
	s->examples[s->n_examples++] = e;
}

/* `@line NUMBER "FILE"`, from behind its word. */
static void read_line_directive(struct reader *r, const struct rule_line *l, size_t at)
{
	long number = 0;
	char *file;

	at = rule_text_skip(l, at);
	while (at < l->len && l->text[at] >= '0' && l->text[at] <= '9' &&
		number < LINE_NUMBER_MAX) {
		number = number * 10 + (l->text[at++] - '0');
	}
	at = rule_text_skip(l, at);
	if (number < 1 || number > LINE_NUMBER_MAX || at >= l->len || l->text[at] != '"') {
		rule_text_error(l, at, "expected @line NUMBER \"FILE\"");
		return;
	}
	if (!rule_text_quoted(l, &at, r->scratch, sizeof(r->scratch))) {
		return;
	}
	if (at != l->len || r->scratch[0] == '\0') {
		rule_text_error(l, at, "expected @line NUMBER \"FILE\" and nothing more");
		return;
	}
	file = strdup(r->scratch);
	if (file == NULL) {
		fail_memory(r);
		return;
	}
	free(r->file);
	r->file = file;
	r->line = (int)number - 1; /* of this line; the next one counts up */
	r->printed = true;
}

static bool is_word(const struct rule_line *l, size_t at, const char *word, size_t *end)
{
	size_t n = strlen(word);

	*end = at + n;
	return l->len - at >= n && memcmp(l->text + at, word, n) == 0 &&
	       (*end == l->len || l->text[*end] == ' ' || l->text[*end] == '\t');
}

static void read_directive(struct reader *r, const struct rule_line *l, size_t at)
{
	size_t end;

	if (is_word(l, at, "@default", &end)) {
		rule_attribute_set_builtin(&r->attributes);
		if (rule_attribute_read(l, end, r->scratch, &r->attributes)) {
			r->defaults = r->attributes;
		}
	} else if (is_word(l, at, "@line", &end)) {
		read_line_directive(r, l, end);
	} else {
		rule_text_error(l, at,
			"unknown directive; known are @default key=value ... and "
			"@line NUMBER \"FILE\"");
	}
}

/* The form that every line must have; says where it has not. */
static bool check_line(const struct rule_line *l, size_t len_max)
{
	size_t valid;

	if (l->len > len_max) {
		rule_text_error(
			l, 0, "a line of %zu octets; at most %zu are allowed", l->len, len_max);
		return false;
	}
	for (size_t i = 0; i < l->len; i++) {
		unsigned char c = (unsigned char)l->text[i];

		if ((c < 0x20 && c != '\t') || c == 0x7F) {
			rule_text_error(
				l, i, "control character 0x%02X; write it as \\x%02X", c, c);
			return false;
		}
	}
	valid = rule_text_utf8(l->text, l->len);
	if (valid != l->len) {
		rule_text_error(l, valid,
			"octet 0x%02X is not valid UTF-8 here; pattern files are "
			"UTF-8",
			(unsigned char)l->text[valid]);
		return false;
	}
	return true;
}

static void read_line(struct reader *r, const char *text, size_t len)
{
	struct rule_line l = { text, len, r->file, r->line, r->diag };
	size_t at;

	if (l.len != 0 && text[l.len - 1] == '\r') {
		l.len--;
	}
	while (l.len != 0 && (text[l.len - 1] == ' ' || text[l.len - 1] == '\t')) {
		l.len--;
	}
	at = rule_text_skip(&l, 0);
	if (at == l.len || !check_line(&l, r->printed ? PRINTED_LEN_MAX : LINE_LEN_MAX)) {
		return;
	}
	switch (text[at]) {
	case '#':
		break;
	case '+':
	case '-':
		read_example(r, &l, at);
		break;
	case '@':
		read_directive(r, &l, at);
		break;
	default:
		read_rule(r, &l);
	}
}

static void read_lines(struct reader *r, const char *text, size_t len)
{
	static const char mark[] = "\xEF\xBB\xBF"; /* U+FEFF at the start of a file */
	size_t at = len >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;

	for (; at < len && !r->out_of_memory; r->line += r->line < LINE_NUMBER_MAX) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end != NULL ? (size_t)(end - text) - at : len - at;

		read_line(r, text + at, n);
		at += n + 1;
	}
}

/* File names are any octets; in messages and packs they are text. */
static char *copy_name(const char *name)
{
	char *copy = strdup(name[0] != '\0' ? name : "-");
	size_t len = copy != NULL ? strlen(copy) : 0;

	for (size_t at = 0; at < len; at++) {
		at += rule_text_utf8(copy + at, len - at);
		if (at < len) {
			copy[at] = '?';
		}
	}
	return copy;
}

static bool read_text(struct source *s, const char *name, const char *text, size_t len, bool whens,
	struct diag *diag)
{
	size_t errors_before = diag->n_errors;
	struct reader *r = calloc(1, sizeof(*r));

	if (r != NULL) {
		r->source = s;
		r->diag = diag;
		r->line = 1;
		r->whens = whens;
		r->file = copy_name(name);
	}
	if (r == NULL || r->file == NULL || s->n_categories == 0) {
		diag_add(diag, DIAG_ERROR, name, 0, 0, "out of memory");
	} else {
		rule_attribute_set_builtin(&r->defaults);
		read_lines(r, text, len);
	}
	if (r != NULL) {
		free(r->file);
	}
	free(r);
	return diag->n_errors == errors_before;
}

bool source_read_text(
	struct source *s, const char *name, const char *text, size_t len, struct diag *diag)
{
	return read_text(s, name, text, len, false, diag);
}

bool source_read_printed(
	struct source *s, const char *name, const char *text, size_t len, struct diag *diag)
{
	return read_text(s, name, text, len, true, diag);
}

/* check_when: what source_print_rules() prints of it can be read again. */
static bool check_when(const struct rule *rule, struct diag *diag)
{
	char *text = NULL;
	int len = asprintf(&text, "{%s}", rule->expression);
	struct rule_line l = { text, len > 0 ? (size_t)len : 0, rule->file, rule->line, diag };
	size_t close = 0;
	bool good = len > 0 && check_line(&l, WHEN_LEN_MAX) && rule_text_brace(&l, 0, &close);

	if (good && close + 1 != l.len) {
		rule_text_error(&l, close, "this condition ends too early");
		good = false;
	}
	if (len < 0) {
		diag_add(diag, DIAG_ERROR, rule->file, rule->line, 0, "out of memory");
	} else {
		free(text);
	}
	return good;
}

/* copy_rule: with texts of its own; false when out of memory. */
static bool copy_rule(const struct rule *rule, struct rule *copy)
{
	*copy = *rule;
	copy->field = FIELD_WHEN;
	copy->view = VIEW_SENT;
	copy->flags = 0;
	copy->written_state = rule->state;
	copy->written_sample = rule->sample;
	copy->expression = strdup(rule->expression);
	copy->file = copy_name(rule->file);
	copy->note = rule->note != NULL && rule->note[0] != '\0' ? strdup(rule->note) : NULL;
	if (copy->expression != NULL && copy->file != NULL &&
		(copy->note != NULL || rule->note == NULL || rule->note[0] == '\0')) {
		return true;
	}
	free(copy->expression);
	free(copy->file);
	free(copy->note);
	return false;
}

bool source_add_rule(struct source *s, const struct rule *rule, const char *category,
	uint32_t *index, struct diag *diag)
{
	size_t id_len = strlen(rule->id);
	uint16_t in_category = 0;
	struct rule copy;
	uint32_t *slot;

	if (id_len == 0 || strspn(rule->id, id_allowed) != id_len) {
		diag_add(diag, DIAG_ERROR, rule->file, rule->line, 0,
			"rule \"%s\": an id has letters, digits, '_', '.' and '-' only", rule->id);
		return false;
	}
	if (!check_when(rule, diag) ||
		!find_category(s, category, rule->file, rule->line, diag, &in_category)) {
		return false;
	}
	slot = grow_ids(s) ? find_slot(s->ids, s->rules, rule->id) : NULL;
	if (slot != NULL && *slot != 0) {
		diag_add(diag, DIAG_ERROR, rule->file, rule->line, 0,
			"rule %s was given before, at %s:%d", rule->id, s->rules[*slot - 1].file,
			s->rules[*slot - 1].line);
		return false;
	}
	if (s->n_rules == LIMIT_RULES) {
		diag_add(diag, DIAG_ERROR, rule->file, rule->line, 0, "more than %u rules",
			LIMIT_RULES);
		return false;
	}
	if (slot == NULL || !grow_rules(s) || !copy_rule(rule, &copy)) {
		diag_add(diag, DIAG_ERROR, rule->file, rule->line, 0, "out of memory");
		return false;
	}
	copy.category = in_category;
	*slot = s->n_rules + 1;
	if (index != NULL) {
		*index = s->n_rules;
	}
	s->rules[s->n_rules++] = copy;
	return true;
}
