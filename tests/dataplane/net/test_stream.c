/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/stream.h"

#include <stdlib.h>

#include "tests/support/unit.h"

#define POOL_CHUNKS 400u

static struct stream_chunk memory[POOL_CHUNKS];

static struct bytes text(const char *s)
{
	return bytes_str(s);
}

static void test_first_copy_wins(void)
{
	struct stream_pool pool;
	struct stream s = { 0 };
	uint8_t frame[8] = "xxxxxxxx";

	stream_pool_init(&pool, memory, POOL_CHUNKS);
	CU_ASSERT_EQUAL(stream_put(&s, &pool, 100, text("abcd")), STREAM_NEW);
	CU_ASSERT_EQUAL(stream_put(&s, &pool, 100, text("abcd")), STREAM_SAME);
	CU_ASSERT_EQUAL(stream_put(&s, &pool, 102, text("cdEF")), STREAM_NEW);
	CU_ASSERT_EQUAL(stream_put(&s, &pool, 100, text("ab!d")), STREAM_DIFFERS);
	CU_ASSERT_EQUAL(stream_put(&s, &pool, 98, text("..??")), STREAM_DIFFERS);
	CU_ASSERT_EQUAL(stream_run(&s, 98, 100), 8);
	CU_ASSERT_TRUE(stream_overlay(&s, 98, frame, 8));
	CU_ASSERT_EQUAL(memcmp(frame, "..abcdEF", 8), 0);
	CU_ASSERT_FALSE(stream_overlay(&s, 98, frame, 8));
	CU_ASSERT_EQUAL(s.n_written, 8);
	stream_clear(&s, &pool);
	CU_ASSERT_EQUAL(pool.n_free, POOL_CHUNKS);
}

static void test_get_across_chunks(void)
{
	struct stream_pool pool;
	struct stream s = { 0 };
	static uint8_t in[3000];
	static uint8_t scratch[3000];
	uint32_t seq = 0xFFFFFE00u; /* wraps after 512 octets */
	struct bytes b;

	for (size_t i = 0; i < sizeof(in); i++) {
		in[i] = (uint8_t)(i * 7);
	}
	stream_pool_init(&pool, memory, POOL_CHUNKS);
	CU_ASSERT_EQUAL(stream_put(&s, &pool, seq, bytes_of(in, sizeof(in))), STREAM_NEW);
	CU_ASSERT_EQUAL(s.n_chunks, 4);
	CU_ASSERT_EQUAL(stream_run(&s, seq, 10000), sizeof(in));
	CU_ASSERT_EQUAL(stream_run(&s, seq + 5, 7), 7);
	b = stream_get(&s, seq + 3, 2990, scratch);
	CU_ASSERT_TRUE(bytes_equal(b, bytes_of(in + 3, 2990)));
	CU_ASSERT_PTR_EQUAL(b.data, scratch);
	b = stream_get(&s, seq + 600, 100, scratch);
	CU_ASSERT_TRUE(bytes_equal(b, bytes_of(in + 600, 100)));
	CU_ASSERT_PTR_NOT_EQUAL(b.data, scratch);
	stream_forget(&s, &pool, 0, 0); /* the sequence number after the wrap */
	CU_ASSERT_EQUAL(s.n_chunks, 3);
	CU_ASSERT_EQUAL(stream_run(&s, seq, 10), 0);
	CU_ASSERT_EQUAL(stream_run(&s, 0, 10), 10);
	stream_clear(&s, &pool);
}

static void test_edit_spares_what_left(void)
{
	struct stream_pool pool;
	struct stream s = { 0 };
	uint8_t scratch[16];

	stream_pool_init(&pool, memory, POOL_CHUNKS);
	(void)stream_put(&s, &pool, 1020, text("secret"));
	stream_mark_left(&s, 1018, 4); /* 1020 and 1021 exist */
	CU_ASSERT_EQUAL(stream_count_left(&s, 1010, 100), 2);
	CU_ASSERT_EQUAL(stream_count_waiting(&s, 1010, 100), 4);
	CU_ASSERT_EQUAL(stream_count_waiting(&s, 1010, 12), 0);
	stream_edit(&s, 1019, text("#########"));
	CU_ASSERT_TRUE(bytes_equal(stream_get(&s, 1020, 6, scratch), text("se####")));
	CU_ASSERT_EQUAL(stream_run(&s, 1026, 10), 0);
	stream_clear(&s, &pool);
}

static void test_full(void)
{
	static uint8_t big[(LIMIT_STREAM_CHUNKS + 2) * LIMIT_CHUNK_LEN];
	struct stream_pool pool;
	struct stream s = { 0 };
	uint32_t at = 0;

	stream_pool_init(&pool, memory, 2);
	CU_ASSERT_EQUAL(stream_put(&s, &pool, 0, bytes_of(big, 4096)), STREAM_FULL);
	CU_ASSERT_EQUAL(stream_run(&s, 0, 4096), 2048);
	CU_ASSERT_EQUAL(s.n_written, 2048);
	stream_clear(&s, &pool);
	stream_pool_init(&pool, memory, POOL_CHUNKS);
	CU_ASSERT_EQUAL(stream_put(&s, &pool, 0, bytes_of(big, sizeof(big))), STREAM_FULL);
	CU_ASSERT_EQUAL(s.n_chunks, LIMIT_STREAM_CHUNKS);
	CU_ASSERT_FALSE(stream_seek(&s, LIMIT_STREAM_CHUNKS * LIMIT_CHUNK_LEN, &at));
	CU_ASSERT_TRUE(stream_seek(&s, 77, &at));
	CU_ASSERT_EQUAL(at, 77);
	stream_clear(&s, &pool);
	CU_ASSERT_EQUAL(pool.n_free, POOL_CHUNKS);
}

/* What was edited is laid over a late copy for a while after it was acknowledged; what was not is gone at once. */
static void test_edits_outlive_their_acknowledgement(void)
{
	enum { CHUNKS = LIMIT_JOURNAL_CHUNKS + 8 };
	struct stream_pool pool;
	struct stream s = { 0 };
	uint8_t copy[6];

	stream_pool_init(&pool, memory, POOL_CHUNKS);
	(void)stream_put(&s, &pool, 1000, text("secret"));
	(void)stream_put(&s, &pool, 5000, text("public"));
	stream_edit(&s, 1000, text("######"));
	stream_forget(&s, &pool, 8192, 77);
	CU_ASSERT_EQUAL(s.n_chunks, 0);
	CU_ASSERT_EQUAL(s.n_kept, 1);
	CU_ASSERT_EQUAL(stream_run(&s, 1000, 6), 0); /* to be laid over copies, and nothing else */
	CU_ASSERT_EQUAL(stream_count_waiting(&s, 1000, 6), 0);
	memcpy(copy, "secret", 6);
	CU_ASSERT_TRUE(stream_overlay(&s, 1000, copy, 6));
	CU_ASSERT_EQUAL(memcmp(copy, "######", 6), 0);
	stream_age(&s, &pool, 77 + LIMIT_JOURNAL_US - 1);
	CU_ASSERT_EQUAL(s.n_kept, 1);
	stream_age(&s, &pool, 77 + LIMIT_JOURNAL_US);
	CU_ASSERT_EQUAL(pool.n_free, POOL_CHUNKS);
	/* no more than the ceiling, the newest */
	for (uint32_t i = 0; i < CHUNKS; i++) {
		(void)stream_put(&s, &pool, i * LIMIT_CHUNK_LEN, text("x"));
		stream_edit(&s, i * LIMIT_CHUNK_LEN, text("#"));
	}
	stream_forget(&s, &pool, CHUNKS * LIMIT_CHUNK_LEN, 77);
	CU_ASSERT_EQUAL(s.n_kept, LIMIT_JOURNAL_CHUNKS);
	CU_ASSERT_EQUAL(s.kept->first, 8 * LIMIT_CHUNK_LEN);
	stream_clear(&s, &pool);
	CU_ASSERT_EQUAL(pool.n_free, POOL_CHUNKS);
	/* where memory is short, none */
	stream_pool_init(&pool, memory, 4);
	(void)stream_put(&s, &pool, 0, bytes_of(copy, 1));
	(void)stream_put(&s, &pool, 1024, bytes_of(copy, 1));
	(void)stream_put(&s, &pool, 2048, bytes_of(copy, 1));
	stream_edit(&s, 0, text("#"));
	stream_forget(&s, &pool, 4096, 77);
	CU_ASSERT_EQUAL(s.n_kept, 0);
	CU_ASSERT_EQUAL(pool.n_free, 4);
}

/* The model: an octet map of the space around `base`; the store must agree after every step. */
#define SPACE 6000u

struct model {
	uint8_t octet[SPACE];
	bool have[SPACE];
	bool left[SPACE];
};

static bool model_put(
	struct model *m, uint32_t at, const uint8_t *data, uint32_t len, uint32_t *n_new)
{
	bool differs = false;

	*n_new = 0;
	for (uint32_t i = 0; i < len; i++) {
		if (!m->have[at + i]) {
			m->have[at + i] = true;
			m->octet[at + i] = data[i];
			(*n_new)++;
		} else if (m->octet[at + i] != data[i]) {
			differs = true;
		}
	}
	return differs;
}

static void model_check(const struct model *m, const struct stream *s, uint32_t base, uint32_t from)
{
	static uint8_t scratch[SPACE];
	static uint8_t frame[SPACE];
	uint32_t run = 0;
	uint32_t first = from;
	uint32_t at = 0;
	size_t n_left = 0;

	while (from + run < SPACE && m->have[from + run]) {
		run++;
	}
	while (first < SPACE && !m->have[first]) {
		first++;
	}
	CU_ASSERT_EQUAL_FATAL(stream_run(s, base + from, SPACE), run);
	CU_ASSERT_EQUAL_FATAL(stream_seek(s, base + from, &at), first < SPACE);
	CU_ASSERT_TRUE_FATAL(first == SPACE || at == base + first);
	CU_ASSERT_EQUAL_FATAL(
		memcmp(stream_get(s, base + from, run, scratch).data, m->octet + from, run), 0);
	memset(frame, 0xEE, sizeof(frame));
	(void)stream_overlay(s, base, frame, SPACE);
	for (uint32_t i = 0; i < SPACE; i++) {
		CU_ASSERT_EQUAL_FATAL(frame[i], m->have[i] ? m->octet[i] : 0xEE);
		n_left += m->left[i] ? 1 : 0;
	}
	CU_ASSERT_EQUAL_FATAL(stream_count_left(s, base, SPACE), n_left);
}

static void model_forget(struct model *m, uint32_t base, uint32_t to)
{
	for (uint32_t i = 0; i < SPACE; i++) {
		/* chunks wholly below base + to */
		uint32_t end = ((base + i) & ~(LIMIT_CHUNK_LEN - 1)) + LIMIT_CHUNK_LEN;

		if (seq_diff(base + to, end) >= 0) {
			m->have[i] = false;
			m->left[i] = false;
		}
	}
}

static void model_edit(struct model *m, uint32_t at, const uint8_t *data, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		if (m->have[at + i] && !m->left[at + i]) {
			m->octet[at + i] = data[i];
		}
	}
}

static void model_step(struct model *m, struct stream *s, struct stream_pool *pool, uint32_t base)
{
	static uint8_t data[2000];
	uint32_t at = (uint32_t)rand() % SPACE;
	uint32_t len = (uint32_t)rand() % (rand() % 4 == 0 ? 2000 : 200);
	uint32_t before = s->n_written;
	uint32_t n_new;
	bool differs;
	enum stream_put put;

	len = len > SPACE - at ? SPACE - at : len;
	for (uint32_t i = 0; i < len; i++) {
		data[i] = rand() % 8 == 0 ? (uint8_t)rand() : (uint8_t)(at + i);
	}
	switch (rand() % 10) {
	case 0:
		stream_edit(s, base + at, bytes_of(data, len));
		model_edit(m, at, data, len);
		return;
	case 1:
		stream_mark_left(s, base + at, len);
		for (uint32_t i = at; i < at + len; i++) {
			m->left[i] = m->left[i] || m->have[i];
		}
		return;
	case 2:
		if (rand() % 8 == 0) {
			stream_forget(s, pool, base + at, 0);
			stream_age(s, pool, LIMIT_JOURNAL_US);
			model_forget(m, base, at);
		}
		return;
	}
	differs = model_put(m, at, data, len, &n_new);
	put = stream_put(s, pool, base + at, bytes_of(data, len));
	CU_ASSERT_EQUAL_FATAL(s->n_written - before, n_new);
	CU_ASSERT_EQUAL_FATAL(put, differs      ? STREAM_DIFFERS
				   : n_new != 0 ? STREAM_NEW
						: STREAM_SAME);
}

static void test_against_model(void)
{
	static const uint32_t bases[] = { 0, 1, 1000, 0x7FFFF000u, 0xFFFFF800u, 0xFFFFFFFFu,
		0xFFFFE801u };
	static struct model m;
	struct stream_pool pool;

	stream_pool_init(&pool, memory, POOL_CHUNKS);
	for (unsigned round = 0; round < 4 * sizeof(bases) / sizeof(bases[0]); round++) {
		uint32_t base = bases[round % (sizeof(bases) / sizeof(bases[0]))];
		struct stream s = { 0 };

		srand(round + 1);
		memset(&m, 0, sizeof(m));
		for (unsigned step = 0; step < 150; step++) {
			model_step(&m, &s, &pool, base);
			model_check(&m, &s, base, (uint32_t)rand() % SPACE);
		}
		stream_clear(&s, &pool);
		CU_ASSERT_EQUAL(pool.n_free, POOL_CHUNKS);
	}
}

UNIT_MAIN("net/stream", { "first copy wins", test_first_copy_wins },
	{ "get across chunks and the wrap", test_get_across_chunks },
	{ "an edit spares what has left", test_edit_spares_what_left },
	{ "edits outlive their acknowledgement", test_edits_outlive_their_acknowledgement },
	{ "full", test_full }, { "against a model", test_against_model })
