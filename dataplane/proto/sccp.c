/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/sccp.h"

/* Optional parameters (Q.713 3.1 Table 2). */
enum { OPTION_END = 0x00, OPTION_SEGMENTATION = 0x10, OPTION_IMPORTANCE = 0x12 };
enum { SEGMENTATION_LEN = 4, HOPS_MAX = 15, RETURN_ON_ERROR = 8 };

/* Address indicator (Q.713 3.4.1). */
enum { HAS_PC = 0x01, HAS_SSN = 0x02, BY_SSN = 0x40, NATIONAL = 0x80 };

/* Address signals (Q.713 3.4.2.3.1): 1111 is ST, the end of them. */
enum { SIGNAL_ST = 15 };

/* How the connectionless messages are laid out (Q.713 4.10, 4.11, 4.18 to 4.21). */
struct layout {
	bool known;
	bool service;     /* a return cause where the others have a protocol class */
	bool has_hops;    /* a hop counter behind it */
	bool has_options; /* a fourth pointer, to the optional part */
	bool is_long;     /* pointers and the length of the data have two octets (2.3) */
};

static const struct layout layouts[] = {
	[SCCP_UDT] = { .known = true },
	[SCCP_UDTS] = { .known = true, .service = true },
	[SCCP_XUDT] = { .known = true, .has_hops = true, .has_options = true },
	[SCCP_XUDTS] = { .known = true, .service = true, .has_hops = true, .has_options = true },
	[SCCP_LUDT] = { .known = true, .has_hops = true, .has_options = true, .is_long = true },
	[SCCP_LUDTS] = { .known = true,
		.service = true,
		.has_hops = true,
		.has_options = true,
		.is_long = true },
};

enum { PART_CALLED, PART_CALLING, PART_DATA, PART_OPTIONS, PARTS };

/* Where a variable part lies in the message; what it points at may be outside. */
struct part {
	size_t at;         /* of its length octets; of the options: of the first of them */
	size_t length_len; /* of the length octets */
	bool absent;       /* a pointer of 0 to the optional part (2.3) */
};

const char *sccp_type_name(unsigned type)
{
	switch (type) {
#define X(NAME, number, text) \
	case SCCP_##NAME:     \
		return text;
		SCCP_TYPES(X)
#undef X
	}
	return "unknown";
}

const char *sccp_ssn_name(unsigned ssn)
{
	switch (ssn) {
#define X(NAME, number, text) \
	case SCCP_SSN_##NAME: \
		return text;
		SCCP_SSNS(X)
#undef X
	}
	return "unknown";
}

const char *sccp_return_cause_name(unsigned cause)
{
	static const char *const names[] = { /* Q.713 3.12 */
		"no translation for an address of such nature", "no translation for this address",
		"subsystem congestion", "subsystem failure", "unequipped user", "MTP failure",
		"network congestion", "unqualified", "error in message transport",
		"error in local processing", "destination cannot perform reassembly",
		"SCCP failure", "hop counter violation", "segmentation not supported",
		"segmentation failure"
	};

	return cause < sizeof(names) / sizeof(names[0]) ? names[cause] : "unknown";
}

enum reason sccp_anomaly_reason(unsigned i)
{
	static const enum reason reasons[SCCP_ANOMALIES] = { R_sccp_pointer, R_sccp_address,
		R_sccp_digits, R_sccp_national, R_sccp_class, R_sccp_option, R_sccp_hops };

	return i < SCCP_ANOMALIES ? reasons[i] : R_none;
}

static unsigned signal_at(struct bytes b, size_t i)
{
	return b.data[i / 2] >> (i % 2 != 0 ? 4 : 0) & 0x0F;
}

/* read_digits: BCD, the first digit in the low half (Q.713 3.4.2.3.1). False: behind an ST, or too many. */
static bool read_digits(struct bytes b, bool odd, struct sccp_address *a)
{
	size_t n = 2 * b.len - (odd && b.len != 0);
	size_t most = n < LIMIT_SCCP_DIGITS ? n : LIMIT_SCCP_DIGITS;
	size_t i = 2 * bytes_digits(b.data, most / 2, a->digits);

	a->n_digits = (uint8_t)i;
	for (; i < n && signal_at(b, i) != SIGNAL_ST; i++) {
		unsigned signal = signal_at(b, i);

		if (i == LIMIT_SCCP_DIGITS) {
			return false;
		}
		a->digits[i] = (char)(signal < 10 ? '0' + signal : 'a' + (signal - 10));
		a->n_digits = (uint8_t)(i + 1);
	}
	while (i < n && (signal_at(b, i) == SIGNAL_ST || signal_at(b, i) == 0)) {
		i++; /* the filler behind an ST */
	}
	return i == n;
}

/*
 * read_title: the global title (Q.713 3.4.2.3.1 to 3.4.2.3.4). With a translation type alone the
 * coding is the type's own affair; in practice it is BCD of an even number. An encoding scheme that
 * is neither 1 nor 2 is read as even, too.
 */
static unsigned read_title(struct cursor *c, struct sccp_address *a)
{
	uint8_t octet;

	switch (a->gti) {
	case SCCP_GTI_NONE:
		return cursor_left(c) == 0 ? 0 : SCCP_ANOMALY_ADDRESS;
	case SCCP_GTI_NATURE:
		octet = cursor_u8(c);
		a->nature = octet & 0x7F;
		a->encoding = octet >> 7 != 0 ? 1 : 2;
		break;
	case SCCP_GTI_TRANSLATION:
		a->translation_type = cursor_u8(c);
		break;
	case SCCP_GTI_TRANSLATION_PLAN:
	case SCCP_GTI_TRANSLATION_PLAN_NATURE:
		a->translation_type = cursor_u8(c);
		octet = cursor_u8(c);
		a->plan = octet >> 4;
		a->encoding = octet & 0x0F;
		if (a->gti == SCCP_GTI_TRANSLATION_PLAN_NATURE) {
			a->nature = cursor_u8(c) & 0x7F;
		}
		break;
	default: /* Q.713 3.4.1: spare */
		return SCCP_ANOMALY_ADDRESS;
	}
	if (!cursor_ok(c)) {
		return SCCP_ANOMALY_ADDRESS;
	}
	return read_digits(cursor_take(c, cursor_left(c)), a->encoding == 1, a)
	               ? 0
	               : SCCP_ANOMALY_DIGITS;
}

/* read_address: Q.713 3.4.1. What bit 8 says of its coding is not believed: receivers ignore it. */
static unsigned read_address(struct bytes octets, size_t off, struct sccp_address *a)
{
	struct cursor c = cursor_of(octets);
	uint8_t indicator = cursor_u8(&c);
	unsigned anomalies = 0;

	a->octets = octets;
	a->off = off;
	a->by_ssn = (indicator & BY_SSN) != 0;
	a->national = (indicator & NATIONAL) != 0;
	a->has_pc = (indicator & HAS_PC) != 0;
	a->has_ssn = (indicator & HAS_SSN) != 0;
	a->gti = indicator >> 2 & 0x0F;
	if (a->has_pc) { /* 3.4.2.1: 14 bits, the low octet first */
		a->pc = cursor_u8(&c);
		a->pc = (uint16_t)(a->pc | (cursor_u8(&c) & 0x3F) << 8);
	}
	a->ssn = a->has_ssn ? cursor_u8(&c) : 0;
	anomalies |= a->national ? SCCP_ANOMALY_NATIONAL : 0;
	if (cursor_ok(&c)) {
		anomalies |= read_title(&c, a);
	}
	if (!cursor_ok(&c)) {
		anomalies |= SCCP_ANOMALY_ADDRESS;
	}
	a->present = (anomalies & SCCP_ANOMALY_ADDRESS) == 0;
	return anomalies;
}

/* part_read: the octets of a variable part; false: it is not within the message. */
static bool part_read(struct bytes message, const struct part *part, struct bytes *octets)
{
	struct cursor c = cursor_of(bytes_slice(message, part->at, message.len));
	size_t len = cursor_u8(&c);

	if (part->length_len == 2) { /* Q.713 2.3, 3.20: the low octet first */
		len |= (size_t)cursor_u8(&c) << 8;
	}
	*octets = cursor_take(&c, cursor_ok(&c) ? len : SIZE_MAX);
	return cursor_ok(&c);
}

/* read_segmentation: Q.713 3.17; of the local reference the low octet comes first, as everywhere (2.1). */
static void read_segmentation(struct bytes value, struct sccp_segmentation *s)
{
	s->present = true;
	s->first = (value.data[0] & 0x80) != 0;
	s->in_sequence = (value.data[0] & 0x40) != 0;
	s->remaining = value.data[0] & 0x0F;
	s->reference = value.data[1] | (uint32_t)value.data[2] << 8 | (uint32_t)value.data[3] << 16;
}

/* read_options: Q.713 2.4 and 4.18; *end: behind them. False: they break off, or one breaks Q.713. */
static bool read_options(struct bytes message, size_t at, struct sccp_message *m, size_t *end)
{
	struct cursor c = cursor_of(bytes_slice(message, at, message.len));
	bool holds = true;

	for (unsigned n = 0;; n++) {
		uint8_t name = cursor_u8(&c);
		struct bytes value;

		*end = cursor_ok(&c) ? (size_t)(c.at - message.data) : message.len;
		if (!cursor_ok(&c) || name == OPTION_END || n == LIMIT_SCCP_OPTIONS) {
			return holds && cursor_ok(&c) && name == OPTION_END;
		}
		value = cursor_take(&c, cursor_u8(&c));
		if (!cursor_ok(&c)) {
			*end = message.len;
			return false;
		}
		if (name == OPTION_SEGMENTATION) {
			holds = holds && value.len == SEGMENTATION_LEN && !m->segmentation.present;
			if (value.len >= SEGMENTATION_LEN && !m->segmentation.present) {
				read_segmentation(value, &m->segmentation);
				m->segmentation.reference_off =
					(size_t)(value.data + 1 - message.data);
			}
		} else if (name == OPTION_IMPORTANCE) { /* 3.19 */
			holds = holds && value.len == 1 && !m->has_importance;
			if (value.len >= 1 && !m->has_importance) {
				m->has_importance = true;
				m->importance = value.data[0] & 0x07;
			}
		}
	}
}

/*
 * read_pointers: Q.713 2.3: a pointer counts from its own octet, one of two octets from its second,
 * which is the high one. *behind: the fixed part and the pointers end here.
 */
static bool read_pointers(struct bytes message, const struct layout *layout, size_t at,
	struct part parts[PARTS], size_t *behind)
{
	unsigned n = layout->has_options ? PARTS : PARTS - 1;
	size_t size = layout->is_long ? 2 : 1;

	parts[PART_OPTIONS] = (struct part){ .absent = true };
	*behind = at + n * size;
	if (message.len < *behind) {
		return false;
	}
	for (unsigned i = 0; i < n; i++) {
		size_t pointer = message.data[at];

		if (layout->is_long) {
			pointer |= (size_t)message.data[at + 1] << 8;
		}
		at += size;
		parts[i] = (struct part){ .at = at - 1 + pointer,
			.length_len = i == PART_DATA && layout->is_long ? 2 : 1,
			.absent = i == PART_OPTIONS && pointer == 0 };
	}
	return true;
}

/* Two stretches of the message that should have nothing in common. */
static bool overlap(const size_t begin[PARTS], const size_t end[PARTS])
{
	if (end[PART_CALLED] <= begin[PART_CALLING] && end[PART_CALLING] <= begin[PART_DATA] &&
		(end[PART_OPTIONS] == 0 || end[PART_DATA] <= begin[PART_OPTIONS])) {
		return false; /* one behind the other, as everybody sends them */
	}
	for (unsigned i = 0; i < PARTS; i++) {
		for (unsigned j = i + 1; j < PARTS; j++) {
			if (begin[i] < end[j] && begin[j] < end[i]) {
				return true;
			}
		}
	}
	return false;
}

/* read_parts: the variable and optional parts. False: the user's octets cannot be read. */
static bool read_parts(
	struct bytes message, const struct part parts[PARTS], size_t behind, struct sccp_message *m)
{
	struct sccp_address *const address[] = { &m->called, &m->calling };
	size_t begin[PARTS] = { 0 };
	size_t end[PARTS] = { 0 };

	for (unsigned i = 0; i < PART_OPTIONS; i++) {
		struct bytes octets;

		if (parts[i].at < behind || !part_read(message, &parts[i], &octets)) {
			if (i == PART_DATA) {
				return false;
			}
			m->anomalies |= SCCP_ANOMALY_POINTER | SCCP_ANOMALY_ADDRESS;
			continue;
		}
		begin[i] = parts[i].at;
		end[i] = parts[i].at + parts[i].length_len + octets.len;
		if (i == PART_DATA) {
			m->data = octets;
			m->data_off = end[i] - octets.len;
		} else {
			m->anomalies |= read_address(octets, end[i] - octets.len, address[i]);
		}
	}
	if (!parts[PART_OPTIONS].absent) {
		begin[PART_OPTIONS] = end[PART_OPTIONS] = parts[PART_OPTIONS].at;
		if (parts[PART_OPTIONS].at < behind || parts[PART_OPTIONS].at >= message.len) {
			m->anomalies |= SCCP_ANOMALY_POINTER | SCCP_ANOMALY_OPTION;
		} else if (!read_options(message, parts[PART_OPTIONS].at, m, &end[PART_OPTIONS])) {
			m->anomalies |= SCCP_ANOMALY_OPTION;
		}
	}
	m->anomalies |= overlap(begin, end) ? SCCP_ANOMALY_POINTER : 0;
	return true;
}

/* read_fixed: the mandatory fixed part; the offset behind it. */
static size_t read_fixed(struct bytes message, const struct layout *layout, struct sccp_message *m)
{
	struct cursor c = cursor_of(bytes_slice(message, 1, 2));
	uint8_t octet = cursor_u8(&c);

	m->service = layout->service;
	if (layout->service) {
		m->return_cause = octet;
	} else { /* Q.713 3.6 */
		m->protocol_class = octet & 0x0F;
		m->return_on_error = octet >> 4 == RETURN_ON_ERROR;
		m->anomalies |= m->protocol_class > 1 ? SCCP_ANOMALY_CLASS : 0;
	}
	if (!layout->has_hops) {
		return 2;
	}
	m->hop_counter = cursor_u8(&c); /* 3.18 */
	m->anomalies |= m->hop_counter == 0 || m->hop_counter > HOPS_MAX ? SCCP_ANOMALY_HOPS : 0;
	return 3;
}

static bool type_known(unsigned type)
{
	return type >= SCCP_CR && type <= SCCP_LUDTS;
}

enum parse sccp_message_read(struct bytes message, struct sccp_message *m, enum reason *why)
{
	const struct layout *layout;
	struct sccp_message out = { .data = bytes_of(NULL, 0) };
	struct part parts[PARTS];
	size_t behind;
	uint8_t type;

	if (message.len == 0) {
		*why = R_sccp_pointer;
		return PARSE_BAD;
	}
	type = message.data[0];
	if (!type_known(type) || !layouts[type].known) {
		*why = type_known(type) ? R_sccp_connection : R_sccp_type;
		return PARSE_BAD;
	}
	layout = &layouts[type];
	out.type = (enum sccp_type)type;
	out.called.octets = out.calling.octets = bytes_of(NULL, 0);
	if (!read_pointers(message, layout, read_fixed(message, layout, &out), parts, &behind) ||
		!read_parts(message, parts, behind, &out)) {
		*why = R_sccp_pointer;
		return PARSE_BAD;
	}
	*why = R_none;
	*m = out;
	return PARSE_OK;
}
