/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ppid: what a DATA chunk of SCTP carries, by its payload protocol identifier (RFC 9260 3.3.1).
 *
 * Pure functions over a number in host order. Any core.
 * Source: IANA "SCTP Payload Protocol Identifiers"; RFC 4666 1.4.1, 3868 7.1, 4165 1.3.
 */
#ifndef SMSWALL_PROTO_PPID_H
#define SMSWALL_PROTO_PPID_H

#include "dataplane/stats.h"

/* X(NAME, number, name as in status, why its octets are not judged) */
#define PPIDS(X)                                       \
	X(NONE, 0, "none", R_sctp_not_judged)          \
	X(IUA, 1, "IUA", R_sctp_not_judged)            \
	X(M2UA, 2, "M2UA", R_sctp_not_judged)          \
	X(M3UA, 3, "M3UA", R_none)                     \
	X(SUA, 4, "SUA", R_sua_not_judged)             \
	X(M2PA, 5, "M2PA", R_m2pa_not_judged)          \
	X(V5UA, 6, "V5UA", R_sctp_not_judged)          \
	X(DUA, 10, "DUA", R_sctp_not_judged)           \
	X(S1AP, 18, "S1AP", R_sctp_not_judged)         \
	X(X2AP, 27, "X2AP", R_sctp_not_judged)         \
	X(DIAMETER, 46, "Diameter", R_sctp_not_judged) \
	X(DIAMETER_DTLS, 47, "Diameter over DTLS", R_sctp_not_judged)

#define X(NAME, number, text, why) PPID_##NAME = (number),
enum ppid { PPIDS(X) };
#undef X

/*
 * ppid_plain: the number meant. RFC 9260 3.3.1 leaves the byte order to the upper layer, and senders
 * that forget it send those above byte-swapped: they are taken as what they mean. Others unchanged.
 */
uint32_t ppid_plain(uint32_t ppid);

const char *ppid_name(uint32_t ppid); /* of ppid_plain(); "other" for those not above */

/* ppid_reason: R_none for M3UA; else the reason (LEDGER) for which its octets are not judged. */
enum reason ppid_reason(uint32_t ppid);

#endif
