/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake_pipeline: what control sees of a worker, as a test wants it. Defines the functions of
 * dataplane/pipeline.h that control calls: included by one file of a program.
 */
#ifndef SMSWALL_TESTS_FAKE_PIPELINE_H
#define SMSWALL_TESTS_FAKE_PIPELINE_H

#include <stdlib.h>

#include "dataplane/net/sctp_assoc.h"
#include "dataplane/pipeline.h"
#include "dataplane/proto/smpp_session.h"
#include "tests/control/fake_gate.h"

enum { RING_LEN = 1 << 22 };

struct pipeline {
	struct event_ring ring;
	struct event_ring kept; /* without octets: nothing is kept */
	struct stats stats;
	void *octets;
	bool silent;
	bool second;
	struct pipeline_answer answer;
};

struct stats *pipeline_stats(struct pipeline *p)
{
	return &p->stats;
}

struct event_ring *pipeline_events(struct pipeline *p)
{
	return &p->ring;
}

struct event_ring *pipeline_quarantine(struct pipeline *p)
{
	return p->kept.octets != NULL ? &p->kept : NULL;
}

struct pipeline_gauges pipeline_gauges(const struct pipeline *p)
{
	(void)p;
	return (struct pipeline_gauges){ .flows = 3,
		.held_frames = 1,
		.associations = 2,
		.sctp_blocks_used = 4,
		.dialogues = 5,
		.segments_held = 6 };
}

uint32_t pipeline_signalling_traffic(const struct pipeline *p, unsigned link)
{
	return link == 0 ? UINT32_C(1) << (p->second ? SIGNALLING_SEEN_MT : SIGNALLING_SEEN_GT) : 0;
}

uint64_t pipeline_signalling_found(
	const struct pipeline *p, unsigned link, enum signalling_check check)
{
	(void)p;
	return link == 0 && check == SIGNALLING_SMSC_GT ? 3 : 0;
}

struct signalling_gauges pipeline_signalling_gauges(const struct pipeline *p)
{
	return (struct signalling_gauges){ 10, 20, 30, p->second ? 40 : 0, 50 };
}

/* An association with two paths, whose outside ASP is active. */
static void put_association(struct pipeline_session *s)
{
	*s = (struct pipeline_session){ .id = 9,
		.transport = PIPELINE_SCTP,
		.link = 1,
		.messages = 4,
		.refused = 1,
		.answers = 3,
		.n_addresses = { 1, 2 },
		.port = { 2905, 2906 },
		.address = { { { [10] = 0xFF, 0xFF, 10, 0, 0, 2 } },
			{ { [10] = 0xFF, 0xFF, 10, 0, 0, 1 }, { 0x20, 1, 0x0D, 0xB8, [15] = 1 } } },
		.way = { { .sync = TCP_SYNCED },
			{ .sync = TCP_SYNCED, .held_frames = 1, .journal_octets = 512 } },
		.association = { .state = SCTP_OPEN,
			.n_paths = 2,
			.joined = true,
			.has_m3ua = true,
			.m3ua = { .asp = { M3UA_ASP_UNKNOWN, M3UA_ASP_ACTIVE },
				.traffic_mode = 2,
				.notify_type = 1,
				.notify_information = 3,
				.n_notify = 1,
				.n_errors = 2,
				.error_code = 7,
				.n_data = { 11, 12 },
				.n_beats = 13 } } };
}

/* Worker 0 has two sessions and an association, and answers at once; worker 1 never answers. */
bool pipeline_sessions_ask(struct pipeline *p, const struct pipeline_ask *ask)
{
	static const char *const accounts[] = { "acme", "caf\xE9" };
	struct pipeline_answer *a = &p->answer;

	*a = (struct pipeline_answer){ .census = { 2, 1, 0, 3, 1, 2, { [M3UA_ASP_ACTIVE] = 2 } } };
	for (unsigned i = 0; i < 2 && i < ask->rows_max; i++) {
		struct pipeline_session *s = &a->rows[a->n_rows];

		if (ask->id != 0 && ask->id != 7 + i) {
			continue;
		}
		a->n_rows++;
		*s = (struct pipeline_session){ .id = 7 + i,
			.age_us = 61000000,
			.messages = 5,
			.refused = 2,
			.pending_answers = 1,
			.bind_state = SMPP_BOUND_TRX,
			.esme_side = SIDE_OUTSIDE,
			.n_addresses = { 1, 1 },
			.address = { { { [10] = 0xFF, 0xFF, 10, 0, 0, 2 } },
				{ { [10] = 0xFF, 0xFF, 10, 0, 0, 1 } } },
			.port = { 2775, 40000 },
			.way = { { .sync = TCP_RESYNC },
				{ .sync = TCP_SYNCED, .held_frames = 3 } } };
		memcpy(s->account, accounts[i], strlen(accounts[i]));
	}
	if (a->n_rows < ask->rows_max && (ask->id == 0 || ask->id == 9)) {
		put_association(&a->rows[a->n_rows++]);
	}
	return true;
}

const struct pipeline_answer *pipeline_sessions_answer(struct pipeline *p)
{
	return p->silent ? NULL : &p->answer;
}

/* Worker 1 has moved towards the SMSC of link 0. */
struct pipeline_breaker pipeline_breaker(const struct pipeline *p, unsigned link, unsigned towards)
{
	bool moved = p->second && link == 0 && towards == 0;

	return (struct pipeline_breaker){ .style = moved ? EDIT_BLANK : EDIT_SELF_REJECT,
		.n_moves = moved ? 1 : 0,
		.closes = 2 };
}

bool pipeline_dribbles(const struct pipeline *p, unsigned link)
{
	return p->second && link == 1;
}

#endif
