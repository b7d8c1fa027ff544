/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config_keys.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "dataplane/verdict/edit_map.h"

#define FIELD(type, field) .offset = offsetof(type, field), .size = sizeof(((type *)0)->field)
#define TOP(field)         .scope = CONFIG_TOP, FIELD(struct config, field)
#define LINK(field)        .scope = CONFIG_LINK, FIELD(struct link_config, field)
#define LINK_LIST(field, n, most_) \
	LINK(field), .count_offset = offsetof(struct link_config, n), .most = (most_)

static const struct config_choice modes[] = { { "tap", LINK_TAP, NULL },
	{ "monitor", LINK_MONITOR, NULL }, { "enforce", LINK_ENFORCE, NULL }, { NULL, 0, NULL } };

static const struct config_choice checksums[] = { { "verify", CHECKSUM_VERIFY, NULL },
	{ "trust", CHECKSUM_TRUST, NULL }, { NULL, 0, NULL } };

static const struct config_choice codings[] = { { "gsm7", TEXT_DEFAULT_GSM7, NULL },
	{ "gsm7-packed", TEXT_DEFAULT_GSM7_PACKED, NULL }, { "latin1", TEXT_DEFAULT_LATIN1, NULL },
	{ "ascii", TEXT_DEFAULT_ASCII, NULL }, { "utf8", TEXT_DEFAULT_UTF8, NULL },
	{ NULL, 0, NULL } };

static const struct config_choice malformed[] = { { "pass", MALFORMED_PASS, NULL },
	{ "refuse", MALFORMED_REFUSE, NULL },
	{ "drop", 0, "a dropped piece of a stream is no refusal: it stalls the session" },
	{ "reset", 0, "a session carries many messages: one bad PDU is no reason to break it" },
	{ NULL, 0, NULL } };

/* Why not: research/inline-blocking.md 1, design.md 5. */
#define WHY_NO_TYPE_CHANGE                                                                      \
	"it changes the PDU's type, and so its answer's: some peers close the session, others " \
	"take the answer for success once the appliance is gone"
#define WHY_NO_NACK "several peers close the session on it or never answer"

static const struct config_choice to_smsc_styles[] = { { "self_reject", EDIT_SELF_REJECT, NULL },
	{ "blank", EDIT_BLANK, NULL },
	{ "ghost_dlr", 0, "a receipt is what an SMSC sends: it goes to an ESME only" },
	{ "redact", 0, "redacting is a verdict of the policy, not a way to refuse" },
	{ "enquire", 0, WHY_NO_TYPE_CHANGE }, { "enquire_link", 0, WHY_NO_TYPE_CHANGE },
	{ "generic_nack", 0, WHY_NO_NACK }, { "unknown_command", 0, WHY_NO_NACK },
	{ "drop", 0, "a dropped piece of a stream is no refusal: it stalls the session" },
	{ "reset", 0, "a session carries many messages: one refusal is no reason to break it" },
	{ NULL, 0, NULL } };

static const struct config_choice to_esme_styles[] = { { "blank", EDIT_BLANK, NULL },
	{ "ghost_dlr", EDIT_GHOST_DLR, NULL },
	{ "self_reject", 0,
		"an ESME does not validate a deliver_sm: it would take the poisoned one" },
	{ "redact", 0, "redacting is a verdict of the policy, not a way to refuse" },
	{ "enquire", 0, WHY_NO_TYPE_CHANGE }, { "enquire_link", 0, WHY_NO_TYPE_CHANGE },
	{ "generic_nack", 0, WHY_NO_NACK }, { "unknown_command", 0, WHY_NO_NACK },
	{ "drop", 0, "a dropped piece of a stream is no refusal: it stalls the session" },
	{ "reset", 0, "a session carries many messages: one refusal is no reason to break it" },
	{ NULL, 0, NULL } };

/* Why not: research/inline-blocking.md 1.3. */
#define WHY_NO_BEAT_ACK                                                                         \
	"a BEAT ACK that nobody asked for crashes or stalls public M3UA stacks, and the whole " \
	"association with them"
#define WHY_NO_DROP "a dropped piece of an association comes again until the association breaks"
#define NO_MAP_STYLES                                                                \
	{ "m3ua_beat_ack", 0, WHY_NO_BEAT_ACK }, { "beat_ack", 0, WHY_NO_BEAT_ACK }, \
		{ "drop", 0, WHY_NO_DROP },                                          \
		{ "redact", 0, "redacting is a verdict of the policy, not a way to refuse" },

static const struct config_choice mo_styles[] = { { "map_reject", EDIT_MAP_REJECT, NULL },
	{ "tpdu_refuse", EDIT_TPDU_REFUSE, NULL }, { "tcap_ghost", EDIT_TCAP_GHOST, NULL },
	{ "blank", EDIT_BLANK, NULL },
	{ "imsi_unknown", 0, "a mobile originated message is not sent to an IMSI" },
	NO_MAP_STYLES{ NULL, 0, NULL } };

static const struct config_choice mt_styles[] = { { "map_reject", EDIT_MAP_REJECT, NULL },
	{ "imsi_unknown", EDIT_IMSI_UNKNOWN, NULL }, { "tcap_ghost", EDIT_TCAP_GHOST, NULL },
	{ "blank", EDIT_BLANK, NULL },
	{ "tpdu_refuse", 0, "no MSC looks into a TPDU before its mobile does" },
	NO_MAP_STYLES{ NULL, 0, NULL } };

static const struct config_choice map_poisons[] = { { "dcs", MAP_POISON_DCS, NULL },
	{ "da", MAP_POISON_DA, NULL }, { NULL, 0, NULL } };

/* TS 29.002 17.5 says which operation has which error. */
/* clang-format off */
#define WHY_NOT(traits, operation)                                                                 \
	((traits)&MAP_ERROR_PARAMETER                                                              \
			? "it cannot stand without a parameter, for which a Reject has no room"    \
			: ((traits) & (operation)) == 0                                            \
			? "the operation does not have this error: its sender would reject it"     \
			: NULL)
#define X(name, code, text, traits) { text, code, WHY_NOT(traits, MAP_ERROR_MO) },
static const struct config_choice mo_errors[] = { EDIT_MAP_ERRORS(X) { NULL, 0, NULL } };
#undef X
#define X(name, code, text, traits) { text, code, WHY_NOT(traits, MAP_ERROR_MT) },
static const struct config_choice mt_errors[] = { EDIT_MAP_ERRORS(X) { NULL, 0, NULL } };
#undef X

#define X(name, code, text) { text, code, NULL },
static const struct config_choice operations[] = { GSMMAP_OPERATIONS(X) { NULL, 0, NULL } };
#undef X
/* clang-format on */

static const struct config_choice signalling_actions[] = { { "off", SIGNALLING_OFF, NULL },
	{ "report", SIGNALLING_REPORT, NULL }, { "refuse", SIGNALLING_REFUSE, NULL },
	{ NULL, 0, NULL } };

static const struct config_choice signalling_froms[] = { { "both", SIGNALLING_FROM_BOTH, NULL },
	{ "outside", SIGNALLING_FROM_OUTSIDE, NULL }, { NULL, 0, NULL } };

static const struct config_choice poisons[] = { { "dest", POISON_DEST, NULL },
	{ "priority", POISON_PRIORITY, NULL }, { "esm_class", POISON_ESM_CLASS, NULL },
	{ NULL, 0, NULL } };

static const struct config_choice on_accepts[] = { { "pass", ON_ACCEPT_PASS, NULL },
	{ "force", ON_ACCEPT_FORCE, NULL }, { NULL, 0, NULL } };

static const struct config_choice on_releases[] = { { "early", ON_RELEASE_EARLY, NULL },
	{ "refuse", ON_RELEASE_REFUSE, NULL }, { NULL, 0, NULL } };

static const struct config_choice link_states[] = { { "propagate", true, NULL },
	{ "independent", false, NULL }, { NULL, 0, NULL } };

static const struct config_choice limit_states[] = { { "forget", false, NULL },
	{ "keep", true, NULL }, { NULL, 0, NULL } };

static const struct config_choice selects[] = { { "all", EVENTS_ALL, NULL },
	{ "non-pass", EVENTS_NON_PASS, NULL }, { NULL, 0, NULL } };

static const struct config_choice numbers[] = { { "pseudonym", NUMBERS_PSEUDONYM, NULL },
	{ "clear", NUMBERS_CLEAR, NULL }, { "none", NUMBERS_NONE, NULL }, { NULL, 0, NULL } };

static const struct config_choice actions[] = { { "pass", ACTION_PASS, NULL },
	{ "report", ACTION_REPORT, NULL }, { "redact", ACTION_REDACT, NULL },
	{ "blank", ACTION_BLANK, NULL }, { "throttle", ACTION_THROTTLE, NULL },
	{ "reject", ACTION_REJECT, NULL }, { NULL, 0, NULL } };

static const struct config_choice quarantine_actions[] = { { "report", 1 << ACTION_REPORT, NULL },
	{ "redact", 1 << ACTION_REDACT, NULL }, { "blank", 1 << ACTION_BLANK, NULL },
	{ "throttle", 1 << ACTION_THROTTLE, NULL }, { "reject", 1 << ACTION_REJECT, NULL },
	{ "pass", 0, "quarantine is for what was refused, redacted or reported" },
	{ NULL, 0, NULL } };

#define WHY_LOOPBACK                                                                           \
	"metrics are told to whoever asks: only on a loopback address; put a proxy that asks " \
	"for a name in front of it"
static const struct config_choice loopbacks[] = { { "127.0.0.1", LOOPBACK_4, NULL },
	{ "::1", LOOPBACK_6, NULL }, { "0.0.0.0", 0, WHY_LOOPBACK }, { "::", 0, WHY_LOOPBACK },
	{ "*", 0, WHY_LOOPBACK }, { NULL, 0, NULL } };

const struct config_key config_keys[] = {
	/* ---- links ---- */
	{ .path = "name",
		LINK(name),
		.type = CONFIG_STRING,
		.help = "What events, status and policy call the link: letters, digits, "
			"underscore, dot and hyphen." },
	{ .path = "ports",
		.scope = CONFIG_PAIR,
		.type = CONFIG_TWO_INTS,
		FIELD(struct config_port_pair, inside_port),
		.most = 2,
		.max = 31,
		.unit = "DPDK port ids",
		.help = "The two ports that are joined: a frame received on one leaves on the other. The "
			"first is the inside one." },
	{ .path = "mode",
		LINK(mode),
		.type = CONFIG_ENUM,
		.choices = modes,
		.initial = "\"monitor\"",
		.help = "tap: nothing is sent, for a mirror port. monitor: everything is judged, nothing "
			"is delayed or changed. enforce: verdicts are carried out." },
	{ .path = "link_state",
		.scope = CONFIG_PAIR,
		.type = CONFIG_ENUM,
		FIELD(struct config_port_pair, propagate),
		.choices = link_states,
		.initial = "\"propagate\"",
		.help = "propagate: where one port goes down the other is set down until it returns, as with "
			"a cable; not in mode tap. independent: each port for itself." },
	{ .path = "checksum",
		LINK(checksums),
		.type = CONFIG_ENUM,
		.choices = checksums,
		.initial = "\"verify\"",
		.help = "verify: a frame with a wrong checksum is forwarded untouched and never used. "
			"trust: checksums of what is received are not looked at." },
	{ .path = "inside",
		LINK_LIST(inside, n_inside, LINK_PREFIXES_MAX),
		.type = CONFIG_PREFIXES,
		.initial = "[]",
		.help = "Which addresses are ours. Without any, what the first port receives comes from the "
			"inside; in mode tap and in a replay the inside is the side of the SMPP server." },
	{ .path = "vlan_in_key",
		LINK(vlan_in_key),
		.type = CONFIG_BOOL,
		.initial = "false",
		.help = "Equal addresses in different VLANs are different connections." },
	{ .path = "content",
		LINK(content),
		.type = CONFIG_BOOL,
		.initial = "true",
		.help = "Inspect texts on this link." },
	{ .path = "smpp.ports",
		LINK_LIST(smpp_ports, n_smpp_ports, LINK_PORTS_MAX),
		.type = CONFIG_INTS,
		.min = 1,
		.max = 65535,
		.unit = "TCP ports",
		.initial = "[2775]",
		.help = "Connections with one of these ports carry SMPP." },
	{ .path = "smpp.detect",
		LINK(detect),
		.type = CONFIG_BOOL,
		.initial = "true",
		.help = "A connection on any other port carries SMPP if it begins with a bind." },
	{ .path = "smpp.default_coding",
		LINK(profile.default_coding),
		.type = CONFIG_ENUM,
		.choices = codings,
		.initial = "\"gsm7\"",
		.help = "What data_coding 0 means here (SMPP 3.4 5.2.19 leaves it to the SMSC)." },
	{ .path = "smpp.scan_raw",
		LINK(profile.scan_raw),
		.type = CONFIG_BOOL,
		.initial = "false",
		.help = "Match the octets of a text as Latin-1 too, whatever its data_coding says." },
	{ .path = "smpp.malformed",
		LINK(malformed),
		.type = CONFIG_ENUM,
		.choices = malformed,
		.initial = "\"pass\"",
		.help = "What becomes of a text-carrying PDU whose body breaks SMPP 3.4." },
	{ .path = "smpp.to_smsc.style",
		LINK(to_smsc.style),
		.type = CONFIG_ENUM,
		.choices = to_smsc_styles,
		.initial = "\"self_reject\"",
		.help = "How a message of an ESME is refused. self_reject: a text-free PDU that the SMSC "
			"refuses by itself. blank: an empty message that the SMSC accepts." },
	{ .path = "smpp.to_smsc.poison",
		LINK(to_smsc.poison),
		.type = CONFIG_FLAGS,
		.choices = poisons,
		.most = 3,
		.initial = "[\"dest\", \"priority\"]",
		.help = "What makes the SMSC refuse a self_reject: an empty destination, a priority of "
			"255, a reserved esm_class." },
	{ .path = "smpp.to_smsc.status",
		LINK(to_smsc.status),
		.type = CONFIG_INT,
		.min = 1,
		.max = 0x4FF,
		.initial = "0x45",
		.help = "command_status that the ESME is given (SMPP 3.4 5.1.3). A temporary one makes it "
			"send the same message again, for ever." },
	{ .path = "smpp.to_smsc.on_accept",
		LINK(to_smsc.on_accept),
		.type = CONFIG_ENUM,
		.choices = on_accepts,
		.initial = "\"pass\"",
		.help = "When the SMSC accepts a refused message all the same (it got no text). pass: its "
			"answer stands. force: the ESME is told the status." },
	{ .path = "smpp.to_esme.style",
		LINK(to_esme.style),
		.type = CONFIG_ENUM,
		.choices = to_esme_styles,
		.initial = "\"blank\"",
		.help = "How a message of an SMSC is refused. blank: an empty message. ghost_dlr: a "
			"receipt for a message id that nobody knows." },
	{ .path = "smpp.to_esme.status",
		LINK(to_esme.status),
		.type = CONFIG_INT,
		.min = 1,
		.max = 0x4FF,
		.initial = "0x65",
		.help = "command_status that the SMSC is given where the ESME's answer is an error." },
	{ .path = "sigtran.ports",
		LINK_LIST(sigtran_ports, n_sigtran_ports, LINK_PORTS_MAX),
		.type = CONFIG_INTS,
		.min = 1,
		.max = 65535,
		.unit = "SCTP ports",
		.initial = "[2904, 2905, 3565, 14001]",
		.help = "Associations with one of these ports are SIGTRAN: M2UA 2904, M3UA 2905, M2PA "
			"3565, SUA 14001 (IANA)." },
#include "control/config_rows_sigtran.h"
	{ .path = "hold.ms",
		LINK(tcp.hold_us),
		.type = CONFIG_INT,
		.min = 1,
		.max = 180,
		.scale = 1000,
		.unit = "ms",
		.initial = "20",
		.help = "A frame that waits for the rest of a PDU leaves after this time. Stay well below "
			"200 ms, the smallest retransmission time of common senders." },
	{ .path = "hold.history_s",
		LINK(tcp.history_us),
		.type = CONFIG_INT,
		.min = 1,
		.max = 3600,
		.scale = 1000000,
		.unit = "s",
		.initial = "60",
		.help = "Octets are remembered this long where acknowledgements are not seen, so that a "
			"retransmission leaves as the first copy did." },
	{ .path = "hold.release_on_retransmit",
		LINK(tcp.release_on_retransmit),
		.type = CONFIG_BOOL,
		.initial = "true",
		.help = "A retransmission of held octets releases them at once." },
	{ .path = "hold.on_release",
		LINK(on_release),
		.type = CONFIG_ENUM,
		.choices = on_releases,
		.initial = "\"early\"",
		.help = "What becomes of a message whose frames must leave before its end came. early: "
			"what is there is judged. refuse: it is refused." },
	{ .path = "hold.dribble_limit",
		LINK(dribble_limit),
		.type = CONFIG_INT,
		.min = 0,
		.max = 1000000,
		.unit = "releases a minute and worker",
		.initial = "60",
		.help = "When text had to be let go before its end came more often than this, the link "
			"does as on_release = \"refuse\" says until a minute was quiet. 0: never." },

	/* ---- the rest ---- */
	{ .path = "workers.count",
		TOP(n_workers),
		.type = CONFIG_INT,
		.min = 1,
		.max = WORKERS_MAX,
		.unit = "cores",
		.initial = "1",
		.help = "Cores that forward and judge." },
	{ .path = "workers.burst",
		TOP(burst),
		.type = CONFIG_INT,
		.min = 1,
		.max = LIMIT_BURST,
		.unit = "frames",
		.initial = "32",
		.help = "Frames asked from a port at once." },
	{ .path = "ports.rx_descriptors",
		TOP(rx_descriptors),
		.type = CONFIG_INT,
		.min = 64,
		.max = 32768,
		.unit = "descriptors a queue",
		.initial = "1024",
		.help = "Receive ring of each queue." },
	{ .path = "ports.tx_descriptors",
		TOP(tx_descriptors),
		.type = CONFIG_INT,
		.min = 64,
		.max = 32768,
		.unit = "descriptors a queue",
		.initial = "1024",
		.help = "Send ring of each queue." },
	{ .path = "memory.mbufs",
		TOP(mbufs),
		.type = CONFIG_INT,
		.min = 512,
		.max = 4194304,
		.unit = "buffers a worker and port",
		.initial = "16384",
		.help = "Frames in flight and held; about 2.5 KiB each." },
	{ .path = "memory.jumbo_buffers",
		TOP(jumbo_buffers),
		.type = CONFIG_INT,
		.min = 1,
		.max = 65536,
		.unit = "buffers a worker",
		.initial = "32",
		.help = "64 KiB buffers for frames that arrive in several segments." },
	{ .path = "memory.flows",
		TOP(pipeline.flows_max),
		.type = CONFIG_INT,
		.min = 64,
		.max = 4194304,
		.unit = "connections a worker",
		.initial = "65536",
		.help = "TCP connections followed at once; more pass unjudged and are counted." },
	{ .path = "memory.stream_chunks",
		TOP(pipeline.stream_chunks),
		.type = CONFIG_INT,
		.min = 2 * LIMIT_STREAM_CHUNKS,
		.max = 16777216,
		.unit = "chunks of 1 KiB a worker",
		.initial = "65536",
		.help = "Octets kept for reassembly and for retransmissions: rate times round-trip time, "
			"and at least one chunk for each direction that moves." },
	{ .path = "memory.pending_answers",
		TOP(pipeline.pending_max),
		.type = CONFIG_INT,
		.min = 64,
		.max = 4194304,
		.unit = "requests a worker",
		.initial = "65536",
		.help = "Messages whose answer is awaited: rate times answer time." },
	{ .path = "memory.associations",
		TOP(pipeline.associations_max),
		.type = CONFIG_INT,
		.min = 16,
		.max = 65536,
		.unit = "associations a worker",
		.initial = "1024",
		.help = "SCTP associations followed at once; more pass unjudged and are counted." },
	{ .path = "memory.sctp_journal",
		TOP(pipeline.sctp_journal_octets),
		.type = CONFIG_INT,
		.min = 1 << 16,
		.max = INT64_C(1) << 31,
		.unit = "octets a worker",
		.initial = "16777216",
		.help = "Chunks that were changed, kept until 2 s after they are acknowledged so that a "
			"retransmission leaves as the first copy did." },
	{ .path = "memory.sccp_segments",
		TOP(pipeline.sccp_segments_max),
		.type = CONFIG_INT,
		.min = 16,
		.max = 65536,
		.unit = "messages a worker",
		.initial = "1024",
		.help = "SCCP messages being put together from segments at once: 4 KiB each." },
	{ .path = "memory.dialogues",
		TOP(pipeline.dialogues_max),
		.type = CONFIG_INT,
		.min = 64,
		.max = 4194304,
		.unit = "dialogues a worker",
		.initial = "65536",
		.help = "TCAP dialogues of the short message service followed at once: rate times "
			"duration." },
	{ .path = "memory.signalling_entries",
		TOP(pipeline.signalling.entries_max),
		.type = CONFIG_INT,
		.min = 64,
		.max = 16777216,
		.unit = "IMSIs a worker",
		.initial = "131072",
		.help = "IMSIs told by answers to sendRoutingInfoForSM that are remembered, rounded up to a "
			"power of two: rate times timers.signalling_age_s. More push out the oldest." },
	{ .path = "memory.concat_messages",
		TOP(pipeline.concat.messages_max),
		.type = CONFIG_INT,
		.min = 64,
		.max = 4194304,
		.unit = "long messages",
		.initial = "32768",
		.help = "Long messages of which parts are remembered; more are judged part by part." },
	{ .path = "memory.concat_blocks",
		TOP(pipeline.concat.blocks_max),
		.type = CONFIG_INT,
		.min = 256,
		.max = 16777216,
		.unit = "blocks of text",
		.initial = "131072",
		.help = "Text of their parts." },
	{ .path = "memory.fragment_datagrams",
		TOP(pipeline.fragments.datagrams_max),
		.type = CONFIG_INT,
		.min = 8,
		.max = 65536,
		.unit = "datagrams a worker",
		.initial = "256",
		.help = "IP datagrams being gathered from fragments at once." },
	{ .path = "memory.fragment_per_source",
		TOP(pipeline.fragments.per_source_max),
		.type = CONFIG_INT,
		.min = 1,
		.max = 65536,
		.unit = "datagrams",
		.initial = "32",
		.help = "Of those, from one source address." },
	{ .path = "memory.fragment_frames",
		TOP(pipeline.fragments.frames_max),
		.type = CONFIG_INT,
		.min = 16,
		.max = 1048576,
		.unit = "frames a worker",
		.initial = "2048",
		.help = "Fragments held in all." },
	{ .path = "memory.event_ring",
		TOP(pipeline.event_ring_len),
		.type = CONFIG_INT,
		.min = 4 << 20,
		.max = 1 << 30,
		.unit = "octets a worker",
		.initial = "16777216",
		.help = "Events waiting to be written: a power of two. When it is full events are lost "
			"and counted; a replay waits." },
	{ .path = "memory.quarantine_ring",
		TOP(pipeline.quarantine_ring_len),
		.type = CONFIG_INT,
		.min = 1 << 20,
		.max = 1 << 30,
		.unit = "octets a worker",
		.initial = "8388608",
		.help = "Messages waiting to be written to quarantine.path: a power of two; taken only where "
			"there is one. When it is full they are not kept and counted; a replay waits." },
	{ .path = "memory.generations",
		TOP(generations_len),
		.type = CONFIG_INT,
		.min = 8,
		.max = 1048576,
		.scale = 1 << 20,
		.unit = "MiB",
		.initial = "512",
		.help = "All generations of the policy in memory: the live one, the one before while it may come "
			"back, and one being loaded; their lists, too, what they share counted once "
			"(smswallctl list show tells the size of one). A push that does not fit is refused; "
			"lists are read before they are counted." },
	{ .path = "memory.lock",
		TOP(memory_lock),
		.type = CONFIG_BOOL,
		.initial = "true",
		.help = "Keep all memory resident (mlockall)." },
	{ .path = "timers.flow_idle_s",
		TOP(pipeline.flow_idle_us),
		.type = CONFIG_INT,
		.min = 10,
		.max = 604800,
		.scale = 1000000,
		.unit = "s",
		.initial = "3600",
		.help = "A connection without frames is forgotten after this time." },
	{ .path = "timers.dialogue_age_s",
		TOP(pipeline.dialogue_age_us),
		.type = CONFIG_INT,
		.min = 1,
		.max = 86400,
		.scale = 1000000,
		.unit = "s",
		.initial = "300",
		.help = "A TCAP dialogue without messages is forgotten after this time." },
	{ .path = "timers.signalling_age_s",
		TOP(pipeline.signalling.age_us),
		.type = CONFIG_INT,
		.min = 10,
		.max = 604800,
		.scale = 1000000,
		.unit = "s",
		.initial = "3600",
		.help = "An IMSI that was told to somebody vouches this long for what he sends to it." },
	{ .path = "timers.signalling_delivery_s",
		TOP(pipeline.signalling.delivery_us),
		.type = CONFIG_INT,
		.min = 1,
		.max = 604800,
		.scale = 1000000,
		.unit = "s",
		.initial = "120",
		.help = "An IMSI that was told is to be used within this time, or counts for "
			"signalling.sri_no_delivery." },
	{ .path = "timers.signalling_learn_s",
		TOP(pipeline.signalling.learn_us),
		.type = CONFIG_INT,
		.min = 0,
		.max = 86400,
		.scale = 1000000,
		.unit = "s",
		.initial = "10",
		.help = "After the first answer to sendRoutingInfoForSM signalling.mt_without_sri is silent for "
			"this time: what was told before is not known." },
	{ .path = "timers.concat_age_s",
		TOP(pipeline.concat.age_us),
		.type = CONFIG_INT,
		.min = 10,
		.max = 604800,
		.scale = 1000000,
		.unit = "s",
		.initial = "900",
		.help = "Parts of a long message are remembered this long." },
	{ .path = "timers.fragments_ms",
		TOP(pipeline.fragments.timeout_us),
		.type = CONFIG_INT,
		.min = 50,
		.max = 60000,
		.scale = 1000,
		.unit = "ms",
		.initial = "2000",
		.help = "IP fragments are held this long for the rest of their datagram." },
	{ .path = "events.file",
		TOP(events_file),
		.type = CONFIG_STRING,
		.initial = "\"\"",
		.help = "Where event lines are appended; \"-\" is standard output, \"\" nowhere." },
	{ .path = "events.select",
		TOP(pipeline.event_select),
		.type = CONFIG_ENUM,
		.choices = selects,
		.initial = "\"non-pass\"",
		.help = "Which messages are reported: all, or those whose verdict is not pass." },
	{ .path = "events.text",
		TOP(pipeline.event_text),
		.type = CONFIG_BOOL,
		.initial = "false",
		.help = "Put the text of messages into events. It is personal: mind your law." },
	{ .path = "events.numbers",
		TOP(events_numbers),
		.type = CONFIG_ENUM,
		.choices = numbers,
		.initial = "\"pseudonym\"",
		.help = "Addresses in events: a keyed hash of them, as they are (for the laboratory), or "
			"none." },
	{ .path = "events.key_file",
		TOP(events_key_file),
		.type = CONFIG_STRING,
		.initial = "\"\"",
		.help = "Key of the pseudonyms, made if missing; \"\" is pseudonym.key in "
			"control.state_dir." },
#include "control/config_rows_control.h"
#include "control/config_rows_limits.h"
	{ .path = "policy.path",
		TOP(policy_path),
		.type = CONFIG_STRING,
		.initial = "\"\"",
		.help = "A policy folder, one .pat file or a pack, where --policy is not given." },
	{ .path = "policy.default_action",
		TOP(default_action),
		.type = CONFIG_ENUM,
		.choices = actions,
		.initial = "\"reject\"",
		.help = "What a bare rule (ID:/regex/flags, nothing else) asks for." },
	{ .path = "replay.hold_ms",
		TOP(replay_hold_us),
		.type = CONFIG_INT,
		.min = 0,
		.max = 60000,
		.scale = 1000,
		.unit = "ms",
		.initial = "0",
		.help = "hold.ms in a replay, in the capture's time; 0 waits for the verdict." },
};

static_assert(sizeof(config_keys) / sizeof(config_keys[0]) <= CONFIG_KEYS_MAX,
	"CONFIG_KEYS_MAX is too small");

const size_t config_keys_count = sizeof(config_keys) / sizeof(config_keys[0]);

size_t config_key_width(const struct config_key *k)
{
	return k->type == CONFIG_TWO_INTS ? sizeof(uint16_t) : k->size / k->most;
}

uint64_t config_number_load(const uint8_t *at, size_t width)
{
	uint16_t v16;
	uint32_t v32;
	uint64_t v64;

	switch (width) {
	case 1:
		return *at;
	case 2:
		memcpy(&v16, at, sizeof(v16));
		return v16;
	case 4:
		memcpy(&v32, at, sizeof(v32));
		return v32;
	case 8:
		memcpy(&v64, at, sizeof(v64));
		return v64;
	}
	return 0;
}

void config_number_store(uint8_t *at, size_t width, uint64_t v)
{
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;

	switch (width) {
	case 1:
		*at = (uint8_t)v;
		break;
	case 2:
		memcpy(at, &v16, sizeof(v16));
		break;
	case 4:
		memcpy(at, &v32, sizeof(v32));
		break;
	case 8:
		memcpy(at, &v, sizeof(v));
		break;
	}
}

size_t config_key_base(enum config_scope scope, unsigned link)
{
	switch (scope) {
	case CONFIG_TOP:
		return 0;
	case CONFIG_LINK:
		return offsetof(struct config, pipeline.links) + link * sizeof(struct link_config);
	case CONFIG_PAIR:
		return offsetof(struct config, pairs) + link * sizeof(struct config_port_pair);
	}
	return 0;
}
