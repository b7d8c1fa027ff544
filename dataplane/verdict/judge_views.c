/* SPDX-License-Identifier: BSD-3-Clause */
/* judge_views: the buffers of a judge, the views of a message, and the matcher over them. Part of judge.h. */
#include <assert.h>

#include "dataplane/verdict/judge_parts.h"

/*
 * Buffers of one judge:
 *
 *   text      the bodies, decoded by the carrier's reader, one after the other
 *   joined    the parts of a long message, side by side; later a copy for judge_spans()
 *   folded    the folded text
 *   entities  URLs and numbers in their normal form
 *
 * All octets of a PDU may be text in the costliest coding; read as Latin-1 as well they are two more
 * octets each.
 */
enum {
	TEXT_BUFFER_SIZE = TEXT_SIZE(LIMIT_SMPP_PDU_LEN) + 2 * LIMIT_SMPP_PDU_LEN,
	JOINED_BUFFER_SIZE = TEXT_BUFFER_SIZE + LIMIT_CONCAT_TEXT_LEN,
	FOLDED_BUFFER_SIZE = FOLD_SIZE(JOINED_BUFFER_SIZE),
	ENTITY_BUFFER_SIZE = 65536,
	SENDER_BUFFER_SIZE =
		512, /* an address has at most 65 octets (SMPP 3.4 4.7.1), a character 4 */
	SENDER_FOLDED_SIZE = FOLD_SIZE(SENDER_BUFFER_SIZE),
};

static size_t padded(size_t len)
{
	return (len + LIMIT_SCAN_TAIL + 63) & ~(size_t)63;
}

enum {
	FOLD_ORIGIN_SIZE = (FOLD_SIZE(JUDGE_SPAN_TEXT_MAX) + 1) * sizeof(uint32_t),
	TEXT_ORIGIN_SIZE = (JUDGE_SPAN_TEXT_MAX + 1) * sizeof(uint32_t),
	LIMIT_CHARGES_SIZE = JUDGE_CHARGES_MAX * sizeof(struct limit_charge),
	LIMIT_ELEMENTS_SIZE = JUDGE_CHARGES_MAX * sizeof(uint64_t),
};

size_t judge_size(void)
{
	return padded(TEXT_BUFFER_SIZE) + padded(JOINED_BUFFER_SIZE) + padded(FOLDED_BUFFER_SIZE) +
	       padded(ENTITY_BUFFER_SIZE) + padded(SENDER_BUFFER_SIZE) +
	       padded(SENDER_FOLDED_SIZE) + padded(FOLD_ORIGIN_SIZE) + padded(TEXT_ORIGIN_SIZE) +
	       padded(LIMIT_CHARGES_SIZE) + padded(LIMIT_ELEMENTS_SIZE);
}

static uint8_t *carve(uint8_t **at, size_t len)
{
	uint8_t *piece = *at;

	*at += padded(len);
	return piece;
}

void judge_init(struct judge *j, void *memory, struct concat *concat, unsigned worker)
{
	uint8_t *at = memory;

	assert(((uintptr_t)memory & 7) == 0 && worker < WORKERS_MAX);
	*j = (struct judge){ .concat = concat, .worker = worker };
	j->buffers = (struct sms_buffers){
		.text = carve(&at, TEXT_BUFFER_SIZE),
		.text_size = TEXT_BUFFER_SIZE,
		.joined = carve(&at, JOINED_BUFFER_SIZE),
		.joined_size = JOINED_BUFFER_SIZE,
		.folded = carve(&at, FOLDED_BUFFER_SIZE),
		.folded_size = FOLDED_BUFFER_SIZE,
		.entities = carve(&at, ENTITY_BUFFER_SIZE),
		.entities_size = ENTITY_BUFFER_SIZE,
	};
	j->sender = carve(&at, SENDER_BUFFER_SIZE);
	j->sender_folded = carve(&at, SENDER_FOLDED_SIZE);
	j->fold_origin = (uint32_t *)(void *)carve(&at, FOLD_ORIGIN_SIZE);
	j->text_origin = (uint32_t *)(void *)carve(&at, TEXT_ORIGIN_SIZE);
	j->limit_charges = (struct limit_charge *)(void *)carve(&at, LIMIT_CHARGES_SIZE);
	j->limit_elements = (uint64_t *)(void *)carve(&at, LIMIT_ELEMENTS_SIZE);
}

struct bytes judge_own_text(const struct sms *m)
{
	struct bytes own = bytes_of(NULL, 0);

	for (unsigned i = 0; i < m->n_bodies; i++) {
		struct bytes t = m->body[i].text;

		if (own.len == 0) {
			own = t;
		} else if (t.len != 0) { /* they lie side by side (sms.h), '\n' between them */
			own.len = (size_t)(t.data - own.data) + t.len;
		}
	}
	return own;
}

bool judge_is_part(const struct sms *m)
{
	return m->concat.total > 1 && m->concat.part >= 1 && m->concat.part <= m->concat.total;
}

void judge_view_whole(struct judge *j, const struct sms *m)
{
	struct judge_views *w = &j->views;

	w->text = judge_own_text(m);
	w->own_from = 0;
	w->own_to = w->text.len;
}

enum concat_found judge_view_part(struct judge *j, const struct sms *m, uint64_t now_us,
	bool remember, struct concat_joined *joined)
{
	struct sms_buffers *b = &j->buffers;
	struct judge_views *w = &j->views;
	struct bytes own = judge_own_text(m);
	enum concat_found found;

	found = remember
	                ? concat_add(j->concat, m, own, now_us, b->joined, b->joined_size, joined)
	                : concat_look(j->concat, m, own, now_us, b->joined, b->joined_size, joined);
	switch (found) {
	case CONCAT_ALONE:
		w->concat_alone = true;
		judge_view_whole(j, m);
		return found;
	case CONCAT_CONDEMNED:
		w->text = own;
		w->own_to = own.len;
		break;
	case CONCAT_JOINED:
		w->text = joined->text;
		w->own_from = joined->own_from;
		w->own_to = joined->own_to;
		w->joined = joined->first != joined->last;
		w->joined_first = joined->first;
		w->joined_last = joined->last;
		w->concat_alone = joined->unstored;
		break;
	}
	w->concat_conflict = joined->conflict;
	memcpy(w->passed, joined->passed, sizeof(w->passed));
	return found;
}

static bool entities_wanted(const struct ruleset *r)
{
	return scan_wanted(r, FIELD_URL, VIEW_SENT) || scan_wanted(r, FIELD_NUMBER, VIEW_SENT);
}

/*
 * fold_view: the text that folded rules look into. They are compiled without regard to case, so
 * where nothing but case would change the text itself will do.
 */
static struct bytes fold_view(struct bytes text, uint8_t *out, size_t size, uint32_t *origin)
{
	struct fold_result f;

	if (text.len == 0 || (origin == NULL && !fold_needed(text))) {
		return text;
	}
	f = fold_text(text, out, size, origin);
	return f.len != 0 ? bytes_of(out, f.len) : text;
}

void judge_view_derived(struct judge *j, const struct ruleset *r, uint32_t *origin, bool entities)
{
	struct judge_views *w = &j->views;

	w->folded = w->text;
	if (scan_wanted(r, FIELD_TEXT, VIEW_FOLDED)) {
		w->folded = fold_view(w->text, j->buffers.folded, j->buffers.folded_size, origin);
	}
	w->folded_scanned = w->folded.data != w->text.data;
	w->n_entities = 0;
	if ((entities || entities_wanted(r)) && w->text.len != 0) {
		w->n_entities = entity_find(w->text, j->home, w->entities, j->buffers.entities,
			j->buffers.entities_size);
	}
}

/* copy_sender: an address is in whatever alphabet it is in; the matcher must be given UTF-8. */
static struct bytes copy_sender(struct bytes digits, uint8_t *out)
{
	size_t len = 0;

	if (digits.len == 0) {
		return bytes_of(NULL, 0);
	}
	if (text_utf8_valid(digits) && digits.len <= SENDER_BUFFER_SIZE) {
		memcpy(out, digits.data, digits.len);
		return bytes_of(out, digits.len);
	}
	for (size_t i = 0; i < digits.len; i++) {
		len += text_put(digits.data[i], out + len, SENDER_BUFFER_SIZE - len);
	}
	return bytes_of(out, len);
}

void judge_view_sender(struct judge *j, const struct ruleset *r, const struct sms *m)
{
	struct judge_views *w = &j->views;
	bool folded = scan_wanted(r, FIELD_SENDER, VIEW_FOLDED);

	w->sender = bytes_of(NULL, 0);
	if (folded || scan_wanted(r, FIELD_SENDER, VIEW_SENT)) {
		w->sender = copy_sender(m->source.digits, j->sender);
	}
	w->sender_folded = w->sender;
	if (folded) {
		w->sender_folded = fold_view(w->sender, j->sender_folded, SENDER_FOLDED_SIZE, NULL);
	}
}

/* One call of the matcher, if any rule wants it. */
struct scanning {
	const struct ruleset *rules;
	struct scan_scratch *scratch;
	struct scan_hits *hits;
	uint64_t n_scans;
	uint64_t n_octets;
	bool failed;
};

static void scan_one(struct scanning *s, enum rule_field field, enum rule_view view, uint8_t entity,
	struct bytes text)
{
	if (text.len == 0 || !scan_wanted(s->rules, field, view)) {
		return;
	}
	s->n_scans++;
	s->n_octets += text.len;
	s->failed |= !scan_text(s->rules, s->scratch, field, view, entity, text, s->hits);
}

bool judge_scan(
	struct judge *j, const struct generation *g, struct stats *stats, struct scan_hits *hits)
{
	const struct judge_views *w = &j->views;
	struct scanning s = { .rules = g->ruleset, .scratch = g->scratch[j->worker], .hits = hits };

	scan_one(&s, FIELD_TEXT, VIEW_SENT, 0, w->text);
	scan_one(&s, FIELD_TEXT, VIEW_FOLDED, 0, w->folded);
	scan_one(&s, FIELD_SENDER, VIEW_SENT, 0, w->sender);
	scan_one(&s, FIELD_SENDER, VIEW_FOLDED, 0, w->sender_folded);
	for (uint32_t i = 0; i < w->n_entities; i++) {
		enum rule_field field =
			w->entities[i].kind == ENTITY_URL ? FIELD_URL : FIELD_NUMBER;

		scan_one(&s, field, VIEW_SENT, (uint8_t)i, w->entities[i].value);
	}
	if (stats != NULL) {
		stats_add(stats, STAT_scans, s.n_scans);
		stats_add(stats, STAT_scan_octets, s.n_octets);
	}
	return !s.failed;
}
