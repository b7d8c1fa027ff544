/* SPDX-License-Identifier: BSD-3-Clause */
/* The course of time: events in their order, frames as they are made, labels as they become whole. */
#include "control/traffic_parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "control/code.h"

enum {
	FRAME_HEAD = 4, /* length of a frame that waits to be taken */
	OPEN_US = 20000,
	GAP_US = 700,      /* between links that open */
	CLOSE_US = 400000, /* behind the last retransmission */
	SAME_WAYS = 10,
};

#define BEGIN_US UINT64_C(1767225600000000) /* 2026-01-01 00:00:00 UTC */

/* ---- events ---- */

static bool is_before(const struct traffic_event *a, const struct traffic_event *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void swap_events(struct traffic_event *a, struct traffic_event *b)
{
	struct traffic_event t = *a;

	*a = *b;
	*b = t;
}

static bool reserve_event(struct traffic_maker *m)
{
	if (m->n_events == m->events_size) {
		size_t size = m->events_size != 0 ? m->events_size * 2 : 1024;
		struct traffic_event *more = realloc(m->events, size * sizeof(*more));

		if (more == NULL) {
			return false;
		}
		m->events = more;
		m->events_size = size;
	}
	return true;
}

void traffic_plan(struct traffic_maker *m, const struct traffic_event *event, struct bytes octets)
{
	uint8_t *copy = octets.len != 0 ? malloc(octets.len) : NULL;
	size_t i;

	if ((octets.len != 0 && copy == NULL) || !reserve_event(m)) {
		free(copy);
		m->failed = true;
		return;
	}
	if (copy != NULL) {
		memcpy(copy, octets.data, octets.len);
	}
	if (event->note.of != NULL) {
		event->note.of->n_waiting++;
	}
	i = m->n_events++;
	m->events[i] = *event;
	m->events[i].octets = copy;
	m->events[i].len = (uint32_t)octets.len;
	m->events[i].order = m->order++;
	for (; i != 0 && is_before(&m->events[i], &m->events[(i - 1) / 2]); i = (i - 1) / 2) {
		swap_events(&m->events[i], &m->events[(i - 1) / 2]);
	}
	if (event->kind != TRAFFIC_EVENT_TICK && event->at_us > m->last_us) {
		m->last_us = event->at_us;
	}
}

static struct traffic_event take_event(struct traffic_maker *m)
{
	struct traffic_event first = m->events[0];
	size_t i = 0;

	m->events[0] = m->events[--m->n_events];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= m->n_events) {
			break;
		}
		if (child + 1 < m->n_events &&
			is_before(&m->events[child + 1], &m->events[child])) {
			child++;
		}
		if (!is_before(&m->events[child], &m->events[i])) {
			break;
		}
		swap_events(&m->events[i], &m->events[child]);
		i = child;
	}
	return first;
}

static void plan_at(struct traffic_maker *m, uint64_t at_us, enum traffic_event_kind kind,
	struct traffic_link *link)
{
	traffic_plan(m,
		&(struct traffic_event){ .at_us = at_us, .kind = (uint8_t)kind, .link = link },
		bytes_of(NULL, 0));
}

unsigned traffic_choose(struct traffic_maker *m, enum traffic_key first, enum traffic_key last)
{
	uint32_t sum = 0;
	uint32_t at;

	for (unsigned k = first; k <= last; k++) {
		sum += m->mix.value[k];
	}
	at = sum != 0 ? traffic_random_below(&m->random, sum) : 0;
	for (unsigned k = first; k < last; k++) {
		if (at < m->mix.value[k]) {
			return k - first;
		}
		at -= m->mix.value[k];
	}
	return last - first;
}

/* ---- frames ---- */

uint64_t traffic_emit(struct traffic_maker *m, struct bytes frame)
{
	uint8_t head[FRAME_HEAD];

	if (m->frames_len + FRAME_HEAD + frame.len > m->frames_size) {
		size_t size = (m->frames_size + FRAME_HEAD + frame.len) * 2;
		uint8_t *more = realloc(m->frames, size);

		if (more == NULL) {
			m->failed = true;
			return m->n_made;
		}
		m->frames = more;
		m->frames_size = size;
	}
	put_be32(head, (uint32_t)frame.len);
	memcpy(m->frames + m->frames_len, head, FRAME_HEAD);
	memcpy(m->frames + m->frames_len + FRAME_HEAD, frame.data, frame.len);
	m->frames_len += FRAME_HEAD + frame.len;
	return ++m->n_made;
}

void traffic_emit_later(
	struct traffic_maker *m, struct traffic_link *link, struct bytes frame, uint64_t later_us)
{
	traffic_plan(m,
		&(struct traffic_event){
			.at_us = m->now_us + later_us, .kind = TRAFFIC_EVENT_FRAME, .link = link },
		frame);
}

/* ---- cases ---- */

struct traffic_case *traffic_case_new(
	struct traffic_maker *m, enum traffic_kind kind, bool with_text)
{
	struct traffic_case *c = calloc(1, sizeof(*c));
	struct traffic_label *l;

	if (c == NULL) {
		m->failed = true;
		return NULL;
	}
	l = &c->label;
	c->n_waiting = 1;
	l->number = ++m->n_cases;
	l->time_us = m->now_us;
	l->kind = kind;
	l->outcome = "ok";
	m->totals.n_messages += kind == TRAFFIC_MESSAGE;
	if (with_text) {
		l->has_text = !m->wording.binary || kind != TRAFFIC_MESSAGE;
		l->text_id = m->wording.id;
		(void)snprintf(l->label, sizeof(l->label), "%s", m->wording.label);
		memcpy(l->text, m->wording.text, strlen(m->wording.text) + 1);
	}
	return c;
}

void traffic_case_let_go(struct traffic_maker *m, struct traffic_case *c)
{
	if (--c->n_waiting != 0) {
		return;
	}
	if (m->done_last != NULL) {
		m->done_last->next = c;
	} else {
		m->done_first = c;
	}
	m->done_last = c;
}

void traffic_noted(
	struct traffic_maker *m, const struct traffic_note *note, uint64_t frame, uint64_t whole)
{
	struct traffic_part *part;

	if (note->of == NULL) {
		return;
	}
	part = &note->of->label.parts[note->part];
	if (note->answer) {
		part->answer_frame = frame;
	} else {
		part->frame = frame;
		part->frame_whole = whole;
	}
	traffic_case_let_go(m, note->of);
}

/* ---- messages ---- */

static const struct traffic_sample *choose_sample(struct traffic_maker *m, bool ham)
{
	const struct traffic_texts *t = &m->texts;

	if (t->n_other == 0 || (ham && t->n_ham != 0)) {
		return &t->ham[traffic_random_below(&m->random, t->n_ham)];
	}
	return &t->other[traffic_random_below(&m->random, t->n_other)];
}

static size_t characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		n += ((uint8_t)*text & 0xC0) != 0x80;
	}
	return n;
}

/* lengthen: more texts of the same kind behind it, until it is longer than a message of one part. */
static void lengthen(struct traffic_maker *m, bool ham)
{
	struct traffic_wording *w = &m->wording;
	size_t wanted = 170 + traffic_random_below(&m->random, 500);

	while (characters(w->text) < wanted) {
		const struct traffic_sample *s = choose_sample(m, ham);
		size_t at = strlen(w->text);

		if (characters(w->text) + 1 + characters(s->text) > TRAFFIC_CHARACTERS_MAX) {
			break;
		}
		(void)snprintf(w->text + at, sizeof(w->text) - at, " %s", s->text);
	}
}

static void next_wording(struct traffic_maker *m)
{
	struct traffic_wording *w = &m->wording;
	bool ham = !traffic_percent(m, TRAFFIC_TEXT_SPAM);
	const struct traffic_sample *s = choose_sample(m, ham);

	w->id++;
	w->binary = traffic_percent(m, TRAFFIC_TEXT_BINARY);
	w->label = s->label;
	w->text[0] = '\0';
	if (w->binary) {
		w->label = "binary";
		w->n_octets = (uint16_t)(1 + traffic_random_below(&m->random, TRAFFIC_BINARY_LEN));
		for (unsigned i = 0; i < w->n_octets; i++) {
			w->octets[i] = (uint8_t)traffic_random_next(&m->random);
		}
		return;
	}
	(void)snprintf(w->text, sizeof(w->text), "%s", s->text);
	if (traffic_percent(m, TRAFFIC_TEXT_LONG)) {
		lengthen(m, strcmp(s->label, "ham") == 0);
	}
}

/* way_is_on: same_texts: ways 0..3 are SMPP commands, 4..6 MO in versions 1..3, 7..9 MT. */
static bool way_is_on(const struct traffic_maker *m, unsigned way)
{
	if (way < 4) {
		return traffic_value(m, TRAFFIC_CARRIER_SMPP) != 0 &&
		       m->mix.value[TRAFFIC_SMPP_SUBMIT_SM + way] != 0;
	}
	return traffic_value(m, TRAFFIC_CARRIER_MAP) != 0 &&
	       m->mix.value[way < 7 ? TRAFFIC_MAP_MO : TRAFFIC_MAP_MT] != 0 &&
	       m->mix.value[TRAFFIC_MAP_V1 + (way - 4) % 3] != 0;
}

/* same_message: the text at hand over the next carrier, or a new one over the first. */
static void same_message(struct traffic_maker *m)
{
	while (m->way < SAME_WAYS && !way_is_on(m, m->way)) {
		m->way++;
	}
	if (m->way == SAME_WAYS) {
		next_wording(m);
		for (m->way = 0; m->way < SAME_WAYS - 1 && !way_is_on(m, m->way);) {
			m->way++;
		}
	}
	if (m->way < 4) {
		traffic_smpp_message(m, m->way);
	} else {
		traffic_map_message(m, m->way < 7 ? 0 : 1, 1 + (m->way - 4) % 3);
	}
	m->way++;
}

static void next_message(struct traffic_maker *m)
{
	if (m->mix.same_texts) {
		same_message(m);
		return;
	}
	next_wording(m);
	if (traffic_choose(m, TRAFFIC_CARRIER_SMPP, TRAFFIC_CARRIER_MAP) == 0) {
		traffic_smpp_message(
			m, traffic_choose(m, TRAFFIC_SMPP_SUBMIT_SM, TRAFFIC_SMPP_SUBMIT_MULTI));
	} else {
		unsigned what = traffic_choose(m, TRAFFIC_MAP_MO, TRAFFIC_MAP_COMMAND);

		traffic_map_message(m, what, 1 + traffic_choose(m, TRAFFIC_MAP_V1, TRAFFIC_MAP_V3));
	}
}

static void run_next(struct traffic_maker *m)
{
	uint64_t step_us = 1000000 / traffic_value(m, TRAFFIC_NET_RATE);

	if (m->n_begun == m->mix.n_messages) {
		plan_at(m, m->last_us + CLOSE_US, TRAFFIC_EVENT_CLOSE, NULL);
		m->closing = true;
		return;
	}
	if (m->n_events < TRAFFIC_EVENTS_MAX) { /* else what is under way has its turn first */
		m->n_begun++;
		next_message(m);
	}
	plan_at(m,
		m->now_us + step_us / 2 + traffic_random_below(&m->random, (uint32_t)step_us + 1),
		TRAFFIC_EVENT_NEXT, NULL);
}

/* ---- links ---- */

static uint64_t tick_us(const struct traffic_maker *m, const struct traffic_link *link)
{
	uint32_t a =
		traffic_value(m, link->sctp ? TRAFFIC_SCTP_HEARTBEAT_S : TRAFFIC_SMPP_ENQUIRE_S);
	uint32_t b = link->sctp ? traffic_value(m, TRAFFIC_M3UA_BEAT_S) : a;

	return UINT64_C(1000000) * (a != 0 && (b == 0 || a < b) ? a : b);
}

static void run_tick(struct traffic_maker *m, struct traffic_link *link)
{
	uint64_t period_us = tick_us(m, link);

	if (m->closing) {
		return;
	}
	if (!link->sctp) {
		traffic_smpp_tick(m, link);
	} else {
		if (traffic_value(m, TRAFFIC_SCTP_HEARTBEAT_S) != 0) {
			traffic_sctp_heartbeat(m, link);
		}
		if (traffic_value(m, TRAFFIC_M3UA_BEAT_S) != 0) {
			traffic_map_tick(m, link);
		}
	}
	plan_at(m, m->now_us + period_us, TRAFFIC_EVENT_TICK, link);
}

/* run_close: of a link, SCTP after M3UA has gone down; without one: of all. */
static void run_close(struct traffic_maker *m, struct traffic_link *link)
{
	if (link != NULL) {
		traffic_sctp_close(m, link, m->now_us);
		return;
	}
	for (unsigned carrier = 0; carrier < 2; carrier++) {
		for (unsigned i = 0; i < m->n_links[carrier]; i++) {
			uint64_t at_us = m->now_us + i * GAP_US;

			link = &m->links[carrier][i];
			if (link->sctp) {
				traffic_map_close(m, link, at_us);
				plan_at(m, at_us + CLOSE_US, TRAFFIC_EVENT_CLOSE, link);
			} else {
				traffic_smpp_close(m, link, at_us);
			}
		}
	}
}

static void run_control(struct traffic_maker *m, const struct traffic_event *e)
{
	if (e->link->sctp) {
		traffic_sctp_control(m, e);
	} else {
		traffic_tcp_control(m, e->link, e->side, e->flags);
	}
}

static void run(struct traffic_maker *m, const struct traffic_event *e)
{
	switch ((enum traffic_event_kind)e->kind) {
	case TRAFFIC_EVENT_NEXT:
		run_next(m);
		break;
	case TRAFFIC_EVENT_SEND:
		if (e->link->sctp) {
			traffic_sctp_send(m, e);
		} else {
			traffic_tcp_send(m, e);
		}
		break;
	case TRAFFIC_EVENT_FLUSH:
		if (e->link->sctp) {
			traffic_sctp_flush(m, e->link, e->side);
		} else {
			traffic_tcp_flush(m, e->link, e->side);
		}
		break;
	case TRAFFIC_EVENT_CONTROL:
		run_control(m, e);
		break;
	case TRAFFIC_EVENT_ACK:
		traffic_sctp_acknowledge(m, e->link, e->side);
		break;
	case TRAFFIC_EVENT_FRAME:
		(void)traffic_emit(m, bytes_of(e->octets, e->len));
		break;
	case TRAFFIC_EVENT_TICK:
		run_tick(m, e->link);
		break;
	case TRAFFIC_EVENT_CLOSE:
		run_close(m, e->link);
		break;
	}
}

/* ---- the maker ---- */

static bool open_links(struct traffic_maker *m, unsigned carrier, unsigned n)
{
	m->links[carrier] = calloc(n, sizeof(*m->links[carrier]));
	if (m->links[carrier] == NULL) {
		return false;
	}
	for (unsigned i = 0; i < n; i++) {
		struct traffic_link *link = &m->links[carrier][i];
		uint64_t at_us = m->now_us + i * GAP_US;
		uint64_t period_us;

		m->n_links[carrier]++;
		if (!traffic_link_init(m, link, i, carrier == 1)) {
			return false;
		}
		if (link->sctp) {
			traffic_map_open(m, link, at_us);
		} else {
			traffic_smpp_open(m, link, at_us);
		}
		period_us = tick_us(m, link);
		if (period_us != 0) {
			plan_at(m, at_us + period_us, TRAFFIC_EVENT_TICK, link);
		}
	}
	return true;
}

static bool open_all(struct traffic_maker *m)
{
	if (traffic_value(m, TRAFFIC_CARRIER_SMPP) != 0 &&
		!open_links(m, 0, traffic_value(m, TRAFFIC_TCP_SESSIONS))) {
		return false;
	}
	if (traffic_value(m, TRAFFIC_CARRIER_MAP) != 0 &&
		!open_links(m, 1, traffic_value(m, TRAFFIC_SCTP_ASSOCIATIONS))) {
		return false;
	}
	plan_at(m, m->last_us + OPEN_US, TRAFFIC_EVENT_NEXT, NULL);
	return !m->failed;
}

uint64_t traffic_maker_begin_us(void)
{
	return BEGIN_US;
}

struct traffic_maker *traffic_maker_open(
	const struct traffic_mix *mix, struct diag *diag, int *code)
{
	struct traffic_maker *m = calloc(1, sizeof(*m));

	*code = CONTROL_FAILED;
	if (m == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "no memory");
		return NULL;
	}
	m->mix = *mix;
	m->way = SAME_WAYS;
	m->now_us = m->last_us = BEGIN_US;
	traffic_random_seed(&m->random, mix->seed);
	*code = traffic_mix_check(mix, diag) ? traffic_texts_load(&m->texts, mix->texts_path, diag)
	                                     : CONTROL_INVALID;
	if (*code == 0 && !open_all(m)) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "no memory");
		*code = CONTROL_FAILED;
	}
	if (*code != 0) {
		traffic_maker_close(m);
		return NULL;
	}
	return m;
}

static void free_link(struct traffic_link *link)
{
	for (unsigned side = 0; side < TRAFFIC_SIDES; side++) {
		struct traffic_pending *p = &link->pending[side];

		for (unsigned i = 0; i < p->n_notes; i++) {
			if (--p->notes[i].of->n_waiting == 0) {
				free(p->notes[i].of);
			}
		}
		free(p->octets);
	}
}

void traffic_maker_close(struct traffic_maker *m)
{
	if (m == NULL) {
		return;
	}
	for (size_t i = 0; i < m->n_events; i++) { /* of a maker that was not run to its end */
		struct traffic_case *c = m->events[i].note.of;

		if (c != NULL && --c->n_waiting == 0) {
			free(c);
		}
		free(m->events[i].octets);
	}
	for (unsigned carrier = 0; carrier < 2; carrier++) {
		for (unsigned i = 0; i < m->n_links[carrier]; i++) {
			free_link(&m->links[carrier][i]);
		}
		free(m->links[carrier]);
	}
	while (m->done_first != NULL) {
		struct traffic_case *c = m->done_first;

		m->done_first = c->next;
		free(c);
	}
	free(m->told);
	traffic_texts_free(&m->texts);
	free(m->events);
	free(m->frames);
	free(m);
}

bool traffic_maker_next(struct traffic_maker *m, struct traffic_frame *frame)
{
	size_t len;

	if (m->frames_at == m->frames_len) {
		m->frames_at = m->frames_len = 0;
	}
	while (m->frames_len == 0 && m->n_events != 0 && !m->failed) {
		struct traffic_event e = take_event(m);

		m->now_us = e.at_us;
		run(m, &e);
		free(e.octets);
	}
	if (m->frames_len == 0 || m->failed) {
		return false;
	}
	len = be32(m->frames + m->frames_at);
	m->totals.n_frames++;
	m->totals.n_octets += len;
	m->totals.last_us = m->now_us;
	*frame = (struct traffic_frame){ .number = m->totals.n_frames,
		.time_us = m->now_us,
		.octets = bytes_of(m->frames + m->frames_at + FRAME_HEAD, len) };
	m->frames_at += FRAME_HEAD + len;
	return true;
}

bool traffic_maker_failed(const struct traffic_maker *m)
{
	return m->failed;
}

const struct traffic_label *traffic_maker_label(struct traffic_maker *m)
{
	free(m->told);
	m->told = m->done_first;
	if (m->told == NULL) {
		return NULL;
	}
	m->done_first = m->told->next;
	if (m->done_first == NULL) {
		m->done_last = NULL;
	}
	m->totals.n_labels++;
	return &m->told->label;
}

const struct traffic_totals *traffic_maker_totals(const struct traffic_maker *m)
{
	return &m->totals;
}
