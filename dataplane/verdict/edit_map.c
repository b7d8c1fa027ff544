/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/edit_map.h"

#include <assert.h>

#include "dataplane/verdict/edit_map_ghost.h"
#include "dataplane/verdict/edit_map_tpdu.h"

enum { OPCODE_UNUSED = 0x7F };  /* TS 29.002 17.5: the highest in use is below 100 */
enum { BER_CLASS_BITS = 0xC0 }; /* X.690 8.1.2.2: private */
enum { LENGTH_BEYOND = 0x7F };  /* X.690 8.1.3.4: the longest short form */
enum { TAG_OCTETS = 1, LENGTH_OCTETS = 1 };

/* One call: what is edited, and from where on it still can be. */
struct job {
	struct bytes message;
	const struct edit_map_target *target;
	size_t editable_from;
	uint8_t *edited;
};

static bool can_edit(const struct job *j, size_t off)
{
	return off >= j->editable_from && off < j->message.len;
}

static size_t offset_of(const struct job *j, const uint8_t *at)
{
	return (size_t)(at - j->message.data);
}

static bool has_ui(const struct edit_map_target *target)
{
	return target->map != NULL && target->map->has_ui;
}

/* A stretch of the message. */
struct range {
	size_t from;
	size_t to;
};

/*
 * parameter_range: the parameter, and in an Invoke all that is behind it, without end marks: a lax
 * reader finds the short message also where the SEQUENCE around it is missing.
 */
static struct range parameter_range(const struct edit_map_target *target)
{
	const struct tcap_component *c = target->component;
	const struct bytes parameter = c->parameter.whole;
	struct cursor at = cursor_of(c->whole);
	struct range r = { 0, 0 };
	struct ber_element e;
	enum reason why;

	if (!c->has_parameter) {
		return r;
	}
	r.from = c->off + (size_t)(parameter.data - c->whole.data);
	r.to = r.from + parameter.len;
	if (c->type == TCAP_INVOKE && ber_read(&at, &e, &why) == PARSE_OK) {
		r.to = c->off + (size_t)(e.value.data - c->whole.data) + e.value.len;
	}
	return r;
}

/*
 * void_parameter: a parameter that could not be read becomes one OCTET STRING of zeros, or zeros
 * where its beginning has left.
 */
static void void_parameter(const struct job *j)
{
	struct range r = parameter_range(j->target);
	struct range in_it = r;

	if (in_it.from < j->editable_from) {
		in_it.from = j->editable_from;
	}
	if (in_it.from >= in_it.to) {
		return;
	}
	memset(j->edited + in_it.from, 0, in_it.to - in_it.from);
	if (in_it.from == r.from) {
		(void)edit_map_put_head(BER_OCTET_STRING, j->edited + r.from, j->edited + r.to);
	}
}

/* blank_text: what all styles do first. */
static void blank_text(const struct job *j)
{
	struct edit_map_tpdu t;

	if (j->target->map == NULL) {
		void_parameter(j);
	} else if (has_ui(j->target)) {
		const struct ber_element *ui = &j->target->map->ui_element;

		edit_map_tpdu_get(j->message, ui, j->edited, &t);
		edit_map_tpdu_blank(j->target->tpdu, &t);
		edit_map_tpdu_put(&t, j->message, ui, j->editable_from, j->edited);
	}
}

/*
 * map_reject: a local operation code that no operation has, as long as the one that was there (Q.773
 * 4.2.2.1): the far end answers with a Reject, unrecognizedOperation.
 */
static bool put_unused_opcode(const struct job *j)
{
	const struct tcap_component *c = j->target->component;

	if (c->code_tag_off == 0 || c->global || c->code_len == 0 || !can_edit(j, c->code_off)) {
		return false;
	}
	memset(j->edited + c->code_off, 0, c->code_len - 1u);
	j->edited[c->code_off + c->code_len - 1] = OPCODE_UNUSED;
	return true;
}

/* poison_destination: TP-DA of the same length: no number of any kind begins with so many zeros. */
static bool poison_destination(const struct tpdu *read, struct edit_map_tpdu *t)
{
	return read->has_address &&
	       edit_map_digits_zero(t->octets + read->address.off + 2, read->address.octets.len);
}

/* tpdu_refuse: what a service centre refuses of a mobile's SUBMIT or COMMAND by its content. */
static bool refuse_tpdu(const struct job *j, unsigned poison)
{
	const struct tpdu *read = j->target->tpdu;
	const struct ber_element *ui;
	struct edit_map_tpdu t;
	bool done = false;

	if (!has_ui(j->target) || read == NULL ||
		(read->type != TPDU_SUBMIT && read->type != TPDU_COMMAND)) {
		return false;
	}
	ui = &j->target->map->ui_element;
	edit_map_tpdu_get(j->message, ui, j->edited, &t);
	if ((poison & MAP_POISON_DCS) != 0 && read->data_coding_off != 0 &&
		can_edit(j, edit_map_tpdu_off(j->message, ui, read->data_coding_off))) {
		edit_map_tpdu_poison_coding(read, &t);
		done = true;
	}
	if ((poison & MAP_POISON_DA) != 0 && read->has_address &&
		can_edit(j, edit_map_tpdu_off(j->message, ui, read->address.off))) {
		done |= poison_destination(read, &t);
	}
	if (done) {
		edit_map_tpdu_put(&t, j->message, ui, j->editable_from, j->edited);
	}
	return done;
}

/* imsi_unknown: ITU-T E.212 gives mobile country code 000 to nobody. */
static bool refuse_imsi(const struct job *j)
{
	const struct gsmmap_message *m = j->target->map;

	/* fillers alone are no number, and stay: nothing would be refused */
	return m != NULL && m->to_mobile && m->da == GSMMAP_PARTY_IMSI && m->imsi.octets.len != 0 &&
	       m->imsi.n_digits != 0 && can_edit(j, m->imsi.off) &&
	       edit_map_digits_zero(j->edited + m->imsi.off, m->imsi.octets.len);
}

/* tcap_ghost: only where it takes nobody else's component with it. */
static bool refuse_dialogue(const struct job *j)
{
	const struct tcap_message *m = j->target->tcap;

	return j->editable_from == 0 && m != NULL &&
	       m->components.len == j->target->component->whole.len &&
	       edit_map_put_ghost(j->edited, j->message.len);
}

/*
 * break_last: an element behind the UI gets a length that its surroundings do not have. The short
 * form only, and only in a parameter that has a length itself: what is around it stays whole.
 */
static bool break_last(const struct job *j)
{
	const struct ber_element *parameter = &j->target->component->parameter;
	struct ber_element e = { 0 };
	struct cursor c;
	enum reason why;
	size_t length_off;

	if (!j->target->component->has_parameter || parameter->indefinite ||
		!ber_is_constructed(parameter) || parameter->value.len == 0) {
		return false;
	}
	c = cursor_of(parameter->value);
	while (cursor_left(&c) != 0) {
		if (ber_read(&c, &e, &why) != PARSE_OK) {
			return false;
		}
	}
	length_off = offset_of(j, e.whole.data) + TAG_OCTETS;
	if ((e.whole.data[0] & BER_LONG_TAG) == BER_LONG_TAG ||
		e.whole.len - e.value.len != TAG_OCTETS + LENGTH_OCTETS ||
		e.value.len >= LENGTH_BEYOND || !can_edit(j, length_off)) {
		return false;
	}
	j->edited[length_off] = LENGTH_BEYOND;
	return true;
}

/*
 * void_segment: the operation code has left. Without the UI's tag, which becomes one of private class,
 * or with an element that runs beyond its parameter, the far end answers mistypedParameter.
 */
static bool void_segment(const struct job *j)
{
	size_t tag_off;

	if (j->target->map == NULL) { /* its parameter has been voided */
		return can_edit(j, parameter_range(j->target).to - 1);
	}
	if (has_ui(j->target)) {
		tag_off = offset_of(j, j->target->map->ui_element.whole.data);
		if (can_edit(j, tag_off)) {
			j->edited[tag_off] |= BER_CLASS_BITS;
			return true;
		}
	}
	return break_last(j);
}

static bool make_style(const struct job *j, enum edit_style style, unsigned poison)
{
	switch (style) {
	case EDIT_MAP_REJECT:
		return put_unused_opcode(j);
	case EDIT_TPDU_REFUSE:
		return refuse_tpdu(j, poison);
	case EDIT_IMSI_UNKNOWN:
		return refuse_imsi(j);
	case EDIT_TCAP_GHOST:
		return refuse_dialogue(j);
	case EDIT_SEGMENT_VOID:
		return void_segment(j);
	case EDIT_NONE:
	case EDIT_SELF_REJECT:
	case EDIT_BLANK:
	case EDIT_GHOST_DLR:
	case EDIT_REDACT:
	case EDIT_STYLES_COUNT:
		break;
	}
	return false;
}

enum edit_style edit_map_refuse(struct bytes message, const struct edit_map_target *target,
	enum edit_style style, unsigned poison, size_t editable_from, uint8_t *edited)
{
	const struct job j = { message, target, editable_from, edited };

	blank_text(&j);
	if (style == EDIT_BLANK || target->component->type != TCAP_INVOKE) {
		return EDIT_BLANK;
	}
	if (make_style(&j, style, poison)) {
		return style;
	}
	if (make_style(&j, EDIT_MAP_REJECT, poison)) {
		return EDIT_MAP_REJECT;
	}
	return make_style(&j, EDIT_SEGMENT_VOID, poison) ? EDIT_SEGMENT_VOID : EDIT_BLANK;
}

void edit_map_redact(struct bytes message, const struct edit_map_target *target,
	const struct sms *sms, size_t from, size_t to, size_t editable_from, uint8_t *edited)
{
	const struct sms_body *b = &sms->body[0];
	const struct ber_element *ui = &target->map->ui_element;
	struct edit_map_tpdu t;

	assert(has_ui(target) && target->tpdu != NULL && sms->n_bodies != 0);
	edit_map_tpdu_get(message, ui, edited, &t);
	if (edit_map_tpdu_holds(&t, target->tpdu)) {
		uint8_t *ud = t.octets + target->tpdu->ud_off;

		text_blank(&b->input, ud + (b->input.data.data - b->octets.data), from, to);
	} else {
		edit_map_tpdu_blank(target->tpdu, &t);
	}
	edit_map_tpdu_put(&t, message, ui, editable_from, edited);
}

bool edit_map_text(const struct edit_map_target *target, size_t *off, size_t *len)
{
	const struct gsmmap_message *m = target->map;
	struct range r;

	if (m == NULL) {
		r = parameter_range(target);
		*off = r.from;
		*len = r.to - r.from;
	} else if (!m->has_ui) {
		return false;
	} else if (target->tpdu == NULL || m->ui_in_pieces) {
		*off = m->ui_off;
		*len = m->ui_in_pieces ? m->ui_element.value.len : m->ui.len;
	} else {
		*off = m->ui_off + target->tpdu->ud_off;
		*len = target->tpdu->has_ud ? target->tpdu->ud.len : 0;
	}
	return *len != 0;
}
