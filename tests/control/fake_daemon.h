/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake_daemon: a double of the daemon for tests of smswallctl: a thread that answers each request by a script, and keeps
 * what was asked. Scripted answers are results, or "!CODE sentence" for a refusal; a verb that is not in
 * the script is refused with code 2, as the daemon does. One at a time in a process.
 */
#ifndef SMSWALL_TESTS_FAKE_DAEMON_H
#define SMSWALL_TESTS_FAKE_DAEMON_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/ctl.h"
#include "tests/support/unit.h"

enum { FAKE_REQUESTS_MAX = 32 };

struct fake_answer {
	const char *verb;
	const char *result;
	unsigned times; /* 0: always; else so often, then the next entry of this verb */
};

struct fake_daemon {
	int fd;
	char folder[64]; /* its own; to be removed by fake_daemon_stop() when empty */
	char path[108];
	const struct fake_answer *script; /* ends at verb == NULL */
	unsigned given[16];
	json_t *requests[FAKE_REQUESTS_MAX];
	atomic_uint n_requests;
	/* called with each request while it is answered; may be NULL */
	void (*seen)(struct fake_daemon *d, const json_t *request);
	void *arg;
	atomic_bool stop;
	pthread_t thread;
};

static inline const char *fake_find(struct fake_daemon *d, const char *verb)
{
	for (unsigned i = 0; d->script[i].verb != NULL; i++) {
		if (strcmp(d->script[i].verb, verb) == 0 &&
			(d->script[i].times == 0 || d->given[i]++ < d->script[i].times)) {
			return d->script[i].result;
		}
	}
	return "!2 there is no such verb";
}

static inline void fake_answer_one(struct fake_daemon *d, FILE *f)
{
	char *line = NULL;
	size_t size = 0;
	const char *result;
	json_t *request;

	if (getline(&line, &size, f) > 0) {
		request = json_loads(line, 0, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(request);
		result = fake_find(d, json_string_value(json_object_get(request, "verb")));
		if (d->seen != NULL) {
			d->seen(d, request);
		}
		CU_ASSERT_FATAL(d->n_requests < FAKE_REQUESTS_MAX);
		d->requests[d->n_requests++] = request;
		if (result[0] == '!') {
			fprintf(f, "{\"v\":1,\"ok\":false,\"code\":%c,\"error\":\"%s\"}\n",
				result[1], result + 3);
		} else {
			fprintf(f, "{\"v\":1,\"ok\":true,\"result\":%s}\n", result);
		}
	}
	free(line);
}

static inline void *fake_serve(void *arg)
{
	struct fake_daemon *d = arg;
	struct pollfd p = { .fd = d->fd, .events = POLLIN };

	while (!d->stop) {
		int client = poll(&p, 1, 20) == 1 ? accept(d->fd, NULL, NULL) : -1;
		FILE *f = client >= 0 ? fdopen(client, "r+") : NULL;

		if (f != NULL) {
			fake_answer_one(d, f);
			(void)fclose(f);
		}
	}
	return NULL;
}

static inline void fake_daemon_start(struct fake_daemon *d, const struct fake_answer *script)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memset(d, 0, sizeof(*d));
	d->script = script;
	strcpy(d->folder, "/tmp/smswall-test-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(d->folder));
	(void)snprintf(d->path, sizeof(d->path), "%s/s", d->folder);
	strcpy(address.sun_path, d->path);
	d->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL_FATAL(bind(d->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(d->fd, 8), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&d->thread, NULL, fake_serve, d), 0);
}

/* fake_daemon_stop: its folder must be empty by then: nothing of a call stays in it. */
static inline void fake_daemon_stop(struct fake_daemon *d)
{
	d->stop = true;
	pthread_join(d->thread, NULL);
	(void)close(d->fd);
	(void)unlink(d->path);
	CU_ASSERT_EQUAL(rmdir(d->folder), 0);
	for (unsigned i = 0; i < d->n_requests; i++) {
		json_decref(d->requests[i]);
	}
}

/* fake_args: of request `i` if it has this verb; NULL otherwise. */
static inline const json_t *fake_args(const struct fake_daemon *d, unsigned i, const char *verb)
{
	const json_t *have = i < d->n_requests ? json_object_get(d->requests[i], "verb") : NULL;

	return have != NULL && strcmp(json_string_value(have), verb) == 0
	               ? json_object_get(d->requests[i], "args")
	               : NULL;
}

/* What a call of smswallctl answers. */
struct fake_call {
	int code;
	char *text;       /* standard output, without --json */
	json_t *document; /* --json */
	char error[1024]; /* the first sentence, "" */
};

enum { FAKE_WORDS_MAX = 24 };

/*
 * fake_ctl: a command line, read by the grammar and run against `d` (may be NULL: nobody is there); ends at NULL.
 * To be given to fake_call_free().
 */
static inline void fake_ctl(
	const struct fake_daemon *d, struct fake_call *out, const char *const *words)
{
	char *argv[FAKE_WORDS_MAX + 1] = { (char *)(uintptr_t) "smswallctl" };
	struct ctl_call *call = calloc(1, sizeof(*call));
	FILE *old = stdout;
	size_t len = 0;
	int argc = 1;

	memset(out, 0, sizeof(*out));
	CU_ASSERT_PTR_NOT_NULL_FATAL(call);
	for (int i = 0; words[i] != NULL; i++) {
		CU_ASSERT_FATAL(argc < FAKE_WORDS_MAX);
		argv[argc++] = (char *)(uintptr_t)words[i];
	}
	out->code = ctl_read_arguments(call, argc, argv);
	CU_ASSERT_EQUAL_FATAL(out->code, 0);
	call->socket = d != NULL ? d->path : "/tmp/smswall-test-nobody";
	call->document = json_object();
	stdout = open_memstream(&out->text, &len);
	out->code = call->verb->run(call);
	(void)fclose(stdout);
	stdout = old;
	out->document = call->document;
	if (call->diag.n_entries != 0) {
		(void)snprintf(out->error, sizeof(out->error), "%s", call->diag.entries[0].text);
	}
	diag_clear(&call->diag);
	free(call);
}

static inline void fake_call_free(struct fake_call *c)
{
	free(c->text);
	json_decref(c->document);
}

static inline void fake_expect(const char *text, const char *part)
{
	if (strstr(text, part) == NULL) {
		fprintf(stderr, "\nmissing: %s\nin:\n%s\n", part, text);
		CU_FAIL("a part is missing");
	}
}

#define FAKE_CTL(d, out, ...) fake_ctl(d, out, (const char *const[]){ __VA_ARGS__, NULL })

#endif
