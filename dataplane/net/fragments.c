/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/fragments.h"

#include "dataplane/limits.h"

enum {
	UNIT = 8, /* octets: fragment offsets count in these (RFC 791 3.1, RFC 8200 4.5) */
	UNITS = 65536 / UNIT,
	HEADROOM = 256,     /* for the headers of the first fragment */
	IP_MAX_LEN = 65535, /* what an IPv4 total length or an IPv6 payload length can say */
	IP6_LEN = 40,
	FRAGMENT_HEADER_LEN = 8, /* RFC 8200 4.5 */
	PROTO_TCP = 6,
	PROTO_SCTP = 132,
};

/* RFC 791 3.2: source, destination, protocol, identification; RFC 8200 4.5: the same without the protocol. */
struct datagram_key {
	struct flow_key ends;
	uint32_t id;
	uint8_t from_lo;
	uint8_t ip_version;
	uint8_t link;
	uint8_t hold;
};

enum datagram_state { DATAGRAM_FREE, DATAGRAM_GATHERING, DATAGRAM_GATHERED };

struct datagram {
	struct datagram_key key; /* first: searched one after the other */
	uint8_t state;           /* enum datagram_state */
	uint8_t differs;         /* an overlap had other octets */
	uint8_t direction;
	uint32_t header_len; /* 0: the first fragment has not come */
	uint32_t total;      /* octets, by the last fragment; 0: it has not come */
	uint32_t high;       /* behind the highest octet */
	uint32_t n_units;
	uint64_t born_us;
	uint64_t n_octets; /* forwarded in fragments that were not held */
	struct frame_list originals;
	struct frame gathered;
	uint8_t *octets; /* HEADROOM and the payload */
	uint64_t have[UNITS / 64];
};

struct fragments {
	struct fragments_config config;
	uint32_t n_held;
	uint32_t n_datagrams;
	struct datagram datagrams[];
};

/* What one fragment says of itself. */
struct piece {
	uint32_t id;
	uint32_t offset;
	uint32_t len;
	bool more;
};

static size_t align64(size_t n)
{
	return (n + 63) / 64 * 64;
}

static size_t datagrams_size(const struct fragments_config *config)
{
	return align64(sizeof(struct fragments) + config->datagrams_max * sizeof(struct datagram));
}

size_t fragments_size(const struct fragments_config *config)
{
	return datagrams_size(config) + config->datagrams_max * (size_t)(HEADROOM + UNITS * UNIT);
}

struct fragments *fragments_init(void *memory, const struct fragments_config *config)
{
	struct fragments *t = memory;
	uint8_t *octets = (uint8_t *)memory + datagrams_size(config);

	t->config = *config;
	t->n_held = 0;
	t->n_datagrams = 0;
	for (uint32_t i = 0; i < config->datagrams_max; i++) {
		t->datagrams[i].state = DATAGRAM_FREE;
		t->datagrams[i].octets = octets + i * (size_t)(HEADROOM + UNITS * UNIT);
	}
	return t;
}

/* piece_read: RFC 791 3.1, RFC 8200 4.5. False: no receiver takes this fragment. */
static bool piece_read(const struct frame *f, struct piece *piece)
{
	const uint8_t *ip = f->data + f->l3_off;
	const uint8_t *header = f->data + f->l4_off - FRAGMENT_HEADER_LEN;
	uint32_t before = f->l4_off - f->l3_off; /* IP headers, counted in IPv4's length */

	*piece = (struct piece){ .len = f->payload_len };
	if (f->ip_version == 4) {
		piece->id = be16(ip + 4);
		piece->offset = (be16(ip + 6) & 0x1FFFu) * UNIT;
		piece->more = (be16(ip + 6) & 0x2000) != 0;
		if (piece->more) {
			/* receivers cut such a fragment to whole units (Linux ip_frag_queue), or drop it */
			piece->len -= piece->len % UNIT;
		}
	} else {
		piece->id = be32(header + 4);
		piece->offset = be16(header + 2) & 0xFFF8u;
		piece->more = (be16(header + 2) & 1) != 0;
		before -= IP6_LEN;
		if (piece->more && piece->len % UNIT != 0) {
			return false; /* RFC 8200 4.5: parameter problem */
		}
	}
	return piece->len != 0 && before + piece->offset + piece->len <= IP_MAX_LEN;
}

static struct datagram_key key_of(const struct frame *f, const struct piece *piece, bool hold)
{
	struct datagram_key key;

	memset(&key, 0, sizeof(key)); /* compared whole */
	key.ends = f->key;
	key.id = piece->id;
	key.from_lo = f->from_lo;
	key.ip_version = f->ip_version;
	key.link = f->link;
	key.hold = hold;
	if (f->ip_version == 6) {
		key.ends.protocol = 0; /* only the first fragment's counts */
	}
	return key;
}

static const uint8_t *source_of(const struct datagram_key *key)
{
	return key->from_lo != 0 ? key->ends.lo.address : key->ends.hi.address;
}

static struct datagram *datagram_find(struct fragments *t, const struct datagram_key *key)
{
	for (uint32_t i = 0; t->n_datagrams != 0 && i < t->config.datagrams_max; i++) {
		struct datagram *d = &t->datagrams[i];

		if (d->state == DATAGRAM_GATHERING && memcmp(&d->key, key, sizeof(*key)) == 0) {
			return d;
		}
	}
	return NULL;
}

static struct datagram *datagram_new(
	struct fragments *t, const struct datagram_key *key, const struct frame *f)
{
	struct datagram *unused = NULL;
	uint32_t n_source = 0;

	for (uint32_t i = 0; i < t->config.datagrams_max; i++) {
		struct datagram *d = &t->datagrams[i];

		if (d->state == DATAGRAM_FREE) {
			unused = unused != NULL ? unused : d;
		} else if (memcmp(source_of(&d->key), source_of(key),
				   sizeof(key->ends.lo.address)) == 0) {
			n_source++;
		}
	}
	if (unused == NULL || n_source >= t->config.per_source_max) {
		return NULL;
	}
	*unused = (struct datagram){ .key = *key,
		.state = DATAGRAM_GATHERING,
		.direction = f->direction,
		.born_us = f->time_us,
		.octets = unused->octets };
	t->n_datagrams++;
	return unused;
}

static void datagram_free(struct fragments *t, struct datagram *d)
{
	d->state = DATAGRAM_FREE;
	t->n_datagrams--;
}

/* is_ours: the datagram may be TCP or SCTP; behind an IPv6 extension header one cannot tell yet. */
static bool is_ours(const struct frame *f)
{
	switch (f->key.protocol) {
	case 17: /* UDP */
	case 1:  /* ICMP */
	case 58: /* ICMPv6 */
		return false;
	default:
		return f->ip_version == 6 || f->key.protocol == PROTO_TCP ||
		       f->key.protocol == PROTO_SCTP;
	}
}

/* account_unjudged: both sides of the ledger: nobody above sees these octets. */
static void account_unjudged(unsigned direction, uint64_t n_octets, struct stats *stats)
{
	stats_ledger(stats, direction, R_ip_fragment, n_octets);
	stats_forwarded(stats, direction, n_octets);
}

static void pass(struct frame *f, enum reason why, struct stats *stats, struct frame_list *out)
{
	if (f->reason == R_none) {
		f->reason = (uint8_t)why;
	}
	stats_reason(stats, (enum reason)f->reason);
	if (why == R_other_protocol) {
		stats_add(stats, STAT_frames_other, 1);
	} else {
		account_unjudged(f->direction, f->payload_len, stats);
	}
	frame_list_add(out, f);
}

/* datagram_give_up: what is held of it leaves unjudged. */
static void datagram_give_up(struct fragments *t, struct datagram *d, enum reason why,
	uint64_t now_us, struct stats *stats, struct frame_list *out)
{
	struct frame *f;

	if (d->originals.head == NULL) {
		stats_reason(stats, why);
	}
	account_unjudged(d->direction, d->n_octets, stats);
	while ((f = frame_list_take(&d->originals)) != NULL) {
		t->n_held--;
		f->time_us = now_us > f->time_us ? now_us : f->time_us;
		pass(f, why, stats, out);
	}
	datagram_free(t, d);
}

static bool unit_have(const struct datagram *d, uint32_t unit)
{
	return (d->have[unit / 64] >> (unit % 64) & 1) != 0;
}

/* datagram_store: the first copy of each unit wins. True if a later one had other octets. */
static bool datagram_store(struct datagram *d, const struct frame *f, const struct piece *piece)
{
	const uint8_t *data = f->data + f->payload_off;
	uint8_t *to = d->octets + HEADROOM + piece->offset;
	bool differs = false;

	for (uint32_t at = 0; at < piece->len; at += UNIT) {
		uint32_t n = piece->len - at < UNIT ? piece->len - at : UNIT;
		uint32_t unit = (piece->offset + at) / UNIT;

		if (unit_have(d, unit)) {
			differs |= memcmp(to + at, data + at, n) != 0;
			continue;
		}
		memcpy(to + at, data + at, n);
		d->have[unit / 64] |= UINT64_C(1) << (unit % 64);
		d->n_units++;
	}
	return differs;
}

/* datagram_agrees: fragments of one datagram agree on where it ends (a receiver drops all of it if not). */
static bool datagram_agrees(const struct datagram *d, const struct piece *piece)
{
	uint32_t end = piece->offset + piece->len;

	if (d->total != 0) {
		return piece->more ? end <= d->total : end == d->total;
	}
	return piece->more || end >= d->high;
}

static bool datagram_whole(const struct datagram *d)
{
	return d->total != 0 && d->header_len != 0 && d->n_units == (d->total + UNIT - 1) / UNIT;
}

/* keep_header: the headers of the first fragment, as those of a whole packet; lengths come when they are known. */
static void keep_header(struct datagram *d, const struct frame *f)
{
	d->header_len = f->l4_off;
	memcpy(d->octets + HEADROOM - d->header_len, f->data, d->header_len);
}

static void end_header(struct datagram *d, const struct frame *f)
{
	uint8_t *ip = d->octets + HEADROOM - d->header_len + f->l3_off;
	uint32_t before = d->header_len - f->l3_off;

	if (f->ip_version == 4) {
		put_be16(ip + 2, (uint16_t)(before + d->total));
		put_be16(ip + 6, (uint16_t)(be16(ip + 6) & 0xC000)); /* neither MF nor an offset */
	} else {
		put_be16(ip + 4, (uint16_t)(before - IP6_LEN + d->total));
		put_be16(ip + before - FRAGMENT_HEADER_LEN + 2, 0); /* RFC 6946: atomic */
	}
}

/* gather: the view of the whole; `f` completed it. */
static struct frame *gather(const struct fragments *t, struct datagram *d, const struct frame *f)
{
	struct frame *g = &d->gathered;

	d->state = DATAGRAM_GATHERED;
	end_header(d, f);
	*g = (struct frame){ .data = d->octets + HEADROOM - d->header_len,
		.len = d->header_len + d->total,
		.time_us = f->time_us,
		.number = f->number,
		.link = f->link,
		.direction = f->direction,
		.input = f->input,
		.l3_off = f->l3_off,
		.ip_version = f->ip_version };
	g->wire_len = g->len;
	if (g->ip_version == 4) {
		frame_mend_ip4_header(g);
	}
	frame_decode(g, t->config.checksums, false);
	g->key.vlan = f->key.vlan;
	g->gathered = 1;
	g->fragments = d->originals.head;
	return g;
}

/* refuse: why `f` cannot be gathered, or R_none. */
static enum reason refuse(
	const struct fragments *t, const struct frame *f, bool hold, struct piece *piece)
{
	if (f->reason != R_none) {
		return (enum reason)f->reason;
	}
	if (!is_ours(f)) {
		return R_other_protocol;
	}
	if (!piece_read(f, piece)) {
		return R_ip_header;
	}
	if (f->l4_off > HEADROOM) {
		return R_ip6_extension;
	}
	return hold && t->n_held >= t->config.frames_max ? R_fragment_full : R_none;
}

/* take: `f` has its place in `d`: held there, or, where nothing is held, counted and sent on. */
static void take(struct fragments *t, struct datagram *d, struct frame *f, struct frame_list *out)
{
	if (d->key.hold != 0) {
		frame_list_add(&d->originals, f);
		t->n_held++;
	} else {
		d->n_octets += f->payload_len;
		frame_list_add(out, f);
	}
}

struct frame *fragments_add(struct fragments *t, struct frame *f, bool hold, struct stats *stats,
	struct frame_list *out)
{
	struct piece piece;
	enum reason why = refuse(t, f, hold, &piece);
	struct datagram_key key;
	struct datagram *d;

	if (why != R_none) {
		pass(f, why, stats, out);
		return NULL;
	}
	key = key_of(f, &piece, hold);
	d = datagram_find(t, &key);
	d = d != NULL ? d : datagram_new(t, &key, f);
	if (d == NULL) {
		pass(f, R_fragment_full, stats, out);
		return NULL;
	}
	take(t, d, f, out);
	if (!datagram_agrees(d, &piece)) {
		datagram_give_up(t, d, R_fragment_overlap, f->time_us, stats, out);
		return NULL;
	}
	if (datagram_store(d, f, &piece)) {
		d->differs = 1;
		stats_reason(stats, R_fragment_overlap);
	}
	d->high = piece.offset + piece.len > d->high ? piece.offset + piece.len : d->high;
	d->total = piece.more ? d->total : piece.offset + piece.len;
	if (piece.offset == 0 && d->header_len == 0) {
		keep_header(d, f);
	}
	if (datagram_whole(d)) {
		return gather(t, d, f);
	}
	if (hold) {
		f->held = 1;
		stats_add(stats, STAT_frames_held, 1);
	}
	return NULL;
}

/* write_back: the octets of the whole into one fragment, where they are others than it came with. */
static void write_back(const struct datagram *d, struct frame *f)
{
	const uint8_t *from = d->octets + HEADROOM;
	struct piece piece;

	if (piece_read(f, &piece) &&
		memcmp(f->data + f->payload_off, from + piece.offset, piece.len) != 0) {
		memcpy(f->data + f->payload_off, from + piece.offset, piece.len);
		f->edited = 1;
	}
}

void fragments_scatter(struct fragments *t, struct frame *gathered, struct frame_list *out)
{
	struct datagram *d = (struct datagram *)(void *)((uint8_t *)gathered -
							 offsetof(struct datagram, gathered));
	struct frame *f;

	while ((f = frame_list_take(&d->originals)) != NULL) {
		if (gathered->edited != 0 || d->differs != 0) {
			write_back(d, f);
		}
		f->time_us = gathered->time_us > f->time_us ? gathered->time_us : f->time_us;
		t->n_held--;
		frame_list_add(out, f);
	}
	datagram_free(t, d);
}

void fragments_expire(
	struct fragments *t, uint64_t now_us, struct stats *stats, struct frame_list *out)
{
	bool all = now_us == UINT64_MAX;

	for (uint32_t i = 0; t->n_datagrams != 0 && i < t->config.datagrams_max; i++) {
		struct datagram *d = &t->datagrams[i];

		if (d->state == DATAGRAM_GATHERING &&
			(all || (now_us >= d->born_us &&
					now_us - d->born_us >= t->config.timeout_us))) {
			datagram_give_up(t, d, R_fragment_timeout, all ? 0 : now_us, stats, out);
		}
	}
}

uint32_t fragments_held(const struct fragments *t)
{
	return t->n_held;
}
