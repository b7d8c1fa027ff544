/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * port: DPDK ports in pairs: queues, buffers, symmetric RSS; mbufs become struct frame and back.
 *
 * A frame's struct lives in its mbuf's private area. Frames of several segments are copied into one
 * of a few large buffers on the way in and back into their segments on the way out.
 * Ownership: port_receive gives frames to the caller; port_send and port_drop take them back.
 * Thread-safety: port_open, port_start, port_close by control; the rest by the worker that owns the queue.
 */
#ifndef SMSWALL_PORT_H
#define SMSWALL_PORT_H

#include "dataplane/base/diag.h"
#include "dataplane/net/frame.h"
#include "dataplane/verdict/generation.h"

struct port_config {
	unsigned n_links;
	const char *link_names[LIMIT_LINKS];
	uint16_t port[LIMIT_LINKS][2]; /* DPDK port ids: inside, outside */
	unsigned n_workers;
	uint32_t rx_descriptors, tx_descriptors;
	uint32_t mbufs;         /* per worker */
	uint32_t jumbo_buffers; /* per worker, 64 KiB each, for frames of several segments */
	bool replay;            /* only link 0's first port, receive only */
};

/* A port as status shows it. */
struct port_status {
	char name[64];
	char driver[32];
	bool up;
	uint32_t speed_mbps;
	uint64_t frames_in, frames_out, missed, errors;
};

struct ports;

/*
 * port_open: configures every port of every pair with one rx and tx queue per worker, and reads
 * back what the driver made of it. NULL with errors in `diag` (a missing port, too few queues,
 * MTU above the buffers).
 */
struct ports *port_open(const struct port_config *config, struct diag *diag);

/* port_start: starts all ports; false with errors in `diag`. */
bool port_start(struct ports *p, struct diag *diag);
void port_close(struct ports *p);

/* Octets of packet buffers that port_open() will take, for the budget. */
size_t port_budget(const struct port_config *config);

/* port_receive: up to `max` frames of one side (0 inside, 1 outside) of a link; replay: with the capture's time. */
unsigned port_receive(struct ports *p, unsigned link, unsigned side, unsigned worker,
	uint64_t now_us, struct frame **frames, unsigned max);

/* port_send: sends `n` frames out of one side of a link, in order; what the driver will not take is dropped and counted. */
void port_send(struct ports *p, unsigned link, unsigned side, unsigned worker,
	struct frame **frames, unsigned n, struct stats *stats);

/* port_frame_new: an empty frame to be filled and sent; its `data` has room for 256 octets. NULL: no buffer is free. */
struct frame *port_frame_new(struct ports *p);

void port_drop(struct ports *p, struct frame *f, unsigned worker);

/* port_starved: the buffers have run out: port_receive cannot give anything before frames are freed. */
bool port_starved(const struct ports *p);

/* port_link: whether the wire is there: the driver's word, or the kernel's where it owns the interface. Control only. */
bool port_link(unsigned port, bool *up);

/*
 * port_set: sets the link of a started port down or up again, so that its far end sees it. 0 or -errno
 * (-ENOTSUP where neither the driver nor the kernel can). An interface of the kernel stays down when
 * the process ends; port_start() sets it up. Control only.
 */
int port_set(unsigned port, bool up);

/* port_read: for status. Control only. */
bool port_read(unsigned port, struct port_status *out);

#endif
