/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * worker: one core's loop: receive, decode, steer, run the pipeline, send, keep house.
 *
 * Ownership: a worker owns queue i of every port, its pipeline and its inbox. The fields of
 * struct worker are grouped by who may write them.
 */
#ifndef SMSWALL_WORKER_H
#define SMSWALL_WORKER_H

#include "dataplane/fileport.h"
#include "dataplane/gate.h"
#include "dataplane/pipeline.h"
#include "dataplane/port.h"

struct rte_ring;

struct worker_shared {
	const struct pipeline_config *config;
	struct ports *ports;
	struct gate *gate;
	unsigned n_workers;
	unsigned burst;
	_Atomic uint64_t *panic_links; /* control writes, workers read */
	const volatile int *stop;      /* a signal sets it */
	_Atomic unsigned running;      /* workers that have not ended */
	struct rte_ring
		*inbox[WORKERS_MAX]; /* frames that belong to another worker; n_workers > 1 */
	struct fileport *file;       /* replay: where frames go; NULL live */
};

struct worker {
	unsigned index;
	struct worker_shared *shared;
	struct pipeline *pipeline;
	uint64_t n_received;     /* live: frames are numbered as they come */
	struct frame_list spare; /* live: empty ones for acknowledgements of our own */
	struct {
		_Alignas(64) _Atomic uint64_t turns; /* this core writes: it is alive */
		_Atomic uint32_t generation;         /* what it judges by; 0: no turn yet */
		_Atomic uint64_t turn_max_cycles;    /* the longest turn; control sets it to 0 */
	} pub;
};

/* worker_run: until *stop, or in replay until the capture is through. Returns 0. For rte_eal_remote_launch. */
int worker_run(void *worker);

#endif
