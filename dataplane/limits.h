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
#define LIMIT_RESYNC_HEADERS 3u    /* plausible SMPP headers in a chain that prove a boundary */

/* SMPP */
#define LIMIT_SMPP_PDU_LEN   70000u /* octets: a message_payload of 65,535 and everything else */
#define LIMIT_SMPP_TLVS      64u    /* TLVs of one PDU that are looked at; more is smpp_tlv_count */
#define LIMIT_SMPP_DESTS     255u   /* SMPP 3.4 5.2.24 number_of_dests is one octet */
#define LIMIT_PENDING_AGE_US 300000000u /* an answer that took 5 minutes is not waited for */
#define LIMIT_PENDING_CHAIN  64u        /* entries of one hash bucket that are looked at */
#define LIMIT_PENDING_SWEEP  4u         /* left-over entries one new one clears away */

/* SIGTRAN */
#define LIMIT_BER_DEPTH \
	16u /* levels of BER: a MAP short message needs 5, with user information 9 */
#define LIMIT_TPDU_LEN 255u /* octets: TS 29.002 17.7.6 SignalInfo is 1..200 */
#define LIMIT_MAP_DIGITS \
	38u /* TS 29.002 17.7.8: maxAddressLength 20 octets, two digits each but one */
#define LIMIT_TCAP_REFUSED 4u  /* refused invokes of one dialogue whose answers are awaited */
#define LIMIT_TCAP_CHAIN   16u /* entries of one hash bucket that are looked at */
#define LIMIT_XUA_PARAMETERS  64u   /* parameters of one M3UA or SUA message that are looked at */
#define LIMIT_SCCP_DIGITS     32u   /* of a global title: E.164, E.212 and E.214 have at most 15 */
#define LIMIT_SCCP_OPTIONS    16u   /* optional parameters of one message: Q.713 knows three */
#define LIMIT_SCCP_SEGMENTS   16u   /* Q.713 3.17: remaining segments are four bits */
#define LIMIT_SCCP_JOINED_LEN 4080u /* octets: 16 segments of 255; Q.713 3.16 says 3952 */

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

#endif
