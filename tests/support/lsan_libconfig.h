/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lsan_libconfig: libconfig 1.5 leaks the string at hand when a text has a syntax error (64 octets
 * in strbuf_append); without this word the leak sanitizer takes it for ours.
 */
#ifndef SMSWALL_TESTS_LSAN_LIBCONFIG_H
#define SMSWALL_TESTS_LSAN_LIBCONFIG_H

const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig\n";
}

#endif
