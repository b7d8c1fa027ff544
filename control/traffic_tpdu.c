/* SPDX-License-Identifier: BSD-3-Clause */
/* TPDUs of 3GPP TS 23.040 9.2.2. */
#include <time.h>

#include "control/traffic_map.h"

enum { TON_ALPHANUMERIC = 5, UDHI = 0x40, NO_MORE = 0x04, REPORT_REQUEST = 0x20 };

/* digit_of: TS 23.040 9.1.2.3. */
static uint8_t digit_of(char c)
{
	return (uint8_t)(c == '*' ? 10 : c == '#' ? 11 : c >= 'a' ? c - 'a' + 12 : c - '0');
}

static void put_digits(struct writer *w, const char *digits)
{
	for (size_t i = 0; digits[i] != '\0'; i += 2) {
		uint8_t high = digits[i + 1] != '\0' ? digit_of(digits[i + 1]) : 0xF;

		writer_u8(w, (uint8_t)(high << 4 | digit_of(digits[i])));
		if (digits[i + 1] == '\0') {
			break;
		}
	}
}

/* put_septets: TS 23.038 6.1.2.1.1, the first septet `shift` bits into the first octet. */
static void put_septets(struct writer *w, struct bytes septets, unsigned shift)
{
	uint32_t bits = 0;
	unsigned n = shift;

	for (size_t i = 0; i < septets.len; i++) {
		bits |= (uint32_t)septets.data[i] << n;
		n += 7;
		for (; n >= 8; n -= 8, bits >>= 8) {
			writer_u8(w, (uint8_t)bits);
		}
	}
	if (n != 0) {
		writer_u8(w, (uint8_t)bits);
	}
}

/* put_address: 9.1.2.5; a name is in 7 bits, its length in semi-octets that count. */
static void put_address(struct writer *w, const struct traffic_address *a)
{
	size_t len = strlen(a->text);

	if (a->ton == TON_ALPHANUMERIC) { /* only letters and digits, which are ASCII's */
		writer_u8(w, (uint8_t)((len * 7 + 3) / 4));
		writer_u8(w, 0x80 | TON_ALPHANUMERIC << 4);
		put_septets(w, bytes_of(a->text, len), 0);
		return;
	}
	writer_u8(w, (uint8_t)len);
	writer_u8(w, (uint8_t)(0x80 | a->ton << 4 | a->npi));
	put_digits(w, a->text);
}

static uint8_t swapped(int v)
{
	return (uint8_t)(v % 10 << 4 | v / 10);
}

/* put_time: 9.2.3.11, in UTC. */
static void put_time(struct writer *w, uint64_t time_us)
{
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm tm;

	(void)gmtime_r(&seconds, &tm);
	writer_u8(w, swapped(tm.tm_year % 100));
	writer_u8(w, swapped(tm.tm_mon + 1));
	writer_u8(w, swapped(tm.tm_mday));
	writer_u8(w, swapped(tm.tm_hour));
	writer_u8(w, swapped(tm.tm_min));
	writer_u8(w, swapped(tm.tm_sec));
	writer_u8(w, 0);
}

/* put_user_data: TP-UDL and TP-UD (9.2.3.16, 9.2.3.24): septets begin at a septet's border. */
static void put_user_data(struct writer *w, const struct traffic_tpdu *t)
{
	size_t bits = t->udh.len * 8;
	size_t fill = (7 - bits % 7) % 7;

	if (!t->packed) {
		writer_u8(w, (uint8_t)(t->udh.len + t->text.len));
		writer_put(w, t->udh);
		writer_put(w, t->text);
		return;
	}
	writer_u8(w, (uint8_t)((bits + fill) / 7 + t->text.len));
	writer_put(w, t->udh);
	if (t->text.len != 0) {
		put_septets(w, t->text, (unsigned)fill);
	}
}

static void put_validity(struct writer *w, const struct traffic_tpdu *t)
{
	if (t->validity == 2) {
		writer_u8(w, 0xA7); /* 9.2.3.12.1: a day */
	} else if (t->validity == 1) {
		writer_put(w, bytes_of((const uint8_t[]){ 0x01, 0x0B, 0, 0, 0, 0, 0 }, 7));
	} else if (t->validity == 3) {
		put_time(w, t->time_us + UINT64_C(86400000000));
	}
}

static void put_deliver(struct writer *w, const struct traffic_tpdu *t, uint8_t udhi)
{
	writer_u8(w, (uint8_t)(udhi | (t->more ? 0 : NO_MORE)));
	put_address(w, t->address);
	writer_u8(w, t->protocol_id);
	writer_u8(w, t->data_coding);
	put_time(w, t->time_us);
	put_user_data(w, t);
}

static void put_submit(struct writer *w, const struct traffic_tpdu *t, uint8_t udhi)
{
	writer_u8(w, (uint8_t)(0x01 | udhi | t->validity << 3));
	writer_u8(w, t->reference);
	put_address(w, t->address);
	writer_u8(w, t->protocol_id);
	writer_u8(w, t->data_coding);
	put_validity(w, t);
	put_user_data(w, t);
}

size_t traffic_tpdu(const struct traffic_tpdu *t, uint8_t out[TRAFFIC_TPDU_SIZE])
{
	struct writer w = writer_of(out, TRAFFIC_TPDU_SIZE);
	uint8_t udhi = t->udh.len != 0 ? UDHI : 0;

	switch (t->type) {
	case TRAFFIC_TPDU_DELIVER:
		put_deliver(&w, t, udhi);
		break;
	case TRAFFIC_TPDU_SUBMIT:
		put_submit(&w, t, udhi);
		break;
	case TRAFFIC_TPDU_STATUS_REPORT: /* 9.2.2.3 */
		writer_u8(&w, 0x02 | NO_MORE);
		writer_u8(&w, t->reference);
		put_address(&w, t->address);
		put_time(&w, t->time_us);
		put_time(&w, t->time_us + 2000000);
		writer_u8(&w, 0); /* received by the mobile */
		break;
	case TRAFFIC_TPDU_COMMAND: /* 9.2.2.4: enquiry about message `reference` */
		writer_u8(&w, 0x02 | REPORT_REQUEST);
		writer_u8(&w, (uint8_t)(t->reference + 1));
		writer_u8(&w, t->protocol_id);
		writer_u8(&w, 0);
		writer_u8(&w, t->reference);
		put_address(&w, t->address);
		writer_u8(&w, 0);
		break;
	case TRAFFIC_TPDU_DELIVER_REPORT: /* 9.2.2.1a */
		writer_u8(&w, 0);
		writer_u8(&w, 0);
		break;
	case TRAFFIC_TPDU_SUBMIT_REPORT: /* 9.2.2.2a */
		writer_u8(&w, 0x01);
		writer_u8(&w, 0);
		put_time(&w, t->time_us);
		break;
	case TRAFFIC_TPDU_DELIVER_REPORT_ERROR:
		writer_u8(&w, 0);
		writer_u8(&w, t->cause);
		writer_u8(&w, 0);
		break;
	}
	return TRAFFIC_TPDU_SIZE - writer_left(&w);
}
