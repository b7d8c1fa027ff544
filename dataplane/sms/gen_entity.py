#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes entity_table.gen.c (see dataplane/sms/entity_table.h): gen_entity.py OUTPUT.c

The top-level domains of Debian's publicsuffix, in Unicode and in Punycode. The same data always
gives the same octets. Which of them are ordinary words is told here, from texts.
"""

import sys

SUFFIXES = "/usr/share/publicsuffix/public_suffix_list.dat"
SLOTS = 4096
WORD, NAME = 1, 2

# Generic domains that make a bare "name.tld" a link; all other generic ones are words.
NAMES = set("""
com net org info biz edu gov mil int mobi asia name pro coop aero jobs travel cat post arpa
xyz top site online club vip icu shop store app dev link click space website tech promo bank
bet casino loan loans credit cash poker porn sex webcam bid win trade science party stream
download racing review accountants cricket faith date men work fit host press
wiki cloud digital email network solutions services support agency center company
international group blog news mba monster cyou cfd sbs rest quest buzz bond autos boats
homes yachts hair skin makeup beauty lat page web ninja guru live tokyo berlin london paris
nyc amsterdam istanbul moscow hamburg""".split())

# Country codes that are words or abbreviations in texts: "home.so", "ok.it", "call.me", "10.am".
WORDS = set("""
so no my it je is im cl be at il th tc am do by to me in es gd pa gn ma er tt bd cm gm rs lt
al mo sn as us la et va ai ne ni se si su ve li mu ms mr st pm ps ac ad ag hm ar na nu ke ki
dm py sh md mm ph om sc sd sb gs km kg lb tm pr bb bs ye bt tl ga sa vi""".split())

# Domains in other scripts that are no words.
UNICODE_NAMES = {"рф"}


def read_tlds():
    try:
        with open(SUFFIXES, encoding="utf-8") as f:
            text = f.read()
    except OSError as e:
        sys.exit(f"gen_entity.py: {SUFFIXES}: {e.strerror}: "
                 "install the Debian package publicsuffix")
    tlds = set()
    for line in text.split("===BEGIN PRIVATE DOMAINS===")[0].splitlines():
        line = line.strip()
        if line and not line.startswith("//"):
            tlds.add(line.split()[0].split(".")[-1].lower())
    return tlds


def kinds(tlds):
    table = {}
    for tld in tlds:
        if not tld.isascii():
            table[tld.encode()] = NAME if tld in UNICODE_NAMES else WORD
            table[tld.encode("idna")] = NAME
        elif len(tld) == 2:
            table[tld.encode()] = WORD if tld in WORDS else NAME
        else:
            table[tld.encode()] = NAME if tld in NAMES else WORD
    return table


def fnv(name):
    h = 2166136261
    for octet in name:
        h = (h ^ octet) * 16777619 & 0xFFFFFFFF
    return h


def rows(values, width):
    return "".join("\t" + ", ".join(map(str, values[i:i + width])) + ",\n"
                   for i in range(0, len(values), width))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: gen_entity.py OUTPUT.c")
    names, slots = bytearray(b"\0"), [0] * SLOTS
    for name, kind in sorted(kinds(read_tlds()).items()):
        assert len(name) < 64
        at = fnv(name) % SLOTS
        while slots[at]:
            at = (at + 1) % SLOTS
        slots[at] = len(names)
        names += bytes([kind << 6 | len(name)]) + name
    assert len(names) < 65536 and slots.count(0) > SLOTS // 4
    with open(sys.argv[1], "w", encoding="ascii") as f:
        f.write("/* SPDX-License-Identifier: BSD-3-Clause */\n"
                "/* Written by dataplane/sms/gen_entity.py: do not edit. */\n"
                '#include "dataplane/sms/entity_table.h"\n\n'
                "const uint16_t entity_table_slots[ENTITY_TABLE_SLOTS] = {\n" + rows(slots, 16)
                + "};\n\nconst uint8_t entity_table_names[] = {\n" + rows(list(names), 16) + "};\n")


if __name__ == "__main__":
    main()
