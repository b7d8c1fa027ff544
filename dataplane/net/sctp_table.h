/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sctp_table: what the files of sctp_assoc share: sctp_table.c keeps associations, finds them by tag
 * and by path and keeps their addresses; sctp_assoc.c knows the protocol. Owning core only.
 */
#ifndef SMSWALL_NET_SCTP_TABLE_H
#define SMSWALL_NET_SCTP_TABLE_H

#include "dataplane/net/sctp_assoc.h"

/* A reference is 0 for none, else position + 1; in the tag index 2 * position + side + 1. */
struct sctp_assocs {
	struct sctp_assoc *assocs;
	uint32_t *tags;
	uint32_t *paths;
	uint64_t seed;
	uint32_t mask; /* of both indexes */
	uint32_t assocs_max;
	uint32_t n_assocs;
	uint32_t n_half;
	uint32_t free;      /* by path_next */
	uint32_t half_head; /* the oldest */
	uint32_t half_tail;
};

/* A side of an association, or none. */
struct sctp_end {
	struct sctp_assoc *a;
	unsigned side;
};

static inline uint32_t sctp_position_of(const struct sctp_assocs *t, const struct sctp_assoc *a)
{
	return (uint32_t)(a - t->assocs);
}

/* sctp_path_at: the chain (path_next) with the associations whose first packet had these ends, among others. */
uint32_t *sctp_path_at(const struct sctp_assocs *t, const struct flow_key *key);

static inline bool sctp_same_path(const struct sctp_assoc *a, const struct flow_key *key)
{
	return memcmp(&a->key, key, sizeof(*key)) == 0;
}

/* sctp_tag_link, _unlink: the tag of what a side sends becomes known, or unknown. */
void sctp_tag_link(struct sctp_assocs *t, struct sctp_assoc *a, unsigned side, uint32_t tag);
void sctp_tag_unlink(struct sctp_assocs *t, struct sctp_assoc *a, unsigned side);

/* The list of half-open associations, oldest first. */
void sctp_half_add(struct sctp_assocs *t, struct sctp_assoc *a);
void sctp_half_remove(struct sctp_assocs *t, struct sctp_assoc *a);

static inline bool sctp_holds_frames(const struct sctp_assoc *a)
{
	return a->direction[0].held.head != NULL || a->direction[1].held.head != NULL;
}

static inline const uint8_t *sctp_source_of(const struct frame *f)
{
	return f->from_lo != 0 ? f->key.lo.address : f->key.hi.address;
}

static inline const uint8_t *sctp_target_of(const struct frame *f)
{
	return f->from_lo != 0 ? f->key.hi.address : f->key.lo.address;
}

/* sctp_address_find: its place among those of a side, or LIMIT_SCTP_ADDRESSES. */
unsigned sctp_address_find(const struct sctp_assoc *a, unsigned side, const uint8_t *address);

/* sctp_address_learn: as sctp_address_find(), and adds it if there is room. */
unsigned sctp_address_learn(
	struct sctp_assoc *a, unsigned side, const uint8_t *address, struct stats *stats);

/* sctp_address_forget: the last one takes its place, with its paths. */
void sctp_address_forget(struct sctp_assoc *a, unsigned side, unsigned i);

/* sctp_path_bit: of sctp_assoc.paths. */
static inline uint64_t sctp_path_bit(unsigned i0, unsigned i1)
{
	return UINT64_C(1) << (i0 * 8 + i1);
}

/* sctp_knows_addresses: the frame of this side travels between known addresses. */
bool sctp_knows_addresses(const struct sctp_assoc *a, unsigned side, const struct frame *f);

/*
 * sctp_tag_find: the side whose packets carry `tag` between these ports. Where several do, addresses
 * decide. `reflected`: the frame is the other side's, and its addresses must be known.
 */
struct sctp_end sctp_tag_find(const struct sctp_assocs *t, uint16_t source, uint16_t target,
	uint32_t tag, const struct frame *f, bool reflected);

#endif
