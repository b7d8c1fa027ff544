# SPDX-License-Identifier: BSD-3-Clause
"""Mode enforce: what is refused is gone, and nothing else is touched."""
import os
import re
from collections import Counter

import capture
import cases_pdus
import smpp
import texts
import tsharkfields
from program import POLICIES, Skip, read, short, smpp_captures

RTHROTTLED = 0x58  # SMPP 3.4 5.1.3
STYLES = {("esme", "reject"): "self_reject", ("smsc", "reject"): "blank"}
# What an edit writes where text was: spaces in both widths (docs/refusals.md).
BLANKS = (b" " * 16, b"\0 " * 8)


@capture.once
def before(lab, path):
    """IN as Ethernet: for other kinds what mode monitor makes of it (tests monitor/identical)."""
    c = read(path)
    return c if c.plain else capture.parse(lab.replay(path, "monitor", "all").must().out)


def groups(frames):
    """The frames of each direction of each connection, in order; under None those of none."""
    out = {}
    for i, f in enumerate(frames):
        s = capture.segment(f.data)
        out.setdefault(s.direction if s else None, []).append((i, f, s))
    return out


class Comparison:
    """IN and OUT of a run in mode enforce, paired frame by frame."""

    def __init__(self, lab, path, policy):
        self.run = lab.replay(path, "lab", policy).must()
        self.a, self.b = before(lab, path), capture.parse(self.run.out)
        assert len(self.a.frames) == len(self.b.frames), f"{len(self.a.frames)} frames in, {len(self.b.frames)} out"
        left, right = groups(self.a.frames), groups(self.b.frames)
        assert left.keys() == right.keys(), "other connections in OUT"
        self.pairs = []
        for key in left:
            a, b = len(left[key]), len(right[key])
            assert a == b, f"{a} frames of a direction in, {b} out"
            self.pairs += zip(left[key], right[key])
        self.pdus = smpp.all_pdus(self.a.frames)
        self.events = {(e["frame"], e["command"], e["sequence"], e["octets"]): e for e in self.run.messages}

    def event(self, pdu):
        return self.events[pdu.frame, pdu.name, pdu.sequence, pdu.length]

    def refused(self):
        """The PDUs on which something was done."""
        return [p for p in self.pdus if p.name and self.event(p)["action"] != "none"]

    def editable(self):
        """{stream base of a direction: [(start, end)]}: the octets that an edit may change."""
        out, refused = {}, set()
        for p in self.refused():
            out.setdefault(id(p.stream), []).append((p.start + 16, p.start + p.length))
            refused.add((p.stream.flow, p.stream.direction, p.command | smpp.RESPONSE, p.sequence))
        for p in self.pdus:
            a, b, c, d = p.stream.direction
            if p.command & smpp.RESPONSE and (p.stream.flow, (c, d, a, b), p.command, p.sequence) in refused:
                out.setdefault(id(p.stream), []).append((p.start + 8, p.start + 12))
        return out


@capture.once
def pair(lab, path, policy):
    """The Comparison of a run."""
    return Comparison(lab, path, policy)


def frames_kept(lab, path, policy):
    """Length, headers and untouched frames: as they came, and in order; changes only within refused PDUs."""
    c = pair(lab, path, policy)
    spans, streams = c.editable(), {}
    for p in c.pdus:
        streams.setdefault(p.stream.direction, []).append(p.stream)
    n_edited = 0
    for (i, a, s), (k, b, t) in c.pairs:
        assert len(a.data) == len(b.data) and a.wire_len == b.wire_len, f"frame {i + 1} has another length"
        if a.data == b.data:
            continue
        n_edited += 1
        assert s is not None, f"frame {i + 1} is no TCP and was changed"
        sums = set(range(s.tcp + 16, s.tcp + 18))
        for at in (at for at in range(len(a.data)) if a.data[at] != b.data[at] and at not in sums):
            assert s.body <= at < s.end, f"frame {i + 1}: octet {at} of its headers was changed"
            inside = any(start <= (s.seq + at - s.body - stream.base) & 0xFFFFFFFF < end
                         for stream in streams.get(s.direction, []) for start, end in spans.get(id(stream), []))
            assert inside, f"frame {i + 1}: octet {at - s.body} of its payload is of no refused message"
    got = c.run.summary["counters"]["frames_edited"]
    assert got == n_edited, f"{n_edited} frames were edited, the summary says {got}"


def checksums(lab, path, policy):
    """Right where they were right."""
    c = pair(lab, path, policy)
    for (i, a, s), (k, b, t) in c.pairs:
        if s is None:
            continue
        assert not s.ip_ok or t.ip_ok, f"frame {i + 1} of IN: IP checksum wrong in OUT"
        assert not s.tcp_ok or t.tcp_ok, f"frame {i + 1} of IN: TCP checksum wrong in OUT"


def times(lab, path, policy):
    """Capture times, but for held frames: those carry the time of the frame that let them go."""
    c = pair(lab, path, policy)
    later = 0
    of_in = {a.ns // 1000 for a in c.a.frames}
    for (i, a, _), (k, b, _) in c.pairs:
        if a.ns // 1000 == b.ns // 1000:
            continue
        later += 1
        assert b.ns > a.ns, f"frame {i + 1} left before it came"
        assert b.ns // 1000 in of_in, f"frame {i + 1} left when no frame came"
    held = c.run.summary["counters"]["frames_held"]
    assert later <= held, f"{later} frames have another time, {held} were held"
    ascending = all(x.ns <= y.ns for x, y in zip(c.a.frames, c.a.frames[1:]))
    assert not ascending or all(x.ns <= y.ns for x, y in zip(c.b.frames, c.b.frames[1:])), "times in OUT go back"


def same_bytes_again(lab, path, policy):
    """Every copy of an octet leaves as the first one left (law 4), and streams keep their length."""
    c = pair(lab, path, policy)
    left, right = smpp.streams(c.a.frames), smpp.streams(c.b.frames)
    by_start = {(s.direction, s.base): s for s in right}
    for s in left:
        t = by_start.get((s.direction, s.base))
        assert t is not None and len(t.octets) == len(s.octets), "a stream has another length"
    for number, frame in enumerate(c.b.frames, 1):
        s = capture.segment(frame.data)
        if s is None or not s.payload:
            continue
        for stream in right:
            at = (s.seq + (s.flags & capture.SYN) // capture.SYN - stream.base) & 0xFFFFFFFF
            if stream.direction == s.direction and at + len(s.payload) <= len(stream.octets) and \
                    number in stream.owner[at:at + len(s.payload)]:
                assert s.payload == stream.octets[at:at + len(s.payload)], f"frame {number} of OUT: other octets"


def grams(octets, n, out):
    for i in range(len(octets) - n + 1):
        out.add(octets[i:i + n])
    return out


def elsewhere(frames, refused):
    """All octets of IN that are no refused text: streams with the texts cut out, other frames, headers."""
    texts_of = {}
    for p in refused:
        key = p.stream.direction, p.stream.base
        texts_of.setdefault(key, []).extend((p.start + a, p.start + b) for a, b in p.fields.user_data())
    for s in smpp.streams(frames):
        at = 0
        for start, end in sorted(texts_of.get((s.direction, s.base), [])):
            yield bytes(s.octets[at:start])
            at = end
        yield bytes(s.octets[at:])
    for f in frames:
        s = capture.segment(f.data)
        yield f.data if s is None else f.data[:s.body]


def nothing_left(lab, path, policy):
    """No five characters of a refused text are anywhere in OUT, unless a message that passed has them too."""
    c = pair(lab, path, policy)
    refused = c.refused()
    for n in (5, 10):
        wide = n == 10
        out, allowed, seen = set(), set(), set()
        for s in smpp.streams(c.b.frames):
            grams(bytes(s.octets), n, out)
        for f in c.b.frames:
            grams(f.data, n, out)
        for p in refused:
            for start, end in p.fields.user_data():
                if (texts.encoding(p.fields.data_coding) == "utf16") == wide:
                    grams(p.data[start:end], n, seen)
        seen &= out
        for octets in elsewhere(c.a.frames, refused):
            grams(octets, n, allowed)
        for blank in BLANKS:
            grams(blank, n, allowed)
        bad = seen - allowed
        assert not bad, f"{len(bad)} pieces of refused texts are in OUT, such as {min(bad)!r}"


def refused_in_form(lab, path, policy):
    """What left in place of a refused message: the same header, fields that fit, nothing but spaces as text."""
    c = pair(lab, path, policy)
    after = {}
    for p in smpp.all_pdus(c.b.frames):
        after[p.stream.direction, p.stream.base, p.start] = p
    for p in c.refused():
        q = after.get((p.stream.direction, p.stream.base, p.start))
        where = f"{p.name} {p.sequence} in frame {p.frame}"
        assert q is not None, f"{where}: no PDU stands there in OUT"
        assert q.data[:16] == p.data[:16], f"{where}: its header was changed"
        assert q.fields.at == len(q.data), f"{where}: its fields end at octet {q.fields.at} of {len(q.data)}"
        for start, end in q.fields.user_data():
            assert set(q.data[start:end]) <= {0x20, 0}, f"{where}: text is left: {q.data[start:end]!r}"
        assert q.data != p.data, f"{where}: nothing was changed"


def answers(lab, path, policy):
    """An answer to a refused message that is an error or 16 octets long has the link's status; no other changed."""
    c = pair(lab, path, policy)
    after = {(p.stream.direction, p.stream.base, p.start): p for p in smpp.all_pdus(c.b.frames)}
    refused = {(p.stream.direction, p.stream.flow, p.command, p.sequence): c.event(p) for p in c.refused()}
    rewritten = 0
    for p in (p for p in c.pdus if p.command & smpp.RESPONSE):
        x, y, z, w = p.stream.direction
        event = refused.get(((z, w, x, y), p.stream.flow, p.command & ~smpp.RESPONSE, p.sequence))
        got = after[p.stream.direction, p.stream.base, p.start].status
        want = p.status
        if event is not None and event["action"] in ("self_reject", "blank") and event["role"] == "esme" and \
                (p.status or p.length == 16):
            want = 0x45
        if event is not None and event["role"] == "smsc":
            want = got if got in (p.status, 0x65) else p.status
        rewritten += got != p.status
        assert got == want, f"answer {p.sequence} in frame {p.frame}: status 0x{got:x}, not 0x{want:x}"
    counted = c.run.summary["counters"]["answers_rewritten"]
    assert rewritten <= counted, f"{rewritten} answers were rewritten, {counted} counted"


def throttled(lab, path):
    """What is throttled is refused as a reject is, and its answer says ESME_RTHROTTLED."""
    rules = lab.file("throttle.pat", "".join(f"{line} action=throttle\n" for line in POLICIES["some"].splitlines()))
    c = pair(lab, path, rules)
    after = {(p.stream.direction, p.stream.base, p.start): p for p in smpp.all_pdus(c.b.frames)}
    refused = {(p.stream.direction, p.stream.flow, p.command, p.sequence): c.event(p) for p in c.refused()}
    rewritten = 0
    for p in (p for p in c.pdus if p.command & smpp.RESPONSE):
        x, y, z, w = p.stream.direction
        event = refused.get(((z, w, x, y), p.stream.flow, p.command & ~smpp.RESPONSE, p.sequence))
        if event is not None and event["role"] == "esme" and (p.status or p.length == 16):
            rewritten += 1
            assert after[p.stream.direction, p.stream.base, p.start].status == RTHROTTLED, f"answer {p.sequence}"
    events = [e for e in c.run.messages if e["verdict"] != "pass"]
    assert events and all(e["verdict"] == "throttle" and e["reason"] != "sibling" for e in events), "other verdicts"
    assert {e["action"] for e in events if e["role"] == "esme"} == {"self_reject"}
    assert c.run.summary["counters"]["messages_throttled"] == len(events)
    assert rewritten or os.path.basename(path) != "node-other.pcap", "no answer was rewritten"


def verdicts(lab, path, policy):
    """verdict, action, rule, rules and reason agree with each other and with the rules themselves."""
    rules = {}
    for line in POLICIES[policy].splitlines():
        rule, expression, flags = re.fullmatch(r"([\w.]+):/(.*)/(\w*)", line).groups()
        expression = re.sub(r"\\x\{(\w+)\}", lambda m: chr(int(m[1], 16)), expression)
        rules[rule] = re.compile(expression, (re.I if "i" in flags else 0) | (re.S if "s" in flags else 0))
    c = pair(lab, path, policy)
    for e in c.run.messages:
        where = f"{e['command']} {e['sequence']} in frame {e['frame']}"
        own = sorted(r for r, x in rules.items() if x.search(e["text"].replace("\u2400", "\0")))
        content = not e.get("receipt")
        if e["verdict"] == "pass":
            assert e["action"] == "none" and e["rule"] is None, f"{where}: passed, but {e['action']}, {e['rule']}"
            assert not own or not content, f"{where}: passed, but {own} match"
            assert e["rules"] == [] or not content, f"{where}: passed with rules {e['rules']}"
            continue
        assert content, f"{where}: a receipt was refused"
        assert e["verdict"] == "reject", f"{where}: verdict {e['verdict']}"
        assert e["action"] == STYLES[e["role"], "reject"], f"{where}: action {e['action']} for {e['role']}"
        assert e["rule"] in e["rules"] and e["rules"] == sorted(set(e["rules"])), f"{where}: {e['rule']}, {e['rules']}"
        if "parts" not in e:
            assert e["rules"] == own, f"{where}: rules {e['rules']}, {own} match"
            assert e["reason"] in ("rule", "score"), f"{where}: reason {e['reason']}"
        else:
            # a sibling was condemned before: it is not looked into
            assert e["reason"] == "sibling" or set(own) <= set(e["rules"]), f"{where}: {e['rules']}, {own} match"
            assert e["reason"] in ("rule", "score", "sibling"), f"{where}: reason {e['reason']}"
    if policy == "none":
        assert not c.refused(), "a message was refused that no rule matches"
    numbers = Counter(e["verdict"] for e in c.run.messages)
    summary = c.run.summary["verdicts"]
    assert all(summary[v] == numbers[v] for v in summary), f"summary {summary}, events {dict(numbers)}"


# Of tshark's notes those on sequence numbers depend on the order of frames of both directions, which a hold
# changes; they say nothing about what is in the frames.
ORDER = re.compile(r"(?i)ack|retransmission|segment|keep-alive|window|previous|connection|stream|out-of-order")


def well_formed(lab, path, policy):
    """tshark finds the PDUs of IN in OUT, and nothing to complain about that it does not find in IN."""
    why = tsharkfields.missing()
    if why:
        raise Skip(why)
    c = pair(lab, path, policy)
    source = path if read(path).plain else lab.replay(path, "monitor", "all").out_path
    old, new = tsharkfields.notes(source), tsharkfields.notes(c.run.out_path)
    more = {m: n for m, n in (new.complaints - old.complaints).items() if not ORDER.search(m)}
    assert not more, f"new complaints of tshark: {more}"
    assert new.bad_checksums <= old.bad_checksums, f"{new.bad_checksums} frames with bad checksums for tshark"
    assert new.pdus == old.pdus, \
        f"tshark finds other PDUs in OUT: less {dict(old.pdus - new.pdus)}, more {dict(new.pdus - old.pdus)}"


def told_as_it_came(lab, path, policy):
    """The event of a refused message has the fields of the message, not of what was put in its place."""
    c = pair(lab, path, policy)
    for p in (p for p in c.pdus if p.name):
        event = c.event(p)
        for name, value in cases_pdus.expected(p).items():
            assert name == "receipt" or event.get(name) == value, \
                f"{p.name} {p.sequence} in frame {p.frame}: {name} is {event.get(name)!r}, not {value!r}"


CHECKS = [("events", told_as_it_came), ("frames", frames_kept), ("checksums", checksums), ("times", times),
          ("again", same_bytes_again),
          ("residue", nothing_left), ("form", refused_in_form), ("answers", answers), ("verdicts", verdicts)]


def tests():
    for path in smpp_captures():
        if os.path.basename(path) in ("node-other.pcap", "node-concat8.pcap", "kannel-node.pcap"):
            yield f"enforce/throttled {short(path)}", throttled, path
    for path in smpp_captures():
        for policy in ("some", "all", "none"):
            for name, check in CHECKS:
                yield f"enforce/{name} {policy} {short(path)}", check, path, policy
            if policy != "none":
                yield f"enforce/tshark {policy} {short(path)}", well_formed, path, policy
