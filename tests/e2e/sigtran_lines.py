# SPDX-License-Identifier: BSD-3-Clause
"""
sigtran_lines: M3UA associations over bad lines, over two paths, and through the death of the daemon.

Two paths are two links (pairs of ports) of one daemon:

    msc -- e0 = we0 [ line ] we1 = a -- [ link lab  ] -- b = ws1 [ line ] ws0 = s0 -- smsc
        -- e1 ===================== a1 -- [ link lab2 ] -- b1 ===================== s1 --

tests/impair spoils a line. Where it loses what the filter has edited, the retransmission comes through the other link, and
must leave with the same bytes.
"""
import random
import signal
import struct
import time

import impaired
from lab import ESME, FILTER, SMSC, WIRE, Failure, Lab, check, check_equal, wait_for
from sigtran import (ERRORS, FRAGMENTS, Session, check_associations, check_messages, make_messages,
                     need_peer, start_daemon, write_config)

RTO = ("--rto", "200:1000")
SCTP_DATA = 0
BRIDGE_S = (0.05, 0.4)
OUTSTANDING_S = 1.5  # what was under way when the daemon died comes again, past nobody


# ---- what was on the wire

def crc32c(octets):
    """RFC 9260 appendix A, bit by bit in a table."""
    if not _TABLE:
        for i in range(256):
            for _ in range(8):
                i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
            _TABLE.append(i)
    crc = 0xFFFFFFFF
    for octet in octets:
        crc = _TABLE[(crc ^ octet) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


_TABLE = []


def packets(path):
    """The SCTP packets over IPv4 of a capture."""
    with open(path, "rb") as file:
        capture = file.read()
    at = 24
    while at + 16 <= len(capture):
        length = struct.unpack("<I", capture[at + 8:at + 12])[0]
        frame = capture[at + 16:at + 16 + length]
        at += 16 + length
        if frame[12:14] == b"\x08\0" and frame[23] == 132:
            head = 14 + 4 * (frame[14] & 15)
            yield frame[head:14 + int.from_bytes(frame[16:18], "big")]


def data_chunks(path, from_port):
    """(TSN, chunk) of each DATA chunk from the sender with this tag or port; every CRC32c is checked on the way."""
    for packet in packets(path):
        sum_seen = int.from_bytes(packet[8:12], "little")
        check_equal(crc32c(packet[:8] + b"\0\0\0\0" + packet[12:]), sum_seen, f"CRC32c of a packet in {path}")
        at = 12
        while at + 4 <= len(packet) and int.from_bytes(packet[:2], "big") == from_port:
            size = int.from_bytes(packet[at + 2:at + 4], "big")
            if packet[at] == SCTP_DATA:
                yield packet[at + 4:at + 8], packet[at:at + size]
            at += max(4, (size + 3) // 4 * 4)


def record(lab, place, interface):
    path = lab.path(lab.unique("record") + ".pcap")
    tcpdump = lab.start(place, "tcpdump", "tcpdump", "-Z", "root", "-i", interface, "-U", "--immediate-mode", "-B", "16384",
                        "-w", path, "ip proto 132")
    wait_for("tcpdump", 10, lambda: "listening" in tcpdump.err())
    return tcpdump, path


# ---- bad lines

class Line(impaired.Line):
    """A line whose frames are counted from the filter's side: there an outage begins with what the filter sends."""

    def start(self, seed):
        if not self.options:
            super().start(seed)
            return
        self.process = self.lab.start(WIRE, "impair", impaired.IMPAIR, f"w{self.side}1", f"w{self.side}0", "--seed", str(seed),
                                      *self.options)
        wait_for("the bad line", 5, lambda: "ready" in self.process.out())


class Lines:
    """A lab of its own with a place for a bad line on either side; `links` pairs of ports."""

    def __init__(self, links=1):
        need_peer()
        self.lab = Lab("sl")
        self.links = links
        self.lines = []

    def __enter__(self):
        try:
            self.lab.make_network(wires=True)
            if self.links == 2:
                for place, outer, inner, number in ((ESME, "e1", "a1", 1), (SMSC, "s1", "b1", 2)):
                    self.lab.add_veth(place, outer, FILTER, inner)
                    self.lab.ip_batch(place, f"address add 10.98.0.{number}/24 dev {outer}")
        except BaseException:
            self.lab.close()
            raise
        return self

    def __exit__(self, *_):
        self.lab.close()

    def start_daemon(self):
        devices = ("net_af_packet0,iface=b", "net_af_packet1,iface=a", "net_af_packet2,iface=b1", "net_af_packet3,iface=a1")
        return self.lab.start_daemon(write_config(self.lab, links=self.links), devices=devices[:2 * self.links])

    def spoil(self, msc=(), smsc=(), seed=1):
        """Options of tests/impair for each side; a line without any is a good one."""
        self.lines = [Line(self.lab, side, options) for side, options in (("e", msc), ("s", smsc))]
        for line in self.lines:
            line.start(seed)

    def mend(self):
        """How many frames were hit."""
        done = [line.stop() for line in self.lines]
        self.lines = []
        return sum(way[what] for one in done for way in one.values()
                   for what in ("lost", "reordered", "duplicated", "in_outage"))


SPOILT = ("--loss", "20", "--reorder", "10", "--duplicate", "10")


def run_spoilt(lines, daemon, count, seed, options=()):
    """One session over two bad lines."""
    messages = make_messages(count, seed)
    lines.spoil(SPOILT, SPOILT, seed)
    releases = daemon.counter("releases")
    session = Session(lines.lab, messages, options=(*RTO, "--nodelay", *options), streams=15, window=20, timer_s=30)
    records = session.finish()
    check(lines.mend() > 0, "the lines have spoilt nothing")
    check_associations(records)
    unjudged = []
    check_messages(records[0], records[1], messages, unjudged=unjudged)
    releases = daemon.counter("releases") - releases
    # a lost fragment comes after a timeout, when those before it had to leave
    check(len(unjudged) <= (releases if options else 0), f"{releases} releases, not judged: {unjudged}")
    return len(messages), len(unjudged), releases


def case_impaired(_):
    """Loss 2 %, reordering 1 %, duplication 1 % on both sides; whole messages, and small fragments of them."""
    with Lines() as lines:
        daemon = lines.start_daemon()
        run_spoilt(lines, daemon, 200, 1)
        run_spoilt(lines, daemon, 60, 2, FRAGMENTS)
        check_equal(daemon.stop(), 0, "exit code after SIGTERM")


# ---- two paths

def case_paths(_):
    """The first path dies behind the filter for a while: what was edited there comes again on the other, the same."""
    run_paths(200)


def run_paths(count, seed=5, say=None):
    with Lines(links=2) as lines:
        daemon = lines.start_daemon()
        lines.spoil(smsc=("--outage", "60:1500"), seed=seed)
        lab = lines.lab
        recorders = [record(lab, WIRE, "ws1"), record(lab, SMSC, "s1")]
        messages = make_messages(count, seed, every=3)
        until = lab.path("until")
        session = Session(lab, messages, paths=(("10.99.0.1", "10.99.0.2"), ("10.98.0.1", "10.98.0.2")), until=until,
                          options=(*RTO, "--heartbeat", "200", "--nodelay"), window=20, per_s=150, timer_s=30)
        wait_for("most answers", 40, lambda: session.answers() >= count * 9 // 10 or not session.msc.running())
        with open(until, "w", encoding="ascii"):
            pass
        records = session.finish()
        for tcpdump, _ in recorders:
            tcpdump.stop(signal.SIGINT)
        check(lines.mend() > 0, "no outage")
        check_associations(records)
        check_messages(records[0], records[1], messages)
        again = check_same_bytes([path for _, path in recorders], records, messages)
        links = daemon.ctl("status")["links"]
        if say is not None:
            say(f"  {again[0]} DATA chunks came on both paths, {again[1]} of them edited")
        check(all(port["frames_in"] > 10 for link in links for port in link["ports"]), f"a path without traffic: {links}")
        check_equal(daemon.counter("associations_opened"), 1, "associations, as the daemon counts them")
        check_equal(daemon.stop(), 0, "exit code after SIGTERM")


def check_same_bytes(captures, records, messages):
    """Every TSN has one chunk, on whichever path and however often. How many came on both, and how many of these were edited."""
    chunks, paths = {}, {}
    for i, capture in enumerate(captures):
        for tsn, chunk in data_chunks(capture, 2905):
            if chunk[16:19] != b"\x01\0\x01" or int.from_bytes(chunk[28:32], "big") == 0:
                continue
            chunks.setdefault((tsn, len(chunk)), set()).add(chunk)
            paths.setdefault((tsn, len(chunk)), set()).add(i)
    check(not [c for c in chunks.values() if len(c) > 1], "a TSN with several contents")
    twice = [key for key, seen in paths.items() if len(seen) == 2]
    operations = {line["sent"]: line["tcap"] for line in records[0].of("sent")}
    plain = {tcap for n, tcap in operations.items() if messages[n]["refused"]}
    edited = [key for key in twice if any(b"\x02\x01\x7f" in c for c in chunks[key])]
    check(not [c for each in chunks.values() for c in each if any(bytes.fromhex(p) in c for p in plain)],
          "a refused message as it was")
    check(edited, f"of {len(twice)} DATA chunks that came on both paths none was edited")
    return len(twice), len(edited)


# ---- the death of the daemon

def judges(daemon):
    """Whether a daemon gives verdicts; its socket is a while what the one before left behind."""
    try:
        return daemon.counter("messages") > 0
    except Failure:
        check(daemon.running(), f"smswalld has ended: {daemon.tail()}")
        return False


def run_kills(lab, kills, say=None):
    """kill -9 in the middle, a kernel bridge in its place for a while, and back into the middle of the association."""
    rng = random.Random(7)
    daemon = start_daemon(lab, ERRORS)
    messages = make_messages(800 * kills, lab.next_seed(), every=5)
    until = lab.path(lab.unique("until"))
    session = Session(lab, messages, options=RTO, window=12, per_s=120, until=until, timer_s=30)
    wait_for("answers", 20, lambda: session.answers() > 30)
    times = []
    for _ in range(kills):
        begin = time.time()
        daemon.kill()
        lab.bridge()
        time.sleep(rng.uniform(*BRIDGE_S))
        lab.unbridge()
        daemon = lab.start_daemon(daemon.config)
        wait_for("the daemon to judge again", 20, lambda: judges(daemon) or not session.msc.running())
        times.append((begin, time.time()))
        now = session.answers()
        wait_for("answers", 20, lambda: session.answers() > now + 40 or not session.msc.running())
        check(session.msc.running(), f"the MSC has ended: {session.msc.tail()}")
    with open(until, "w", encoding="ascii"):
        pass
    session.msc.popen.send_signal(signal.SIGUSR1)  # no more than what it has begun
    records = session.finish()
    check_associations(records)
    sent_at = {line["sent"]: line["at"] for line in records[0].of("sent")}
    messages = [x for x in messages if x["n"] in sent_at]
    unjudged = []
    check_messages(records[0], records[1], messages, unjudged=unjudged)
    for message, answer, seen in unjudged:
        at = sent_at[message["n"]]
        check(any(begin - OUTSTANDING_S <= at <= end for begin, end in times),
              f"answer {answer}{', its text seen,' if seen else ''} while the daemon judged:", message)
    refused = sum(x["refused"] for x in messages)
    check(refused > len(unjudged), "nothing that was judged")
    check_equal(daemon.events(type="session", change="resync")[0]["transport"], "sctp", "an association joined in its middle")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    if say is not None:
        say(f"  {kills} kills: {len(messages) - refused} clean messages arrived once, unaltered; of {refused} to be refused "
            f"{len(unjudged)} passed, or had another answer, while nobody judged")


def case_kill(lab):
    run_kills(lab, 1)


LINES = [
    ("sigtran-impaired", case_impaired),
    ("sigtran-two-paths", case_paths),
    ("sigtran-kill-9-and-back", case_kill),
]
