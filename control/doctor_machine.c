/* SPDX-License-Identifier: BSD-3-Clause */
/* Processor, memory, clock and drivers, as doctor.h has it. */
#include <errno.h>
#include <glob.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <hs/hs.h>

#include "control/doctor.h"

enum { REPLAY_KIB = 1280 * 1024, KIB_PER_MIB = 1024 }; /* --no-huge -m 1024 and what is around it */

static void add_word(char *list, size_t size, const char *word)
{
	size_t len = strlen(list);

	(void)snprintf(list + len, size - len, "%s%s", len != 0 ? ", " : "", word);
}

static void processor_features(struct doctor *d)
{
	char list[128] = "";
	hs_error_t rc = hs_valid_platform();

#if defined(__x86_64__)
	__builtin_cpu_init();
	if (__builtin_cpu_supports("ssse3")) {
		add_word(list, sizeof(list), "ssse3");
	}
	if (__builtin_cpu_supports("sse4.2")) {
		add_word(list, sizeof(list), "sse4.2");
	}
	if (__builtin_cpu_supports("avx2")) {
		add_word(list, sizeof(list), "avx2");
	}
	if (__builtin_cpu_supports("avx512vbmi")) {
		add_word(list, sizeof(list), "avx512vbmi");
	}
#endif
	if (rc != HS_SUCCESS) {
		doctor_say(d, DOCTOR_ERROR, "processor",
			"run on a processor with SSSE3 (in a virtual machine: CPU model host)",
			"Hyperscan %s cannot run on it: SSSE3 is missing", hs_version());
		return;
	}
	doctor_say(d, DOCTOR_OK, "processor", NULL, "%s; Hyperscan %s",
		list[0] != '\0' ? list : "supported", hs_version());
}

static void processor_cores(struct doctor *d)
{
	char isolated[256];
	cpu_set_t set;
	int n = 0;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) == 0) {
		n = CPU_COUNT(&set);
	}
	doctor_read("/sys/devices/system/cpu/isolated", isolated, sizeof(isolated));
	if (n < 2) {
		doctor_say(d, DOCTOR_WARNING, "cores",
			"give the machine, or the unit's CPUAffinity, two or more",
			"one processor may be used: worker and control thread share it");
	} else {
		doctor_say(d, DOCTOR_OK, "cores", NULL, "%d processors may be used", n);
	}
	if (isolated[0] == '\0') {
		doctor_say(d, DOCTOR_NOTE, "isolation",
			"kernel command line: isolcpus=managed_irq,domain,1-3 nohz_full=1-3 rcu_nocbs=1-3 "
			"(the workers' processors)",
			"no processor is isolated: workers share theirs with other programs");
	} else {
		doctor_say(d, DOCTOR_OK, "isolation", NULL, "isolated processors: %s", isolated);
	}
}

static void processor_governor(struct doctor *d)
{
	char governor[64];

	doctor_read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", governor,
		sizeof(governor));
	if (governor[0] != '\0' && strcmp(governor, "performance") != 0) {
		doctor_say(d, DOCTOR_NOTE, "frequency", "cpupower frequency-set -g performance",
			"governor %s: the processor slows down between bursts", governor);
	}
}

void doctor_processor(struct doctor *d)
{
	processor_features(d);
	processor_cores(d);
	processor_governor(d);
}

/* meminfo: a figure of /proc/meminfo; -1 if it is not there. */
static long meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	size_t len = strlen(name);
	char line[256];
	long value = -1;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, name, len) == 0 && line[len] == ':') {
			value = strtol(line + len + 1, NULL, 10);
			break;
		}
	}
	if (f != NULL) {
		(void)fclose(f);
	}
	return value;
}

static void memory_hugepages(struct doctor *d)
{
	long total = meminfo("HugePages_Total");
	long unused = meminfo("HugePages_Free");
	long kib = meminfo("Hugepagesize");

	if (total <= 0) {
		doctor_say(d, DOCTOR_WARNING, "hugepages",
			"dpdk-hugepages.py --pagesize 2M --setup 2G",
			"none are set aside: a live filter wants them (replay and --no-huge do not)");
	} else if (unused <= 0) {
		doctor_say(d, DOCTOR_WARNING, "hugepages", "dpdk-hugepages.py --show",
			"all %ld of %ld KiB are in use: another DPDK program has them, or one has left them "
			"behind in /dev/hugepages",
			total, kib);
	} else {
		doctor_say(d, DOCTOR_OK, "hugepages", NULL, "%ld of %ld free, of %ld KiB each",
			unused, total, kib);
	}
}

void doctor_memory(struct doctor *d)
{
	struct rlimit lock;
	long available = meminfo("MemAvailable");

	memory_hugepages(d);
	if (available >= 0 && available < REPLAY_KIB) {
		doctor_say(d, DOCTOR_WARNING, "memory", "free some, or add some",
			"%ld MiB are available: replay and test mode take 1024 MiB and a little more",
			available / KIB_PER_MIB);
	} else {
		doctor_say(
			d, DOCTOR_OK, "memory", NULL, "%ld MiB available", available / KIB_PER_MIB);
	}
	if (getrlimit(RLIMIT_MEMLOCK, &lock) == 0 && lock.rlim_cur != RLIM_INFINITY &&
		geteuid() != 0) {
		doctor_say(d, DOCTOR_WARNING, "memlock",
			"LimitMEMLOCK=infinity in the unit, or: ulimit -l unlimited",
			"%llu KiB may be locked: too little for DMA and memory.lock",
			(unsigned long long)lock.rlim_cur / 1024);
	} else {
		doctor_say(d, DOCTOR_OK, "memlock", NULL, "memory may be locked");
	}
}

#if defined(__x86_64__)
/* tsc_constant: the cycle counter runs at one rate in all states (CPUID 80000007H, EDX bit 8). */
static bool tsc_constant(void)
{
	unsigned a;
	unsigned b;
	unsigned c;
	unsigned d;

	return __get_cpuid(0x80000007u, &a, &b, &c, &d) != 0 && (d & (1u << 8)) != 0;
}
#endif

void doctor_clock(struct doctor *d)
{
	static const char folder[] = "/sys/devices/system/clocksource/clocksource0";
	char current[64];
	char available[256];
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/current_clocksource", folder);
	doctor_read(path, current, sizeof(current));
	(void)snprintf(path, sizeof(path), "%s/available_clocksource", folder);
	doctor_read(path, available, sizeof(available));
	if (strcmp(current, "tsc") == 0 || strcmp(current, "kvm-clock") == 0 ||
		strcmp(current, "arch_sys_counter") == 0) {
		doctor_say(d, DOCTOR_OK, "clock", NULL, "%s", current);
	} else {
		doctor_say(d, DOCTOR_WARNING, "clock",
			strstr(available, "tsc") != NULL
				? "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource"
				: NULL,
			"%s: reading the time is a system call each burst",
			current[0] != '\0' ? current : "unknown");
	}
#if defined(__x86_64__)
	if (!tsc_constant()) {
		doctor_say(d, DOCTOR_NOTE, "tsc", NULL,
			"the cycle counter is not constant: figures of cycles are rough");
	}
#endif
}

/* find_file: some file fits one of the patterns (glob(7)). */
static bool find_file(const char *const *patterns, const char *name)
{
	bool found = false;

	for (; *patterns != NULL && !found; patterns++) {
		char pattern[256];
		glob_t g;

		(void)snprintf(pattern, sizeof(pattern), "%s%s", *patterns, name);
		found = glob(pattern, GLOB_NOSORT, NULL, &g) == 0;
		globfree(&g);
	}
	return found;
}

static void devices_drivers(struct doctor *d)
{
	static const char *const places[] = { "/usr/lib/*/", "/usr/lib/*/dpdk/pmds-*/",
		"/usr/lib64/dpdk/pmds-*/", "/usr/local/lib/*/dpdk/pmds-*/", NULL };
	static const struct {
		const char *file;
		const char *package;
		const char *what;
	} drivers[] = {
		{ "librte_net_pcap.so.23*", "apt-get install librte-net-pcap23",
			"net_pcap (replay)" },
		{ "librte_net_af_packet.so.23*", "apt-get install librte-net-af-packet23",
			"net_af_packet (kernel interfaces)" },
	};

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		bool there = find_file(places, drivers[i].file);

		doctor_say(d, there ? DOCTOR_OK : DOCTOR_WARNING, "driver",
			there ? NULL : drivers[i].package, "%s is %s", drivers[i].what,
			there ? "there" : "not found where Debian has it");
	}
}

static void devices_packet(struct doctor *d)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0) {
		(void)close(fd);
		doctor_say(d, DOCTOR_OK, "packet", NULL,
			"packet sockets may be opened: net_af_packet can work");
		return;
	}
	doctor_say(d, DOCTOR_WARNING, "packet",
		"run as root, or: AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN in the unit",
		"no packet socket (%s): net_af_packet cannot work; replay can", strerror(errno));
}

static void devices_iommu(struct doctor *d)
{
	static const char *const iommu[] = { "/sys/class/iommu/*", NULL };
	static const char *const vfio[] = { "/sys/module/vfio_pci", NULL };

	if (!find_file(iommu, "")) {
		doctor_say(d, DOCTOR_NOTE, "iommu",
			"kernel command line: intel_iommu=on iommu=pt (AMD: iommu=pt)",
			"none is on: a NIC can be given to DPDK only by vfio's unsafe no-IOMMU mode");
	} else {
		doctor_say(d, DOCTOR_OK, "iommu", NULL, "on");
	}
	if (!find_file(vfio, "")) {
		doctor_say(d, DOCTOR_NOTE, "vfio", "modprobe vfio-pci",
			"vfio-pci is not loaded: needed before a NIC is bound to it (dpdk-devbind.py)");
	} else {
		doctor_say(d, DOCTOR_OK, "vfio", NULL, "vfio-pci is loaded");
	}
}

void doctor_devices(struct doctor *d)
{
	devices_drivers(d);
	devices_packet(d);
	devices_iommu(d);
}
