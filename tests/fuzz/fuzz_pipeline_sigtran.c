/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Property (enforce): whatever packets of two associations arrive, in any order, again, on either path,
 * changed or not: every frame leaves once, with its length, in the order of its direction; the ledger
 * adds up; a TSN leaves with the same octets each time, also when it is acknowledged; where no rule hits,
 * frames leave as they came; no refused text reaches its receiver unless the pipeline says that it was
 * not judged or leaked; at the end no memory is in use.
 */
#include <stdlib.h>

#include "dataplane/base/crc32c.h"
#include "tests/support/lab_sigtran.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	ETH_LEN = 14,
	IP_LEN = 20,
	HEADERS = LAB_HEADERS_LEN,
	DATA_LEN = 16,
	SIZE_LIMIT = 700,
	ASSOCIATIONS = 2,
	KINDS = 6,
	MESSAGES = 2 * KINDS,
	PIECES = 2, /* of a message: fragments or segments */
	TSNS = MESSAGES * PIECES,
	TSN_CLIENT = 1000,
	TSN_SERVER = 2000,
	OCTETS_SIZE = 1400,
};

#define SECRET "buy cheap pills now"

/* One DATA chunk of the sender's. */
struct piece {
	uint8_t octets[LAB_MESSAGE_SIZE];
	size_t len;
	uint8_t flags; /* B and E */
	bool segment;  /* one of SCCP: its text is at the end, in front of the optional part */
};

/* What a receiver got first of a TSN. */
struct got {
	const uint8_t *chunk;
	size_t len; /* of the chunk */
};

struct run {
	struct lab *lab;
	struct piece pieces[TSNS];
	uint32_t len_of[LAB_FRAMES]; /* of the frame with this number - 1 */
	uint64_t crc_of[LAB_FRAMES];
	unsigned n_sent;
	bool clean;   /* no text is refused */
	bool changed; /* something was sent that is no copy of what it should be */
	uint32_t acked[ASSOCIATIONS][2];
	uint64_t start_us;
	bool sent[ASSOCIATIONS][TSNS];
	bool early[ASSOCIATIONS][TSNS]; /* acknowledged before it was sent: its receiver has it */
};

static void check(bool holds)
{
	if (!holds) {
		abort();
	}
}

static void put_piece(struct run *r, unsigned tsn, struct bytes user, uint8_t flags)
{
	memcpy(r->pieces[tsn].octets, user.data, user.len);
	r->pieces[tsn].len = user.len;
	r->pieces[tsn].flags = flags;
}

/* Each kind once with the text that is refused and once without. */
static void make_message(struct run *r, unsigned i)
{
	unsigned kind = i % KINDS;
	bool refused = !r->clean && (i < KINDS) == (i % 2 == 0);
	struct lab_map m = { .text = refused ? SECRET ", cheap and good"
		                             : "nothing of interest here",
		.operation = kind == 0 || kind == 3 ? 46 : 44,
		.version = kind == 1   ? 2
		           : kind == 4 ? 1
		                       : 3,
		.invoke_id = (uint8_t)i,
		.n_components = kind == 4 ? 2 : 1,
		.otid = 100 + i,
		.continues = kind == 5,
		.dtid = 500 + i };
	uint8_t tcap[LAB_MESSAGE_SIZE];
	uint8_t user[LAB_MESSAGE_SIZE];
	size_t len = lab_tcap(&m, tcap);
	size_t cut = len - 20;

	if (kind == 3) {
		size_t n = lab_xudt(true, bytes_of(tcap, len), 0, cut, 0, 2, user);

		put_piece(r, i * PIECES, bytes_of(user, n), 3);
		n = lab_xudt(true, bytes_of(tcap, len), cut, len, 1, 2, user);
		put_piece(r, i * PIECES + 1, bytes_of(user, n), 3);
		return;
	}
	len = lab_udt(true, bytes_of(tcap, len), user);
	if (kind == 2) {
		put_piece(r, i * PIECES, bytes_of(user, cut), 2);
		put_piece(r, i * PIECES + 1, bytes_of(user + cut, len - cut), 1);
		return;
	}
	put_piece(r, i * PIECES, bytes_of(user, len), 3);
	len = lab_tcap(&(struct lab_map){ .text = "and another one", .otid = 900 + i }, tcap);
	len = lab_udt(true, bytes_of(tcap, len), user);
	put_piece(r, i * PIECES + 1, bytes_of(user, len), 3);
}

/* send: a packet of association `a`; its ports and tags are its own. */
static void send(struct run *r, unsigned a, bool from_client, unsigned path, uint32_t tag,
	struct bytes chunks, bool right)
{
	struct lab_packet p = { from_client, path, (uint16_t)(2905 + a), tag };
	uint8_t o[HEADERS + OCTETS_SIZE];
	size_t len = lab_packet(&p, chunks, o);

	o[LAB_CRC_AT] ^= right ? 0 : 1;
	r->len_of[r->n_sent] = (uint32_t)len;
	r->crc_of[r->n_sent++] = crc32c_add(0, bytes_of(o, len));
	lab_frame(r->lab, from_client, bytes_of(o, len));
}

static uint32_t tag_of(unsigned a, bool from_client)
{
	return (from_client ? LAB_SERVER_TAG : LAB_CLIENT_TAG) + a;
}

static void send_chunk(struct run *r, unsigned a, bool from_client, const char *octets, size_t len)
{
	send(r, a, from_client, 0, tag_of(a, from_client), bytes_of(octets, len), true);
}

/* INIT, INIT ACK with a cookie, COOKIE ECHO, COOKIE ACK (RFC 9260 5.1). */
static void associate(struct run *r, unsigned a)
{
	uint8_t c[28] = { 1, 0, 0, 20, [9] = 1, [13] = 16, [15] = 16 };

	put_be32(c + 4, tag_of(a, false));
	put_be32(c + 16, TSN_CLIENT);
	send(r, a, true, 0, 0, bytes_of(c, 20), true);
	c[0] = 2;
	c[3] = 28;
	put_be32(c + 4, tag_of(a, true));
	put_be32(c + 16, TSN_SERVER);
	put_be32(c + 20, 0x00070008);
	send(r, a, false, 0, tag_of(a, false), bytes_of(c, 28), true);
	send_chunk(r, a, true, "\12\0\0\10\0\0\0\0", 8);
	send_chunk(r, a, false, "\13\0\0\4", 4);
}

/* send_data: one or two chunks in a packet; a changed one differs in an octet of its user data. */
static void send_data(struct run *r, unsigned first, uint8_t how, uint8_t change)
{
	uint8_t chunks[OCTETS_SIZE];
	unsigned n = 1 + (how >> 1 & 1);
	unsigned a = how & 1;
	size_t len = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned tsn = (first + i) % TSNS;
		struct piece *p = &r->pieces[tsn];
		uint8_t user[LAB_MESSAGE_SIZE];

		memcpy(user, p->octets, p->len);
		user[change % p->len] ^= (uint8_t)(change & how);
		r->changed |= (change & how) != 0;
		r->sent[a][tsn] = true;
		len = lab_data(chunks, len, p->flags, TSN_CLIENT + tsn, 1, bytes_of(user, p->len));
	}
	send(r, a, true, how >> 2 & 1, tag_of(a, true), bytes_of(chunks, len),
		(how & 0xF0) != 0x50);
}

static void send_sack(struct run *r, unsigned a, bool from_client, uint32_t cum)
{
	uint8_t c[16] = { 3, 0, 0, 16, [10] = 1 };

	put_be32(c + 4, cum);
	send_chunk(r, a, from_client, (const char *)c, sizeof(c));
	for (unsigned i = 0; i < TSNS && TSN_CLIENT + i <= cum; i++) {
		r->early[a][i] |= !r->sent[a][i];
	}
	if (cum > r->acked[a][from_client ? 0 : 1]) {
		r->acked[a][from_client ? 0 : 1] = cum;
	}
}

/* send_answer: an End with a result or a Reject to a message of the client's. */
static void send_answer(struct run *r, unsigned a, unsigned i, bool reject)
{
	const uint8_t octets[] = { reject ? 0xA4 : 0xA2, reject ? 6 : 3, 2, 1, (uint8_t)i, 0x81, 1,
		1 };
	uint8_t tcap[LAB_MESSAGE_SIZE];
	uint8_t user[LAB_MESSAGE_SIZE];
	uint8_t chunks[LAB_MESSAGE_SIZE];
	size_t len = lab_answer(100 + i, bytes_of(octets, octets[1] + 2u), tcap);

	len = lab_udt(false, bytes_of(tcap, len), user);
	/* the same number has the same content, or the model would not know which */
	len = lab_data(chunks, 0, 3, TSN_SERVER + 2 * i + (reject ? 1 : 0), 1, bytes_of(user, len));
	send(r, a, false, 0, tag_of(a, false), bytes_of(chunks, len), true);
}

static void send_control(struct run *r, unsigned a, uint8_t which, uint8_t wait)
{
	switch (which % 4) {
	case 0:
		send_chunk(r, a, true, "\4\0\0\10\0\1\0\4", 8); /* HEARTBEAT */
		break;
	case 1:
		send_chunk(r, a, wait % 2 == 0, "\6\0\0\4", 4); /* ABORT */
		break;
	case 2:
		send_chunk(r, a, false, "\7\0\0\10\0\0\0\0", 8); /* SHUTDOWN */
		break;
	default:
		lab_wait(r->lab, wait * 200u);
	}
}

static void act(struct run *r, const uint8_t *op)
{
	unsigned a = op[2] & 1;

	switch (op[0] & 7) {
	case 4:
		send_data(r, op[1], op[2] & 7, (uint8_t)(op[1] ^ op[2]));
		break;
	case 5:
		send_sack(r, a, false, TSN_CLIENT - 1 + op[1] % (TSNS + 4));
		break;
	case 6:
		send_answer(r, a, op[1] % MESSAGES, (op[2] & 2) != 0);
		break;
	case 7:
		send_control(r, a, op[2] >> 1, op[1]);
		break;
	default:
		send_data(r, op[1], op[2] & (op[0] >= 0x80 ? 0xFF : 7), 0);
	}
}

/* ---- what left ---- */

static unsigned association_of(const struct lab_out *o)
{
	return be16(o->octets + ETH_LEN + IP_LEN) - 2905u;
}

static void check_frames(const struct run *r)
{
	const struct lab *lab = r->lab;
	uint64_t last[ASSOCIATIONS][2] = { 0 };

	check(lab->n_out == r->n_sent && lab_ledger_adds_up(lab));
	for (unsigned i = 0; i < lab->n_out; i++) {
		const struct lab_out *o = &lab->out[i];
		uint64_t *before = &last[association_of(o)][o->from_client];

		check(o->number > *before && o->len == r->len_of[o->number - 1]);
		*before = o->number;
		if (r->clean && !r->changed) {
			check(crc32c_add(0, bytes_of(o->octets, o->len)) ==
				r->crc_of[o->number - 1]);
		}
	}
}

static void check_again(const struct got *first, const uint8_t *chunk, size_t len)
{
	size_t n = len < first->len ? len : first->len;

	/* flags, length, TSN, stream, number, PPID, user data; a longer one is followed by zeros */
	check(memcmp(first->chunk + 4, chunk + 4, n - 4) == 0);
	for (size_t i = n; i < len; i++) {
		check(chunk[i] == 0);
	}
}

/* edits_are_kept: what is acknowledged is not forgotten but where no copy differed from what leaves. */
static bool edits_are_kept(const struct run *r)
{
	return !r->changed && r->lab->now_us - r->start_us < LIMIT_SCTP_KEPT_US;
}

/* take_chunks: one packet that left; `got` by TSN is what its receiver took first. */
static void take_chunks(const struct run *r, const struct lab_out *o, struct got *got)
{
	uint32_t base = o->from_client ? TSN_CLIENT : TSN_SERVER;
	uint32_t acked = r->acked[association_of(o)][o->from_client ? 1 : 0];

	for (size_t at = HEADERS; at + DATA_LEN <= o->len;) {
		const uint8_t *chunk = o->octets + at;
		size_t len = be16(chunk + 2);
		uint32_t tsn = be32(chunk + 4);

		at += (len + 3) & ~(size_t)3;
		if (chunk[0] != 0) {
			continue;
		}
		if (got[tsn - base].chunk == NULL) {
			got[tsn - base] = (struct got){ chunk, len };
		} else if (acked == 0 || tsn > acked || edits_are_kept(r)) {
			check_again(&got[tsn - base], chunk, len);
		}
	}
}

/* Octets that were let go without a verdict, or before it. */
static bool all_was_judged(const struct run *r)
{
	static const enum reason judged[] = { R_judged, R_duplicate, R_no_text, R_sccp_segment };
	const struct stats *s = pipeline_stats(r->lab->pipeline);
	uint64_t octets = 0;

	for (unsigned i = 0; i < R_COUNT; i++) {
		octets += s->ledger.octets[1][i];
	}
	for (unsigned i = 0; i < sizeof(judged) / sizeof(judged[0]); i++) {
		octets -= s->ledger.octets[1][judged[i]];
	}
	return octets == 0 && s->counter[STAT_messages_late] == 0;
}

/* The text as it lies packed at the begin of user data (TS 23.038 6.1.2.1): whole octets of it. */
static bool has_secret(const uint8_t *octets, size_t len)
{
	uint8_t packed[sizeof(SECRET)] = { 0 };
	size_t n = (sizeof(SECRET) - 1) * 7 / 8;

	for (unsigned bit = 0; bit < n * 8; bit++) {
		unsigned value = (uint8_t)SECRET[bit / 7] >> bit % 7 & 1;

		packed[bit / 8] |= (uint8_t)(value << bit % 8);
	}
	return memmem(octets, len, packed, n) != NULL;
}

/* check_texts: whole messages and those of two fragments, as a receiver puts them together. */
static void check_texts(const struct got *got, const bool early[TSNS])
{
	uint8_t message[2 * LAB_MESSAGE_SIZE];

	for (unsigned i = 0; i < TSNS; i++) {
		size_t len = 0;

		if (early[i] || early[i | 1]) {
			continue;
		}

		for (unsigned k = i; k < TSNS && got[k].chunk != NULL; k++) {
			memcpy(message + len, got[k].chunk + DATA_LEN, got[k].len - DATA_LEN);
			len += got[k].len - DATA_LEN;
			if ((got[k].chunk[1] & 1) != 0 || k == i + 1) {
				break;
			}
		}
		check(!has_secret(message, len));
	}
}

static void check_memory(const struct run *r)
{
	struct pipeline_gauges g = pipeline_gauges(r->lab->pipeline);

	check(g.associations == 0 && g.sctp_blocks_used == 0 && g.held_frames == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct generation *rules;
	static struct run run;
	struct got got[ASSOCIATIONS][2][2 * TSNS] = { 0 };

	if (size < 1 || size > SIZE_LIMIT) {
		return 0;
	}
	if (rules == NULL) {
		rules = lab_rules("spam:/buy cheap pills/\n");
	}
	run = (struct run){ .lab = lab_create_on(rules, LINK_ENFORCE),
		.clean = (data[0] & 1) != 0 };
	run.start_us = run.lab->now_us;
	for (unsigned i = 0; i < MESSAGES; i++) {
		make_message(&run, i);
	}
	for (unsigned a = 0; a < ASSOCIATIONS; a++) {
		if ((data[0] >> (1 + a) & 1) == 0) { /* else joined mid-life */
			associate(&run, a);
		}
	}
	for (size_t i = 1; i + 3 <= size; i += 3) {
		act(&run, data + i);
	}
	lab_end(run.lab);
	check_frames(&run);
	for (unsigned i = 0; i < run.lab->n_out; i++) {
		const struct lab_out *o = &run.lab->out[i];

		if (o->checksum_right) {
			take_chunks(&run, o, got[association_of(o)][o->from_client]);
		}
	}
	for (unsigned a = 0; a < ASSOCIATIONS && !run.changed && all_was_judged(&run); a++) {
		check_texts(got[a][1], run.early[a]);
	}
	check_memory(&run);
	lab_destroy(run.lab);
	return 0;
}
