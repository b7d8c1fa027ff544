/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * metrics_parts: the one list of metrics, and what metrics.c, metrics_limit.c, metrics_link.c and metrics_rule.c
 * share.
 * Nobody else includes it. Control only. Counters of dataplane/stats.h are not listed: each is a
 * metric by itself (metrics_counter_family, metrics_link_family).
 */
#ifndef SMSWALL_CONTROL_METRICS_PARTS_H
#define SMSWALL_CONTROL_METRICS_PARTS_H

#include "control/metrics.h"

/* X(NAME, type, name, unit, labels, help), in the order of the page: what alarms need comes first. */
/* clang-format off */
#define METRICS_FAMILIES(X)                                                                        \
	X(BUILD, INFO, "smswall_build", "", "version, hyperscan",                                  \
		"the program that runs")                                                           \
	X(START_TIME, GAUGE, "smswall_start_time_seconds", "seconds", "",                          \
		"when the daemon started, since 1970")                                             \
	X(MEMORY_BUDGET, GAUGE, "smswall_memory_budget_bytes", "bytes", "",                        \
		"memory as planned at start")                                                      \
	/* which rules judge */                                                                    \
	X(GENERATION_NUMBER, GAUGE, "smswall_generation_number", "", "",                           \
		"the generation that judges; 0: none")                                             \
	X(GENERATION, INFO, "smswall_generation", "", "hash",                                      \
		"the generation that judges, by the hash of its rules")                            \
	X(GENERATION_RULES, GAUGE, "smswall_generation_rules", "", "",                             \
		"its rules")                                                                       \
	X(GENERATION_DATABASE, GAUGE, "smswall_generation_database_bytes", "bytes", "",            \
		"its databases")                                                                   \
	X(GENERATION_SINCE, GAUGE, "smswall_generation_live_time_seconds", "seconds", "",          \
		"when it began to judge, since 1970")                                              \
	X(POLICY_CHANGES, COUNTER, "smswall_policy_changes", "", "change",                         \
		"pushes and what became of them; alarms: undone, not_taken, fallback, empty, "     \
		"limits_lost")                                                                     \
	X(GENERATION_EMPTY, GAUGE, "smswall_generation_empty", "", "",                             \
		"1: nothing could be verified at start: it has no rules, everything passes")       \
	X(CONFIRM_PENDING, GAUGE, "smswall_generation_confirm_pending", "", "",                    \
		"1: a push is undone unless it is confirmed")                                      \
	X(GUARD_WATCHING, GAUGE, "smswall_generation_guard_watching", "", "",                      \
		"1: the guard rail watches what a push does")                                      \
	X(PUSHES_WAITING, GAUGE, "smswall_pushes_waiting", "", "",                                 \
		"orders that wait for the one being carried out")                                  \
	X(GENERATIONS_RETIRED, GAUGE, "smswall_generations_retired", "", "",                       \
		"generations that judge no more and are still in memory")                          \
	X(GENERATIONS_MEMORY, GAUGE, "smswall_generations_bytes", "bytes", "",                     \
		"memory of all generations")                                                       \
	X(GENERATIONS_PEAK, GAUGE, "smswall_generations_peak_bytes", "bytes", "",                  \
		"the most it ever was")                                                            \
	X(GENERATIONS_CEILING, GAUGE, "smswall_generations_ceiling_bytes", "bytes", "",            \
		"what it may be (memory.generations)")                                             \
	/* workers */                                                                              \
	X(WORKER_STUCK, GAUGE, "smswall_worker_stuck", "", "worker",                               \
		"1: the worker has not turned for 100 ms")                                         \
	X(WORKER_GENERATION, GAUGE, "smswall_worker_generation", "", "worker",                     \
		"the generation that the worker judges by")                                        \
	X(WORKER_TURNS, COUNTER, "smswall_worker_turns", "", "worker",                             \
		"rounds of the worker's loop")                                                     \
	X(WORKER_STANDS, COUNTER, "smswall_worker_stands", "", "worker",                           \
		"times the worker has not turned for 100 ms")                                      \
	X(WORKER_STOOD_MAX, GAUGE, "smswall_worker_stood_max_seconds", "seconds", "worker",        \
		"the longest time it has not turned")                                              \
	/* links */                                                                                \
	X(LINK, INFO, "smswall_link", "", "link, mode",                                            \
		"a link, and its mode")                                                            \
	X(LINK_PANIC, GAUGE, "smswall_link_panic", "", "link",                                     \
		"1: everything passes, on the operator's word")                                    \
	X(LINK_DRIBBLING, GAUGE, "smswall_link_dribbling", "", "link",                             \
		"1: text was let go in pieces too often: such messages are refused")               \
	X(LINK_DOWNS, COUNTER, "smswall_link_downs", "", "link",                                   \
		"times a port of the link went down by itself")                                    \
	X(LINK_PROPAGATED, COUNTER, "smswall_link_propagated", "", "link",                         \
		"times the other port was set down for it")                                        \
	X(LINK_HOLD_MAX, GAUGE, "smswall_link_hold_max_seconds", "seconds", "link",                \
		"the longest wait of a frame since start")                                         \
	X(BREAKER_MOVED, GAUGE, "smswall_breaker_moved", "", "link, towards",                      \
		"1: refusals did harm and are made in another style than the configured one")      \
	X(BREAKER_MOVES, COUNTER, "smswall_breaker_moves", "", "link, towards",                    \
		"times the circuit breaker went on to another style")                              \
	X(BREAKER_STRIKES, GAUGE, "smswall_breaker_strikes", "", "link, towards, cause",           \
		"closed or silent far ends after refusals, counted towards the next move")         \
	/* what became of messages and octets */                                                   \
	X(VERDICTS, COUNTER, "smswall_verdicts", "", "verdict",                                    \
		"messages by their verdict")                                                       \
	X(FORWARDED, COUNTER, "smswall_forwarded_bytes", "bytes", "from",                          \
		"octets of TCP payload and SCTP user data forwarded")                              \
	X(UNJUDGED, COUNTER, "smswall_unjudged_bytes", "bytes", "from",                            \
		"of these, octets of SMS traffic that nobody has read")                            \
	X(LEDGER, COUNTER, "smswall_ledger_bytes", "bytes", "from, reason",                        \
		"octets forwarded, each in exactly one reason")                                    \
	X(WAITING, GAUGE, "smswall_waiting_bytes", "bytes", "from",                                \
		"octets of open connections that wait for what belongs to them before they have a reason") \
	/* events */                                                                               \
	X(EVENT_FILE_FAILED, GAUGE, "smswall_event_file_failed", "", "",                           \
		"1: events.file cannot be opened or written")                                      \
	X(EVENT_LINES, COUNTER, "smswall_event_lines", "", "",                                     \
		"event lines written to events.file")                                              \
	X(EVENT_LINES_LOST, COUNTER, "smswall_event_lines_lost", "", "",                           \
		"event lines that events.file did not take")                                       \
	/* limits */                                                                               \
	X(LIMITS_FAILED, GAUGE, "smswall_limits_state_failed", "", "",                             \
		"1: limits.state of control.state_dir could not be written the last time")         \
	/* quarantine */                                                                           \
	X(QUARANTINE_FAILED, GAUGE, "smswall_quarantine_failed", "", "",                           \
		"1: quarantine.path cannot be opened or written")                                  \
	X(QUARANTINE_WRITTEN, COUNTER, "smswall_quarantine_written", "", "",                       \
		"messages written to quarantine.path")                                             \
	X(QUARANTINE_NOT_WRITTEN, COUNTER, "smswall_quarantine_not_written", "", "",               \
		"messages that quarantine.path did not take")                                      \
	X(QUARANTINE_FILES, GAUGE, "smswall_quarantine_files", "", "",                             \
		"files in quarantine.path")                                                        \
	X(QUARANTINE_OCTETS, GAUGE, "smswall_quarantine_size_bytes", "bytes", "",                  \
		"octets of these files")                                                           \
	/* ports */                                                                                \
	X(PORT_UP, GAUGE, "smswall_port_up", "", "link, side, port",                               \
		"1: the wire is there")                                                            \
	X(PORT_SET_DOWN, GAUGE, "smswall_port_set_down", "", "link, side, port",                   \
		"1: set down by us, because the link's other port is down")                        \
	X(PORT_SPEED, GAUGE, "smswall_port_speed_bytes_per_second", "bytes_per_second",            \
		"link, side, port", "what the wire carries; 0: not known")                         \
	X(PORT_FRAMES_IN, COUNTER, "smswall_port_frames_in", "", "link, side, port",               \
		"frames the port received")                                                        \
	X(PORT_FRAMES_OUT, COUNTER, "smswall_port_frames_out", "", "link, side, port",             \
		"frames the port sent")                                                            \
	X(PORT_MISSED, COUNTER, "smswall_port_missed", "", "link, side, port",                     \
		"frames the port had no room for: workers are too slow")                           \
	X(PORT_ERRORS, COUNTER, "smswall_port_errors", "", "link, side, port",                     \
		"frames the port counts as broken, received or sent")                              \
	/* reasons, stages, tables */                                                              \
	X(REASONS, COUNTER, "smswall_reasons", "", "kind, reason",                                 \
		"occurrences of a reason: why frames and messages were treated as they were")      \
	X(STAGE_CYCLES, COUNTER, "smswall_stage_cycles", "cycles", "stage",                        \
		"cycles spent in a stage of the pipeline, measured on every 64th burst")           \
	X(WORKER_FLOWS, GAUGE, "smswall_worker_flows", "", "worker",                               \
		"TCP connections followed")                                                        \
	X(WORKER_ASSOCIATIONS, GAUGE, "smswall_worker_associations", "", "worker",                 \
		"SCTP associations followed")                                                      \
	X(WORKER_HELD, GAUGE, "smswall_worker_held_frames", "", "worker",                          \
		"frames that wait for the rest of a PDU")                                          \
	X(WORKER_CHUNKS, GAUGE, "smswall_worker_stream_chunks", "", "worker",                      \
		"chunks of stream memory in use (memory.stream_chunks)")                           \
	X(WORKER_PENDING, GAUGE, "smswall_worker_pending_answers", "", "worker",                   \
		"requests whose answer is awaited")                                                \
	X(WORKER_FRAGMENTS, GAUGE, "smswall_worker_fragments_held", "", "worker",                  \
		"IP fragments that wait for the rest of their datagram")                           \
	X(WORKER_BLOCKS, GAUGE, "smswall_worker_sctp_blocks", "", "worker",                        \
		"blocks of the journal of SCTP in use (memory.sctp_journal)")                      \
	X(WORKER_DIALOGUES, GAUGE, "smswall_worker_dialogues", "", "worker",                       \
		"TCAP dialogues followed")                                                         \
	X(WORKER_SEGMENTS, GAUGE, "smswall_worker_segments_held", "", "worker",                    \
		"SCCP messages being put together from segments")                                  \
	X(SIGNALLING_FOUND, COUNTER, "smswall_signalling_found", "", "link, check",                \
		"findings of a signalling check")                                                  \
	X(SIGNALLING_BLIND, GAUGE, "smswall_signalling_blind", "", "link, check",                  \
		"1: the check is on and has never seen traffic that it needs")                     \
	X(SIGNALLING_TOLD, GAUGE, "smswall_signalling_told", "", "worker",                         \
		"IMSIs that vouch for messages")                                                   \
	X(SIGNALLING_SENDERS, GAUGE, "smswall_signalling_senders", "", "worker",                   \
		"senders that are counted")                                                        \
	X(SIGNALLING_FORGOTTEN, COUNTER, "smswall_signalling_forgotten", "", "worker",             \
		"IMSIs that had to go before their time")                                          \
	X(SIGNALLING_GONE, COUNTER, "smswall_signalling_senders_forgotten", "", "worker",          \
		"senders that had to go before their time")                                        \
	/* limits */                                                                       \
	X(LIMIT_ADMITTED, COUNTER, "smswall_limit_admitted", "", "limit",                  \
		"messages that a limit has counted and let in")                            \
	X(LIMIT_EXCEEDED, COUNTER, "smswall_limit_exceeded", "", "limit",                  \
		"messages above a limit: reported, throttled, blanked or rejected")        \
	X(LIMIT_SHADOW, COUNTER, "smswall_limit_shadow", "", "limit",                      \
		"messages that would have been, in shadow or outside the sample")          \
	X(LIMIT_LIVE, GAUGE, "smswall_limit_keys", "", "limit",                            \
		"keys of a limit that are counted")                                        \
	X(LIMIT_FORGOTTEN, COUNTER, "smswall_limit_forgotten", "", "limit",                \
		"keys that had to go before their time: limits.keys is too small")         \
	X(LIMIT_CONTENDED, COUNTER, "smswall_limit_contended", "", "limit",                \
		"times a limit was not asked: another core was at its key for too long")   \
	/* how this is served */                                                                   \
	X(SCRAPES, COUNTER, "smswall_metrics_scrapes", "", "",                                     \
		"times these metrics were asked for")                                              \
	X(REFUSED, COUNTER, "smswall_metrics_refused", "", "",                                     \
		"requests refused: another method or path, too long, or too many at once")         \
	X(OVERDUE, COUNTER, "smswall_metrics_overdue", "", "",                                     \
		"readers cut off because they took more than 5 s")                                 \
	X(CLIENTS, GAUGE, "smswall_metrics_clients", "", "",                                       \
		"connections that are open, this one included")                                    \
	X(PAGE_TIME, GAUGE, "smswall_metrics_page_seconds", "seconds", "",                         \
		"the time that the page before this one took")                                     \
	/* rules: metrics.rules */                                                                 \
	X(RULE_HITS, COUNTER, "smswall_rule_hits", "", "rule",                                     \
		"messages that a rule in force hit")                                               \
	X(RULE_SHADOW_HITS, COUNTER, "smswall_rule_shadow_hits", "", "rule",                       \
		"messages that a rule in shadow hit")                                              \
	X(RULE_DECIDED, COUNTER, "smswall_rule_decided", "", "rule",                               \
		"messages that a rule decided")                                                    \
	/* behind what is bounded */                                                               \
	X(SERIES, GAUGE, "smswall_metrics_series", "", "what",                                     \
		"time series of this page but for these two, and those left out (metrics.series)")
/* clang-format on */

#define X(id, type, name, unit, labels, help) METRIC_##id,
enum metric { METRICS_FAMILIES(X) METRICS };
#undef X

/* metrics_open: begins family `id`. */
void metrics_open(struct openmetrics *m, enum metric id);

/* A family with one sample and no label. */
void metrics_single(struct openmetrics *m, enum metric id, uint64_t value);

/* A sample with one label. */
void metrics_put(struct openmetrics *m, const char *label, const char *value, uint64_t n);

/* A family that is made of a counter's name. */
struct metrics_made {
	char name[64];
	struct openmetrics_family family;
	bool microseconds;
};
/* metrics_counter_family: false where the counter is told otherwise (a verdict). */
bool metrics_counter_family(enum stats_counter c, struct metrics_made *out);
void metrics_link_family(enum stats_link_counter c, struct metrics_made *out);

void metrics_write_links(
	struct openmetrics *m, const struct control_context *ctx, const struct stats *sum);
void metrics_write_ports(struct openmetrics *m, const struct control_context *ctx);
void metrics_write_signalling(struct openmetrics *m, const struct control_context *ctx);
void metrics_write_limits(struct openmetrics *m, const struct control_context *ctx);
void metrics_write_rules(struct openmetrics *m, const struct control_context *ctx);

#endif
