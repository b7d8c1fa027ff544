/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Property: whatever the order, the duplication and the loss of the fragments of a set of messages,
 * those that a naive model calls complete are given, once, with their octets; each frame leaves once,
 * in order; what leaves is what the first copy said, edits included, also after its acknowledgement;
 * the ledger adds up; and all memory is back in the end. The last octets of an input are packets as they come, through the table.
 */
#include <stdlib.h>

#include "dataplane/net/sctp_assoc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGES = 16, PIECES = 4, BLOCKS = 256, FRAMES = 512, FRAME_SIZE = 256, ASSOCS = 8 };

/* The script: message m has 1 + shape[m] % 4 pieces; DATA with consecutive TSNs, or I-DATA. */
struct model {
	uint8_t n_pieces[MESSAGES];
	uint32_t first_tsn[MESSAGES];
	uint8_t seen[MESSAGES]; /* a bit for each piece */
	bool given[MESSAGES];
	bool edited[MESSAGES];
	bool left[MESSAGES][PIECES];
	bool left_early[MESSAGES][PIECES];
	bool interleaved;
};

struct lab {
	struct sctp_direction d[2];
	struct sctp_journal j;
	struct tcp_config config;
	struct stats stats;
	struct frame frames[FRAMES];
	uint8_t octets[FRAMES][FRAME_SIZE];
	uint8_t which[FRAMES]; /* the piece in a frame: message * 4 + piece */
	uint32_t n_frames;
	uint64_t n_left;
	uint64_t sent;
	struct model model;
};

static struct lab lab;
static uint64_t memory[BLOCKS * LIMIT_SCTP_BLOCK_LEN / 8 + 2 * BLOCKS + 64]
	__attribute__((aligned(64)));

static void check(bool good)
{
	if (!good) {
		abort();
	}
}

static uint8_t octet_of(unsigned message, unsigned piece, unsigned at)
{
	return (uint8_t)(message * 16 + piece * 4 + at % 4);
}

static unsigned piece_len(unsigned message, unsigned piece)
{
	return 1 + (message * 7 + piece * 13) % 60;
}

static void put_piece(struct writer *w, const struct model *m, unsigned message, unsigned piece)
{
	unsigned len = piece_len(message, piece);
	uint8_t flags = (uint8_t)((piece == 0 ? SCTP_BEGIN : 0) |
				  (piece + 1u == m->n_pieces[message] ? SCTP_END : 0) |
				  (message % 3 == 0 ? SCTP_UNORDERED : 0));

	writer_u8(w, m->interleaved ? SCTP_I_DATA : SCTP_DATA);
	writer_u8(w, flags);
	writer_u16(w, (uint16_t)(len + (m->interleaved ? 20 : 16)));
	writer_u32(w, m->first_tsn[message] + piece);
	writer_u16(w, (uint16_t)(message % 4));
	writer_u16(w, m->interleaved ? 0 : (uint16_t)message);
	if (m->interleaved) {
		writer_u32(w, message);
		writer_u32(w, piece == 0 ? 3 : piece);
	} else {
		writer_u32(w, 3);
	}
	for (unsigned i = 0; i < len; i++) {
		writer_u8(w, octet_of(message, piece, i));
	}
	writer_fill(w, 0, (4 - len % 4) % 4);
}

static void send_piece(unsigned message, unsigned piece)
{
	struct frame *f = &lab.frames[lab.n_frames];
	uint8_t *octets = lab.octets[lab.n_frames];
	struct writer w = writer_of(octets, FRAME_SIZE);
	struct sctp_packet p;

	writer_fill(&w, 0, 12);
	put_piece(&w, &lab.model, message, piece);
	*f = (struct frame){ .kind = FRAME_SCTP,
		.data = octets,
		.payload_off = 12,
		.payload_len = (uint16_t)(w.at - octets - 12),
		.len = (uint32_t)(w.at - octets),
		.number = lab.n_frames + 1,
		.time_us = lab.n_frames };
	lab.which[lab.n_frames++] = (uint8_t)(message * PIECES + piece);
	sctp_read_packet(f, &p, &lab.stats);
	lab.sent += f->user_len;
	(void)sctp_receive(&lab.d[0], &lab.d[1], f, &p, &lab.config, &lab.j, &lab.stats);
	lab.model.seen[message] |= (uint8_t)(1u << piece);
}

/* judge: exactly the complete messages are given, and each once; some are edited. */
static void judge(bool edit)
{
	static uint8_t scratch[LIMIT_SCTP_MESSAGE_LEN];
	static const uint8_t blank[PIECES * 64];
	struct sctp_message m;
	struct model *model = &lab.model;

	while (sctp_next_message(&lab.d[0], &m, scratch)) {
		unsigned message = m.octets.data[0] / 16;
		size_t at = 0;

		check(message < MESSAGES && !model->given[message]);
		check(model->seen[message] == (1u << model->n_pieces[message]) - 1);
		check(m.first_tsn == model->first_tsn[message]);
		check(m.n_fragments == model->n_pieces[message] && m.stream == message % 4);
		for (unsigned piece = 0; piece < model->n_pieces[message]; piece++) {
			for (unsigned i = 0; i < piece_len(message, piece); i++) {
				check(at < m.octets.len &&
					m.octets.data[at++] == octet_of(message, piece, i));
			}
		}
		check(at == m.octets.len);
		model->given[message] = true;
		if (edit) {
			model->edited[message] = true;
			sctp_edit(&lab.d[0], &m, 0, bytes_of(blank, m.octets.len));
		}
		sctp_consume(&lab.d[0], &m, R_judged, 0, &lab.stats);
	}
	for (unsigned i = 0; i < MESSAGES; i++) {
		check(model->given[i] == (model->seen[i] == (1u << model->n_pieces[i]) - 1));
	}
}

/* leave: in order, each once; a frame is blank where its message is edited and it had not left before. */
static void leave(bool all)
{
	struct frame_list out = { .head = NULL };
	struct model *model = &lab.model;

	sctp_leave(&lab.d[0], all, lab.n_frames, &lab.config, &lab.j, &lab.stats, &out);
	for (struct frame *f = out.head; f != NULL; f = f->next) {
		unsigned message = lab.which[f->number - 1] / PIECES;
		unsigned piece = lab.which[f->number - 1] % PIECES;
		bool *early = &model->left_early[message][piece];
		const uint8_t *user = f->data + 12 + (model->interleaved ? 20 : 16);

		check(f->number == ++lab.n_left);
		model->left[message][piece] = true;
		*early |= !model->given[message];
		check(all || model->given[message] || *early);
		for (unsigned i = 0; i < piece_len(message, piece); i++) {
			bool blank = model->edited[message] && !*early;

			check(user[i] == (blank ? 0 : octet_of(message, piece, i)));
		}
	}
}

/* acknowledge: up to the first piece that its receiver has not got; what is not edited may be forgotten then. */
static void acknowledge(void)
{
	struct model *model = &lab.model;
	uint32_t cum = model->first_tsn[0] - 1;
	uint8_t sack[28] = { [12] = SCTP_SACK, [15] = 16 };
	struct frame f = { .kind = FRAME_SCTP,
		.data = sack,
		.payload_off = 12,
		.payload_len = 16,
		.len = sizeof(sack),
		.number = 1,
		.time_us = lab.n_frames };
	struct frame_list out = { .head = NULL };
	struct sctp_packet p;

	for (unsigned i = 0; i < MESSAGES * PIECES; i++) {
		if (i % PIECES >= model->n_pieces[i / PIECES]) {
			continue;
		}
		if (!model->left[i / PIECES][i % PIECES]) {
			break;
		}
		cum++;
	}
	put_be32(sack + 16, cum);
	sctp_read_packet(&f, &p, &lab.stats);
	(void)sctp_receive(&lab.d[1], &lab.d[0], &f, &p, &lab.config, &lab.j, &lab.stats);
	sctp_leave(&lab.d[1], false, f.time_us, &lab.config, &lab.j, &lab.stats, &out);
	check(out.count == 1);
}

static void run_script(const uint8_t *data, size_t size)
{
	uint32_t tsn = (uint32_t)data[0] << 24 | 0x00FFFFF0u;
	uint64_t sum = 0;

	memset(&lab.d, 0, sizeof(lab.d));
	memset(&lab.stats, 0, sizeof(lab.stats));
	memset(&lab.model, 0, sizeof(lab.model));
	lab.n_frames = 0;
	lab.n_left = lab.sent = 0;
	lab.config = (struct tcp_config){ .enforce = true, .history_us = UINT64_MAX };
	lab.model.interleaved = (data[1] & 1) != 0;
	check(sctp_journal_size(BLOCKS) <= sizeof(memory));
	sctp_journal_init(&lab.j, memory, BLOCKS, data[1]);
	sctp_open(&lab.d[0], &lab.j);
	sctp_open(&lab.d[1], &lab.j);
	for (unsigned i = 0; i < MESSAGES; i++) {
		lab.model.n_pieces[i] = (uint8_t)(1 + (data[2 + i / 4] >> (i % 4 * 2) & 3));
		lab.model.first_tsn[i] = tsn;
		tsn += lab.model.n_pieces[i];
	}
	for (size_t i = 6; i < size && lab.n_frames < FRAMES; i++) {
		unsigned message = data[i] >> 4;
		unsigned piece = (data[i] >> 2 & 3) % lab.model.n_pieces[message];

		send_piece(message, piece);
		judge((data[i] & 1) != 0);
		leave((data[i] & 2) != 0 && i % 5 == 0);
		if (i % 3 == 0) {
			acknowledge();
		}
	}
	leave(true);
	acknowledge();
	sctp_age(&lab.d[0], lab.n_frames + LIMIT_SCTP_KEPT_US, &lab.j);
	check(lab.d[0].n_kept == 0);
	check(lab.n_left == lab.n_frames);
	sctp_close(&lab.d[0], 0, &lab.j, &lab.stats);
	sctp_close(&lab.d[1], 1, &lab.j, &lab.stats);
	check(lab.j.n_free == BLOCKS);
	for (unsigned i = 0; i < R_COUNT; i++) {
		sum += lab.stats.ledger.octets[0][i];
	}
	check(sum == lab.sent);
	check(lab.stats.reason[R_sctp_fragment] == 0 && lab.stats.reason[R_sctp_tsn_differs] == 0);
}

/* A packet of the table's part: 4 octets say between whom, then how many octets of chunks. */
static size_t take_packet(struct sctp_assocs *t, const uint8_t *data, size_t size, uint64_t number)
{
	static uint8_t octets[FRAME_SIZE + 12], scratch[LIMIT_SCTP_MESSAGE_LEN];
	size_t len = data[3] < size - 4 ? data[3] : size - 4;
	bool back = (data[0] & 1) != 0;
	struct frame f = { .kind = FRAME_SCTP,
		.data = octets,
		.payload_off = 12,
		.payload_len = (uint16_t)len,
		.len = (uint32_t)len + 12,
		.number = number,
		.time_us = number << (data[0] >> 5),
		.direction = back,
		.from_lo = !back };
	struct frame_list out = { .head = NULL };
	struct sctp_found found;
	struct sctp_packet p;
	struct sctp_direction *d;
	struct sctp_message m;

	memset(&f.key, 0, sizeof(f.key));
	f.key.lo.address[15] = 1 + (data[0] >> 1 & 1);
	f.key.hi.address[15] = 100;
	f.key.lo.port = f.key.hi.port = 2905;
	put_be16(octets, 2905);
	put_be16(octets + 2, 2905);
	put_be32(octets + 4, data[1] % 8);
	memset(octets + 8, 0, 4);
	memcpy(octets + 12, data + 4, len);
	sctp_read_packet(&f, &p, &lab.stats);
	sctp_assocs_find(t, &f, &p, &lab.j, &lab.stats, &found);
	if (found.assoc == NULL) {
		stats_ledger(&lab.stats, f.direction, (enum reason)found.reason, f.user_len);
	} else {
		d = &found.assoc->direction[found.side];
		(void)sctp_receive(d, &found.assoc->direction[1 - found.side], &f, &p, &lab.config,
			&lab.j, &lab.stats);
		while (sctp_next_message(d, &m, scratch)) {
			sctp_edit(d, &m, m.octets.len / 2, bytes_of(data, 1));
			sctp_consume(d, &m, R_judged, f.direction, &lab.stats);
		}
		sctp_leave(d, true, f.time_us, &lab.config, &lab.j, &lab.stats, &out);
		check(out.count == 1);
	}
	if (found.gone != NULL) {
		check(found.gone != found.assoc);
		sctp_close(&found.gone->direction[0], 0, &lab.j, &lab.stats);
		sctp_close(&found.gone->direction[1], 0, &lab.j, &lab.stats);
		sctp_assocs_remove(t, found.gone);
	}
	lab.sent += f.user_len;
	return 4 + len;
}

static void run_table(const uint8_t *data, size_t size)
{
	static uint8_t table[64 * 1024] __attribute__((aligned(64)));
	struct sctp_assocs *t;
	struct sctp_assoc *a;
	uint32_t position = 0;
	uint64_t number = 0;
	uint64_t sum = 0;

	check(sctp_assocs_size(ASSOCS) <= sizeof(table));
	t = sctp_assocs_init(table, ASSOCS, 1);
	memset(&lab.stats, 0, sizeof(lab.stats));
	lab.sent = 0;
	sctp_journal_init(&lab.j, memory, BLOCKS, 1);
	while (size >= 4) {
		size_t used = take_packet(t, data, size, ++number);

		data += used;
		size -= used;
	}
	check(sctp_assocs_count(t) <= ASSOCS);
	while ((a = sctp_assocs_next(t, &position)) != NULL) {
		sctp_close(&a->direction[0], 0, &lab.j, &lab.stats);
		sctp_close(&a->direction[1], 0, &lab.j, &lab.stats);
		sctp_assocs_remove(t, a);
	}
	check(sctp_assocs_count(t) == 0 && lab.j.n_free == BLOCKS);
	for (unsigned i = 0; i < 2 * R_COUNT; i++) {
		sum += lab.stats.ledger.octets[i % 2][i / 2];
	}
	check(sum == lab.sent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 8) {
		return 0;
	}
	if ((data[1] & 2) != 0) {
		run_table(data + 2, size - 2);
	} else {
		run_script(data, size);
	}
	return 0;
}
