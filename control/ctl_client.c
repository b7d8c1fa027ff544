/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ctl_client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control/ctl_policy.h"

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int ctl_socket_path(struct ctl_call *call, char *out, size_t size)
{
	struct config *c = NULL;
	int rc = 0;

	if (call->socket != NULL) {
		(void)snprintf(out, size, "%s", call->socket);
		return strlen(call->socket) < size
		               ? 0
		               : ctl_error(call, CONTROL_USAGE,
					 "--socket: longer than a socket's name can be");
	}
	rc = ctl_config_load(call, &c);
	if (rc == 0) {
		(void)snprintf(out, size, "%s", c->socket_path);
	}
	free(c);
	return rc;
}

static int open_socket(struct ctl_call *call, struct ctl_client *c)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int rc = ctl_socket_path(call, address.sun_path, sizeof(address.sun_path));

	if (rc != 0) {
		return rc;
	}
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd >= 0 && connect(c->fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		return 0;
	}
	switch (errno) {
	case EACCES:
	case EPERM:
		return ctl_error(call, CONTROL_NOT_PERMITTED,
			"%s: not permitted: be root, the daemon's user, or in the socket's group",
			address.sun_path);
	case ENOENT:
		return ctl_error(call, CONTROL_NO_DAEMON,
			"no daemon: there is no socket %s (another place: --socket PATH)",
			address.sun_path);
	case ECONNREFUSED:
		return ctl_error(
			call, CONTROL_NO_DAEMON, "no daemon listens at %s", address.sun_path);
	default:
		return ctl_error(call, CONTROL_NO_DAEMON, "the daemon at %s cannot be reached: %s",
			address.sun_path, strerror(errno));
	}
}

/* await: until `events`, or the deadline. */
static int await(struct ctl_call *call, struct ctl_client *c, short events)
{
	struct pollfd fd = { .fd = c->fd, .events = events };
	int n;

	do {
		int64_t left = c->deadline_ms != 0 ? c->deadline_ms - now_ms() : -1;

		if (c->deadline_ms != 0 && left <= 0) {
			c->ended_quietly = c->quiet_end;
			return c->quiet_end ? 0
			                    : ctl_error(call, CONTROL_TIMEOUT,
						      "the daemon did not answer in time");
		}
		n = poll(&fd, 1, left < 0 ? -1 : left > 60000 ? 60000 : (int)left);
	} while (n == 0 || (n < 0 && errno == EINTR));
	return n > 0 ? 0 : ctl_error(call, CONTROL_FAILED, "poll: %s", strerror(errno));
}

static int send_all(struct ctl_call *call, struct ctl_client *c, const char *text, size_t len)
{
	while (len != 0) {
		ssize_t n;
		int rc = await(call, c, POLLOUT);

		if (rc != 0) {
			return rc;
		}
		n = send(c->fd, text, len, MSG_NOSIGNAL);
		if (n < 0) {
			return ctl_error(
				call, CONTROL_NO_DAEMON, "the daemon hung up: %s", strerror(errno));
		}
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static int receive(struct ctl_call *call, struct ctl_client *c, bool *end)
{
	ssize_t n;
	int rc;

	if (c->size - c->len < 65536) {
		size_t size = c->size == 0 ? 1 << 18 : 2 * c->size;
		char *larger = size <= CTL_ANSWER_MAX ? realloc(c->buffer, size) : NULL;

		if (larger == NULL) {
			return ctl_error(
				call, CONTROL_FAILED, "the answer is larger than can be kept");
		}
		c->buffer = larger;
		c->size = size;
	}
	rc = await(call, c, POLLIN);
	if (rc != 0 || c->ended_quietly) {
		*end = true;
		return rc;
	}
	n = recv(c->fd, c->buffer + c->len, c->size - c->len, 0);
	if (n < 0) {
		return ctl_error(
			call, CONTROL_NO_DAEMON, "the daemon hung up: %s", strerror(errno));
	}
	c->len += (size_t)n;
	*end = n == 0;
	return 0;
}

const char *ctl_client_line(struct ctl_call *call, struct ctl_client *c, int *rc)
{
	bool end = false;

	c->len -= c->taken;
	if (c->len != 0) {
		memmove(c->buffer, c->buffer + c->taken, c->len);
	}
	c->taken = 0;
	*rc = 0;
	for (size_t seen = 0;;) {
		char *nl = c->len > seen ? memchr(c->buffer + seen, '\n', c->len - seen) : NULL;

		if (nl != NULL) {
			*nl = '\0';
			c->taken = (size_t)(nl - c->buffer) + 1;
			return c->buffer;
		}
		seen = c->len;
		*rc = receive(call, c, &end);
		if (*rc != 0 || end) {
			return NULL;
		}
	}
}

/* unpack: {"v":1,"ok":true,"result":{}} or {"v":1,"ok":false,"code":N,"error":"sentence"}. */
static int unpack(struct ctl_call *call, const char *line, json_t **result)
{
	json_error_t error;
	json_t *answer = json_loads(line, 0, &error);
	int rc = 0;

	*result = NULL;
	if (!json_is_object(answer)) {
		rc = ctl_error(
			call, CONTROL_FAILED, "the daemon's answer cannot be read: %s", error.text);
	} else if (json_is_true(json_object_get(answer, "ok"))) {
		*result = json_incref(json_object_get(answer, "result"));
	} else {
		const char *text = json_string_value(json_object_get(answer, "error"));
		json_int_t code = json_integer_value(json_object_get(answer, "code"));

		rc = ctl_error(call,
			code > 0 && code <= CONTROL_PARTIAL ? (int)code : CONTROL_FAILED, "%s",
			text != NULL ? text : "the daemon refused without a reason");
	}
	json_decref(answer);
	return rc;
}

int ctl_client_ask(struct ctl_call *call, struct ctl_client *c, const char *verb, json_t *args,
	json_t **result)
{
	json_t *request = json_pack("{s:i, s:s, s:o}", "v", 1, "verb", verb, "args",
		args != NULL ? args : json_object());
	char *text = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
	const char *line;
	int rc;

	*result = NULL;
	*c = (struct ctl_client){ .fd = -1 };
	json_decref(request);
	if (text == NULL) {
		return ctl_error(call, CONTROL_USAGE, "the request is not UTF-8");
	}
	c->deadline_ms =
		now_ms() + 1000 * (int64_t)(call->timeout_s != 0 ? call->timeout_s : CTL_TIMEOUT_S);
	rc = open_socket(call, c);
	rc = rc == 0 ? send_all(call, c, text, strlen(text)) : rc;
	rc = rc == 0 ? send_all(call, c, "\n", 1) : rc;
	free(text);
	if (rc == 0) {
		line = ctl_client_line(call, c, &rc);
		if (line != NULL) {
			rc = unpack(call, line, result);
		} else if (rc == 0) {
			rc = ctl_error(
				call, CONTROL_NO_DAEMON, "the daemon hung up without an answer");
		}
	}
	return rc;
}

void ctl_client_close(struct ctl_client *c)
{
	if (c->fd >= 0) {
		(void)close(c->fd);
	}
	free(c->buffer);
	*c = (struct ctl_client){ .fd = -1 };
}

int ctl_client_request(struct ctl_call *call, const char *verb, json_t *args, json_t **result)
{
	struct ctl_client client;
	int rc = ctl_client_ask(call, &client, verb, args, result);

	ctl_client_close(&client);
	return rc;
}
