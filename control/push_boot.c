/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/push_boot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/base/clock.h"

/* A start under way. */
struct boot {
	struct push_boot *b;
	const struct config *config;
	struct diag *diag;
	const char *link_names[LIMIT_LINKS];
	struct diag tried; /* what went wrong with one generation of several */
	struct pack pack;
};

/* warn_all: errors that a start survives. */
static void warn_all(struct boot *t, const struct diag *from)
{
	for (size_t i = 0; i < from->n_entries; i++) {
		const struct diag_entry *e = &from->entries[i];

		diag_add(t->diag, DIAG_WARNING, e->file, e->line, e->column, "%s", e->text);
	}
}

static struct policy_load how_to_load(const struct boot *t)
{
	return (struct policy_load){
		.link_names = t->link_names,
		.n_links = t->config->pipeline.n_links,
		.default_action = (enum rule_action)t->config->default_action,
		.arena = t->config->pipeline.replay ? NULL : &t->b->arena,
	};
}

/* ---- from a path ---- */

/* store_has: the newest generation is just this; then it is not kept again. */
static bool store_has(struct boot *t, struct store_record *r)
{
	uint32_t current = store_current(&t->b->store);
	uint8_t hash[PACK_HASH_LEN];
	char text[PACK_HASH_TEXT_SIZE];

	pack_hash(&t->pack, hash);
	pack_hash_text(hash, text);
	return current != 0 && store_record_read(&t->b->store, current, r) &&
	       strcmp(r->hash, text) == 0;
}

/* keep: what was loaded from a path is a generation of the store, too. */
static bool keep(struct boot *t, const char *path)
{
	struct push_boot *b = t->b;
	struct store_record *r = &b->record.store;
	struct pack_meta meta = { .schema = PACK_SCHEMA,
		.base = store_current(&b->store),
		.created_us = clock_realtime_us() };
	const struct policy_write how = { .meta = &meta };
	int rc;

	(void)snprintf(meta.author, sizeof(meta.author), "smswalld");
	(void)snprintf(meta.note, sizeof(meta.note), "at start: %.200s", path);
	if (!policy_set_add(&b->set, &how, &t->pack, &t->tried)) {
		return false;
	}
	if (store_has(t, r)) {
		if (r->state == STORE_GOOD) {
			return true; /* as it was: a restart is quick, and writes nothing */
		}
	} else {
		*r = (struct store_record){ .state = STORE_GOOD,
			.pushed_us = clock_realtime_us(),
			.uid = getuid(),
			.pid = getpid(),
			.n_rules = b->set.ruleset->n_rules };
		if (!store_add(&b->store, &t->pack, r, &t->tried)) {
			return false;
		}
	}
	rc = store_set_current(&b->store, r->number, clock_realtime_us());
	rc = rc == 0 ? store_set_state(&b->store, r->number, STORE_GOOD, NULL) : rc;
	if (rc != 0) {
		diag_add(&t->tried, DIAG_ERROR, b->store.folder, 0, 0, "%s", strerror(-rc));
	}
	return rc == 0;
}

/* forget_pending: what waited for a confirmation, or never got so far, when the one before ended. */
static void forget_pending(struct boot *t, const struct store_record *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (all[i].state == STORE_PENDING && all[i].number != t->b->record.store.number) {
			(void)store_set_state(&t->b->store, all[i].number, STORE_UNDONE,
				all[i].live_us != 0 ? "not confirmed before the daemon ended"
						    : "the daemon ended before it was live");
		}
	}
}

static bool load_path(struct boot *t, const char *path)
{
	struct push_boot *b = t->b;
	struct policy_load how = how_to_load(t);
	char cache[STORE_FILE_SIZE];

	(void)snprintf(cache, sizeof(cache), "%s/cache", t->config->state_dir);
	how.path = path;
	how.cache = b->has_store ? cache : NULL;
	(void)snprintf(b->name, sizeof(b->name), "%s", path);
	b->record.store.number = 1;
	if (!policy_set_load(&b->set, &how, t->diag)) {
		return false;
	}
	b->record.store.n_rules = b->set.ruleset->n_rules;
	if (b->has_store && !keep(t, path)) {
		warn_all(t, &t->tried);
		diag_add(t->diag, DIAG_WARNING, NULL, 0, 0,
			"the policy is not in the store: a restart would not find it there, and nothing can be pushed");
		b->has_store = false;
		b->record.store = (struct store_record){ .number = 1 };
	}
	if (b->has_store) {
		size_t n = 0;
		int error = 0;
		struct store_record *all = store_records(&b->store, &n, &error);

		forget_pending(t, all, n);
		free(all);
	}
	return true;
}

/* ---- from the store ---- */

static bool load_stored(struct boot *t, uint32_t number)
{
	struct push_boot *b = t->b;
	struct policy_load how = how_to_load(t);
	bool good;

	how.pack = &t->pack;
	how.path = b->name;
	(void)snprintf(
		b->name, sizeof(b->name), "generation %u of %.400s", number, t->config->state_dir);
	good = store_load(&b->store, number, NULL, &t->pack, &b->record.store, &t->tried) &&
	       policy_set_load(&b->set, &how, &t->tried);
	pack_free(&t->pack);
	memset(&t->pack, 0, sizeof(t->pack));
	if (!good) {
		warn_all(t, &t->tried);
		diag_add(
			t->diag, DIAG_WARNING, NULL, 0, 0, "generation %u does not verify", number);
	}
	diag_clear(&t->tried);
	return good;
}

/* rank: in which order generations are tried: current, good ones by when they were live last, others. */
static int rank(const struct store_record *a, const struct store_record *b)
{
	int x = a->live ? 3 : a->state == STORE_GOOD ? 2 : a->state == STORE_PENDING ? 1 : 0;
	int y = b->live ? 3 : b->state == STORE_GOOD ? 2 : b->state == STORE_PENDING ? 1 : 0;

	if (x != y) {
		return x > y ? -1 : 1;
	}
	if (a->live_us != b->live_us) {
		return a->live_us > b->live_us ? -1 : 1;
	}
	return a->number > b->number ? -1 : 1;
}

static int by_rank(const void *a, const void *b)
{
	return rank(a, b);
}

/* load_empty: no rules. Its number is 0: it is in no store, and nothing can be made out of it. */
static bool load_empty(struct boot *t)
{
	struct push_boot *b = t->b;
	struct compile_limits limits = compile_default_limits();

	b->record.empty = true;
	b->record.store = (struct store_record){ .number = 0 };
	(void)snprintf(b->name, sizeof(b->name), "(nothing: everything passes)");
	source_init(&b->set.source);
	b->set.ruleset = compile_source(&b->set.source, &limits, NULL, NULL, t->diag);
	if (b->set.ruleset == NULL) {
		return false;
	}
	policy_default(&b->set.policy, b->set.ruleset, ACTION_PASS);
	return true;
}

static bool load_store(struct boot *t)
{
	struct push_boot *b = t->b;
	size_t n = 0;
	int error = 0;
	struct store_record *all = store_records(&b->store, &n, &error);
	bool good = false;

	if (all != NULL) {
		qsort(all, n, sizeof(*all), by_rank);
	}
	for (size_t i = 0; i < n && !good; i++) {
		if (all[i].state != STORE_UNDONE || all[i].live) {
			good = load_stored(t, all[i].number);
		}
	}
	if (good) {
		uint32_t number = b->record.store.number;

		b->fallback = store_current(&b->store) != number;
		if (b->fallback) {
			diag_add(t->diag, DIAG_WARNING, NULL, 0, 0,
				"generation %u judges: it is not the one that was live", number);
			(void)store_set_current(&b->store, number, clock_realtime_us());
		}
		if (b->record.store.state != STORE_GOOD) {
			(void)store_set_state(&b->store, number, STORE_GOOD, NULL);
		}
		forget_pending(t, all, n);
	} else {
		diag_add(t->diag, DIAG_WARNING, b->store.folder, 0, 0,
			"nothing verifies: everything passes until a policy is pushed");
		good = load_empty(t);
	}
	free(all);
	return good;
}

/* ---- which of them ---- */

static bool choose(struct boot *t, const char *policy_path)
{
	struct push_boot *b = t->b;
	const char *path = policy_path != NULL ? policy_path : t->config->policy_path;

	if (policy_path == NULL && b->has_store && !store_is_empty(&b->store)) {
		return load_store(t);
	}
	if (path[0] == '\0') {
		diag_add(t->diag, DIAG_ERROR, NULL, 0, 0,
			"no policy: give --policy PATH, or policy.path in the configuration");
		return false;
	}
	return load_path(t, path);
}

bool push_boot_load(struct push_boot *b, const struct config *config, const char *policy_path,
	struct diag *diag)
{
	struct boot *t = calloc(1, sizeof(*t));
	bool good;

	memset(b, 0, sizeof(*b));
	arena_init(&b->arena, config->generations_len);
	if (t == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "out of memory");
		return false;
	}
	t->b = b;
	t->config = config;
	t->diag = diag;
	for (unsigned i = 0; i < config->pipeline.n_links; i++) {
		t->link_names[i] = config->pipeline.links[i].name;
	}
	if (!config->pipeline.replay) {
		b->has_store = store_open(&b->store, config->state_dir, &t->tried);
		warn_all(t, &t->tried);
		if (!b->has_store) {
			diag_add(diag, DIAG_WARNING, config->state_dir, 0, 0,
				"there is no store of policies: nothing can be pushed");
		}
		diag_clear(&t->tried);
	}
	good = choose(t, policy_path);
	diag_clear(&t->tried);
	pack_free(&t->pack);
	free(t);
	return good;
}

/* charge: what the first generation and its lists take; false: over the ceiling, told in `diag`. */
static bool charge(struct push_boot *b, struct push_made *made, struct diag *diag)
{
	char figures[160];
	const char *list;
	size_t size;

	if (!list_set_charge(b->set.lists, &b->arena, &list, &size)) {
		arena_explain(&b->arena, size, figures, sizeof(figures));
		diag_add(diag, DIAG_ERROR, NULL, 0, 0,
			"memory.generations is too small for list %s of the policy: it %s", list,
			figures);
		return false;
	}
	size = generation_size(made->generation);
	if (!arena_charge(&b->arena, size)) {
		arena_explain(&b->arena, size, figures, sizeof(figures));
		diag_add(diag, DIAG_ERROR, NULL, 0, 0,
			"memory.generations is too small for the policy: it %s", figures);
		return false;
	}
	made->charged = size;
	return true;
}

bool push_boot_make(
	struct push_boot *b, const struct config *config, struct push_made *made, struct diag *diag)
{
	memset(made, 0, sizeof(*made));
	made->record = b->record;
	made->generation = generation_create(
		b->record.store.number, b->set.ruleset, &b->set.policy, config->n_workers);
	if (made->generation == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "no memory for the first generation");
		return false;
	}
	generation_set_lists(made->generation, b->set.lists);
	if (config->pipeline.replay) {
		return true;
	}
	if (!charge(b, made, diag)) {
		generation_free(made->generation);
		memset(made, 0, sizeof(*made));
		return false;
	}
	made->states = b->set.states;
	b->set.states = NULL;
	/* from here on the generation is all that is needed of it */
	policy_set_free(&b->set);
	return true;
}

void push_boot_free(struct push_boot *b)
{
	policy_set_free(&b->set);
	if (b->has_store) {
		store_close(&b->store);
	}
}
