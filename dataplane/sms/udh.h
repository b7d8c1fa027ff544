/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * udh: the user data header of a short message, whichever protocol carried it.
 *
 * Pure functions over a span. Any core. Bounds: every step takes an octet at least.
 * Source: 3GPP TS 23.040 9.2.3.24.
 */
#ifndef SMSWALL_SMS_UDH_H
#define SMSWALL_SMS_UDH_H

#include "dataplane/sms/sms.h"

/*
 * udh_read: walks a UDH (TS 23.040 9.2.3.24) given without its UDHL; sets concat, ports and
 * language to what it says, 0 where it says nothing; concat is not checked: see udh_concat_valid().
 * False if it breaks off; what came before the break counts.
 */
bool udh_read(struct bytes udh, struct sms_concat *concat, struct text_language *language,
	uint16_t *source_port, uint16_t *destination_port);

/* udh_concat_valid: a part number from 1 to the total (TS 23.040 9.2.3.24.1: else it is ignored). */
bool udh_concat_valid(const struct sms_concat *concat);

#endif
