/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ctl_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/ctl_daemon.h"
#include "control/summary.h"

static bool take_path(const json_t *answer, const char *name, char out[CTL_PATH_SIZE])
{
	const char *path = json_string_value(json_object_get(answer, name));

	return path != NULL && snprintf(out, CTL_PATH_SIZE, "%s", path) < CTL_PATH_SIZE;
}

int ctl_store_find(struct ctl_call *call, long long number, struct ctl_store *s)
{
	json_t *args =
		number != 0 ? json_pack("{s:I}", "generation", (json_int_t)number) : json_object();
	json_t *answer = NULL;
	int rc = ctl_client_request(call, "policy.show", args, &answer);

	*s = (struct ctl_store){ .number = number };
	if (rc == 0 &&
		!(take_path(answer, "path", s->manifest) && take_path(answer, "parts", s->parts))) {
		rc = ctl_error(call, CONTROL_FAILED, "the daemon does not say where its store is");
	}
	if (rc == 0) {
		s->record = json_incref(json_object_get(answer, "record"));
		s->number = summary_integer(s->record, "generation");
		ctl_set(call, "record", json_deep_copy(s->record));
		ctl_clean(s->record);
	}
	json_decref(answer);
	return rc;
}

/* read_error: of a file of the store that cannot be opened. */
static int read_error(struct ctl_call *call, const char *path, int error)
{
	if (error == EACCES || error == EPERM) {
		return ctl_error(call, CONTROL_NOT_PERMITTED,
			"%s: not permitted: the store is for root and the daemon's user", path);
	}
	return ctl_error(call, CONTROL_FAILED, "%s: %s", path, strerror(error));
}

int ctl_store_table(struct ctl_call *call, struct ctl_store *s, bool whole)
{
	bool good;

	if (access(s->manifest, R_OK) != 0) {
		return whole ? read_error(call, s->manifest, errno) : 0;
	}
	s->pack = calloc(1, sizeof(*s->pack));
	if (s->pack == NULL) {
		return ctl_error(call, CONTROL_FAILED, "no memory");
	}
	good = whole ? pack_read(s->pack, s->manifest, s->parts, NULL, &call->diag)
	             : pack_read_table(s->pack, s->manifest, NULL, &call->diag);
	if (!good) {
		free(s->pack);
		s->pack = NULL;
	}
	return good ? 0 : CONTROL_INVALID;
}

void ctl_store_state_folder(const struct ctl_store *s, char *out, size_t size)
{
	char *slash;

	(void)snprintf(out, size, "%s", s->parts);
	slash = strrchr(out, '/');
	if (slash != NULL) {
		*slash = '\0';
	}
}

int ctl_store_policy(
	struct ctl_call *call, struct ctl_store *s, const struct config *c, struct policy_set *set)
{
	const char *links[LIMIT_LINKS];
	struct policy_load how = { .path = s->manifest,
		.link_names = links,
		.n_links = c->pipeline.n_links,
		.default_action = (enum rule_action)c->default_action };
	int rc = s->pack == NULL ? ctl_store_table(call, s, true) : 0;

	for (unsigned i = 0; i < c->pipeline.n_links; i++) {
		links[i] = c->pipeline.links[i].name;
	}
	how.pack = s->pack;
	if (rc == 0 && !policy_set_load(set, &how, &call->diag)) {
		rc = CONTROL_INVALID;
	}
	return rc;
}

struct ruleset *ctl_store_ruleset(struct ctl_store *s, char *why, size_t size)
{
	struct diag *diag = calloc(1, sizeof(*diag));
	struct source examples;
	struct ruleset *r = NULL;

	s->pack = s->pack == NULL ? calloc(1, sizeof(*s->pack)) : s->pack;
	(void)snprintf(why, size, "no memory");
	if (diag != NULL && s->pack != NULL &&
		pack_read(s->pack, s->manifest, s->parts, NULL, diag)) {
		r = pack_load_ruleset(s->pack, s->manifest, NULL, NULL, &examples, diag);
		if (r != NULL) {
			source_free(&examples);
		}
	}
	if (diag != NULL && diag->n_entries != 0) {
		(void)snprintf(why, size, "%s", diag->entries[0].text);
	}
	if (diag != NULL) {
		diag_clear(diag);
	}
	free(diag);
	return r;
}

void ctl_store_close(struct ctl_store *s)
{
	if (s->pack != NULL) {
		pack_free(s->pack);
	}
	free(s->pack);
	json_decref(s->record);
	*s = (struct ctl_store){ .number = 0 };
}

int ctl_config_live(struct ctl_call *call, const json_t *status, struct config **c)
{
	const char *path = json_string_value(json_object_get(status, "config"));
	int rc;

	if (ctl_value(call, "config") != NULL || path == NULL) {
		return ctl_config_load(call, c);
	}
	if (access(path, R_OK) != 0) {
		return ctl_error(call, errno == EACCES ? CONTROL_NOT_PERMITTED : CONTROL_INVALID,
			"the daemon's configuration %s cannot be read (%s): name one with --config",
			path, strerror(errno));
	}
	*c = calloc(1, sizeof(**c));
	if (*c == NULL) {
		return ctl_error(call, CONTROL_FAILED, "no memory");
	}
	config_defaults(*c);
	rc = config_load(*c, path, &call->diag) ? 0 : CONTROL_INVALID;
	if (rc != 0) {
		free(*c);
		*c = NULL;
	}
	return rc;
}
