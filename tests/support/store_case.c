/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/store_case.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/store_parts.h"

enum { TEXT_SIZE = 96 };

static bool run_program(const char *program, const char *option, const char *a, const char *b)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		execlp(program, program, option, "--", a, b, (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

bool store_case_copy(const char *from, const char *to)
{
	return run_program("cp", "-a", from, to);
}

bool store_case_remove(const char *folder)
{
	return run_program("rm", "-rf", folder, NULL);
}

void store_case_begin(struct store_case *c)
{
	/* in memory where that is to be had: thousands of files come and go */
	(void)snprintf(c->folder, sizeof(c->folder), "%s/smswall-test-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(c->folder) == NULL) {
		perror(c->folder);
		abort();
	}
	(void)snprintf(c->state, sizeof(c->state), "%s/state", c->folder);
	(void)snprintf(c->file, sizeof(c->file), "%s/file.pack", c->folder);
}

void store_case_end(struct store_case *c)
{
	if (!store_case_remove(c->folder)) {
		abort();
	}
}

/* Section `i` of generation `number`, and its name. */
static void section_of(uint32_t i, uint32_t number, char name[PACK_NAME_SIZE], char text[TEXT_SIZE])
{
	if (i < STORE_CASE_SAME) {
		(void)snprintf(name, PACK_NAME_SIZE, "db.text.sent.%u", i);
		(void)snprintf(text, TEXT_SIZE, "database %u, the same in all generations", i);
	} else {
		(void)snprintf(name, PACK_NAME_SIZE, "list.%u", i);
		(void)snprintf(text, TEXT_SIZE, "list %u of generation %u", i, number);
	}
}

/* The last of its own ones is "meta". */
void store_case_pack(struct pack *p, uint32_t number)
{
	const struct pack_meta meta = { PACK_SCHEMA, number - 1, 1000 * (uint64_t)number, "anna",
		"a note" };
	char name[PACK_NAME_SIZE];
	char text[TEXT_SIZE];
	bool good = true;

	memset(p, 0, sizeof(*p));
	for (uint32_t i = 0; i < STORE_CASE_SAME + STORE_CASE_OWN - 1; i++) {
		section_of(i, number, name, text);
		good = pack_add_copy(p, name, bytes_str(text)) && good;
	}
	if (!good || !pack_set_meta(p, &meta)) {
		abort();
	}
}

bool store_case_is(const struct pack *p, uint32_t number)
{
	char name[PACK_NAME_SIZE];
	char text[TEXT_SIZE];
	struct bytes data;

	for (uint32_t i = 0; i < STORE_CASE_SAME + STORE_CASE_OWN - 1; i++) {
		section_of(i, number, name, text);
		if (!pack_find(p, name, &data) || !bytes_equal(data, bytes_str(text))) {
			return false;
		}
	}
	return p->is_signed && p->n_sections == STORE_CASE_SAME + STORE_CASE_OWN &&
	       pack_find(p, "meta", &data);
}

uint64_t store_case_octets(const struct pack *p)
{
	uint64_t len = 0;

	for (uint32_t i = 0; i < p->n_sections; i++) {
		len += p->sections[i].data.len;
	}
	return len;
}

bool store_case_add(struct store *s, enum store_state state, uint32_t *number, struct diag *diag)
{
	struct pack *p = malloc(sizeof(*p));
	struct store_record r = {
		.state = state, .uid = 1000, .pid = 77, .n_rules = 12, .exe = "/usr/bin/smswallctl"
	};
	bool good;

	if (p == NULL) {
		abort();
	}
	store_case_pack(p, store_next(s));
	good = store_add(s, p, &r, diag);
	*number = r.number;
	pack_free(p);
	free(p);
	return good;
}

bool store_case_drop_part(const struct store *s, const struct pack *p, uint32_t i)
{
	char parts[STORE_FILE_SIZE];
	char path[STORE_PART_SIZE];

	store_path_parts(s, parts);
	return pack_part_path(parts, p->sections[i].hash, path, sizeof(path)) && unlink(path) == 0;
}

unsigned store_case_files(const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	unsigned n = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		n += e->d_name[0] != '.';
	}
	if (d != NULL) {
		(void)closedir(d);
	}
	return n;
}
