/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/limit_state.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dataplane/base/clock.h"
#include "patterns/durable.h"

enum {
	PATH_SIZE = 512,
	MARK_LEN = 16,
	HASH_LEN = 32,
	HEAD_LEN = MARK_LEN + HASH_LEN,
	TRIES = 4, /* the table may grow between asking for its size and writing it */
	SPARE = 4096,
};

/* The largest table has 4.7 GB of cells; a smaller one than before takes what fits. */
#define FILE_MAX ((size_t)8 << 30)

static const char mark[MARK_LEN + 1] = "smswall limits 1";

static void path_of(const struct config *c, const char *after, char path[PATH_SIZE])
{
	(void)snprintf(path, PATH_SIZE, "%s/limits.state%s", c->state_dir, after);
}

static void hash_of(struct bytes state, uint8_t hash[HASH_LEN])
{
	crypto_generichash(hash, HASH_LEN, state.data, state.len, NULL, 0);
}

static bool keeps(const struct config *c)
{
	return c->limits_keep && !c->pipeline.replay;
}

/* ---- boot ---- */

/* lose: the table begins anew; the file is there for whoever wants to see what became of it. */
static void lose(struct limit_saved *s, const struct config *c, const char *why, struct diag *diag)
{
	char path[PATH_SIZE];
	char aside[PATH_SIZE];
	int error;

	path_of(c, "", path);
	path_of(c, ".damaged", aside);
	error = durable_rename(path, aside);
	if (error == 0) {
		diag_add(diag, DIAG_WARNING, path, 0, 0,
			"counts of limits: %s: they begin anew; the file is %s now", why, aside);
	} else {
		diag_add(diag, DIAG_WARNING, path, 0, 0,
			"counts of limits: %s: they begin anew; it cannot be set aside as %s, and will be written over: %s",
			why, aside, strerror(-error));
	}
	free(s->file);
	*s = (struct limit_saved){ .lost = true };
}

static bool is_whole(const char *file, size_t len, struct bytes *state)
{
	uint8_t hash[HASH_LEN];

	if (len < HEAD_LEN || memcmp(file, mark, MARK_LEN) != 0) {
		return false;
	}
	*state = bytes_of(file + HEAD_LEN, len - HEAD_LEN);
	hash_of(*state, hash);
	return memcmp(hash, file + MARK_LEN, HASH_LEN) == 0;
}

void limit_state_read(struct limit_saved *s, struct config *config, struct diag *diag)
{
	char path[PATH_SIZE];
	size_t len;
	int error;

	*s = (struct limit_saved){ .file = NULL };
	if (!keeps(config)) {
		return;
	}
	path_of(config, "", path);
	s->file = durable_read(path, FILE_MAX, &len, &error);
	if (s->file == NULL && error == -ENOENT) {
		return;
	}
	if (s->file == NULL) {
		lose(s, config, strerror(-error), diag);
	} else if (!is_whole(s->file, len, &s->state) ||
		   !limits_saved_key(s->state, &config->pipeline.limits.hash_key)) {
		lose(s, config, "not as they were written, or by another version", diag);
	}
}

void limit_state_load(struct limit_saved *s, struct limits *l, uint64_t now_us, struct diag *diag,
	const struct config *config)
{
	if (s->file != NULL && !limits_load(l, s->state, now_us)) {
		lose(s, config, "they do not fit this version", diag);
	}
	free(s->file);
	s->file = NULL;
	s->state = bytes_of(NULL, 0);
}

/* ---- running ---- */

/* take: the table's state behind HEAD_LEN octets; NULL: out of memory, or it never stood still. */
static uint8_t *take(struct limits *l, uint64_t now_us, size_t *len)
{
	size_t size = limits_save(l, now_us, NULL, 0) + SPARE;

	for (unsigned i = 0; i < TRIES; i++) {
		uint8_t *out = malloc(HEAD_LEN + size);
		size_t needed = out != NULL ? limits_save(l, now_us, out + HEAD_LEN, size) : 0;

		if (out == NULL || needed <= size) {
			*len = needed;
			return out;
		}
		free(out);
		size = needed + needed / 4 + SPARE;
	}
	return NULL;
}

int limit_state_save(const struct config *config, struct limits *l, uint64_t now_us)
{
	char path[PATH_SIZE];
	size_t len = 0;
	uint8_t *out = take(l, now_us, &len);
	struct bytes run;
	int error;

	if (out == NULL) {
		return -ENOMEM;
	}
	memcpy(out, mark, MARK_LEN);
	hash_of(bytes_of(out + HEAD_LEN, len), out + MARK_LEN);
	run = bytes_of(out, HEAD_LEN + len);
	path_of(config, "", path);
	error = durable_folder(config->state_dir, 0750);
	if (error == 0) {
		error = durable_write(path, 0600, &run, 1, false);
	}
	sodium_memzero(out, HEAD_LEN + len); /* the key is in it */
	free(out);
	return error;
}

/* Policies whose limits keep their state. */
struct kept {
	const struct policy *policies[2];
};

static bool is_kept(void *arg, const char *name)
{
	const struct kept *kept = arg;

	for (size_t i = 0; i < sizeof(kept->policies) / sizeof(kept->policies[0]); i++) {
		const struct policy *p = kept->policies[i];

		for (uint32_t k = 0; p != NULL && k < p->n_limits; k++) {
			if (strcmp(p->limits[k].name, name) == 0) {
				return true;
			}
		}
	}
	return false;
}

void limit_state_pushed(
	struct limits *l, const struct generation *before, const struct generation *next)
{
	struct kept kept = { { before != NULL ? before->policy : NULL,
		next != NULL ? next->policy : NULL } };

	if (l != NULL) {
		(void)limits_retire(l, is_kept, &kept, clock_realtime_us());
	}
}

struct limit_keeper {
	const struct config *config;
	struct limits *limits;
	pthread_t thread;
	pthread_mutex_t lock; /* of `stop` */
	pthread_cond_t ending;
	bool stop;
	_Atomic int error; /* of the last write: 0 or -errno */
};

/* wait_for_turn: until the next write is due; false: it is the last one. */
static bool wait_for_turn(struct limit_keeper *k)
{
	struct timespec until;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += k->config->limits_save_s;
	pthread_mutex_lock(&k->lock);
	while (!k->stop && pthread_cond_timedwait(&k->ending, &k->lock, &until) == 0) {
	}
	stop = k->stop;
	pthread_mutex_unlock(&k->lock);
	return !stop;
}

static void *keep(void *arg)
{
	struct limit_keeper *k = arg;
	int told = 0;
	bool more;

	(void)pthread_setname_np(pthread_self(), "smswall-limits");
	do {
		more = wait_for_turn(k);
		k->error = limit_state_save(k->config, k->limits, clock_realtime_us());
		if (k->error != 0 && k->error != told) {
			fprintf(stderr, "smswalld: %s: counts of limits cannot be written: %s\n",
				k->config->state_dir, strerror(-k->error));
		}
		told = k->error;
	} while (more);
	return NULL;
}

int limit_keeper_error(const struct limit_keeper *k)
{
	return k != NULL ? k->error : 0;
}

struct limit_keeper *limit_keeper_start(
	const struct config *config, struct limits *l, struct diag *diag)
{
	struct limit_keeper *k;
	pthread_condattr_t clock;
	sigset_t all;
	sigset_t before;
	int error;

	if (!keeps(config) || l == NULL) {
		return NULL;
	}
	k = calloc(1, sizeof(*k));
	if (k == NULL) {
		diag_add(diag, DIAG_WARNING, NULL, 0, 0,
			"counts of limits will not be kept: out of memory");
		return NULL;
	}
	k->config = config;
	k->limits = l;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->ending, &clock);
	pthread_condattr_destroy(&clock);
	/* signals are the control thread's */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&k->thread, NULL, keep, k);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		diag_add(diag, DIAG_WARNING, NULL, 0, 0,
			"counts of limits will not be kept: no thread: %s", strerror(error));
		free(k);
		return NULL;
	}
	return k;
}

int limit_keeper_stop(struct limit_keeper *k)
{
	int error;

	if (k == NULL) {
		return 0;
	}
	pthread_mutex_lock(&k->lock);
	k->stop = true;
	pthread_cond_signal(&k->ending);
	pthread_mutex_unlock(&k->lock);
	pthread_join(k->thread, NULL);
	error = k->error;
	pthread_mutex_destroy(&k->lock);
	pthread_cond_destroy(&k->ending);
	free(k);
	return error;
}
