/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crc32c: the Castagnoli CRC that SCTP uses (RFC 9260 Appendix A). Thread-safety: any core.
 */
#ifndef SMSWALL_BASE_CRC32C_H
#define SMSWALL_BASE_CRC32C_H

#include "dataplane/base/bytes.h"

/*
 * crc32c_add: the CRC of what came before (`crc`, 0 at the beginning) followed by `b`. SCTP puts
 * the result on the wire with its lowest octet first.
 */
uint32_t crc32c_add(uint32_t crc, struct bytes b);

/* crc32c_add_portable: the same without the processor's instruction; the tests compare the two. */
uint32_t crc32c_add_portable(uint32_t crc, struct bytes b);

#endif
