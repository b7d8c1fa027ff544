/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/edit_map_ghost.h"

#include "dataplane/base/bytes.h"
#include "dataplane/proto/tcap.h"

enum { LENGTH_LONG = 0x80 }; /* X.690 8.1.3.5 */

/*
 * What a U-Abort is made of, outermost first. Each element but the short fields holds all that
 * follows it, to the end of the message.
 */
static const struct layer {
	uint8_t identifier;
	uint8_t n_fields;
	uint8_t fields[12]; /* before the next layer */
} layers[] = {
	{ TCAP_ABORT, 6, { 0x49, 4, 0, 0, 0, 0 } }, /* DTID */
	{ 0x6B, 0, { 0 } },                         /* dialogue portion */
	/* EXTERNAL: 0.0.17.773.1.1.1 dialogue-as-id */
	{ BER_EXTERNAL, 9, { 0x06, 7, 0x00, 0x11, 0x86, 0x05, 0x01, 0x01, 0x01 } },
	{ 0xA0, 0, { 0 } },                           /* single-ASN1-type */
	{ 0x64, 3, { 0x80, 1, 0x00 } },               /* ABRT: abort-source dialogue-service-user */
	{ 0xBE, 0, { 0 } },                           /* user-information */
	{ BER_EXTERNAL, 4, { 0x06, 2, 0x51, 0x01 } }, /* 2.1.1: the BER of some type */
	{ 0x81, 0, { 0 } },                           /* octet-aligned: the padding */
};
enum { N_LAYERS = sizeof(layers) / sizeof(layers[0]) };

/* All lengths of one octet; longer messages have room for longer ones. */
enum { GHOST_LEN_MIN = 2 * N_LAYERS + 6 + 9 + 3 + 4, GHOST_LEN_MAX = UINT16_MAX };

uint8_t *edit_map_put_head(uint8_t identifier, uint8_t *at, uint8_t *end)
{
	size_t len = (size_t)(end - at);

	if (len < 2 || len > UINT16_MAX + 4u) {
		return at;
	}
	*at++ = identifier;
	if (len <= 0x7F + 2u) {
		*at++ = (uint8_t)(len - 2);
	} else if (len <= 0xFF + 3u) {
		*at++ = LENGTH_LONG | 1;
		*at++ = (uint8_t)(len - 3);
	} else {
		*at++ = LENGTH_LONG | 2;
		put_be16(at, (uint16_t)(len - 4));
		at += 2;
	}
	return at;
}

bool edit_map_put_ghost(uint8_t *out, size_t len)
{
	uint8_t *at = out;
	uint8_t *end = out + len;

	if (len < GHOST_LEN_MIN || len > GHOST_LEN_MAX) {
		return false;
	}
	for (unsigned i = 0; i < N_LAYERS; i++) {
		at = edit_map_put_head(layers[i].identifier, at, end);
		memcpy(at, layers[i].fields, layers[i].n_fields);
		at += layers[i].n_fields;
	}
	memset(at, 0, (size_t)(end - at));
	return true;
}
