/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * traffic_mix: what traffic is to be made: every setting with range, default and meaning in one table,
 * from which files are read, single settings are taken and the list for people is printed.
 *
 * A mix file is a libconfig file of groups: `sccp = { udt = 10; xudt = 90; };`. Control only.
 * Ownership: a struct traffic_mix is a value; texts_path is the caller's. Errors: sentences in a
 * diag, those of a file as file:line.
 */
#ifndef SMSWALL_CONTROL_TRAFFIC_MIX_H
#define SMSWALL_CONTROL_TRAFFIC_MIX_H

#include <stdint.h>
#include <stdio.h>

#include "dataplane/base/diag.h"

enum { TRAFFIC_WEIGHT_MAX = 1000, TRAFFIC_LINKS_MAX = 200 };

/* X(NAME, key, lowest, highest, default, meaning). Weights of one choice stand one after the other. */
#define TRAFFIC_KEYS(X)                                                                            \
	X(NET_RATE, "net.rate", 1, 100000, 500, "messages a second")                               \
	X(NET_IPV6, "net.ipv6", 0, 100, 25, "percent of sessions and associations over IPv6")      \
	X(CARRIER_SMPP, "carrier.smpp", 0, 1000, 50, "weight: messages over SMPP")                 \
	X(CARRIER_MAP, "carrier.map", 0, 1000, 50, "weight: messages and queries over MAP")        \
	X(TEXT_SPAM, "text.spam", 0, 100, 20, "percent of texts whose label is not ham")           \
	X(TEXT_LONG, "text.long", 0, 100, 12, "percent of texts made long enough for parts")       \
	X(TEXT_SHIFT, "text.shift", 0, 100, 50,                                                    \
		"percent of the texts that could use a national table and do")                     \
	X(TEXT_UCS2, "text.ucs2", 0, 100, 8, "percent sent as UCS-2 though 7 bits would do")       \
	X(TEXT_LATIN1, "text.latin1", 0, 100, 8, "SMPP: percent sent as Latin-1 where it fits")    \
	X(TEXT_BINARY, "text.binary", 0, 100, 3, "percent of 8-bit data instead of a text")        \
	X(PARTS_UDH8, "parts.udh8", 0, 1000, 50, "weight: long texts with an 8-bit reference")     \
	X(PARTS_UDH16, "parts.udh16", 0, 1000, 25, "weight: with a 16-bit reference")              \
	X(PARTS_SAR, "parts.sar", 0, 1000, 15, "weight, SMPP only: with SAR TLVs")                 \
	X(PARTS_PAYLOAD, "parts.payload", 0, 1000, 10, "weight, SMPP only: in message_payload")    \
	X(TCP_SESSIONS, "tcp.sessions", 1, 200, 6, "SMPP sessions, each a connection")             \
	X(TCP_MSS, "tcp.mss", 88, 8960, 1460, "octets of a segment at most")                       \
	X(TCP_CORK, "tcp.cork", 0, 100, 15, "percent of PDUs that wait for the next to go with")   \
	X(TCP_ACKS, "tcp.acks", 0, 100, 50, "percent of segments with an ACK of their own")        \
	X(TCP_RETRANSMIT, "tcp.retransmit", 0, 1000, 0, "permille of segments that come again")    \
	X(TCP_REORDER, "tcp.reorder", 0, 1000, 0, "permille of PDUs that come rear end first")     \
	X(SMPP_PORT, "smpp.port", 1, 65535, 2775, "the server's port")                             \
	X(SMPP_TRANSCEIVER, "smpp.transceiver", 0, 1000, 60, "weight: bind_transceiver")           \
	X(SMPP_TRANSMITTER, "smpp.transmitter", 0, 1000, 20, "weight: bind_transmitter")           \
	X(SMPP_RECEIVER, "smpp.receiver", 0, 1000, 20, "weight: bind_receiver")                    \
	X(SMPP_SUBMIT_SM, "smpp.submit_sm", 0, 1000, 60, "weight: submit_sm")                      \
	X(SMPP_DELIVER_SM, "smpp.deliver_sm", 0, 1000, 25, "weight: deliver_sm")                   \
	X(SMPP_DATA_SM, "smpp.data_sm", 0, 1000, 8, "weight: data_sm")                             \
	X(SMPP_SUBMIT_MULTI, "smpp.submit_multi", 0, 1000, 7, "weight: submit_multi")              \
	X(SMPP_PAYLOAD, "smpp.payload", 0, 100, 10, "percent of short texts in message_payload")   \
	X(SMPP_RECEIPTS, "smpp.receipts", 0, 100, 20, "percent of submit_sm that get a receipt")   \
	X(SMPP_REFUSED, "smpp.refused", 0, 100, 2, "percent answered with an error")               \
	X(SMPP_ENQUIRE_S, "smpp.enquire_s", 0, 3600, 10, "seconds between enquire_link; 0: none")  \
	X(SCTP_ASSOCIATIONS, "sctp.associations", 1, 200, 2, "SCTP associations")                  \
	X(SCTP_STREAMS, "sctp.streams", 2, 256, 8, "streams each way")                             \
	X(SCTP_MTU, "sctp.mtu", 576, 9000, 1500, "octets of a packet at most")                     \
	X(SCTP_BUNDLE, "sctp.bundle", 1, 10, 4, "DATA chunks of a packet at most")                 \
	X(SCTP_FRAGMENT, "sctp.fragment", 0, 1400, 0,                                              \
		"octets of a DATA chunk at most; 0: a message")                                    \
	X(SCTP_UNORDERED, "sctp.unordered", 0, 100, 0, "percent of messages sent unordered")       \
	X(SCTP_MULTIHOMED, "sctp.multihomed", 0, 100, 0, "percent of associations with two paths") \
	X(SCTP_RETRANSMIT, "sctp.retransmit", 0, 1000, 0,                                          \
		"permille of packets whose DATA comes again, on the other path if any")            \
	X(SCTP_IDATA, "sctp.idata", 0, 1, 0, "1: I-DATA (RFC 8260)")                               \
	X(SCTP_ZERO_CHECKSUM, "sctp.zero_checksum", 0, 1, 0, "1: checksums of 0 (RFC 9653)")       \
	X(SCTP_HEARTBEAT_S, "sctp.heartbeat_s", 0, 3600, 10, "seconds between HEARTBEAT; 0: none") \
	X(M3UA_CONTEXT, "m3ua.context", 0, 100, 50,                                                \
		"percent of associations with routing contexts")                                   \
	X(M3UA_BEAT_S, "m3ua.beat_s", 0, 3600, 10, "seconds between BEAT; 0: none")                \
	X(SCCP_UDT, "sccp.udt", 0, 1000, 60, "weight: UDT, where it holds the message")            \
	X(SCCP_XUDT, "sccp.xudt", 0, 1000, 25, "weight: XUDT, in segments where one is too small") \
	X(SCCP_SEGMENTS, "sccp.segments", 0, 1000, 10, "weight: XUDT in segments always")          \
	X(SCCP_LUDT, "sccp.ludt", 0, 1000, 5, "weight: LUDT")                                      \
	X(SCCP_GT1, "sccp.gt1", 0, 1000, 5, "weight: global titles of format 1, nature")           \
	X(SCCP_GT2, "sccp.gt2", 0, 1000, 5, "weight: format 2, translation type")                  \
	X(SCCP_GT3, "sccp.gt3", 0, 1000, 5, "weight: format 3, and plan and encoding")             \
	X(SCCP_GT4, "sccp.gt4", 0, 1000, 85, "weight: format 4, and nature")                       \
	X(SCCP_RETURNED, "sccp.returned", 0, 1000, 5,                                              \
		"permille of dialogues that come back as UDTS")                                    \
	X(MAP_MO, "map.mo", 0, 1000, 35, "weight: mo-forwardSM (v1, v2: forwardSM)")               \
	X(MAP_MT, "map.mt", 0, 1000, 45, "weight: mt-forwardSM (v1, v2: forwardSM)")               \
	X(MAP_SRI, "map.sri", 0, 1000, 8, "weight: sendRoutingInfoForSM alone")                    \
	X(MAP_REPORT, "map.report", 0, 1000, 3, "weight: reportSM-DeliveryStatus alone")           \
	X(MAP_ALERT, "map.alert", 0, 1000, 2, "weight: alertServiceCentre")                        \
	X(MAP_STATUS, "map.status", 0, 1000, 5, "weight: SMS-STATUS-REPORT")                       \
	X(MAP_COMMAND, "map.command", 0, 1000, 2, "weight: SMS-COMMAND")                           \
	X(MAP_V1, "map.v1", 0, 1000, 10, "weight: MAP version 1")                                  \
	X(MAP_V2, "map.v2", 0, 1000, 30, "weight: version 2")                                      \
	X(MAP_V3, "map.v3", 0, 1000, 60, "weight: version 3")                                      \
	X(MAP_SRI_FIRST, "map.sri_first", 0, 100, 70, "percent of deliveries after a query")       \
	X(MAP_EMPTY_BEGIN, "map.empty_begin", 0, 100, 20,                                          \
		"percent of dialogues whose message comes in a Continue")                          \
	X(MAP_MORE, "map.more", 0, 100, 50, "percent of texts in parts in one dialogue")           \
	X(MAP_LMSI, "map.lmsi", 0, 100, 5, "percent of deliveries by LMSI")                        \
	X(MAP_ERROR, "map.error", 0, 100, 5, "percent answered by ReturnError")                    \
	X(MAP_REJECT, "map.reject", 0, 100, 1, "percent answered by Reject")                       \
	X(MAP_ENHANCED, "map.enhanced", 0, 100, 0,                                                 \
		"percent of SMS-SUBMIT with a validity period in the enhanced format")             \
	X(MAP_INDEFINITE, "map.indefinite", 0, 100, 5,                                             \
		"percent of TCAP messages in the indefinite form of BER")                          \
	X(ADDRESS_ALPHANUMERIC, "address.alphanumeric", 0, 100, 25,                                \
		"percent of senders towards subscribers that are names")

#define X(name, key, min, max, value, help) TRAFFIC_##name,
enum traffic_key { TRAFFIC_KEYS(X) TRAFFIC_KEY_COUNT };
#undef X

struct traffic_mix {
	uint32_t value[TRAFFIC_KEY_COUNT];
	uint64_t n_messages; /* on every label line but receipts and what goes with a delivery */
	uint64_t seed;
	bool same_texts;        /* every text goes over every carrier of the mix */
	const char *texts_path; /* "label<TAB>text" lines; NULL: the texts of traffic_sample.c */
};

/* traffic_mix_init: the defaults. */
void traffic_mix_init(struct traffic_mix *mix);

/* traffic_mix_set: one setting, "sccp.udt=10". False when `diag` got an error. */
bool traffic_mix_set(struct traffic_mix *mix, const char *setting, struct diag *diag);

/* traffic_mix_load: a file of settings; others stay. False when `diag` got errors, all of them. */
bool traffic_mix_load(struct traffic_mix *mix, const char *path, struct diag *diag);

/* traffic_mix_check: no choice is without any weight. */
bool traffic_mix_check(const struct traffic_mix *mix, struct diag *diag);

/* traffic_mix_print: every setting, its value, range and meaning, in the form of a file. */
void traffic_mix_print(const struct traffic_mix *mix, FILE *to);

#endif
