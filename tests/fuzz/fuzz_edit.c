/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Property: a refusal has the same length and header, is one well-formed PDU, and no four octets in a
 * row of the text are left in it, but where they also stood outside of the text.
 */
#include <stdlib.h>

#include "dataplane/verdict/edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WINDOW = 4 };

/* Octets that texts do not have. */
static void fill_tellingly(uint8_t *text, size_t len)
{
	uint32_t state = 12345;

	for (size_t i = 0; i < len; i++) {
		state = state * 1103515245u + 12345u;
		text[i] = (uint8_t)(0x80 | state >> 17);
	}
}

/* libFuzzer sees what memmem looks for and puts it elsewhere in the PDU, where it may stay. */
static bool stands_elsewhere(struct bytes pdu, struct bytes text, const uint8_t *window)
{
	size_t before = (size_t)(text.data - pdu.data);
	size_t end = before + text.len;

	return memmem(pdu.data, before, window, WINDOW) != NULL ||
	       memmem(pdu.data + end, pdu.len - end, window, WINDOW) != NULL;
}

static void check_no_text(struct bytes pdu, struct bytes text, struct bytes out)
{
	for (size_t i = 0; i + WINDOW <= text.len; i++) {
		const uint8_t *window = text.data + i;

		if (memmem(out.data, out.len, window, WINDOW) != NULL &&
			!stands_elsewhere(pdu, text, window)) {
			abort();
		}
	}
}

static void check_style(struct bytes pdu, const struct smpp_message *m, enum edit_style style)
{
	static struct smpp_message again;
	uint8_t *out = malloc(pdu.len);
	enum reason why;

	edit_refuse(pdu, m, style, POISON_DEST | POISON_PRIORITY, out);
	if (memcmp(out, pdu.data, SMPP_HEADER_LEN) != 0 ||
		smpp_message_read(bytes_of(out, pdu.len), &again, &why) != PARSE_OK) {
		abort();
	}
	check_no_text(pdu, m->short_message, bytes_of(out, pdu.len));
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct smpp_message m;
	struct smpp_header header;
	enum reason why;
	struct bytes pdu = bytes_of(data, size);
	uint8_t *copy;

	if (smpp_header_read(pdu, &header, &why) != PARSE_OK || header.length > size) {
		return 0;
	}
	pdu = bytes_slice(pdu, 0, header.length);
	if (smpp_message_read(pdu, &m, &why) != PARSE_OK || (m.esm_class & 0x40) != 0) {
		return 0; /* a UDH is kept: it is no text */
	}
	copy = malloc(pdu.len);
	memcpy(copy, pdu.data, pdu.len);
	fill_tellingly(copy + (m.short_message.data - pdu.data), m.short_message.len);
	pdu = bytes_of(copy, pdu.len);
	if (smpp_message_read(pdu, &m, &why) == PARSE_OK) {
		check_style(pdu, &m, EDIT_SELF_REJECT);
		check_style(pdu, &m, EDIT_BLANK);
		check_style(pdu, &m, EDIT_GHOST_DLR);
	}
	free(copy);
	return 0;
}
