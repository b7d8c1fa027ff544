/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline_sigtran.h"

/* What struct sctp_assoc.service says. */
enum { ASSOC_LIVE, ASSOC_ENDED };

static const struct tcp_config *holds_of(const struct pipeline *p, const struct sctp_assoc *a)
{
	return &p->sctp_config[a->link];
}

static bool is_inside(const struct sctp_assoc *a, unsigned side)
{
	return (side == 0) == a->lo_is_inside;
}

static bool port_named(const struct link_config *link, uint16_t port)
{
	for (unsigned i = 0; i < link->n_sigtran_ports; i++) {
		if (link->sigtran_ports[i] == port) {
			return true;
		}
	}
	return false;
}

/* No ports configured: every association is looked into, its PPID says what it is. */
static bool wanted(const struct pipeline *p, const struct frame *f)
{
	const struct link_config *link = &p->config->links[f->link];

	return link->n_sigtran_ports == 0 || port_named(link, f->key.lo.port) ||
	       port_named(link, f->key.hi.port);
}

/*
 * Which end is the inside: by prefix, by port of arrival (inline), by the port that is SIGTRAN's, or
 * the lower address: who sent INIT says nothing (in real captures the STP does).
 */
static bool side_0_is_inside(const struct pipeline *p, const struct sctp_assoc *a,
	const struct frame *f, unsigned sender)
{
	const struct link_config *link = &p->config->links[f->link];
	bool first = flow_is_inside(link, a->address[0][0]);
	bool second = a->n_addresses[1] != 0 && flow_is_inside(link, a->address[1][0]);

	if (first != second) {
		return first;
	}
	if (!p->config->replay && link->mode != LINK_TAP) {
		return (f->direction == 0) == (sender == 0);
	}
	first = port_named(link, a->port[0]);
	second = port_named(link, a->port[1]);
	if (first != second) {
		return first;
	}
	return (sender == 0) == (f->from_lo != 0);
}

static struct sigtran_session *session_open(struct pipeline *p)
{
	struct sigtran_session *s = p->free_sessions;

	if (s != NULL) {
		p->free_sessions = s->next;
		*s = (struct sigtran_session){ .next = NULL };
	}
	return s;
}

static void session_close(struct pipeline *p, struct sctp_assoc *a)
{
	struct sigtran_session *s = a->session;

	if (s != NULL) {
		s->next = p->free_sessions;
		p->free_sessions = s;
		a->session = NULL;
	}
}

static void opened(struct pipeline *p, struct sctp_assoc *a, const struct frame *f, unsigned sender)
{
	a->id = p->next_flow_id++;
	a->session = session_open(p);
	a->lo_is_inside = side_0_is_inside(p, a, f, sender);
	a->opened_us = p->now_us;
	stats_add(&p->stats, STAT_associations_opened, 1);
}

static void report(struct pipeline *p, struct sctp_assoc *a)
{
	if (!a->reported) {
		a->reported = true;
		event_association_put(p, a, a->joined ? SESSION_RESYNC : SESSION_OPENED);
	}
}

static void judge_ready(struct pipeline *p, struct sctp_assoc *a, unsigned side)
{
	struct sctp_direction *d = &a->direction[side];
	struct sctp_message m;

	while (sctp_next_message(d, &m, p->map.whole)) {
		struct sigtran_message message = { .octets = m.octets,
			.ppid = m.ppid,
			.session = a->session,
			.sctp = &m,
			.from = d };
		struct map_at at = { .p = p,
			.link = &p->config->links[a->link],
			.session = a->id,
			.frame = m.frame,
			.tsn = m.last_tsn,
			.link_index = a->link,
			.direction = is_inside(a, side) ? 0 : 1,
			.address = { a->address[side][0], a->address[1 - side][0] },
			.port = { a->port[side], a->port[1 - side] } };
		uint64_t start = stats_clock(&p->stats);
		enum reason ledger = sigtran_take(&at, &message);

		(void)stats_stage(&p->stats, STAGE_map, start);
		sctp_consume(d, &m, ledger, at.direction, &p->stats);
	}
}

static void leave(struct pipeline *p, struct sctp_assoc *a, unsigned side, bool all)
{
	const struct tcp_config *config = holds_of(p, a);

	sctp_leave(&a->direction[side], all || !config->enforce, p->now_us, config, &p->journal,
		&p->stats, &p->leaving);
}

static void release(struct pipeline *p, struct sctp_assoc *a, unsigned side, enum reason why)
{
	stats_add(&p->stats, STAT_releases, 1);
	stats_link(&p->stats, a->link, LINK_STAT_releases, 1);
	stats_reason(&p->stats, why);
	leave(p, a, side, true);
}

/* The earliest time at which a hold ends: nothing is looked at before. */
static void note_due(struct pipeline *p, const struct sctp_assoc *a, unsigned side)
{
	uint64_t since = a->direction[side].held_since_us;
	uint64_t hold_us = holds_of(p, a)->hold_us;

	if (since != 0 && hold_us != 0 &&
		(p->sctp_due_us == 0 || since + hold_us < p->sctp_due_us)) {
		p->sctp_due_us = since + hold_us;
	}
}

static void release_if_due(struct pipeline *p, struct sctp_assoc *a, unsigned side)
{
	enum reason why;

	if (sctp_release_due(&a->direction[side], p->now_us, holds_of(p, a), &why)) {
		release(p, a, side, why);
	}
	note_due(p, a, side);
}

void sctp_holds_run(struct pipeline *p)
{
	uint32_t position = 0;
	struct sctp_assoc *a;

	if (p->sctp_due_us == 0 || p->now_us < p->sctp_due_us) {
		return;
	}
	p->sctp_due_us = 0;
	while ((a = sctp_assocs_next(p->assocs, &position)) != NULL) {
		release_if_due(p, a, 0);
		release_if_due(p, a, 1);
	}
}

void sctp_holds_end(struct pipeline *p, enum reason why)
{
	uint32_t position = 0;
	struct sctp_assoc *a;

	p->sctp_due_us = 0;
	while ((a = sctp_assocs_next(p->assocs, &position)) != NULL) {
		for (unsigned side = 0; side < 2; side++) {
			if (a->direction[side].held.count != 0) {
				release(p, a, side, why);
			}
		}
	}
}

static void close_sides(struct pipeline *p, struct sctp_assoc *a)
{
	for (unsigned side = 0; side < 2; side++) {
		if (a->direction[side].held.count != 0) {
			release(p, a, side, R_hold_close);
		}
		sctp_close(&a->direction[side], is_inside(a, side) ? 0 : 1, &p->journal, &p->stats);
	}
}

static void ended(struct pipeline *p, struct sctp_assoc *a, unsigned change)
{
	stats_add(&p->stats,
		change == SESSION_AGED ? STAT_associations_aged : STAT_associations_closed, 1);
	if (a->reported) {
		event_association_put(p, a, change);
		a->reported = false;
	}
	a->service = ASSOC_ENDED;
}

static void remove_assoc(struct pipeline *p, struct sctp_assoc *a)
{
	close_sides(p, a);
	session_close(p, a);
	sctp_assocs_remove(p->assocs, a);
}

/* A half-open association whose place is needed, or that was the other direction of one we know. */
static void give_way(struct pipeline *p, struct sctp_assoc *a)
{
	if (a->id != 0 && a->service != ASSOC_ENDED) {
		ended(p, a, SESSION_CLOSED);
	}
	remove_assoc(p, a);
}

void sctp_sweep(struct pipeline *p)
{
	uint32_t position = 0;
	struct sctp_assoc *a;

	while ((a = sctp_assocs_next(p->assocs, &position)) != NULL) {
		if (sctp_assocs_idle(a, p->now_us, p->config->flow_idle_us)) {
			if (a->service != ASSOC_ENDED) {
				ended(p, a, SESSION_AGED);
			}
			remove_assoc(p, a);
			continue;
		}
		sctp_age(&a->direction[0], p->now_us, &p->journal);
		sctp_age(&a->direction[1], p->now_us, &p->journal);
	}
}

void sctp_drain(struct pipeline *p)
{
	uint32_t position = 0;
	struct sctp_assoc *a;

	while ((a = sctp_assocs_next(p->assocs, &position)) != NULL) {
		if (a->service != ASSOC_ENDED) {
			ended(p, a, SESSION_CLOSED);
		}
		remove_assoc(p, a);
	}
}

static void take_in_panic(struct pipeline *p, struct sctp_assoc *a, struct frame *f)
{
	leave(p, a, 0, true);
	leave(p, a, 1, true);
	a->panicked = true;
	frame_pass(p, f, R_panic);
}

/* After a panic nothing is known of what passed: both directions begin anew. */
static void begin_anew(struct pipeline *p, struct sctp_assoc *a)
{
	close_sides(p, a);
	for (unsigned side = 0; side < 2; side++) {
		a->direction[side] = (struct sctp_direction){ 0 };
		sctp_open(&a->direction[side], &p->journal);
	}
	a->panicked = false;
}

static void take_packet(struct pipeline *p, const struct sctp_found *found, struct frame *f,
	const struct sctp_packet *packet)
{
	struct sctp_assoc *a = found->assoc;
	unsigned side = found->side;

	f->direction = is_inside(a, side) ? 0 : 1;
	if (((p->turn->panic_links >> a->link | p->turn->panic_links >> f->link) & 1) != 0) {
		take_in_panic(p, a, f);
		return;
	}
	if (a->panicked) {
		begin_anew(p, a);
	}
	if (a->service == ASSOC_ENDED && a->state != SCTP_OVER) {
		a->service = ASSOC_LIVE; /* its end was forged */
	}
	if ((packet->has & SCTP_HAS_DATA) != 0 && f->reason == R_none) {
		report(p, a);
	}
	if (sctp_receive(&a->direction[side], &a->direction[1 - side], f, packet, holds_of(p, a),
		    &p->journal, &p->stats)) {
		judge_ready(p, a, side);
	}
	leave(p, a, side, false);
	release_if_due(p, a, side);
	if (found->closed) {
		leave(p, a, 1 - side, true);
		ended(p, a, SESSION_CLOSED);
	}
}

static void take_frame(struct pipeline *p, struct frame *f)
{
	struct sctp_packet packet;
	struct sctp_found found;

	sctp_read_packet(f, &packet, &p->stats);
	if (!wanted(p, f)) {
		frame_pass(p, f, R_sctp_not_judged);
		return;
	}
	sctp_assocs_find(p->assocs, f, &packet, &p->journal, &p->stats, &found);
	if (found.gone != NULL) {
		give_way(p, found.gone);
	}
	if (found.assoc == NULL) {
		frame_pass(p, f, (enum reason)found.reason);
		return;
	}
	if (found.opened) {
		opened(p, found.assoc, f, found.side);
	}
	take_packet(p, &found, f, &packet);
}

void sctp_take(struct pipeline *p, struct frame *f)
{
	uint64_t start = stats_clock(&p->stats);

	take_frame(p, f);
	(void)stats_stage(&p->stats, STAGE_sctp, start);
}

void sctp_set_up(struct pipeline *p, struct sigtran_session *sessions)
{
	for (unsigned i = 0; i < p->config->n_links; i++) {
		const struct link_config *link = &p->config->links[i];

		/* a replay that holds until the verdict does so here, too */
		p->sctp_config[i] = link->tcp;
		if (link->tcp.hold_us != 0) {
			p->sctp_config[i].hold_us = link->sctp_hold_us;
		}
	}
	for (uint32_t i = p->config->associations_max; i > 0; i--) {
		sessions[i - 1].next = p->free_sessions;
		p->free_sessions = &sessions[i - 1];
	}
}
