/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/roles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/config.h"
#include "control/peer.h"
#include "tests/support/unit.h"

struct told {
	unsigned n[ROLES_TOO_MANY + 1];
	char last[128];
};

static void tell(void *arg, enum roles_trouble what, const char *name)
{
	struct told *t = arg;

	t->n[what]++;
	snprintf(t->last, sizeof(t->last), "%.100s", name);
}

static struct roles *roles_new(void)
{
	struct roles *r = calloc(1, sizeof(*r));

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	return r;
}

static void test_text(void)
{
	static const struct {
		const char *text;
		size_t n;
		unsigned bad, no_user, no_group;
		const char *last;
	} cases[] = {
		{ "", 0, 0, 0, 0, "" },
		{ "  \t", 0, 0, 0, 0, "" },
		{ "root", 1, 0, 0, 0, "" },
		{ " root ,@root,\tdaemon", 3, 0, 0, 0, "" },
		{ "1234, @5678", 2, 0, 0, 0, "" },
		{ "nosuch-user", 0, 0, 1, 0, "nosuch-user" },
		{ "@nosuch-group, root", 1, 0, 0, 1, "@nosuch-group" },
		{ "root,", 1, 1, 0, 0, "" },
		{ "root daemon", 0, 1, 0, 0, "root daemon" },
		{ "@", 0, 1, 0, 0, "@" },
		{ "@@root", 0, 1, 0, 0, "@@root" },
		{ "-root", 0, 1, 0, 0, "-root" },
		{ "4294967295", 0, 0, 1, 0, "4294967295" }, /* (uid_t)-1 is nobody */
		{ "99999999999999999999", 0, 0, 1, 0, "99999999999999999999" },
		{ "12ab", 0, 0, 1, 0, "12ab" },
		{ "a/b", 0, 1, 0, 0, "a/b" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct roles *r = roles_new();
		struct told told = { .last = "" };

		roles_add(r, SERVER_AUTHOR, cases[i].text, tell, &told);
		CU_ASSERT_EQUAL(r->n, cases[i].n);
		CU_ASSERT_EQUAL(told.n[ROLES_BAD_NAME], cases[i].bad);
		CU_ASSERT_EQUAL(told.n[ROLES_NO_USER], cases[i].no_user);
		CU_ASSERT_EQUAL(told.n[ROLES_NO_GROUP], cases[i].no_group);
		CU_ASSERT_STRING_EQUAL(told.last, cases[i].last);
		roles_add(r, SERVER_AUTHOR, cases[i].text, NULL, NULL);
		CU_ASSERT_EQUAL(r->n, 2 * cases[i].n);
		free(r);
	}
}

static void test_bounds(void)
{
	struct roles *r = roles_new();
	struct told told = { .last = "" };
	char text[ROLES_TEXT_SIZE + 2];

	for (unsigned i = 0; i < ROLES_MAX + 3; i++) {
		snprintf(text, sizeof(text), "%u", 1000 + i);
		roles_add(r, SERVER_OPERATOR, text, tell, &told);
	}
	CU_ASSERT_EQUAL(r->n, ROLES_MAX);
	CU_ASSERT_EQUAL(told.n[ROLES_TOO_MANY], 3);
	memset(text, '1', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	roles_add(r, SERVER_OPERATOR, text, tell, &told);
	CU_ASSERT_EQUAL(told.n[ROLES_TOO_MANY], 4);
	free(r);
}

static void test_of(void)
{
	static gid_t groups[] = { 700, 800 };
	static const struct {
		struct peer peer;
		enum server_role role;
	} cases[] = {
		{ { .uid = 0, .gid = 0 }, SERVER_ADMIN },
		{ { .uid = 1001, .gid = 1 }, SERVER_OPERATOR },
		{ { .uid = 1002, .gid = 1 }, SERVER_ADMIN },
		{ { .uid = 1003, .gid = 1 }, SERVER_VIEWER },
		{ { .uid = 700, .gid = 1 }, SERVER_VIEWER }, /* a group's number is no user's */
		{ { .uid = 1003, .gid = 700 }, SERVER_AUTHOR },
		{ { .uid = 1003, .gid = 1, .groups = groups, .n_groups = 2 }, SERVER_AUTHOR },
		{ { .uid = 1001, .gid = 1, .groups = groups, .n_groups = 1 }, SERVER_AUTHOR },
		{ { .uid = 1003, .gid = 1001, .groups = groups + 1, .n_groups = 1 },
			SERVER_VIEWER },
		{ { .uid = PEER_NOBODY, .gid = 700 }, SERVER_VIEWER },
	};
	struct roles *r = roles_new();

	/* the highest counts, in whatever order they are named */
	roles_add(r, SERVER_ADMIN, "1002", NULL, NULL);
	roles_add(r, SERVER_OPERATOR, "1001, 1002", NULL, NULL);
	roles_add(r, SERVER_AUTHOR, "@700", NULL, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(roles_of(r, &cases[i].peer), cases[i].role);
	}
	CU_ASSERT_EQUAL(roles_of(NULL, &cases[1].peer), SERVER_VIEWER);
	CU_ASSERT_EQUAL(roles_of(NULL, &cases[0].peer), SERVER_ADMIN);
	free(r);
}

static void test_config(void)
{
	static const char text[] = "links = ({ name = \"l\"; ports = [0, 1]; });\n"
				   "control: {\n"
				   "  operators = \"1001, nosuch-user\";\n"
				   "  authors = \"@nosuch-group\";\n"
				   "  admins = \"1002,\";\n"
				   "};\n";
	struct config *c = calloc(1, sizeof(*c));
	struct diag *d = calloc(1, sizeof(*d));
	struct roles *r = roles_new();

	CU_ASSERT_FATAL(c != NULL && d != NULL);
	CU_ASSERT_FALSE(config_load_text(c, "x.conf", text, d));
	CU_ASSERT_EQUAL_FATAL(d->n_entries, 3);
	CU_ASSERT_EQUAL(d->entries[0].level, DIAG_WARNING);
	CU_ASSERT_EQUAL(d->entries[0].line, 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(
		d->entries[0].text, "control.operators: this machine has no user nosuch-user"));
	CU_ASSERT_EQUAL(d->entries[1].level, DIAG_WARNING);
	CU_ASSERT_EQUAL(d->entries[1].line, 4);
	CU_ASSERT_PTR_NOT_NULL(strstr(d->entries[1].text, "no group nosuch-group"));
	CU_ASSERT_EQUAL(d->entries[2].level, DIAG_ERROR);
	CU_ASSERT_EQUAL(d->entries[2].line, 5);
	roles_from_config(r, c);
	CU_ASSERT_EQUAL(r->n, 2);
	CU_ASSERT_EQUAL(roles_of(r, &(struct peer){ .uid = 1002 }), SERVER_ADMIN);
	diag_clear(d);
	free(r);
	free(d);
	free(c);
}

/* The kernel's word about the other end. */
static void test_peer(void)
{
	char self[PEER_EXE_SIZE] = "";
	gid_t groups[64];
	int n = getgroups(64, groups);
	struct peer p;
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	CU_ASSERT_TRUE(peer_read(fds[0], &p));
	CU_ASSERT_EQUAL(p.uid, geteuid());
	CU_ASSERT_EQUAL(p.gid, getegid());
	CU_ASSERT_EQUAL(p.pid, getpid());
	CU_ASSERT(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	CU_ASSERT_STRING_EQUAL(p.exe, self);
	CU_ASSERT_EQUAL(p.n_groups, (size_t)n);
	CU_ASSERT(n <= 0 || memcmp(p.groups, groups, (size_t)n * sizeof(groups[0])) == 0);
	peer_clear(&p);
	close(fds[0]);
	close(fds[1]);
	/* no socket: nobody, who may do nothing */
	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	CU_ASSERT_FALSE(peer_read(fds[0], &p));
	CU_ASSERT_EQUAL(p.uid, PEER_NOBODY);
	CU_ASSERT_EQUAL(roles_of(NULL, &p), SERVER_VIEWER);
	peer_clear(&p);
	close(fds[0]);
	close(fds[1]);
}

static void test_names(void)
{
	CU_ASSERT_STRING_EQUAL(roles_name(SERVER_VIEWER), "viewer");
	CU_ASSERT_STRING_EQUAL(roles_name(SERVER_OPERATOR), "operator");
	CU_ASSERT_STRING_EQUAL(roles_name(SERVER_AUTHOR), "author");
	CU_ASSERT_STRING_EQUAL(roles_name(SERVER_ADMIN), "admin");
	CU_ASSERT(SERVER_VIEWER < SERVER_OPERATOR && SERVER_OPERATOR < SERVER_AUTHOR &&
		  SERVER_AUTHOR < SERVER_ADMIN);
}

UNIT_MAIN("control/roles", { "text", test_text }, { "bounds", test_bounds }, { "of", test_of },
	{ "configuration", test_config }, { "peer", test_peer }, { "names", test_names })
