/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * traffic_sccp: M3UA and SCCP messages from fields, for the traffic maker. Pure functions over memory
 * of the caller; control only. Source: RFC 4666 3; ITU-T Q.713 3, 4 (sections at each use).
 */
#ifndef SMSWALL_CONTROL_TRAFFIC_SCCP_H
#define SMSWALL_CONTROL_TRAFFIC_SCCP_H

#include "control/traffic.h"

enum { TRAFFIC_UNITDATA_MAX = 254, TRAFFIC_SCCP_ADDRESS_SIZE = 32 };

/* Subsystem numbers: Q.713 3.4.2.2, TS 23.003 8.2. */
enum traffic_ssn { TRAFFIC_SSN_HLR = 6, TRAFFIC_SSN_MSC = 8 };

struct traffic_sccp_address {
	uint8_t format; /* of the global title: 1..4 (Q.713 3.4.2.3) */
	uint8_t ssn;
	uint32_t point_code; /* 0: none */
	const char *digits;
};

enum traffic_sccp_type { /* Q.713 table 1 */
	TRAFFIC_UDT = 0x09,
	TRAFFIC_UDTS = 0x0A,
	TRAFFIC_XUDT = 0x11,
	TRAFFIC_XUDTS = 0x12,
	TRAFFIC_LUDT = 0x13,
	TRAFFIC_LUDTS = 0x14,
};

struct traffic_sccp {
	enum traffic_sccp_type type;
	struct traffic_sccp_address called;
	struct traffic_sccp_address calling;
	uint8_t protocol_class; /* of a service message: the return cause */
	bool segmented;
	bool first;
	uint8_t remaining;
	uint32_t local_reference;
	struct bytes data;
};

struct traffic_m3ua {
	uint32_t opc;
	uint32_t dpc;
	uint32_t routing_context; /* 0: none */
	uint8_t sls;
};

/* traffic_m3ua_data: a Payload Data message (RFC 4666 3.3.1) with an SCCP message in it; its length. */
size_t traffic_m3ua_data(
	const struct traffic_m3ua *m, const struct traffic_sccp *s, uint8_t *out, size_t size);

/* traffic_m3ua_plain: a management message with its parameters; its length. */
enum traffic_m3ua_kind { /* class and type: RFC 4666 3.1.2 */
	TRAFFIC_ASP_UP = 0x301,
	TRAFFIC_ASP_DOWN = 0x302,
	TRAFFIC_BEAT = 0x303,
	TRAFFIC_ASP_UP_ACK = 0x304,
	TRAFFIC_ASP_DOWN_ACK = 0x305,
	TRAFFIC_BEAT_ACK = 0x306,
	TRAFFIC_ASP_ACTIVE = 0x401,
	TRAFFIC_ASP_INACTIVE = 0x402,
	TRAFFIC_ASP_ACTIVE_ACK = 0x403,
	TRAFFIC_ASP_INACTIVE_ACK = 0x404,
	TRAFFIC_NOTIFY = 0x001,
};

size_t traffic_m3ua_plain(enum traffic_m3ua_kind kind, uint32_t routing_context, uint32_t status,
	uint8_t *out, size_t size);

#endif
