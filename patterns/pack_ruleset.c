/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/pack_ruleset.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

static const char section_rules[] = "rules";
static const char section_platform[] = "platform";
static const char section_shards[] = "shards";
static const char section_db[] = "db.";

enum { HASH_TEXT_SIZE = 2 * DATABASE_HASH_LEN + 1, WORD_SIZE = 80 };

static void name_database(char *name, size_t size, unsigned f, unsigned v, uint32_t shard)
{
	(void)snprintf(name, size, "%s%s.%s.%u", section_db, rule_field_name((enum rule_field)f),
		rule_view_name((enum rule_view)v), shard);
}

/* The database of `r` with these contents, or NULL. */
static struct database *find_database(
	const struct ruleset *r, const uint8_t content[DATABASE_HASH_LEN])
{
	for (unsigned i = 0; r != NULL && i < FIELDS * VIEWS; i++) {
		const struct ruleset_part *part = &r->parts[i / VIEWS][i % VIEWS];

		for (uint32_t k = 0; k < part->n_shards; k++) {
			struct database *db = part->shards[k].database;

			if (memcmp(db->content, content, DATABASE_HASH_LEN) == 0) {
				return db;
			}
		}
	}
	return NULL;
}

static bool knows(void *context, const uint8_t hash[PACK_HASH_LEN], uint64_t len)
{
	const struct ruleset *base = context;

	(void)len; /* the hash is of the octets, and so of their number */
	return find_database(base, hash) != NULL;
}

struct pack_known pack_ruleset_known(const struct ruleset *base)
{
	union {
		const struct ruleset *in;
		void *out;
	} context = { .in = base };

	return (struct pack_known){ knows, context.out };
}

/* ---- writing ---- */

/* A run of ids whose rules follow each other, or that are all gone. */
static void print_run(FILE *to, const struct ruleset_shard *shard, uint32_t first, uint32_t last)
{
	if (first != 0) {
		fputc(' ', to);
	}
	if (shard->rules[first] == RULE_GONE) {
		fputc('-', to);
	} else if (first == last) {
		fprintf(to, "%u", shard->rules[first]);
	} else {
		fprintf(to, "%u-%u", shard->rules[first], shard->rules[last]);
	}
}

static void print_shard(FILE *to, const struct ruleset_shard *shard, const char *name)
{
	char content[HASH_TEXT_SIZE];
	char source[HASH_TEXT_SIZE];
	uint32_t first = 0;

	(void)sodium_bin2hex(content, sizeof(content), shard->database->content, DATABASE_HASH_LEN);
	(void)sodium_bin2hex(source, sizeof(source), shard->database->source, DATABASE_HASH_LEN);
	fprintf(to, "%s %s %s %u\n", name, content, source, shard->n);
	while (first < shard->n) {
		uint32_t last = first;

		while (shard->rules[first] != RULE_GONE && last + 1 < shard->n &&
			shard->rules[last + 1] == shard->rules[last] + 1) {
			last++;
		}
		print_run(to, shard, first, last);
		first = last + 1;
	}
	fputc('\n', to);
}

/* The section's text, malloc'ed; NULL when out of memory. */
static char *print_shards(const struct ruleset *r, size_t *len)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, len);
	char name[PACK_NAME_SIZE];
	bool failed;

	if (to == NULL) {
		return NULL;
	}
	for (unsigned i = 0; i < FIELDS * VIEWS; i++) {
		const struct ruleset_part *part = &r->parts[i / VIEWS][i % VIEWS];

		for (uint32_t k = 0; k < part->n_shards; k++) {
			name_database(name, sizeof(name), i / VIEWS, i % VIEWS, k);
			print_shard(to, &part->shards[k], name);
		}
	}
	failed = ferror(to) != 0;
	if (fclose(to) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

/* Adds a copy of a malloc'ed text, and frees it. NULL: out of memory. */
static bool add_text(struct pack *p, const char *name, char *text, size_t len)
{
	bool good = text != NULL && pack_add_copy(p, name, bytes_of(text, len));

	free(text);
	return good;
}

static bool add_database(
	struct pack *p, const struct database *db, const char *name, const struct ruleset *thin)
{
	size_t len = 0;
	char *octets = database_serialise(db, &len);

	if (!add_text(p, name, octets, len)) {
		return false;
	}
	p->sections[p->n_sections - 1].outside = find_database(thin, db->content) != NULL;
	return true;
}

bool pack_add_ruleset(
	struct pack *p, const struct ruleset *r, const struct source *s, const struct ruleset *thin)
{
	char platform[DATABASE_PLATFORM_SIZE];
	char name[PACK_NAME_SIZE];
	size_t len = 0;
	char *text = source_print_rules(r->rules, r->n_rules, r->categories, s, &len);
	bool good = add_text(p, section_rules, text, len);

	database_platform(platform);
	good = good && pack_add_copy(p, section_platform, bytes_str(platform));
	text = good ? print_shards(r, &len) : NULL;
	good = good && add_text(p, section_shards, text, len);
	for (unsigned i = 0; i < FIELDS * VIEWS; i++) {
		const struct ruleset_part *part = &r->parts[i / VIEWS][i % VIEWS];

		for (uint32_t k = 0; good && k < part->n_shards; k++) {
			name_database(name, sizeof(name), i / VIEWS, i % VIEWS, k);
			good = add_database(p, part->shards[k].database, name, thin);
		}
	}
	return good;
}

/* ---- reading ---- */

/* What a load works with, and the words of the section shards that are left. */
struct loading {
	const struct pack *pack;
	const char *path;
	const struct ruleset *base;
	struct arena *arena;
	struct ruleset *ruleset;
	bool *placed; /* of each rule: a database has it */
	struct bytes rest;
	char word[WORD_SIZE];
	struct diag *diag;
};

static bool check_platform(const struct loading *l)
{
	char text[DATABASE_PLATFORM_SIZE + 1];
	struct bytes data;
	char *rest = text;
	bool good = true;

	if (!pack_find(l->pack, section_platform, &data) || data.len > DATABASE_PLATFORM_SIZE) {
		diag_add(l->diag, DIAG_ERROR, l->path, 0, 0, "section %s: missing or too long",
			section_platform);
		return false;
	}
	memcpy(text, data.data, data.len);
	text[data.len] = '\0';
	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
		char *value = line;
		const char *word = strsep(&value, " ");
		const char *objection;

		if (word[0] == '\0') {
			continue;
		}
		objection = database_objection(word, value != NULL ? value : "");
		if (objection != NULL) {
			diag_add(l->diag, DIAG_ERROR, l->path, 0, 0,
				"made for another platform: %s %s is %s; compile the policy here "
				"(smswallctl policy compile)",
				word, value != NULL ? value : "", objection);
			good = false;
		}
	}
	return good;
}

static bool refuse(const struct loading *l, const char *section, const char *what)
{
	diag_add(l->diag, DIAG_ERROR, l->path, 0, 0, "section %s: %s", section, what);
	return false;
}

/* The next word, into l->word; false at the end or when it is too long. */
static bool next_word(struct loading *l)
{
	size_t n = 0;
	size_t skip = 0;

	while (skip < l->rest.len && isspace(l->rest.data[skip])) {
		skip++;
	}
	l->rest = bytes_slice(l->rest, skip, l->rest.len);
	while (n < l->rest.len && n < WORD_SIZE - 1 && !isspace(l->rest.data[n])) {
		l->word[n] = (char)l->rest.data[n];
		n++;
	}
	l->word[n] = '\0';
	if (n == 0 || (n < l->rest.len && !isspace(l->rest.data[n]))) {
		return false;
	}
	l->rest = bytes_slice(l->rest, n, l->rest.len);
	return true;
}

static bool next_hash(struct loading *l, uint8_t hash[DATABASE_HASH_LEN])
{
	size_t len = 0;

	return next_word(l) && strlen(l->word) == HASH_TEXT_SIZE - 1 &&
	       sodium_hex2bin(
		       hash, DATABASE_HASH_LEN, l->word, strlen(l->word), NULL, &len, NULL) == 0 &&
	       len == DATABASE_HASH_LEN;
}

/* A decimal number of at most nine digits at *at, which moves behind it. */
static bool read_number(const char **at, uint32_t *to)
{
	size_t n = strspn(*at, "0123456789");

	if (n == 0 || n > 9) {
		return false;
	}
	*to = (uint32_t)strtoul(*at, NULL, 10);
	*at += n;
	return true;
}

/* "5", "5-9" or "-": the rules of the next ids; puts them behind *n. */
static bool read_run(const char *word, uint32_t *rules, uint32_t size, uint32_t *n)
{
	uint32_t first = 0;
	uint32_t last;

	if (strcmp(word, "-") == 0) {
		rules[*n] = RULE_GONE;
		++*n;
		return true;
	}
	if (!read_number(&word, &first)) {
		return false;
	}
	last = first;
	if (*word == '-') {
		word++;
		if (!read_number(&word, &last) || last <= first) {
			return false;
		}
	}
	if (*word != '\0' || last - first >= size - *n) {
		return false;
	}
	for (uint32_t i = first; i <= last; i++) {
		rules[(*n)++] = i;
	}
	return true;
}

/* Each rule must be there, look into this field and view, and have no other place. */
static bool place_rules(
	struct loading *l, const char *name, const uint32_t *rules, uint32_t n, unsigned part)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct rule *r;

		if (rules[i] == RULE_GONE) {
			continue;
		}
		if (rules[i] >= l->ruleset->n_rules || l->placed[rules[i]]) {
			return refuse(l, section_shards,
				"a rule is named that is not there, or named twice");
		}
		r = &l->ruleset->rules[rules[i]];
		if (r->field != part / VIEWS || r->view != part % VIEWS) {
			diag_add(l->diag, DIAG_ERROR, l->path, 0, 0,
				"section %s: rule %s is in %s, where it does not look",
				section_shards, r->id, name);
			return false;
		}
		l->placed[rules[i]] = true;
	}
	return true;
}

/* The rules behind the ids of a shard of `n`, malloc'ed; NULL after an error. */
static uint32_t *read_places(struct loading *l, const char *name, uint32_t n, unsigned part)
{
	uint32_t *rules = malloc(((size_t)n + 1) * sizeof(*rules));
	uint32_t got = 0;

	if (rules == NULL) {
		(void)refuse(l, name, "out of memory");
		return NULL;
	}
	while (got < n && next_word(l) && read_run(l->word, rules, n, &got)) {
	}
	if (got != n) {
		(void)refuse(l, section_shards, "malformed");
	} else if (place_rules(l, name, rules, n, part)) {
		return rules;
	}
	free(rules);
	return NULL;
}

/* From the base, or made of the pack's octets. NULL after an error. */
static struct database *get_database(struct loading *l, const char *name,
	const uint8_t content[DATABASE_HASH_LEN], const uint8_t source[DATABASE_HASH_LEN])
{
	struct database *db = find_database(l->base, content);
	const struct pack_section *section = pack_section(l->pack, name);
	struct bytes octets;
	char why[160];
	int error;

	if (section == NULL) {
		(void)refuse(l, name, "missing, though there are rules for it");
		return NULL;
	}
	if (memcmp(section->hash, content, sizeof(section->hash)) != 0) {
		(void)refuse(l, name, "is another database than the one in section shards");
		return NULL;
	}
	if (db != NULL) {
		return database_ref(db);
	}
	if (!pack_find(l->pack, name, &octets)) {
		(void)refuse(l, name, "is not in this pack, nor in what is live");
		return NULL;
	}
	error = database_create(&db, octets, source, l->arena);
	if (error != 0) {
		database_explain(error, octets, l->arena, why, sizeof(why));
		(void)refuse(l, name, why);
	}
	return db;
}

/* Which field and view a database of this name is of: field * VIEWS + view; -1: none. */
static int part_of_name(const struct loading *l, const char *name)
{
	char want[PACK_NAME_SIZE];

	for (unsigned i = 0; i < FIELDS * VIEWS; i++) {
		name_database(want, sizeof(want), i / VIEWS, i % VIEWS,
			l->ruleset->parts[i / VIEWS][i % VIEWS].n_shards);
		if (strcmp(name, want) == 0) {
			return (int)i;
		}
	}
	return -1;
}

/* One shard; its name is l->word. */
static bool load_shard(struct loading *l)
{
	uint8_t content[DATABASE_HASH_LEN];
	uint8_t source[DATABASE_HASH_LEN];
	char name[WORD_SIZE];
	int part = part_of_name(l, l->word);
	const char *at = l->word;
	struct database *db;
	uint32_t *rules;
	uint32_t n = 0;

	memcpy(name, l->word, sizeof(name));
	if (part < 0 || !next_hash(l, content) || !next_hash(l, source) || !next_word(l) ||
		!read_number(&at, &n) || *at != '\0' || n > l->rest.len + l->ruleset->n_rules) {
		return refuse(l, section_shards, "malformed");
	}
	rules = read_places(l, name, n, (unsigned)part);
	db = rules != NULL ? get_database(l, name, content, source) : NULL;
	if (db == NULL) {
		free(rules);
		return false;
	}
	if (!ruleset_add_shard(l->ruleset,
		    &l->ruleset->parts[(unsigned)part / VIEWS][(unsigned)part % VIEWS], db, rules,
		    n)) {
		return refuse(l, name, "out of memory");
	}
	return true;
}

/* Every rule has a database, and every database a place. */
static bool check_places(const struct loading *l)
{
	const struct ruleset *r = l->ruleset;
	uint32_t n_loaded = 0;
	uint32_t n_there = 0;

	for (uint32_t i = 0; i < r->n_rules; i++) {
		if (!l->placed[i] && r->rules[i].field < FIELDS) {
			diag_add(l->diag, DIAG_ERROR, l->path, 0, 0,
				"section %s: rule %s is in no database", section_shards,
				r->rules[i].id);
			return false;
		}
	}
	for (unsigned i = 0; i < FIELDS * VIEWS; i++) {
		n_loaded += r->parts[i / VIEWS][i % VIEWS].n_shards;
	}
	for (uint32_t i = 0; i < l->pack->n_sections; i++) {
		n_there += strncmp(l->pack->sections[i].name, section_db, strlen(section_db)) == 0;
	}
	if (n_there != n_loaded) {
		diag_add(l->diag, DIAG_ERROR, l->path, 0, 0,
			"%u database sections belong to no rules", n_there - n_loaded);
		return false;
	}
	return true;
}

static bool load_shards(struct loading *l)
{
	bool good = true;

	if (!pack_find(l->pack, section_shards, &l->rest)) {
		return refuse(l, section_shards, "missing");
	}
	l->placed = calloc((size_t)l->ruleset->n_rules + 1, sizeof(l->placed[0]));
	if (l->placed == NULL) {
		return refuse(l, section_shards, "out of memory");
	}
	while (good && next_word(l)) {
		good = load_shard(l);
	}
	good = good && (l->rest.len == 0 || refuse(l, section_shards, "malformed"));
	good = good && check_places(l);
	free(l->placed);
	return good;
}

static bool load_rules(struct loading *l, struct source *examples)
{
	struct bytes text;

	if (!check_platform(l)) {
		return false;
	}
	if (!pack_find(l->pack, section_rules, &text)) {
		return refuse(l, section_rules, "missing");
	}
	if (!source_read_printed(examples, l->path, (const char *)text.data, text.len, l->diag)) {
		return false;
	}
	return source_move_rules(examples, l->ruleset) || refuse(l, section_rules, "out of memory");
}

struct ruleset *pack_load_ruleset(const struct pack *p, const char *path,
	const struct ruleset *base, struct arena *arena, struct source *examples, struct diag *diag)
{
	struct loading l = { p, path, base, arena, calloc(1, sizeof(*l.ruleset)), NULL, { NULL, 0 },
		"", diag };

	source_init(examples);
	if (l.ruleset == NULL || sodium_init() < 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "out of memory");
		free(l.ruleset);
		source_free(examples);
		return NULL;
	}
	atomic_init(&l.ruleset->references, 1);
	if (!load_rules(&l, examples) || !load_shards(&l)) {
		ruleset_unref(l.ruleset);
		source_free(examples);
		return NULL;
	}
	return l.ruleset;
}
