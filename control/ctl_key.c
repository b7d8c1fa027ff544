/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl key show, make, rotate: the keys that packs are signed with. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "control/ctl_daemon.h"
#include "patterns/key.h"

int ctl_key_show(struct ctl_call *call)
{
	json_t *result = NULL;
	const json_t *trusted;
	int rc = ctl_daemon_ask(call, "key.show", json_object(), 0, &result);

	if (rc == 0) {
		ctl_out(call, "key      %s\npublic   %s\n", ctl_text(result, "id"),
			ctl_text(result, "public"));
	}
	trusted = json_object_get(result, "trusted");
	for (size_t i = 0; i < json_array_size(trusted); i++) {
		const json_t *k = json_array_get(trusted, i);

		ctl_out(call, "%-8s %s  %s  %s\n", i == 0 ? "trusted" : "", ctl_text(k, "id"),
			ctl_text(k, "public"), ctl_text(k, "note"));
	}
	json_decref(result);
	return rc;
}

int ctl_key_rotate(struct ctl_call *call)
{
	json_t *result = NULL;
	int rc = ctl_daemon_ask(call, "key.rotate", json_object(), CTL_PUSH_TIMEOUT_S, &result);

	if (rc == 0) {
		ctl_out(call, "key      %s\npublic   %s\n", ctl_text(result, "id"),
			ctl_text(result, "public"));
	}
	json_decref(result);
	return rc;
}

int ctl_key_make(struct ctl_call *call)
{
	const char *path = call->words[0];
	struct key_secret key;
	char text[KEY_TEXT_SIZE];
	char id[KEY_ID_SIZE];
	int rc;

	if (access(path, F_OK) == 0) {
		return ctl_error(call, CONTROL_CONFLICT,
			"%s is there already: a key is never overwritten", path);
	}
	if (!key_make(&key)) {
		return ctl_error(call, CONTROL_FAILED, "there are no random octets to be had");
	}
	rc = key_secret_save(&key, path);
	key_text(&key.public, text);
	key_id(&key.public, id);
	key_secret_wipe(&key);
	if (rc != 0) {
		return ctl_error(call, rc == -EACCES ? CONTROL_NOT_PERMITTED : CONTROL_FAILED,
			"%s: %s", path, strerror(-rc));
	}
	ctl_out(call, "key      %s\npublic   %s\n", id, text);
	ctl_set(call, "id", json_string(id));
	ctl_set(call, "public", json_string(text));
	ctl_set(call, "file", ctl_json_string(path));
	return 0;
}
