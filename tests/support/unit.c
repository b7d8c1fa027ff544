/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/unit.h"

#include <stdio.h>

int unit_run(const char *suite, const struct unit_test *tests, size_t n)
{
	CU_pSuite s;
	unsigned failed;
	unsigned run;

	if (CU_initialize_registry() != CUE_SUCCESS) {
		fprintf(stderr, "%s: CUnit registry: %s\n", suite, CU_get_error_msg());
		return 1;
	}
	s = CU_add_suite(suite, NULL, NULL);
	for (size_t i = 0; s != NULL && i < n; i++) {
		if (CU_add_test(s, tests[i].name, tests[i].run) == NULL) {
			s = NULL;
		}
	}
	if (s == NULL) {
		fprintf(stderr, "%s: CUnit suite: %s\n", suite, CU_get_error_msg());
		CU_cleanup_registry();
		return 1;
	}
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	CU_basic_show_failures(CU_get_failure_list());
	failed = CU_get_number_of_tests_failed();
	run = CU_get_number_of_tests_run();
	printf("\n%s: %u passed, %u failed\n", suite, run - failed, failed);
	CU_cleanup_registry();
	return failed == 0 && run == n && run != 0 ? 0 : 1;
}
