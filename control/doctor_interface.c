/* SPDX-License-Identifier: BSD-3-Clause */
/* One network interface, as doctor.h has it. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/doctor.h"

/* net_af_packet's default frame room, and what net_af_packet of DPDK 22.11 copies without a look. */
enum { AF_PACKET_MTU_MAX = 2048 - 128 };

/*
 * What must be off where frames are read by the kernel: merged or unfinished frames are no frames
 * of the wire: they have other lengths, and checksums that a NIC was to fill in.
 */
static const struct {
	uint32_t command;
	const char *word; /* for ethtool -K */
} offloads[] = {
	{ ETHTOOL_GTXCSUM, "tx" },
	{ ETHTOOL_GTSO, "tso" },
	{ ETHTOOL_GGSO, "gso" },
	{ ETHTOOL_GGRO, "gro" },
};

static bool offload_on(int fd, const char *name, uint32_t command)
{
	struct ethtool_value value = { .cmd = command };
	struct ifreq request = { .ifr_data = (char *)&value };

	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return ioctl(fd, SIOCETHTOOL, &request) == 0 && value.data != 0;
}

static bool large_receive_on(int fd, const char *name)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GFLAGS };
	struct ifreq request = { .ifr_data = (char *)&value };

	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return ioctl(fd, SIOCETHTOOL, &request) == 0 && (value.data & ETH_FLAG_LRO) != 0;
}

static void say_offloads(struct doctor *d, int fd, const char *name)
{
	char on[64] = "";
	char fix[128];
	size_t len = 0;
	size_t fix_len = (size_t)snprintf(fix, sizeof(fix), "ethtool -K %s", name);

	for (size_t i = 0; i < sizeof(offloads) / sizeof(offloads[0]); i++) {
		if (offload_on(fd, name, offloads[i].command)) {
			len += (size_t)snprintf(
				on + len, sizeof(on) - len, " %s", offloads[i].word);
			fix_len += (size_t)snprintf(
				fix + fix_len, sizeof(fix) - fix_len, " %s off", offloads[i].word);
		}
	}
	if (large_receive_on(fd, name)) {
		(void)snprintf(on + len, sizeof(on) - len, " lro");
		(void)snprintf(fix + fix_len, sizeof(fix) - fix_len, " lro off");
	}
	if (on[0] != '\0') {
		doctor_say(d, DOCTOR_WARNING, name, fix,
			"offloads are on:%s: frames of net_af_packet come merged or with unfinished "
			"checksums",
			on);
	} else {
		doctor_say(d, DOCTOR_OK, name, NULL, "offloads are off");
	}
}

static void say_link(struct doctor *d, int fd, const char *name)
{
	struct ifreq request = { .ifr_flags = 0 };
	char fix[64];

	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) == 0) {
		(void)snprintf(fix, sizeof(fix), "ip link set %s up", name);
		doctor_say(d, DOCTOR_WARNING, name, fix, "is down");
	}
	if (ioctl(fd, SIOCGIFMTU, &request) == 0 && request.ifr_mtu > AF_PACKET_MTU_MAX) {
		(void)snprintf(fix, sizeof(fix), "ip link set %s mtu 1500", name);
		doctor_say(d, DOCTOR_NOTE, name, fix,
			"MTU %d: net_af_packet needs framesz above it (--vdev=...,framesz=16384)",
			request.ifr_mtu);
	}
}

static void say_node(struct doctor *d, const char *name)
{
	char path[128];
	char node[32];
	char cores[128];

	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/device/numa_node", name);
	doctor_read(path, node, sizeof(node));
	if (node[0] == '\0' || node[0] == '-') {
		return;
	}
	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/device/local_cpulist", name);
	doctor_read(path, cores, sizeof(cores));
	doctor_say(d, DOCTOR_NOTE, name, NULL,
		"is at NUMA node %s: give its workers processors of that node: %s", node, cores);
}

void doctor_interface(struct doctor *d, const char *name)
{
	int fd;

	if (strlen(name) >= IFNAMSIZ || strchr(name, '/') != NULL || if_nametoindex(name) == 0) {
		doctor_say(
			d, DOCTOR_ERROR, name, "ip link show", "there is no such interface here");
		return;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		doctor_say(d, DOCTOR_WARNING, name, NULL, "cannot be asked: %s", strerror(errno));
		return;
	}
	say_link(d, fd, name);
	say_offloads(d, fd, name);
	say_node(d, name);
	(void)close(fd);
}
