#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes numbering_table.gen.c (see dataplane/sms/numbering_table.h): gen_numbering.py OUTPUT.c

From libphonenumber's metadata (Debian: python3-phonenumbers). What a number is, is told there by
regular expressions of digits without unbounded repetition, so the numbers of a calling code are a
finite language: its automaton is built (Glushkov's positions, then sets of them), states of equal
future are one, and where nothing but the length can still tell, the walk ends in a "tail". The
tables say exactly what the expressions say. The same data always gives the same octets.
"""

import re
import sys

try:
    import phonenumbers
    from phonenumbers import PhoneMetadata, phonenumberutil
except ImportError:
    sys.exit("gen_numbering.py: install the Debian package python3-phonenumbers")

sre = re._parser if hasattr(re, "_parser") else __import__("sre_parse")
ops = sre.LITERAL, sre.RANGE, sre.IN, sre.BRANCH, sre.SUBPATTERN, sre.MAX_REPEAT, sre.AT
LITERAL, RANGE, IN, BRANCH, SUBPATTERN, MAX_REPEAT, AT = ops

DIGITS_MAX = 17  # NUMBERING_DIGITS_MAX
TAIL = DIGITS_MAX + 1
MASKS = 10  # NUMBERING_PREFIX_MASKS
INSERT = 4
ANY = 0x3FF

# enum numbering_kind; libphonenumber asks in this order (_number_type_helper), fixed and mobile last.
KINDS = "unknown fixed mobile fixed_or_mobile toll_free premium shared personal pager uan voip voicemail"
KINDS = {name: i for i, name in enumerate(KINDS.split())}
SPECIAL = [("premium_rate", "premium"), ("toll_free", "toll_free"), ("shared_cost", "shared"),
           ("voip", "voip"), ("personal_number", "personal"), ("pager", "pager"), ("uan", "uan"),
           ("voicemail", "voicemail")]
TYPES = phonenumbers.PhoneNumberType
TYPE_KINDS = {TYPES.FIXED_LINE: "fixed", TYPES.MOBILE: "mobile", TYPES.TOLL_FREE: "toll_free",
              TYPES.PREMIUM_RATE: "premium", TYPES.SHARED_COST: "shared", TYPES.VOIP: "voip",
              TYPES.PERSONAL_NUMBER: "personal", TYPES.PAGER: "pager", TYPES.UAN: "uan",
              TYPES.VOICEMAIL: "voicemail"}


def mask_of(items):
    """The digits of a character class, as bits."""
    mask = 0
    for op, value in items:
        if op is LITERAL:
            mask |= 1 << (value - 48)
        elif op is RANGE:
            mask |= sum(1 << (c - 48) for c in range(value[0], value[1] + 1))
        else:  # the only category in use is \d
            mask |= ANY
    return mask


class Automaton:
    """Glushkov's: a position per class of digits; sets of positions are the bits of an int."""

    def __init__(self):
        self.masks, self.follow = [], []

    def position(self, mask):
        self.masks.append(mask)
        self.follow.append(0)
        bit = 1 << (len(self.masks) - 1)
        return bit, bit, False

    def join(self, a, b):
        for i in bits(a[1]):
            self.follow[i] |= b[0]
        return a[0] | (b[0] if a[2] else 0), b[1] | (a[1] if b[2] else 0), a[2] and b[2]

    def add(self, pattern):
        """Positions of a parsed pattern: (first ones, last ones, may be empty)."""
        whole = 0, 0, True
        for op, value in pattern:
            whole = self.join(whole, self.add_item(op, value))
        return whole

    def add_item(self, op, value):
        if op is LITERAL:
            return self.position(1 << (value - 48))
        if op is IN:
            return self.position(mask_of(value))
        if op is SUBPATTERN:
            return self.add(value[3])
        if op is BRANCH:
            parts = [self.add(branch) for branch in value[1]]
            first = last = 0
            for part in parts:
                first, last = first | part[0], last | part[1]
            return first, last, any(part[2] for part in parts)
        if op is not MAX_REPEAT or value[1] > DIGITS_MAX:
            sys.exit(f"gen_numbering.py: {op} in an expression: not understood")
        whole = 0, 0, True
        for i in range(value[1]):
            part = self.add(value[2])
            whole = self.join(whole, (part[0], part[1], part[2] or i >= value[0]))
        return whole


def bits(n):
    while n:
        yield (n & -n).bit_length() - 1
        n &= n - 1


class Plan:
    """All numbers of one calling code: the regions that share it, in libphonenumber's order."""

    def __init__(self, code, regions):
        self.automaton, self.start, self.regions = Automaton(), 0, []
        for place, region in enumerate(regions):
            data = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
            wanted = {}
            for name in ["general_desc", "fixed_line", "mobile"] + [name for name, _ in SPECIAL]:
                desc = getattr(data, name)
                if desc is not None and desc.national_number_pattern:
                    self.want(wanted, name, desc.national_number_pattern,
                              set(desc.possible_length))
            if len(regions) > 1 and data.leading_digits:
                self.want(wanted, "leading", rf"(?:{data.leading_digits})\d{{0,{DIGITS_MAX - 1}}}",
                          set())
            self.regions.append((place, data.same_mobile_and_fixed_line_pattern, wanted))
        self.by_digit = [sum(1 << i for i, m in enumerate(self.automaton.masks) if m >> d & 1)
                         for d in range(10)]

    def want(self, wanted, name, pattern, lengths):
        first, last, _ = self.automaton.add(sre.parse(pattern))
        self.start |= first
        wanted[name] = last, lengths

    def label(self, state, n):
        """(place of the region, kind) of the n digits that led to `state`."""

        def fits(name):
            last, lengths = wanted.get(name, (0, ()))
            return last & state and (not lengths or n in lengths)

        def kind():
            if not fits("general_desc"):
                return KINDS["unknown"]
            for name, special in SPECIAL:
                if fits(name):
                    return KINDS[special]
            if fits("fixed_line"):
                return KINDS["fixed_or_mobile" if same or fits("mobile") else "fixed"]
            return KINDS["mobile" if not same and fits("mobile") else "unknown"]

        for place, same, wanted in self.regions:
            if "leading" in wanted:
                if fits("leading"):
                    return place, kind()
            elif len(self.regions) == 1 or kind():
                return place, kind()
        return None, KINDS["unknown"]

    def walk(self, kinds, places):
        """The roots of this plan in both graphs."""
        known = {}

        def visit(state, n, following):
            if (state, n) in known:
                return known[state, n]
            place, kind = self.label(state, n) if n else (None, 0)
            after = [following & digit if n < DIGITS_MAX else 0 for digit in self.by_digit]
            nodes = {0: (0, 0)}
            for s in after:
                if s not in nodes:
                    follow = 0
                    for i in bits(s):
                        follow |= self.automaton.follow[i]
                    nodes[s] = visit(s, n + 1, follow)
            known[state, n] = (
                kinds.node(kind, [nodes[s][0] for s in after]),
                places.node(0 if place is None else place + 1, [nodes[s][1] for s in after]))
            return known[state, n]

        return visit(0, 0, self.start)


class Graph:
    """Acyclic automaton with a label at each node; equal nodes are one. Node 0: nothing follows."""

    def __init__(self):
        self.ids, self.nodes = {}, []
        self.node(0, [0] * 10)

    def node(self, label, children):
        key = label, tuple(children)
        if key not in self.ids:
            self.ids[key] = len(self.nodes)
            self.nodes.append(key)
        return self.ids[key]

    def pack(self, roots):
        """Rows of ten references, labels of rows, tails; references of the roots; the depth."""
        tails, place, depth = {0: (0,)}, {}, {}
        for i, (label, children) in enumerate(self.nodes):  # children come first
            if i and len(set(children)) == 1 and children[0] in tails:
                tails[i] = (label,) + tails[children[0]]
            if i not in tails:
                place[i] = len(place)
            depth[i] = 0 if i in tails else 1 + max(depth[c] for c in children)
        tails = {i: t + (0,) * (TAIL - len(t)) for i, t in tails.items()}
        distinct = sorted(set(tails.values()))
        at = {t: len(place) + i for i, t in enumerate(distinct)}
        assert len(place) + len(distinct) < 65536

        def reference(i):
            return place[i] if i in place else at[tails[i]]

        inner = sorted(place, key=place.get)
        rows = [[reference(c) for c in self.nodes[i][1]] for i in inner]
        return (rows, [self.nodes[i][0] for i in inner], distinct,
                [reference(r) for r in roots], max(depth.values()))


def expand(pattern):
    """The ways to match, first choice first: (masks of digits, spans of groups, at the end)."""
    ways = [((), {}, False)]
    for op, value in pattern:
        ways = [(m + masks, {**g, **{k: (a + len(m), b + len(m)) for k, (a, b) in groups.items()}},
                 e or end)
                for m, g, e in ways for masks, groups, end in expand_item(op, value)]
    return ways


def expand_item(op, value):
    if op is LITERAL:
        return [((1 << (value - 48),), {}, False)]
    if op is IN:
        return [((mask_of(value),), {}, False)]
    if op is AT:
        return [((), {}, True)]
    if op is BRANCH:
        return [way for branch in value[1] for way in expand(branch)]
    if op is SUBPATTERN:
        group = value[0]
        return [(m, {**g, group: (0, len(m))} if group else g, e) for m, g, e in expand(value[3])]
    low, high, item = value
    ways = []
    for n in range(high, low - 1, -1):  # greedy
        ways += expand(sre.SubPattern(item.state, list(item) * n))
    return ways


def prefix_of(masks, keep, insert, at_end, abroad):
    """One prefix; digits of any kind at its end, where they are kept, are but a length."""
    n, rest_min = len(masks), 0
    if keep[1] == n:
        while n > keep[0] and masks[n - 1] == ANY:
            n, rest_min = n - 1, rest_min + 1
        keep = keep[0], n
    rest_max = rest_min if at_end else 255
    if n > MASKS or len(insert) > INSERT or (n == 0 and not insert):
        if n or insert:
            sys.exit("gen_numbering.py: a prefix is longer than the table has room for")
        return None
    return list(masks[:n]), keep, rest_min, rest_max, abroad, insert


def prefixes(data):
    """Ways abroad, then trunk prefixes and carriers' codes, in the order they are tried."""
    found = []
    for masks, _, at_end in expand(sre.parse(data.international_prefix or "")):
        if masks:
            found.append(prefix_of(masks, (0, 0), "", at_end, True))
    national = sre.parse(data.national_prefix_for_parsing or "")
    rule = data.national_prefix_transform_rule
    last = national.state.groups - 1
    for masks, groups, at_end in expand(national):
        keep, insert = (0, 0), ""
        if rule and last in groups:
            insert, number = re.fullmatch(r"(\d*)\\(\d)", rule).groups()
            keep = groups.get(int(number), (0, 0))
        found.append(prefix_of(masks, keep, insert, at_end, False))
    kept = []
    for prefix in found:
        if prefix is not None and prefix not in kept:
            kept.append(prefix)
    return kept


def trunk_kinds(code, region, data):
    """The kinds of numbers that are written with the trunk prefix, by their example numbers."""
    kinds = 0
    for kind, name in TYPE_KINDS.items():
        number = phonenumbers.example_number_for_type(region, kind) if region != "001" else None
        if number is None or not data.national_prefix:
            continue
        national = phonenumberutil.national_significant_number(number)
        form = phonenumberutil._choose_formatting_pattern_for_number(data.number_format, national)
        if (form is not None and not form.national_prefix_optional_when_formatting and
                data.national_prefix in (form.national_prefix_formatting_rule or "")):
            kinds |= 1 << KINDS[name]
    return kinds


def way_abroad(data):
    """The usual way abroad, in digits."""
    usual = data.preferred_international_prefix or data.international_prefix or ""
    digits = usual.replace("~", "")
    if not digits.isdecimal():  # an expression: its first way, lowest digits
        digits = "".join(str(next(bits(m))) for m in expand(sre.parse(usual))[0][0])
    return digits


def country(code, region, main, prefix_from, n_prefixes):
    data = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    name = str(code) if region == "001" else region
    lengths = sum(1 << n for n in data.general_desc.possible_length if n <= DIGITS_MAX)
    return (f'\t{{ "{name}", "{data.national_prefix or ""}", "{way_abroad(data)}", {lengths:#x}, '
            f"{code}, {trunk_kinds(code, region, data):#x}, {int(main)}, {prefix_from}, "
            f"{n_prefixes} }},\n")


def rows(values, width):
    return "".join("\t" + ", ".join(map(str, values[i:i + width])) + ",\n"
                   for i in range(0, len(values), width))


def graph_text(name, packed):
    nodes, labels, tails, _, _ = packed
    return (f"static const uint16_t {name}_rows[][10] = {{\n"
            + "".join("\t{ " + ", ".join(map(str, row)) + " },\n" for row in nodes)
            + f"}};\n\nstatic const uint8_t {name}_labels[] = {{\n" + rows(labels, 16)
            + f"}};\n\nstatic const uint8_t {name}_tails[][NUMBERING_TAIL] = {{\n"
            + "".join("\t{ " + ", ".join(map(str, tail)) + " },\n" for tail in tails)
            + f"}};\n\nconst struct numbering_graph numbering_{name} = {{\n"
            + f"\t{name}_rows, {name}_labels, {name}_tails, {len(nodes)}, {len(tails)}\n}};\n\n")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: gen_numbering.py OUTPUT.c")
    kinds, places, countries, found, codes = Graph(), Graph(), [], [], []
    roots = []
    shared = sorted(phonenumberutil.COUNTRY_CODE_TO_REGION_CODE.items())
    for code, regions in shared:
        own = kinds, places if len(regions) > 1 else Graph()
        roots.append(Plan(code, regions).walk(*own))
        first = len(countries) + 1
        for i, region in enumerate(regions):
            data = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
            own = prefixes(data)
            countries.append(country(code, region, i == 0, len(found), len(own)))
            found += own
        codes.append((code, first, len(regions)))
    kind_graph = kinds.pack([r[0] for r in roots])
    place_graph = places.pack([r[1] if n > 1 else 0 for r, (_, _, n) in zip(roots, codes)])
    by_value = [0] * 1000
    for i, (code, _, _) in enumerate(codes):
        by_value[code] = i + 1
    assert len(codes) < 256
    with open(sys.argv[1], "w", encoding="ascii") as f:
        f.write("/* SPDX-License-Identifier: BSD-3-Clause */\n"
                "/* Written by dataplane/sms/gen_numbering.py: do not edit. */\n"
                f"/* phonenumbers {phonenumbers.__version__}; no number needs more than "
                f"{kind_graph[4]} digits behind its calling code to tell its kind, and "
                f"{place_graph[4]} to tell its region. */\n"
                '#include "dataplane/sms/numbering_table.h"\n\n'
                + graph_text("kinds", kind_graph) + graph_text("places", place_graph)
                + "const struct numbering_code numbering_codes[] = {\n\t{ 0, 0, 0, 0, 0 },\n"
                + "".join(f"\t{{ {code}, {first}, {n}, {k}, {p} }},\n"
                          for (code, first, n), k, p in zip(codes, kind_graph[3], place_graph[3]))
                + "};\n\nconst uint8_t numbering_code_of[1000] = {\n" + rows(by_value, 16)
                + "};\n\nconst struct numbering_country numbering_country_table[] = {\n"
                + '\t{ "", "", "", 0, 0, 0, 0, 0, 0 },\n' + "".join(countries)
                + f"}};\n\nconst uint16_t numbering_n_countries = {len(countries)};\n\n"
                + "const struct numbering_prefix numbering_prefixes[] = {\n"
                + "".join("\t{ { " + ", ".join(map(str, masks + [0] * (MASKS - len(masks))))
                          + f" }}, {len(masks)}, {keep[0]}, {keep[1]}, {least}, {most}, "
                          + f'{int(abroad)}, "{insert}" }},\n'
                          for masks, keep, least, most, abroad, insert in found)
                + "};\n\n"
                + f'const char numbering_source[] = "phonenumbers {phonenumbers.__version__}";\n')


if __name__ == "__main__":
    main()
