/* SPDX-License-Identifier: BSD-3-Clause */
/* What a user gives the traffic maker: settings, mix files and texts. */
#include "control/traffic.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/code.h"
#include "tests/support/unit.h"

static void set_all(struct traffic_mix *mix, const char *const *settings)
{
	static struct diag diag;

	for (; *settings != NULL; settings++) {
		CU_ASSERT_TRUE(traffic_mix_set(mix, *settings, &diag));
	}
	diag_clear(&diag);
}

/* write_file: a file with this content; its name is in `path`. */
static void write_file(char *path, const char *content, size_t len)
{
	int fd = mkstemp(path);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, content, len), (ssize_t)len);
	(void)close(fd);
}

static void wrong_texts_are_named(void)
{
	static const struct {
		const char *content;
		int code;
		int line; /* of the first error; 0: of the file, or none */
	} cases[] = {
		{ "ham\tgood\n# not this\n\nspam\tbad\r\n", 0, 0 },
		{ "ham\tgood", 0, 0 },
		{ "no tab\n", CONTROL_INVALID, 1 },
		{ "ham\tgood\n\ttext\n", CONTROL_INVALID, 2 },
		{ "ham\t\n", CONTROL_INVALID, 1 },
		{ "ham\tgood\nham\t\xC0\x80\n", CONTROL_INVALID, 2 },
		{ "ham\t\xED\xA0\x80\n", CONTROL_INVALID, 1 },
		{ "ham\tbell\x07\n", CONTROL_INVALID, 1 },
		{ "a label that is longer than thirty-one\tx\n", CONTROL_INVALID, 1 },
		{ "", CONTROL_INVALID, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct diag *diag = calloc(1, sizeof(*diag));
		char path[] = "/tmp/smswall-test-XXXXXX";
		struct traffic_texts texts;

		CU_ASSERT_PTR_NOT_NULL_FATAL(diag);
		write_file(path, cases[i].content, strlen(cases[i].content));
		CU_ASSERT_EQUAL(traffic_texts_load(&texts, path, diag), cases[i].code);
		CU_ASSERT_EQUAL(diag->n_errors, cases[i].code != 0);
		CU_ASSERT_TRUE(diag->n_errors == 0 || diag->entries[0].line == cases[i].line);
		traffic_texts_free(&texts);
		diag_clear(diag);
		free(diag);
		(void)unlink(path);
	}
}

/* ---- settings ---- */

static void settings_are_checked(void)
{
	static const struct {
		const char *setting;
		bool good;
	} cases[] = { { "sccp.udt=1000", true }, { "sccp.udt=1001", false }, { "sccp.udt", false },
		{ "sccp.udt=", false }, { "sccp.udt=1x", false }, { "sccp.udt=-1", false },
		{ "sccp=1", false }, { "", false }, { "tcp.mss=87", false }, { "tcp.mss=88", true },
		{ "smpp.port=99999999999999999999", false } };
	static struct diag diag;
	struct traffic_mix mix;

	traffic_mix_init(&mix);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t errors = diag.n_errors;

		CU_ASSERT_EQUAL(traffic_mix_set(&mix, cases[i].setting, &diag), cases[i].good);
		CU_ASSERT_EQUAL(diag.n_errors, errors + !cases[i].good);
	}
	diag_clear(&diag);
}

/* What is printed is a mix file, and means the same. */
static void a_printed_mix_can_be_read(void)
{
	static struct diag diag;
	char path[] = "/tmp/smswall-test-XXXXXX";
	struct traffic_mix mix;
	struct traffic_mix again;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	traffic_mix_init(&mix);
	traffic_mix_init(&again);
	set_all(&mix, (const char *const[]){ "map.v1=77", "net.rate=3", "sctp.fragment=9", NULL });
	traffic_mix_print(&mix, f);
	(void)fclose(f);
	write_file(path, text, len);
	CU_ASSERT_TRUE(traffic_mix_load(&again, path, &diag));
	CU_ASSERT_EQUAL(memcmp(mix.value, again.value, sizeof(mix.value)), 0);
	free(text);
	(void)unlink(path);
	diag_clear(&diag);
}

UNIT_MAIN("control/traffic_mix", { "wrong texts are named", wrong_texts_are_named },
	{ "settings are checked", settings_are_checked },
	{ "a printed mix can be read", a_printed_mix_can_be_read })
