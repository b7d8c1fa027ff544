/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/tcp_ack.h"

#include "dataplane/net/stream.h"

/* Option kinds: RFC 9293 3.2, RFC 7323 2.2 and 3.2, RFC 2018 2 and 3. */
enum {
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_WINDOW_SCALE = 3,
	OPTION_SACK_PERMITTED = 4,
	OPTION_SACK = 5,
	OPTION_TIMESTAMPS = 8,
};

enum {
	IP4_LEN = 20,
	IP6_LEN = 40,
	TCP_LEN = 20,
	WINDOW_SCALE_MAX = 14, /* RFC 7323 2.3 */
	ECN_MASK = 0x03,       /* a pure ACK is Not-ECT, RFC 3168 6.1.4 */
	PROTO_TCP = 6,
};

/* option_next: the next option of `c`, its kind and its octets; false at the end. */
static bool option_next(struct cursor *c, uint8_t *kind, struct bytes *value)
{
	uint8_t len;

	do {
		if (cursor_left(c) == 0) {
			return false;
		}
		*kind = cursor_u8(c);
	} while (*kind == OPTION_NOP);
	if (*kind == OPTION_END || cursor_left(c) == 0) {
		return false;
	}
	len = cursor_u8(c);
	if (len < 2 || cursor_left(c) < len - 2u) {
		return false;
	}
	*value = cursor_take(c, len - 2u);
	return true;
}

void tcp_end_note_syn(struct tcp_end *e, struct bytes options)
{
	struct cursor c = cursor_of(options);
	struct bytes value;
	uint8_t kind;

	while (option_next(&c, &kind, &value)) {
		if (kind == OPTION_SACK_PERMITTED) {
			e->sack_permitted = true;
		} else if (kind == OPTION_TIMESTAMPS && value.len == 8) {
			e->timestamps = true;
		} else if (kind == OPTION_WINDOW_SCALE && value.len == 1) {
			e->scaled = true;
			e->window_scale = value.data[0] < WINDOW_SCALE_MAX
			                          ? value.data[0]
			                          : (uint8_t)WINDOW_SCALE_MAX;
		}
	}
}

size_t tcp_timestamp(const struct frame *f)
{
	struct bytes options = frame_tcp_options(f);
	struct cursor c = cursor_of(options);
	struct bytes value;
	uint8_t kind;

	if (options.len == 12 && be32(options.data) == 0x0101080A) { /* RFC 7323 appendix A */
		return (size_t)(options.data + 4 - f->data);
	}
	while (option_next(&c, &kind, &value)) {
		if (kind == OPTION_TIMESTAMPS && value.len == 8) {
			return (size_t)(value.data - f->data);
		}
	}
	return 0;
}

static void note_timestamp(struct tcp_end *e, const struct frame *f, bool newest, bool in_order)
{
	size_t at = tcp_timestamp(f);
	uint32_t value;

	if (at == 0) {
		return;
	}
	value = be32(f->data + at);
	if (!e->ts_set || seq_diff(value, e->ts_value) > 0) {
		e->ts_value = value;
		e->ts_set = true;
	}
	/* RFC 7323 4.3 (2): the receiver takes it up where the segment begins at or below its frontier */
	if (in_order && (!e->ts_ordered_set || seq_diff(value, e->ts_ordered) > 0)) {
		e->ts_ordered = value;
		e->ts_ordered_set = true;
	}
	if (newest) {
		e->ts_echo = be32(f->data + at + 4);
	}
}

void tcp_end_note(struct tcp_end *e, const struct frame *f, bool in_order)
{
	bool newest = !e->said || seq_diff(f->ack, e->ack) >= 0;

	if ((f->tcp_flags & TCP_RST) != 0) {
		return;
	}
	if (e->timestamps) {
		note_timestamp(e, f, newest, in_order);
	}
	/* the window of a SYN is not scaled (RFC 7323 2.2): it is no pattern for what comes after */
	if (newest && (f->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_ACK) {
		e->ack = f->ack;
		e->window = f->window;
		e->said = true;
	}
	if (f->l3_off <= TCP_END_LINK_LEN && f->l3_off + (uint32_t)IP6_LEN <= f->len) {
		e->ip_version = f->ip_version;
		e->l3_off = (uint8_t)f->l3_off;
		memcpy(e->ports, f->data + f->l4_off, sizeof(e->ports));
		memcpy(e->header, f->data, (size_t)f->l3_off + IP6_LEN);
	}
}

uint32_t tcp_end_window(const struct tcp_end *e, const struct tcp_end *other)
{
	unsigned scale = e->scaled && other->scaled ? e->window_scale : 0;

	return e->ack + ((uint32_t)e->window << scale);
}

void tcp_blocks_add(struct tcp_blocks *b, uint32_t from, uint32_t to)
{
	struct tcp_blocks joined = { .n = 1 };

	for (uint32_t i = 0; i < b->n; i++) {
		if (seq_diff(b->at[i].to, from) >= 0 && seq_diff(to, b->at[i].from) >= 0) {
			from = seq_diff(b->at[i].from, from) < 0 ? b->at[i].from : from;
			to = seq_diff(b->at[i].to, to) > 0 ? b->at[i].to : to;
		}
	}
	joined.at[0] = (struct tcp_block){ from, to };
	for (uint32_t i = 0; i < b->n && joined.n < LIMIT_SACK_BLOCKS; i++) {
		if (seq_diff(b->at[i].to, from) < 0 || seq_diff(to, b->at[i].from) < 0) {
			joined.at[joined.n++] = b->at[i];
		}
	}
	*b = joined;
}

void tcp_blocks_forget(struct tcp_blocks *b, uint32_t seq)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < b->n; i++) {
		if (seq_diff(b->at[i].from, seq) > 0) {
			b->at[kept++] = b->at[i];
		}
	}
	b->n = kept;
}

/* The IP header that a pure ACK of `tcp_len` octets has. */
static void put_ip(struct writer *w, const struct tcp_end *e, size_t tcp_len)
{
	const uint8_t *ip = e->header + e->l3_off;

	if (e->ip_version == 6) { /* RFC 8200 3; without the extension headers of the pattern */
		writer_u8(w, ip[0]);
		writer_u8(w, (uint8_t)(ip[1] & ~(ECN_MASK << 4)));
		writer_put(w, bytes_of(ip + 2, 2));
		writer_u16(w, (uint16_t)tcp_len);
		writer_u8(w, PROTO_TCP);
		writer_put(w, bytes_of(ip + 7, IP6_LEN - 7));
		return;
	}
	writer_u8(w, 0x45); /* RFC 791 3.1; without options */
	writer_u8(w, (uint8_t)(ip[1] & ~ECN_MASK));
	writer_u16(w, (uint16_t)(IP4_LEN + tcp_len));
	writer_u32(w, 0x00004000); /* not to be fragmented: needs no identification, RFC 6864 4.1 */
	writer_u8(w, ip[8]);
	writer_u8(w, PROTO_TCP);
	writer_u16(w, 0);
	writer_put(w, bytes_of(ip + 12, 8));
}

static void put_tcp(struct writer *w, const struct tcp_end *e, uint32_t seq, size_t tcp_len)
{
	writer_put(w, bytes_of(e->ports, sizeof(e->ports)));
	writer_u32(w, seq);
	writer_u32(w, e->ack);
	writer_u8(w, (uint8_t)(tcp_len / 4 << 4));
	writer_u8(w, TCP_ACK);
	writer_u16(w, e->window);
	writer_u32(w, 0);
}

static void put_options(
	struct writer *w, const struct tcp_end *e, bool timestamps, const struct tcp_blocks *b)
{
	if (timestamps) {
		writer_u32(w, 0x0101080A);
		writer_u32(w, e->ts_value);
		writer_u32(w, e->ts_echo);
	}
	writer_u16(w, OPTION_NOP << 8 | OPTION_NOP);
	writer_u8(w, OPTION_SACK);
	writer_u8(w, (uint8_t)(2 + 8 * b->n));
	for (uint32_t i = 0; i < b->n; i++) {
		writer_u32(w, b->at[i].from);
		writer_u32(w, b->at[i].to);
	}
}

bool tcp_ack_make(const struct tcp_end *receiver, const struct tcp_end *sender, uint32_t seq,
	const struct tcp_blocks *blocks, struct frame *f)
{
	bool timestamps = receiver->timestamps && sender->timestamps;
	struct tcp_blocks told = *blocks;
	struct writer w = writer_of(f->data, TCP_ACK_LEN_MAX);
	size_t tcp_len;

	/* a block at the acknowledgement would look like octets taken back (RFC 2018 8) */
	tcp_blocks_forget(&told, receiver->ack);
	if (!receiver->said || receiver->ip_version == 0 || !receiver->sack_permitted ||
		!sender->sack_permitted || told.n == 0) {
		return false;
	}
	tcp_len = TCP_LEN + (timestamps ? 12u : 0u) + 4u + 8u * told.n;
	writer_put(&w, bytes_of(receiver->header, receiver->l3_off));
	put_ip(&w, receiver, tcp_len);
	put_tcp(&w, receiver, seq, tcp_len);
	put_options(&w, receiver, timestamps, &told);
	f->len = (uint32_t)(TCP_ACK_LEN_MAX - writer_left(&w));
	f->wire_len = f->len;
	frame_decode(f, CHECKSUM_TRUST, false);
	if (f->ip_version == 4) {
		frame_mend_ip4_header(f);
	}
	frame_mend_checksums(f);
	return true;
}
