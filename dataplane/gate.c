/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/gate.h"

#include <stdatomic.h>

#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>

struct gate {
	_Atomic(struct generation *) live; /* control: release; workers: acquire */
	struct rte_rcu_qsbr *readers;
};

/*
 * Workers are readers from here on, before they were launched: one that registered itself could read
 * the pointer between a publication and the look at who is registered.
 */
static bool register_readers(struct rte_rcu_qsbr *readers, unsigned n_workers)
{
	for (unsigned i = 0; i < n_workers; i++) {
		if (rte_rcu_qsbr_thread_register(readers, i) != 0) {
			return false;
		}
		rte_rcu_qsbr_thread_online(readers, i);
	}
	return true;
}

struct gate *gate_create(unsigned n_workers, struct generation *first)
{
	struct gate *g = rte_zmalloc("gate", sizeof(*g), RTE_CACHE_LINE_SIZE);
	size_t size = rte_rcu_qsbr_get_memsize(n_workers);

	if (g == NULL) {
		return NULL;
	}
	g->readers = rte_zmalloc("gate readers", size, RTE_CACHE_LINE_SIZE);
	if (g->readers == NULL || rte_rcu_qsbr_init(g->readers, n_workers) != 0 ||
		!register_readers(g->readers, n_workers)) {
		gate_destroy(g);
		return NULL;
	}
	atomic_store_explicit(&g->live, first, memory_order_release);
	return g;
}

void gate_destroy(struct gate *g)
{
	if (g != NULL) {
		rte_free(g->readers);
		rte_free(g);
	}
}

const struct generation *gate_current(struct gate *g)
{
	/* pairs with the release in gate_publish: all parts of the generation are seen */
	return atomic_load_explicit(&g->live, memory_order_acquire);
}

void gate_quiet(struct gate *g, unsigned worker)
{
	rte_rcu_qsbr_quiescent(g->readers, worker);
}

void gate_leave(struct gate *g, unsigned worker)
{
	rte_rcu_qsbr_thread_offline(g->readers, worker);
	rte_rcu_qsbr_thread_unregister(g->readers, worker);
}

struct generation *gate_publish(struct gate *g, struct generation *next, uint64_t *token)
{
	/* pairs with the acquire in gate_current */
	struct generation *before = atomic_exchange_explicit(&g->live, next, memory_order_acq_rel);

	*token = rte_rcu_qsbr_start(g->readers);
	return before;
}

bool gate_seen(struct gate *g, uint64_t token)
{
	return rte_rcu_qsbr_check(g->readers, token, false) == 1;
}
