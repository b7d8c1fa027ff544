/* SPDX-License-Identifier: BSD-3-Clause */
/* Property: spans lie in the PDU; what is read of a part is a prefix of what is read of the whole. */
#include <stdlib.h>

#include "dataplane/proto/smpp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_span(struct bytes pdu, struct bytes span)
{
	if (span.len != 0 && (span.data < pdu.data || span.data + span.len > pdu.data + pdu.len)) {
		abort();
	}
}

static void check_message(struct bytes pdu, const struct smpp_message *m)
{
	check_span(pdu, m->short_message);
	check_span(pdu, m->message_payload);
	check_span(pdu, m->source.digits);
	check_span(pdu, m->destination.digits);
	check_span(pdu, m->service_type);
	for (unsigned i = 0; i < m->n_tlvs && i < LIMIT_SMPP_TLVS; i++) {
		check_span(pdu, m->tlvs[i].value);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct smpp_message whole;
	static struct smpp_message part;
	uint8_t *exact = malloc(size + (size == 0));
	struct bytes pdu = bytes_of(exact, size);
	struct smpp_header header;
	struct smpp_bind bind;
	enum reason why = R_none;

	memcpy(exact, data, size);
	if (smpp_header_read(pdu, &header, &why) == PARSE_OK && header.length <= size) {
		pdu = bytes_slice(pdu, 0, header.length);
		if (smpp_message_read(pdu, &whole, &why) == PARSE_OK) {
			check_message(pdu, &whole);
			for (size_t cut = SMPP_HEADER_LEN; cut < pdu.len; cut += 7) {
				struct bytes head = bytes_slice(pdu, 0, cut);

				if (smpp_message_read_partial(head, &part, &why) == PARSE_OK) {
					check_message(head, &part);
					if (part.short_message.len > whole.short_message.len) {
						abort();
					}
				}
			}
		} else if (smpp_carries_text(header.command) && why == R_none) {
			abort(); /* refused without a reason */
		}
		(void)smpp_bind_read(pdu, &bind, &why);
	}
	free(exact);
	return 0;
}
