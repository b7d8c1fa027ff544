/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * config: smswall.conf: one ranged, typed table of keys, read by libconfig.
 *
 * Control only. Every error is reported, not only the first: unknown key, wrong type, out of range,
 * duplicate, a link without a name, a port twice, verdicts that do not fit what they stand at.
 * The table also prints the canonical form (config_print) and the manual's list of keys
 * (config_print_keys), so that neither can drift. libconfig 1.5 wraps 3000000000 to -1294967296
 * without a word: numbers are checked in the text as well (research/ecosystem.md 3).
 */
#ifndef SMSWALL_CONTROL_CONFIG_H
#define SMSWALL_CONTROL_CONFIG_H

#include "control/roles.h"
#include "control/guard.h"
#include "dataplane/base/diag.h"
#include "dataplane/pipeline.h"

enum config_numbers { NUMBERS_PSEUDONYM, NUMBERS_CLEAR, NUMBERS_NONE };
enum config_loopback { LOOPBACK_4, LOOPBACK_6 };
enum { METRICS_OF_RULE = 3 }; /* series of each rule that is told */

struct config_port_pair {
	uint16_t inside_port; /* DPDK port ids: link i joins these two */
	uint16_t outside_port;
	bool propagate; /* link_state: where one port goes down, the other is set down */
};

struct config {
	struct pipeline_config pipeline;
	struct config_port_pair pairs[LIMIT_LINKS];
	unsigned n_workers;
	unsigned burst; /* frames, 1..LIMIT_BURST */
	uint32_t rx_descriptors, tx_descriptors;
	uint32_t mbufs;            /* per worker and port */
	uint32_t jumbo_buffers;    /* 64 KiB buffers for multi-segment frames */
	char events_file[4096];    /* "-": standard output; "": none */
	uint8_t events_numbers;    /* enum config_numbers */
	char events_key_file[256]; /* pseudonym key; "": made at start, kept in state_dir */
	char socket_path[108];
	char state_dir[256];
	char operators[ROLES_TEXT_SIZE]; /* "anna, @smsops": control/roles.h */
	char authors[ROLES_TEXT_SIZE];
	char admins[ROLES_TEXT_SIZE];
	char policy_path[256];   /* used when --policy is not given */
	uint8_t default_action;  /* enum rule_action of a bare rule at weight 100 */
	uint64_t replay_hold_us; /* tcp.hold_us in replay; 0: until the verdict */
	bool memory_lock;
	bool limits_keep; /* limits.state: over restarts, too */
	uint32_t limits_save_s;
	uint32_t watchdog_abort_ms; /* 0: never */
	uint64_t generations_len;   /* octets that all generations may take */
	struct guard_config guard;
	char metrics_socket[108];      /* "": none */
	uint16_t metrics_port;         /* TCP, on a loopback address; 0: none */
	uint8_t metrics_address;       /* enum config_loopback */
	uint32_t metrics_rules;        /* as many of the rules that hit most; 0: none */
	uint32_t metrics_series;       /* at most */
	char quarantine_path[256];     /* a folder; "": nothing is kept */
	uint64_t quarantine_file_size; /* octets of one file */
	uint64_t quarantine_total_size;
	uint32_t quarantine_files;
	uint64_t quarantine_age_us; /* a file is closed after this; 0: never for its age */
	uint8_t quarantine_actions; /* bit per enum rule_action; pipeline's are 0 without a path */
	unsigned n_inputs; /* replay: captures merged into one; events name theirs where above 1 */
};

/* config_defaults: every key's default. */
void config_defaults(struct config *c);

/* config_quarantine: keeps refused messages in the folder `path`, or, where it is "", none. */
void config_quarantine(struct config *c, const char *path);

/* config_load: false when `diag` got an error; *c is then not to be used. */
bool config_load(struct config *c, const char *path, struct diag *diag);

/* config_load_text: the same from memory; `name` stands for the file. */
bool config_load_text(struct config *c, const char *name, const char *text, struct diag *diag);

/* config_print: the canonical form: every key with its value; reading it again gives the same. */
void config_print(const struct config *c, FILE *to);

/* config_print_keys: name, type, unit, range, default and help of every key, as the manual page has them. */
void config_print_keys(FILE *to);

#endif
