/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/push_loader.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	NICE = 10, /* the control thread may share its core with it */
	MMAP_THRESHOLD = 128 << 10,
	HEAPS_MAX = 2,
};

/* Jobs in the order they were given. */
struct queue {
	struct push_job *first;
	struct push_job **end;
};

struct push_loader {
	struct push_workshop shop;
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t given;
	struct queue waiting;
	struct queue done;
	bool stop;
};

static void put(struct queue *q, struct push_job *job)
{
	job->next = NULL;
	*q->end = job;
	q->end = &job->next;
}

static struct push_job *take(struct queue *q)
{
	struct push_job *job = q->first;

	if (job != NULL) {
		q->first = job->next;
		if (q->first == NULL) {
			q->end = &q->first;
		}
	}
	return job;
}

static void *run(void *arg)
{
	struct push_loader *l = arg;
	struct push_job *job;

	/* of this thread alone: Linux has a priority for each */
	(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
	(void)pthread_setname_np(pthread_self(), "smswall-loader");
	pthread_mutex_lock(&l->lock);
	while ((job = take(&l->waiting)) != NULL || !l->stop) {
		if (job == NULL) {
			pthread_cond_wait(&l->given, &l->lock);
			continue;
		}
		pthread_mutex_unlock(&l->lock);
		push_job_run(&l->shop, job);
		pthread_mutex_lock(&l->lock);
		put(&l->done, job);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/*
 * What a generation took goes back to the system when it is freed: large pieces are mappings of their
 * own (and stay so: the threshold would grow with them), small ones are in few heaps.
 */
static void tame_malloc(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
	(void)mallopt(M_ARENA_MAX, HEAPS_MAX);
}

struct push_loader *push_loader_start(const struct push_workshop *shop)
{
	struct push_loader *l = calloc(1, sizeof(*l));
	sigset_t all;
	sigset_t before;
	int error;

	if (l == NULL) {
		return NULL;
	}
	tame_malloc();
	l->shop = *shop;
	l->waiting.end = &l->waiting.first;
	l->done.end = &l->done.first;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->given, NULL);
	/* signals are the control thread's */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&l->thread, NULL, run, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		free(l);
		errno = error;
		return NULL;
	}
	return l;
}

void push_loader_give(struct push_loader *l, struct push_job *job)
{
	pthread_mutex_lock(&l->lock);
	put(&l->waiting, job);
	pthread_cond_signal(&l->given);
	pthread_mutex_unlock(&l->lock);
}

struct push_job *push_loader_take(struct push_loader *l)
{
	struct push_job *job;

	pthread_mutex_lock(&l->lock);
	job = take(&l->done);
	pthread_mutex_unlock(&l->lock);
	return job;
}

void push_loader_stop(struct push_loader *l)
{
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_signal(&l->given);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
}

void push_loader_free(struct push_loader *l)
{
	if (l != NULL) {
		pthread_mutex_destroy(&l->lock);
		pthread_cond_destroy(&l->given);
		free(l);
	}
}

const struct push_workshop *push_loader_shop(const struct push_loader *l)
{
	return &l->shop;
}
