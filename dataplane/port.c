/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "dataplane/base/clock.h"

enum {
	FRAME_AREA = (int)((sizeof(struct frame) + RTE_MBUF_PRIV_ALIGN - 1) / RTE_MBUF_PRIV_ALIGN *
			   RTE_MBUF_PRIV_ALIGN),
	L2_OVERHEAD = 14 + 2 * 4 + 4, /* Ethernet, two tags, FCS */
	ROOM_MIN = 2048,
	JUMBO_LEN = LIMIT_FRAME_LEN + L2_OVERHEAD + 64,
	MBUF_CACHE = 256,
	SEND_TRIES = 64, /* bounded: a full queue costs frames, never the core */
	RSS_KEY_MAX = 64,
	RING_FRAME_DEFAULT = 2048, /* of net_af_packet, by its framesz= */
	RING_BLOCK_LEN = 65536,
	/* before a frame's octets, in the kernel's ring: TPACKET2_HDRLEN (52) and 16, aligned to 16, less Ethernet's 14 */
	RING_OVERHEAD = 80 - 14,
};

#define RING_ARGUMENT "framesz="

/* The large buffers of one worker, a stack; it has room for all workers' buffers, as steered frames end elsewhere. */
struct jumbo {
	uint8_t **free;
	unsigned n_free;
	void *memory;
};

struct ports {
	struct port_config config;
	struct rte_mempool *pool;
	struct jumbo jumbo[WORKERS_MAX];
	struct rte_eth_conf conf; /* of the port being set up: large */
	int timestamp_offset;     /* of net_pcap's receive time, microseconds; -1: none */
};

static uint16_t port_id(const struct ports *p, unsigned link, unsigned side)
{
	return p->config.port[link][side];
}

static unsigned n_sides(const struct ports *p)
{
	return p->config.replay ? 1 : 2;
}

size_t port_budget(const struct port_config *config)
{
	size_t mbufs = (size_t)config->mbufs * config->n_workers;
	size_t jumbos = (size_t)config->jumbo_buffers * JUMBO_LEN * config->n_workers;

	return mbufs * (sizeof(struct rte_mbuf) + FRAME_AREA + RTE_PKTMBUF_HEADROOM + ROOM_MIN) +
	       jumbos;
}

static bool jumbo_open(struct jumbo *j, unsigned n, unsigned n_all)
{
	j->memory = rte_malloc("jumbo", (size_t)n * JUMBO_LEN, RTE_CACHE_LINE_SIZE);
	j->free = rte_malloc("jumbo stack", n_all * sizeof(*j->free), RTE_CACHE_LINE_SIZE);
	if (j->memory == NULL || j->free == NULL) {
		return false;
	}
	for (unsigned i = 0; i < n; i++) {
		j->free[j->n_free++] = (uint8_t *)j->memory + (size_t)i * JUMBO_LEN;
	}
	return true;
}

/* 0x6D5A repeated makes Toeplitz symmetric: both directions of a pair of addresses meet on one queue. */
static void rss_fill(struct rte_eth_conf *conf, const struct rte_eth_dev_info *info, uint8_t *key)
{
	for (unsigned i = 0; i < RSS_KEY_MAX; i += 2) {
		key[i] = 0x6D;
		key[i + 1] = 0x5A;
	}
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf.rss_key = key;
	conf->rx_adv_conf.rss_conf.rss_key_len = info->hash_key_size;
	/* addresses only: fragments and all flows of a pair belong to one core (worker.c hashes the same) */
	conf->rx_adv_conf.rss_conf.rss_hf =
		info->flow_type_rss_offloads & (RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 |
						       RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV6);
}

static bool configure(struct ports *p, uint16_t id, struct diag *diag)
{
	struct rte_eth_conf *conf = &p->conf;
	unsigned n = p->config.n_workers;
	struct rte_eth_dev_info info;
	uint8_t key[RSS_KEY_MAX];
	uint16_t rx = (uint16_t)p->config.rx_descriptors;
	uint16_t tx = (uint16_t)p->config.tx_descriptors;
	int rc = rte_eth_dev_info_get(id, &info);

	*conf = (struct rte_eth_conf){ 0 };
	if (rc != 0) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "port %u: no answer from its driver: %s", id,
			strerror(-rc));
		return false;
	}
	if (n > info.max_rx_queues || n > info.max_tx_queues) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0,
			"port %u (%s) has %u receive queues: workers.count = %u is too many for it",
			id, info.driver_name, info.max_rx_queues, n);
		return false;
	}
	if (n > 1) {
		rss_fill(conf, &info, key);
	}
	rc = rte_eth_dev_configure(id, (uint16_t)n, p->config.replay ? 0 : (uint16_t)n, conf);
	if (rc == 0) {
		rc = rte_eth_dev_adjust_nb_rx_tx_desc(id, &rx, &tx);
	}
	for (uint16_t q = 0; rc == 0 && q < n; q++) {
		rc = rte_eth_rx_queue_setup(
			id, q, rx, (unsigned)rte_eth_dev_socket_id(id), NULL, p->pool);
		if (rc == 0 && !p->config.replay) {
			rc = rte_eth_tx_queue_setup(
				id, q, tx, (unsigned)rte_eth_dev_socket_id(id), NULL);
		}
	}
	if (rc != 0) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "port %u (%s): cannot be set up: %s", id,
			info.driver_name, strerror(-rc));
	}
	return rc == 0;
}

/*
 * The MTU of the kernel's interface behind a port, 0 where there is none: for net_af_packet and net_pcap
 * DPDK's own figure is always 1500.
 */
static uint32_t kernel_mtu(const struct rte_eth_dev_info *info)
{
	struct ifreq request = { 0 };
	int fd = info->if_index != 0 ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	int rc;

	if (fd < 0) {
		return 0;
	}
	rc = if_indextoname(info->if_index, request.ifr_name) != NULL
	             ? ioctl(fd, SIOCGIFMTU, &request)
	             : -1;
	close(fd);
	return rc == 0 && request.ifr_mtu > 0 ? (uint32_t)request.ifr_mtu : 0;
}

/* Octets of a frame in net_af_packet's ring, 0 for other drivers: the kernel cuts what is longer, without a word. */
static uint32_t ring_frame_len(const struct rte_eth_dev_info *info)
{
	const struct rte_devargs *devargs = rte_dev_devargs(info->device);
	const char *given = devargs != NULL && devargs->args != NULL
	                            ? strstr(devargs->args, RING_ARGUMENT)
	                            : NULL;

	if (strcmp(info->driver_name, "net_af_packet") != 0) {
		return 0;
	}
	return given != NULL ? (uint32_t)strtoul(given + strlen(RING_ARGUMENT), NULL, 10)
	                     : RING_FRAME_DEFAULT;
}

/* The room that a port's frames need in a buffer; 0 with an error where they would not fit its own ring. */
static uint32_t room_of_port(uint16_t id, uint32_t *mtu, struct diag *diag)
{
	struct rte_eth_dev_info info;
	uint16_t figure = 0;
	uint32_t ring;

	(void)rte_eth_dev_get_mtu(id, &figure);
	*mtu = figure;
	if (rte_eth_dev_info_get(id, &info) != 0) {
		return *mtu + (uint32_t)L2_OVERHEAD;
	}
	*mtu = kernel_mtu(&info) != 0 ? kernel_mtu(&info) : figure;
	ring = ring_frame_len(&info);
	if (ring != 0 && *mtu + (uint32_t)L2_OVERHEAD + (uint32_t)RING_OVERHEAD > ring) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0,
			"port %u (%s): frames of an MTU of %u do not fit its ring frames of %u octets: lower the MTU, or "
			"give the device framesz= and blocksz=, powers of two, as framesz=%u,blocksz=%u",
			id, info.driver_name, *mtu, ring,
			rte_align32pow2(*mtu + (uint32_t)L2_OVERHEAD + (uint32_t)RING_OVERHEAD),
			RING_BLOCK_LEN);
		return 0;
	}
	return RTE_MAX(*mtu + (uint32_t)L2_OVERHEAD, ring);
}

/* room_of_link: that of its two ports, which had better have the same MTU. */
static uint32_t room_of_link(const struct ports *p, unsigned link, struct diag *diag)
{
	uint32_t mtu[2] = { 0 };
	uint32_t room = ROOM_MIN;

	for (unsigned side = 0; side < n_sides(p); side++) {
		uint16_t id = port_id(p, link, side);
		uint32_t needed;

		if (!rte_eth_dev_is_valid_port(id)) {
			diag_add(diag, DIAG_ERROR, NULL, 0, 0,
				"link \"%s\" needs port %u, but DPDK found %u ports: give devices after -- "
				"(for example --vdev=net_af_packet0,iface=eth0)",
				p->config.link_names[link], id, rte_eth_dev_count_avail());
			return 0;
		}
		needed = room_of_port(id, &mtu[side], diag);
		if (needed == 0) {
			return 0;
		}
		room = RTE_MAX(room, needed);
	}
	if (n_sides(p) == 2 && mtu[0] != mtu[1]) {
		diag_add(diag, DIAG_WARNING, NULL, 0, 0,
			"link \"%s\": port %u has an MTU of %u, port %u of %u: what is too long for one is lost",
			p->config.link_names[link], port_id(p, link, 0), mtu[0],
			port_id(p, link, 1), mtu[1]);
	}
	return room;
}

/* net_af_packet of 22.11 copies a frame into one buffer without looking at its length: refuse before that. */
static uint16_t room_for(const struct ports *p, struct diag *diag)
{
	uint32_t room = 0;

	for (unsigned link = 0; link < p->config.n_links; link++) {
		uint32_t needed = room_of_link(p, link, diag);

		if (needed == 0) {
			return 0;
		}
		room = RTE_MAX(room, needed);
	}
	room = RTE_ALIGN_CEIL(room, 64) + RTE_PKTMBUF_HEADROOM;
	if (room > UINT16_MAX) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0,
			"an MTU above %u is more than a packet buffer holds: lower it",
			UINT16_MAX - RTE_PKTMBUF_HEADROOM - L2_OVERHEAD);
		return 0;
	}
	return (uint16_t)room;
}

static bool open_buffers(struct ports *p, struct diag *diag)
{
	unsigned n = p->config.mbufs * p->config.n_workers;
	uint16_t room = room_for(p, diag);
	bool ok;

	if (room == 0) {
		return false;
	}
	p->pool = rte_pktmbuf_pool_create(
		"frames", n, MBUF_CACHE, FRAME_AREA, room, (int)rte_socket_id());
	ok = p->pool != NULL;
	for (unsigned w = 0; ok && w < p->config.n_workers; w++) {
		ok = jumbo_open(&p->jumbo[w], p->config.jumbo_buffers,
			p->config.jumbo_buffers * p->config.n_workers);
	}
	if (!ok) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0,
			"no memory for %u packet buffers of %u octets: give DPDK more (-m) or lower memory.mbufs",
			n, room);
	}
	return ok;
}

struct ports *port_open(const struct port_config *config, struct diag *diag)
{
	struct ports *p = rte_zmalloc("ports", sizeof(*p), RTE_CACHE_LINE_SIZE);

	if (p == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "no memory for the ports");
		return NULL;
	}
	p->config = *config;
	p->timestamp_offset = -1;
	if (!open_buffers(p, diag)) {
		port_close(p);
		return NULL;
	}
	for (unsigned link = 0; link < p->config.n_links; link++) {
		for (unsigned side = 0; side < n_sides(p); side++) {
			if (!configure(p, port_id(p, link, side), diag)) {
				port_close(p);
				return NULL;
			}
		}
	}
	return p;
}

/* The key and fields a driver took may not be those it was given: both directions must meet. */
static bool rss_is_symmetric(uint16_t id)
{
	uint8_t key[RSS_KEY_MAX] = { 0 };
	struct rte_eth_rss_conf conf = { .rss_key = key, .rss_key_len = sizeof(key) };

	if (rte_eth_dev_rss_hash_conf_get(id, &conf) != 0) {
		return false;
	}
	for (unsigned i = 0; i + 1 < conf.rss_key_len; i += 2) {
		if (key[i] != 0x6D || key[i + 1] != 0x5A) {
			return false;
		}
	}
	return true;
}

/* An interface that the kernel keeps and a driver only borrows: its link is the kernel's business. */
static bool is_kernels(const struct rte_eth_dev_info *info)
{
	return info->if_index != 0 && (strcmp(info->driver_name, "net_af_packet") == 0 ||
					      strcmp(info->driver_name, "net_pcap") == 0);
}

/* Flags of such an interface (netdevice(7)): read, or with `mask` set to `value` where they differ. 0 or -errno. */
static int kernel_flags(unsigned if_index, short mask, short value, short *flags)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = 0;

	if (fd < 0 || if_indextoname(if_index, request.ifr_name) == NULL ||
		ioctl(fd, SIOCGIFFLAGS, &request) != 0) {
		rc = -errno;
	} else if ((request.ifr_flags & mask) != value) {
		request.ifr_flags = (short)((request.ifr_flags & ~mask) | value);
		rc = ioctl(fd, SIOCSIFFLAGS, &request) != 0 ? -errno : 0;
	}
	if (fd >= 0) {
		close(fd);
	}
	*flags = request.ifr_flags;
	return rc;
}

bool port_link(unsigned port, bool *up)
{
	struct rte_eth_dev_info info;
	struct rte_eth_link link;
	short flags;

	if (!rte_eth_dev_is_valid_port((uint16_t)port) ||
		rte_eth_dev_info_get((uint16_t)port, &info) != 0) {
		return false;
	}
	if (is_kernels(&info)) {
		/* for net_af_packet DPDK's own figure is always up */
		*up = kernel_flags(info.if_index, 0, 0, &flags) == 0 && (flags & IFF_UP) != 0 &&
		      (flags & IFF_RUNNING) != 0;
		return true;
	}
	if (rte_eth_link_get_nowait((uint16_t)port, &link) != 0) {
		return false;
	}
	*up = link.link_status == RTE_ETH_LINK_UP;
	return true;
}

int port_set(unsigned port, bool up)
{
	struct rte_eth_dev_info info;
	short flags;
	int rc;

	if (!rte_eth_dev_is_valid_port((uint16_t)port) ||
		rte_eth_dev_info_get((uint16_t)port, &info) != 0) {
		return -ENODEV;
	}
	rc = up ? rte_eth_dev_set_link_up((uint16_t)port)
	        : rte_eth_dev_set_link_down((uint16_t)port);
	if (rc != 0 && is_kernels(&info)) {
		rc = kernel_flags(info.if_index, IFF_UP, up ? IFF_UP : 0, &flags);
	}
	return rc;
}

static int port_set_kernels(uint16_t id)
{
	struct rte_eth_dev_info info;
	short flags;

	return rte_eth_dev_info_get(id, &info) == 0 && is_kernels(&info)
	               ? kernel_flags(info.if_index, IFF_UP, IFF_UP, &flags)
	               : 0;
}

static bool start_one(struct ports *p, uint16_t id, struct diag *diag)
{
	int rc = rte_eth_dev_start(id);

	if (rc != 0) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "port %u cannot be started: %s", id,
			strerror(-rc));
		return false;
	}
	/* a predecessor that was killed may have left an interface down for its other end's sake */
	rc = p->config.replay ? 0 : port_set_kernels(id);
	if (rc != 0) {
		diag_add(diag, DIAG_WARNING, NULL, 0, 0,
			"port %u: its interface cannot be set up: %s", id, strerror(-rc));
	}
	/* a bump in the wire must see frames that are not for its own address */
	rc = rte_eth_promiscuous_enable(id);
	if (rc != 0 && rc != -ENOTSUP) {
		diag_add(diag, DIAG_WARNING, NULL, 0, 0, "port %u: promiscuous mode: %s", id,
			strerror(-rc));
	}
	if (p->config.n_workers > 1 && !rss_is_symmetric(id)) {
		diag_add(diag, DIAG_WARNING, NULL, 0, 0,
			"port %u did not take the symmetric RSS key: frames are steered in software",
			id);
	}
	return true;
}

bool port_start(struct ports *p, struct diag *diag)
{
	for (unsigned link = 0; link < p->config.n_links; link++) {
		for (unsigned side = 0; side < n_sides(p); side++) {
			if (!start_one(p, port_id(p, link, side), diag)) {
				return false;
			}
		}
	}
	/* registered by net_pcap when it starts */
	if (p->config.replay) {
		p->timestamp_offset =
			rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, NULL);
		if (p->timestamp_offset < 0) {
			diag_add(diag, DIAG_ERROR, NULL, 0, 0,
				"replay needs net_pcap: port 0 gives no time of capture");
			return false;
		}
	}
	return true;
}

void port_close(struct ports *p)
{
	if (p == NULL) {
		return;
	}
	for (unsigned link = 0; link < p->config.n_links; link++) {
		for (unsigned side = 0; side < n_sides(p); side++) {
			uint16_t id = port_id(p, link, side);

			if (rte_eth_dev_is_valid_port(id)) {
				(void)rte_eth_dev_stop(id);
				(void)rte_eth_dev_close(id);
			}
		}
	}
	for (unsigned w = 0; w < WORKERS_MAX; w++) {
		rte_free(p->jumbo[w].memory);
		rte_free(p->jumbo[w].free);
	}
	rte_mempool_free(p->pool);
	rte_free(p);
}

/* Copies a frame of several segments together; false when no large buffer is free. */
static bool gather(struct jumbo *j, struct rte_mbuf *m, struct frame *f)
{
	const uint8_t *octets;

	if (j->n_free == 0 || m->pkt_len > JUMBO_LEN) {
		return false;
	}
	f->data = j->free[--j->n_free];
	octets = rte_pktmbuf_read(m, 0, m->pkt_len, f->data);
	if (octets != f->data && octets != NULL) {
		memcpy(f->data, octets, m->pkt_len);
	}
	return true;
}

static void scatter(struct jumbo *j, struct rte_mbuf *m, struct frame *f)
{
	const uint8_t *from = f->data;

	if (f->edited) {
		for (struct rte_mbuf *s = m; s != NULL; s = s->next) {
			memcpy(rte_pktmbuf_mtod(s, void *), from, s->data_len);
			from += s->data_len;
		}
	}
	j->free[j->n_free++] = f->data;
}

static struct frame *frame_of(struct ports *p, struct rte_mbuf *m, unsigned worker, uint64_t now_us)
{
	struct frame *f = rte_mbuf_to_priv(m);

	*f = (struct frame){ .data = rte_pktmbuf_mtod(m, uint8_t *),
		.len = m->pkt_len,
		.wire_len = m->pkt_len,
		.time_us = now_us,
		.owner = m };
	if (m->nb_segs > 1 && !gather(&p->jumbo[worker], m, f)) {
		f->reason = R_jumbo_full;
	}
	if (p->timestamp_offset >= 0) {
		f->time_us =
			*RTE_MBUF_DYNFIELD(m, (size_t)p->timestamp_offset, rte_mbuf_timestamp_t *);
	}
	return f;
}

unsigned port_receive(struct ports *p, unsigned link, unsigned side, unsigned worker,
	uint64_t now_us, struct frame **frames, unsigned max)
{
	struct rte_mbuf *mbufs[LIMIT_BURST];
	unsigned n =
		rte_eth_rx_burst(port_id(p, link, side), (uint16_t)worker, mbufs, (uint16_t)max);

	for (unsigned i = 0; i < n; i++) {
		frames[i] = frame_of(p, mbufs[i], worker, now_us);
		frames[i]->link = (uint8_t)link;
		frames[i]->direction = (uint8_t)side;
		frames[i]->from_side = (uint8_t)side;
	}
	return n;
}

struct frame *port_frame_new(struct ports *p)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(p->pool);
	struct frame *f;

	if (m == NULL) {
		return NULL;
	}
	f = rte_mbuf_to_priv(m);
	*f = (struct frame){ .data = rte_pktmbuf_mtod(m, uint8_t *), .owner = m };
	return f;
}

static struct rte_mbuf *mbuf_of(struct ports *p, struct frame *f, unsigned worker)
{
	struct rte_mbuf *m = f->owner;

	if (m->pkt_len == 0) { /* of port_frame_new(): nothing else gives it its length */
		m->data_len = (uint16_t)f->len;
		m->pkt_len = f->len;
	}
	if (m->nb_segs > 1 && f->reason != R_jumbo_full) {
		scatter(&p->jumbo[worker], m, f);
	}
	return m;
}

void port_send(struct ports *p, unsigned link, unsigned side, unsigned worker,
	struct frame **frames, unsigned n, struct stats *stats)
{
	struct rte_mbuf *mbufs[LIMIT_BURST];
	unsigned sent = 0;

	for (unsigned i = 0; i < n; i++) {
		mbufs[i] = mbuf_of(p, frames[i], worker);
	}
	for (unsigned tries = 0; sent < n && tries < SEND_TRIES; tries++) {
		sent += rte_eth_tx_burst(port_id(p, link, side), (uint16_t)worker, mbufs + sent,
			(uint16_t)(n - sent));
	}
	if (sent < n) {
		stats_add(stats, STAT_tx_full, n - sent);
		rte_pktmbuf_free_bulk(mbufs + sent, n - sent);
	}
}

void port_drop(struct ports *p, struct frame *f, unsigned worker)
{
	rte_pktmbuf_free(mbuf_of(p, f, worker));
}

bool port_starved(const struct ports *p)
{
	return rte_mempool_avail_count(p->pool) < LIMIT_BURST;
}

bool port_read(unsigned port, struct port_status *out)
{
	struct rte_eth_stats stats;
	struct rte_eth_link link;
	struct rte_eth_dev_info info;

	if (!rte_eth_dev_is_valid_port((uint16_t)port) ||
		rte_eth_stats_get((uint16_t)port, &stats) != 0 ||
		rte_eth_link_get_nowait((uint16_t)port, &link) != 0 ||
		rte_eth_dev_info_get((uint16_t)port, &info) != 0) {
		return false;
	}
	*out = (struct port_status){
		.speed_mbps = link.link_speed,
		.frames_in = stats.ipackets,
		.frames_out = stats.opackets,
		.missed = stats.imissed + stats.rx_nombuf,
		.errors = stats.ierrors + stats.oerrors,
	};
	(void)port_link(port, &out->up);
	snprintf(out->name, sizeof(out->name), "%s", rte_dev_name(info.device));
	snprintf(out->driver, sizeof(out->driver), "%s", info.driver_name);
	return true;
}
