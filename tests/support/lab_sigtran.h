/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lab_sigtran: an SCTP association through a lab's pipeline, with MAP short messages over M3UA. The
 * client is outside (an STP towards us), the server inside (the SMSC). Written apart from the
 * decoders, so that each checks the other.
 */
#ifndef SMSWALL_TESTS_LAB_SIGTRAN_H
#define SMSWALL_TESTS_LAB_SIGTRAN_H

#include "tests/support/lab.h"

enum { LAB_MESSAGE_SIZE = 512, LAB_CLIENT_TAG = 0x11111111, LAB_SERVER_TAG = 0x22222222 };

/* What a lab's MAP message is made of; zeroed fields have defaults. */
struct lab_map {
	const char *text;  /* ASCII, at most 160 */
	uint8_t operation; /* 46: mo-forwardSM, else mt-forwardSM */
	uint8_t version;   /* of MAP: 0 is 3 */
	uint8_t invoke_id;
	uint8_t n_components; /* that many invokes with the same text; 0: one */
	uint32_t otid;
	bool continues; /* a Continue to dtid, without dialogue portion */
	uint32_t dtid;
};

/* lab_tcap: the TCAP message; its length. */
size_t lab_tcap(const struct lab_map *m, uint8_t *out);

/* lab_answer: an End to `dtid` with one component of these octets. */
size_t lab_answer(uint32_t dtid, struct bytes component, uint8_t *out);

/* lab_udt: M3UA DATA with SCCP UDT around `tcap`; `from_client` decides who calls whom. */
size_t lab_udt(bool from_client, struct bytes tcap, uint8_t *out);

/* lab_xudt: segment `i` of `n` of `tcap`, in octets [from, to). */
size_t lab_xudt(bool from_client, struct bytes tcap, size_t from, size_t to, unsigned i, unsigned n,
	uint8_t *out);

/* lab_data: a DATA chunk (B and E as given in `flags`) appended to `chunks` at `at`; the new length. */
size_t lab_data(uint8_t *chunks, size_t at, uint8_t flags, uint32_t tsn, uint16_t stream,
	struct bytes user);

/* lab_packet: Ethernet, IPv4 and SCTP headers before `chunks`, CRC32c right, at `out`; the length of it all. */
struct lab_packet {
	bool from_client;
	unsigned path; /* 0 or 1 chooses the addresses */
	uint16_t port; /* of both ends */
	uint32_t tag;
};
enum { LAB_HEADERS_LEN = 14 + 20 + 12, LAB_CRC_AT = 14 + 20 + 8 };
size_t lab_packet(const struct lab_packet *p, struct bytes chunks, uint8_t *out);

/* lab_sctp: a packet with these chunks; `path` 0 or 1 chooses the addresses; CRC32c right, or 0. */
void lab_sctp(struct lab *lab, bool from_client, unsigned path, struct bytes chunks, bool checksum);

/* lab_tagged: the same on path 0 with this verification tag: of another association of these ends. */
void lab_tagged(struct lab *lab, bool from_client, uint32_t tag, struct bytes chunks);

/* lab_associate: INIT to COOKIE ACK; first TSNs are 1000 (client) and 2000 (server). */
void lab_associate(struct lab *lab);

/* lab_sack: the cumulative TSN acknowledged by one side. */
void lab_sack(struct lab *lab, bool from_client, uint32_t tsn);

#endif
