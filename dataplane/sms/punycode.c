/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/sms/punycode.h"

/* RFC 3492 5 */
enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 0x80 };

static uint32_t adapt(uint32_t delta, uint32_t n_points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / n_points;
	while (delta > (BASE - T_MIN) * T_MAX / 2) {
		delta /= BASE - T_MIN;
		k += BASE;
	}
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
	return k <= bias ? T_MIN : k - bias >= T_MAX ? T_MAX : k - bias;
}

/* digit_of: BASE: it is none. */
static uint32_t digit_of(uint8_t c)
{
	if (c >= '0' && c <= '9') {
		return c - '0' + 26u;
	}
	c |= 0x20;
	return c >= 'a' && c <= 'z' ? (uint32_t)(c - 'a') : BASE;
}

/* take_delta: the variable-length integer at *at added to *i; false: none, or too large. */
static bool take_delta(struct bytes in, size_t *at, uint32_t bias, uint32_t *i)
{
	uint64_t sum = *i;
	uint64_t weight = 1;

	for (uint32_t k = BASE; *at < in.len; k += BASE) {
		uint32_t digit = digit_of(in.data[(*at)++]);
		uint32_t t = threshold(k, bias);

		sum += digit * weight;
		if (digit == BASE || sum > INT32_MAX) {
			return false;
		}
		if (digit < t) {
			*i = (uint32_t)sum;
			return true;
		}
		weight *= BASE - t;
		if (weight > INT32_MAX) {
			return false;
		}
	}
	return false;
}

size_t punycode_decode(struct bytes in, uint32_t out[PUNYCODE_MAX])
{
	uint32_t point = FIRST;
	uint32_t bias = BIAS;
	uint32_t i = 0;
	uint32_t n = 0;
	size_t at = 0;

	if (in.len > PUNYCODE_MAX) {
		return 0;
	}
	for (size_t k = 0; k < in.len; k++) {
		at = in.data[k] == '-' ? k : at; /* the last one ends the basic code points */
	}
	for (; n < at; n++) {
		if (in.data[n] >= 0x80) {
			return 0;
		}
		out[n] = in.data[n];
	}
	at += at > 0 ? 1 : 0;
	while (at < in.len) {
		uint32_t before = i;

		if (n == PUNYCODE_MAX || !take_delta(in, &at, bias, &i)) {
			return 0;
		}
		bias = adapt(i - before, n + 1, before == 0);
		point += i / (n + 1);
		i %= n + 1;
		if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) {
			return 0;
		}
		memmove(out + i + 1, out + i, (n - i) * sizeof(*out));
		out[i++] = point;
		n++;
	}
	return n;
}

static bool put_delta(uint32_t delta, uint32_t bias, uint8_t out[PUNYCODE_MAX], size_t *len)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	for (uint32_t k = BASE; *len < PUNYCODE_MAX; k += BASE) {
		uint32_t t = threshold(k, bias);

		if (delta < t) {
			out[(*len)++] = (uint8_t)digits[delta];
			return true;
		}
		out[(*len)++] = (uint8_t)digits[t + (delta - t) % (BASE - t)];
		delta = (delta - t) / (BASE - t);
	}
	return false;
}

/* put_basic: the ASCII ones and, if there are any, '-'; false: they do not fit. */
static bool put_basic(const uint32_t *in, size_t n, uint8_t out[PUNYCODE_MAX], size_t *len)
{
	for (size_t i = 0; i < n; i++) {
		if (in[i] < FIRST) {
			if (*len + 1 >= PUNYCODE_MAX) {
				return false;
			}
			out[(*len)++] = (uint8_t)in[i];
		}
	}
	if (*len != 0) {
		out[(*len)++] = '-';
	}
	return true;
}

static uint32_t least_from(const uint32_t *in, size_t n, uint32_t from)
{
	uint32_t least = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		least = in[i] >= from && in[i] < least ? in[i] : least;
	}
	return least;
}

size_t punycode_encode(const uint32_t *in, size_t n, uint8_t out[PUNYCODE_MAX])
{
	uint32_t point = FIRST;
	uint32_t bias = BIAS;
	uint32_t delta = 0; /* below 64 * 0x110000 */
	size_t len = 0;
	size_t n_basic;
	size_t n_done;

	if (n > PUNYCODE_MAX || !put_basic(in, n, out, &len)) {
		return 0;
	}
	n_basic = len != 0 ? len - 1 : 0;
	n_done = n_basic;
	while (n_done < n) {
		uint32_t next = least_from(in, n, point);

		if (next > 0x10FFFF) {
			return 0;
		}
		delta += (next - point) * (uint32_t)(n_done + 1);
		point = next;
		for (size_t i = 0; i < n; i++) {
			delta += in[i] < point ? 1 : 0;
			if (in[i] != point) {
				continue;
			}
			if (!put_delta(delta, bias, out, &len)) {
				return 0;
			}
			bias = adapt(delta, (uint32_t)(n_done + 1), n_done == n_basic);
			delta = 0;
			n_done++;
		}
		delta++;
		point++;
	}
	return len;
}
