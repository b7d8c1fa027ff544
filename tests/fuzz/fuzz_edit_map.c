/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Input: a style, a poison, where the editable octets begin, an error code, then a TCAP message.
 * Property: nothing outside the component changes and nothing that has left; what was read of the
 * message around it is read again; messages that differ in their text only become the same octets,
 * and what can be read of them is spaces; an answer that was rewritten is the ReturnError asked for.
 */
#include <stdlib.h>

#include "dataplane/sms/from_map.h"
#include "dataplane/verdict/edit_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_SIZE_MAX = 2048, PARAMETERS = 5, SIZE_LIMIT = 4096 };

static void check(bool holds)
{
	if (!holds) {
		abort();
	}
}

/* What the first octets of an input say. */
struct asked {
	enum edit_style style;
	unsigned poison;
	size_t from;
	unsigned error;
};

/* One component of a message as it was read. */
struct read {
	struct tcap_component component;
	struct gsmmap_message map;
	struct map_tpdu tpdu;
	struct sms sms;
	uint8_t text[TEXT_SIZE_MAX + LIMIT_SCAN_TAIL];
	struct edit_map_target target;
	bool has_sms;
};

static void read_sms(const struct tcap_message *tcap, struct bytes message, struct read *r)
{
	struct sms_buffers buffers = { .text = r->text, .text_size = TEXT_SIZE_MAX };
	enum reason why;

	r->target = (struct edit_map_target){ .tcap = tcap, .component = &r->component };
	r->has_sms = false;
	if (gsmmap_message_read(&r->component, gsmmap_context_of(tcap), message, &r->map, &why) !=
		PARSE_OK) {
		return;
	}
	r->target.map = &r->map;
	if (r->map.has_ui && sms_from_map(&r->map, &r->tpdu, &buffers, &r->sms, &why) == PARSE_OK) {
		r->target.tpdu = &r->tpdu.tpdu;
		r->has_sms = true;
	}
}

/* read_at: the component at offset `off` of `message`; false: there is none that can be read. */
static bool read_at(struct bytes message, size_t off, struct tcap_message *tcap, struct read *r)
{
	struct cursor c;
	enum reason why;

	if (tcap_message_read(message, tcap, &why) != PARSE_OK) {
		return false;
	}
	c = cursor_of(tcap->components);
	while (cursor_left(&c) != 0) {
		if (tcap_component_read(&c, message, &r->component, &why) == PARSE_OK &&
			r->component.off == off) {
			read_sms(tcap, message, r);
			return true;
		}
	}
	return false;
}

/* Nothing before `from` and, unless all was replaced, nothing outside the component has changed. */
static void check_outside(struct bytes message, const uint8_t *out, size_t from,
	const struct tcap_component *c, bool all)
{
	size_t end = c->off + c->whole.len;

	check(memcmp(out, message.data, from) == 0);
	if (!all) {
		check(memcmp(out, message.data, c->off) == 0);
		check(memcmp(out + end, message.data + end, message.len - end) == 0);
	}
}

/* Spaces; half a UTF-16 unit at the end becomes U+FFFD. */
static void check_spaces(struct bytes text)
{
	while (text.len != 0) {
		if (text.data[0] == ' ') {
			text = bytes_slice(text, 1, text.len);
		} else {
			check(text.len == 3 && memcmp(text.data, "\xEF\xBF\xBD", 3) == 0);
			return;
		}
	}
}

/* check_readable: nothing had left: what the far end reads in `out`. */
static void check_readable(
	const struct read *was, uint8_t *out, size_t len, enum edit_style used, unsigned poison)
{
	static struct tcap_message tcap;
	static struct read now;
	const struct tcap_component *c = &was->component;

	check(read_at(bytes_of(out, len), c->off, &tcap, &now));
	check(now.component.type == c->type && now.component.invoke_id == c->invoke_id &&
		now.component.linked_id == c->linked_id && now.component.whole.len == c->whole.len);
	check(now.component.code == (used == EDIT_MAP_REJECT ? 0x7F : c->code));
	if (used == EDIT_MAP_REJECT) {
		memcpy(out + c->code_off, c->whole.data + (c->code_off - c->off), c->code_len);
		check(read_at(bytes_of(out, len), c->off, &tcap, &now));
	}
	if (!was->has_sms) {
		return;
	}
	check(now.has_sms && now.sms.n_bodies == was->sms.n_bodies);
	if (now.sms.n_bodies != 0) {
		check_spaces(now.sms.body[0].text);
		check(now.tpdu.tpdu.ud_off == was->tpdu.tpdu.ud_off);
		/* a data coding of another unit counts its own */
		check((now.tpdu.tpdu.anomalies & ~was->tpdu.tpdu.anomalies & TPDU_ANOMALY_LENGTH) ==
				0 ||
			was->tpdu.tpdu.ud.len * 8 / 7 > UINT8_MAX);
	}
	if (used == EDIT_TPDU_REFUSE) {
		check((poison & MAP_POISON_DA) != 0 || now.tpdu.tpdu.data_coding == 0x80);
	}
	if (used == EDIT_IMSI_UNKNOWN) {
		check(now.map.imsi.n_digits != 0 && now.map.imsi.digits[0] == '0');
	}
}

/* check_same: a message with another text, and other octets behind it, becomes the same. */
static void check_same(struct bytes message, const struct read *was, const struct asked *a,
	enum edit_style used, const uint8_t *out)
{
	static struct tcap_message tcap;
	static struct read other;
	const struct tpdu *t = was->target.tpdu;
	size_t skip = t->udhi ? 1 + t->udh.len : 0;
	size_t at = was->map.ui_off + t->ud_off + skip;
	size_t end = was->map.ui_off + was->map.ui.len;
	uint8_t *changed = malloc(message.len);
	uint8_t *edited = malloc(message.len);

	memcpy(changed, message.data, message.len);
	for (size_t i = at < a->from ? a->from : at; i < end; i++) {
		changed[i] ^= (uint8_t)(0x5A + i);
	}
	memcpy(edited, changed, message.len);
	check(read_at(bytes_of(changed, message.len), was->component.off, &tcap, &other));
	check(edit_map_refuse(bytes_of(changed, message.len), &other.target, a->style, a->poison,
		      a->from, edited) == used);
	check(memcmp(edited, out, message.len) == 0);
	free(changed);
	free(edited);
}

static void check_refuse(struct bytes message, const struct read *r, const struct asked *a)
{
	uint8_t *out = malloc(message.len);
	enum edit_style used;
	struct tcap_message tcap;
	enum reason why;

	memcpy(out, message.data, message.len);
	used = edit_map_refuse(message, &r->target, a->style, a->poison, a->from, out);
	check_outside(message, out, a->from, &r->component, used == EDIT_TCAP_GHOST);
	check(tcap_message_read(bytes_of(out, message.len), &tcap, &why) == PARSE_OK);
	check(used == a->style || used == EDIT_MAP_REJECT || used == EDIT_SEGMENT_VOID ||
		used == EDIT_BLANK);
	if (r->has_sms && r->sms.n_bodies != 0 && !r->map.ui_in_pieces) {
		check_same(message, r, a, used, out);
	}
	if (a->from == 0 && used != EDIT_TCAP_GHOST && used != EDIT_SEGMENT_VOID) {
		check_readable(r, out, message.len, used, a->poison);
	}
	free(out);
}

static void check_redact(struct bytes message, const struct read *r, const struct asked *a)
{
	uint8_t *out = malloc(message.len);
	size_t from = a->error % 64;

	memcpy(out, message.data, message.len);
	edit_map_redact(message, &r->target, &r->sms, from, from + a->poison * 7, a->from, out);
	check_outside(message, out, a->from, &r->component, false);
	free(out);
}

static void check_answer(struct bytes message, const struct read *r, const struct asked *a)
{
	static struct tcap_message tcap;
	static struct read now;
	const struct tcap_component *c = &r->component;
	uint8_t *out = malloc(message.len);
	enum edit_map_answer answer;
	enum reason why;

	memcpy(out, message.data, message.len);
	answer = edit_map_answer(message, c, a->error, a->from, out, &why);
	check_outside(message, out, a->from, c, false);
	if (answer == MAP_ANSWER_REWRITTEN) {
		check(read_at(bytes_of(out, message.len), c->off, &tcap, &now));
		check(now.component.type == TCAP_ERROR && !now.component.global);
		check(now.component.code == (int32_t)a->error);
		check(now.component.invoke_id == c->invoke_id);
	} else {
		check(memcmp(out, message.data, message.len) == 0);
	}
	free(out);
}

static void check_component(struct bytes message, const struct read *r, const struct asked *a)
{
	size_t off;
	size_t len;

	if (edit_map_text(&r->target, &off, &len)) {
		check(off >= r->component.off &&
			off + len <= r->component.off + r->component.whole.len);
	}
	check_refuse(message, r, a);
	check_answer(message, r, a);
	if (r->has_sms && r->sms.n_bodies != 0) {
		check_redact(message, r, a);
	}
}

static struct asked asked_of(const uint8_t *data, size_t len)
{
	static const enum edit_style styles[] = { EDIT_MAP_REJECT, EDIT_TPDU_REFUSE,
		EDIT_IMSI_UNKNOWN, EDIT_TCAP_GHOST, EDIT_BLANK };
	struct asked a = { .style = styles[data[0] % 5],
		.poison = data[1],
		.from = be16(data + 2),
		.error = data[4] };

	/* mostly nothing has left */
	a.from = a.from < 0x8000 ? 0 : (a.from & 0x7FFF) % (len + 1);
	return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tcap_message tcap;
	static struct read r;
	struct asked a;
	struct bytes message;
	struct cursor c;
	enum reason why;
	uint8_t *exact;

	if (size <= PARAMETERS || size > SIZE_LIMIT) {
		return 0;
	}
	exact = malloc(size - PARAMETERS);
	memcpy(exact, data + PARAMETERS, size - PARAMETERS);
	message = bytes_of(exact, size - PARAMETERS);
	a = asked_of(data, message.len);
	if (tcap_message_read(message, &tcap, &why) == PARSE_OK) {
		c = cursor_of(tcap.components);
		while (cursor_left(&c) != 0) {
			if (tcap_component_read(&c, message, &r.component, &why) == PARSE_OK) {
				read_sms(&tcap, message, &r);
				check_component(message, &r, &a);
			}
		}
	}
	free(exact);
	return 0;
}
