/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Property: a walk takes at least 4 octets a step and sees what another walk, by offsets, sees; spans
 * lie in the frame; nothing is written; readers of INIT and ASCONF end and stay inside.
 */
#include <stdlib.h>

#include "dataplane/net/sctp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good) {
		abort();
	}
}

static void check_inside(struct bytes part, struct bytes whole)
{
	check(part.len == 0 ||
		(part.data >= whole.data && part.data + part.len <= whole.data + whole.len));
}

static void check_addresses(struct bytes value)
{
	struct sctp_address_change change;
	struct cursor c = sctp_asconf_of(value);
	struct sctp_init init;
	size_t steps = 0;

	while (sctp_next_address_change(&c, &change) == PARSE_OK) {
		check(++steps <= value.len / 16);
	}
	if (sctp_read_init(value, &init)) {
		check(init.tag != 0 && init.n_out != 0 && init.n_in != 0 &&
			init.n_addresses <= LIMIT_SCTP_ADDRESSES);
	}
}

/* user_len_of: the octets of user data, found by offsets alone. */
static uint32_t user_len_of(const uint8_t *p, size_t len, size_t *n_chunks)
{
	uint32_t sum = 0;
	size_t at = 0;

	for (*n_chunks = 0; at + 4 <= len; ++*n_chunks) {
		size_t chunk_len = (size_t)p[at + 2] * 256 + p[at + 3];
		size_t head = p[at] == 0 ? 16 : 20;

		if (chunk_len < 4 || at + chunk_len > len) {
			break;
		}
		if ((p[at] == 0 || p[at] == 64) && chunk_len > head) {
			sum += (uint32_t)(chunk_len - head);
		}
		at += (chunk_len + 3) / 4 * 4;
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct stats stats;
	uint8_t *octets;
	struct frame f = { .kind = FRAME_SCTP, .payload_off = 12 };
	struct bytes payload;
	struct sctp_packet p;
	struct sctp_walk w;
	struct sctp_chunk chunk;
	struct sctp_data user;
	size_t n_chunks;
	size_t steps = 0;
	uint32_t sum = 0;

	if (size < 12 || size > UINT16_MAX) {
		return 0;
	}
	octets = malloc(size);
	check(octets != NULL);
	memcpy(octets, data, size);
	f.data = octets;
	f.len = f.wire_len = (uint32_t)size;
	f.payload_len = (uint16_t)(size - 12);
	payload = frame_payload(&f);
	sctp_read_packet(&f, &p, &stats);
	check(p.user_len == user_len_of(octets + 12, size - 12, &n_chunks));
	check(p.n_chunks == n_chunks && f.user_len == p.user_len);
	for (w = sctp_walk_of(&f); sctp_next_chunk(&w, &chunk) == PARSE_OK; steps++) {
		check_inside(chunk.value, payload);
		if (sctp_is_data(chunk.type) && sctp_read_data(&chunk, &user)) {
			check_inside(user.user, chunk.value);
			sum += (uint32_t)user.user.len;
			(void)sctp_is_dtls(user.user);
		}
		check_addresses(chunk.value);
	}
	check(steps == n_chunks && steps <= (size - 12 + 3) / 4 && sum == p.user_len);
	check(memcmp(octets, data, size) == 0);
	free(octets);
	return 0;
}
