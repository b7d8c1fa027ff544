/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline.h"

#include "dataplane/pipeline_sigtran.h"

enum {
	TICK_US = 10000,
	TICKS_A_ROUND = 100,        /* flows and fragments are looked at once a second */
	TICKS_AT_ONCE = 12000,      /* after a long silence: what is older is aged all the same */
	SEGMENTS_AGE_US = 15000000, /* Q.714 annex C: T(reassembly) is 10 to 20 s */
	DIALOGUES_A_TICK = 64,
	CONCAT_BUCKETS_A_TICK = 64, /* many messages age at once: small slices keep a turn short */
};

static size_t align64(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

/* The pieces of one worker's memory, in order; used to count and to lay out, so they cannot differ. */
static uint8_t *carve(uint8_t **at, size_t len)
{
	uint8_t *piece = *at;

	if (piece != NULL) {
		*at += align64(len);
	}
	return piece;
}

struct layout {
	size_t pipeline, ports, chunks, sessions, fragments, judge, pdus, ring, kept;
	size_t assocs, journal, sigtran, dialogues, segments, signalling, joined, whole;
};

static uint32_t journal_blocks(const struct pipeline_config *c)
{
	return c->sctp_journal_octets / LIMIT_SCTP_BLOCK_LEN;
}

static struct tcap_dialogues_config dialogues_of(const struct pipeline_config *c)
{
	return (struct tcap_dialogues_config){ c->dialogues_max, c->dialogue_age_us,
		c->concat.hash_key };
}

static struct sccp_segments_config segments_of(const struct pipeline_config *c)
{
	return (struct sccp_segments_config){ c->sccp_segments_max, SEGMENTS_AGE_US };
}

static struct layout layout_of(const struct pipeline_config *c)
{
	struct tcap_dialogues_config dialogues = dialogues_of(c);
	struct sccp_segments_config segments = segments_of(c);

	return (struct layout){
		.pipeline = align64(sizeof(struct pipeline)),
		.ports = align64((size_t)c->n_links * 65536),
		.chunks = align64((size_t)c->stream_chunks * sizeof(struct stream_chunk)),
		.sessions = align64(smpp_sessions_size(c->flows_max, c->pending_max)),
		.fragments = align64(fragments_size(&c->fragments)),
		.judge = align64(judge_size()),
		.pdus = 2 * align64(LIMIT_SMPP_PDU_LEN + LIMIT_SCAN_TAIL),
		.ring = align64(c->event_ring_len),
		.kept = c->quarantine_actions != 0
		                ? align64(c->quarantine_ring_len) + align64(LIMIT_SMPP_PDU_LEN)
		                : 0,
		.assocs = align64(sctp_assocs_size(c->associations_max)),
		.journal = align64(sctp_journal_size(journal_blocks(c))),
		.sigtran = align64(c->associations_max * sizeof(struct sigtran_session)),
		.dialogues = align64(tcap_dialogues_size(&dialogues)),
		.segments = align64(sccp_segments_size(&segments)),
		.signalling = align64(signalling_size(&c->signalling)),
		.joined = align64(LIMIT_SCCP_JOINED_LEN + LIMIT_SCAN_TAIL),
		.whole = align64(LIMIT_SCTP_MESSAGE_LEN + LIMIT_SCAN_TAIL),
	};
}

size_t pipeline_budget(const struct pipeline_config *config)
{
	struct layout l = layout_of(config);

	return l.pipeline + l.ports + l.chunks + l.sessions + l.fragments + l.judge + l.pdus +
	       l.ring + l.kept + l.assocs + l.journal + l.sigtran + l.dialogues + l.segments +
	       l.signalling + l.joined + l.whole;
}

static void services_fill(uint8_t *service, const struct link_config *link)
{
	memset(service, link->detect ? SERVICE_DETECT : SERVICE_NONE, 65536);
	for (unsigned i = 0; i < link->n_smpp_ports; i++) {
		service[link->smpp_ports[i]] = SERVICE_SMPP;
	}
}

/* The tables of SIGTRAN, behind those of SMPP. */
static void create_sigtran(struct pipeline *p, const struct layout *l, uint8_t **at)
{
	const struct pipeline_config *c = p->config;
	struct tcap_dialogues_config dialogues = dialogues_of(c);
	struct sccp_segments_config segments = segments_of(c);

	p->assocs = sctp_assocs_init(carve(at, l->assocs), c->associations_max, c->concat.hash_key);
	sctp_journal_init(
		&p->journal, carve(at, l->journal), journal_blocks(c), c->concat.hash_key);
	sctp_set_up(p, (void *)carve(at, l->sigtran));
	p->dialogues = tcap_dialogues_init(carve(at, l->dialogues), &dialogues);
	p->segments = sccp_segments_init(carve(at, l->segments), &segments);
	p->signalling = signalling_init(carve(at, l->signalling), &c->signalling);
	p->map.joined = carve(at, l->joined);
	p->map.whole = carve(at, l->whole);
}

struct pipeline *pipeline_create(void *memory, const struct pipeline_config *config,
	struct flowtable *flows, struct concat *concat, struct limits *limits, unsigned worker)
{
	struct layout l = layout_of(config);
	uint8_t *at = memory;
	struct pipeline *p = (void *)carve(&at, l.pipeline);
	uint8_t *ports = carve(&at, l.ports);

	p->config = config;
	p->flows = flows;
	p->worker = worker;
	p->next_flow_id = 1;
	p->next_event_id = 1;
	for (unsigned i = 0; i < config->n_links; i++) {
		p->port_service[i] = ports + (size_t)i * 65536;
		services_fill(p->port_service[i], &config->links[i]);
	}
	stream_pool_init(&p->chunks, carve(&at, l.chunks), config->stream_chunks);
	p->sessions =
		smpp_sessions_init(carve(&at, l.sessions), config->flows_max, config->pending_max);
	p->fragments = fragments_init(carve(&at, l.fragments), &config->fragments);
	judge_init(&p->judge, carve(&at, l.judge), concat, worker);
	p->judge.limits = limits;
	p->judge.sample_key = config->sample_key;
	for (unsigned i = 0; i < config->n_links; i++) {
		p->judge.unseen_links |= (uint64_t)!config->links[i].content << i;
	}
	p->pdu = carve(&at, l.pdus / 2);
	p->edited = carve(&at, l.pdus / 2);
	event_ring_init(&p->ring, carve(&at, l.ring), config->event_ring_len);
	if (l.kept != 0) {
		p->kept_octets = carve(&at, LIMIT_SMPP_PDU_LEN);
		event_ring_init(&p->kept, carve(&at, config->quarantine_ring_len),
			config->quarantine_ring_len);
	}
	create_sigtran(p, &l, &at);
	return p;
}

static void tick(struct pipeline *p)
{
	if (p->judge.concat != NULL) {
		concat_expire(p->judge.concat, p->now_us, CONCAT_BUCKETS_A_TICK);
	}
	tcap_dialogues_expire(p->dialogues, p->now_us, DIALOGUES_A_TICK);
	if (++p->n_ticks % TICKS_A_ROUND == 0) {
		sccp_segments_expire(p->segments, p->now_us, &p->stats);
		sctp_sweep(p);
		stats_add(&p->stats, STAT_timeouts, 1);
		link_tick(p);
		fragments_expire(p->fragments, p->now_us, &p->stats, &p->leaving);
		flow_sweep(p);
	}
}

static void advance_time(struct pipeline *p, uint64_t now_us)
{
	unsigned ticks = 0;

	/* captures have clocks that step back; time here never does */
	if (now_us > p->now_us) {
		p->now_us = now_us;
	}
	flow_holds_run(p);
	sctp_holds_run(p);
	if (p->next_tick_us == 0) {
		p->next_tick_us = p->now_us + TICK_US;
	}
	while (p->next_tick_us <= p->now_us && ticks++ < TICKS_AT_ONCE) {
		tick(p);
		p->next_tick_us += TICK_US;
	}
	if (p->next_tick_us <= p->now_us) {
		p->next_tick_us = p->now_us + TICK_US;
	}
}

static void put_out(struct pipeline *p, struct frame *f, struct frame_list *out)
{
	stats_add(&p->stats, STAT_frames_out, 1);
	stats_add(&p->stats, STAT_octets_out, f->len);
	frame_list_add(out, f);
}

/* The other side of the ledger: octets of TCP payload and SCTP that leave. */
static void leave(struct pipeline *p, struct frame_list *out)
{
	struct frame_list originals = { 0 };
	uint64_t start = stats_clock(&p->stats);
	struct frame *f;

	while ((f = frame_list_take(&p->leaving)) != NULL) {
		if (f->kind == FRAME_TCP || f->kind == FRAME_SCTP) {
			stats_forwarded(&p->stats, f->direction, f->user_len);
		}
		if (!f->gathered) {
			put_out(p, f, out);
			continue;
		}
		fragments_scatter(p->fragments, f, &originals);
		while ((f = frame_list_take(&originals)) != NULL) {
			put_out(p, f, out);
		}
	}
	(void)stats_stage(&p->stats, STAGE_out, start);
}

static void take_decoded(struct pipeline *p, struct frame *f, struct flow *found)
{
	enum reason why;
	struct flow *flow;

	if (f->kind == FRAME_SCTP) {
		sctp_take(p, f);
		return;
	}
	if (f->kind != FRAME_TCP || !flow_wanted(p, f)) {
		frame_pass(p, f, f->reason != R_none ? (enum reason)f->reason : R_not_sms);
		return;
	}
	flow = flow_resolve(p, f, found, &why);
	if (flow == NULL) {
		frame_pass(p, f, why);
		return;
	}
	flow_take(p, flow, f);
}

static void take_fragment(struct pipeline *p, struct frame *f)
{
	bool hold = p->config->links[f->link].mode == LINK_ENFORCE;
	struct frame *whole = fragments_add(p->fragments, f, hold, &p->stats, &p->leaving);

	if (whole != NULL) {
		take_decoded(p, whole, NULL);
	}
}

static void take_frame(struct pipeline *p, struct frame *f, struct flow *found)
{
	advance_time(p, f->time_us);
	p->frame_number = f->number;
	p->frame_input = f->input;
	if (f->kind == FRAME_FRAGMENT) {
		take_fragment(p, f);
		return;
	}
	take_decoded(p, f, found);
}

/* Headers of the whole burst, then all flows at once, so that their lines are on the way. */
static void find_flows(struct pipeline *p, struct frame **frames, unsigned n, struct flow **found)
{
	const struct flow_key *keys[LIMIT_BURST];
	struct flow *flows[LIMIT_BURST];
	uint8_t place[LIMIT_BURST];
	unsigned n_keys = 0;

	for (unsigned i = 0; i < n; i++) {
		found[i] = NULL;
		if (frames[i]->kind == FRAME_TCP && flow_wanted(p, frames[i])) {
			place[n_keys] = (uint8_t)i;
			keys[n_keys++] = &frames[i]->key;
		}
	}
	if (n_keys == 0) {
		return;
	}
	flowtable_find_bulk(p->flows, keys, n_keys, flows);
	for (unsigned k = 0; k < n_keys; k++) {
		found[place[k]] = flows[k];
		if (flows[k] != NULL) {
			__builtin_prefetch(&flows[k]->tcp[0]);
			__builtin_prefetch(&flows[k]->tcp[1]);
		}
	}
}

static void update_gauges(struct pipeline *p)
{
	p->gauges.flows = flowtable_count(p->flows);
	p->gauges.held_frames =
		(uint32_t)(p->n_taken + p->stats.counter[STAT_sacks] -
			   p->stats.counter[STAT_frames_out] - fragments_held(p->fragments));
	p->gauges.stream_chunks_used = p->chunks.n_chunks - p->chunks.n_free;
	p->gauges.pending_answers = smpp_pending_count(p->sessions);
	p->gauges.fragments_held = fragments_held(p->fragments);
	p->gauges.associations = sctp_assocs_count(p->assocs);
	p->gauges.sctp_blocks_used = p->journal.n_blocks - p->journal.n_free;
	p->gauges.dialogues = tcap_dialogues_count(p->dialogues);
	p->gauges.segments_held = sccp_segments_held(p->segments);
}

void pipeline_decode(struct pipeline *p, struct frame **frames, unsigned n)
{
	uint64_t start;

	p->stats.timed = p->config->replay                        ? 1
	                 : p->n_bursts++ % STATS_TIMED_EVERY == 0 ? STATS_TIMED_EVERY
	                                                          : 0;
	start = stats_clock(&p->stats);
	for (unsigned i = 0; i < n; i++) {
		const struct link_config *link = &p->config->links[frames[i]->link];

		stats_add(&p->stats, STAT_frames_in, 1);
		stats_add(&p->stats, STAT_octets_in, frames[i]->len);
		frame_decode(frames[i], (enum checksum_policy)link->checksums, link->vlan_in_key);
	}
	(void)stats_stage(&p->stats, STAGE_frame, start);
}

void pipeline_run(struct pipeline *p, const struct pipeline_turn *turn, struct frame **frames,
	unsigned n, struct frame_list *out)
{
	struct flow *found[LIMIT_BURST];
	uint64_t start = stats_clock(&p->stats);

	p->turn = turn;
	p->n_taken += n;
	find_flows(p, frames, n, found);
	(void)stats_stage(&p->stats, STAGE_flow, start);
	for (unsigned i = 0; i < n; i++) {
		take_frame(p, frames[i], found[i]);
		leave(p, out);
	}
	update_gauges(p);
}

void pipeline_tick(struct pipeline *p, const struct pipeline_turn *turn, uint64_t now_us,
	struct frame_list *out)
{
	p->turn = turn;
	advance_time(p, now_us);
	leave(p, out);
	update_gauges(p);
}

void pipeline_relieve(struct pipeline *p, const struct pipeline_turn *turn, struct frame_list *out)
{
	p->turn = turn;
	flow_holds_end(p, R_hold_full);
	sctp_holds_end(p, R_hold_full);
	leave(p, out);
	update_gauges(p);
}

void pipeline_drain(struct pipeline *p, const struct pipeline_turn *turn, uint64_t now_us,
	struct frame_list *out)
{
	uint32_t position = 0;
	struct flow *flow;

	p->turn = turn;
	advance_time(p, now_us);
	fragments_expire(p->fragments, UINT64_MAX, &p->stats, &p->leaving);
	while ((flow = flowtable_next(p->flows, &position)) != NULL) {
		flow_end(p, flow, SESSION_CLOSED);
		flow_remove(p, flow);
	}
	sctp_drain(p);
	leave(p, out);
	update_gauges(p);
}

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
	return p->config->quarantine_actions != 0 ? &p->kept : NULL;
}

bool pipeline_event_room(const struct pipeline *p)
{
	const struct pipeline_config *c = p->config;

	return event_ring_room(&p->ring) >= c->event_ring_len / 2 &&
	       (c->quarantine_actions == 0 ||
		       event_ring_room(&p->kept) >= c->quarantine_ring_len / 2);
}

struct pipeline_gauges pipeline_gauges(const struct pipeline *p)
{
	return p->gauges;
}
