/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * frame: one Ethernet frame and where its headers are. The unit that is received, held, edited
 * and sent; never split, merged or resized (design.md law 1).
 *
 * Ownership: a struct frame lives in its mbuf's private area (port.c); in tests, anywhere. It is
 * always in one place: the burst, one held list, or the out list. `data` is contiguous: port.c
 * copies multi-segment mbufs. Thread-safety: owning core only.
 * Source: IEEE 802.3 and 802.1Q/ad, RFC 791, RFC 8200, RFC 9293, RFC 9260 3.
 */
#ifndef SMSWALL_NET_FRAME_H
#define SMSWALL_NET_FRAME_H

#include "dataplane/base/bytes.h"
#include "dataplane/stats.h"

struct flow;

enum frame_kind {
	FRAME_OTHER,    /* not for us, or not understood: `reason` says why */
	FRAME_TCP,      /* l4_off and payload are valid */
	FRAME_SCTP,     /* l4_off is valid; the payload is what follows the common header */
	FRAME_FRAGMENT, /* an IPv4 or IPv6 fragment (not an atomic one) of any protocol */
};

enum checksum_policy { CHECKSUM_VERIFY, CHECKSUM_TRUST };

/* An IP address with port as a key half: IPv4 is ::ffff:a.b.c.d (RFC 4291 2.5.5.2). */
struct endpoint {
	uint8_t address[16];
	uint16_t port;
};

/* A connection's key: the lower endpoint (memcmp of address, then port) is `lo`. */
struct flow_key {
	struct endpoint lo;
	struct endpoint hi;
	uint8_t protocol; /* IP protocol number */
	uint8_t pad;
	uint16_t vlan; /* outer and inner tag folded, 0 unless vlan_in_key */
};

struct frame {
	uint8_t *data;      /* the first octet on the wire */
	struct frame *next; /* in whichever list it is */
	struct flow *flow;  /* set by the flow stage, or NULL */
	uint64_t time_us;   /* arrival; when it leaves after a hold: the time it left */
	uint64_t number;    /* from 1 in order of arrival at this worker (replay: in its capture) */
	uint32_t len;       /* octets at `data` */
	uint32_t wire_len;  /* octets it had on the wire: above len if the capture cut it */
	uint16_t l3_off;    /* IP header */
	uint16_t l4_off;    /* TCP or SCTP header */
	uint16_t payload_off;
	uint16_t
		payload_len; /* by the IP header, so Ethernet padding is not payload; only what is at `data` */
	uint16_t user_len;  /* octets of TCP payload or SCTP user data: what the ledger counts */
	uint16_t cut_len;   /* payload octets that the capture cut off (reason truncated), else 0 */
	uint8_t kind;       /* enum frame_kind */
	uint8_t ip_version; /* 4, 6, or 0 */
	uint8_t link;       /* port pair */
	uint8_t from_side;  /* 0: came in at the pair's inside port, 1: at its outside port */
	uint8_t direction; /* 0 from the inside, 1 from the outside: from_side until the flow knows better */
	uint8_t from_lo; /* the sender is key.lo */
	uint8_t reason; /* enum reason for FRAME_OTHER, or R_bad_checksum, R_offload_partial, R_truncated */
	uint8_t input;  /* replay: which input, from 0 */
	uint8_t edited; /* its octets were changed: checksums are to be mended */
	/* TCP, host order, valid for FRAME_TCP */
	uint32_t seq;
	uint32_t ack;
	uint16_t window;
	uint8_t tcp_flags; /* RFC 9293 3.1, low eight bits */
	uint8_t held;      /* it was held: counted once */
	struct flow_key key;
	uint8_t gathered; /* a view made by fragments.c: ends in fragments_scatter(), never leaves itself */
	struct frame
		*fragments; /* a gathered datagram: its fragments in order of arrival, else NULL */
	void *owner;        /* port.c: the mbuf */
};

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20
};

struct frame_list {
	struct frame *head;
	struct frame **tail; /* where the next goes; NULL means empty and not yet used */
	uint32_t count;
};

static inline void frame_list_add(struct frame_list *l, struct frame *f)
{
	f->next = NULL;
	if (l->head == NULL) {
		l->head = f;
	} else {
		*l->tail = f;
	}
	l->tail = &f->next;
	l->count++;
}

static inline struct frame *frame_list_take(struct frame_list *l)
{
	struct frame *f = l->head;

	if (f != NULL) {
		l->head = f->next;
		f->next = NULL;
		l->count--;
	}
	return f;
}

static inline struct bytes frame_payload(const struct frame *f)
{
	return bytes_of(f->data + f->payload_off, f->payload_len);
}

/*
 * frame_decode: finds the headers of `f->data` and sets every field but what port.c set (data,
 * next, len, wire_len, time, number, link, direction, input, owner). Writes nothing into the
 * frame's octets. A FRAME_FRAGMENT has the fragment's own octets as payload (l4_off, payload_off)
 * and a key without ports. With CHECKSUM_VERIFY a frame with a bad sum keeps its kind and gets
 * reason bad_checksum (or offload_partial when the sum equals the pseudo-header's). A frame cut
 * by its capture keeps its kind when the header is whole and gets reason truncated.
 */
void frame_decode(struct frame *f, enum checksum_policy checksums, bool vlan_in_key);

/*
 * frame_mend_checksums: sets the TCP checksum (and SCTP CRC32c unless it is 0, RFC 9653) of an
 * edited frame anew. A frame cut by its capture stays as it is.
 */
void frame_mend_checksums(struct frame *f);

/* frame_mend_ip4_header: sets the header checksum of an IPv4 frame; only fragments.c makes headers. */
void frame_mend_ip4_header(struct frame *f);

/* frame_clear_urgent: clears URG and the urgent pointer, mends the checksum, sets `edited` (design.md 4). */
void frame_clear_urgent(struct frame *f);

/* frame_tcp_options: the option octets of a FRAME_TCP. */
struct bytes frame_tcp_options(const struct frame *f);

#endif
