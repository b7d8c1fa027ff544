/* SPDX-License-Identifier: BSD-3-Clause */
/* support: what is in the archive, and what must not be; parts that cannot be had; a page of metrics that is none. */
#include <sys/stat.h>

#include "tests/control/fake_daemon.h"

/* Names of people, numbers and accounts, wherever an answer may have them. */
static const struct fake_answer script[] = {
	{ "version", "{\"version\":\"0.1\"}", 0 },
	{ "status",
		"{\"links\":[{\"name\":\"core\",\"sessions\":[{\"account\":\"xPersonx\","
		"\"peer\":\"192.0.2.77:2775\",\"state\":\"bound\"}]}],\"messages\":17}",
		0 },
	{ "policy.history",
		"{\"generations\":[{\"generation\":3,\"author\":\"xPersonx\","
		"\"note\":\"xPersonx of 447700900777\",\"hash\":\"abcd\"}]}",
		0 },
	{ "limit.list",
		"{\"limits\":[{\"name\":\"minute\",\"live\":4,"
		"\"named\":[{\"key\":\"447700900777\",\"used\":3}]}]}",
		0 },
	{ "audit.show",
		"{\"records\":[{\"record\":5,\"verb\":\"list.change\",\"role\":\"operator\","
		"\"uid\":1777,\"login_uid\":1777,\"name\":\"xPersonx\",\"new\":\"xPersonx\","
		"\"args\":{\"note\":\"447700900777\"},\"hash\":\"beef\"}]}",
		0 },
	{ NULL, NULL, 0 },
};

static const char *const parts[] = { "version.json", "smswall.conf", "doctor.json", "daemon.json",
	"status.json", "generations.json", "limits.json", "audit.json" };
static const char *const kept[] = { "\"messages\": 17", "\"state\": \"bound\"",
	"\"hash\": \"abcd\"", "\"live\": 4", "\"used\": 3", "\"verb\": \"list.change\"",
	"\"hash\": \"beef\"" };
static const char *const gone[] = { "xPersonx", "games", "447700900777", "192.0.2.77", "1777" };

struct bench {
	struct fake_daemon daemon;
	char folder[64];
	char config[96];
	char archive[96];
	char metrics[96];
	char *octets; /* of the archive; a NUL behind them */
	size_t len;
	int fd; /* of metrics.socket */
	const char *page;
	pthread_t thread;
};

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	FILE *f;

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	b->fd = -1;
	strcpy(b->folder, "/tmp/smswall-test-support-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->folder));
	(void)snprintf(b->config, sizeof(b->config), "%s/c", b->folder);
	(void)snprintf(b->archive, sizeof(b->archive), "%s/a.tar", b->folder);
	(void)snprintf(b->metrics, sizeof(b->metrics), "%s/m", b->folder);
	f = fopen(b->config, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs("links = ({ name = \"core\"; ports = [0, 1]; mode = \"tap\"; "
	      "smpp = { ports = [2775]; }; });\n"
	      "control = { operators = \"games\"; admins = \"games\"; };\n",
		f);
	CU_ASSERT_EQUAL_FATAL(fclose(f), 0);
	fake_daemon_start(&b->daemon, script);
	return b;
}

static void bench_free(struct bench *b)
{
	fake_daemon_stop(&b->daemon);
	(void)unlink(b->config);
	(void)unlink(b->archive);
	(void)unlink(b->metrics);
	CU_ASSERT_EQUAL(rmdir(b->folder), 0);
	free(b->octets);
	free(b);
}

/* read_archive: all of it, as one text: NULs of the headers and of the padding become spaces. */
static void read_archive(struct bench *b)
{
	FILE *f = fopen(b->archive, "r");
	struct stat st;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL_FATAL(fstat(fileno(f), &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	b->len = (size_t)st.st_size;
	CU_ASSERT_EQUAL(b->len % 512, 0);
	b->octets = calloc(1, b->len + 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->octets);
	CU_ASSERT_EQUAL(fread(b->octets, 1, b->len, f), b->len);
	CU_ASSERT_EQUAL(fclose(f), 0);
	for (size_t i = 0; i < b->len; i++) {
		b->octets[i] = b->octets[i] != '\0' ? b->octets[i] : ' ';
	}
}

static void what_is_in_it(void)
{
	struct bench *b = bench_new();
	struct fake_call c;

	FAKE_CTL(&b->daemon, &c, "support", b->archive, "--config", b->config);
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_STRING_EQUAL(c.error, "");
	read_archive(b);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		fake_expect(b->octets, parts[i]);
	}
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		fake_expect(b->octets, kept[i]);
	}
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		CU_ASSERT_PTR_NULL(strstr(b->octets, gone[i]));
	}
	fake_call_free(&c);
	/* what is there already is somebody's: it stays as it is */
	FAKE_CTL(&b->daemon, &c, "support", b->archive, "--config", b->config);
	CU_ASSERT_EQUAL(c.code, CONTROL_FAILED);
	fake_expect(c.error, "File exists");
	fake_call_free(&c);
	bench_free(b);
}

static void without_a_daemon(void)
{
	struct bench *b = bench_new();
	struct fake_call c;

	FAKE_CTL(NULL, &c, "support", b->archive, "--config", b->config);
	CU_ASSERT_EQUAL(c.code, CONTROL_PARTIAL);
	read_archive(b);
	fake_expect(b->octets, "doctor.json");
	CU_ASSERT_PTR_NULL(strstr(b->octets, "status.json"));
	fake_call_free(&c);
	bench_free(b);
}

/* serve_page: one request of metrics.socket. */
static void *serve_page(void *arg)
{
	struct bench *b = arg;
	int client = accept(b->fd, NULL, NULL);
	char request[256];

	if (client >= 0) {
		(void)recv(client, request, sizeof(request), 0);
		(void)send(client, b->page, strlen(b->page), MSG_NOSIGNAL);
		close(client);
	}
	return NULL;
}

static void ask_page(struct bench *b, const char *page, struct fake_call *c)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	FILE *f = fopen(b->config, "a");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fprintf(f, "metrics = { socket = \"%s\"; };\n", b->metrics);
	CU_ASSERT_EQUAL_FATAL(fclose(f), 0);
	strcpy(address.sun_path, b->metrics);
	b->page = page;
	b->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL_FATAL(bind(b->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(b->fd, 1), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&b->thread, NULL, serve_page, b), 0);
	FAKE_CTL(&b->daemon, c, "support", b->archive, "--config", b->config);
	pthread_join(b->thread, NULL);
	close(b->fd);
	read_archive(b);
}

/* The page is what a scraper stores: without HTTP's own header; an error is no page. */
static void the_page_of_metrics(void)
{
	static const struct {
		const char *page;
		int code;
		const char *told;
	} pages[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nsmswall_up 1\n# EOF\n", 0,
			" smswall_up 1\n# EOF\n " },
		{ "HTTP/1.1 503 Service Unavailable\r\n\r\nbusy\n", CONTROL_PARTIAL, NULL },
		{ "no HTTP", CONTROL_PARTIAL, NULL },
		{ "", CONTROL_PARTIAL, NULL },
	};

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct bench *b = bench_new();
		struct fake_call c;

		ask_page(b, pages[i].page, &c);
		CU_ASSERT_EQUAL(c.code, pages[i].code);
		CU_ASSERT_EQUAL(strstr(b->octets, "metrics.txt") != NULL, pages[i].told != NULL);
		fake_expect(b->octets, pages[i].told != NULL ? pages[i].told : "audit.json");
		fake_call_free(&c);
		bench_free(b);
	}
}

UNIT_MAIN("control/ctl_support", { "what is in it", what_is_in_it },
	{ "without a daemon", without_a_daemon }, { "the page of metrics", the_page_of_metrics })
