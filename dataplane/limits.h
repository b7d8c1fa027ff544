/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * limits: every compile-time ceiling of the data path: unit, value, reason. What an operator may
 * want to set (hold time, table sizes, ages) is a key of control/config.c with its own range, and
 * arrives in struct pipeline_config; what is here bounds loops, arrays and hostile input.
 */
#ifndef SMSWALL_LIMITS_H
#define SMSWALL_LIMITS_H

/* Frames */
#define LIMIT_FRAME_LEN     65535u /* octets; a larger frame does not exist for DPDK's 16-bit lengths */
#define LIMIT_BURST         64u /* frames a burst; rx asks for at most this many */
#define LIMIT_VLAN_TAGS     2u  /* 802.1Q and 802.1ad; more is reason vlan_depth */
#define LIMIT_IP6_EXTENSION 8u  /* extension headers walked, RFC 8200 4.1 names six kinds */
#define LIMIT_LINKS         16u /* port pairs of one daemon */

/* TCP */
#define LIMIT_CHUNK_LEN      1024u /* octets of sequence space a stream chunk covers; divides 2^32 */
#define LIMIT_STREAM_CHUNKS  320u  /* chunks one direction may hold: a window of 320 KB */
#define LIMIT_HELD_FRAMES    512u  /* frames one direction may hold before it is released */
#define LIMIT_JOURNAL_CHUNKS 64u   /* acknowledged chunks with edits that one direction keeps */
#define LIMIT_JOURNAL_US \
	2000000u /* how long: an ACK lost behind us costs its sender a timeout or two */
#define LIMIT_GAP_HOLD_US \
	10000000u /* frames behind a gap, told to their sender, wait for it at most this long */
#define LIMIT_REST_HOLDS \
	8u /* hold times that the begin of a PDU waits where its rest was lost: under 200 ms */
#define LIMIT_SACK_BLOCKS    3u  /* RFC 2018 3: four fit beside nothing, three beside timestamps */
#define LIMIT_SACKS_A_WINDOW 64u /* ACKs with SACK towards one sender ... */
#define LIMIT_SACK_WINDOW_US 10000u /* ... in this time; one frame behind a gap asks for one */
#define LIMIT_RESYNC_HEADERS 3u     /* plausible SMPP headers in a chain that prove a boundary */

/* SMPP */
#define LIMIT_SMPP_PDU_LEN   70000u /* octets: a message_payload of 65,535 and everything else */
#define LIMIT_SMPP_TLVS      64u    /* TLVs of one PDU that are looked at; more is smpp_tlv_count */
#define LIMIT_SMPP_DESTS     255u   /* SMPP 3.4 5.2.24 number_of_dests is one octet */
#define LIMIT_PENDING_AGE_US 300000000u /* an answer that took 5 minutes is not waited for */
#define LIMIT_PENDING_CHAIN  64u        /* entries of one hash bucket that are looked at */
#define LIMIT_PENDING_SWEEP  4u         /* left-over entries one new one clears away */

/* SCTP */
#define LIMIT_SCTP_BLOCK_LEN \
	512u /* octets of a journal block: an M3UA message with a MAP short message fits in one */
#define LIMIT_SCTP_DIRECTION_BLOCKS \
	16384u /* blocks one direction may hold: 8 MB, more than its receiver's window */
#define LIMIT_SCTP_MESSAGE_LEN \
	65536u /* octets of a user message that is judged: M3UA's are below 4,400 */
#define LIMIT_SCTP_CHUNKS      128u /* chunks of one packet above which it is an anomaly */
#define LIMIT_SCTP_DATA_CHUNKS 64u  /* DATA chunks of one packet above which it is an anomaly */
#define LIMIT_SCTP_ADDRESSES   8u   /* addresses of one end that are kept */
#define LIMIT_SCTP_ACK_AHEAD \
	65536u /* TSNs a SACK may be ahead of all that was seen (other paths) */
#define LIMIT_SCTP_ACK_AGE_US \
	600000000u /* TSNs wrap in days: an acknowledgement this old says nothing of new DATA */
#define LIMIT_SCTP_DOUBT_US \
	10000000u /* an association silent for this long may have restarted unseen */
#define LIMIT_SCTP_HALF_US \
	60000000u /* a handshake takes seconds: RFC 9260 16, 8 attempts of INIT */
#define LIMIT_SCTP_KEPT_BLOCKS \
	4096u /* blocks of edited chunks one direction keeps after their acknowledgement: 2 MB */
#define LIMIT_SCTP_KEPT_US \
	2000000u /* how long after their newest copy: RFC 9260 16, RTO.Min is 1 s */
#define LIMIT_SCTP_LINGER_US 10000000u /* an ended association is kept for late copies */

/* Verdict: the circuit breaker (research/inline-blocking.md 2.5) */
#define LIMIT_BREAKER_CLOSES    2u /* closes soon after a refusal */
#define LIMIT_BREAKER_CLOSE_US  2000000u
#define LIMIT_BREAKER_MUTES     3u /* refusals without an answer */
#define LIMIT_BREAKER_MUTE_US   10000000u
#define LIMIT_BREAKER_FORGET_US 3600000000u /* strikes further apart than this are no pattern */

/* SIGTRAN */
#define LIMIT_BER_DEPTH \
	16u /* levels of BER: a MAP short message needs 5, with user information 9 */
#define LIMIT_TPDU_LEN 255u /* octets: TS 29.002 17.7.6 SignalInfo is 1..200 */
#define LIMIT_MAP_DIGITS \
	38u /* TS 29.002 17.7.8: maxAddressLength 20 octets, two digits each but one */
#define LIMIT_TCAP_REFUSED    4u    /* refused invokes of one dialogue whose answers are awaited */
#define LIMIT_TCAP_CHAIN      16u   /* entries of one hash bucket that are looked at */
#define LIMIT_XUA_PARAMETERS  64u   /* parameters of one M3UA or SUA message that are looked at */
#define LIMIT_SCCP_DIGITS     32u   /* of a global title: E.164, E.212 and E.214 have at most 15 */
#define LIMIT_SCCP_OPTIONS    16u   /* optional parameters of one message: Q.713 knows three */
#define LIMIT_SCCP_SEGMENTS   16u   /* Q.713 3.17: remaining segments are four bits */
#define LIMIT_SCCP_JOINED_LEN 4080u /* octets: 16 segments of 255; Q.713 3.16 says 3952 */

/* Signalling checks */
#define LIMIT_SIGNALLING_CHAIN     16u /* notes of one hash bucket that are looked at */
#define LIMIT_SIGNALLING_SWEEP     4u  /* overdue notes of a kind that one event clears away */
#define LIMIT_SIGNALLING_ANSWER_US 60000000u /* a question is without an answer after this */
#define LIMIT_SIGNALLING_VOUCH_US \
	60000000u /* told IMSIs younger than this were forgotten: no MT is called unasked */
#define LIMIT_SIGNALLING_STEP 8u /* numbers this near follow one another */

/* Text */
#define LIMIT_UD_LEN       65535u              /* octets of user data: message_payload, 5.3.2.32 */
#define LIMIT_TEXT_LEN     (3u * LIMIT_UD_LEN) /* octets of UTF-8: one GSM septet can become 3 */
#define LIMIT_SCAN_TAIL    64u  /* readable octets after a scanned text: Hyperscan 5.4.0 reads 15 */
#define LIMIT_ENTITIES     32u  /* URLs and numbers taken from one message */
#define LIMIT_CONCAT_PARTS 255u /* TS 23.040 9.2.3.24.1: one octet */
#define LIMIT_CONCAT_TEXT_LEN \
	16384u /* octets of joined text that are scanned around the new part */
#define LIMIT_CONCAT_PART_LEN \
	2048u /* octets of a part that are kept: a TPDU's 140 decode to 480 at most */
#define LIMIT_CONCAT_VARIANTS 3u   /* different texts of one part that are kept */
#define LIMIT_CONCAT_BLOCKS   512u /* blocks of one message: 255 parts of two blocks */

/* Verdict */
#define LIMIT_HITS        64u /* rules one message may hit; the rest is counted hits_dropped */
#define LIMIT_RULES       1000000u
#define LIMIT_RULE_ID_LEN 63u /* characters of a rule's id */
#define LIMIT_CATEGORIES  64u

/* Lists */
#define LIMIT_LIST_ENTRIES  1000000000u /* of one list */
#define LIMIT_LIST_OVERLAY  65536u      /* entries added and deleted before the base is made anew */
#define LIMIT_LIST_PROBES   128u        /* slots of a table of texts that one look-up reads */
#define LIMIT_LIST_LABELS   8u          /* domains of a host that are looked up, from the last on */
#define LIMIT_LIST_SEGMENTS 8u          /* paths of a URL that are looked up, from the first on */

#endif
