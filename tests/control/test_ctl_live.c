/* SPDX-License-Identifier: BSD-3-Clause */
/* What status, session list, session show and doctor print of a daemon's answer: a double of the daemon gives it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/config.h"
#include "control/ctl.h"
#include "control/doctor.h"
#include "control/summary.h"
#include "tests/support/unit.h"

#define SMPP_ROW                                                                                  \
	"{\"session\":7,\"link\":\"north\",\"service\":\"smpp\",\"transport\":\"tcp\",\"state\":" \
	"\"SYNCED\",\"account\":\"acme\",\"bind\":\"receiver\",\"inside\":\"10.0.0.1:2775\","     \
	"\"outside\":\"10.0.0.2:9\",\"messages\":5,\"pending_answers\":2}"
#define SIGTRAN_ROW                                                                               \
	"{\"session\":8,\"link\":\"south\",\"service\":\"sigtran\",\"transport\":\"sctp\","       \
	"\"state\":\"OPEN\",\"inside\":\"10.0.0.1:2905\",\"outside\":\"10.0.0.9:2906\","          \
	"\"inside_addresses\":[\"10.0.0.1\"],\"outside_addresses\":[\"10.0.0.9\",\"10.1.0.9\"],"  \
	"\"paths\":2,\"joined\":true,\"messages\":12,\"refused\":3,\"answers\":4,\"m3ua\":"       \
	"{\"state\":\"active\",\"asp_inside\":\"unknown\",\"asp_outside\":\"active\",\"notify\":" \
	"\"AS-ACTIVE\",\"error\":null,\"traffic_mode\":\"loadshare\",\"counts\":{\"duna\":0,"     \
	"\"scon\":6,\"beat\":13}},\"from_outside\":{\"state\":\"SYNCED\",\"held_frames\":1,"      \
	"\"waiting_octets\":20,\"journal_octets\":512}}"

static const char sessions[] =
	"{\"sessions\":[" SMPP_ROW "," SIGTRAN_ROW "],\"complete\":true,\"more\":false}";
static const char session[] = "{\"sessions\":[" SIGTRAN_ROW "],\"complete\":true,\"more\":false}";

/* Link north has seen MT and no SRI, link south nothing. */
static const char report[] =
	"{\"counters\":{\"associations_opened\":3,\"associations_closed\":1,\"sctp_messages\":40,"
	"\"tcap_messages\":0,\"components\":9},\"links\":[{\"name\":\"north\",\"mode\":\"enforce\","
	"\"signalling\":{\"seen\":[\"mobile terminated messages\"],\"checks\":{\"smsc_gt\":"
	"{\"action\":\"report\",\"found\":3,\"blind\":[],\"unset\":null},\"mt_without_sri\":"
	"{\"action\":\"refuse\",\"found\":0,\"blind\":[\"sendRoutingInfoForSM\",\"answers\"],"
	"\"unset\":null},\"mo_outside\":{\"action\":\"report\",\"found\":0,\"blind\":[],\"unset\":"
	"\"home_gt\"},\"ber\":{\"action\":\"off\",\"found\":0,\"blind\":[],\"unset\":null}}}},"
	"{\"name\":\"south\",\"mode\":\"tap\",\"signalling\":{\"seen\":[],\"checks\":{}}}],"
	"\"workers\":[{\"worker\":0,\"flows\":4,\"held_frames\":2,\"associations\":2,\"dialogues\":5,"
	"\"sctp_blocks_used\":6,\"segments_held\":7,\"signalling\":{\"told\":100,\"forgotten\":8,"
	"\"senders_forgotten\":9}}],\"sessions\":{\"sessions\":1,\"associations\":2,\"half_open\":1,"
	"\"joined\":1,\"m3ua\":{\"unknown\":0,\"down\":0,\"inactive\":1,\"active\":4}}}";

struct daemon {
	int fd;
	const char *result;
};

/* One connection, one request, one answer. */
static void *serve(void *arg)
{
	struct daemon *d = arg;
	int client = accept(d->fd, NULL, NULL);
	char request[256];
	FILE *f = fdopen(client, "r+");

	if (f != NULL) {
		if (fgets(request, sizeof(request), f) != NULL) {
			fprintf(f, "{\"v\":1,\"ok\":true,\"result\":%s}\n", d->result);
		}
		(void)fclose(f);
	}
	return NULL;
}

/* answer_of: what a verb prints where the daemon answers `result`; to be freed. */
static char *answer_of(int (*verb)(struct ctl_call *), const char *word, const char *result)
{
	struct daemon d = { socket(AF_UNIX, SOCK_STREAM, 0), result };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ctl_call *call = calloc(1, sizeof(*call));
	FILE *old = stdout;
	char *text = NULL;
	size_t len = 0;
	pthread_t thread;

	CU_ASSERT_PTR_NOT_NULL_FATAL(call);
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/smswall-test-live-%ld",
		(long)getpid());
	(void)unlink(address.sun_path);
	CU_ASSERT_EQUAL_FATAL(bind(d.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(d.fd, 1), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, serve, &d), 0);
	call->socket = address.sun_path;
	call->document = json_object();
	call->words[0] = word;
	call->n_words = word != NULL ? 1 : 0;
	stdout = open_memstream(&text, &len);
	CU_ASSERT_EQUAL(verb(call), 0);
	(void)fclose(stdout);
	stdout = old;
	pthread_join(thread, NULL);
	json_decref(call->document);
	diag_clear(&call->diag);
	free(call);
	(void)close(d.fd);
	(void)unlink(address.sun_path);
	return text;
}

static void expect(const char *text, const char *part)
{
	if (strstr(text, part) == NULL) {
		fprintf(stderr, "\nmissing: %s\nin:\n%s\n", part, text);
		CU_FAIL("a part is missing");
	}
}

static void expect_none(const char *text, const char *part)
{
	if (strstr(text, part) != NULL) {
		fprintf(stderr, "\nunexpected: %s\nin:\n%s\n", part, text);
		CU_FAIL("a part is too much");
	}
}

static void session_list_has_both(void)
{
	char *text = answer_of(ctl_session_list, NULL, sessions);

	expect(text, "smpp     SYNCED  acme             receiver     10.0.0.2:9 ");
	expect(text, "sigtran  OPEN    -                active       10.0.0.9:2906+1 ");
	expect(text, " 10.0.0.1:2905 ");
	free(text);
}

static void session_show_tells_an_association(void)
{
	char *text = answer_of(ctl_session_show, "8", session);

	expect(text, "OPEN, 2 paths, joined in the middle\n");
	expect(text, "outside also 10.1.0.9\n");
	expect_none(text, "inside also 10.0.0.1");
	expect(text, "active; ASP inside unknown, outside active; traffic mode loadshare\n");
	expect(text, "last NTFY AS-ACTIVE, last error -\n");
	expect(text, "counts         scon 6, beat 13\n");
	expect(text, "12, of which 3 refused; 4 answers\n");
	expect(text, "1 frames held, 20 octets without a verdict, 512 octets of journal\n");
	expect_none(text, "duna");
	expect_none(text, "ESME");
	free(text);
}

static void status_tells_sigtran(void)
{
	char *text = answer_of(ctl_status, NULL, report);

	expect(text, "2 associations, 6 journal blocks, 5 TCAP dialogues, 7 SCCP segments held\n");
	expect(text,
		"2 SCTP associations, of which 1 half-open and 1 joined in the middle; M3UA: 4 "
		"active, 1 inactive\n");
	expect(text, "\nSIGNALLING CHECKS, found\n  north\n");
	expect(text, "smsc_gt                           3  report\n");
	expect(text, "refuse; BLIND, never seen: sendRoutingInfoForSM, answers\n");
	expect(text, "report; finds nothing without signalling.home_gt\n");
	expect(text, "south: no MAP was seen, every check is blind\n");
	expect(text, "100 IMSIs remembered; FORGOTTEN before their time: 8, and 9 senders");
	expect_none(text, "    ber "); /* it is off */
	expect(text, "\nSIGTRAN\n  associations_opened                 3  ");
	expect(text, "  sctp_messages                      40  ");
	expect_none(text, "tcap_messages"); /* 0 */
	free(text);
}

/* Without SCTP an operator of SMPP reads nothing of it. */
static void status_without_sctp(void)
{
	char *text = answer_of(ctl_status, NULL,
		"{\"counters\":{\"messages\":3},\"links\":[{\"name\":\"north\",\"signalling\":"
		"{\"seen\":[],\"checks\":{}}}],\"workers\":[{\"worker\":0}],\"sessions\":"
		"{\"sessions\":1}}");

	expect(text, "SESSIONS\n  1, of which");
	expect_none(text, "SIGTRAN");
	expect_none(text, "SIGNALLING");
	expect_none(text, "ssociation");
	free(text);
}

/* finding: the text of finding i, or "". */
static const char *finding(const struct doctor *d, size_t i, const char *level)
{
	const json_t *f = json_array_get(d->findings, i);
	const char *have = json_string_value(json_object_get(f, "level"));

	CU_ASSERT_PTR_NOT_NULL_FATAL(have);
	CU_ASSERT_STRING_EQUAL(have, level);
	return json_string_value(json_object_get(f, "text"));
}

/* A check that is on without its key: a warning where the link has other keys of SIGTRAN, else a note. */
static void doctor_knows_missing_keys(void)
{
	struct doctor d = { .findings = json_array() };
	struct config *c = calloc(1, sizeof(*c));
	struct link_config *l;

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	config_defaults(c);
	c->pipeline.n_links = 2;
	l = c->pipeline.links;
	strcpy(l[0].name, "smpp");
	strcpy(l[1].name, "stp");
	l[1].signalling.n_home_msisdn = 1;
	doctor_signalling_keys(&d, &c->pipeline);
	CU_ASSERT_EQUAL_FATAL(json_array_size(d.findings), 4);
	CU_ASSERT_STRING_EQUAL(finding(&d, 0, "note"),
		"link smpp: mo_outside is on and finds nothing without signalling.home_msisdn");
	CU_ASSERT_STRING_EQUAL(finding(&d, 1, "note"),
		"link smpp: opcode is on and finds nothing without signalling.operations");
	CU_ASSERT_STRING_EQUAL(finding(&d, 2, "warning"),
		"link stp: mo_outside is on and finds nothing without signalling.home_gt");
	l[1].signalling.n_operations = 1;
	l[1].signalling.action[SIGNALLING_MO_OUTSIDE] = SIGNALLING_OFF;
	c->pipeline.links[0] = c->pipeline.links[1];
	doctor_signalling_keys(&d, &c->pipeline);
	CU_ASSERT_EQUAL(json_array_size(d.findings), 4);
	json_decref(d.findings);
	free(c);
}

static void doctor_knows_blind_checks(void)
{
	struct doctor d = { .findings = json_array() };
	json_t *r = json_loads(report, 0, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	doctor_signalling_seen(&d, r);
	CU_ASSERT_EQUAL_FATAL(json_array_size(d.findings), 2);
	CU_ASSERT_STRING_EQUAL(finding(&d, 0, "warning"),
		"link north: mt_without_sri is blind: never seen since the daemon's start: "
		"sendRoutingInfoForSM, answers");
	expect(finding(&d, 1, "note"), "link south: no MAP was seen");
	json_object_set_new(json_object_get(r, "counters"), "associations_opened", json_integer(0));
	doctor_signalling_seen(&d, r);
	CU_ASSERT_EQUAL(json_array_size(d.findings), 2); /* no SCTP: nothing is said */
	json_decref(r);
	json_decref(d.findings);
}

/* What people read of the ledger: what waits, where anything does, and that it does not add up. */
static void ledger_for_people(void)
{
	static const char *const sides[][2] = {
		{ "[{\"from\":\"inside\",\"forwarded\":106,\"accounted\":70,\"waiting\":36,\"balanced\":true},"
		  "{\"from\":\"outside\",\"forwarded\":1,\"accounted\":0,\"waiting\":0,\"balanced\":false}]",
			"36          0  of open connections" },
		{ "[{\"from\":\"inside\",\"forwarded\":70,\"accounted\":70,\"waiting\":0,\"balanced\":true},"
		  "{\"from\":\"outside\",\"forwarded\":0,\"accounted\":0,\"waiting\":0,\"balanced\":true}]",
			NULL },
	};

	for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
		json_t *told = json_pack("{s:o}", "ledger", json_loads(sides[i][0], 0, NULL));
		char *text = NULL;
		size_t len = 0;
		FILE *f = open_memstream(&text, &len);

		CU_ASSERT_PTR_NOT_NULL_FATAL(told);
		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		summary_ledger(told, f);
		CU_ASSERT_EQUAL_FATAL(fclose(f), 0);
		CU_ASSERT_EQUAL(strstr(text, "  waiting ") != NULL, sides[i][1] != NULL);
		CU_ASSERT_EQUAL(
			strstr(text, "THE LEDGER DOES NOT ADD UP") != NULL, sides[i][1] != NULL);
		CU_ASSERT_EQUAL(strstr(text, "all accounted for") != NULL, sides[i][1] == NULL);
		if (sides[i][1] != NULL) {
			CU_ASSERT_PTR_NOT_NULL(strstr(text, sides[i][1]));
		}
		free(text);
		json_decref(told);
	}
}

UNIT_MAIN("control/ctl_live",
	{ "session list has sessions and associations", session_list_has_both },
	{ "session show of an association", session_show_tells_an_association },
	{ "status tells of SIGTRAN", status_tells_sigtran },
	{ "status without SCTP", status_without_sctp },
	{ "doctor: missing keys", doctor_knows_missing_keys },
	{ "doctor: blind checks", doctor_knows_blind_checks },
	{ "the ledger for people", ledger_for_people })
