/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * punycode: labels of host names as ASCII and back, without "xn--". The entities of a text use it
 * to have one form of a host.
 *
 * Pure functions, any core. Bounds: a label's 63 octets (RFC 1035 2.3.4) and as many code points.
 * Source: RFC 3492 6. What is no Punycode, or overflows (6.4), or does not fit gives 0.
 */
#ifndef SMSWALL_SMS_PUNYCODE_H
#define SMSWALL_SMS_PUNYCODE_H

#include "dataplane/base/bytes.h"

enum { PUNYCODE_MAX = 63 };

/* punycode_decode: code points in `out`; how many. */
size_t punycode_decode(struct bytes in, uint32_t out[PUNYCODE_MAX]);

/* punycode_encode: octets in `out`; how many. */
size_t punycode_encode(const uint32_t *in, size_t n, uint8_t out[PUNYCODE_MAX]);

#endif
