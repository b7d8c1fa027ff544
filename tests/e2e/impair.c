/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * impair: a bad line between two interfaces, for tests: what netem does where a kernel has none. A process of
 * its own that hands the frames of each interface to the other one (AF_PACKET), and on the way loses,
 * delays, reorders, doubles them, or is dead for a while.
 *
 * Usage: impair IFACE_A IFACE_B [--seed N] [--loss PERMILLE] [--reorder PERMILLE] [--duplicate PERMILLE]
 *               [--delay MS] [--outage FRAME:MS] [--a-to-b]
 * Only TCP and SCTP are touched ("tcp" counts both); ARP and neighbour discovery always pass. What happens to a
 * frame depends on the seed, its direction and its number in that direction, on nothing else. --outage: from the
 * FRAME-th frame of A on nothing passes for so many ms. --a-to-b: the other direction is left alone. Prints "ready",
 * and, at SIGTERM or SIGINT, one JSON document that says what was done.
 *
 * Bounds: LATE_MAX frames wait at a time, beyond that a frame passes at once; frames above FRAME_MAX octets are
 * refused aloud (offloads are off in the tests). Errors: a sentence and exit code 1.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

enum {
	FRAME_MAX = 9216,
	LATE_MAX = 1024,
	REORDER_BEHIND = 3,     /* frames that overtake a reordered one */
	REORDER_US_MAX = 10000, /* and how long it waits for them at most */
	SOCKET_OCTETS = 8 << 20,
	PERMILLE = 1000,
	US_PER_MS = 1000,
	US_PER_S = 1000000,
};

struct options {
	uint64_t seed;
	uint64_t loss, reorder, duplicate; /* per mille */
	uint64_t delay_us;
	uint64_t outage_frame, outage_us; /* 0: none */
	bool one_way;
};

struct counts {
	uint64_t frames, tcp, lost, reordered, duplicated, in_outage, too_late, not_sent;
};

/* A frame that waits: until a time, or until enough others have overtaken it. */
struct late {
	uint64_t due_us;
	uint64_t due_frame; /* 0: time alone */
	size_t len;
	uint8_t octets[FRAME_MAX];
};

struct way {
	int from, to;
	bool clean; /* nothing is done to this direction */
	struct counts n;
	struct late *late; /* LATE_MAX, in order of arrival from `head` on */
	size_t head, n_late;
};

struct line {
	struct options options;
	struct way way[2];
	uint64_t dead_until_us;
};

static volatile sig_atomic_t ending;

static void on_signal(int number)
{
	(void)number;
	ending = 1;
}

static void fail(const char *what)
{
	fprintf(stderr, "impair: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * US_PER_S + (uint64_t)t.tv_nsec / 1000;
}

/* SplitMix64 (Steele, Lea, Flood 2014): a number for each question about each frame. */
static uint64_t draw(uint64_t seed, uint64_t way, uint64_t frame, uint64_t question)
{
	uint64_t x = seed * UINT64_C(0x9E3779B97F4A7C15) + (frame << 4 | question << 1 | way);

	for (int round = 0; round < 2; round++) {
		x += UINT64_C(0x9E3779B97F4A7C15);
		x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
		x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
		x ^= x >> 31;
	}
	return x;
}

/* IPv4 (RFC 791 3.1) or IPv6 (RFC 8200 3), unfragmented: the tests have no others. */
static bool is_tcp_or_sctp(const uint8_t *frame, size_t len)
{
	const unsigned type = len > ETH_HLEN + 40 ? (unsigned)(frame[12] << 8 | frame[13]) : 0;

	const unsigned protocol = type == ETH_P_IP     ? frame[ETH_HLEN + 9]
	                          : type == ETH_P_IPV6 ? frame[ETH_HLEN + 6]
	                                               : 0;

	return protocol == IPPROTO_TCP || protocol == IPPROTO_SCTP;
}

static void put(struct way *way, const uint8_t *frame, size_t len)
{
	if (send(way->to, frame, len, 0) != (ssize_t)len) {
		way->n.not_sent++;
	}
}

static void keep(
	struct way *way, const uint8_t *frame, size_t len, uint64_t due_us, uint64_t due_frame)
{
	struct late *late;

	if (way->n_late == LATE_MAX) {
		way->n.too_late++;
		put(way, frame, len);
		return;
	}
	late = &way->late[(way->head + way->n_late++) % LATE_MAX];
	late->due_us = due_us;
	late->due_frame = due_frame;
	late->len = len;
	memcpy(late->octets, frame, len);
}

/*
 * Sends what is due: from the front, and anything behind it whose turn has come (a reordered frame must not
 * keep later ones). A frame that has left has length 0 until the front reaches it.
 */
static void send_due(struct way *way, uint64_t now)
{
	for (size_t i = 0; i < way->n_late; i++) {
		struct late *late = &way->late[(way->head + i) % LATE_MAX];

		if (late->len != 0 &&
			(now >= late->due_us ||
				(late->due_frame != 0 && way->n.tcp >= late->due_frame))) {
			put(way, late->octets, late->len);
			late->len = 0;
		}
	}
	while (way->n_late > 0 && way->late[way->head].len == 0) {
		way->head = (way->head + 1) % LATE_MAX;
		way->n_late--;
	}
}

/* What becomes of one TCP frame. */
static void take_tcp(struct line *line, unsigned w, const uint8_t *frame, size_t len, uint64_t now)
{
	const struct options *o = &line->options;
	struct way *way = &line->way[w];
	const uint64_t n = ++way->n.tcp;

	if (w == 0 && n == o->outage_frame) {
		line->dead_until_us = now + o->outage_us;
	}
	if (now < line->dead_until_us) {
		way->n.in_outage++;
		return;
	}
	if (way->clean) {
		put(way, frame, len);
		return;
	}
	if (draw(o->seed, w, n, 0) % PERMILLE < o->loss) {
		way->n.lost++;
		return;
	}
	if (draw(o->seed, w, n, 1) % PERMILLE < o->duplicate) {
		way->n.duplicated++;
		put(way, frame, len);
	}
	if (draw(o->seed, w, n, 2) % PERMILLE < o->reorder) {
		way->n.reordered++;
		keep(way, frame, len, now + o->delay_us + REORDER_US_MAX, n + REORDER_BEHIND);
	} else if (o->delay_us != 0) {
		keep(way, frame, len, now + o->delay_us, 0);
	} else {
		put(way, frame, len);
	}
}

/* Everything that has arrived from one side. */
static void take(struct line *line, unsigned w)
{
	static uint8_t frame[FRAME_MAX + 1];
	struct way *way = &line->way[w];
	ssize_t len;

	while ((len = recv(way->from, frame, sizeof(frame), MSG_DONTWAIT)) > 0) {
		const uint64_t now = now_us();

		if ((size_t)len > FRAME_MAX) {
			errno = EMSGSIZE;
			fail("a frame from an interface whose offloads are on");
		}
		way->n.frames++;
		if (is_tcp_or_sctp(frame, (size_t)len)) {
			take_tcp(line, w, frame, (size_t)len, now);
		} else {
			put(way, frame, (size_t)len);
		}
		send_due(way, now);
	}
	if (len < 0 && errno != EAGAIN && errno != EINTR && errno != ENETDOWN) {
		fail("recv");
	}
}

static int open_interface(const char *name)
{
	const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	const int octets = SOCKET_OCTETS, one = 1;
	const struct sockaddr_ll at = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(name) };

	if (fd < 0) {
		fail("socket");
	}
	if (at.sll_ifindex == 0) {
		fail(name);
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) != 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) != 0 ||
		bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0) {
		fail(name);
	}
	return fd;
}

static uint64_t number(const char *text, char **end)
{
	errno = 0;
	const uint64_t value = strtoull(text, end, 10);

	if (errno != 0 || *end == text) {
		errno = EINVAL;
		fail(text);
	}
	return value;
}

static void read_options(int argc, char **argv, struct options *o)
{
	static const struct option names[] = { { "seed", 1, NULL, 's' }, { "loss", 1, NULL, 'l' },
		{ "reorder", 1, NULL, 'r' }, { "duplicate", 1, NULL, 'd' },
		{ "delay", 1, NULL, 'w' }, { "outage", 1, NULL, 'o' }, { "a-to-b", 0, NULL, 'a' },
		{ NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		char *end = NULL;
		const uint64_t n = optarg != NULL ? number(optarg, &end) : 0;

		switch (c) {
		case 's':
			o->seed = n;
			break;
		case 'l':
			o->loss = n;
			break;
		case 'r':
			o->reorder = n;
			break;
		case 'd':
			o->duplicate = n;
			break;
		case 'w':
			o->delay_us = n * US_PER_MS;
			break;
		case 'a':
			o->one_way = true;
			break;
		case 'o':
			o->outage_frame = n;
			o->outage_us = *end == ':' ? number(end + 1, &end) * US_PER_MS : 0;
			break;
		default:
			exit(2);
		}
	}
	if (argc - optind != 2) {
		fprintf(stderr, "usage: impair IFACE_A IFACE_B [--seed N] [--loss PERMILLE] ...\n");
		exit(2);
	}
}

static void print_way(const char *name, const struct counts *n)
{
	printf("\"%s\": {\"frames\": %" PRIu64 ", \"tcp\": %" PRIu64 ", \"lost\": %" PRIu64
	       ", \"reordered\": %" PRIu64 ", \"duplicated\": %" PRIu64 ", \"in_outage\": %" PRIu64
	       ", \"too_late\": %" PRIu64 ", \"not_sent\": %" PRIu64 "}",
		name, n->frames, n->tcp, n->lost, n->reordered, n->duplicated, n->in_outage,
		n->too_late, n->not_sent);
}

int main(int argc, char **argv)
{
	struct line line = { .options = { .seed = 1 } };
	const struct sigaction action = { .sa_handler = on_signal };
	struct pollfd poll_at[2];

	read_options(argc, argv, &line.options);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	for (unsigned w = 0; w < 2; w++) {
		line.way[w].from = open_interface(argv[optind + (int)w]);
		line.way[w].late = calloc(LATE_MAX, sizeof(struct late));
		if (line.way[w].late == NULL) {
			fail("memory");
		}
		poll_at[w] = (struct pollfd){ .fd = line.way[w].from, .events = POLLIN };
	}
	line.way[0].to = line.way[1].from;
	line.way[1].to = line.way[0].from;
	line.way[1].clean = line.options.one_way;
	puts("ready");
	fflush(stdout);
	while (!ending) {
		const bool waiting = line.way[0].n_late + line.way[1].n_late > 0;

		poll(poll_at, 2, waiting ? 1 : -1);
		for (unsigned w = 0; w < 2; w++) {
			take(&line, w);
			send_due(&line.way[w], now_us());
		}
	}
	printf("{");
	print_way("a_to_b", &line.way[0].n);
	printf(", ");
	print_way("b_to_a", &line.way[1].n);
	printf("}\n");
	return 0;
}
