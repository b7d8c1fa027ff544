# SPDX-License-Identifier: BSD-3-Clause
"""Kinds of captures: other link types, formats and byte orders, cut and damaged ones, several at once."""
import os
import struct

import capture
import smpp
import traffic
from capture import Frame
from cases_monitor import check_frames
from cases_pdus import expected
from program import INVALID, ROOT, Skip

TEXTS = [b"Dinner at eight?", b"You have won a prize, call now", b"See you tomorrow then",
         b"Your parcel waits: pay at http://203.0.113.7/", b"Thanks!"]
SAME = ("command", "sequence", "src", "dst", "text", "frame", "octets", "verdict", "action", "rule", "rules")


def frames_of(version=4, port=40000):
    c = traffic.Connection(client_port=port, version=version).open()
    for text in TEXTS:
        c.send(text)
    return c.close().frames


def policy(lab):
    return lab.file("kinds.pat", "prize:/prize/i\nparcel:/parcel/i\n")


def replay(lab, name, octets, config="lab", **how):
    return lab.replay(lab.file(name, octets), config, policy(lab), **how)


def told(run):
    return [{k: e.get(k) for k in SAME} for e in run.messages]


def under(link, f, family=None):
    """An Ethernet frame's packet under another link type."""
    ethertype, packet = f.data[12:14], f.data[14:]
    six = ethertype == b"\x86\xdd"
    outgoing = f.data[11] == 1
    head = {
        capture.SLL: struct.pack("!HHH", 4 if outgoing else 0, 1, 6) + f.data[6:12] + b"\0\0" + ethertype,
        capture.SLL2: ethertype + struct.pack("!HIHBB", 0, 2, 1, 4 if outgoing else 0, 6) + f.data[6:12] + b"\0\0",
        capture.NULL: struct.pack("<I", family or (30 if six else 2)),
        capture.LOOP: struct.pack("!I", 24 if six else 2),
    }.get(link, b"")
    return Frame(f.ns, head + packet)


# A name, the link type, the version of IP, the family of NULL.
LINKS = [("SLL", capture.SLL, 4, None), ("SLL IPv6", capture.SLL, 6, None), ("SLL2", capture.SLL2, 4, None),
         ("SLL2 IPv6", capture.SLL2, 6, None), ("raw", capture.RAW, 4, None), ("raw IPv6", capture.RAW, 6, None),
         ("raw of old files", 12, 4, None), ("raw of OpenBSD", 14, 4, None), ("raw IPv4", 228, 4, None),
         ("raw IPv6 only", 229, 6, None), ("NULL", capture.NULL, 4, None), ("NULL IPv6", capture.NULL, 6, None),
         ("NULL IPv6 of FreeBSD", capture.NULL, 6, 28), ("LOOP", capture.LOOP, 4, None),
         ("LOOP IPv6", capture.LOOP, 6, None)]


def converted(lab, name, link, version, family):
    """The same events as from Ethernet; the frames as they were behind a synthetic header."""
    frames = frames_of(version)
    plain = replay(lab, f"ethernet-{version}.pcap", capture.encode(frames)).must()
    octets = capture.encode([under(link, f, family) for f in frames], link=link)
    file = name.replace(" ", "-") + ".pcap"
    run = replay(lab, file, octets).must()
    assert told(run) == told(plain), "other messages than from Ethernet"
    assert [e["verdict"] for e in plain.messages].count("reject") == 2
    assert run.summary["inputs"][0]["converted"] and any("synthetic" in d for d in run.diagnostics())
    check_frames(capture.parse(octets), capture.parse(replay(lab, file, octets, "monitor").must().out))
    a, b = capture.parse(plain.out).frames, capture.parse(run.out).frames
    assert [f.data[14:] for f in a] == [f.data[14:] for f in b], "other packets leave than from Ethernet"


FORMATS = {
    "nanoseconds": lambda frames: capture.encode(frames, nano=True),
    "nanoseconds, big-endian": lambda frames: capture.encode(frames, nano=True, order=">"),
    "big-endian": lambda frames: capture.encode(frames, order=">"),
    "pcapng": capture.encode_pcapng,
    "pcapng SLL": lambda frames: capture.encode_pcapng([under(capture.SLL, f) for f in frames], capture.SLL),
}


def formats(lab, name, encode):
    frames = frames_of()
    for f in frames[1:]:
        f.ns += 123  # below what OUT can tell
    plain = replay(lab, "plain.pcap", capture.encode(frames_of())).must()
    octets = encode(frames)
    file = name.replace(" ", "-").replace(",", "") + ".cap"
    run = replay(lab, file, octets).must()
    assert told(run) == told(plain), "other messages than from a microsecond pcap"
    check_frames(capture.parse(octets), capture.parse(replay(lab, file, octets, "monitor").must().out))


def big_endian_same(lab):
    """A big-endian microsecond pcap stays one."""
    octets = capture.encode(frames_of(), order=">", snaplen=4096)
    run = replay(lab, "big.pcap", octets, "monitor").must()
    assert run.out == octets, "OUT is not IN octet by octet"


def refused(lab, name, octets, *words):
    """Refused with exit code 4 and these words, with nothing written."""
    path = lab.path("missing.pcap") if octets is None else lab.file(name, octets)
    run = lab.replay(path, "lab", policy(lab)).must(INVALID)
    said = " ".join(run.diagnostics())
    for word in words:
        assert word in said, f"{word!r} is not in: {said}"
    assert not os.path.exists(run.out_path) and not os.path.exists(run.events_path), "something was written"


def refusals():
    frames = frames_of()
    plain = capture.encode(frames)
    absurd = bytearray(plain)
    absurd[24 + 8:24 + 12] = b"\xff\xff\xff\x7f"
    return [
        ("802.11", capture.encode(frames, link=105), "link type", "IEEE802_11", "105"),
        ("PPP", capture.encode(frames, link=9), "link type", "PPP", "9"),
        ("USB", capture.encode(frames, link=220), "link type", "220"),
        ("unknown link type", capture.encode(frames, link=9999), "link type", "9999"),
        ("empty file", b"", "empty"),
        ("garbage", bytes((7 * i * i + 3 * i) % 251 for i in range(3000)), "no capture"),
        ("text file", b"#!/bin/sh\necho no capture\n" * 40, "no capture"),
        ("missing file", None, "No such file"),
        ("frame of absurd length", bytes(absurd), "2147483647"),
        ("pcapng of two link types", two_interfaces(frames), "cannot be read"),
    ]


def two_interfaces(frames):
    octets = capture.encode_pcapng(frames)
    block = struct.pack("<II", 1, 20) + struct.pack("<HHI", capture.SLL, 0, 0) + struct.pack("<I", 20)
    return octets[:28] + octets[28:48] + block + octets[48:]


def no_frame(lab):
    run = replay(lab, "header.pcap", capture.encode([]), "monitor").must()
    assert run.out == capture.encode([]) and run.events_octets == b""
    assert any("no frame" in d for d in run.diagnostics())


def cut_off(lab):
    """A file that ends inside a frame: the frames before it are used."""
    octets = capture.encode(frames_of())
    run = replay(lab, "cut-off.pcap", octets[:-9], "monitor").must()
    whole = capture.encode(frames_of()[:-1])
    assert run.out == whole, "OUT is not the whole frames of IN"
    assert any("cut off" in d for d in run.diagnostics()) and run.summary["inputs"][0]["cut_off"]


def snap_length(lab):
    """Frames cut by the capture are named so, forwarded as they are, and not read beyond their end."""
    frames = [Frame(f.ns, f.data[:90], f.wire_len) for f in frames_of()]
    octets = capture.encode(frames, snaplen=90)
    run = replay(lab, "snap.pcap", octets, "monitor").must()
    assert run.out == octets, "OUT is not IN octet by octet"
    cut = sum(f.wire_len > 90 for f in frames)
    assert run.summary["inputs"][0]["frames_cut"] == cut
    ledger = run.summary["ledger"]
    there = sum(len(capture.segment(f.data).payload) for f in frames if f.wire_len > 90)
    named = sum(side["octets"]["truncated"] for side in ledger)
    assert named == there > 0, f"{named} octets are truncated, not {there}"
    whole = {p.sequence for p in smpp.all_pdus(frames) if p.name}
    assert not whole, "the test's capture has whole messages"
    assert run.messages == []
    assert replay(lab, "snap.pcap", octets).must().out == octets, "in mode enforce cut frames were changed"


def with_sums(partial, damage):
    """The capture with TCP checksums of the pseudo-header only (client's frames), or wrong ones."""
    frames = frames_of()
    for f in frames:
        s = capture.segment(f.data)
        if not s.payload or s.dport != 2775:
            continue
        pseudo = capture.ones_sum(s.src + s.dst + struct.pack("!II", s.end - s.tcp, 6))
        right = struct.unpack_from("!H", f.data, s.tcp + 16)[0]
        wrong = pseudo if partial else right ^ damage
        f.data = f.data[:s.tcp + 16] + struct.pack("!H", wrong) + f.data[s.tcp + 18:]
    return frames


VERIFY = (('checksum = "trust"', 'checksum = "verify"'),)


def checksums(lab, name, reason, partial, damage):
    """checksum = verify: named, forwarded untouched, not used. trust: judged."""
    octets = capture.encode(with_sums(partial, damage))
    file = name.replace(" ", "-") + ".pcap"
    run = replay(lab, file, octets, changes=VERIFY).must()
    assert run.out == octets, "a frame with a wrong checksum was changed or moved"
    assert run.messages == [], "octets of a frame with a wrong checksum were believed"
    client = [p for s in smpp.streams(capture.parse(octets).frames) if s.direction[3] == 2775 for p in [len(s.octets)]]
    named = sum(side["octets"][reason] for side in run.summary["ledger"])
    assert named == sum(client) > 0, f"{named} octets are {reason}, not {sum(client)}"
    trusting = replay(lab, file, octets).must()
    assert [e["verdict"] for e in trusting.messages] == ["pass", "reject", "pass", "reject", "pass"]


def right_sums_verified(lab):
    octets = capture.encode(frames_of())
    a, b = replay(lab, "sums.pcap", octets, changes=VERIFY).must(), replay(lab, "sums.pcap", octets).must()
    assert a.out == b.out and told(a) == told(b), "right checksums are not believed"


def merged(lab):
    """Several captures: merged by time, each message with the number of its capture and its frame there."""
    one, two = frames_of(port=40001), frames_of(version=6, port=40002)
    for f in two:
        f.ns += 500_000
    paths = [lab.file("one.pcap", capture.encode(one)),
             lab.file("two.pcapng", capture.encode_pcapng([under(capture.SLL, f) for f in two], capture.SLL))]
    run = lab.replay(paths, "lab", policy(lab)).must()
    apart = [lab.replay(p, "lab", policy(lab)).must() for p in paths]
    for number, alone in enumerate(apart, 1):
        mine = [{k: e.get(k) for k in SAME} for e in run.messages if e["input"] == number]
        assert mine == told(alone), f"capture {number} gives other messages alone"
    times = [f.ns for f in capture.parse(run.out).frames]
    assert times == sorted(times) and len(times) == len(one) + len(two)
    sessions = {e["input"]: e["session"] for e in run.messages}
    assert len(set(sessions.values())) == 2
    assert [i["frames"] for i in run.summary["inputs"]] == [len(one), len(two)]


def commands(lab):
    """Every text-carrying command, with all their fields, by the tests' own writer and reader."""
    c = traffic.Connection().open()
    c.send(b"submit", esm_class=3)
    c.sequence += 1
    c.say(False, traffic.message(c.sequence, b"deliver", command=5, src=b"447700900123", data_coding=3))
    c.sequence += 1
    c.say(True, traffic.pdu(0x21, c.sequence, b"\0\5\0MULTI\0\3\1\1\1111\0\2list\0\1\1\1222\0\0\0\0\0\0\0\0\0\0\5multi"))
    c.sequence += 1
    c.say(True, traffic.pdu(0x103, c.sequence, b"\0\1\1" b"123\0\1\1" b"456\0\0\0\0\x04\x24\0\4data"))
    c.sequence += 1
    c.say(True, traffic.pdu(0x7, c.sequence, b"message-id\0\1\1" b"123\0\0\0\0\0\7replace"))
    c.sequence += 1
    c.say(True, traffic.pdu(0x111, c.sequence, b"\0\1\1" b"123\0\0\0\0\0\0\0\0\x06\x06\0\4\x00zon"
                            b"\x06\x04\0\2\0\1\x06\x05\0\3\x08\0\1\x04\x24\0\x09broadcast"))
    frames = c.close().frames
    run = lab.replay(lab.file("commands.pcap", capture.encode(frames)), "monitor", "none").must()
    pdus = sorted((p for p in smpp.all_pdus(frames) if p.name), key=lambda p: p.frame)
    assert len(pdus) == len(run.messages) == 6, f"{len(run.messages)} of 6 messages"
    for pdu, event in zip(pdus, run.messages):
        for name, value in expected(pdu).items():
            assert event.get(name) == value or name == "receipt" or pdu.name == "replace_sm" and name in (
                "encoding", "data_coding"), f"{pdu.name}: {name} is {event.get(name)!r}, not {value!r}"


def shipped_twins(lab):
    """tests/pcap/plain.pcap and its conversions give the same messages."""
    folder = os.path.join(ROOT, "tests", "pcap")
    names = ("plain.pcap", "plain-sll.pcap", "plain-raw.pcap", "plain-null.pcap")
    if not all(os.path.exists(os.path.join(folder, n)) for n in names):
        raise Skip("tests/pcap/plain*.pcap are missing")
    runs = [lab.replay(os.path.join(folder, n), "lab", "some").must() for n in names]
    texts = [[(e["command"], e["sequence"], e["text"], e["verdict"]) for e in r.messages] for r in runs]
    assert all(t == texts[0] for t in texts) and texts[0]


def tests():
    for link in LINKS:
        yield "kinds/link " + link[0], converted, *link
    for name, encode in FORMATS.items():
        yield "kinds/format " + name, formats, name, encode
    yield "kinds/format big-endian stays", big_endian_same
    for name, octets, *words in refusals():
        yield "kinds/refused " + name, refused, name.replace(" ", "-") + ".pcap", octets, *words
    yield "kinds/no frame", no_frame
    yield "kinds/cut off", cut_off
    yield "kinds/snap length", snap_length
    yield "kinds/checksum offload partial", checksums, "partial", "offload_partial", True, 0
    yield "kinds/checksum bad", checksums, "bad", "bad_checksum", False, 0x0101
    yield "kinds/checksum right", right_sums_verified
    yield "kinds/several merged", merged
    yield "kinds/commands", commands
    yield "kinds/shipped twins", shipped_twins
