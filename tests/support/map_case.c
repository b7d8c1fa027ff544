/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/map_case.h"

#include <stdlib.h>

static uint32_t next_tsn[2]; /* of the lab that is open: server, client */

size_t map_case_pack(const char *text, unsigned from, uint8_t *out)
{
	size_t n = strlen(text);
	size_t len = (from + n * 7 + 7) / 8;

	memset(out + from / 8, 0, len - from / 8);
	for (size_t i = 0; i < n * 7; i++) {
		size_t bit = from + i;

		out[bit / 8] |= (uint8_t)(((uint8_t)text[i / 7] >> (i % 7) & 1) << (bit % 8));
	}
	return len;
}

/* An element around what is at `from`: a length of two octets, or an end mark. */
static size_t wrap(uint8_t *out, size_t from, size_t to, uint8_t tag, bool indefinite)
{
	size_t head = indefinite ? 2 : 3;

	memmove(out + from + head, out + from, to - from);
	out[from] = tag;
	out[from + 1] = indefinite ? 0x80 : 0x81;
	if (!indefinite) {
		out[from + 2] = (uint8_t)(to - from);
		return to + head;
	}
	out[to + head] = 0;
	out[to + head + 1] = 0;
	return to + head + 2;
}

static size_t put(uint8_t *out, size_t at, const void *octets, size_t len)
{
	memcpy(out + at, octets, len);
	return at + len;
}

static size_t put_deliver(const char *text, uint8_t *out)
{
	static const uint8_t head[] = { 0x04, 0x0B, 0x91, 0x44, 0x77, 0x00, 0x09, 0x10, 0xF1, 0x00,
		0x00, 0x62, 0x11, 0x22, 0x01, 0x00, 0x00, 0x00 };
	size_t at = put(out, 0, head, sizeof(head));

	out[at++] = (uint8_t)strlen(text);
	return at + map_case_pack(text, 0, out + at);
}

/* The TPDU as a string in one piece or in two; the first is shorter than what is before the text. */
static size_t put_string(const char *form, struct bytes tpdu, uint8_t *out, size_t at)
{
	const size_t first = 10;
	size_t from = at;

	if (form[0] == '0') {
		at = put(out, at, tpdu.data, tpdu.len);
		return wrap(out, from, at, 0x04, false);
	}
	out[at++] = 0x04;
	out[at++] = (uint8_t)first;
	at = put(out, at, tpdu.data, first);
	out[at++] = 0x04;
	out[at++] = (uint8_t)(tpdu.len - first);
	at = put(out, at, tpdu.data + first, tpdu.len - first);
	return wrap(out, from, at, 0x24, form[2] == 'I');
}

struct map_case map_case_make(const struct map_case_options *o)
{
	static const uint8_t ids[] = { 0x48, 4, 0, 0, 0, 1, 0x49, 4, 0, 0, 0, 9 };
	static const uint8_t addresses[] = { 0x80, 8, 0x00, 0x01, 0x11, 0x21, 0x43, 0x65, 0x87,
		0xF9, 0x84, 7, 0x91, 0x44, 0x77, 0x00, 0x09, 0x00, 0xF0 };
	const uint8_t head[] = { 2, 1, o->invoke_id != 0 ? o->invoke_id : 5, 2, 1, 44 };
	uint8_t tpdu[LAB_MESSAGE_SIZE];
	uint8_t tcap[LAB_MESSAGE_SIZE];
	struct bytes ui = o->tpdu;
	size_t at = put(tcap, 0, ids, o->continues ? 12 : 6);
	size_t components = at;
	size_t parameter;

	if (ui.len == 0) {
		ui = bytes_of(tpdu, put_deliver(o->text, tpdu));
	}
	at = put(tcap, at, head, sizeof(head));
	parameter = at;
	at = put(tcap, at, addresses, sizeof(addresses));
	at = put_string(o->tpdu_form != NULL ? o->tpdu_form : "04L", ui, tcap, at);
	if (o->more) {
		at = put(tcap, at, (const uint8_t[]){ 5, 0 }, 2);
	}
	at = wrap(tcap, parameter, at, 0x30, o->indefinite);
	at = wrap(tcap, components, at, 0xA1, o->indefinite);
	at = wrap(tcap, components, at, 0x6C, o->indefinite);
	at = wrap(tcap, 0, at, o->continues ? 0x65 : 0x62, o->indefinite);
	return map_case_of(bytes_of(tcap, at));
}

struct map_case map_case_of_text(const char *text)
{
	return map_case_make(&(struct map_case_options){ .text = text });
}

struct map_case map_case_of_tpdu(struct bytes tpdu)
{
	return map_case_make(&(struct map_case_options){ .tpdu = tpdu });
}

struct map_case map_case_of(struct bytes tcap)
{
	struct map_case c = { .tcap_len = tcap.len, .from_client = true };

	c.user_len = lab_udt(true, tcap, c.user);
	return c;
}

struct map_case map_case_of_hex(const char *tcap)
{
	uint8_t octets[255];
	size_t n = strlen(tcap) / 2;

	for (size_t i = 0; i < n; i++) {
		const char digits[3] = { tcap[2 * i], tcap[2 * i + 1], 0 };

		octets[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return map_case_of(bytes_of(octets, n));
}

struct map_case map_case_seed(unsigned seed)
{
	struct lab_map m = { .text = MAP_CASE_SPAM, .operation = 46, .otid = 1, .invoke_id = 5 };
	uint8_t tcap[LAB_MESSAGE_SIZE];

	switch (seed) {
	case 0:
		return map_case_of_text(MAP_CASE_SPAM);
	case 1:
		break; /* mo-forwardSM with a dialogue portion */
	case 2:
		m.version = 1;
		break;
	case 3:
		return map_case_make(&(struct map_case_options){
			.text = MAP_CASE_SPAM, .continues = true, .more = true });
	case 4:
		return map_case_make(
			&(struct map_case_options){ .text = MAP_CASE_SPAM, .indefinite = true });
	default:
		return map_case_make(&(struct map_case_options){
			.text = MAP_CASE_SPAM, .tpdu_form = "24I", .indefinite = true });
	}
	return map_case_of(bytes_of(tcap, lab_tcap(&m, tcap)));
}

struct lab *map_case_open_on(struct generation *rules)
{
	struct lab *lab = rules != NULL ? lab_create_on(rules, LINK_ENFORCE)
	                                : lab_create(MAP_CASE_RULES, LINK_ENFORCE);

	lab_associate(lab);
	next_tsn[0] = 2000;
	next_tsn[1] = 1000;
	return lab;
}

struct lab *map_case_open(void)
{
	return map_case_open_on(NULL);
}

void map_case_close(struct lab *lab)
{
	lab_end(lab);
	if (!lab_ledger_adds_up(lab)) {
		abort();
	}
	lab_destroy(lab);
}

size_t map_case_chunk_len(const struct map_case *c)
{
	return (16 + c->user_len + 3) & ~(size_t)3;
}

bool map_case_send(struct lab *lab, const struct map_case *c)
{
	uint8_t user[LAB_MESSAGE_SIZE];
	uint8_t chunks[LAB_MESSAGE_SIZE + 32];
	size_t len = c->user_len;
	const struct lab_out *out;

	memcpy(user, c->user, len);
	if (!c->from_client) {
		len = lab_udt(false, bytes_of(c->user + MAP_CASE_TCAP, c->tcap_len), user);
	}
	len = lab_data(chunks, 0, 3, next_tsn[c->from_client]++, 1, bytes_of(user, len));
	lab_sctp(lab, c->from_client, 0, bytes_of(chunks, len), true);
	out = &lab->out[lab->n_out - 1];
	return out->payload.len == len && memcmp(out->payload.data, chunks, len) == 0;
}

uint64_t map_case_counted(const struct lab *lab, enum reason why)
{
	return pipeline_stats(lab->pipeline)->reason[why];
}

uint64_t map_case_named(const struct lab *lab)
{
	const struct stats *s = pipeline_stats(lab->pipeline);
	uint64_t n = s->counter[STAT_messages] + s->ledger.octets[1][R_no_text];

	for (unsigned i = 0; i < R_COUNT; i++) {
		n += s->reason[i];
	}
	return n;
}

bool map_case_left_text(const struct lab *lab, const char *text)
{
	uint8_t packed[160];
	size_t len = map_case_pack(text, 0, packed);
	struct bytes left = lab->out[lab->n_out - 1].payload;

	for (size_t i = 0; i + len <= left.len; i++) {
		if (memcmp(left.data + i, packed, len) == 0) {
			return true;
		}
	}
	return false;
}
