/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker.h"

#include <rte_hash_crc.h>
#include <rte_pause.h>
#include <rte_ring.h>

#include "dataplane/base/clock.h"

enum {
	TICK_EVERY = 256,     /* turns without a frame between two looks at the timers */
	STARVED_TURNS = 1024, /* replay: empty receptions before the buffers are looked at */
	SPARE_FRAMES = 64,    /* for acknowledgements of our own: one a received frame at most */
};

/* What a turn leaves over is there for the next. */
static void fill_spare(struct worker *w)
{
	struct frame *f;

	while (w->spare.count < SPARE_FRAMES && (f = port_frame_new(w->shared->ports)) != NULL) {
		frame_list_add(&w->spare, f);
	}
}

static void free_spare(struct worker *w)
{
	struct frame *f;

	while ((f = frame_list_take(&w->spare)) != NULL) {
		port_drop(w->shared->ports, f, w->index);
	}
}

static struct pipeline_turn turn_begin(struct worker *w)
{
	return (struct pipeline_turn){
		.generation = gate_current(w->shared->gate),
		/* control sets it at any time; a turn's delay is what "at once" means */
		.panic_links = atomic_load_explicit(w->shared->panic_links, memory_order_relaxed),
		.spare = w->shared->file == NULL ? &w->spare : NULL,
	};
}

/* The longest turn since control asked last; one that ends while it asks may be missed. */
static void note_turn(struct worker *w, uint64_t begun)
{
	uint64_t cycles = clock_cycles() - begun;

	/* relaxed: a figure, and only told */
	if (cycles > atomic_load_explicit(&w->pub.turn_max_cycles, memory_order_relaxed)) {
		atomic_store_explicit(&w->pub.turn_max_cycles, cycles, memory_order_relaxed);
	}
}

/* Between two turns nothing of a generation is held. What the next one judges by is told for status. */
static void turn_end(struct worker *w)
{
	gate_quiet(w->shared->gate, w->index);
	/* relaxed: one figure, and only told; that nobody holds an old one is the gate's to say */
	atomic_store_explicit(
		&w->pub.generation, gate_current(w->shared->gate)->number, memory_order_relaxed);
}

/* Live: frames to the other side of their link, in order, in runs of the same way out. */
static void send_live(struct worker *w, struct frame_list *out)
{
	struct frame *run[LIMIT_BURST];
	struct frame *f = frame_list_take(out);

	while (f != NULL) {
		unsigned link = f->link;
		unsigned from = f->from_side;
		unsigned n = 0;

		while (f != NULL && n < LIMIT_BURST && f->link == link && f->from_side == from) {
			run[n++] = f;
			f = frame_list_take(out);
		}
		if (w->shared->config->links[link].mode == LINK_TAP) {
			for (unsigned i = 0; i < n; i++) {
				port_drop(w->shared->ports, run[i], w->index);
			}
			continue;
		}
		port_send(w->shared->ports, link, 1 - from, w->index, run, n,
			pipeline_stats(w->pipeline));
	}
}

static void send_file(struct worker *w, struct frame_list *out)
{
	struct frame *f;

	while ((f = frame_list_take(out)) != NULL) {
		fileport_write(w->shared->file, f);
		port_drop(w->shared->ports, f, w->index);
	}
}

static void send_out(struct worker *w, struct frame_list *out)
{
	uint64_t start = clock_cycles();

	if (out->head == NULL) {
		return;
	}
	if (w->shared->file != NULL) {
		send_file(w, out);
	} else {
		send_live(w, out);
	}
	pipeline_stats(w->pipeline)->cycles[STAGE_out] += clock_cycles() - start;
}

/*
 * Both directions of an address pair, and its fragments, give the same owner. The paths of a
 * multihomed SCTP association have nothing in common but their ports (RFC 9260 1.3): these name it.
 */
static unsigned owner_of(const struct worker *w, const struct frame *f)
{
	const uint64_t *lo = (const uint64_t *)(const void *)f->key.lo.address;
	const uint64_t *hi = (const uint64_t *)(const void *)f->key.hi.address;
	uint64_t what = lo[0] ^ lo[1] ^ hi[0] ^ hi[1];

	if (f->kind == FRAME_SCTP) {
		what = (uint64_t)f->key.lo.port ^ f->key.hi.port;
	}
	return rte_hash_crc_8byte(what, w->shared->config->hash_seed) % w->shared->n_workers;
}

/* Keeps this worker's frames, hands the others to their owners; a full inbox keeps the frame moving unjudged. */
static unsigned steer(struct worker *w, struct frame **frames, unsigned n, struct frame_list *out)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned owner = owner_of(w, frames[i]);

		if (owner == w->index || frames[i]->ip_version == 0) {
			frames[kept++] = frames[i];
		} else if (rte_ring_enqueue(w->shared->inbox[owner], frames[i]) != 0) {
			stats_reason(pipeline_stats(w->pipeline), R_steer_full);
			frame_list_add(out, frames[i]);
		}
	}
	return kept;
}

/* Frames that could not be made contiguous leave as they came. */
static unsigned set_aside(
	struct worker *w, struct frame **frames, unsigned n, struct frame_list *out)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		if (frames[i]->reason == R_jumbo_full) {
			stats_reason(pipeline_stats(w->pipeline), R_jumbo_full);
			frame_list_add(out, frames[i]);
		} else {
			frames[kept++] = frames[i];
		}
	}
	return kept;
}

static unsigned turn_side(struct worker *w, unsigned link, unsigned side, uint64_t now_us)
{
	struct worker_shared *s = w->shared;
	struct pipeline_turn turn = turn_begin(w);
	struct frame *frames[LIMIT_BURST];
	struct frame_list out = { 0 };
	unsigned received = port_receive(s->ports, link, side, w->index, now_us, frames, s->burst);
	unsigned n = set_aside(w, frames, received, &out);

	if (received == 0) {
		return 0;
	}
	for (unsigned i = 0; i < n; i++) {
		frames[i]->number = ++w->n_received;
	}
	pipeline_decode(w->pipeline, frames, n);
	if (s->n_workers > 1) {
		n = steer(w, frames, n, &out);
	}
	pipeline_run(w->pipeline, &turn, frames, n, &out);
	send_out(w, &out);
	return received;
}

static unsigned turn_inbox(struct worker *w)
{
	struct pipeline_turn turn = turn_begin(w);
	struct frame *frames[LIMIT_BURST];
	struct frame_list out = { 0 };
	unsigned n;

	if (w->shared->n_workers == 1) {
		return 0;
	}
	n = rte_ring_dequeue_burst(
		w->shared->inbox[w->index], (void **)frames, w->shared->burst, NULL);
	if (n != 0) {
		pipeline_run(w->pipeline, &turn, frames, n, &out);
		send_out(w, &out);
	}
	return n;
}

static void idle(struct worker *w, uint64_t now_us)
{
	struct pipeline_turn turn = turn_begin(w);
	struct frame_list out = { 0 };

	pipeline_tick(w->pipeline, &turn, now_us, &out);
	if (port_starved(w->shared->ports)) {
		pipeline_relieve(w->pipeline, &turn, &out);
	}
	send_out(w, &out);
	pipeline_sessions_turn(w->pipeline);
}

/* Not inlined: scripts/check-hotpath begins here. */
static __attribute__((noinline)) void run_live(struct worker *w)
{
	struct worker_shared *s = w->shared;
	unsigned busy_turns = 0;

	while (!*s->stop) {
		uint64_t now_us = clock_realtime_us();
		uint64_t begun = clock_cycles();
		unsigned n;

		fill_spare(w);
		n = turn_inbox(w);
		for (unsigned link = 0; link < s->config->n_links; link++) {
			n += turn_side(w, link, 0, now_us);
			n += turn_side(w, link, 1, now_us);
		}
		/* pairs with control's read: a worker that stands still is seen */
		atomic_store_explicit(&w->pub.turns, w->pub.turns + 1, memory_order_relaxed);
		turn_end(w);
		if (n == 0 || ++busy_turns >= TICK_EVERY) {
			busy_turns = 0;
			idle(w, now_us);
		}
		note_turn(w, begun);
	}
}

/* One burst of the capture; 0 when the driver gave none. */
static unsigned turn_replay(struct worker *w)
{
	struct worker_shared *s = w->shared;
	struct pipeline_turn turn = turn_begin(w);
	struct frame *frames[LIMIT_BURST];
	struct frame_list out = { 0 };
	unsigned received = port_receive(s->ports, 0, 0, w->index, 0, frames, s->burst);
	unsigned n;

	for (unsigned i = 0; i < received; i++) {
		fileport_describe(s->file, frames[i]);
	}
	n = set_aside(w, frames, received, &out);
	pipeline_decode(w->pipeline, frames, n);
	pipeline_run(w->pipeline, &turn, frames, n, &out);
	send_out(w, &out);
	return received;
}

static void run_replay(struct worker *w)
{
	struct worker_shared *s = w->shared;
	uint64_t total = fileport_total(s->file);
	unsigned empty = 0;

	for (uint64_t done = 0; done < total && !*s->stop;) {
		unsigned n;

		while (!pipeline_event_room(w->pipeline) && !*s->stop) {
			rte_pause();
		}
		n = turn_replay(w);
		done += n;
		empty = n != 0 ? 0 : empty + 1;
		if (empty >= STARVED_TURNS) {
			struct pipeline_turn turn = turn_begin(w);
			struct frame_list out = { 0 };

			pipeline_relieve(w->pipeline, &turn, &out);
			send_out(w, &out);
			empty = 0;
		}
	}
}

int worker_run(void *argument)
{
	struct worker *w = argument;
	struct pipeline_turn turn;
	struct frame_list out = { 0 };

	if (w->shared->file != NULL) {
		run_replay(w);
	} else {
		run_live(w);
	}
	turn = turn_begin(w);
	pipeline_drain(w->pipeline, &turn, w->shared->file != NULL ? 0 : clock_realtime_us(), &out);
	send_out(w, &out);
	free_spare(w);
	gate_leave(w->shared->gate, w->index);
	/* pairs with control's acquire: the last events and counters are seen when it is */
	atomic_fetch_sub_explicit(&w->shared->running, 1, memory_order_release);
	return 0;
}
