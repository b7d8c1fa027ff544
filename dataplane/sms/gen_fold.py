#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes fold_table.gen.c (see dataplane/sms/fold_table.h): gen_fold.py OUTPUT.c

From Debian's unicode-data (UnicodeData, CaseFolding, Scripts, DerivedCoreProperties,
DerivedNormalizationProps) and python3-confusable-homoglyphs (UTS 39). The same data always gives
the same octets. The rules are stated at the top of dataplane/sms/fold.c.
"""

import json
import os
import re
import sys

UNICODE = "/usr/share/unicode"
CONFUSABLES = "/usr/lib/python3/dist-packages/confusable_homoglyphs/confusables.json"
END = 0x20000
PAGE = 32
KEEP, MAP, SEQUENCE, DROP = range(4)
OTHER, LETTER, NATIVE, MARK = range(4)

# Scripts whose letters cannot pass for Latin ones, or run from right to left.
NATIVE_SCRIPTS = set("""Han Hiragana Katakana Hangul Bopomofo Yi Thai Lao Khmer Myanmar Tibetan
Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Ethiopic Arabic
Hebrew Syriac Thaana Nko Mongolian Javanese Balinese Tai_Tham Tai_Le New_Tai_Lue Meetei_Mayek
Ol_Chiki Sundanese Batak Buginese Cham Limbu Lepcha Chakma Samaritan Mandaic Adlam""".split())

# Combining marks that are ornament in every script (U+0300..036F and the later blocks of its kind).
ORNAMENT = [(0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F)]

# Latin letters without a decomposition or a telling name.
LATIN = {0xC6: "ae", 0xE6: "ae", 0x152: "oe", 0x153: "oe", 0xD0: "d", 0xF0: "d", 0xDE: "th",
         0xFE: "th", 0x131: "i", 0x237: "j", 0x138: "k", 0x14A: "n", 0x14B: "n", 0x251: "a",
         0x261: "g", 0x26A: "i", 0x1D00: "a", 0xA78F: "."}

# Punctuation that people and telephones put for the ASCII one; confusables give the rest.
PUNCTUATION = {0x201C: '"', 0x201D: '"', 0x201E: '"', 0x201F: '"', 0xAB: '"', 0xBB: '"',
               0x2033: '"', 0x2036: '"', 0xA6: "|"}

# Symbols whose compatibility mapping would glue letters to the word before them.
DROPPED = {0x2120, 0x2122, 0x640}  # SM and TM signs, ARABIC TATWEEL

# Kept from their compatibility form: Thai and Lao AM, which everybody writes whole, and the lunate
# sigma, which looks like c and would become a sigma.
WHOLE = {0xE33, 0xEB3, 0x3F2, 0x3F9}

# Where UTS 39 goes by another letter than disguise does; theta and sigma pass for none.
LOOKS = {0x3B5: "e", 0x395: "e", 0x454: "e", 0x404: "e", 0x4C0: "l", 0x4CF: "l",
         0x3B8: "", 0x398: "", 0x3C3: "", 0x3A3: ""}


def lines(name):
    path = os.path.join(UNICODE, name)
    try:
        with open(path, encoding="utf-8") as f:
            for line in f:
                line = line.split("#")[0].strip()
                if line:
                    yield [field.strip() for field in line.split(";")]
    except OSError as e:
        sys.exit(f"gen_fold.py: {path}: {e.strerror}: install the Debian package unicode-data")


def span(text):
    first, _, last = text.partition("..")
    return int(first, 16), int(last or first, 16)


def properties(name, wanted=None):
    found = {}
    for fields in lines(name):
        if wanted is None or fields[1] == wanted:
            first, last = span(fields[0])
            for cp in range(first, min(last, END - 1) + 1):
                found[cp] = fields[1]
    return found


def read_unicode_data():
    data, first = {}, None
    for fields in lines("UnicodeData.txt"):
        cp = int(fields[0], 16)
        if fields[1].endswith(", First>"):
            first = cp
        elif first is not None:
            for c in range(first, min(cp, END - 1) + 1):
                data[c] = fields
            first = None
        if cp < END:
            data[cp] = fields
    return data


def read_confusables():
    try:
        with open(CONFUSABLES, encoding="utf-8") as f:
            raw = json.load(f)
    except OSError as e:
        sys.exit(f"gen_fold.py: {CONFUSABLES}: {e.strerror}: install the Debian package "
                 "python3-confusable-homoglyphs")
    strip = "\u200e\u200f"  # the file frames right-to-left characters
    table = {}
    for key, values in raw.items():
        key = key.strip(strip)
        if len(key) == 1 and ord(key) >= 0x80:
            table[ord(key)] = [v["c"].strip(strip) for v in values]
    return table


class Folder:
    def __init__(self):
        self.data = read_unicode_data()
        self.scripts = properties("Scripts.txt")
        self.ignorable = properties("DerivedCoreProperties.txt", "Default_Ignorable_Code_Point")
        self.excluded = properties("DerivedNormalizationProps.txt", "Full_Composition_Exclusion")
        self.confusables = read_confusables()
        self.case_folding, self.simple = {}, {}
        for cp, status, to, *_ in lines("CaseFolding.txt"):
            cp = int(cp, 16)
            if status in "CF":
                self.case_folding[cp] = [int(c, 16) for c in to.split()]
            if status in "CS":
                self.simple[cp] = int(to, 16)
        self.memo = {}

    def category(self, cp):
        return self.data[cp][2] if cp in self.data else "Cn"

    def is_rtl(self, cp):
        return cp in self.data and self.data[cp][4] in ("R", "AL")

    def is_dropped(self, cp):
        return (cp in self.ignorable or cp in DROPPED or any(a <= cp <= b for a, b in ORNAMENT)
                or (self.category(cp) in ("Cc",) and cp != 0x85))

    def decompose(self, cp):
        """One step towards the compatibility form; a composition whose mark is a letter stays."""
        mapping = self.data[cp][5] if cp in self.data else ""
        if not mapping or cp in WHOLE:
            return [cp]
        if mapping.startswith("<"):
            kind, *to = mapping.split()
            to = [int(c, 16) for c in to]
            if to[0] == 0x20 and len(to) > 1:  # spacing accents, kept out of words
                return [cp]
            if to[0] == 0x28 and to[-1] == 0x29 and len(to) == 3:  # parenthesised letter
                to = to[1:2]
            return to
        to = [int(c, 16) for c in mapping.split()]
        if cp in self.excluded or len(to) == 1 or all(self.is_dropped(c) for c in to[1:]):
            return to
        return [cp]

    def latin(self, cp):
        """An unadorned ASCII letter for a Latin letter with a stroke, a hook, a small capital."""
        if cp in LATIN:
            return [ord(c) for c in LATIN[cp]]
        name = self.data[cp][1] if cp in self.data else ""
        m = re.match(
            r"(?:LATIN (?:CAPITAL|SMALL) LETTER (?:DOTLESS |SCRIPT |BARRED )?"
            r"|LATIN LETTER SMALL CAPITAL (?:BARRED )?"
            r"|(?:CROSSED )?NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER "
            r"|REGIONAL INDICATOR SYMBOL LETTER )([A-Z])(?: WITH .*)?$", name)
        return [ord(m.group(1).lower())] if m else None

    def punctuation(self, cp):
        """ASCII punctuation, or a letter for a symbol that is drawn like one."""
        if cp in PUNCTUATION:
            return PUNCTUATION[cp]
        category = self.category(cp)
        if category == "Pd" and cp not in (0x301C, 0x3030, 0x30A0):
            return "-"
        if self.scripts.get(cp) != "Common" or self.is_rtl(cp):
            return None
        for to in self.confusables.get(cp, ()):
            if len(to) == 1 and to.isascii() and to != " ":
                if category[0] in "PS" and category != "Sk" and not to.isdigit():
                    return to.lower()
                if to == "'" and category in ("Sk", "Lm"):
                    return to
        return None

    def plain(self, cp):
        """The plain fold of one code point: a list of code points that fold to themselves."""
        if cp not in self.memo:
            self.memo[cp] = [cp]  # guards against a cycle
            self.memo[cp] = self.plain_of(cp)
        return self.memo[cp]

    def plain_of(self, cp):
        category = self.category(cp)
        if cp < 0x80:
            return [cp + 32] if 0x41 <= cp <= 0x5A else [cp]
        if category in ("Zs", "Zl", "Zp") or cp in (0x85, 0x2800):
            return [0x20]
        if self.is_dropped(cp):
            return []
        if category == "Nd":
            return [0x30 + int(self.data[cp][6])]
        letters = self.latin(cp)
        if letters:
            return letters
        case = [0x3F2] if cp == 0x3F9 else self.case_folding.get(cp, [cp])
        for step in (self.decompose(cp), case):
            if step != [cp]:
                return self.limit(cp, [d for c in step for d in self.plain(c)])
        mark = self.punctuation(cp)
        return [ord(mark)] if mark else [cp]

    @staticmethod
    def limit(cp, to):
        """FOLD_SIZE: an expansion to more than three times the octets is not worth having."""
        return to if len("".join(map(chr, to)).encode()) <= 3 * len(chr(cp).encode()) else [cp]

    def class_of(self, cp):
        category, script = self.category(cp), self.scripts.get(cp, "Unknown")
        if category[0] == "M":
            return MARK
        if category[0] != "L" and category != "Nl":
            return OTHER
        if script in NATIVE_SCRIPTS or self.is_rtl(cp) or cp in (0x3005, 0x3006, 0x30FC):
            return NATIVE
        return LETTER

    def look_of(self, cp):
        """The ASCII letter that UTS 39 says cp is confused with."""
        if self.class_of(cp) != LETTER:
            return ""
        if cp in LOOKS:
            return LOOKS[cp]
        for to in self.confusables.get(cp, ()):
            to = [d for c in to for d in (self.plain(ord(c)) if ord(c) < END else [ord(c)])]
            if len(to) == 1 and 0x61 <= to[0] <= 0x7A:
                return chr(to[0])
        return ""

    def looks(self):
        """look-alikes of all code points, given to both cases, so that case never decides."""
        look = {cp: self.look_of(cp) for cp in range(0x80, END)}
        for cp, low in sorted(self.simple.items()):
            if cp >= 0x80 and cp < END and 0x80 <= low < END:
                if look[cp] and look[low] and (look[cp], look[low]) == ("l", "i"):
                    look[cp] = "i"  # capital iota and I: the capital of i, as ASCII's
                look[low] = look[low] or look[cp]
        return look


def utf8(points):
    return "".join(map(chr, points)).encode()


def build(folder):
    look, entries = folder.looks(), []
    sequences, places = bytearray(), {}

    def sequence(points):
        data = utf8(points)
        if data not in places:
            places[data] = len(sequences)
            sequences.extend(data)
        return places[data] << 5 | len(data)

    for cp in range(END):
        if cp < 0x80 or 0xD800 <= cp <= 0xDFFF:
            entries.append(0)
            continue
        plain = folder.plain(cp)
        case = folder.simple.get(cp) == plain[0] if len(plain) == 1 else False
        entry = case << 30
        if plain == [cp]:
            entry |= KEEP << 21 | folder.class_of(cp) << 23 | letter(look[cp]) << 25
        elif defers(folder, look, cp, plain):
            entry |= (1 << 31 | KEEP << 21 | LETTER << 23 | letter(look[cp]) << 25 | plain[0])
        elif not plain:
            entry |= DROP << 21
        elif len(plain) == 1:
            entry |= MAP << 21 | plain[0]
        else:
            entry |= SEQUENCE << 21 | sequence(plain)
        entries.append(entry)
        for c in plain:
            assert folder.plain(c) == [c], f"U+{cp:04X}: the fold is not idempotent"
    return entries, bytes(sequences)


def letter(look):
    return ord(look) - 0x60 if look else 0


def defers(folder, look, cp, plain):
    if not look[cp] or len(plain) != 1 or plain[0] < 0x80 or plain[0] >= END:
        return False
    to = plain[0]
    return (look[to] != "" and look[to] != look[cp] and folder.class_of(to) == LETTER
            and folder.plain(to) == [to] and len(utf8(plain)) <= len(chr(cp).encode()))


def rows(values, form, width):
    values = [format(v, form) for v in values]
    return "".join("\t" + ", ".join(values[i:i + width]) + ",\n"
                   for i in range(0, len(values), width))


def emit(entries, sequences):
    values = sorted(set(entries))
    number = {value: i for i, value in enumerate(values)}
    pages, unique, index = [], [], {}
    for at in range(0, END, PAGE):
        page = tuple(number[e] for e in entries[at:at + PAGE])
        if page not in index:
            index[page] = len(unique)
            unique.append(page)
        pages.append(index[page])
    assert len(values) < 65536 and len(unique) < 65536
    cells = [i for page in unique for i in page]
    letters = [values[i] >> 23 & 0x7F for i in cells]  # look and class, as they lie in the entry
    return "".join([
        "/* SPDX-License-Identifier: BSD-3-Clause */\n",
        "/* Written by dataplane/sms/gen_fold.py: do not edit. */\n",
        '#include "dataplane/sms/fold_table.h"\n\n',
        "const uint16_t fold_table_pages[FOLD_TABLE_END / FOLD_TABLE_PAGE] = {\n",
        rows(pages, "d", 16), "};\n\n",
        "const uint16_t fold_table_cells[] = {\n", rows(cells, "d", 16), "};\n\n",
        "const uint8_t fold_table_letters[] = {\n", rows(letters, "d", 16), "};\n\n",
        "const uint32_t fold_table_entries[] = {\n", rows(values, "#010x", 8), "};\n\n",
        "const uint8_t fold_table_sequences[] = {\n", rows(sequences, "#04x", 16), "};\n"])


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: gen_fold.py OUTPUT.c")
    folder = Folder()
    for cp in range(END, 0x110000):  # fold_entry() says this in code
        assert cp not in folder.ignorable
    text = emit(*build(folder))
    with open(sys.argv[1], "w", encoding="ascii") as f:
        f.write(text)


if __name__ == "__main__":
    main()
