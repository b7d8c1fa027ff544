/* SPDX-License-Identifier: BSD-3-Clause */
/* push_job: what the loader thread does with one job. Part of push_loader.h. */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "control/code.h"
#include "control/policy_lists.h"
#include "control/push_loader.h"
#include "control/push_states.h"
#include "dataplane/base/clock.h"
#include "patterns/durable.h"

/* A load under way. */
struct load {
	const struct push_workshop *shop;
	struct push_job *job;
	const struct push_made *live;
	struct pack pack;
	struct policy_set set;
	struct diag diag;
	char parts[STORE_FILE_SIZE];
	struct push_made made;
};

static int fail(struct push_job *job, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct push_job *job, int code, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	(void)vsnprintf(job->sentence, sizeof(job->sentence), format, list);
	va_end(list);
	job->code = code;
	return code;
}

/* fail_by: the first errors in one sentence; the rest is counted. */
static int fail_by(struct push_job *job, int code, const struct diag *diag)
{
	FILE *to = fmemopen(job->sentence, sizeof(job->sentence) - 32, "w");
	size_t n_told = 0;

	job->code = code;
	for (size_t i = 0; to != NULL && i < diag->n_entries; i++) {
		const struct diag_entry *e = &diag->entries[i];

		if (e->level != DIAG_ERROR || (n_told != 0 && ftell(to) > PUSH_SENTENCE_SIZE / 2)) {
			continue;
		}
		fprintf(to, "%s", n_told != 0 ? "; " : "");
		if (e->file != NULL) {
			fprintf(to, "%s:", e->file);
		}
		if (e->line != 0) {
			fprintf(to, "%d:", e->line);
		}
		if (e->column != 0) {
			fprintf(to, "%d:", e->column);
		}
		fprintf(to, "%s%s", e->file != NULL ? " " : "", e->text);
		n_told++;
	}
	if (to != NULL) {
		fclose(to);
		job->sentence[sizeof(job->sentence) - 33] = '\0';
	}
	if (diag->n_errors > n_told) {
		size_t len = strlen(job->sentence);

		(void)snprintf(job->sentence + len, sizeof(job->sentence) - len, "; and %zu more",
			diag->n_errors - n_told);
	}
	return code;
}

/* ---- reading ---- */

static int read_pushed(struct load *l)
{
	const struct push_order *o = &l->job->order;
	struct policy_known has;
	struct pack_known known =
		policy_known(&has, l->live->generation->ruleset, l->live->generation->lists);
	uint64_t live_us = l->live->record.store.created_us;
	struct pack_meta meta;
	struct stat st;

	/* a pipe would keep the thread waiting for its other end */
	if (stat(o->path, &st) != 0 || !S_ISREG(st.st_mode)) {
		return fail(l->job, CONTROL_INVALID, "%.400s: %s", o->path,
			errno != 0 ? strerror(errno) : "not a file");
	}
	if (!pack_read_new(
		    &l->pack, o->path, l->parts, &l->shop->store->trusted, &known, &l->diag) ||
		!pack_meta(&l->pack, o->path, &meta, &l->diag)) {
		return fail_by(l->job, CONTROL_INVALID, &l->diag);
	}
	if (!o->allow_older && meta.created_us < live_us) {
		return fail(l->job, CONTROL_CONFLICT,
			"the pack was made before the one that is live, by %llu s: --allow-older takes it",
			(unsigned long long)((live_us - meta.created_us) / CLOCK_US_PER_S + 1));
	}
	return CONTROL_OK;
}

/* read_live: the live pack but for its databases, which are in memory. */
static bool read_stored(struct load *l, uint32_t number, struct store_record *r)
{
	struct policy_known has;
	struct pack_known known =
		policy_known(&has, l->live->generation->ruleset, l->live->generation->lists);

	return store_load(l->shop->store, number, &known, &l->pack, r, &l->diag);
}

static int read_changed(struct load *l)
{
	const struct push_order *o = &l->job->order;
	struct store_record r;
	struct pack_meta meta;

	if (l->live->record.store.number == 0) {
		return fail(l->job, CONTROL_INVALID, "there is no policy to change: push one");
	}
	if (!read_stored(l, l->live->record.store.number, &r) ||
		!pack_meta(&l->pack, "live", &meta, &l->diag)) {
		return fail_by(l->job, CONTROL_FAILED, &l->diag);
	}
	if (!o->change(o->change_arg, l->shop->store, l->live->generation, &l->pack, &l->diag)) {
		return fail_by(l->job, CONTROL_INVALID, &l->diag);
	}
	meta.base = r.number;
	meta.created_us = clock_realtime_us();
	(void)snprintf(meta.author, sizeof(meta.author), "uid %u", o->uid);
	(void)snprintf(meta.note, sizeof(meta.note), "%s", o->note);
	return pack_set_meta(&l->pack, &meta) ? CONTROL_OK
	                                      : fail(l->job, CONTROL_FAILED, "out of memory");
}

/* is_back: one that an undo goes back to: good, and not the live policy in other databases. */
static bool is_back(const struct store_record *r, uint32_t live)
{
	return r->state == STORE_GOOD && r->number != live && r->live_us != 0 &&
	       strncmp(r->why, PUSH_MERGED_INTO, strlen(PUSH_MERGED_INTO)) != 0;
}

/* before: which generation `steps` good ones go back to: by when they were live last; 0: there is none. */
static uint32_t before(const struct store *store, uint32_t live, uint32_t steps)
{
	int error = 0;
	size_t n = 0;
	struct store_record *all = store_records(store, &n, &error);
	uint64_t upper = UINT64_MAX;
	uint32_t found = 0;

	for (uint32_t step = 0; step < steps; step++) {
		uint64_t newest = 0;

		found = 0;
		for (size_t i = 0; i < n; i++) {
			const struct store_record *r = &all[i];

			if (is_back(r, live) && r->live_us < upper && r->live_us > newest) {
				newest = r->live_us;
				found = r->number;
			}
		}
		upper = newest;
	}
	free(all);
	return found;
}

static int read_before(struct load *l)
{
	const struct push_order *o = &l->job->order;
	uint32_t live = l->live->record.store.number;
	uint32_t number = o->generation;
	struct store_record r;

	if (number == 0) {
		number = before(l->shop->store, live, o->steps != 0 ? o->steps : 1);
	}
	if (number == 0) {
		return fail(
			l->job, CONTROL_INVALID, "there are not so many good generations before");
	}
	if (number == live) {
		return fail(l->job, CONTROL_CONFLICT, "generation %u is live", number);
	}
	if (!store_record_read(l->shop->store, number, &r)) {
		return fail(l->job, CONTROL_INVALID, "there is no generation %u", number);
	}
	l->made.record.store = r;
	if (number == l->job->resident) {
		return CONTROL_OK;
	}
	if (!read_stored(l, number, &l->made.record.store)) {
		return fail_by(l->job, CONTROL_INVALID, &l->diag);
	}
	return CONTROL_OK;
}

/* ---- building ---- */

static int merge_states(struct load *l)
{
	const uint8_t *live = l->live->generation->ruleset->hash;

	if (memcmp(l->set.ruleset->hash, live, sizeof(l->set.ruleset->hash)) != 0) {
		return fail(l->job, CONTROL_CONFLICT,
			"merge: the rules of the pack are not those that are live");
	}
	return CONTROL_OK;
}

/* put_states: the section follows the ruleset. Takes `text` over; NULL: out of memory. */
static int put_states(struct load *l, char *text)
{
	if (text == NULL ||
		!ruleset_apply_states(l->set.ruleset, text, strlen(text), "states", &l->diag) ||
		!pack_replace(&l->pack, "states", bytes_str(text))) {
		free(text);
		return fail(l->job, CONTROL_FAILED, "out of memory for the states of rules");
	}
	free(l->set.states);
	l->set.states = text;
	return CONTROL_OK;
}

static int compare(struct load *l)
{
	struct ruleset_diff diff = { .n = 0 };
	struct push_record *r = &l->made.record;

	if (!ruleset_diff(l->live->generation->ruleset, l->set.ruleset, &diff)) {
		return fail(l->job, CONTROL_FAILED, "out of memory");
	}
	r->n_added = diff.n_of[RULE_ADDED];
	r->n_removed = diff.n_of[RULE_REMOVED];
	r->n_changed = diff.n_of[RULE_CHANGED];
	r->n_restated = diff.n_of[RULE_RESTATED];
	ruleset_diff_free(&diff);
	return CONTROL_OK;
}

static int build_set(struct load *l)
{
	const struct push_order *o = &l->job->order;
	const struct config *c = l->shop->config;
	const char *link_names[LIMIT_LINKS];
	struct policy_load how = {
		.path = o->what == PUSH_PACK ? o->path : "generation",
		.pack = &l->pack,
		.link_names = link_names,
		.n_links = c->pipeline.n_links,
		.default_action = (enum rule_action)c->default_action,
		.base = l->live->generation->ruleset,
		.base_lists = l->live->generation->lists,
		.parts = l->parts,
		.arena = l->shop->arena,
		.states = o->merge ? l->live->states : NULL,
	};
	int code = CONTROL_OK;

	for (unsigned i = 0; i < c->pipeline.n_links; i++) {
		link_names[i] = c->pipeline.links[i].name;
	}
	if (!policy_set_load(&l->set, &how, &l->diag)) {
		return fail_by(l->job, CONTROL_INVALID, &l->diag);
	}
	if (o->merge) {
		code = merge_states(l);
		if (code == CONTROL_OK && l->live->states != NULL) {
			code = put_states(l, strdup(l->live->states));
		}
	} else if (o->shadow) {
		code = put_states(
			l, push_states_shadow(l->live->generation->ruleset, l->set.ruleset,
				   l->set.states, &l->made.record.n_shadowed));
	}
	return code == CONTROL_OK ? compare(l) : code;
}

/* build_generation: under the arena's ceiling, with what is not a database. */
static int build_generation(struct load *l, uint32_t number)
{
	struct arena *arena = l->shop->arena;
	const char *list;
	size_t size;
	char figures[160];

	l->made.generation = generation_create(
		number, l->set.ruleset, &l->set.policy, l->shop->config->n_workers);
	if (l->made.generation == NULL) {
		return fail(l->job, CONTROL_FAILED, "out of memory for the generation");
	}
	if (!list_set_charge(l->set.lists, arena, &list, &size)) {
		arena_explain(arena, size, figures, sizeof(figures));
		return fail(l->job, CONTROL_INVALID,
			"memory.generations is too small for list %s beside what is live: it %s",
			list, figures);
	}
	generation_set_lists(l->made.generation, l->set.lists);
	size = generation_size(l->made.generation);
	if (!arena_charge(arena, size)) {
		arena_explain(arena, size, figures, sizeof(figures));
		return fail(l->job, CONTROL_INVALID,
			"memory.generations is too small for it beside what is live: counters and scratches: it %s",
			figures);
	}
	l->made.charged = size;
	l->made.states = l->set.states;
	l->set.states = NULL;
	return CONTROL_OK;
}

static int keep(struct load *l)
{
	const struct push_order *o = &l->job->order;
	struct store_record *r = &l->made.record.store;

	r->pushed_us = clock_realtime_us();
	r->uid = o->uid;
	r->pid = o->pid;
	r->n_rules = l->set.ruleset->n_rules;
	r->state = STORE_PENDING;
	memcpy(r->exe, o->exe, sizeof(r->exe));
	memcpy(r->note, o->note, sizeof(r->note));
	if (!store_add(l->shop->store, &l->pack, r, &l->diag)) {
		return fail_by(l->job, CONTROL_FAILED, &l->diag);
	}
	/* nobody has seen it yet */
	l->made.generation->number = r->number;
	return CONTROL_OK;
}

void push_made_free(const struct push_workshop *shop, struct push_made *made)
{
	generation_free(made->generation);
	if (made->charged != 0) {
		arena_discharge(shop->arena, made->charged);
	}
	free(made->states);
	memset(made, 0, sizeof(*made));
}

static int read_order(struct load *l)
{
	switch (l->job->order.what) {
	case PUSH_PACK:
		return read_pushed(l);
	case PUSH_CHANGE:
		return read_changed(l);
	case PUSH_ROLLBACK:
		return read_before(l);
	case PUSH_CONFIRM:
	case PUSH_TAG:
	case PUSH_ROTATE:
		break;
	}
	return fail(l->job, CONTROL_FAILED, "no order to load anything");
}

static int load_order(struct load *l)
{
	uint64_t begin_us = clock_realtime_us();
	uint64_t built_us;
	bool back = l->job->order.what == PUSH_ROLLBACK;
	int code = read_order(l);

	if (code == CONTROL_OK && back && l->made.record.store.number == l->job->resident) {
		return CONTROL_OK;
	}
	code = code == CONTROL_OK ? build_set(l) : code;
	code = code == CONTROL_OK ? build_generation(l, l->made.record.store.number) : code;
	built_us = clock_realtime_us();
	l->job->load_us = built_us - begin_us;
	if (code == CONTROL_OK && !back) {
		code = keep(l);
	}
	l->job->store_us = clock_realtime_us() - built_us;
	return code;
}

static void run_load(const struct push_workshop *shop, struct push_job *job)
{
	struct load *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		(void)fail(job, CONTROL_FAILED, "out of memory");
		return;
	}
	l->shop = shop;
	l->job = job;
	l->live = &job->live;
	store_path_parts(shop->store, l->parts);
	errno = 0;
	job->code = load_order(l);
	if (job->code == CONTROL_OK) {
		job->made = l->made;
	} else {
		push_made_free(shop, &l->made);
	}
	policy_set_free(&l->set);
	pack_free(&l->pack);
	diag_clear(&l->diag);
	free(l);
}

/* ---- the store ---- */

/* history: a record of each generation; NULL: out of memory, or the folder cannot be read. */
json_t *push_store_history(const struct store *store)
{
	size_t n = 0;
	int error = 0;
	struct store_record *all = store_records(store, &n, &error);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		(void)json_array_append_new(list, store_record_json(&all[i]));
	}
	free(all);
	return list;
}

static void run_record(const struct push_workshop *shop, struct push_job *job)
{
	uint64_t begin_us = clock_realtime_us();
	int rc = 0;

	if (job->current != 0) {
		rc = store_set_current(shop->store, job->current, begin_us);
	}
	for (unsigned i = 0; i < PUSH_STATES_MAX; i++) {
		const struct push_state *s = &job->states[i];
		int error = s->number != 0 ? store_set_state(shop->store, s->number, s->state,
						     s->why[0] != '\0' ? s->why : NULL)
		                           : 0;

		rc = rc != 0 ? rc : error;
	}
	if (rc != 0) {
		(void)fail(job, CONTROL_PARTIAL,
			"it judges, but the store does not know it: a restart will not have it: %s",
			strerror(-rc));
	} else if (job->current != 0) {
		(void)store_collect(shop->store);
	}
	job->store_us = clock_realtime_us() - begin_us;
}

static void run_tag(const struct push_workshop *shop, struct push_job *job)
{
	int rc = store_set_tag(shop->store, job->order.generation, job->order.tag);

	if (rc == -ENOENT) {
		(void)fail(
			job, CONTROL_INVALID, "there is no generation %u", job->order.generation);
	} else if (rc != 0) {
		(void)fail(job, CONTROL_FAILED, "the store cannot be written: %s", strerror(-rc));
	}
}

json_t *push_key_json(const struct key_public *key, const char *note)
{
	char text[KEY_TEXT_SIZE];
	char id[KEY_ID_SIZE];

	key_text(key, text);
	key_id(key, id);
	return json_pack("{s:s, s:s, s:s*}", "public", text, "id", id, "note", note);
}

json_t *push_store_keys(const struct store *store)
{
	json_t *keys = push_key_json(&store->key.public, NULL);
	json_t *trusted = json_array();

	for (uint32_t i = 0; i < store->trusted.n; i++) {
		const struct key_ring_entry *e = &store->trusted.entries[i];

		(void)json_array_append_new(trusted, push_key_json(&e->key, e->note));
	}
	(void)json_object_set_new(keys, "trusted", trusted);
	return keys;
}

static void run_rotate(const struct push_workshop *shop, struct push_job *job)
{
	struct diag *diag = calloc(1, sizeof(*diag));

	if (diag == NULL) {
		(void)fail(job, CONTROL_FAILED, "out of memory");
		return;
	}
	if (store_rotate_key(shop->store, diag)) {
		job->result = push_key_json(&shop->store->key.public, NULL);
		job->keys = push_store_keys(shop->store);
	} else {
		(void)fail_by(job, CONTROL_FAILED, diag);
	}
	diag_clear(diag);
	free(diag);
}

static void run_report(const struct push_workshop *shop, struct push_job *job)
{
	char folder[STORE_FILE_SIZE];
	char path[STORE_FILE_SIZE + sizeof(job->name) + 1];
	struct bytes text = bytes_str(job->text);
	int rc;

	(void)snprintf(folder, sizeof(folder), "%s/reports", shop->config->state_dir);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, job->name);
	rc = durable_folder(folder, 0750);
	rc = rc == 0 ? durable_write(path, 0640, &text, 1, false) : rc;
	if (rc != 0) {
		(void)fail(job, CONTROL_FAILED, "%.400s: %s", path, strerror(-rc));
	}
}

static void run_free(const struct push_workshop *shop, struct push_job *job)
{
	push_made_free(shop, &job->made);
	/* databases are mappings of their own; what was on the heap goes back as well */
	(void)malloc_trim(0);
}

void push_job_run(const struct push_workshop *shop, struct push_job *job)
{
	switch (job->kind) {
	case JOB_LOAD:
		run_load(shop, job);
		break;
	case JOB_RECORD:
		run_record(shop, job);
		break;
	case JOB_TAG:
		run_tag(shop, job);
		break;
	case JOB_ROTATE:
		run_rotate(shop, job);
		break;
	case JOB_REPORT:
		run_report(shop, job);
		break;
	case JOB_FREE:
		run_free(shop, job);
		return;
	}
	job->history = push_store_history(shop->store);
}

void push_job_free(struct push_job *job)
{
	if (job != NULL) {
		free(job->text);
		json_decref(job->result);
		json_decref(job->history);
		json_decref(job->keys);
		free(job->order.change_arg);
		free(job);
	}
}
