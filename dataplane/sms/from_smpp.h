/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * from_smpp: an SMPP message as a struct sms: bodies, UDH, concatenation, data coding, text.
 *
 * Ownership: *sms borrows from `pdu` and `buffers`. Any core. Sets R_udh_length, R_concat_* and
 * the PDU's own anomalies in sms->anomalies.
 * Source: SMPP 3.4 5.2.12 (esm_class UDHI), 5.3.2.22-24 (sar_*); TS 23.040 9.2.3.24.
 */
#ifndef SMSWALL_SMS_FROM_SMPP_H
#define SMSWALL_SMS_FROM_SMPP_H

#include "dataplane/proto/smpp.h"
#include "dataplane/sms/sms.h"

/* How one link (or account) writes texts. */
struct smpp_profile {
	uint8_t default_coding; /* enum text_default */
	bool scan_raw;          /* the octets as Latin-1 are matched too */
};

/* sms_from_smpp: fills *sms but for link, side, role and account, which the caller knows. `m` was read from `pdu`. */
void sms_from_smpp(const struct smpp_message *m, struct bytes pdu,
	const struct smpp_profile *profile, struct sms_buffers *buffers, struct sms *sms);

#endif
