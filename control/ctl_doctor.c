/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl doctor, version */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <hs/hs.h>
#include <pcap/pcap.h>

#include "control/ctl_client.h"
#include "control/ctl_policy.h"
#include "control/doctor.h"
#include "control/replay_process.h"
#include "control/version.h"

const char *doctor_level_name(enum doctor_level level)
{
	static const char *const names[] = { "ok", "note", "warning", "error" };

	return names[level];
}

void doctor_say(struct doctor *d, enum doctor_level level, const char *what, const char *fix,
	const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	d->n[level]++;
	json_array_append_new(d->findings,
		json_pack("{s:o, s:s, s:o, s:s?}", "what", ctl_json_string(what), "level",
			doctor_level_name(level), "text", ctl_json_string(text), "fix", fix));
}

const char *doctor_read(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "re");

	out[0] = '\0';
	if (f != NULL) {
		if (fgets(out, (int)size, f) == NULL) {
			out[0] = '\0';
		}
		(void)fclose(f);
	}
	out[strcspn(out, "\n")] = '\0';
	return out;
}

static void look_at_daemon(struct doctor *d)
{
	char program[512];

	(void)replay_program(program, sizeof(program));
	if (strchr(program, '/') != NULL) {
		doctor_say(d, DOCTOR_OK, "smswalld", NULL, "%s", program);
	} else {
		doctor_say(d, DOCTOR_WARNING, "smswalld",
			"put smswalld and smswallctl into one folder",
			"does not stand beside smswallctl: replay looks for it in PATH");
	}
}

/* look_at_socket: true: a daemon answers. */
static bool look_at_socket(struct doctor *d, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answers = false;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		answers = true;
		doctor_say(d, DOCTOR_OK, "socket", NULL, "a daemon answers at %s", path);
	} else if (errno == EACCES || errno == EPERM) {
		doctor_say(d, DOCTOR_WARNING, "socket",
			"be root, the daemon's user, or in the socket's group", "%s: not permitted",
			path);
	} else {
		doctor_say(d, DOCTOR_NOTE, "socket", "systemctl start smswalld",
			"no daemon runs at %s", path);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return answers;
}

static void ask_daemon(struct doctor *d, struct ctl_call *call)
{
	json_t *report;

	if (ctl_client_request(call, "counters", NULL, &report) == 0) {
		doctor_signalling_seen(d, report);
		json_decref(report);
	} else {
		doctor_say(d, DOCTOR_WARNING, "signalling", NULL,
			"the daemon did not say which signalling checks are blind");
	}
}

static void look_at_state(struct doctor *d, const char *path)
{
	char fix[512];

	if (access(path, W_OK | X_OK) == 0) {
		doctor_say(d, DOCTOR_OK, "state", NULL, "%s may be written to", path);
	} else {
		bool missing = errno == ENOENT;

		(void)snprintf(fix, sizeof(fix), "%s %s",
			missing ? "install -d -m 0750" : "chown $USER", path);
		doctor_say(d, missing ? DOCTOR_NOTE : DOCTOR_WARNING, "state", fix,
			"%s: %s: panic and the key of pseudonyms would not outlive a restart", path,
			missing ? "is not there yet" : "may not be written to");
	}
}

static void print(const struct doctor *d)
{
	for (size_t i = 0; i < json_array_size(d->findings); i++) {
		const json_t *f = json_array_get(d->findings, i);
		const char *fix = json_string_value(json_object_get(f, "fix"));

		printf("%-8s %-10s %s\n", json_string_value(json_object_get(f, "level")),
			json_string_value(json_object_get(f, "what")),
			json_string_value(json_object_get(f, "text")));
		if (fix != NULL) {
			printf("%-8s %-10s   mend: %s\n", "", "", fix);
		}
	}
}

int ctl_doctor(struct ctl_call *call)
{
	struct doctor d = { .findings = json_array() };
	struct config *c;
	char socket_path[108];
	int rc = ctl_config_load(call, &c);

	rc = rc == 0 ? ctl_socket_path(call, socket_path, sizeof(socket_path)) : rc;
	if (rc == 0) {
		look_at_daemon(&d);
		doctor_processor(&d);
		doctor_memory(&d);
		doctor_clock(&d);
		doctor_devices(&d);
		doctor_signalling_keys(&d, &c->pipeline);
		if (look_at_socket(&d, socket_path)) {
			ask_daemon(&d, call);
		}
		look_at_state(&d, c->state_dir);
		for (unsigned i = 0; i < call->n_values; i++) {
			if (strcmp(call->values[i].option->name, "iface") == 0) {
				doctor_interface(&d, call->values[i].value);
			}
		}
		if (!call->json) {
			print(&d);
		}
		rc = d.n[DOCTOR_ERROR] == 0
		             ? 0
		             : ctl_error(call, CONTROL_FAILED,
				       "%u finding%s must be mended before the filter can run",
				       d.n[DOCTOR_ERROR], d.n[DOCTOR_ERROR] == 1 ? "" : "s");
	}
	ctl_set(call, "findings", d.findings);
	free(c);
	return rc;
}

int ctl_version(struct ctl_call *call)
{
	ctl_out(call, "smswallctl %s\nHyperscan %s\n%s\njansson %s\n", SMSWALL_VERSION,
		hs_version(), pcap_lib_version(), jansson_version_str());
	ctl_set(call, "version", json_string(SMSWALL_VERSION));
	ctl_set(call, "hyperscan", json_string(hs_version()));
	ctl_set(call, "libpcap", json_string(pcap_lib_version()));
	ctl_set(call, "jansson", json_string(jansson_version_str()));
	return 0;
}
