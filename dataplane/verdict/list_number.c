/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/list_number.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
	BLOCK_NUMBERS = 1 << LIST_BLOCK_BITS,
	ARRAY_MAX = 512, /* numbers */
	ARRAY_SIZE_MAX = 2 * ARRAY_MAX,
	INDEX_SIZE = 512, /* 256 x u16: where each 256 numbers end */
	BITS_SIZE = BLOCK_NUMBERS / 8,
	SCAN_AT_ONCE = 32, /* of an array: one cache line */
	HUGE_PAGE_SIZE = 2 * 1024 * 1024,
	BLOCKS_A_CELL = 4,
};
static_assert(
	__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "sections are little-endian, as memory is");

static const uint64_t power_of_ten[LIST_DIGITS_MAX + 2] = { 1, 10, 100, 1000, 10000, 100000,
	1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000,
	10000000000000, 100000000000000, 1000000000000000, 10000000000000000 };

unsigned list_number_split(uint64_t key, uint64_t *value)
{
	unsigned len = 1;

	while (len < LIST_DIGITS_MAX && key >= 2 * power_of_ten[len]) {
		len++;
	}
	*value = key - power_of_ten[len];
	return len;
}

static uint64_t block_number(uint64_t entry)
{
	return entry >> LIST_PLACE_BITS;
}

static uint64_t block_place(uint64_t entry)
{
	return entry & ((UINT64_C(1) << LIST_PLACE_BITS) - 1);
}

static uint64_t block_entry(uint64_t number, uint64_t place)
{
	return number << LIST_PLACE_BITS | place;
}

/* ---- look-ups ---- */

/* find_block: its index in the directory, or UINT32_MAX. */
static uint32_t find_block(const struct list_directory *d, uint64_t number)
{
	uint64_t cell = (number - d->first) >> d->shift;
	uint32_t from;
	uint32_t n;

	if (number < d->first || cell >= d->n_cells) {
		return UINT32_MAX;
	}
	from = d->cells[cell];
	n = d->cells[cell + 1] - from;
	while (n > 1) { /* the last one that is not greater */
		uint32_t half = n / 2;

		from += block_number(d->blocks[from + half]) <= number ? half : 0;
		n -= half;
	}
	return n != 0 && block_number(d->blocks[from]) == number ? from : UINT32_MAX;
}

static uint16_t at16(const uint8_t *data, size_t i)
{
	uint16_t v;

	memcpy(&v, data + 2 * i, sizeof(v));
	return v;
}

/* array_has: `n` a multiple of 8. */
static bool array_has(const uint8_t *data, size_t n, uint16_t low)
{
	size_t from = 0;
	unsigned found = 0;

	while (n > SCAN_AT_ONCE) {
		size_t half = n / 2 & ~(size_t)7;
		bool right = at16(data, from + half) <= low;

		from += right ? half : 0;
		n = right ? n - half : half;
	}
	for (size_t i = from; i < from + n; i += 8) {
		for (size_t k = 0; k < 8; k++) {
			found |= at16(data, i + k) == low;
		}
	}
	return found != 0;
}

static bool indexed_has(const uint8_t *data, uint16_t low)
{
	unsigned high = low >> 8;
	size_t from = high != 0 ? at16(data, high - 1) : 0;
	size_t to = at16(data, high);

	return from < to && memchr(data + INDEX_SIZE + from, low & 0xFF, to - from) != NULL;
}

static bool block_has(const uint8_t *data, size_t size, uint16_t low)
{
	if (size <= ARRAY_SIZE_MAX) {
		return array_has(data, size / 2, low);
	}
	if (size == BITS_SIZE) {
		return (data[low >> 3] >> (low & 7) & 1) != 0;
	}
	return indexed_has(data, low);
}

bool list_number_has(const struct list_numbers *s, unsigned len, uint64_t value)
{
	const struct list_directory *d = &s->of[len];
	uint32_t block;
	uint64_t place;

	if (d->n_blocks == 0) {
		return false;
	}
	block = find_block(d, value >> LIST_BLOCK_BITS);
	if (block == UINT32_MAX) {
		return false;
	}
	place = block_place(d->blocks[block]);
	return block_has(s->data + place * LIST_PLACE_SIZE,
		(block_place(d->blocks[block + 1]) - place) * LIST_PLACE_SIZE,
		(uint16_t)(value & (BLOCK_NUMBERS - 1)));
}

void list_number_prefetch(const struct list_numbers *s, unsigned len, uint64_t value)
{
	const struct list_directory *d = &s->of[len];
	uint64_t number = value >> LIST_BLOCK_BITS;
	const uint8_t *data;
	uint32_t block;

	block = d->n_blocks != 0 ? find_block(d, number) : UINT32_MAX;
	if (block != UINT32_MAX) {
		data = s->data + block_place(d->blocks[block]) * LIST_PLACE_SIZE;
		__builtin_prefetch(data + ((value >> 8 & 0xFF) * 2));
	}
}

/* ---- making ---- */

/* map_data: large sets in huge pages: a look-up is one access far away, and one of its page's entry. */
static bool map_data(struct list_numbers *s, size_t len)
{
	void *p;

	s->data_len = len;
	s->data_size = len < HUGE_PAGE_SIZE
	                       ? (len + 4095) & ~(size_t)4095
	                       : (len + HUGE_PAGE_SIZE - 1) & ~(size_t)(HUGE_PAGE_SIZE - 1);
	if (s->data_size == 0) {
		return true;
	}
	p = mmap(NULL, s->data_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		return false;
	}
	if (s->data_size >= HUGE_PAGE_SIZE) {
		(void)madvise(p, s->data_size, MADV_HUGEPAGE); /* without them it is only slower */
	}
	s->data = p;
	return true;
}

static size_t block_size(size_t n)
{
	size_t size = n <= ARRAY_MAX ? 2 * n : INDEX_SIZE + n;

	size = (size + LIST_PLACE_SIZE - 1) & ~(size_t)(LIST_PLACE_SIZE - 1);
	return size < BITS_SIZE ? size : BITS_SIZE;
}

static void put16(uint8_t *data, size_t i, size_t v)
{
	uint16_t w = (uint16_t)v;

	memcpy(data + 2 * i, &w, sizeof(w));
}

/* write_block: `n` keys of one block; `data` is zeroed. */
static void write_block(uint8_t *data, const uint64_t *keys, size_t n, uint64_t offset)
{
	size_t size = block_size(n);

	if (size <= ARRAY_SIZE_MAX && n <= ARRAY_MAX) {
		for (size_t i = 0; i < size / 2; i++) {
			uint64_t value = keys[i < n ? i : n - 1] - offset;

			put16(data, i, value & (BLOCK_NUMBERS - 1));
		}
		return;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned low = (unsigned)((keys[i] - offset) & (BLOCK_NUMBERS - 1));

		if (size == BITS_SIZE) {
			data[low >> 3] |= (uint8_t)(1u << (low & 7));
		} else {
			data[INDEX_SIZE + i] = (uint8_t)(low & 0xFF);
			put16(data, low >> 8, i + 1);
		}
	}
	for (size_t i = 1; size != BITS_SIZE && i < INDEX_SIZE / 2; i++) {
		if (at16(data, i) == 0) { /* none of these 256: they end where those before do */
			put16(data, i, at16(data, i - 1));
		}
	}
}

/* same_block: how many of the keys from `keys` on are in the block of the first. */
static size_t same_block(const uint64_t *keys, size_t n, uint64_t offset)
{
	uint64_t number = (keys[0] - offset) >> LIST_BLOCK_BITS;
	size_t i = 1;

	while (i < n && (keys[i] - offset) >> LIST_BLOCK_BITS == number) {
		i++;
	}
	return i;
}

/* fill_cells: from a directory that is whole. */
static bool fill_cells(struct list_directory *d)
{
	uint64_t reach;
	uint32_t block = 0;

	if (d->n_blocks == 0) {
		return true;
	}
	d->first = block_number(d->blocks[0]);
	reach = block_number(d->blocks[d->n_blocks - 1]) - d->first;
	while (reach >> d->shift > d->n_blocks / BLOCKS_A_CELL) {
		d->shift++;
	}
	d->n_cells = (uint32_t)(reach >> d->shift) + 1;
	d->cells = malloc(((size_t)d->n_cells + 1) * sizeof(*d->cells));
	if (d->cells == NULL) {
		return false;
	}
	for (uint32_t cell = 0; cell <= d->n_cells; cell++) {
		while (block < d->n_blocks &&
			(block_number(d->blocks[block]) - d->first) >> d->shift < cell) {
			block++;
		}
		d->cells[cell] = block;
	}
	return true;
}

/* of_length: the keys of `len` digits among sorted ones from `from` on; their end. */
static size_t of_length(const uint64_t *keys, size_t from, size_t n, unsigned len)
{
	uint64_t end = 2 * power_of_ten[len];
	size_t low = from;

	if (len == LIST_DIGITS_MAX) {
		return n;
	}
	while (low < n) {
		size_t mid = low + (n - low) / 2;

		if (keys[mid] < end) {
			low = mid + 1;
		} else {
			n = mid;
		}
	}
	return low;
}

/* make_directory: counts and places the blocks of one length; *place moves on. */
static bool make_directory(
	struct list_directory *d, const uint64_t *keys, size_t n, uint64_t offset, uint64_t *place)
{
	uint32_t block = 0;

	for (size_t i = 0; i < n; i += same_block(keys + i, n - i, offset)) {
		d->n_blocks++;
	}
	if (n == 0) {
		return true;
	}
	d->blocks = malloc(((size_t)d->n_blocks + 1) * sizeof(*d->blocks));
	if (d->blocks == NULL) {
		return false;
	}
	for (size_t i = 0; i < n;) {
		size_t run = same_block(keys + i, n - i, offset);

		d->blocks[block++] = block_entry((keys[i] - offset) >> LIST_BLOCK_BITS, *place);
		*place += block_size(run) / LIST_PLACE_SIZE;
		i += run;
	}
	d->blocks[block] = block_entry(0, *place);
	return *place < UINT64_C(1) << LIST_PLACE_BITS && fill_cells(d);
}

static void write_blocks(struct list_numbers *s, const struct list_directory *d,
	const uint64_t *keys, size_t n, uint64_t offset)
{
	uint32_t block = 0;

	for (size_t i = 0; i < n; block++) {
		size_t run = same_block(keys + i, n - i, offset);

		write_block(s->data + block_place(d->blocks[block]) * LIST_PLACE_SIZE, keys + i,
			run, offset);
		i += run;
	}
}

bool list_number_make(struct list_numbers *s, const uint64_t *keys, size_t n)
{
	static const uint64_t none[1];
	uint64_t place = 0;
	size_t from = 0;
	bool good = true;

	keys = n != 0 ? keys : none; /* C17 6.5.6: nothing may be added to NULL, not even 0 */
	*s = (struct list_numbers){ .n = n };
	for (unsigned len = 1; len <= LIST_DIGITS_MAX && good; len++) {
		size_t to = of_length(keys, from, n, len);

		good = make_directory(
			&s->of[len], keys + from, to - from, power_of_ten[len], &place);
		from = to;
	}
	if (!good || !map_data(s, place * LIST_PLACE_SIZE)) {
		list_number_free(s);
		return false;
	}
	from = 0;
	for (unsigned len = 1; len <= LIST_DIGITS_MAX; len++) {
		size_t to = of_length(keys, from, n, len);

		write_blocks(s, &s->of[len], keys + from, to - from, power_of_ten[len]);
		from = to;
	}
	return true;
}

void list_number_free(struct list_numbers *s)
{
	for (unsigned len = 0; len <= LIST_DIGITS_MAX; len++) {
		free(s->of[len].blocks);
		free(s->of[len].cells);
	}
	if (s->data != NULL) {
		(void)munmap(s->data, s->data_size);
	}
	*s = (struct list_numbers){ 0 };
}

size_t list_number_size(const struct list_numbers *s)
{
	size_t size = s->data_size;

	for (unsigned len = 0; len <= LIST_DIGITS_MAX; len++) {
		const struct list_directory *d = &s->of[len];

		if (d->n_blocks != 0) {
			size += ((size_t)d->n_blocks + 1) * sizeof(*d->blocks) +
			        ((size_t)d->n_cells + 1) * sizeof(*d->cells);
		}
	}
	return size;
}

/* ---- checking what comes from a section ---- */

/* check_array: sorted, filled up with its last one, not longer than it has to be. *n: how many. */
static const char *check_array(const uint8_t *data, size_t size, uint64_t max, size_t *n)
{
	size_t all = size / 2;

	*n = 1;
	while (*n < all && at16(data, *n) > at16(data, *n - 1)) {
		(*n)++;
	}
	for (size_t i = *n; i < all; i++) {
		if (at16(data, i) != at16(data, *n - 1)) {
			return "numbers out of order";
		}
	}
	return at16(data, *n - 1) > max ? "a number beyond its length" : NULL;
}

static const char *check_indexed(const uint8_t *data, size_t size, uint64_t max, size_t *n)
{
	size_t from = 0;

	for (unsigned high = 0; high < 256; high++) {
		size_t to = at16(data, high);

		if (to < from || to > size - INDEX_SIZE) {
			return "an index out of order";
		}
		for (size_t i = from + 1; i < to; i++) {
			if (data[INDEX_SIZE + i] <= data[INDEX_SIZE + i - 1]) {
				return "numbers out of order";
			}
		}
		if (from < to && ((uint64_t)high << 8 | data[INDEX_SIZE + to - 1]) > max) {
			return "a number beyond its length";
		}
		from = to;
	}
	for (size_t i = from; i < size - INDEX_SIZE; i++) {
		if (data[INDEX_SIZE + i] != 0) {
			return "octets behind the numbers";
		}
	}
	*n = from;
	return NULL;
}

static const char *check_bits(const uint8_t *data, uint64_t max, size_t *n)
{
	*n = 0;
	for (size_t i = 0; i < BITS_SIZE; i += 8) {
		uint64_t word;

		memcpy(&word, data + i, sizeof(word));
		*n += (size_t)__builtin_popcountll(word);
		if (word != 0 && 8 * i + 63 - (size_t)__builtin_clzll(word) > max) {
			return "a number beyond its length";
		}
	}
	return NULL;
}

/* check_block: all of what block_has() relies on, and that there is one form for each set only. */
static const char *check_block(const uint8_t *data, size_t size, uint64_t max, size_t *n)
{
	const char *why;

	if (size <= ARRAY_SIZE_MAX) {
		why = check_array(data, size, max, n);
	} else if (size == BITS_SIZE) {
		why = check_bits(data, max, n);
	} else {
		why = check_indexed(data, size, max, n);
	}
	return why == NULL && (*n == 0 || block_size(*n) != size) ? "a block in the wrong form"
	                                                          : why;
}

static const char *check_directory(struct list_numbers *s, unsigned len, struct bytes data)
{
	const struct list_directory *d = &s->of[len];
	uint64_t end = data.len / LIST_PLACE_SIZE;

	for (uint32_t i = 0; i < d->n_blocks; i++) {
		uint64_t number = block_number(d->blocks[i]);
		uint64_t first = number << LIST_BLOCK_BITS;
		uint64_t place = block_place(d->blocks[i]);
		uint64_t next = block_place(d->blocks[i + 1]);
		uint64_t rest = power_of_ten[len] - 1 - first;
		const char *why;
		size_t n;

		if (first >= power_of_ten[len] ||
			(i != 0 && number <= block_number(d->blocks[i - 1]))) {
			return "blocks out of order";
		}
		if (next <= place || next > end ||
			(next - place) * LIST_PLACE_SIZE > (uint64_t)BITS_SIZE) {
			return "a block that is nowhere";
		}
		why = check_block(data.data + place * LIST_PLACE_SIZE,
			(size_t)(next - place) * LIST_PLACE_SIZE, rest, &n);
		if (why != NULL) {
			return why;
		}
		s->n += n;
	}
	return NULL;
}

/* take_directory: copies it; its end is where the next length's first block lies, or all data ends. */
static const char *take_directory(
	struct list_directory *d, const struct list_number_blocks *from, uint64_t end)
{
	d->n_blocks = from->n;
	if (from->n == 0) {
		return NULL;
	}
	d->blocks = malloc(((size_t)from->n + 1) * sizeof(*d->blocks));
	if (d->blocks == NULL) {
		return "out of memory";
	}
	memcpy(d->blocks, from->blocks, (size_t)from->n * sizeof(*d->blocks));
	d->blocks[from->n] = block_entry(0, end);
	return NULL;
}

static const char *take_directories(struct list_numbers *s,
	const struct list_number_blocks of[LIST_DIGITS_MAX + 1], struct bytes data)
{
	uint64_t end = data.len / LIST_PLACE_SIZE;
	const char *why = NULL;

	for (unsigned len = LIST_DIGITS_MAX; len > 0 && why == NULL; len--) {
		why = take_directory(&s->of[len], &of[len], end);
		if (why == NULL && of[len].n != 0) {
			end = block_place(s->of[len].blocks[0]);
		}
	}
	if (why == NULL && end != 0) {
		why = "numbers that no block has";
	}
	for (unsigned len = 1; len <= LIST_DIGITS_MAX && why == NULL; len++) {
		why = check_directory(s, len, data);
		if (why == NULL && !fill_cells(&s->of[len])) {
			why = "out of memory";
		}
	}
	return why;
}

bool list_number_adopt(struct list_numbers *s,
	const struct list_number_blocks of[LIST_DIGITS_MAX + 1], struct bytes data,
	const char **why)
{
	*s = (struct list_numbers){ 0 };
	if (data.len % LIST_PLACE_SIZE != 0 ||
		data.len / LIST_PLACE_SIZE >= UINT64_C(1) << LIST_PLACE_BITS) {
		*why = "numbers of a length that cannot be";
		return false;
	}
	*why = take_directories(s, of, data);
	if (*why == NULL && !map_data(s, data.len)) {
		*why = "out of memory";
	}
	if (*why != NULL) {
		list_number_free(s);
		return false;
	}
	if (data.len != 0) {
		memcpy(s->data, data.data, data.len);
	}
	return true;
}

/* ---- walking ---- */

/* Each: the first of the block's 65,536 from `at` on, or BLOCK_NUMBERS. */

static uint32_t next_in_array(const uint8_t *data, size_t size, uint32_t at)
{
	size_t low = 0;
	size_t n = size / 2;

	while (low < n) {
		size_t mid = low + (n - low) / 2;

		if (at16(data, mid) < at) {
			low = mid + 1;
		} else {
			n = mid;
		}
	}
	return low < size / 2 ? at16(data, low) : BLOCK_NUMBERS;
}

static uint32_t next_in_indexed(const uint8_t *data, uint32_t at)
{
	for (uint32_t high = at >> 8; high < 256; high++) {
		size_t from = high != 0 ? at16(data, high - 1) : 0;
		size_t to = at16(data, high);

		while (from < to && (high << 8 | data[INDEX_SIZE + from]) < at) {
			from++;
		}
		if (from < to) {
			return high << 8 | data[INDEX_SIZE + from];
		}
	}
	return BLOCK_NUMBERS;
}

static uint32_t next_in_bits(const uint8_t *data, uint32_t at)
{
	for (uint32_t word = at / 64; word < BITS_SIZE / 8; word++) {
		uint64_t bits;

		memcpy(&bits, data + (size_t)word * 8, sizeof(bits));
		if (word == at / 64) {
			bits &= UINT64_MAX << (at % 64);
		}
		if (bits != 0) {
			return word * 64 + (uint32_t)__builtin_ctzll(bits);
		}
	}
	return BLOCK_NUMBERS;
}

static bool next_in_block(
	const struct list_numbers *s, const struct list_directory *d, struct list_number_walk *w)
{
	uint64_t place = block_place(d->blocks[w->block]);
	size_t size = (size_t)(block_place(d->blocks[w->block + 1]) - place) * LIST_PLACE_SIZE;
	const uint8_t *data = s->data + place * LIST_PLACE_SIZE;

	w->at = size <= ARRAY_SIZE_MAX ? next_in_array(data, size, w->at)
	        : size == BITS_SIZE    ? next_in_bits(data, w->at)
	                               : next_in_indexed(data, w->at);
	return w->at < BLOCK_NUMBERS;
}

bool list_number_next(const struct list_numbers *s, struct list_number_walk *w, uint64_t *key)
{
	for (; w->len <= LIST_DIGITS_MAX; w->len++) {
		const struct list_directory *d = &s->of[w->len];

		for (; w->block < d->n_blocks; w->block++) {
			if (w->at < BLOCK_NUMBERS && next_in_block(s, d, w)) {
				*key = power_of_ten[w->len] +
				       (block_number(d->blocks[w->block]) << LIST_BLOCK_BITS) +
				       w->at;
				w->at++;
				return true;
			}
			w->at = 0;
		}
		w->block = 0;
	}
	return false;
}
