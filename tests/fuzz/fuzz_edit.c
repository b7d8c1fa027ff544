/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Property: a refusal has the same length and header, is one well-formed PDU, and no eight octets in a
 * row of the text are left in it where the text was.
 */
#include <stdlib.h>

#include "dataplane/verdict/edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_filler(const uint8_t *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (p[i] != p[0]) {
			return false;
		}
	}
	return true;
}

static void check_no_text(struct bytes text, struct bytes out)
{
	for (size_t i = 0; i + 8 <= text.len; i++) {
		if (!is_filler(text.data + i, 8) && memmem(out.data, out.len, text.data + i, 8) != NULL) {
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
	/* an address or service_type that repeats the text is not text */
	if (m->short_message.len > 24 && style != EDIT_GHOST_DLR &&
		memmem(pdu.data, (size_t)(m->short_message.data - pdu.data), m->short_message.data, 8) == NULL) {
		check_no_text(m->short_message, bytes_of(out, pdu.len));
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct smpp_message m;
	struct smpp_header header;
	enum reason why;
	struct bytes pdu = bytes_of(data, size);

	if (smpp_header_read(pdu, &header, &why) != PARSE_OK || header.length > size) {
		return 0;
	}
	pdu = bytes_slice(pdu, 0, header.length);
	if (smpp_message_read(pdu, &m, &why) != PARSE_OK) {
		return 0;
	}
	check_style(pdu, &m, EDIT_SELF_REJECT);
	check_style(pdu, &m, EDIT_BLANK);
	check_style(pdu, &m, EDIT_GHOST_DLR);
	return 0;
}
