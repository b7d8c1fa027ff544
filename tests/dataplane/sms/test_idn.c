/* SPDX-License-Identifier: BSD-3-Clause */
/* entity against libidn2 (built where it is): a host typed in Unicode and its A-labels have one normal form. */
#include <stdio.h>
#include <stdlib.h>

#include <idn2.h>

#include "dataplane/sms/entity.h"
#include "tests/support/unit.h"

struct form {
	struct entity entities[LIMIT_ENTITIES];
	uint8_t values[512];
};

/* host_of: the normal form of the host of "http://HOST/". */
static struct bytes host_of(const char *host, struct form *f)
{
	char text[256];
	int len = snprintf(text, sizeof(text), "http://%s/", host);
	uint32_t n = entity_find(bytes_of(text, (size_t)len), NUMBERING_NONE, f->entities,
		f->values, sizeof(f->values));

	CU_ASSERT_EQUAL_FATAL(n, 1);
	return f->entities[0].host;
}

static void test_one_form(void)
{
	static const char *const hosts[] = { "münchen-demo.de", "BÜCHER-Demo.de", "straße-demo.de",
		"señal-demo.es", "façade-demo.fr", "łódź-demo.pl", "příklad-demo.cz",
		"пример-демо.рф", "ПРИМЕР.РФ", "приклад.укр", "παράδειγμα-demo.gr", "דוגמה.co.il",
		"مثال.com", "उदाहरण-demo.in", "ตัวอย่าง-demo.com", "例え-demo.jp", "中文-demo.cn",
		"예시-demo.kr", "ví-dụ-demo.vn", "örnek-demo.com.tr", "ørsted-demo.dk",
		"þór-demo.is", "näide-demo.ee" };
	static struct form ours;
	static struct form theirs;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		char *ascii = NULL;
		struct bytes a = host_of(hosts[i], &ours);
		struct bytes b;
		bool same;

		CU_ASSERT_EQUAL_FATAL(
			idn2_to_ascii_8z(hosts[i], &ascii, IDN2_NONTRANSITIONAL), IDN2_OK);
		b = host_of(ascii, &theirs);
		same = bytes_equal(a, b);
		if (!same) {
			printf("\n  %s: %.*s, as %s: %.*s\n", hosts[i], (int)a.len,
				(const char *)a.data, ascii, (int)b.len, (const char *)b.data);
		}
		CU_ASSERT(same);
		idn2_free(ascii);
	}
}

UNIT_MAIN("sms/idn", { "one form", test_one_form })
