/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/report.h"
#include "dataplane/base/clock.h"

enum {
	LINKS_MS = 100,    /* between two looks at the ports */
	STATUS_MS = 10000, /* between two lines to systemd */
	BEATS = 3,         /* in the time systemd waits for one */
};

enum { PORT_UP, PORT_DOWN, PORT_SET_UP = 4, PORT_SET_DOWN = 5 }; /* event_link.what */
enum { WORKER_STUCK, WORKER_MOVES, WORKER_ABORT };               /* event_worker.change */

void watch_init(struct watch *w, const struct control_context *ctx, watch_event put, void *arg,
	uint64_t now_ms)
{
	*w = (struct watch){ .ctx = ctx, .put = put, .arg = arg, .last_ms = now_ms };
}

static void notify(const struct watch *w, const char *state)
{
	if (w->ctx->notify != NULL) {
		w->ctx->notify(state);
	}
}

static void put_link(struct watch *w, unsigned link, unsigned side, unsigned what)
{
	struct event e = { .type = EVENT_LINK,
		.link = (uint8_t)link,
		.u.link_change = { .what = (uint8_t)what, .port = (uint8_t)(side + 1) } };

	w->put(w->arg, &e);
}

static void put_worker(struct watch *w, unsigned worker, unsigned change, uint64_t stood_ms)
{
	struct event e = { .type = EVENT_WORKER,
		.u.worker_change = { .change = (uint8_t)change,
			.worker = (uint8_t)worker,
			.stood_ms = (uint32_t)stood_ms } };

	w->put(w->arg, &e);
}

/* look_at_workers: true when one has stood still for too long. */
static bool look_at_workers(struct watch *w, uint64_t now_ms)
{
	uint64_t step_ms = now_ms - w->last_ms;
	bool end = false;

	w->last_ms = now_ms;
	for (unsigned i = 0; i < w->ctx->n_pipelines; i++) {
		struct watchdog *d = &w->workers[i];
		uint64_t stood_ms = d->stood_ms;

		if (w->ctx->turns[i] == NULL) {
			continue;
		}
		/* relaxed: pairs with the worker's store of each turn; a moment's delay is nothing here */
		switch (watchdog_look(d,
			atomic_load_explicit(w->ctx->turns[i], memory_order_relaxed), step_ms,
			w->ctx->config->watchdog_abort_ms)) {
		case WATCHDOG_NOTHING:
			break;
		case WATCHDOG_STUCK:
			fprintf(stderr, "smswalld: worker %u stands still\n", i);
			put_worker(w, i, WORKER_STUCK, d->stood_ms);
			w->next_status_ms = 0;
			break;
		case WATCHDOG_MOVES:
			fprintf(stderr, "smswalld: worker %u moves again after %llu ms\n", i,
				(unsigned long long)stood_ms);
			put_worker(w, i, WORKER_MOVES, stood_ms);
			w->next_status_ms = 0;
			break;
		case WATCHDOG_ABORT:
			fprintf(stderr,
				"smswalld: worker %u has stood still for %llu ms (watchdog.abort_ms): ending, so that "
				"others take over\n",
				i, (unsigned long long)d->stood_ms);
			put_worker(w, i, WORKER_ABORT, d->stood_ms);
			end = true;
			break;
		}
	}
	return end;
}

static uint16_t port_of(const struct watch *w, unsigned link, unsigned side)
{
	const struct config_port_pair *pair = &w->ctx->config->pairs[link];

	return side == 0 ? pair->inside_port : pair->outside_port;
}

static void set_port(struct watch *w, unsigned link, const struct linkstate_news *news)
{
	unsigned side = (unsigned)news->side;
	int rc = w->ctx->port_set != NULL ? w->ctx->port_set(port_of(w, link, side), news->set_up)
	                                  : -ENOTSUP;

	if (rc != 0) {
		fprintf(stderr,
			"smswalld: link \"%s\": port %u cannot be set %s: %s: its two ports are independent\n",
			w->ctx->config->pipeline.links[link].name, port_of(w, link, side),
			news->set_up ? "up" : "down", strerror(-rc));
		linkstate_failed(&w->links[link], news, -rc);
		return;
	}
	put_link(w, link, side, news->set_up ? PORT_SET_UP : PORT_SET_DOWN);
}

static void look_at_link(struct watch *w, unsigned link, uint64_t now_ms)
{
	struct linkstate *l = &w->links[link];
	/* a mirror port's far end is no end of ours */
	bool propagate = w->ctx->config->pairs[link].propagate &&
	                 w->ctx->config->pipeline.links[link].mode != LINK_TAP;
	struct linkstate_news news;
	bool up[2];

	if (!w->ctx->port_link(port_of(w, link, 0), &up[0]) ||
		!w->ctx->port_link(port_of(w, link, 1), &up[1])) {
		return;
	}
	news = linkstate_see(l, up[0], up[1], propagate, now_ms);
	for (unsigned side = 0; side < 2; side++) {
		if (news.changed[side]) {
			put_link(w, link, side, up[side] ? PORT_UP : PORT_DOWN);
		}
	}
	if (news.side >= 0) {
		set_port(w, link, &news);
	}
}

static void look_at_links(struct watch *w, uint64_t now_ms)
{
	if (w->ctx->port_link == NULL || w->ctx->n_ports == 0 || now_ms < w->next_links_ms) {
		return;
	}
	w->next_links_ms = now_ms + LINKS_MS;
	for (unsigned i = 0; i < w->ctx->config->pipeline.n_links; i++) {
		look_at_link(w, i, now_ms);
	}
}

bool watch_all_turn(const struct watch *w)
{
	for (unsigned i = 0; i < w->ctx->n_pipelines; i++) {
		if (w->workers[i].stuck) {
			return false;
		}
	}
	return true;
}

/* systemd's own watchdog is the last resort: it also sees a control thread that stands still. */
static void tell_systemd(struct watch *w, uint64_t now_ms)
{
	char state[sizeof(w->status)] = "STATUS=";
	size_t head = strlen(state);

	if (w->ctx->notify == NULL) {
		return;
	}
	if (w->ctx->notify_watchdog_us != 0 && now_ms >= w->next_beat_ms && watch_all_turn(w)) {
		w->next_beat_ms = now_ms + w->ctx->notify_watchdog_us / 1000 / BEATS;
		notify(w, "WATCHDOG=1");
	}
	if (now_ms < w->next_status_ms) {
		return;
	}
	w->next_status_ms = now_ms + STATUS_MS;
	report_status_line(w->ctx, watch_all_turn(w), state + head, sizeof(state) - head);
	if (strcmp(state, w->status) != 0) {
		memcpy(w->status, state, sizeof(state));
		notify(w, state);
	}
}

bool watch_round(struct watch *w, uint64_t now_ms)
{
	bool end = look_at_workers(w, now_ms);

	look_at_links(w, now_ms);
	tell_systemd(w, now_ms);
	return end;
}

/* Ports that are down because of us: up again. */
static void restore_ports(struct watch *w)
{
	for (unsigned i = 0; i < w->ctx->config->pipeline.n_links; i++) {
		for (unsigned side = 0; side < 2; side++) {
			if (w->links[i].forced[side] && w->ctx->port_set != NULL) {
				w->links[i].forced[side] = false;
				(void)w->ctx->port_set(port_of(w, i, side), true);
			}
		}
	}
}

void watch_end(struct watch *w)
{
	notify(w, "STOPPING=1");
	restore_ports(w);
}

_Noreturn void watch_abort(struct watch *w)
{
	restore_ports(w);
	abort();
}
