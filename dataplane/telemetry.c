/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/telemetry.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_telemetry.h>

#include "dataplane/base/clock.h"

/*
 * What commands know of the process: they get no argument (style.md). The lock is held while a
 * command reads, but not while it waits for control.
 */
static struct telemetry {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* `asked`, `answered` or `open` */
	bool open;
	bool asked, answered; /* the question for rules; one at a time */
	uint32_t offset;
	struct telemetry_source source;
	struct telemetry_rules rules;
} telemetry = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* offset_of: what stands behind the comma; no command has more than one number. */
static bool offset_of(const char *params, uint32_t *offset)
{
	char *end;
	unsigned long v;

	*offset = 0;
	if (params == NULL || params[0] == '\0') {
		return true;
	}
	errno = 0;
	v = strtoul(params, &end, 10);
	*offset = (uint32_t)v;
	return params[0] >= '0' && params[0] <= '9' && *end == '\0' && errno == 0 && v < UINT32_MAX;
}

/* sum_of: of a figure that each worker writes by itself. */
static uint64_t sum_of(const struct telemetry_source *s, size_t offset)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < s->n_pipelines; i++) {
		const char *stats = (const char *)pipeline_stats(s->pipelines[i]);

		/* relaxed: as stats_fold() reads it */
		sum += __atomic_load_n(
			(const uint64_t *)(const void *)(stats + offset), __ATOMIC_RELAXED);
	}
	return sum;
}

static uint64_t counter(const struct telemetry_source *s, enum stats_counter c)
{
	return sum_of(s, offsetof(struct stats, counter) + (size_t)c * sizeof(uint64_t));
}

static uint64_t reason(const struct telemetry_source *s, enum reason r)
{
	return sum_of(s, offsetof(struct stats, reason) + (size_t)r * sizeof(uint64_t));
}

/* page_head: how many there are, and where the next page begins. */
static void page_head(struct rte_tel_data *d, uint32_t total, uint32_t next)
{
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_u64(d, "total", total);
	if (next < total) {
		rte_tel_data_add_dict_u64(d, "next", next);
	}
}

/* put_container: puts `inner` into `d`, which frees it with itself. */
static int put_container(struct rte_tel_data *d, const char *name, struct rte_tel_data *inner)
{
	int rc = inner != NULL ? rte_tel_data_add_dict_container(d, name, inner, 0) : -ENOMEM;

	if (rc != 0 && inner != NULL) {
		rte_tel_data_free(inner);
	}
	return rc;
}

static struct rte_tel_data *new_dict(void)
{
	struct rte_tel_data *d = rte_tel_data_alloc();

	if (d != NULL) {
		rte_tel_data_start_dict(d);
	}
	return d;
}

static int tell_counters(struct rte_tel_data *d, uint32_t offset)
{
	struct rte_tel_data *page = new_dict();
	uint32_t i = offset;

	for (; page != NULL && i < STAT_COUNT && i - offset < TELEMETRY_PAGE; i++) {
		rte_tel_data_add_dict_u64(page, stats_counter_name((enum stats_counter)i),
			counter(&telemetry.source, (enum stats_counter)i));
	}
	page_head(d, STAT_COUNT, i);
	return put_container(d, "counters", page);
}

static int tell_reasons(struct rte_tel_data *d, uint32_t offset)
{
	struct rte_tel_data *page = new_dict();
	uint32_t i = offset;

	for (; page != NULL && i < R_COUNT && i - offset < TELEMETRY_PAGE; i++) {
		rte_tel_data_add_dict_u64(page, stats_reason_name((enum reason)i),
			reason(&telemetry.source, (enum reason)i));
	}
	page_head(d, R_COUNT, i);
	return put_container(d, "reasons", page);
}

static struct rte_tel_data *link_dict(const struct telemetry_source *s, unsigned link)
{
	static const char *const modes[] = {
		[LINK_TAP] = "tap", [LINK_MONITOR] = "monitor", [LINK_ENFORCE] = "enforce"
	};
	/* relaxed: one word that control writes at any time */
	uint64_t panic = atomic_load_explicit(s->panic_links, memory_order_relaxed);
	struct rte_tel_data *d = new_dict();
	bool dribbles = false;

	if (d == NULL) {
		return NULL;
	}
	for (unsigned i = 0; i < s->n_pipelines; i++) {
		dribbles = dribbles || pipeline_dribbles(s->pipelines[i], link);
	}
	rte_tel_data_add_dict_string(d, "name", s->config->links[link].name);
	rte_tel_data_add_dict_string(d, "mode", modes[s->config->links[link].mode]);
	rte_tel_data_add_dict_int(d, "panic", (int)(panic >> link & 1));
	rte_tel_data_add_dict_int(d, "dribbling", dribbles ? 1 : 0);
	for (int i = 0; i < LINK_STAT_COUNT; i++) {
		size_t at = offsetof(struct stats, link) +
		            (link * LINK_STAT_COUNT + (size_t)i) * sizeof(uint64_t);

		rte_tel_data_add_dict_u64(
			d, stats_link_counter_name((enum stats_link_counter)i), sum_of(s, at));
	}
	return d;
}

static int tell_links(struct rte_tel_data *d, uint32_t offset)
{
	const struct telemetry_source *s = &telemetry.source;
	uint32_t n = s->config->n_links;
	int rc = 0;

	page_head(d, n, n);
	for (uint32_t i = offset; i < n && rc == 0; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%u", i);
		rc = put_container(d, name, link_dict(s, i));
	}
	return rc;
}

static int tell_status(struct rte_tel_data *d, uint32_t offset)
{
	const struct telemetry_source *s = &telemetry.source;
	uint64_t now_us = clock_realtime_us();
	uint64_t up_us = now_us > s->started_us ? now_us - s->started_us : 0;
	struct pipeline_gauges sum = { 0 };
	struct rte_tel_data *turns = new_dict();

	(void)offset;
	for (unsigned i = 0; i < s->n_pipelines; i++) {
		struct pipeline_gauges g = pipeline_gauges(s->pipelines[i]);
		char name[16];

		sum.flows += g.flows;
		sum.associations += g.associations;
		sum.held_frames += g.held_frames;
		snprintf(name, sizeof(name), "%u", i);
		if (turns != NULL && s->turns[i] != NULL) {
			/* relaxed: pairs with the worker's store of each turn */
			rte_tel_data_add_dict_u64(turns, name,
				atomic_load_explicit(s->turns[i], memory_order_relaxed));
		}
	}
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_string(d, "version", s->version);
	rte_tel_data_add_dict_u64(d, "uptime_s", up_us / CLOCK_US_PER_S);
	rte_tel_data_add_dict_u64(d, "links", s->config->n_links);
	rte_tel_data_add_dict_u64(d, "workers", s->n_pipelines);
	rte_tel_data_add_dict_u64(d, "flows", sum.flows);
	rte_tel_data_add_dict_u64(d, "associations", sum.associations);
	rte_tel_data_add_dict_u64(d, "held_frames", sum.held_frames);
	rte_tel_data_add_dict_u64(d, "messages", counter(s, STAT_messages));
	rte_tel_data_add_dict_u64(d, "refused",
		counter(s, STAT_messages_blanked) + counter(s, STAT_messages_rejected));
	return put_container(d, "turns", turns);
}

/* ask_rules: waits until control has answered; 0 or -errno. The lock is held, but not while it waits. */
static int ask_rules(uint32_t offset)
{
	struct telemetry *t = &telemetry;
	struct timespec end;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += TELEMETRY_WAIT_MS / 1000;
	while (t->asked && t->open && rc == 0) { /* by another client */
		rc = pthread_cond_clockwait(&t->changed, &t->lock, CLOCK_MONOTONIC, &end);
	}
	if (rc != 0 || !t->open) {
		return -EBUSY;
	}
	t->asked = true;
	t->answered = false;
	t->offset = offset;
	while (!t->answered && t->open && rc == 0) {
		rc = pthread_cond_clockwait(&t->changed, &t->lock, CLOCK_MONOTONIC, &end);
	}
	t->asked = false;
	pthread_cond_broadcast(&t->changed);
	return t->answered && t->open ? 0 : -ETIMEDOUT;
}

static int tell_rules(struct rte_tel_data *d, uint32_t offset)
{
	const struct telemetry_rules *r = &telemetry.rules;
	int rc = ask_rules(offset);

	if (rc != 0) {
		return rc;
	}
	page_head(d, r->n_total, offset + r->n);
	rte_tel_data_add_dict_u64(d, "generation", r->generation);
	for (uint32_t i = 0; i < r->n && rc == 0; i++) {
		struct rte_tel_data *rule = new_dict();
		char name[16];

		snprintf(name, sizeof(name), "%u", offset + i);
		if (rule != NULL) {
			rte_tel_data_add_dict_string(rule, "id", r->rules[i].id);
			rte_tel_data_add_dict_string(
				rule, "state", rule_state_name((enum rule_state)r->rules[i].state));
			rte_tel_data_add_dict_u64(rule, "hits", r->rules[i].hits);
			rte_tel_data_add_dict_u64(rule, "shadow", r->rules[i].shadow);
			rte_tel_data_add_dict_u64(rule, "decided", r->rules[i].decided);
		}
		rc = put_container(d, name, rule);
	}
	return rc;
}

static const struct {
	const char *name;
	int (*tell)(struct rte_tel_data *d, uint32_t offset);
	const char *help;
} commands[] = {
	{ "/smswall/status", tell_status, "Workers, connections, messages. No parameter." },
	{ "/smswall/counters", tell_counters, "Counters, summed. Parameter: offset." },
	{ "/smswall/reasons", tell_reasons, "Occurrences of reasons. Parameter: offset." },
	{ "/smswall/links", tell_links, "Links with their counters. No parameter." },
	{ "/smswall/rules", tell_rules, "Rules with their hits. Parameter: offset." },
};

/* on_command: DPDK's thread; a code below 0 is told as null. */
static int on_command(const char *name, const char *params, struct rte_tel_data *d)
{
	uint32_t offset;
	int rc = -EINVAL;

	if (!offset_of(params, &offset)) {
		return rc;
	}
	pthread_mutex_lock(&telemetry.lock);
	for (size_t i = 0; telemetry.open && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(name, commands[i].name) == 0) {
			rc = commands[i].tell(d, offset);
		}
	}
	pthread_mutex_unlock(&telemetry.lock);
	return rc;
}

bool telemetry_open(const struct telemetry_source *source)
{
	bool ok = true;

	pthread_mutex_lock(&telemetry.lock);
	telemetry.source = *source;
	telemetry.open = true;
	pthread_mutex_unlock(&telemetry.lock);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		ok = rte_telemetry_register_cmd(commands[i].name, on_command, commands[i].help) ==
		             0 &&
		     ok;
	}
	return ok;
}

void telemetry_serve(telemetry_fill fill, void *arg)
{
	struct telemetry *t = &telemetry;

	/* taken: a command is being answered; the next round will do */
	if (pthread_mutex_trylock(&t->lock) != 0) {
		return;
	}
	if (t->open && t->asked && !t->answered) {
		t->rules = (struct telemetry_rules){ 0 };
		fill(arg, t->offset, &t->rules);
		t->answered = true;
		pthread_cond_broadcast(&t->changed);
	}
	pthread_mutex_unlock(&t->lock);
}

void telemetry_close(void)
{
	pthread_mutex_lock(&telemetry.lock);
	telemetry.open = false;
	pthread_cond_broadcast(&telemetry.changed);
	pthread_mutex_unlock(&telemetry.lock);
}
