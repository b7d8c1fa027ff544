/* SPDX-License-Identifier: BSD-3-Clause */
/* unit: the frame of every CUnit test program: a list of named tests and one summary line. */
#ifndef SMSWALL_TESTS_UNIT_H
#define SMSWALL_TESTS_UNIT_H

#include <CUnit/Basic.h>
#include <stddef.h>

struct unit_test {
	const char *name;
	void (*run)(void);
};

/* unit_run: runs the tests of one suite; prints "N passed, N failed" (tests); 0 when all passed and one ran. */
int unit_run(const char *suite, const struct unit_test *tests, size_t n);

#define UNIT_MAIN(suite, ...)                                                                   \
	int main(void)                                                                          \
	{                                                                                       \
		static const struct unit_test unit_tests[] = { __VA_ARGS__ };                   \
		return unit_run(suite, unit_tests, sizeof(unit_tests) / sizeof(unit_tests[0])); \
	}

#endif
