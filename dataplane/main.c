/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * smswalld: boots in stages: arguments, configuration, policy, memory budget, EAL, buffers, ports,
 * gate, workers, control thread; and takes them down in reverse.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_ring.h>
#include <sodium.h>
#include <systemd/sd-daemon.h>

#include "dataplane/base/clock.h"
#include "dataplane/telemetry.h"
#include "dataplane/worker.h"
#include "control/control.h"
#include "control/events.h"
#include "control/limit_state.h"
#include "control/notify.h"
#include "control/panic.h"
#include "control/push_boot.h"
#include "control/replay_plan.h"
#include "control/server.h"
#include "control/version.h"

enum { INBOX_FRAMES = 4096, MIB = 1 << 20 };

/* The signal handler gets no argument (style.md). */
static volatile sig_atomic_t stop_signal;

static void on_stop(int number)
{
	(void)number;
	stop_signal = 1;
}

struct arguments {
	const char *config_path;
	const char *policy_path;
	const char *plan_path;
	int eal_argc;
	char **eal_argv;
};

/* Everything that boot makes and shutdown takes down. */
struct daemon {
	struct arguments arguments;
	struct config config;
	struct replay_plan plan;
	bool replay;
	struct push_boot boot;
	struct push_made first;
	struct port_config port_config;
	struct ports *ports;
	struct gate *gate;
	struct concat *concat;
	struct limits *limits;
	bool limits_lost; /* what was kept of them is of no use */
	struct flowtable *flowtables[WORKERS_MAX];
	void *memory[WORKERS_MAX];
	struct pipeline *pipelines[WORKERS_MAX];
	struct worker workers[WORKERS_MAX];
	struct worker_shared shared;
	_Atomic uint64_t panic_links;
	size_t budget;
	bool eal_up;
	struct diag diag;
};

static void print_help(FILE *to)
{
	fprintf(to,
		"usage: smswalld --config FILE [--policy DIR|FILE.pat|PACK] [-- EAL arguments]\n"
		"\n"
		"  -c, --config FILE    the configuration: smswall.conf(5)\n"
		"  -p, --policy PATH    a folder of *.pat and policy.conf, one *.pat file, or a pack;\n"
		"                       default: policy.path of the configuration\n"
		"      --replay PLAN    run a capture: used by smswallctl replay\n"
		"  -V, --version        print the version\n"
		"  -h, --help           print this\n"
		"\n"
		"Ports 0 and 1 of DPDK are the first pair. Without a NIC and without hugepages:\n"
		"  smswalld --config conf/lab.conf -- --no-huge -m 1024 --no-pci --file-prefix lab \\\n"
		"      --vdev=net_af_packet0,iface=A --vdev=net_af_packet1,iface=B\n");
}

/* Returns -1 to go on, else the exit code. */
static int read_arguments(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "policy", required_argument, NULL, 'p' },
		{ "replay", required_argument, NULL, 'r' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "+c:p:Vh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			a->config_path = optarg;
			break;
		case 'p':
			a->policy_path = optarg;
			break;
		case 'r':
			a->plan_path = optarg;
			break;
		case 'V':
			printf("smswalld %s\n", SMSWALL_VERSION);
			return CONTROL_OK;
		case 'h':
			print_help(stdout);
			return CONTROL_OK;
		default:
			print_help(stderr);
			return CONTROL_USAGE;
		}
	}
	if (a->config_path == NULL || (optind < argc && strcmp(argv[optind - 1], "--") != 0)) {
		fprintf(stderr, "smswalld: %s\n",
			a->config_path == NULL ? "--config FILE is missing"
					       : "EAL arguments belong after --");
		print_help(stderr);
		return CONTROL_USAGE;
	}
	a->eal_argc = argc - optind;
	a->eal_argv = argv + optind;
	return -1;
}

/* Hash keys that a sender cannot know: no one can aim at one bucket. Replays have fixed ones. */
static void randomise(struct pipeline_config *c)
{
	randombytes_buf(&c->hash_seed, sizeof(c->hash_seed));
	randombytes_buf(&c->concat.hash_key, sizeof(c->concat.hash_key));
	randombytes_buf(&c->limits.hash_key, sizeof(c->limits.hash_key));
	randombytes_buf(&c->signalling.hash_key, sizeof(c->signalling.hash_key));
}

static bool load_config(struct daemon *d)
{
	config_defaults(&d->config);
	if (!config_load(&d->config, d->arguments.config_path, &d->diag)) {
		return false;
	}
	d->config.pipeline.limits.n_workers = d->config.n_workers;
	if (d->arguments.plan_path == NULL) {
		randomise(&d->config.pipeline);
		d->config.pipeline.sample_key = events_sample_key(&d->config);
		return true;
	}
	d->replay = true;
	if (!replay_plan_read(&d->plan, d->arguments.plan_path, &d->diag)) {
		return false;
	}
	replay_plan_apply(&d->plan, &d->config);
	d->config.pipeline.limits.n_workers = d->config.n_workers;
	return true;
}

/* is_alone: before ports are touched: nobody serves the control socket yet. */
static bool is_alone(struct daemon *d, int *code)
{
	if (d->replay || !server_is_served(d->config.socket_path)) {
		return true;
	}
	diag_add(&d->diag, DIAG_ERROR, d->config.socket_path, 0, 0,
		"control socket: another daemon listens there");
	*code = CONTROL_FAILED;
	return false;
}

static bool load_policy(struct daemon *d)
{
	return push_boot_load(&d->boot, &d->config, d->arguments.policy_path, &d->diag);
}

static void describe_ports(struct daemon *d)
{
	struct port_config *p = &d->port_config;

	*p = (struct port_config){
		.n_links = d->config.pipeline.n_links,
		.n_workers = d->config.n_workers,
		.rx_descriptors = d->config.rx_descriptors,
		.tx_descriptors = d->config.tx_descriptors,
		.mbufs = d->config.mbufs,
		.jumbo_buffers = d->config.jumbo_buffers,
		.replay = d->replay,
	};
	for (unsigned i = 0; i < p->n_links; i++) {
		p->link_names[i] = d->config.pipeline.links[i].name;
		p->port[i][0] = d->replay ? 0 : d->config.pairs[i].inside_port;
		p->port[i][1] = d->config.pairs[i].outside_port;
	}
}

static void print_budget(struct daemon *d)
{
	const struct pipeline_config *c = &d->config.pipeline;
	size_t workers = d->config.n_workers;
	struct {
		const char *what;
		size_t octets;
	} lines[] = {
		{ "packet buffers", port_budget(&d->port_config) },
		{ "connections", workers * flowtable_size(c->flows_max) },
		{ "streams, messages, events", workers * pipeline_budget(c) },
		{ "long messages", concat_size(&c->concat) },
		{ "limits", limits_size(&c->limits) },
		{ "policies (memory.generations)", d->config.generations_len },
	};

	fprintf(stderr, "smswalld %s: memory budget for %zu worker%s\n", SMSWALL_VERSION, workers,
		workers == 1 ? "" : "s");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		fprintf(stderr, "  %-28s %8.1f MiB\n", lines[i].what,
			(double)lines[i].octets / MIB);
		d->budget += lines[i].octets;
	}
	fprintf(stderr, "  %-28s %8.1f MiB\n", "total", (double)d->budget / MIB);
}

static bool start_eal(struct daemon *d, char *name)
{
	char *argv[64] = { name };
	int argc = 1;

	if (d->arguments.eal_argc > 62) {
		diag_add(&d->diag, DIAG_ERROR, NULL, 0, 0, "more than 62 EAL arguments");
		return false;
	}
	for (int i = 0; i < d->arguments.eal_argc; i++) {
		argv[argc++] = d->arguments.eal_argv[i];
	}
	if (rte_eal_init(argc, argv) < 0) {
		diag_add(&d->diag, DIAG_ERROR, NULL, 0, 0,
			"DPDK cannot start: %s (its own message is above)",
			rte_strerror(rte_errno));
		return false;
	}
	d->eal_up = true;
	if (rte_lcore_count() < d->config.n_workers + 1) {
		diag_add(&d->diag, DIAG_ERROR, NULL, 0, 0,
			"%u worker%s and the control thread need %u lcores, DPDK has %u: give -l, or on one CPU "
			"--lcores 0@0,1@0",
			d->config.n_workers, d->config.n_workers == 1 ? "" : "s",
			d->config.n_workers + 1, rte_lcore_count());
		return false;
	}
	return true;
}

static bool no_memory(struct daemon *d, const char *what)
{
	diag_add(&d->diag, DIAG_ERROR, NULL, 0, 0,
		"no memory for %s: the budget above is %.0f MiB; give DPDK more (-m) or lower the limits",
		what, (double)d->budget / MIB);
	return false;
}

static bool make_worker(struct daemon *d, unsigned i)
{
	const struct pipeline_config *c = &d->config.pipeline;
	char name[32];

	snprintf(name, sizeof(name), "flows%u", i);
	d->flowtables[i] = flowtable_create(name, c->flows_max, c->hash_seed, (int)rte_socket_id());
	d->memory[i] = rte_zmalloc("pipeline", pipeline_budget(c), RTE_CACHE_LINE_SIZE);
	if (d->flowtables[i] == NULL || d->memory[i] == NULL) {
		return no_memory(d, "a worker");
	}
	d->pipelines[i] =
		pipeline_create(d->memory[i], c, d->flowtables[i], d->concat, d->limits, i);
	d->workers[i] =
		(struct worker){ .index = i, .shared = &d->shared, .pipeline = d->pipelines[i] };
	if (d->config.n_workers > 1) {
		snprintf(name, sizeof(name), "inbox%u", i);
		d->shared.inbox[i] =
			rte_ring_create(name, INBOX_FRAMES, (int)rte_socket_id(), RING_F_SC_DEQ);
		if (d->shared.inbox[i] == NULL) {
			return no_memory(d, "the rings between workers");
		}
	}
	return true;
}

/* make_limits: their table, with what was kept over the restart. */
static bool make_limits(struct daemon *d)
{
	struct limit_saved saved = { 0 };
	void *memory;

	limit_state_read(&saved, &d->config, &d->diag);
	memory =
		rte_zmalloc("limits", limits_size(&d->config.pipeline.limits), RTE_CACHE_LINE_SIZE);
	if (memory == NULL) {
		free(saved.file);
		return no_memory(d, "limits");
	}
	d->limits = limits_init(memory, &d->config.pipeline.limits);
	limit_state_load(&saved, d->limits, clock_realtime_us(), &d->diag, &d->config);
	d->limits_lost = saved.lost;
	return true;
}

static bool make_shared(struct daemon *d)
{
	void *memory =
		rte_zmalloc("concat", concat_size(&d->config.pipeline.concat), RTE_CACHE_LINE_SIZE);

	if (memory == NULL) {
		return no_memory(d, "long messages");
	}
	d->concat = concat_init(memory, &d->config.pipeline.concat);
	if (!make_limits(d)) {
		return false;
	}
	if (!push_boot_make(&d->boot, &d->config, &d->first, &d->diag)) {
		return false;
	}
	d->gate = gate_create(d->config.n_workers, d->first.generation);
	if (d->gate == NULL) {
		return no_memory(d, "the gate");
	}
	d->shared = (struct worker_shared){
		.config = &d->config.pipeline,
		.ports = d->ports,
		.gate = d->gate,
		.n_workers = d->config.n_workers,
		.burst = d->config.burst,
		.panic_links = &d->panic_links,
		.stop = &stop_signal,
		.running = d->config.n_workers,
	};
	return true;
}

static bool build(struct daemon *d)
{
	d->ports = port_open(&d->port_config, &d->diag);
	if (d->ports == NULL || !make_shared(d)) {
		return false;
	}
	for (unsigned i = 0; i < d->config.n_workers; i++) {
		if (!make_worker(d, i)) {
			return false;
		}
	}
	if (d->replay) {
		d->shared.file =
			fileport_open(d->plan.index, d->plan.out, d->plan.header, &d->diag);
		if (d->shared.file == NULL) {
			return false;
		}
	}
	return port_start(d->ports, &d->diag);
}

/* What is touched from now on stays: not all of it at once, as EAL reserves far more than it uses. */
static void lock_memory(struct daemon *d)
{
	if (!d->config.memory_lock || d->replay) {
		return;
	}
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0) {
		diag_add(&d->diag, DIAG_WARNING, NULL, 0, 0,
			"memory.lock: memory cannot be locked: %s (LimitMEMLOCK=infinity, or CAP_IPC_LOCK)",
			strerror(errno));
	}
}

static void launch(struct daemon *d)
{
	unsigned lcore = rte_get_next_lcore(UINT_MAX, 1, 0);

	for (unsigned i = 0; i < d->config.n_workers && lcore < RTE_MAX_LCORE; i++) {
		rte_eal_remote_launch(worker_run, &d->workers[i], lcore);
		lcore = rte_get_next_lcore(lcore, 1, 0);
	}
}

/* The door between port.c's figures and control's. */
static bool read_port(unsigned port, struct control_port *out)
{
	struct port_status status;

	if (!port_read(port, &status)) {
		return false;
	}
	*out = (struct control_port){
		.up = status.up,
		.speed_mbps = status.speed_mbps,
		.frames_in = status.frames_in,
		.frames_out = status.frames_out,
		.missed = status.missed,
		.errors = status.errors,
	};
	memcpy(out->name, status.name, sizeof(out->name));
	memcpy(out->driver, status.driver, sizeof(out->driver));
	return true;
}

/* What DPDK's telemetry socket tells; without it everything else runs all the same. */
static void open_telemetry(struct daemon *d, struct control_context *context)
{
	struct telemetry_source source = {
		.config = &d->config.pipeline,
		.pipelines = d->pipelines,
		.n_pipelines = d->config.n_workers,
		.panic_links = &d->panic_links,
		.started_us = context->started_us,
		.version = SMSWALL_VERSION,
	};

	for (unsigned i = 0; i < d->config.n_workers; i++) {
		source.turns[i] = &d->workers[i].pub.turns;
	}
	if (telemetry_open(&source)) {
		context->telemetry = telemetry_serve;
	} else {
		fprintf(stderr, "smswalld: DPDK takes no telemetry commands\n");
	}
}

static void notify(const char *state)
{
	(void)notify_send(state);
}

static int run(struct daemon *d)
{
	struct control_context context = {
		.config = &d->config,
		.config_path = d->arguments.config_path,
		.policy_name = d->boot.name,
		.generation = d->first.generation,
		.gate = d->gate,
		.first = &d->first,
		.fallback = d->boot.fallback,
		.pipelines = d->pipelines,
		.n_pipelines = d->config.n_workers,
		.panic_links = &d->panic_links,
		.stop = &stop_signal,
		.workers_running = &d->shared.running,
		.n_ports = d->replay ? 0 : 2 * d->config.pipeline.n_links,
		.port_read = read_port,
		.report_path = d->replay ? d->plan.report : NULL,
		.started_us = clock_realtime_us(),
		.budget_total = d->budget,
		.limits = d->limits,
		.limits_lost = d->limits_lost,
	};
	const struct push_workshop shop = { &d->config, d->boot.has_store ? &d->boot.store : NULL,
		&d->boot.arena };
	int code;

	if (!d->replay) {
		context.shop = &shop;
		context.port_link = port_link;
		context.port_set = port_set;
		context.notify = notify;
		if (sd_watchdog_enabled(0, &context.notify_watchdog_us) <= 0) {
			context.notify_watchdog_us = 0;
		}
		for (unsigned i = 0; i < d->config.n_workers; i++) {
			context.turns[i] = &d->workers[i].pub.turns;
			context.runs[i] = &d->workers[i].pub.generation;
			context.turn_max_cycles[i] = &d->workers[i].pub.turn_max_cycles;
		}
		atomic_store(&d->panic_links, control_panic_load(&d->config));
		open_telemetry(d, &context);
	}
	launch(d);
	notify("READY=1");
	code = control_run(&context);
	stop_signal = 1;
	rte_eal_mp_wait_lcore();
	if (context.shop != NULL) {
		control_close(&context);
		d->first.generation = NULL;
	}
	return code;
}

static int shut_down(struct daemon *d, int code)
{
	telemetry_close();
	if (d->shared.file != NULL && !fileport_close(d->shared.file, &d->diag)) {
		code = CONTROL_FAILED;
	}
	port_close(d->ports);
	gate_destroy(d->gate);
	generation_free(d->first.generation);
	for (unsigned i = 0; i < WORKERS_MAX; i++) {
		flowtable_destroy(d->flowtables[i]);
		rte_free(d->memory[i]);
	}
	rte_free(d->concat);
	rte_free(d->limits);
	push_boot_free(&d->boot);
	if (d->eal_up) {
		rte_eal_cleanup();
	}
	return code;
}

/* seal: no core by any way, a handler of the kernel's (core_pattern) included; nobody attaches but root. */
static void seal(void)
{
	if (prctl(PR_SET_DUMPABLE, 0) != 0) {
		fprintf(stderr, "smswalld: texts may be in a core: %s\n", strerror(errno));
	}
}

static void prepare_process(void)
{
	const struct rlimit none = { 0, 0 };
	struct sigaction on = { .sa_handler = on_stop };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	/* a core would hold the texts of messages (design.md law 8) */
	(void)setrlimit(RLIMIT_CORE, &none);
	sigaction(SIGTERM, &on, NULL);
	sigaction(SIGINT, &on, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

int main(int argc, char **argv)
{
	static struct daemon daemon; /* one per process; too large for a stack */
	struct daemon *d = &daemon;
	int code = read_arguments(&d->arguments, argc, argv);

	if (code >= 0) {
		return code;
	}
	prepare_process();
	code = CONTROL_INVALID;
	if (load_config(d) && is_alone(d, &code) && load_policy(d)) {
		describe_ports(d);
		if (!d->replay) {
			print_budget(d);
		}
		code = CONTROL_FAILED;
		if (start_eal(d, argv[0]) && build(d)) {
			lock_memory(d);
			seal(); /* after DPDK has read what it needs of /proc/self */
			/* warnings are for whoever watches it start */
			diag_print(&d->diag, stderr);
			diag_clear(&d->diag);
			code = run(d);
		}
	}
	code = shut_down(d, code);
	diag_print(&d->diag, stderr);
	diag_clear(&d->diag);
	return code;
}
