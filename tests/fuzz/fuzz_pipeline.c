/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Property (enforce): whatever segments arrive, every frame leaves once, with its length, in its direction's
 * order, with a right checksum; the ledger adds up; a text that matches is not in what left, unless the
 * pipeline says that octets of it leaked. Live (an input whose length is no multiple of 3) time passes,
 * senders are told what waits behind a gap, and what does may be overtaken.
 */
#include <stdlib.h>

#include "tests/support/lab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char SECRET[] = "buy cheap pills";

static void check_out(const struct lab *lab, bool live)
{
	uint64_t last[2] = { 0, 0 };

	if (lab->n_out - lab->n_ours != lab->n_sent || (!live && lab->n_ours != 0) ||
		!lab_ledger_adds_up(lab)) {
		abort();
	}
	for (unsigned i = 0; i < lab->n_out; i++) {
		const struct lab_out *o = &lab->out[i];

		if (!o->checksum_right || (o->ours && o->from_client)) {
			abort();
		}
		if (!live && o->number <= last[o->from_client]) {
			abort();
		}
		last[o->from_client] = o->number;
	}
}

/* No octet was let go because of a gap, a lost boundary or a full memory. */
static bool all_was_judged(const struct lab *lab)
{
	static const enum reason unjudged[] = { R_gap, R_resync, R_history_full, R_out_of_window,
		R_smpp_malformed, R_incomplete };
	const struct stats *s = pipeline_stats(lab->pipeline);

	for (size_t i = 0; i < sizeof(unjudged) / sizeof(unjudged[0]); i++) {
		if (s->ledger.octets[1][unjudged[i]] != 0) {
			return false;
		}
	}
	return s->counter[STAT_octets_leaked] == 0;
}

/* The stream: PDUs, every third of them refused; the input says how it is cut, reordered and repeated. */
static size_t make_stream(uint8_t *stream, size_t size)
{
	size_t len = 0;

	for (uint32_t i = 0; i < 12; i++) {
		len += lab_submit(stream + len, size - len, 100 + i,
			i % 3 == 0 ? "please buy cheap pills right now"
				   : "nothing of interest here");
	}
	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t stream[2048];
	static struct generation *rules;
	size_t len = make_stream(stream, sizeof(stream));
	struct lab *lab;
	struct bytes got;
	bool other_content = false;
	bool live = size % 3 != 0;
	uint32_t base;

	if (size > 600) {
		return 0;
	}
	if (rules == NULL) {
		rules = lab_rules("spam:/buy cheap pills/\n");
	}
	lab = lab_create_on(rules, LINK_ENFORCE);
	if (live) {
		lab_live(lab);
		lab->config.links[0].on_release =
			size % 3 == 1 ? ON_RELEASE_EARLY : ON_RELEASE_REFUSE;
		lab->config.links[0].dribble_limit = 3;
	} else {
		lab->config.links[0].tcp.hold_us = 0;
		lab->config.links[0].tcp.release_on_retransmit = false;
	}
	lab_connect(lab, 0xFFFFFE00u, 7);
	lab_bind(lab, "fuzz");
	base = lab->client_next;
	for (size_t i = 0; i + 3 <= size; i += 3) {
		size_t from = (size_t)data[i] * len / 256;
		size_t n = data[i + 1];

		if (from + n > len) {
			n = len - from;
		}
		if ((data[i + 2] & 0x80) != 0 && n > 20) {
			uint8_t other[256];

			/* another content for the same numbers */
			memset(other, data[i + 2], n);
			other_content = true;
			lab_segment(lab, true, base + (uint32_t)from, TCP_ACK, bytes_of(other, n));
		} else if (live && data[i + 2] == 2) {
			lab_wait(lab, (uint64_t)n * n * 200);
		} else if (data[i + 2] == 1) {
			lab_ack(lab, false, base + (uint32_t)from);
		} else {
			lab_segment(lab, true, base + (uint32_t)from, TCP_ACK,
				bytes_of(stream + from, n));
		}
	}
	lab_end(lab);
	check_out(lab, live);
	got = lab_received(lab, true, base, len);
	if (!other_content && all_was_judged(lab) &&
		memmem(got.data, got.len, SECRET, sizeof(SECRET) - 1) != NULL) {
		abort();
	}
	free((void *)(uintptr_t)got.data);
	lab_destroy(lab);
	return 0;
}
