/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules' sections of a pack: text for people, databases for one kind of CPU, and which kind. */
#include <stdio.h>
#include <stdlib.h>

#include <hs/hs.h>

#include "patterns/pack.h"

enum { PLATFORM_LEN_MAX = 256 };

static const char section_rules[] = "rules";
static const char section_platform[] = "platform";
static const char section_db[] = "db.";

#if defined(__x86_64__)
static const char architecture[] = "x86_64";
#elif defined(__aarch64__)
static const char architecture[] = "aarch64";
#else
static const char architecture[] = "other";
#endif

static const struct {
	const char *name;
	unsigned long long flag;
} features_known[] = {
	{ "avx2", HS_CPU_FEATURES_AVX2 },
	{ "avx512", HS_CPU_FEATURES_AVX512 },
	{ "avx512vbmi", HS_CPU_FEATURES_AVX512VBMI },
};
enum { N_FEATURES = sizeof(features_known) / sizeof(features_known[0]) };

static bool host_has(const char *feature)
{
	hs_platform_info_t platform;

	if (hs_populate_platform(&platform) != HS_SUCCESS) {
		return false;
	}
	for (size_t i = 0; i < N_FEATURES; i++) {
		if (strcmp(feature, features_known[i].name) == 0) {
			return (platform.cpu_features & features_known[i].flag) != 0;
		}
	}
	return false;
}

/* "hyperscan 5.4.0\narchitecture x86_64\nfeature avx2\n": one word pair a line. */
static void describe_host(char *to, size_t size)
{
	const char *version = hs_version(); /* "5.4.0 2019-..." */
	size_t n = (size_t)snprintf(to, size, "hyperscan %.*s\narchitecture %s\n",
		(int)strcspn(version, " "), version, architecture);

	for (size_t i = 0; i < N_FEATURES && n < size; i++) {
		if (host_has(features_known[i].name)) {
			n += (size_t)snprintf(
				to + n, size - n, "feature %s\n", features_known[i].name);
		}
	}
}

/* ---- writing ---- */

struct piece {
	char name[PACK_NAME_SIZE];
	char *octets; /* malloc'ed */
	size_t len;
};

struct pieces {
	struct piece *list;
	uint32_t n;
	bool failed;
};

static void add_piece(struct pieces *p, const char *name, char *octets, size_t len)
{
	struct piece *piece = &p->list[p->n];

	if (octets == NULL || p->n == PACK_SECTIONS_MAX) {
		free(octets);
		p->failed = true;
		return;
	}
	(void)snprintf(piece->name, sizeof(piece->name), "%s", name);
	piece->octets = octets;
	piece->len = len;
	p->n++;
}

static void name_database(char *name, size_t size, unsigned f, unsigned v, uint32_t shard)
{
	(void)snprintf(name, size, "%s%s.%s.%u", section_db, rule_field_name((enum rule_field)f),
		rule_view_name((enum rule_view)v), shard);
}

static void add_databases(struct pieces *p, const struct ruleset *r, unsigned f, unsigned v)
{
	const struct ruleset_part *part = &r->parts[f][v];
	char name[PACK_NAME_SIZE];

	for (uint32_t i = 0; i < part->n_shards; i++) {
		char *octets = NULL;
		size_t len = 0;

		if (hs_serialize_database(part->shards[i], &octets, &len) != HS_SUCCESS) {
			octets = NULL;
		}
		name_database(name, sizeof(name), f, v, i);
		add_piece(p, name, octets, len);
	}
}

/* Puts all pieces behind each other into one block and its parts into the pack. */
static bool join_pieces(const struct pieces *p, struct pack *pack, void **memory)
{
	size_t len = 0;
	uint8_t *at;
	bool good = true;

	for (uint32_t i = 0; i < p->n; i++) {
		len += p->list[i].len;
	}
	*memory = malloc(len + 1);
	if (*memory == NULL) {
		return false;
	}
	at = *memory;
	for (uint32_t i = 0; i < p->n; i++) {
		memcpy(at, p->list[i].octets, p->list[i].len);
		good = pack_add(pack, p->list[i].name, bytes_of(at, p->list[i].len)) && good;
		at += p->list[i].len;
	}
	return good;
}

bool pack_add_ruleset(
	struct pack *p, const struct ruleset *r, const struct source *s, void **memory)
{
	struct pieces pieces = { calloc(PACK_SECTIONS_MAX + 1, sizeof(struct piece)), 0, false };
	char platform[PLATFORM_LEN_MAX];
	size_t len = 0;
	char *text;
	bool good;

	*memory = NULL;
	if (pieces.list == NULL) {
		return false;
	}
	describe_host(platform, sizeof(platform));
	add_piece(&pieces, section_platform, strdup(platform), strlen(platform));
	text = source_print_rules(r->rules, r->n_rules, r->categories, s, &len);
	add_piece(&pieces, section_rules, text, len);
	for (unsigned f = 0; f < FIELDS; f++) {
		for (unsigned v = 0; v < VIEWS; v++) {
			add_databases(&pieces, r, f, v);
		}
	}
	good = !pieces.failed && join_pieces(&pieces, p, memory);
	for (uint32_t i = 0; i < pieces.n; i++) {
		free(pieces.list[i].octets);
	}
	free(pieces.list);
	return good;
}

/* ---- reading ---- */

/* Says why databases made for `line` ("WORD VALUE") do not run here; NULL: they do. */
static const char *objection_to(const char *word, const char *value)
{
	const char *version = hs_version();
	size_t n = strcspn(version, " ");

	if (strcmp(word, "hyperscan") == 0) {
		return strlen(value) == n && memcmp(value, version, n) == 0 ? NULL
		                                                            : "another version";
	}
	if (strcmp(word, "architecture") == 0) {
		return strcmp(value, architecture) == 0 ? NULL : "another architecture";
	}
	if (strcmp(word, "feature") == 0) {
		return host_has(value) ? NULL : "not in this CPU";
	}
	return "not known to this program";
}

static bool check_platform(const struct pack *p, const char *path, struct diag *diag)
{
	char text[PLATFORM_LEN_MAX + 1];
	struct bytes data;
	char *rest = text;
	bool good = true;

	if (!pack_find(p, section_platform, &data) || data.len > PLATFORM_LEN_MAX) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "section %s: missing or too long",
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
		objection = objection_to(word, value != NULL ? value : "");
		if (objection != NULL) {
			diag_add(diag, DIAG_ERROR, path, 0, 0,
				"made for another platform: %s %s is %s; compile the policy here "
				"(smswallctl policy compile)",
				word, value != NULL ? value : "", objection);
			good = false;
		}
	}
	return good;
}

static bool load_database(struct ruleset_part *part, struct bytes data, struct ruleset *r)
{
	struct hs_database **grown =
		realloc(part->shards, (part->n_shards + 1) * sizeof(part->shards[0]));
	size_t len = 0;

	if (grown == NULL) {
		return false;
	}
	part->shards = grown;
	if (hs_deserialize_database((const char *)data.data, data.len,
		    &part->shards[part->n_shards]) != HS_SUCCESS) {
		return false;
	}
	(void)hs_database_size(part->shards[part->n_shards], &len);
	part->n_shards++;
	r->database_len += len;
	return true;
}

/* The databases of one field and view; *n_loaded counts them. */
static bool load_part(const struct pack *p, struct ruleset *r, unsigned f, unsigned v,
	uint32_t *n_loaded, const char *path, struct diag *diag)
{
	struct ruleset_part *part = &r->parts[f][v];
	char name[PACK_NAME_SIZE];
	struct bytes data;

	for (uint32_t i = 0;; i++) {
		name_database(name, sizeof(name), f, v, i);
		if (!pack_find(p, name, &data)) {
			break;
		}
		if (!load_database(part, data, r)) {
			diag_add(diag, DIAG_ERROR, path, 0, 0,
				"section %s: Hyperscan refuses this database", name);
			return false;
		}
		++*n_loaded;
	}
	if ((part->n_rules != 0) != (part->n_shards != 0)) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "section %s: %s", name,
			part->n_rules != 0 ? "missing, though there are rules for it"
					   : "without rules for it");
		return false;
	}
	return true;
}

static bool load_databases(
	const struct pack *p, struct ruleset *r, const char *path, struct diag *diag)
{
	uint32_t n_loaded = 0;
	uint32_t n_there = 0;
	bool good = true;

	for (unsigned f = 0; f < FIELDS; f++) {
		for (unsigned v = 0; v < VIEWS; v++) {
			good = load_part(p, r, f, v, &n_loaded, path, diag) && good;
		}
	}
	for (uint32_t i = 0; i < p->n_sections; i++) {
		n_there += strncmp(p->sections[i].name, section_db, strlen(section_db)) == 0;
	}
	if (good && n_there != n_loaded) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "%u database sections belong to no rules",
			n_there - n_loaded);
		good = false;
	}
	return good;
}

struct ruleset *pack_load_ruleset(
	const struct pack *p, const char *path, struct source *examples, struct diag *diag)
{
	struct ruleset *r = calloc(1, sizeof(*r));
	struct bytes text;

	source_init(examples);
	if (r == NULL) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "out of memory");
		return NULL;
	}
	r->references = 1;
	if (!check_platform(p, path, diag)) {
		goto fail;
	}
	if (!pack_find(p, section_rules, &text)) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "section %s: missing", section_rules);
		goto fail;
	}
	if (!source_read_text(examples, path, (const char *)text.data, text.len, diag)) {
		goto fail;
	}
	if (!source_move_rules(examples, r)) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "out of memory");
		goto fail;
	}
	if (!load_databases(p, r, path, diag)) {
		goto fail;
	}
	return r;
fail:
	ruleset_unref(r);
	source_free(examples);
	return NULL;
}
