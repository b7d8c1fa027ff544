/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * roles: who may do what on the control socket: keys control.operators, control.authors and
 * control.admins, each a list of users and @groups: "anna, @smsops".
 *
 * The highest role that any of a peer's names gives counts. Root and the daemon's own user are
 * admins always; others that the socket's mode lets in are viewers. Names are looked up once, at
 * start: a user that is made later, or gets another number, is known after a restart; who is in a
 * group is the kernel's word at each connection.
 * Control only. Bounds: ROLES_MAX users and groups, ROLES_TEXT_SIZE octets a key.
 */
#ifndef SMSWALL_CONTROL_ROLES_H
#define SMSWALL_CONTROL_ROLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct peer;

enum { ROLES_MAX = 256, ROLES_TEXT_SIZE = 1024, ROLES_NAME_SIZE = 64 };

enum server_role {
	SERVER_VIEWER,   /* reads */
	SERVER_OPERATOR, /* panic, confirm, rollback, the state of a rule, entries of lists */
	SERVER_AUTHOR,   /* pushes policies */
	SERVER_ADMIN,    /* keys, the audit log, personal data in events */
};

struct roles_entry {
	enum server_role role;
	bool group;
	uint32_t id;
};

struct roles {
	size_t n;
	struct roles_entry entries[ROLES_MAX];
};

enum roles_trouble { ROLES_BAD_NAME, ROLES_NO_USER, ROLES_NO_GROUP, ROLES_TOO_MANY };

/* Told of each name that gives no role. */
typedef void (*roles_report)(void *arg, enum roles_trouble what, const char *name);

/* roles_add: those that `text` names get `role`; `report` may be NULL. */
void roles_add(
	struct roles *r, enum server_role role, const char *text, roles_report report, void *arg);

/* roles_from_config: of the three keys; what is wrong with them config_load() has told. */
void roles_from_config(struct roles *r, const struct config *config);

/* roles_of: `r` NULL: nobody is named. */
enum server_role roles_of(const struct roles *r, const struct peer *p);

/* roles_name: "viewer", "operator", "author", "admin". */
const char *roles_name(enum server_role role);

#endif
