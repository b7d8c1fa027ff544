/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stats: every counter and every reason, each once, as X-macro lists. A reason is why a frame, a
 * stretch of a stream or a message was treated as it was; nothing is rejected, passed unjudged,
 * evicted or repaired without one.
 *
 * Ownership: one struct stats per worker, written by that worker only (relaxed stores of 64-bit
 * words), read by control at any time: a reader sees each counter whole, not all at one instant.
 */
#ifndef SMSWALL_STATS_H
#define SMSWALL_STATS_H

#include <stdint.h>

#include "dataplane/base/clock.h"
#include "dataplane/limits.h"

/* Counters: X(name, help) */
#define STATS_COUNTERS(X)                                                                          \
	X(frames_in, "frames received")                                                            \
	X(frames_out, "frames sent")                                                               \
	X(octets_in, "octets received, Ethernet header included")                                  \
	X(octets_out, "octets sent")                                                               \
	X(frames_other, "frames that are not SMS traffic, forwarded untouched")                    \
	X(frames_edited, "frames that left with other octets than they came with")                 \
	X(frames_held, "frames that had to wait for the rest of a PDU")                            \
	X(timestamps_raised, "frames whose TCP timestamp was raised, as newer ones overtook them") \
	X(sacks, "acknowledgements with SACK sent on a receiver's behalf")                         \
	X(tx_full, "frames dropped because the output queue stayed full")                          \
	X(flows_opened, "TCP connections seen first")                                              \
	X(flows_closed, "TCP connections that ended by FIN or RST")                                \
	X(flows_aged, "TCP connections removed after idle time")                                   \
	X(sessions_bound, "SMPP binds accepted by the SMSC")                                       \
	X(pdus, "SMPP PDUs framed")                                                                \
	X(messages, "text-carrying PDUs judged")                                                   \
	X(messages_passed, "messages with verdict pass")                                           \
	X(messages_reported, "messages with verdict report")                                       \
	X(messages_redacted, "messages with verdict redact")                                       \
	X(messages_blanked, "messages with verdict blank")                                         \
	X(messages_throttled, "messages with verdict throttle")                                    \
	X(messages_rejected, "messages with verdict reject")                                       \
	X(messages_late, "messages condemned after octets of them had left")                       \
	X(octets_leaked, "octets of condemned messages that had left before the verdict")          \
	X(receipts, "delivery receipts, which are not content")                                    \
	X(shadow_hits, "messages hit by a rule in state shadow")                                   \
	X(parts, "messages that are a part of a longer one")                                       \
	X(parts_joined, "parts judged together with at least one other part")                      \
	X(texts_inspected,                                                                         \
		"messages whose texts were looked at; all others: 0 calls of the matcher")         \
	X(limit_parts_alone,                                                                       \
		"parts let in without their limits: the table of parts was full or busy")          \
	X(scans, "calls of the matcher")                                                           \
	X(scan_octets, "octets given to the matcher")                                              \
	X(hits_dropped, "rule hits beyond the ceiling of one message")                             \
	X(answers_matched, "answers that met their request")                                       \
	X(answers_rewritten, "answers whose command_status was rewritten")                         \
	X(answers_accepted, "refused messages that the SMSC accepted all the same")                \
	X(answers_unmatched, "answers without a known request")                                    \
	X(pending_full, "requests whose answer cannot be matched: the table is full")              \
	X(associations_opened, "SCTP associations seen first")                                     \
	X(associations_closed, "SCTP associations that ended")                                     \
	X(associations_aged, "SCTP associations removed after idle time")                          \
	X(sctp_messages, "user messages of SCTP")                                                  \
	X(tcap_messages, "TCAP messages read")                                                     \
	X(components, "TCAP components read")                                                      \
	X(releases, "times held frames left before their verdict")                                 \
	X(events, "events written to the ring")                                                    \
	X(events_lost, "events lost because the ring was full")                                    \
	X(quarantine_kept, "refused messages handed over for quarantine")                          \
	X(quarantine_lost, "refused messages not kept because the ring was full")                  \
	X(timeouts, "housekeeping rounds")

/*
 * Reasons: X(name, kind, help). Kind says where it may stand:
 *   LEDGER   a forwarded octet of TCP payload or SCTP user data is in exactly one of these
 *   FRAME    why a frame was forwarded without being looked into, or repaired
 *   MESSAGE  why a message's verdict is what it is
 *   ANOMALY  something hostile or broken that was seen; reported as an event of type anomaly
 */
#define STATS_REASONS(X)                                                                             \
	X(none, MESSAGE, "nothing special")                                                          \
	/* ledger */                                                                                 \
	X(judged, LEDGER, "octets of text-carrying PDUs that got a verdict")                         \
	X(no_text, LEDGER, "octets of PDUs and user messages that carry no text")                    \
	X(duplicate, LEDGER, "octets forwarded before (retransmissions and overlaps)")               \
	X(not_sms, LEDGER, "octets on ports that are not SMS traffic")                               \
	X(not_smpp, LEDGER, "octets of an SMPP port's stream that is no SMPP")                       \
	X(smpp_malformed, LEDGER, "octets of a text PDU whose body breaks SMPP 3.4")                 \
	X(smpp_oversize, LEDGER, "octets of PDUs above the PDU ceiling")                             \
	X(resync, LEDGER, "octets passed while looking for a PDU boundary")                          \
	X(gap, LEDGER, "octets behind a gap that was never filled")                                  \
	X(incomplete, LEDGER, "octets of a PDU whose end never came")                                \
	X(history_full, LEDGER, "octets passed because no stream memory was left")                   \
	X(out_of_window, LEDGER, "octets that no receiver takes: outside the window, or in a RST")   \
	X(no_connection, LEDGER, "octets of SMPP ports outside any connection that is followed")     \
	X(flow_table_full, LEDGER, "octets of connections for which there was no room")              \
	X(tls, LEDGER, "octets of TLS sessions")                                                     \
	X(tcp_authenticated, LEDGER, "octets of connections with TCP-AO or TCP-MD5")                 \
	X(ip_fragment, LEDGER, "octets in IP fragments that never became whole")                     \
	X(truncated, LEDGER, "octets in frames cut short by the capture")                            \
	X(bad_checksum, LEDGER, "octets in frames with a wrong checksum")                            \
	X(offload_partial, LEDGER, "octets in frames whose checksum an interface was to finish")     \
	X(sccp_segment, LEDGER,                                                                      \
		"octets of SCCP segments that left before the last one, with which they are judged") \
	X(panic, LEDGER, "octets passed while panic was on")                                         \
	X(sctp_not_judged, LEDGER, "octets of SCTP packets, forwarded without a verdict")            \
	X(sua_not_judged, LEDGER, "octets of SUA messages, forwarded without a verdict")             \
	X(m2pa_not_judged, LEDGER, "octets of M2PA messages, forwarded without a verdict")           \
	X(sctp_wrong_tag, LEDGER, "octets of SCTP packets with a tag of no association")             \
	X(sctp_authenticated, LEDGER, "octets of DATA behind an AUTH chunk: cannot be changed")      \
	X(sctp_oversize, LEDGER, "octets of SCTP user messages above the ceiling")                   \
	X(urgent, ANOMALY, "TCP urgent data: the flag was cleared")                                  \
	/* frames */                                                                                 \
	X(other_ethertype, FRAME, "not IP")                                                          \
	X(other_protocol, FRAME, "IP, but neither TCP nor SCTP")                                     \
	X(vlan_depth, FRAME, "more VLAN tags than are walked")                                       \
	X(ip_header, FRAME, "malformed IPv4 or IPv6 header")                                         \
	X(ip6_extension, FRAME, "unknown or too many IPv6 extension headers")                        \
	X(ip_encrypted, FRAME, "ESP: cannot be looked into")                                         \
	X(tcp_header, FRAME, "malformed TCP header")                                                 \
	X(sctp_header, FRAME, "malformed SCTP common header")                                        \
	X(fragment_overlap, ANOMALY, "IP fragments that overlap with other content")                 \
	X(fragment_timeout, FRAME, "IP fragments released because the rest never came")              \
	X(fragment_full, FRAME, "IP fragments passed because the table was full")                    \
	X(steer_full, FRAME, "frames of another core passed because its inbox was full")             \
	X(jumbo_full, FRAME, "multi-segment frames passed because no large buffer was free")         \
	/* TCP and SMPP anomalies */                                                                 \
	X(overlap_differs, ANOMALY,                                                                  \
		"a retransmission or overlap with other content: first copy kept")                   \
	X(hold_full, ANOMALY, "held frames released at the ceiling")                                 \
	X(hold_timeout, ANOMALY, "held frames released after the hold time")                         \
	X(hold_gap, ANOMALY, "frames behind a gap that left before it was filled")                   \
	X(hold_retransmit, ANOMALY, "held frames released because their sender sent them again")     \
	X(hold_close, ANOMALY, "held frames released by FIN, RST or a new connection")               \
	X(tcp_new_isn, ANOMALY, "a SYN with a new sequence number on a live connection")             \
	X(tcp_rst_ignored, ANOMALY, "a RST outside the window: not believed")                        \
	X(smpp_length, ANOMALY, "command_length below 16 or absurd")                                 \
	X(smpp_command, ANOMALY, "unknown command_id")                                               \
	X(smpp_body, ANOMALY, "a body that breaks SMPP 3.4")                                         \
	X(smpp_field, ANOMALY, "a field longer than SMPP 3.4 allows, its end certain")               \
	X(smpp_tlv, ANOMALY, "a TLV that runs past the PDU")                                         \
	X(smpp_tlv_count, ANOMALY, "more TLVs than are looked at")                                   \
	X(smpp_tlv_duplicate, ANOMALY, "a text-carrying TLV twice")                                  \
	X(smpp_trailing, ANOMALY, "octets after short_message that are no TLV")                      \
	X(smpp_both_texts, ANOMALY, "short_message and message_payload both set")                    \
	X(smpp_unbound, ANOMALY, "a message before any bind")                                        \
	X(smpp_role, ANOMALY, "a message against the direction of its bind")                         \
	X(dribble, ANOMALY, "too much text let go in pieces: such messages are refused now")         \
	X(breaker, ANOMALY, "refusals did harm: they are made in another style now")                 \
	X(smsc_accepted, ANOMALY, "the far end accepted a refused message: it has no text")          \
	X(udh_length, ANOMALY, "a UDH longer than the user data")                                    \
	X(concat_invalid, ANOMALY, "a part number of 0 or above the total")                          \
	X(concat_both, ANOMALY, "UDH and SAR concatenation disagree")                                \
	X(concat_conflict, ANOMALY, "a part repeated with other text")                               \
	/* SCTP anomalies */                                                                         \
	X(sctp_packet_short, ANOMALY, "an SCTP packet without a chunk")                              \
	X(sctp_chunk_short, ANOMALY, "an SCTP chunk shorter than its header")                        \
	X(sctp_chunk_length, ANOMALY, "an SCTP chunk that runs past its packet")                     \
	X(sctp_chunks, ANOMALY, "more SCTP chunks in a packet than honest ends send")                \
	X(sctp_data_chunks, ANOMALY, "more DATA chunks in a packet than honest ends send")           \
	X(sctp_data_empty, ANOMALY, "a DATA chunk without user data")                                \
	X(sctp_data_tag, ANOMALY, "DATA with a verification tag of 0")                               \
	X(sctp_init_bundled, ANOMALY, "an INIT, INIT ACK or SHUTDOWN COMPLETE that is bundled")      \
	X(sctp_init_tag, ANOMALY, "an INIT with a verification tag")                                 \
	X(sctp_init_body, ANOMALY, "an INIT or INIT ACK that breaks RFC 9260")                       \
	X(sctp_new_init, ANOMALY, "an INIT on a live association")                                   \
	X(sctp_restart, ANOMALY, "an association restarted by its peer")                             \
	X(sctp_addresses, ANOMALY, "more addresses of one SCTP end than are kept")                   \
	X(sctp_asconf, ANOMALY, "an ASCONF that breaks RFC 5061")                                    \
	X(sctp_stream, ANOMALY, "a stream number that was not agreed")                               \
	X(sctp_tsn_differs, ANOMALY, "a TSN sent again with other content: first copy kept")         \
	X(sctp_fragment, ANOMALY, "fragments of user messages that do not fit each other")           \
	X(sctp_mixed, ANOMALY, "DATA and I-DATA in one association")                                 \
	X(sctp_ack, ANOMALY, "an acknowledgement far ahead of all that was sent: not believed")      \
	X(sctp_path_unseen, ANOMALY, "DATA acknowledged that never came by: a path goes round")      \
	X(sctp_kept_full, ANOMALY, "edited DATA forgotten early: a late copy leaves as it came")     \
	/* messages */                                                                               \
	X(never_block, MESSAGE, "a never-block list let it pass")                                    \
	X(list, MESSAGE, "a list decided")                                                           \
	X(limit, MESSAGE, "a limit decided")                                                         \
	X(rule, MESSAGE, "a rule decided")                                                           \
	X(score, MESSAGE, "the sum of a category's weights decided")                                 \
	X(signalling, MESSAGE, "a signalling check decided")                                         \
	X(sibling, MESSAGE, "part of a long message that is condemned")                              \
	X(receipt, MESSAGE, "a delivery receipt: not content")                                       \
	X(content_off, MESSAGE, "content inspection is off here")                                    \
	X(no_content, MESSAGE, "no text to judge")                                                   \
	X(compressed, MESSAGE, "compressed text cannot be read")                                     \
	X(malformed, MESSAGE, "the PDU breaks SMPP; configured verdict for malformed")               \
	X(concat_full, MESSAGE, "judged alone: the table of parts was full or busy")                 \
	X(scan_error, MESSAGE, "the matcher refused the text")                                       \
	/* SIGTRAN: M3UA, SUA, M2PA and SCCP */                                                      \
	X(sccp_connection, FRAME, "connection-oriented SCCP: recognised, not judged")                \
	X(xua_header, ANOMALY, "a message without the common header of SIGTRAN")                     \
	X(xua_length, ANOMALY, "a SIGTRAN message whose length is not that of its octets")           \
	X(xua_parameter, ANOMALY, "a SIGTRAN parameter that runs past its message, or too many")     \
	X(m3ua_data, ANOMALY, "a DATA message of M3UA without protocol data")                        \
	X(m3ua_duplicate, ANOMALY, "a DATA message of M3UA with protocol data more than once")       \
	X(m2pa_message, ANOMALY, "a message that breaks RFC 4165")                                   \
	X(sccp_type, ANOMALY, "an SCCP message of a type that Q.713 does not know")                  \
	X(sccp_pointer, ANOMALY, "an SCCP pointer that leads astray, or parts that overlap")         \
	X(sccp_address, ANOMALY, "an SCCP address that cannot be read")                              \
	X(sccp_digits, ANOMALY, "a global title with digits behind its end, or too many")            \
	X(sccp_national, ANOMALY, "an SCCP address coded for national use")                          \
	X(sccp_class, ANOMALY, "a connectionless SCCP message of another protocol class")            \
	X(sccp_option, ANOMALY, "an optional part of SCCP that breaks Q.713")                        \
	X(sccp_hops, ANOMALY, "an SCCP hop counter outside 1 to 15")                                 \
	X(sccp_segment_duplicate, ANOMALY, "a segment of SCCP that came before: nothing new")        \
	X(sccp_segment_differs, ANOMALY, "a segment of SCCP repeated with other octets")             \
	X(sccp_segment_restart, ANOMALY, "another first segment of SCCP for one reference")          \
	X(sccp_segment_early, ANOMALY, "a segment of SCCP that came before its first one")           \
	X(sccp_segment_count, ANOMALY, "a segment of SCCP with more to come than its first said")    \
	X(sccp_segment_full, ANOMALY, "a segment of SCCP for which there was no room")               \
	X(sccp_segment_oversize, ANOMALY, "segments of SCCP that are too long together")             \
	X(sccp_segment_timeout, ANOMALY, "segments of SCCP whose rest never came")                   \
	/* SIGTRAN: BER, TCAP, MAP and TPDU */                                                       \
	X(tcap_ansi, FRAME, "ANSI TCAP (T1.114): recognised, not judged")                            \
	X(ber, ANOMALY, "BER that cannot be read: a tag, a length or an end mark")                   \
	X(ber_depth, ANOMALY, "BER nested deeper than is read")                                      \
	X(ber_pieces, ANOMALY, "a string of MAP sent in several pieces")                             \
	X(tcap_message, ANOMALY, "a message that breaks Q.773")                                      \
	X(tcap_component, ANOMALY, "a component that breaks Q.773")                                  \
	X(map_parameter, ANOMALY, "a MAP parameter that breaks TS 29.002")                           \
	X(map_digits, ANOMALY, "an address or IMSI with digits behind its end, or too many")         \
	X(map_direction, ANOMALY, "addresses against the direction of the operation")                \
	X(tpdu_body, ANOMALY, "a TPDU that breaks TS 23.040")                                        \
	X(tpdu_type, ANOMALY, "a reserved or unexpected TP-MTI")                                     \
	X(tpdu_address, ANOMALY, "a TP address longer than TS 23.040 allows")                        \
	X(tpdu_length, ANOMALY, "a TP-UDL that is not the length of the user data")                  \
	X(tcap_dialogues_full, MESSAGE,                                                              \
		"what a dialogue told is not remembered: the table is full")                         \
	X(map_answer_kept, ANOMALY,                                                                  \
		"an answer to a refused operation that has no room for the configured error")        \
	/* signalling checks (verdict/signalling) */                                                 \
	X(sig_smsc_gt, ANOMALY, "the service centre of MAP is not the SCCP address")                 \
	X(sig_mt_without_sri, ANOMALY,                                                               \
		"a mobile terminated message to an IMSI its sender was not told")                    \
	X(sig_sri_no_delivery, ANOMALY, "IMSIs asked for by one sender and not used")                \
	X(sig_sri_ratio, ANOMALY, "more routing questions of one sender than its messages need")     \
	X(sig_mo_outside, ANOMALY, "a message of a home subscriber from a foreign network")          \
	X(sig_gt_scan, ANOMALY, "one sender asks many targets in vain, or numbers in a row")         \
	X(sig_opcode, ANOMALY, "an operation that this link does not expect")                        \
	X(sig_ber, ANOMALY, "one sender's messages cannot be read, again and again")

/*
 * What is counted per link as well, because that is where an operator looks: X(name, help).
 */
#define STATS_LINK_COUNTERS(X)                                                             \
	X(messages, "text-carrying PDUs and MAP operations judged")                        \
	X(refused, "messages blanked, throttled or rejected")                              \
	X(answers_rewritten, "answers whose status or error was rewritten")                \
	X(answers_accepted, "refused messages that the far end accepted all the same")     \
	X(holds, "frames that had to wait")                                                \
	X(hold_us, "microseconds that they waited, summed: the round-trip that was added") \
	X(releases, "times held frames left before their verdict")                         \
	X(leaked, "octets of condemned messages that had left before the verdict")         \
	X(sacks, "acknowledgements with SACK sent on a receiver's behalf")                 \
	X(dribbles, "times the link went to on_release = refuse")                          \
	X(breaks, "times the circuit breaker moved to another style")

enum reason_kind { REASON_LEDGER, REASON_FRAME, REASON_MESSAGE, REASON_ANOMALY };

#define X(name, help) STAT_##name,
enum stats_counter { STATS_COUNTERS(X) STAT_COUNT };
#undef X

#define X(name, kind, help) R_##name,
enum reason { STATS_REASONS(X) R_COUNT };
#undef X

#define X(name, help) LINK_STAT_##name,
enum stats_link_counter { STATS_LINK_COUNTERS(X) LINK_STAT_COUNT };
#undef X

enum { STATS_DIRECTIONS = 2 }; /* from the inside port, from the outside port of a pair */

/*
 * Octets forwarded and why, per direction: sum(octets[d]) + waiting[d] == forwarded[d] when no frame is held.
 * `waiting`: of open connections, stored and not told yet: a PDU whose end has not come, what lies behind a gap.
 */
struct ledger {
	uint64_t octets[STATS_DIRECTIONS][R_COUNT];
	uint64_t forwarded[STATS_DIRECTIONS];
	uint64_t waiting[STATS_DIRECTIONS];
};

/* Stages of the pipeline whose cycles are counted: X(name) in flow order. */
#define STATS_STAGES(X) \
	X(frame) X(flow) X(stream) X(smpp) X(sctp) X(map) X(text) X(scan) X(policy) X(edit) X(out)
#define X(name) STAGE_##name,
enum stage { STATS_STAGES(X) STAGE_COUNT };
#undef X

struct stats {
	uint64_t counter[STAT_COUNT];
	uint64_t reason[R_COUNT]; /* occurrences */
	struct ledger ledger;
	uint64_t link[LIMIT_LINKS][LINK_STAT_COUNT];
	uint64_t cycles[STAGE_COUNT];
	uint32_t timed; /* what a cycle that is counted now stands for; 0: none is counted */
	uint64_t hold_max_us[LIMIT_LINKS]; /* the longest wait of a frame */
};

/*
 * Reading the cycle counter costs 30 cycles, a dozen times a message: of a live worker's bursts only
 * one in STATS_TIMED_EVERY is timed, and stands for all of them.
 */
enum { STATS_TIMED_EVERY = 64 };

/* stats_clock: where a stage begins; to be handed to stats_stage() at its end. */
static inline uint64_t stats_clock(const struct stats *s)
{
	return s->timed != 0 ? clock_cycles() : 0;
}

/* stats_stage: counts the cycles since `start`; returns the present, where the next stage begins. */
static inline uint64_t stats_stage(struct stats *s, enum stage stage, uint64_t start)
{
	uint64_t now;

	if (s->timed == 0) {
		return 0;
	}
	now = clock_cycles();
	s->cycles[stage] += (now - start) * s->timed;
	return now;
}

static inline void stats_add(struct stats *s, enum stats_counter c, uint64_t n)
{
	__atomic_store_n(&s->counter[c], s->counter[c] + n, __ATOMIC_RELAXED);
}

static inline void stats_link(struct stats *s, unsigned link, enum stats_link_counter c, uint64_t n)
{
	uint64_t *v = &s->link[link][c];

	__atomic_store_n(v, *v + n, __ATOMIC_RELAXED);
}

/* stats_waited: a held frame left after `us`. */
static inline void stats_waited(struct stats *s, unsigned link, uint64_t us)
{
	stats_link(s, link, LINK_STAT_hold_us, us);
	if (us > s->hold_max_us[link]) {
		__atomic_store_n(&s->hold_max_us[link], us, __ATOMIC_RELAXED);
	}
}

static inline void stats_reason(struct stats *s, enum reason r)
{
	__atomic_store_n(&s->reason[r], s->reason[r] + 1, __ATOMIC_RELAXED);
}

static inline void stats_ledger(struct stats *s, unsigned direction, enum reason r, uint64_t octets)
{
	uint64_t *v = &s->ledger.octets[direction][r];

	__atomic_store_n(v, *v + octets, __ATOMIC_RELAXED);
}

static inline void stats_forwarded(struct stats *s, unsigned direction, uint64_t octets)
{
	uint64_t *v = &s->ledger.forwarded[direction];

	__atomic_store_n(v, *v + octets, __ATOMIC_RELAXED);
}

/* stats_waiting: `octets` more wait for their place in the ledger; below 0: fewer. */
static inline void stats_waiting(struct stats *s, unsigned direction, int64_t octets)
{
	uint64_t *v = &s->ledger.waiting[direction];

	__atomic_store_n(v, *v + (uint64_t)octets, __ATOMIC_RELAXED);
}

/* Names and help texts as written above; never NULL for a valid value. Any core. */
const char *stats_counter_name(enum stats_counter c);
const char *stats_counter_help(enum stats_counter c);
const char *stats_link_counter_name(enum stats_link_counter c);
const char *stats_link_counter_help(enum stats_link_counter c);
const char *stats_reason_name(enum reason r);
const char *stats_reason_help(enum reason r);
enum reason_kind stats_reason_kind(enum reason r);
const char *stats_stage_name(enum stage s);

/* stats_fold: adds `from` (maybe another core's, read while it runs) to `sum`. Control only. */
void stats_fold(struct stats *sum, const struct stats *from);

#endif
