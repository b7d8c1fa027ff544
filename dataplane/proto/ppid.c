/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/ppid.h"

static uint32_t swap(uint32_t n)
{
	return n << 24 | (n & 0xFF00) << 8 | (n >> 8 & 0xFF00) | n >> 24;
}

static const char *find(uint32_t ppid, enum reason *why)
{
	switch (ppid) {
#define X(NAME, number, text, reason) \
	case PPID_##NAME:             \
		*why = reason;        \
		return text;
		PPIDS(X)
#undef X
	}
	*why = R_sctp_not_judged;
	return NULL;
}

uint32_t ppid_plain(uint32_t ppid)
{
	enum reason why;

	return find(ppid, &why) == NULL && find(swap(ppid), &why) != NULL ? swap(ppid) : ppid;
}

const char *ppid_name(uint32_t ppid)
{
	enum reason why;
	const char *name = find(ppid_plain(ppid), &why);

	return name != NULL ? name : "other";
}

enum reason ppid_reason(uint32_t ppid)
{
	enum reason why;

	(void)find(ppid_plain(ppid), &why);
	return why;
}
