/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * control: the daemon's one control thread: it empties the workers' event rings, serves the
 * control socket, watches ports and signals, and writes the report at the end.
 *
 * It sees the data path only through doors: pipeline_stats/events/gauges (read), the gate
 * (publish) and the panic word (write). Thread-safety: everything here runs on the control thread.
 *
 * Socket protocol (docs/control-protocol.md): Unix stream; a request is one line of JSON, at most
 * CONTROL_REQUEST_MAX octets: {"v":1,"verb":"status","args":{...}}. The answer is one line:
 * {"v":1,"ok":true,"result":{...}} or {"v":1,"ok":false,"code":N,"error":"sentence"} with the exit
 * code smswallctl is to give (research/ecosystem.md 2). "events.follow" is answered by ok and then
 * event lines until the peer closes. Peers are known by SO_PEERCRED: root and the daemon's own user
 * may do all; others of the socket's group may read.
 */
#ifndef SMSWALL_CONTROL_CONTROL_H
#define SMSWALL_CONTROL_CONTROL_H

#include <jansson.h>
#include <signal.h>
#include <stdatomic.h>

#include "control/code.h"
#include "control/config.h"
#include "control/panic.h"
#include "control/policy_file.h"
#include "dataplane/telemetry.h"

struct event_sink;
struct gate;
struct quarantine;
struct push;
struct push_made;
struct push_workshop;
struct watch;

enum { CONTROL_REQUEST_MAX = 1 << 20, CONTROL_CLIENTS_MAX = 64 };

/* A port as status shows it; filled by dataplane/port.c. */
struct control_port {
	char name[64];
	char driver[32];
	bool up;
	uint32_t speed_mbps;
	uint64_t frames_in, frames_out, missed, errors;
};

/* What main.c gives: the doors to the data path. */
struct control_context {
	const struct config *config;
	const char *config_path;
	const char *policy_name;
	struct generation *generation; /* live */
	struct gate *gate;             /* live runs: where the next one is published */
	const _Atomic uint32_t
		*runs[WORKERS_MAX]; /* which one each worker judges by; NULL: not told */
	const struct push_workshop
		*shop; /* live runs: how others are made; NULL: nothing is pushed */
	const struct push_made
		*first; /* `generation` with its record; with `shop` it is taken over */
	bool fallback;  /* it is not the one that was live before */
	struct pipeline **pipelines;
	unsigned n_pipelines;
	struct limits *limits; /* their state, of all workers; NULL: there is none */
	const struct limit_keeper *limit_keeper; /* set by control_run(); NULL: they are not kept */
	bool limits_lost; /* what was kept of it over the restart was damaged: an alarm is due */
	_Atomic uint64_t *panic_links;
	volatile sig_atomic_t *stop;        /* set by signals: end the loop */
	const atomic_uint *workers_running; /* replay: the loop ends when it is 0 */
	unsigned n_ports;
	bool (*port_read)(unsigned port, struct control_port *out);
	bool (*port_link)(unsigned port, bool *up);     /* NULL: links are not watched */
	int (*port_set)(unsigned port, bool up);        /* 0 or -errno; NULL: nothing is set */
	const _Atomic uint64_t *turns[WORKERS_MAX];     /* a worker's turns; NULL: not watched */
	_Atomic uint64_t *turn_max_cycles[WORKERS_MAX]; /* the longest; NULL: not known */
	void (*notify)(const char *state);              /* to systemd; NULL: to nobody */
	uint64_t notify_watchdog_us; /* systemd waits for WATCHDOG=1; 0: it does not */
	const char *report_path;     /* write the report there at the end; NULL: no */
	uint64_t started_us;
	size_t budget_total;                 /* octets, as printed at boot */
	const struct event_sink *event_sink; /* set by control_run(), for reports */
	const struct quarantine *quarantine; /* the same */
	const struct watch *watch;           /* the same */
	struct push *push;                   /* the same; until control_close() */
	void (*telemetry)(
		telemetry_fill fill, void *arg); /* asked every round; NULL: nobody asks */
	/* for metrics; set by control_run() */
	uint64_t judges_since_us;                /* the live generation */
	uint64_t policy_changes[POLICY_CHANGES]; /* how often: enum event_policy_change */
};

/* control_run: until *stop (or, in replay, until the workers are done and the rings empty). 0 or a control_code. */
int control_run(struct control_context *ctx);

/* control_close: after control_run(), when the workers have ended: frees every generation that was taken over. */
void control_close(struct control_context *ctx);

/*
 * control_report: the document of `status --json`, `counters --json` and of replays:
 * { schema_version, version, uptime_s, mode, links[], workers[], counters{}, reasons{}, ledger[],
 *   verdicts{}, rules[], stages{}, generation{}, events{} }. A new reference. rules[] has those
 * that hit.
 */
json_t *control_report(const struct control_context *ctx);

#endif
