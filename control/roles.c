/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/roles.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/config.h"
#include "control/peer.h"

enum { LOOKUP_SIZE = 1 << 16 }; /* a group's entry names its members */

static bool find_user(const char *name, uint32_t *id)
{
	char *room = malloc(LOOKUP_SIZE);
	struct passwd *found = NULL;
	struct passwd entry;

	if (room != NULL && getpwnam_r(name, &entry, room, LOOKUP_SIZE, &found) == 0 &&
		found != NULL) {
		*id = found->pw_uid;
	}
	free(room);
	return found != NULL;
}

static bool find_group(const char *name, uint32_t *id)
{
	struct group *found = NULL;
	struct group entry;
	int rc = ERANGE;

	for (size_t size = LOOKUP_SIZE; rc == ERANGE && size <= 64 * LOOKUP_SIZE; size *= 8) {
		char *room = malloc(size);

		rc = room != NULL ? getgrnam_r(name, &entry, room, size, &found) : ENOMEM;
		if (rc == 0 && found != NULL) {
			*id = found->gr_gid;
		}
		free(room);
	}
	return rc == 0 && found != NULL;
}

/* find_number: "1000": a user or group that no data base has; false: `name` is a name. */
static bool find_number(const char *name, uint32_t *id)
{
	unsigned long v;
	char *end;

	if (!isdigit((unsigned char)name[0])) {
		return false;
	}
	errno = 0;
	v = strtoul(name, &end, 10);
	if (errno != 0 || *end != '\0' || v >= UINT32_MAX) {
		return false;
	}
	*id = (uint32_t)v;
	return true;
}

static bool is_name(const char *name)
{
	if (name[0] == '\0' || name[0] == '-') {
		return false;
	}
	for (; *name != '\0'; name++) {
		if (!isalnum((unsigned char)*name) && strchr("_.-$+", *name) == NULL) {
			return false;
		}
	}
	return true;
}

static void add_name(
	struct roles *r, enum server_role role, const char *name, roles_report report, void *arg)
{
	bool group = name[0] == '@';
	enum roles_trouble trouble = ROLES_BAD_NAME;
	uint32_t id = 0;

	if (!is_name(name + (group ? 1 : 0))) {
		trouble = ROLES_BAD_NAME;
	} else if (r->n == ROLES_MAX) {
		trouble = ROLES_TOO_MANY;
	} else if (find_number(name + (group ? 1 : 0), &id) ||
		   (group ? find_group(name + 1, &id) : find_user(name, &id))) {
		r->entries[r->n++] = (struct roles_entry){ role, group, id };
		return;
	} else {
		trouble = group ? ROLES_NO_GROUP : ROLES_NO_USER;
	}
	if (report != NULL) {
		report(arg, trouble, name);
	}
}

void roles_add(
	struct roles *r, enum server_role role, const char *text, roles_report report, void *arg)
{
	char list[ROLES_TEXT_SIZE];
	char *at = list;
	char *name;

	if (strlen(text) >= sizeof(list)) {
		if (report != NULL) {
			report(arg, ROLES_TOO_MANY, "the list");
		}
		return;
	}
	strcpy(list, text);
	if (strspn(list, " \t") == strlen(list)) {
		return;
	}
	while ((name = strsep(&at, ",")) != NULL) {
		size_t len;

		name += strspn(name, " \t");
		len = strlen(name);
		while (len > 0 && (name[len - 1] == ' ' || name[len - 1] == '\t')) {
			name[--len] = '\0';
		}
		add_name(r, role, name, report, arg);
	}
}

void roles_from_config(struct roles *r, const struct config *config)
{
	*r = (struct roles){ .n = 0 };
	roles_add(r, SERVER_OPERATOR, config->operators, NULL, NULL);
	roles_add(r, SERVER_AUTHOR, config->authors, NULL, NULL);
	roles_add(r, SERVER_ADMIN, config->admins, NULL, NULL);
}

static bool is_in(const struct peer *p, uint32_t gid)
{
	if (p->gid == gid) {
		return true;
	}
	for (size_t i = 0; i < p->n_groups; i++) {
		if (p->groups[i] == gid) {
			return true;
		}
	}
	return false;
}

enum server_role roles_of(const struct roles *r, const struct peer *p)
{
	enum server_role role = SERVER_VIEWER;

	if (p->uid == PEER_NOBODY) {
		return SERVER_VIEWER;
	}
	if (p->uid == 0 || p->uid == geteuid()) {
		return SERVER_ADMIN;
	}
	for (size_t i = 0; r != NULL && i < r->n; i++) {
		const struct roles_entry *e = &r->entries[i];

		if (e->role > role && (e->group ? is_in(p, e->id) : p->uid == e->id)) {
			role = e->role;
		}
	}
	return role;
}

const char *roles_name(enum server_role role)
{
	switch (role) {
	case SERVER_VIEWER:
		return "viewer";
	case SERVER_OPERATOR:
		return "operator";
	case SERVER_AUTHOR:
		return "author";
	case SERVER_ADMIN:
		return "admin";
	}
	return "viewer";
}
