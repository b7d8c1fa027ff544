/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * smswallctl policy push: files -> (what the live generation has is taken from it) -> compiled, tried,
 * signed -> to the daemon -> live; then the whole in one piece, in its place. docs/policy.md has the
 * picture.
 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control/ctl_daemon.h"
#include "control/ctl_spool.h"
#include "control/ctl_store.h"
#include "control/summary.h"
#include "patterns/key.h"

struct push {
	struct ctl_call *call;
	const char *path; /* as typed */
	bool merging;     /* the second of two pushes */
	long confirm_s;
	long long if_generation;
	json_t *status; /* of the daemon: its links */
	struct config *config;
	struct ctl_store live;
	struct ruleset *base; /* of the live generation; NULL: everything is compiled */
	char why_no_base[256];
	struct key_secret key;
	struct policy_set *set;
	char spool[CTL_SPOOL_SIZE];
	struct policy_load how;
	char cache[CTL_PATH_SIZE]; /* of compiled databases: the caller's own; "": none */
	const char *links[LIMIT_LINKS];
};

static double now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1000000;
}

/* say: what is being done, where somebody watches; "": nothing any more. */
static void say(const char *what)
{
	if (isatty(STDERR_FILENO)) {
		fprintf(stderr, "\r\033[K%s%s", what, what[0] != '\0' ? " ..." : "");
		(void)fflush(stderr);
	}
}

/* ---- what is needed first */

static int read_options(struct push *p)
{
	const char *if_generation = ctl_value(p->call, "if-generation");
	int rc = ctl_number(p->call, "confirm", 1, 86400, &p->confirm_s);

	if (rc == 0 && if_generation != NULL) {
		rc = ctl_read_generation(p->call, if_generation, &p->if_generation);
	}
	return rc;
}

/* find_live: what the daemon judges by, and between which links. Nothing may be live. */
static int find_live(struct push *p)
{
	json_t *links;
	int rc = ctl_client_request(p->call, "status", NULL, &p->status);

	links = json_object_get(p->status, "links");
	for (size_t i = 0; i < json_array_size(links) && i < LIMIT_LINKS; i++) {
		p->links[p->how.n_links++] = ctl_text(json_array_get(links, i), "name");
	}
	rc = rc == 0 ? ctl_store_find(p->call, 0, &p->live) : rc;
	if (rc == CONTROL_INVALID) {
		diag_clear(&p->call->diag);
		rc = 0;
	}
	(void)json_object_del(p->call->document, "record");
	return rc;
}

/* load_key: of --key, or the daemon's own. */
static int load_key(struct push *p)
{
	const char *typed = ctl_value(p->call, "key");
	char folder[CTL_PATH_SIZE];
	char path[CTL_PATH_SIZE + 16];

	ctl_store_state_folder(&p->live, folder, sizeof(folder));
	(void)snprintf(path, sizeof(path), "%s/keys/sign.key",
		folder[0] != '\0' ? folder : p->config->state_dir);
	if (typed == NULL && access(path, R_OK) != 0) {
		return ctl_error(p->call, CONTROL_NOT_PERMITTED,
			"%s: %s: a pack must be signed. Push as root or as the daemon's user, or sign "
			"with a key that the daemon trusts: --key FILE (smswallctl key make --help)",
			path, strerror(errno));
	}
	if (typed != NULL && access(typed, R_OK) != 0) {
		return ctl_error(p->call, errno == EACCES ? CONTROL_NOT_PERMITTED : CONTROL_INVALID,
			"%s: %s", typed, strerror(errno));
	}
	return key_secret_load(&p->key, typed != NULL ? typed : path, &p->call->diag)
	               ? 0
	               : CONTROL_INVALID;
}

/* ---- packs */

/* write_set: signed, without what the store has. */
static int write_set(struct push *p, const struct policy_set *set)
{
	struct pack_meta meta = { .schema = PACK_SCHEMA };
	struct policy_write how = { .key = &p->key,
		.thin = p->base,
		.thin_pack = p->base != NULL ? p->live.pack : NULL,
		.meta = &meta };
	int rc = ctl_spool_open(p->call, p->spool);

	ctl_policy_meta(p->merging ? NULL : ctl_value(p->call, "note"), &meta);
	meta.base = (uint32_t)p->live.number;
	if (rc == 0 && !policy_set_write(set, p->spool, &how, &p->call->diag)) {
		rc = CONTROL_FAILED;
	}
	return rc == 0 ? ctl_spool_give(p->call, p->spool) : rc;
}

/* ask: pushes the file of the spool, which is gone then. */
static int ask(struct push *p, bool merge, long long if_generation, json_t **result)
{
	struct ctl_call *call = p->call;
	json_t *args = json_pack("{s:s, s:b, s:b, s:b}", "pack", p->spool, "shadow",
		!merge && ctl_value(call, "shadow") != NULL, "allow_older",
		ctl_value(call, "allow-older") != NULL, "merge", merge);
	int rc;

	if (args != NULL && p->confirm_s != 0 && !merge) {
		json_object_set_new(args, "confirm_s", json_integer(p->confirm_s));
	}
	if (args != NULL && if_generation != 0) {
		json_object_set_new(args, "if_generation", json_integer(if_generation));
	}
	if (args != NULL && ctl_value(call, "note") != NULL && !merge) {
		json_object_set_new(args, "note", ctl_json_string(ctl_value(call, "note")));
	}
	rc = ctl_daemon_ask(call, "policy.push", args, CTL_PUSH_TIMEOUT_S, result);
	ctl_spool_remove();
	return rc;
}

/* ---- a folder or *.pat file */

static void describe(struct push *p, double ms)
{
	const struct compile_report *r = &p->set->report;

	ctl_out(p->call,
		"compiled    %u rules anew, %u databases of generation %lld kept, in %.0f ms",
		r->rules_fresh, r->n_reused, p->live.number, ms);
	ctl_out(p->call, "%s%s\n", p->why_no_base[0] != '\0' ? "; all of it, as " : "",
		p->why_no_base);
	ctl_set(p->call, "compiled",
		json_pack("{s:i, s:i, s:i, s:i, s:f, s:s*}", "rules", (int)r->rules_fresh,
			"databases", (int)r->n_compiled, "cached", (int)r->n_cached, "reused",
			(int)r->n_reused, "ms", ms, "whole_because",
			p->why_no_base[0] != '\0' ? p->why_no_base : NULL));
}

/* find_cache: where the person who pushes keeps such things; the whole is then compiled anew only in part. */
static void find_cache(struct push *p)
{
	const char *folder = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	char above[CTL_PATH_SIZE - 16] = "";

	if (folder != NULL && folder[0] == '/') {
		(void)snprintf(above, sizeof(above), "%s", folder);
	} else if (home != NULL && home[0] == '/') {
		(void)snprintf(above, sizeof(above), "%s/.cache", home);
	}
	if (above[0] != '\0' && (mkdir(above, 0700) == 0 || errno == EEXIST)) {
		(void)snprintf(p->cache, sizeof(p->cache), "%s/smswall", above);
		p->how.cache = p->cache;
	}
}

static int compile(struct push *p)
{
	double start = now_ms();

	if (p->live.number != 0) {
		say("reading what is live");
		p->base = ctl_store_ruleset(&p->live, p->why_no_base, sizeof(p->why_no_base));
		p->why_no_base[0] = p->base != NULL ? '\0' : p->why_no_base[0];
	}
	say("compiling");
	find_cache(p);
	p->how.path = p->path;
	p->how.link_names = p->links;
	p->how.default_action = (enum rule_action)p->config->default_action;
	p->how.base = p->base;
	p->set = calloc(1, sizeof(*p->set));
	if (p->set == NULL) {
		return ctl_error(p->call, CONTROL_FAILED, "no memory");
	}
	if (!policy_set_load(p->set, &p->how, &p->call->diag)) {
		free(p->set);
		p->set = NULL;
		return CONTROL_INVALID;
	}
	describe(p, now_ms() - start);
	return 0;
}

/* same_policy: what was read now says what was pushed. */
static bool same_policy(const struct policy_set *a, const struct policy_set *b)
{
	const char *x = a->policy_text != NULL ? a->policy_text : "";
	const char *y = b->policy_text != NULL ? b->policy_text : "";

	return memcmp(a->ruleset->hash, b->ruleset->hash, sizeof(a->ruleset->hash)) == 0 &&
	       strcmp(x, y) == 0;
}

/* merge_push: in the place of `number`, unless something else is live by now. */
static int merge_push(struct push *p, const struct policy_set *whole, long long number)
{
	json_t *result = NULL;
	int rc;

	ruleset_unref(p->base);
	p->base = NULL;
	rc = write_set(p, whole);
	rc = rc == 0 ? ask(p, true, number, &result) : rc;
	if (rc == 0) {
		ctl_out(p->call, "\nmerged: the same rules in whole databases\n");
		ctl_change_print(p->call, result);
	}
	json_decref(result);
	return rc;
}

/* merge_all: 0; CONTROL_CONFLICT where something else is live or in the files by now; or what failed. */
static int merge_all(struct push *p, long long number)
{
	struct policy_set *whole = calloc(1, sizeof(*whole));
	int rc = whole != NULL ? 0 : CONTROL_FAILED;

	p->merging = true;
	p->how.base = NULL;
	if (rc == 0 && !policy_set_load(whole, &p->how, &p->call->diag)) {
		rc = CONTROL_INVALID;
	}
	if (rc == 0) {
		rc = same_policy(p->set, whole) ? merge_push(p, whole, number) : CONTROL_CONFLICT;
		policy_set_free(whole);
	}
	free(whole);
	return rc;
}

/*
 * merge: that what is live could not be put in one piece does not undo it: it is slower, and said. A push
 * that came in between is no failure at all. What compiling says a second time is not told.
 */
static int merge(struct push *p, long long number)
{
	struct diag *diag = &p->call->diag;
	struct diag *told = malloc(sizeof(*told));
	char why[256] = "";
	int rc;

	if (told == NULL) {
		return ctl_error(p->call, CONTROL_PARTIAL, "no memory to put it in one piece");
	}
	memcpy(told, diag, sizeof(*told));
	memset(diag, 0, sizeof(*diag));
	(void)fflush(stdout);
	say("compiling the whole");
	rc = merge_all(p, number);
	say("");
	if (diag->n_entries != 0) {
		(void)snprintf(why, sizeof(why), ": %s", diag->entries[0].text);
	}
	diag_clear(diag);
	memcpy(diag, told, sizeof(*told));
	free(told);
	ctl_set(p->call, "merged", json_boolean(rc == 0));
	if (rc == CONTROL_CONFLICT) {
		diag_add(diag, DIAG_WARNING, NULL, 0, 0,
			"something else was pushed, or the files were changed, meanwhile: the "
			"databases were not put in one piece%s",
			why);
		return 0;
	}
	return rc == 0 ? 0
	               : ctl_error(p->call, CONTROL_PARTIAL,
				 "generation %lld is live, but its databases could not be put in one "
				 "piece: scanning is slower, and nothing else%s",
				 number, why);
}

static bool wants_merge(const struct push *p)
{
	const struct compile_report *r = &p->set->report;

	return r->n_reused != 0 && r->rules_fresh != 0 && p->confirm_s == 0 &&
	       ctl_value(p->call, "no-merge") == NULL;
}

static int push_source(struct push *p)
{
	json_t *result = NULL;
	int rc = load_key(p);

	rc = rc == 0 ? compile(p) : rc;
	if (rc == 0) {
		say("signing");
		rc = write_set(p, p->set);
	}
	if (rc == 0) {
		say("pushing");
		rc = ask(p, false, p->if_generation, &result);
	}
	say("");
	if (rc == 0) {
		ctl_change_print(p->call, result);
	}
	if (rc == 0 && wants_merge(p)) {
		ctl_set(p->call, "delta", json_deep_copy(result));
		rc = merge(p, summary_integer(result, "generation"));
	}
	json_decref(result);
	return rc;
}

/* ---- a pack */

/* copy_pack: signed: octet by octet, so that its signature stays; unsigned: with ours. */
static int copy_pack(struct push *p)
{
	struct pack *pack = calloc(1, sizeof(*pack));
	int rc = 0;
	int error = 0;

	if (pack == NULL || !pack_read(pack, p->path, NULL, NULL, &p->call->diag)) {
		free(pack);
		return pack == NULL ? ctl_error(p->call, CONTROL_FAILED, "no memory")
		                    : CONTROL_INVALID;
	}
	if (!pack->is_signed) {
		rc = load_key(p);
	}
	rc = rc == 0 ? ctl_spool_open(p->call, p->spool) : rc;
	if (rc == 0) {
		error = pack->is_signed ? ctl_spool_copy(p->path, p->spool)
		                        : pack_write(pack, p->spool, &p->key, PACK_WHOLE);
	}
	if (error != 0) {
		rc = ctl_error(p->call, CONTROL_FAILED, "%s: %s", p->spool, strerror(-error));
	}
	rc = rc == 0 ? ctl_spool_give(p->call, p->spool) : rc;
	pack_free(pack);
	free(pack);
	return rc;
}

static int push_pack(struct push *p)
{
	json_t *result = NULL;
	int rc;

	say("pushing");
	rc = copy_pack(p);
	rc = rc == 0 ? ask(p, false, p->if_generation, &result) : rc;
	say("");
	if (rc == 0) {
		ctl_change_print(p->call, result);
	}
	json_decref(result);
	return rc;
}

static void push_close(struct push *p)
{
	say("");
	ctl_spool_remove();
	if (p->set != NULL) {
		policy_set_free(p->set);
	}
	free(p->set);
	ruleset_unref(p->base);
	ctl_store_close(&p->live);
	key_secret_wipe(&p->key);
	json_decref(p->status);
	free(p->config);
}

static int push(struct push *p)
{
	struct ctl_call *call = p->call;
	int rc = read_options(p);

	rc = rc == 0 ? ctl_config_load(call, &p->config) : rc;
	if (rc == 0 && access(p->path, R_OK) != 0) {
		rc = ctl_error(call, errno == EACCES ? CONTROL_NOT_PERMITTED : CONTROL_INVALID,
			"%s: %s", p->path, strerror(errno));
	}
	rc = rc == 0 ? find_live(p) : rc;
	if (rc == 0) {
		ctl_set(call, "path", ctl_json_string(p->path));
		rc = pack_is(p->path) ? push_pack(p) : push_source(p);
	}
	return rc;
}

int ctl_policy_push(struct ctl_call *call)
{
	struct push *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL) {
		return ctl_error(call, CONTROL_FAILED, "no memory");
	}
	p->call = call;
	p->path = call->words[0];
	rc = push(p);
	push_close(p);
	free(p);
	return rc;
}
