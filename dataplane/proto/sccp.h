/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sccp: messages of the Signalling Connection Control Part: who sends to whom, and the user's octets.
 *
 * Behind m3ua, before tcap. Pure functions over one message; spans and offsets are into it, digits
 * are copied as ASCII. Any core. Bounds: LIMIT_SCCP_DIGITS, LIMIT_SCCP_OPTIONS.
 * What is broken beside the user's octets does not hide them: it is an anomaly of the message.
 * Source: ITU-T Q.713 (03/01), sections at each use.
 */
#ifndef SMSWALL_PROTO_SCCP_H
#define SMSWALL_PROTO_SCCP_H

#include "dataplane/base/bytes.h"
#include "dataplane/limits.h"
#include "dataplane/stats.h"

/* Q.713 2.1 Table 1: X(NAME, number, name as in events) */
#define SCCP_TYPES(X)         \
	X(CR, 1, "CR")        \
	X(CC, 2, "CC")        \
	X(CREF, 3, "CREF")    \
	X(RLSD, 4, "RLSD")    \
	X(RLC, 5, "RLC")      \
	X(DT1, 6, "DT1")      \
	X(DT2, 7, "DT2")      \
	X(AK, 8, "AK")        \
	X(UDT, 9, "UDT")      \
	X(UDTS, 10, "UDTS")   \
	X(ED, 11, "ED")       \
	X(EA, 12, "EA")       \
	X(RSR, 13, "RSR")     \
	X(RSC, 14, "RSC")     \
	X(ERR, 15, "ERR")     \
	X(IT, 16, "IT")       \
	X(XUDT, 17, "XUDT")   \
	X(XUDTS, 18, "XUDTS") \
	X(LUDT, 19, "LUDT")   \
	X(LUDTS, 20, "LUDTS")

#define X(NAME, number, text) SCCP_##NAME = (number),
enum sccp_type { SCCP_TYPES(X) };
#undef X

const char *sccp_type_name(unsigned type); /* "UDT"; "unknown" for others */

/* Subsystem numbers (Q.713 3.4.2.2, 3GPP TS 23.003 8.2): X(NAME, number, name as in events) */
#define SCCP_SSNS(X)              \
	X(UNKNOWN, 0, "none")     \
	X(MANAGEMENT, 1, "SCMG")  \
	X(ISUP, 3, "ISUP")        \
	X(OMAP, 4, "OMAP")        \
	X(MAP, 5, "MAP")          \
	X(HLR, 6, "HLR")          \
	X(VLR, 7, "VLR")          \
	X(MSC, 8, "MSC")          \
	X(EIR, 9, "EIR")          \
	X(AUC, 10, "AuC")         \
	X(RANAP, 142, "RANAP")    \
	X(RNSAP, 143, "RNSAP")    \
	X(GMLC, 145, "GMLC")      \
	X(CAP, 146, "CAP")        \
	X(GSMSCF, 147, "gsmSCF")  \
	X(SIWF, 148, "SIWF")      \
	X(SGSN, 149, "SGSN")      \
	X(GGSN, 150, "GGSN")      \
	X(PCAP, 249, "PCAP")      \
	X(BSC, 250, "BSC")        \
	X(MSC_LE, 251, "MSC-LE")  \
	X(SMLC, 252, "SMLC")      \
	X(BSS_OM, 253, "BSS O&M") \
	X(BSSAP, 254, "BSSAP")

#define X(NAME, number, text) SCCP_SSN_##NAME = (number),
enum sccp_ssn { SCCP_SSNS(X) };
#undef X

const char *sccp_ssn_name(unsigned ssn); /* "HLR"; "unknown" for others */

/* Global title indicator (Q.713 3.4.2.3). */
enum sccp_gti {
	SCCP_GTI_NONE,
	SCCP_GTI_NATURE,                  /* 0001: nature of address indicator only */
	SCCP_GTI_TRANSLATION,             /* 0010: translation type only */
	SCCP_GTI_TRANSLATION_PLAN,        /* 0011: translation type, plan, encoding scheme */
	SCCP_GTI_TRANSLATION_PLAN_NATURE, /* 0100: those and nature of address */
};

enum { SCCP_PLAN_E164 = 1, SCCP_PLAN_E212 = 6, SCCP_PLAN_E214 = 7 }; /* Q.713 3.4.2.3.3 */

/* A called or calling party address (Q.713 3.4, 3.5). What is absent is 0. */
struct sccp_address {
	bool present;  /* there is one and its octets could be read */
	bool by_ssn;   /* routing indicator: by point code and SSN, not by global title */
	bool national; /* bit 8 of the indicator: coded for national use (ANSI T1.112 sets it) */
	bool has_pc;
	bool has_ssn;
	uint8_t gti;      /* enum sccp_gti, or 5..15, which Q.713 does not know */
	uint8_t nature;   /* 1 subscriber, 3 national, 4 international (Q.713 3.4.2.3.1) */
	uint8_t plan;     /* numbering plan: SCCP_PLAN_E164 */
	uint8_t encoding; /* 1 BCD odd, 2 BCD even; GTI 1: by its odd/even bit; 0: not said */
	uint8_t translation_type;
	uint8_t ssn;
	uint16_t pc;
	uint8_t n_digits;
	char digits[LIMIT_SCCP_DIGITS]; /* 0-9 a-e, up to an ST (1111); no NUL */
	struct bytes octets;            /* as sent, without the length */
	size_t off;                     /* of octets in the message */
};

/* Segmentation parameter (Q.713 3.17). */
struct sccp_segmentation {
	bool present;
	bool first;
	bool in_sequence;     /* C: class 1 was asked for */
	uint8_t remaining;    /* segments still to come: 0..15 */
	uint32_t reference;   /* local reference, three octets */
	size_t reference_off; /* of its first octet in the message */
};

enum sccp_anomaly {
	SCCP_ANOMALY_POINTER =
		1u << 0, /* R_sccp_pointer: parts that overlap, or a pointer astray */
	SCCP_ANOMALY_ADDRESS = 1u << 1,  /* R_sccp_address: an address that cannot be read */
	SCCP_ANOMALY_DIGITS = 1u << 2,   /* R_sccp_digits: behind an ST, or too many */
	SCCP_ANOMALY_NATIONAL = 1u << 3, /* R_sccp_national: an address coded for national use */
	SCCP_ANOMALY_CLASS = 1u << 4,    /* R_sccp_class: no connectionless protocol class */
	SCCP_ANOMALY_OPTION = 1u << 5,   /* R_sccp_option: a broken optional part or parameter */
	SCCP_ANOMALY_HOPS = 1u << 6,     /* R_sccp_hops: a hop counter outside 1..15 */
};
enum { SCCP_ANOMALIES = 7 };

/* sccp_anomaly_reason: the reason of bit `i` (< SCCP_ANOMALIES). */
enum reason sccp_anomaly_reason(unsigned i);

/* UDT, XUDT, LUDT and their service messages UDTS, XUDTS, LUDTS (Q.713 4.10, 4.11, 4.18 to 4.21). */
struct sccp_message {
	enum sccp_type type;
	bool service;           /* UDTS, XUDTS, LUDTS: user data that comes back undelivered */
	uint8_t protocol_class; /* 0 or 1 */
	bool return_on_error;   /* message handling 1000 (Q.713 3.6) */
	uint8_t return_cause;   /* service messages (Q.713 3.12) */
	uint8_t hop_counter;    /* 0: the type has none */
	bool has_importance;
	uint8_t importance; /* 0..7 */
	struct sccp_address called;
	struct sccp_address calling;
	struct sccp_segmentation segmentation;
	struct bytes data;  /* the user's octets */
	size_t data_off;    /* in the message */
	unsigned anomalies; /* enum sccp_anomaly */
};

/*
 * sccp_message_read: PARSE_OK: *m has the user's octets. PARSE_BAD leaves *m as it was; *why is
 * sccp_connection (a connection-oriented type: recognised, passes), sccp_type (none of Q.713), or
 * sccp_pointer (the user's octets lie outside, or it is cut short). Never PARSE_MORE.
 */
enum parse sccp_message_read(struct bytes message, struct sccp_message *m, enum reason *why);

const char *sccp_return_cause_name(
	unsigned cause); /* "no translation for this address"; "unknown" */

#endif
