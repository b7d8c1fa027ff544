/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sigtran_peer: one SCTP association of libusrsctp between two pipes, for the live tests: the stack of its own that a
 * kernel without SCTP lacks. sigtran_node.py starts it and speaks M3UA and MAP through it.
 *
 * Usage: sigtran_peer listen|connect --local ADDRESS[,ADDRESS] --port PORT [--peer ADDRESS[,ADDRESS] --peer-port PORT]
 *                     [--maxseg OCTETS] [--mtu OCTETS] [--streams N] [--rto MIN_MS:MAX_MS] [--heartbeat MS] [--nodelay]
 * Standard input and output carry messages: length (4 octets), stream (2), flags (2), PPID (4), all big-endian, then
 * the message. Flags: 1 unordered; 2 (output only) an event of the association, one word: "up", "lost", "restart",
 * "shutdown", "unreachable", "available". At the end of input the association is shut down, and the program
 * ends with 0; when the association is lost before, with 1.
 *
 * Threads: the main one reads input and sends; those of the library write output under a lock.
 * Bounds: messages of MESSAGE_MAX octets, ADDRESSES_MAX addresses.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <usrsctp.h>

enum {
	MESSAGE_MAX = 65536,
	HEADER_LEN = 12,
	ADDRESSES_MAX = 4,
	FLAG_UNORDERED = 1,
	FLAG_EVENT = 2,
	SHUTDOWN_S = 5
};

struct addresses {
	struct sockaddr_storage at[ADDRESSES_MAX];
	unsigned n;
};

struct options {
	bool listens, nodelay;
	uint16_t port, peer_port;
	const char *local, *peer;
	uint32_t maxseg, mtu, heartbeat_ms, rto_min_ms, rto_max_ms;
	uint16_t streams;
};

/* Shared by the library's threads and the main one, under `lock`. */
struct output {
	pthread_mutex_t lock;
	pthread_cond_t ended_or_not;
	bool ended, shut_down;
	size_t len; /* of a message that has not come whole yet */
	uint8_t message[MESSAGE_MAX];
};

static struct output output = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.ended_or_not = PTHREAD_COND_INITIALIZER };

static void fail(const char *what)
{
	fprintf(stderr, "sigtran_peer: %s: %s\n", what, strerror(errno));
	exit(1);
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
}

static void write_all(const uint8_t *octets, size_t len)
{
	while (len > 0) {
		const ssize_t n = write(STDOUT_FILENO, octets, len);

		if (n <= 0) {
			_exit(1); /* whoever started this has gone */
		}
		octets += n;
		len -= (size_t)n;
	}
}

static void put(uint16_t stream, uint16_t flags, uint32_t ppid, const void *octets, size_t len)
{
	const uint8_t header[HEADER_LEN] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16),
		(uint8_t)(len >> 8), (uint8_t)len, (uint8_t)(stream >> 8), (uint8_t)stream,
		(uint8_t)(flags >> 8), (uint8_t)flags, (uint8_t)(ppid >> 24), (uint8_t)(ppid >> 16),
		(uint8_t)(ppid >> 8), (uint8_t)ppid };

	write_all(header, sizeof(header));
	write_all(octets, len);
}

static void put_event(const char *word)
{
	put(0, FLAG_EVENT, 0, word, strlen(word));
}

/* RFC 6458 6.1: what the stack says of the association. */
static void take_notification(const void *data, size_t len)
{
	const union sctp_notification *n = data;

	if (len < sizeof(n->sn_header)) {
		return;
	}
	if (n->sn_header.sn_type == SCTP_PEER_ADDR_CHANGE) {
		put_event(n->sn_paddr_change.spc_state == SCTP_ADDR_UNREACHABLE ? "unreachable"
										: "available");
		return;
	}
	if (n->sn_header.sn_type != SCTP_ASSOC_CHANGE) {
		return;
	}
	switch (n->sn_assoc_change.sac_state) {
	case SCTP_COMM_UP:
		put_event("up");
		return;
	case SCTP_RESTART:
		put_event("restart");
		return;
	case SCTP_SHUTDOWN_COMP:
		put_event("shutdown");
		output.shut_down = true;
		break;
	default:
		put_event("lost");
		break;
	}
	output.ended = true;
	pthread_cond_broadcast(&output.ended_or_not);
}

static void take_data(const void *data, size_t len, const struct sctp_rcvinfo *info, int flags)
{
	if (len > MESSAGE_MAX - output.len) {
		put_event("too_long");
		output.len = 0;
		return;
	}
	memcpy(output.message + output.len, data, len);
	output.len += len;
	if ((flags & MSG_EOR) == 0) {
		return;
	}
	put(info->rcv_sid, (info->rcv_flags & SCTP_UNORDERED) != 0 ? FLAG_UNORDERED : 0,
		ntohl(info->rcv_ppid), output.message, output.len);
	output.len = 0;
}

static int on_receive(struct socket *s, union sctp_sockstore from, void *data, size_t len,
	struct sctp_rcvinfo info, int flags, void *mine)
{
	(void)s;
	(void)from;
	(void)mine;
	if (data == NULL) {
		return 1;
	}
	pthread_mutex_lock(&output.lock);
	if ((flags & MSG_NOTIFICATION) != 0) {
		take_notification(data, len);
	} else {
		take_data(data, len, &info, flags);
	}
	pthread_mutex_unlock(&output.lock);
	free(data);
	return 1;
}

static void read_addresses(const char *list, uint16_t port, struct addresses *a)
{
	char copy[256];
	char *rest = copy;
	char *one;

	snprintf(copy, sizeof(copy), "%s", list);
	while ((one = strsep(&rest, ",")) != NULL && a->n < ADDRESSES_MAX) {
		struct sockaddr_in *four = (void *)&a->at[a->n];
		struct sockaddr_in6 *six = (void *)&a->at[a->n];

		if (inet_pton(AF_INET, one, &four->sin_addr) == 1) {
			four->sin_family = AF_INET;
			four->sin_port = htons(port);
		} else if (inet_pton(AF_INET6, one, &six->sin6_addr) == 1) {
			six->sin6_family = AF_INET6;
			six->sin6_port = htons(port);
		} else {
			errno = EINVAL;
			fail(one);
		}
		a->n++;
	}
}

static void set(struct socket *s, int option, const void *value, size_t len, const char *what)
{
	if (usrsctp_setsockopt(s, IPPROTO_SCTP, option, value, (socklen_t)len) != 0) {
		fail(what);
	}
}

static void set_paths(struct socket *s, const struct options *o)
{
	const struct sctp_rtoinfo rto = { .srto_assoc_id = SCTP_FUTURE_ASSOC,
		.srto_initial = o->rto_min_ms,
		.srto_min = o->rto_min_ms,
		.srto_max = o->rto_max_ms };
	const struct sctp_paddrparams path = { .spp_assoc_id = SCTP_FUTURE_ASSOC,
		.spp_hbinterval = o->heartbeat_ms,
		.spp_pathmtu = o->mtu,
		.spp_flags = (o->heartbeat_ms != 0 ? SPP_HB_ENABLE : 0) |
		             (o->mtu != 0 ? SPP_PMTUD_DISABLE : 0) };

	if (o->rto_min_ms != 0) {
		set(s, SCTP_RTOINFO, &rto, sizeof(rto), "SCTP_RTOINFO");
	}
	if (path.spp_flags != 0) {
		set(s, SCTP_PEER_ADDR_PARAMS, &path, sizeof(path), "SCTP_PEER_ADDR_PARAMS");
	}
}

static void set_up(struct socket *s, const struct options *o)
{
	const uint16_t told[] = { SCTP_ASSOC_CHANGE, SCTP_PEER_ADDR_CHANGE };
	const struct sctp_initmsg streams = { .sinit_num_ostreams = o->streams,
		.sinit_max_instreams = o->streams };
	const struct sctp_assoc_value maxseg = { .assoc_id = SCTP_FUTURE_ASSOC,
		.assoc_value = o->maxseg };
	const int one = 1;

	set(s, SCTP_INITMSG, &streams, sizeof(streams), "SCTP_INITMSG");
	if (o->maxseg != 0) {
		set(s, SCTP_MAXSEG, &maxseg, sizeof(maxseg), "SCTP_MAXSEG");
	}
	if (o->nodelay) {
		set(s, SCTP_NODELAY, &one, sizeof(one), "SCTP_NODELAY");
	}
	for (unsigned i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		const struct sctp_event event = {
			.se_assoc_id = SCTP_FUTURE_ASSOC, .se_type = told[i], .se_on = 1
		};

		set(s, SCTP_EVENT, &event, sizeof(event), "SCTP_EVENT");
	}
	set_paths(s, o);
}

static struct socket *associate(const struct options *o)
{
	struct addresses local = { .n = 0 };
	struct addresses peer = { .n = 0 };
	struct socket *s;

	read_addresses(o->local, o->port, &local);
	if (!o->listens) {
		read_addresses(o->peer, o->peer_port, &peer);
	}
	s = usrsctp_socket(
		local.at[0].ss_family, SOCK_STREAM, IPPROTO_SCTP, on_receive, NULL, 0, NULL);
	if (s == NULL) {
		fail("socket");
	}
	set_up(s, o);
	for (unsigned i = 0; i < local.n; i++) {
		if (usrsctp_bindx(s, (struct sockaddr *)&local.at[i], 1, SCTP_BINDX_ADD_ADDR) !=
			0) {
			fail("bind");
		}
	}
	if (o->listens) {
		if (usrsctp_listen(s, 1) != 0) {
			fail("listen");
		}
		fprintf(stderr, "listening\n");
		return usrsctp_accept(s, NULL, NULL);
	}
	/* one address is enough: INIT ACK names the others (RFC 9260 5.1.2) */
	if (usrsctp_connect(s, (struct sockaddr *)&peer.at[0],
		    peer.at[0].ss_family == AF_INET ? sizeof(struct sockaddr_in)
						    : sizeof(struct sockaddr_in6)) != 0) {
		fail("connect");
	}
	return s;
}

static bool read_all(uint8_t *octets, size_t len)
{
	while (len > 0) {
		const ssize_t n = read(STDIN_FILENO, octets, len);

		if (n <= 0) {
			return false;
		}
		octets += n;
		len -= (size_t)n;
	}
	return true;
}

static void send_input(struct socket *s)
{
	static uint8_t message[MESSAGE_MAX];
	uint8_t h[HEADER_LEN];

	while (read_all(h, sizeof(h))) {
		const size_t len =
			(size_t)h[0] << 24 | (size_t)h[1] << 16 | (size_t)h[2] << 8 | h[3];
		struct sctp_sndinfo info = { .snd_sid = (uint16_t)(h[4] << 8 | h[5]),
			.snd_flags = (h[7] & FLAG_UNORDERED) != 0 ? SCTP_UNORDERED : 0,
			.snd_ppid = htonl((uint32_t)h[8] << 24 | (uint32_t)h[9] << 16 |
					  (uint32_t)h[10] << 8 | h[11]) };

		if (len > sizeof(message) || !read_all(message, len)) {
			errno = EMSGSIZE;
			fail("input");
		}
		if (usrsctp_sendv(s, message, len, NULL, 0, &info, sizeof(info), SCTP_SENDV_SNDINFO,
			    0) < 0) {
			fail("send");
		}
	}
}

static void read_options(int argc, char **argv, struct options *o)
{
	static const struct option names[] = { { "local", 1, NULL, 'l' }, { "port", 1, NULL, 'p' },
		{ "peer", 1, NULL, 'r' }, { "peer-port", 1, NULL, 'q' }, { "maxseg", 1, NULL, 'm' },
		{ "mtu", 1, NULL, 'u' }, { "streams", 1, NULL, 's' }, { "rto", 1, NULL, 't' },
		{ "heartbeat", 1, NULL, 'h' }, { "nodelay", 0, NULL, 'n' }, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		char *end = NULL;
		const unsigned long n = optarg != NULL ? strtoul(optarg, &end, 10) : 0;

		switch (c) {
		case 'l':
			o->local = optarg;
			break;
		case 'r':
			o->peer = optarg;
			break;
		case 'p':
			o->port = (uint16_t)n;
			break;
		case 'q':
			o->peer_port = (uint16_t)n;
			break;
		case 'm':
			o->maxseg = (uint32_t)n;
			break;
		case 'u':
			o->mtu = (uint32_t)n;
			break;
		case 's':
			o->streams = (uint16_t)n;
			break;
		case 't':
			o->rto_min_ms = (uint32_t)n;
			o->rto_max_ms = (uint32_t)strtoul(end + 1, NULL, 10);
			break;
		case 'h':
			o->heartbeat_ms = (uint32_t)n;
			break;
		case 'n':
			o->nodelay = true;
			break;
		default:
			exit(2);
		}
	}
	if (optind != argc - 1 || o->local == NULL ||
		(strcmp(argv[optind], "connect") == 0 && o->peer == NULL)) {
		fprintf(stderr,
			"usage: sigtran_peer listen|connect --local ADDRESS --port PORT ...\n");
		exit(2);
	}
	o->listens = strcmp(argv[optind], "listen") == 0;
}

/* Waits for the end of the association: whether it was a shutdown. */
static bool wait_end(void)
{
	struct timespec until;
	bool well;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += SHUTDOWN_S;
	pthread_mutex_lock(&output.lock);
	while (!output.ended &&
		pthread_cond_timedwait(&output.ended_or_not, &output.lock, &until) == 0) {
	}
	well = output.shut_down;
	pthread_mutex_unlock(&output.lock);
	return well;
}

int main(int argc, char **argv)
{
	struct options options = { .streams = 17, .port = 2905, .peer_port = 2905 };
	struct socket *s;

	read_options(argc, argv, &options);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a stack that lives on would send to the next test */
	usrsctp_init(0, NULL, say);
	usrsctp_sysctl_set_sctp_ecn_enable(
		0); /* its codepoint in raw packets is not always there */
	s = associate(&options);
	if (s == NULL) {
		fail("accept");
	}
	send_input(s);
	usrsctp_shutdown(s, SHUT_WR);
	return wait_end() ? 0 : 1;
}
