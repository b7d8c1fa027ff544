/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/sms/udh.h"

/* Information elements (TS 23.040 9.2.3.24). */
enum {
	IE_CONCAT_8 = 0x00,  /* 9.2.3.24.1 */
	IE_PORT_8 = 0x04,    /* 9.2.3.24.3 */
	IE_PORT_16 = 0x05,   /* 9.2.3.24.4 */
	IE_CONCAT_16 = 0x08, /* 9.2.3.24.8 */
	IE_SINGLE = 0x24,    /* 9.2.3.24.15 national language single shift */
	IE_LOCKING = 0x25,   /* 9.2.3.24.16 national language locking shift */
};

bool udh_concat_valid(const struct sms_concat *concat)
{
	return concat->part != 0 && concat->part <= concat->total;
}

/*
 * One element. Of elements that repeat or exclude each other the last one counts (TS 23.040
 * 9.2.3.24); one of the wrong length is ignored.
 */
static void udh_element(uint8_t id, struct bytes v, struct sms_concat *concat,
	struct text_language *language, uint16_t *source_port, uint16_t *destination_port)
{
	if (id == IE_CONCAT_8 && v.len == 3) {
		*concat = (struct sms_concat){ v.data[0], 8, v.data[2], v.data[1] };
	} else if (id == IE_CONCAT_16 && v.len == 4) {
		*concat = (struct sms_concat){ be16(v.data), 16, v.data[3], v.data[2] };
	} else if (id == IE_PORT_8 && v.len == 2) {
		*destination_port = v.data[0];
		*source_port = v.data[1];
	} else if (id == IE_PORT_16 && v.len == 4) {
		*destination_port = be16(v.data);
		*source_port = be16(v.data + 2);
	} else if (id == IE_SINGLE && v.len == 1) {
		language->single = v.data[0];
	} else if (id == IE_LOCKING && v.len == 1) {
		language->locking = v.data[0];
	}
}

bool udh_read(struct bytes udh, struct sms_concat *concat, struct text_language *language,
	uint16_t *source_port, uint16_t *destination_port)
{
	struct cursor c = cursor_of(udh);

	*concat = (struct sms_concat){ 0 };
	*language = (struct text_language){ 0 };
	*source_port = 0;
	*destination_port = 0;
	while (cursor_left(&c) != 0) { /* each turn takes an octet at least */
		uint8_t id = cursor_u8(&c);
		struct bytes value = cursor_take(&c, cursor_u8(&c));

		if (!cursor_ok(&c)) {
			return false;
		}
		udh_element(id, value, concat, language, source_port, destination_port);
	}
	return true;
}
