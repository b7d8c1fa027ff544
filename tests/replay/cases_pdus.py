# SPDX-License-Identifier: BSD-3-Clause
"""The messages reported are those of the capture: by the tests' own reading, and by tshark's."""
import os
import re
from collections import Counter

import smpp
import texts
import tsharkfields
from program import MATERIAL, ROOT, Skip, read, short, smpp_captures

DIFFERENCES = os.path.join(ROOT, "docs", "tshark-differences.md")

# From the README of the material: messages by command and capture.
COUNTS = {
    "node-basic": {"submit_sm": 30, "deliver_sm": 12},
    "node-basic-ipv6": {"submit_sm": 30, "deliver_sm": 12},
    "node-cork": {"submit_sm": 27},
    "node-window": {"submit_sm": 150, "deliver_sm": 66},
    "node-window-mtu300": {"submit_sm": 150, "deliver_sm": 66},
    "node-multi": {"submit_multi": 4},
    "node-payload": {"data_sm": 4},
    "node-payload-mtu300": {"data_sm": 4},
    "perl-node-sync": {"submit_sm": 38},
    "perl-node-async": {"submit_sm": 38},
    "node-perl": {"submit_sm": 64},
    "node-concat8": {"submit_sm": 24},
    "node-concat16": {"submit_sm": 13},
    "node-sar": {"submit_sm": 10},
}

# Captures with the same messages in other frames.
TWINS = [("node-window", "node-window-mtu300"), ("node-payload", "node-payload-mtu300"),
         ("node-basic", "node-basic-ipv6")]


def text_pdus(path):
    c = read(path)
    return [p for p in smpp.all_pdus(c.frames, c.link) if p.name]


def text_of(pdu, decode=texts.decode):
    f = pdu.fields
    found = [decode(f.data_coding, pdu.data[a:b]) for a, b in f.user_data()]
    return "".join(t for t in found if t is not None) if decode is texts.decode or any(
        t is not None for t in found) else None


def expected(pdu):
    """What the event of a PDU has to say, as far as its own octets tell it."""
    f = pdu.fields
    e = {"proto": "smpp", "command": pdu.name, "sequence": pdu.sequence, "octets": pdu.length, "frame": pdu.frame,
         "src": f.src.decode("latin-1"), "src_ton": f.src_ton, "src_npi": f.src_npi, "dst": f.dst.decode("latin-1"),
         "dst_ton": f.dst_ton, "dst_npi": f.dst_npi, "data_coding": f.data_coding, "esm_class": f.esm_class,
         "protocol_id": f.protocol_id, "encoding": texts.encoding(f.data_coding), "text": text_of(pdu)}
    part = f.part()
    if part is not None:
        e["reference"], e["parts"], e["part"] = part
    if len(f.destinations) > 1:
        e["destinations"] = len(f.destinations)
    if pdu.name in ("deliver_sm", "data_sm") and f.esm_class & 0x3C in (0x04, 0x08, 0x10, 0x20):
        e["receipt"] = f.esm_class & 0x3C == 0x04 or None
    return e


def by_key(items, key):
    out = {}
    for item in items:
        out.setdefault(key(item), []).append(item)
    return out


def reported_once(lab, path):
    """Every text-carrying PDU exactly once, with its fields, its text and the frame in which it ends."""
    messages = lab.replay(path, "monitor", "all").must().messages
    pdus = text_pdus(path)
    found = by_key(messages, lambda e: (e["frame"], e["command"], e["sequence"], e["octets"]))
    for pdu in pdus:
        same = found.get((pdu.frame, pdu.name, pdu.sequence, pdu.length))
        assert same, f"{pdu.name} {pdu.sequence} that ends in frame {pdu.frame} is not reported there"
        event = same.pop(0)
        for name, value in expected(pdu).items():
            if name == "receipt" and value is None:
                continue
            assert event.get(name) == value, \
                f"{pdu.name} {pdu.sequence} in frame {pdu.frame}: {name} is {event.get(name)!r}, not {value!r}"
    assert len(messages) == len(pdus), f"{len(messages)} messages reported, {len(pdus)} are in the capture"
    ids = [e["id"] for e in lab.replay(path, "monitor", "all").events]
    assert ids == sorted(set(ids)), "ids of events are not ascending"


def sessions(lab, path):
    """Account, role, side and session number of each message, from its connection's bind."""
    c = read(path)
    binds, every = {}, []
    for stream in smpp.streams(c.frames, c.link):
        if not smpp.is_smpp(stream):
            continue
        for pdu in smpp.pdus(stream):
            every.append(pdu)
            if pdu.command in (1, 2, 9):
                account = pdu.data[16:pdu.data.index(b"\0", 16)].decode("latin-1")
                binds.setdefault(stream.flow, []).append((pdu.frame, stream.direction, account))
    found = by_key(lab.replay(path, "monitor", "all").must().messages,
                   lambda e: (e["frame"], e["command"], e["sequence"], e["octets"]))
    numbers = {}
    for pdu in (p for p in every if p.name):
        event = found[pdu.frame, pdu.name, pdu.sequence, pdu.length].pop(0)
        before = [b for b in binds.get(pdu.stream.flow, []) if b[0] <= pdu.frame]
        if not before:
            continue
        _, direction, account = before[-1]
        esme = direction == pdu.stream.direction
        got = event["account"], event["role"], event["side"]
        want = account, "esme" if esme else "smsc", "outside" if esme else "inside"
        assert got == want, f"{pdu.name} {pdu.sequence} in frame {pdu.frame}: account, role, side {got}, not {want}"
        numbers.setdefault((pdu.stream.flow, before[-1][0]), set()).add(event["session"])
    assert all(len(n) == 1 for n in numbers.values()), "a connection has several session numbers"
    assert len({min(n) for n in numbers.values()}) == len(numbers), "connections share a session number"


def tshark_differences(lab, path):
    """[what differs] between tshark's messages and those reported: each a kind named in the docs."""
    why = tsharkfields.missing()
    if why:
        raise Skip(why)
    events = by_key(lab.replay(path, "monitor", "all").must().messages,
                    lambda e: (e["command"], e["sequence"], e["octets"], e["src"], e["dst"]))
    pdus = by_key(text_pdus(path), lambda p: (p.name, p.sequence, p.length, p.fields.src.decode("latin-1"),
                                              p.fields.dst.decode("latin-1")))
    kinds = []
    for t in (t for t in tsharkfields.pdus(path) if t.command in smpp.TEXT):
        key = (smpp.TEXT[t.command], t.sequence, t.length, t.get("source_addr", ""), t.get("destination_addr", ""))
        if not events.get(key):
            kinds.append("not reported: cut by the snap length")
            continue
        # of several alike, the one whose text tshark has
        at = next((i for i, p in enumerate(pdus[key]) if p.frame == t.frame), 0)
        pdu = pdus[key].pop(at)
        event = events[key].pop(next(i for i, e in enumerate(events[key]) if e["frame"] == pdu.frame))
        kinds += compare(t, event, pdu)
    kinds += ["missed by tshark"] * sum(len(e) for e in events.values())
    return kinds


def compare(t, event, pdu):
    """The kinds of differences of one message. A difference of no known kind is a failure."""
    where = f"{event['command']} {event['sequence']} in frame {event['frame']}"
    kinds = []
    for ours, theirs in (("src_ton", "source_addr_ton"), ("src_npi", "source_addr_npi"), ("dst_ton", "dest_addr_ton"),
                         ("dst_npi", "dest_addr_npi"), ("data_coding", "data_coding"), ("protocol_id", "protocol_id")):
        assert event[ours] == t.number(theirs), f"{where}: {ours} is {event[ours]}, tshark has {t.get(theirs)}"
    esm_class = t.number("esm.submit.msg_mode") | t.number("esm.submit.msg_type") << 2 | \
        t.number("esm.submit.features") << 6
    assert event["esm_class"] == esm_class, f"{where}: esm_class is {event['esm_class']}, tshark has {esm_class}"
    if event["frame"] != t.frame:
        assert t.frame == pdu.ready, f"{where}: tshark has it in frame {t.frame}"
        kinds.append("in the frame that closed a gap")
    text = t.text()
    if text == event["text"]:
        return kinds
    assert text == text_of(pdu, texts.decode_as_tshark), f"{where}: text {event['text']!r}, tshark has {text!r}"
    if not event["text"]:
        return kinds  # no text is no text
    octets = b"".join(pdu.data[a:b] for a, b in pdu.fields.user_data())
    if text is None:
        kinds.append("not decoded by tshark: " + event["encoding"])
    elif event["encoding"] == "utf16":
        kinds.append("beyond the Basic Multilingual Plane")
    else:
        assert max(octets) > 0x7F, f"{where}: text {event['text']!r}, tshark has {text!r}"
        kinds.append("octets above 0x7F in " + event["encoding"])
    return kinds


def listed(capture_name):
    """What docs/tshark-differences.md lists for a capture."""
    out = Counter()
    with open(DIFFERENCES, encoding="utf-8") as f:
        for line in f:
            m = re.match(r"\| `([^`]+)` \| (.+?) \| (\d+) \|$", line)
            if m and m[1] == capture_name:
                out[m[2]] += int(m[3])
    return out


def equals_tshark(lab, path):
    found = Counter(tshark_differences(lab, path))
    docs = listed(short(path))
    assert found == docs, f"differences to tshark: {dict(found)}; docs/tshark-differences.md lists {dict(docs)}"


def counts(lab, name, want):
    path = os.path.join(MATERIAL, "own", name + ".pcap")
    if not os.path.exists(path):
        raise Skip("no material")
    got = Counter(e["command"] for e in lab.replay(path, "monitor", "all").must().messages)
    for command, n in want.items():
        assert got[command] == n, f"{got[command]} {command}, not {n}"


def cork_by_answers(lab):
    """Of node-cork tshark finds 20 submit_sm; the far end has answered 27."""
    path = os.path.join(MATERIAL, "own", "node-cork.pcap")
    if not os.path.exists(path):
        raise Skip("no material")
    c = read(path)
    answers = {p.sequence for p in smpp.all_pdus(c.frames) if p.command == 0x80000004}
    reported = {e["sequence"] for e in lab.replay(path, "monitor", "all").must().messages}
    assert len(answers) == 27 and answers == reported, f"{len(answers)} answers, {len(reported)} reported"


def twins(lab, one, other):
    """The same messages in other frames give the same texts."""
    bags = []
    for name in (one, other):
        path = os.path.join(MATERIAL, "own", name + ".pcap")
        if not os.path.exists(path):
            raise Skip("no material")
        bags.append(Counter((e["command"], e["dst"], e["text"]) for e in
                            lab.replay(path, "monitor", "all").must().messages if not e.get("receipt")))
    assert bags[0] == bags[1], "not the same messages"


def tests():
    for path in smpp_captures():
        yield "pdus/once " + short(path), reported_once, path
        yield "pdus/session " + short(path), sessions, path
        yield "pdus/tshark " + short(path), equals_tshark, path
    for name, want in COUNTS.items():
        yield "pdus/count " + name, counts, name, want
    yield "pdus/answers node-cork", cork_by_answers
    for one, other in TWINS:
        yield f"pdus/twins {one} {other}", twins, one, other
