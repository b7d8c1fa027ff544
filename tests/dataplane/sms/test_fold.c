/* SPDX-License-Identifier: BSD-3-Clause */
/* fold: each rule by table, then its promises over random and real texts. */
#include "dataplane/sms/fold.h"

#include <stdio.h>
#include <stdlib.h>

#include "dataplane/sms/text.h"
#include "tests/support/unit.h"

#define OCTETS_MAX 4096u
#ifndef PROPERTY_RUNS
#define PROPERTY_RUNS 60000
#endif

struct folded {
	struct fold_result r;
	uint8_t out[FOLD_SIZE(OCTETS_MAX)];
	uint32_t origin[FOLD_SIZE(OCTETS_MAX) + 1];
};

/* fold_exactly: from a heap copy of the exact size, so that the sanitizers see a read beyond it. */
static void fold_exactly(struct bytes text, struct folded *f)
{
	uint8_t *copy = malloc(text.len + 1);

	if (copy == NULL) {
		abort();
	}
	memcpy(copy + 1, text.data, text.len);
	f->r = fold_text(bytes_of(copy + 1, text.len), f->out, FOLD_SIZE(text.len), f->origin);
	free(copy);
}

struct example {
	const char *text;
	const char *folded;
};

static struct folded folded_one;
static struct folded folded_two;

static void expect(const struct example *e)
{
	struct bytes want = bytes_str(e->folded);

	fold_exactly(bytes_str(e->text), &folded_one);
	if (!bytes_equal(bytes_of(folded_one.out, folded_one.r.len), want)) {
		printf("\n  \"%s\": \"%.*s\", not \"%s\"\n", e->text, (int)folded_one.r.len,
			(const char *)folded_one.out, e->folded);
		CU_FAIL("folded otherwise");
	}
}

#define EXPECT_ALL(examples)                                                          \
	do {                                                                          \
		for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) { \
			expect(&examples[i]);                                         \
		}                                                                     \
		CU_PASS("all told");                                                  \
	} while (0)

static void test_characters(void)
{
	static const struct example examples[] = {
		{ "", "" },
		{ "Free MONEY", "free money" },
		{ "ＦＲＥＥ ！", "free !" },
		{ "𝓕𝓻𝓮𝓮 𝐌𝐎𝐍𝐄𝐘 𝟙𝟚", "free money 12" },
		{ "Ⓕⓡⓔⓔ ⒡ 🄵🅁🄴🄴 🅵", "free f free f" },
		{ "ﬁnal oﬀer № ½ x² …", "final offer no 1/2 x2 ..." },
		{ "fr\xC2\xAD"
		  "e\xE2\x80\x8B"
		  "e\xE2\x80\x8D \xE2\x80\xAEmo\xEF\xB8\x8Fney",
			"free money" },
		{ "f\xCC\xB6r\xCC\xB6"
		  "e\xCC\x81"
		  "e\xCC\xB6",
			"free" },
		{ "fr\x01"
		  "ee\x7F",
			"free" },
		{ "café Müller Ångström İstanbul ısı", "cafe muller angstrom istanbul isi" },
		{ "straße æon Łódź ørsted", "strasse aeon lodz orsted" },
		{ "ᴘᴀʏᴘᴀʟ ƒree", "paypal free" },
		{ "tab\tand\xC2\xA0nbsp\xE3\x80\x80wide\r\nline", "tab and nbsp wide line" },
		{ "don’t “stop” – now", "don't \"stop\" - now" },
		{ "٣٤٥ ۳۴ ३४ ๓", "345 34 34 3" },
		{ "PayPal™ 5×5", "paypal 5x5" },
	};

	EXPECT_ALL(examples);
}

static void test_marks_that_are_letters_stay(void)
{
	static const struct example examples[] = {
		{ "น้ำ ที่นี่ ก็ไม่", "น้ำ ที่นี่ ก็ไม่" },
		{ "मैं हिन्दी में हूँ", "मैं हिन्दी में हूँ" },
		{ "مُحَمَّد", "مُحَمَّد" },
		{ "がぎぐ パピ", "がぎぐ パピ" },
	};

	EXPECT_ALL(examples);
}

static void test_look_alikes(void)
{
	static const struct example examples[] = {
		/* Cyrillic inside Latin words, then whole words of it in a Latin text */
		{ "Frее mоnеу", "free money" },
		{ "Уоur pаckаgе needs а fеe. Pау аt httрs://сutt.ly",
			"your package needs a fee. pay at https://cutt.ly" },
		{ "Confirm your РАУРА account", "confirm your paypa account" },
		/* Greek: capital nu is an N, small nu a v before case, U+03F2 a c before NFKC */
		{ "ΝOW νery niϲe", "now very nice" },
		{ "Ρleasε ρay", "please pay" },
		/* Cherokee, Armenian, Lisu */
		{ "ᏢᎪy ᏴᎪNK", "pay bank" },
		{ "օffer սp", "offer up" },
		{ "ꓑꓮY", "pay" },
		/* disguised as a whole, too long for a text without a letter of its own */
		{ "сору расе, plеаsе ѕеnd", "copy pace, please send" },
		{ "сору расе ѕаӏе раураӏ ассоре", "copy pace sale paypal accope" },
	};

	EXPECT_ALL(examples);
}

static void test_foreign_texts_stay(void)
{
	static const struct example examples[] = {
		{ "Привет, как дела? Нет, а что он?", "привет, как дела? нет, а что он?" },
		{ "Сбербанк Online: ваш код 1234. Ни с кем",
			"сбербанк online: ваш код 1234. ни с кем" },
		{ "Нет", "нет" },
		{ "Καλημερα, και το νερο Νικο", "καλημερα, και το νερο νικο" },
		{ "Ваш Apple ID использован", "ваш apple id использован" },
		{ "Вот это Ё", "вот это е" },
		{ "Нет да online ........", "нет да online ........" },
		{ "Скажи, где Раураl дешевле", "скажи, где paypal дешевле" },
		{ "דואר ישראל", "דואר ישראל" },
	};

	EXPECT_ALL(examples);
}

static void test_spacing(void)
{
	static const struct example examples[] = {
		{ "F R E E", "free" },
		{ "f.r.e.e f-r-e-e f_r_e_e f*r*e*e", "free free free free" },
		{ "v i a g r a, V 1 A G R A", "viagra, viagra" },
		{ "F R E E   N O W   ok", "free now ok" },
		{ "f - r - e - e", "free" },
		{ "F❤R❤E❤E", "free" },
		{ "加 微 信", "加微信" },
		{ "Frее с а ll", "free c a ll" },
		{ "I a m", "iam" },
		{ "u r ok, p.s. hi", "u r ok, p.s. hi" },
		{ "J.K. Rowling 1 2 3", "j.k. rowling 1 2 3" },
		{ "a  b \n\n c d-e-f", "a b cd-e-f" },
		{ "many   spaces  here", "many spaces here" },
	};

	EXPECT_ALL(examples);
}

static void test_leet(void)
{
	static const struct example examples[] = {
		{ "fr33 pr1ze v1agra b@nk pa$$word ca$h", "free prize viagra bank password cash" },
		{ "l0an acc0unt Y0ur Al3rt u$p3nd3d w1n h0t",
			"loan account your alert uspended win hot" },
		{ "c1ick paypa1 emai1 ca11 b1ll de1ivery 1oan 1ogin",
			"click paypal email call bill delivery loan login" },
		{ "0ffer casin0 pr1z3d", "offer casino prized" },
		{ "subscr1be", "subscribe" },
	};

	EXPECT_ALL(examples);
}

static void test_codes_and_quantities_stay(void)
{
	static const struct example examples[] = {
		{ "2GB 4pm 10MB 1GB 3G 5th 1st 100mnt", "2gb 4pm 10mb 1gb 3g 5th 1st 100mnt" },
		{ "A1B2C3 H1N1 G-123456 7B44F6 0123", "a1b2c3 h1n1 g-123456 7b44f6 0123" },
		{ "mp3 gr8 b4 any1 win7 covid19 ps4 l8r", "mp3 gr8 b4 any1 win7 covid19 ps4 l8r" },
		{ "3days 1month 5years 4ever 7pm", "3days 1month 5years 4ever 7pm" },
		{ "home!But ok!see me@mall", "home!but ok!see me@mall" },
		{ "jon@mal.com US$500 R$50", "jon@mal.com us$500 r$50" },
		{ "salon4hair iphone5s", "salon4hair iphone5s" },
		{ "al$3$3n c0rmstrna", "al$3$3n c0rmstrna" },
		{ "after7pm the4th board1st only1more", "after7pm the4th board1st only1more" },
		{ "norm150p surf10p G7K3PQ HDR7JN7", "norm150p surf10p g7k3pq hdr7jn7" },
	};

	EXPECT_ALL(examples);
}

static void test_stretching(void)
{
	static const struct example examples[] = {
		{ "Freeeee sooooo", "free soo" },
		{ "www.x.com XXX aaaa 10000", "www.x.com xxx aaaa 10000" },
		{ "frrr333e", "frrr333e" }, /* three digits running are no leet */
	};
	static const struct example squeezed[] = { { "frrrrrrr33", "frree" } };

	CU_ASSERT(!fold_needed(bytes_str("www.x.com XXX")));
	expect(&examples[0]);
	expect(&examples[1]);
	EXPECT_ALL(squeezed);
}

static void test_beyond_case(void)
{
	static const struct {
		const char *text;
		bool beyond;
	} cases[] = {
		{ "Plain Text, at 5 for 3.50!", false },
		{ "double  space\nand line", false },
		{ "2GB by 4pm", false },
		{ "ПРИВЕТ, ДЕЛА", false },
		{ "Νίκος", true },
		{ "ΝΙΚΟΛΑΣ ΣΔ", false }, /* capital nu waited for its word */
		{ "fr33", true },
		{ "f r e e", true },
		{ "freeee", true },
		{ "caf\xC3\xA9", true },
		{ "a\xC2\xA0"
		  "b",
			true },
		{ "fr\xC2\xAD"
		  "ee",
			true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fold_exactly(bytes_str(cases[i].text), &folded_one);
		if (folded_one.r.beyond_case != cases[i].beyond) {
			printf("\n  \"%s\" -> \"%.*s\"\n", cases[i].text, (int)folded_one.r.len,
				(const char *)folded_one.out);
		}
		CU_ASSERT_EQUAL(folded_one.r.beyond_case, cases[i].beyond);
	}
}

static void test_quick_check(void)
{
	struct fold_result r;

	CU_ASSERT(!fold_needed(bytes_str("")));
	CU_ASSERT(!fold_needed(bytes_str("Your code is 123456. Do not share it!")));
	CU_ASSERT(!fold_needed(bytes_str("I am a man. Reply Y or N, ok? Cost $5 @ 3.50!!")));
	CU_ASSERT(fold_needed(bytes_str("Cl1ck")));
	CU_ASSERT(fold_needed(bytes_str("JACKP0T")));
	/* a rule for "free prize" must meet these */
	CU_ASSERT(fold_needed(bytes_str("free  prize")));
	CU_ASSERT(fold_needed(bytes_str("free\nprize")));
	for (size_t n = 0; n < 40; n++) {
		char spaced[64];

		snprintf(spaced, sizeof(spaced), "%.*s  prize to all of you", (int)n,
			"abcdefgh ijklmnop qrstuvwx yzabcdef ghijk");
		CU_ASSERT(fold_needed(bytes_str(spaced)));
	}
	CU_ASSERT(fold_needed(bytes_str("caf\xC3\xA9")));
	CU_ASSERT(fold_needed(bytes_str("get it f r e e")));
	r = fold_text(bytes_str("Plain"), folded_one.out, sizeof(folded_one.out), NULL);
	CU_ASSERT(!r.beyond_case);
	CU_ASSERT_EQUAL(r.len, 0);
	r = fold_text(bytes_str("Fr33"), folded_one.out, sizeof(folded_one.out), NULL);
	CU_ASSERT(r.beyond_case);
	CU_ASSERT_EQUAL(r.len, 4);
	/* too little room: nothing is written beyond it */
	r = fold_text(bytes_str("ﬁﬁﬁﬁﬁﬁﬁﬁ"), folded_one.out, 20, NULL);
	CU_ASSERT(r.len <= 20);
}

static void test_origin(void)
{
	/* "F" at 0, "r" at 2, U+00E9 at 4, zero width at 6, "e" at 9, "!" at 10 */
	static const char text[] = "F r\xCC\xB6 \xC3\xA9 \xE2\x80\x8B"
				   "e!";
	static const uint32_t want[] = { 0, 2, 6, 12, 13, 14 };

	fold_exactly(bytes_str(text), &folded_one);
	CU_ASSERT_EQUAL_FATAL(folded_one.r.len, 5);
	CU_ASSERT_EQUAL(memcmp(folded_one.out, "free!", 5), 0);
	CU_ASSERT_EQUAL(memcmp(folded_one.origin, want, sizeof(want)), 0);

	/* a ligature's letters all come from where it stood */
	fold_exactly(bytes_str("o\xEF\xAC\x80"
			       "er"),
		&folded_one);
	CU_ASSERT_EQUAL_FATAL(folded_one.r.len, 5);
	CU_ASSERT_EQUAL(folded_one.origin[1], 1);
	CU_ASSERT_EQUAL(folded_one.origin[2], 1);
	CU_ASSERT_EQUAL(folded_one.origin[3], 4);
	CU_ASSERT_EQUAL(folded_one.origin[5], 6);
}

/* is_case_of: the fold of an ASCII text is that text in lower case, its spaces made one. */
static bool is_case_of(struct bytes text, const struct folded *f)
{
	size_t w = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		c = c >= '\t' && c <= '\r' ? ' ' : c >= 'A' && c <= 'Z' ? c | 0x20 : c;
		if (c == ' ' && w > 0 && f->out[w - 1] == ' ') {
			continue;
		}
		if (w >= f->r.len || f->out[w] != c) {
			return false;
		}
		w++;
	}
	return w == f->r.len;
}

static bool is_ascii(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] >= 0x80) {
			return false;
		}
	}
	return true;
}

/* promises_hold: all that fold.h promises, for one text. */
static bool promises_hold(struct bytes text)
{
	struct folded *one = &folded_one;
	struct folded *two = &folded_two;
	const char *broken = NULL;

	fold_exactly(text, one);
	if (one->r.len > FOLD_SIZE(text.len)) {
		broken = "size";
	} else if (!text_utf8_valid(bytes_of(one->out, one->r.len))) {
		broken = "UTF-8";
	} else if (one->origin[one->r.len] != text.len) {
		broken = "origin's end";
	} else if (one->r.beyond_case && !fold_needed(text)) {
		broken = "fold_needed";
	} else if (is_ascii(text) && is_case_of(text, one) == one->r.beyond_case) {
		broken = "beyond_case";
	}
	for (size_t i = 0; i < one->r.len && broken == NULL; i++) {
		if (one->origin[i] > one->origin[i + 1] || one->origin[i] >= text.len ||
			(text.data[one->origin[i]] & 0xC0) == 0x80) {
			broken = "origin";
		}
	}
	if (broken == NULL && one->r.len <= OCTETS_MAX) {
		fold_exactly(bytes_of(one->out, one->r.len), two);
		if (!bytes_equal(bytes_of(one->out, one->r.len), bytes_of(two->out, two->r.len))) {
			printf("\n  second: \"%.*s\"", (int)two->r.len, (const char *)two->out);
			broken = "idempotence";
		} else if (two->r.beyond_case) {
			broken = "beyond_case of a fold";
		}
	}
	if (broken != NULL) {
		printf("\n  %s: \"%.*s\" -> \"%.*s\"\n", broken, (int)text.len,
			(const char *)text.data, (int)one->r.len, (const char *)one->out);
		return false;
	}
	return true;
}

static uint32_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}

static uint32_t random_code_point(uint64_t *state)
{
	for (;;) {
		uint32_t r = random_next(state);
		uint32_t cp = (r & 7) < 4   ? (r >> 3) % 0x3000
		              : (r & 7) < 7 ? (r >> 3) % 0x20000
		                            : (r >> 3) % 0x110000;

		if (cp != 0 && (cp < 0xD800 || cp > 0xDFFF)) {
			return cp;
		}
	}
}

static size_t random_text(uint64_t *state, uint8_t *out, size_t size)
{
	/* What the rules meet at: few letters of each kind, separators, leet, marks. */
	static const char *const pools[] = {
		"ab i l A1 034 .-  ",
		"ab  0145",
		"awl13!@$ .",
		"абвдш НоΝ ab.",
		"аеор Рs1$ ",
		"ΝνΗηβξ ϲab 3",
		"F R E E  n . o",
		"กขใ่ ab а",
		"加ab1 微 а",
		"eeef3o0l1 wW",
		"a\u0301b\u200B 1-\uFB01$",
		"ا٣ب הа b",
	};
	const char *pool = pools[random_next(state) % (sizeof(pools) / sizeof(pools[0]))];
	struct bytes p = bytes_str(pool);
	uint32_t mode = random_next(state) % 4;
	uint32_t n = 1 + random_next(state) % (mode == 3 ? 90 : mode == 2 ? 8 : 24);
	size_t len = 0;

	if (mode == 2) { /* what happens in the second block of 64, or on its border */
		len = 40 + random_next(state) % 80;
		for (size_t i = 0; i < len; i++) {
			out[i] = (uint8_t) "plain words "[i % 12];
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t cp;

		if (mode == 0 || (mode == 3 && random_next(state) % 8 == 0)) {
			cp = random_code_point(state);
		} else {
			size_t at = random_next(state) % p.len;

			while ((p.data[at] & 0xC0) == 0x80) {
				at--;
			}
			cp = text_next(p, &at);
		}
		len += text_put(cp, out + len, size - len);
	}
	return len;
}

static void test_promises_on_random_texts(void)
{
	uint8_t text[512];
	uint64_t state = 0x9E3779B97F4A7C15u;
	unsigned failed = 0;

	for (unsigned i = 0; i < PROPERTY_RUNS && failed < 5; i++) {
		size_t len = random_text(&state, text, sizeof(text));

		failed += !promises_hold(bytes_of(text, len));
	}
	CU_ASSERT_EQUAL(failed, 0);
}

/* What calls for a fold is seen wherever it lies in the blocks of 64. */
static void test_quick_check_at_every_place(void)
{
	static const char *const calls[] = { "casin0", "kar0 ", "freee", "eee1", "b@nk", "f r e e",
		"ca$$h", "paypa1.", "0ffer", "\x01", "\xC3\xA9" };

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		for (size_t before = 0; before < 200; before++) {
			char text[256];
			size_t len = before + strlen(calls[i]);

			memset(text, '.', before);
			memcpy(text + before, calls[i], strlen(calls[i]));
			CU_ASSERT(fold_needed(bytes_of(text, len)));
			CU_ASSERT(promises_hold(bytes_of(text, len)));
		}
	}
}

static void test_promises_on_every_code_point(void)
{
	uint8_t text[16];
	unsigned failed = 0;

	for (uint32_t cp = 1; cp < 0x110000 && failed < 5; cp++) {
		size_t n;

		if (cp >= 0xD800 && cp < 0xE000) {
			continue;
		}
		if (cp >= 0x30000 && (cp & 0xFF) != 0) {
			continue;
		}
		n = text_put(cp, text, sizeof(text));
		failed += !promises_hold(bytes_of(text, n));
		text[n] = 'b';
		failed += !promises_hold(bytes_of(text, n + 1));
	}
	CU_ASSERT_EQUAL(failed, 0);
}

/* json_text: the "text" member of a line, unescaped; 0 if there is none. */
static size_t json_text(const char *line, uint8_t *out, size_t size)
{
	const char *s = strstr(line, "\"text\": \"");
	size_t n = 0;

	for (s = s != NULL ? s + 9 : ""; *s != '\0' && *s != '"' && n < size; s++) {
		if (*s == '\\') {
			s++;
			out[n++] = *s == 'n'   ? '\n'
			           : *s == 't' ? '\t'
			           : *s == 'r' ? '\r'
			                       : (uint8_t)*s;
		} else {
			out[n++] = (uint8_t)*s;
		}
	}
	return n;
}

static void test_promises_on_real_texts(void)
{
	static const char *const files[] = { "en-nus", "en-uci", "en-mendeley", "en-ots-synthetic",
		"en-thai", "de-multilingual", "fr-multilingual", "hi-multilingual", "fa-persian",
		"ar-ots-synthetic", "ru-ots-synthetic", "uk-ots-synthetic", "he-ots-synthetic",
		"id-indonesian", "th-thai", "tr-ots-synthetic", "zh-nus" };
	static char line[3 * OCTETS_MAX];
	static uint8_t text[OCTETS_MAX];
	unsigned n_texts = 0;
	unsigned failed = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[128];
		FILE *f;

		snprintf(path, sizeof(path), "../shared/material/text/%s.jsonl", files[i]);
		f = fopen(path, "r");
		while (f != NULL && failed < 5 && fgets(line, sizeof(line), f) != NULL) {
			size_t len = json_text(line, text, sizeof(text));

			if (len != 0 && len < sizeof(text) &&
				text_utf8_valid(bytes_of(text, len))) {
				failed += !promises_hold(bytes_of(text, len));
				n_texts++;
			}
		}
		if (f != NULL) {
			fclose(f);
		}
	}
	if (n_texts == 0) {
		printf(" skipped: no ../shared/material/text ");
	}
	CU_ASSERT_EQUAL(failed, 0);
}

/* Octets that are no UTF-8 come out somehow, within the bounds (the sanitizers watch). */
static void test_broken_texts_do_no_harm(void)
{
	uint64_t state = 0x2545F4914F6CDD1Du;

	for (unsigned i = 0; i < 100000; i++) {
		uint8_t text[24];
		size_t len = random_next(&state) % sizeof(text);

		for (size_t at = 0; at < len; at++) {
			uint32_t r = random_next(&state);

			text[at] = (uint8_t)(r >> 8);
			if ((r & 3) == 0) {
				text[at] = (uint8_t) "a 1.$"[(r >> 8) % 5];
			}
		}
		fold_exactly(bytes_of(text, len), &folded_one);
		CU_ASSERT_FATAL(folded_one.r.len <= FOLD_SIZE(len));
	}
}

/* A hostile text of the largest size must not take more than linear time: these would be hours. */
static void test_hostile_texts_are_linear(void)
{
	static const char *const seeds[] = { "a", "a ", "a 1 ", "a  ", "aaa", "@a$", "$", "а", "a-",
		"1a", "\xCC\x81", "a 1 1 b " };
	size_t size = 196605;
	uint8_t *text = malloc(size);
	uint8_t *out = malloc(FOLD_SIZE(size));

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		struct bytes seed = bytes_str(seeds[i]);
		size_t len = size - size % seed.len;

		for (size_t at = 0; at < len; at++) {
			text[at] = seed.data[at % seed.len];
		}
		CU_ASSERT(fold_text(bytes_of(text, len), out, FOLD_SIZE(len), NULL).len <= len);
	}
	free(text);
	free(out);
}

UNIT_MAIN("sms/fold", { "characters", test_characters },
	{ "marks that are letters stay", test_marks_that_are_letters_stay },
	{ "look-alikes", test_look_alikes }, { "foreign texts stay", test_foreign_texts_stay },
	{ "spacing", test_spacing }, { "leet", test_leet },
	{ "codes and quantities stay", test_codes_and_quantities_stay },
	{ "stretching", test_stretching }, { "beyond_case", test_beyond_case },
	{ "quick check", test_quick_check }, { "origin", test_origin },
	{ "promises on random texts", test_promises_on_random_texts },
	{ "quick check at every place", test_quick_check_at_every_place },
	{ "promises on every code point", test_promises_on_every_code_point },
	{ "promises on real texts", test_promises_on_real_texts },
	{ "broken texts do no harm", test_broken_texts_do_no_harm },
	{ "hostile texts are linear", test_hostile_texts_are_linear })
