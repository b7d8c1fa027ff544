/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * smswallctl support: one archive of what a person who helps from afar needs: figures and settings, no
 * text, no number, no name of a person. What it takes is named here, part by part.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "control/ctl_client.h"
#include "control/ctl_policy.h"
#include "control/doctor.h"
#include "control/tar.h"
#include "control/version.h"

enum { DEPTH_MAX = 16, METRICS_TIMEOUT_S = 10, METRICS_MAX = 16 << 20 };

struct support {
	struct ctl_call *call;
	FILE *to;
	json_t *parts; /* what is in the archive */
	uint64_t time_s;
	unsigned n_missing;
	bool failed; /* the file cannot be written */
};

/* Members that may name a person, or be a number or an entry of a list. */
static const char *const personal[] = { "args", "uid", "user", "author", "by", "note", "account",
	"entry", "entries", "key", "keys", "peer" };

/* What is told of a record of the audit log: when, what kind of change, and the chain. */
static const char *const of_audit[] = { "record", "time", "verb", "role", "code", "before", "after",
	"hash", "previous" };

static bool is_in(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0) {
			return true;
		}
	}
	return false;
}

/* strip: without personal members, at any depth. */
static void strip(json_t *value, unsigned depth) /* NOLINT(misc-no-recursion): DEPTH_MAX */
{
	json_t *member;
	void *next;
	const char *key;
	size_t i;

	if (depth == DEPTH_MAX) {
		(void)json_object_clear(value);
		(void)json_array_clear(value);
		return;
	}
	json_object_foreach_safe(value, next, key, member)
	{
		if (is_in(personal, sizeof(personal) / sizeof(personal[0]), key)) {
			(void)json_object_del(value, key);
		} else {
			strip(member, depth + 1);
		}
	}
	json_array_foreach(value, i, member)
	{
		strip(member, depth + 1);
	}
}

/* strip_audit: the heads of the records, and nothing that is not known to be harmless. */
static void strip_audit(json_t *result)
{
	json_t *record;
	json_t *member;
	void *next;
	const char *key;
	size_t i;

	json_array_foreach(json_object_get(result, "records"), i, record)
	{
		json_object_foreach_safe(record, next, key, member)
		{
			if (!is_in(of_audit, sizeof(of_audit) / sizeof(of_audit[0]), key)) {
				(void)json_object_del(record, key);
			}
		}
	}
}

static void put(struct support *s, const char *name, const char *text, size_t len)
{
	if (!tar_put(s->to, name, bytes_of(text, len), s->time_s)) {
		s->failed = true;
	}
	json_array_append_new(s->parts, json_string(name));
}

static void put_json(struct support *s, const char *name, const json_t *value)
{
	char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY);

	put(s, name, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
	free(text);
}

/* ask: the answer of the daemon to one verb; why there is none is told and counted. */
static void ask(struct support *s, const char *name, const char *verb)
{
	json_t *result = NULL;

	if (ctl_client_request(s->call, verb, json_object(), &result) != 0) {
		s->n_missing++;
		return;
	}
	if (strcmp(verb, "audit.show") == 0) {
		strip_audit(result);
	}
	strip(result, 0);
	put_json(s, name, result);
	json_decref(result);
}

/* put_config: the canonical form, without the names of people. */
static void put_config(struct support *s, const struct config *config)
{
	struct config *c = malloc(sizeof(*c));
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (c != NULL && f != NULL) {
		*c = *config;
		c->operators[0] = c->authors[0] = c->admins[0] = '\0';
		config_print(c, f);
	}
	if (f != NULL && fclose(f) == 0 && len != 0) {
		put(s, "smswall.conf", text, len);
	} else {
		s->n_missing++;
	}
	free(text);
	free(c);
}

static void put_doctor(struct support *s, const struct config *c)
{
	struct doctor d = { .findings = json_array() };

	doctor_processor(&d);
	doctor_memory(&d);
	doctor_clock(&d);
	doctor_devices(&d);
	doctor_signalling_keys(&d, &c->pipeline);
	put_json(s, "doctor.json", d.findings);
	json_decref(d.findings);
}

static void put_version(struct support *s)
{
	struct utsname u;
	json_t *version;

	if (uname(&u) != 0) {
		memset(&u, 0, sizeof(u));
	}
	/* the machine's name is not told */
	version = json_pack("{s:s, s:s, s:s, s:s}", "smswallctl", SMSWALL_VERSION, "system",
		u.sysname, "release", u.release, "machine", u.machine);
	put_json(s, "version.json", version);
	json_decref(version);
}

static int connect_metrics(const char *path)
{
	const struct timeval timeout = { METRICS_TIMEOUT_S, 0 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 &&
		(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0 ||
			connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* page_of: the page behind HTTP's header (RFC 9112 2.1, 4); NULL: it is none, or an error. */
static const char *page_of(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n");
	bool good = strncmp(answer, "HTTP/1.0 200", 12) == 0 ||
	            strncmp(answer, "HTTP/1.1 200", 12) == 0;

	return good && end != NULL && end[4] != '\0' ? end + 4 : NULL;
}

/* put_metrics: the page of metrics.socket, if there is one, as a scraper stores it. */
static void put_metrics(struct support *s, const struct config *c)
{
	static const char request[] = "GET /metrics HTTP/1.0\r\n\r\n";
	int fd = c->metrics_socket[0] != '\0' ? connect_metrics(c->metrics_socket) : -1;
	char *page = fd >= 0 ? malloc(METRICS_MAX + 1) : NULL;
	const char *text = NULL;
	size_t len = 0;
	ssize_t n = -1;

	if (page != NULL && send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0) {
		while (len < METRICS_MAX && (n = recv(fd, page + len, METRICS_MAX - len, 0)) > 0) {
			len += (size_t)n;
		}
		page[len] = '\0';
		text = n == 0 ? page_of(page) : NULL; /* a page that was cut is none */
	}
	if (text != NULL) {
		put(s, "metrics.txt", text, len - (size_t)(text - page));
	} else if (c->metrics_socket[0] != '\0') {
		s->n_missing++;
	}
	free(page);
	if (fd >= 0) {
		close(fd);
	}
}

static void gather(struct support *s, const struct config *c)
{
	put_version(s);
	put_config(s, c);
	put_doctor(s, c);
	ask(s, "daemon.json", "version");
	ask(s, "status.json", "status");
	ask(s, "generations.json", "policy.history");
	ask(s, "limits.json", "limit.list");
	ask(s, "audit.json", "audit.show");
	put_metrics(s, c);
}

static int tell(struct support *s, const char *path)
{
	struct ctl_call *call = s->call;

	ctl_set(call, "file", ctl_json_string(path));
	ctl_set(call, "parts", json_incref(s->parts));
	ctl_out(call, "%s: %zu parts\n", path, json_array_size(s->parts));
	if (s->n_missing != 0) {
		return ctl_error(call, CONTROL_PARTIAL, "%s: %u part%s could not be had", path,
			s->n_missing, s->n_missing == 1 ? "" : "s");
	}
	return 0;
}

int ctl_support(struct ctl_call *call)
{
	struct support s = { .call = call, .time_s = (uint64_t)time(NULL) };
	const char *path = call->words[0];
	struct config *c = NULL;
	int rc = ctl_config_load(call, &c);
	int fd;

	if (rc != 0) {
		free(c);
		return rc;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	s.to = fd >= 0 ? fdopen(fd, "wb") : NULL;
	if (s.to == NULL) {
		rc = ctl_error(call, CONTROL_FAILED, "%s: %s", path, strerror(errno));
		if (fd >= 0) {
			close(fd);
		}
		free(c);
		return rc;
	}
	s.parts = json_array();
	gather(&s, c);
	s.failed = !tar_end(s.to) || s.failed;
	s.failed = fclose(s.to) != 0 || s.failed;
	if (s.failed) {
		(void)unlink(path);
		rc = ctl_error(call, CONTROL_FAILED, "%s: cannot be written", path);
	} else {
		rc = tell(&s, path);
	}
	json_decref(s.parts);
	free(c);
	return rc;
}
