# SPDX-License-Identifier: BSD-3-Clause
"""
raw: a TCP sender made by hand, that does what no kernel does.  raw.py JOB.json
JOB: { interface, mac, far_mac, addresses: { "4": [ours, theirs], "6": [...] }, port, first_port, tactics: [name...] or absent }
Runs the tactics of tactics.py, all at a time, each on a connection of its own. The addresses are nobody's: no kernel answers
there. Prints, for each, a document { name, port, ends, done }: ends: whether the connection is to live on, done: whether the
far end has acknowledged everything.
"""
import ipaddress
import json
import random
import socket
import struct
import sys
import time

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
MOD = 2**32
BIND_TRANSCEIVER, SUBMIT_SM = 0x09, 0x04  # SMPP 3.4 5.1.2.1
PATIENCE_S = 6.0
RESEND_S = 0.06


def pdu(command, sequence, body):
    return struct.pack("!IIII", 16 + len(body), command, 0, sequence) + body


def submit_sm(sequence, dst, text):
    """SMPP 3.4 4.4.1"""
    return pdu(SUBMIT_SM, sequence, b"\0" b"\5\0E2E\0" b"\1\1" + dst.encode() + b"\0" b"\0\0\0" b"\0" b"\0" b"\0\0\0\0" +
               bytes([len(text)]) + text)


def checksum(octets):
    """RFC 1071 1"""
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


class Wire:
    """Frames to and from the far host."""

    def __init__(self, job):
        self.job = job
        self.link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
        self.link.bind((job["interface"], 0))
        self.link.setblocking(False)
        self.ident = 1

    def macs(self):
        return bytes.fromhex(self.job["far_mac"].replace(":", "") + self.job["mac"].replace(":", ""))

    def send(self, family, segment, ttl=64, frag=0, overlap=None, ip_sum=None, options=b"", trailer=b"", short=0):
        """
        A segment in an IP packet. frag: cut into fragments of so many octets; overlap: another segment whose octets are in
        a second copy of every fragment; short: the IP header tells of so many octets less.
        """
        near, far = (ipaddress.ip_address(a).packed for a in self.job["addresses"][str(family)])
        self.ident = (self.ident + 1) % 65536
        make = self.ip4 if family == 4 else self.ip6
        if not frag:
            self.link.send(self.macs() + make(near, far, segment, ttl, 0, False, ip_sum, options, short) + trailer)
            return
        for at in range(0, len(segment), frag):
            more = at + frag < len(segment)
            for copy in [segment] + ([overlap] if overlap else []):
                self.link.send(self.macs() + make(near, far, copy[at:at + frag], ttl, at, more, None, b"", 0, True))

    def ip4(self, near, far, octets, ttl, offset, more, ip_sum, options, short, fragmented=False):
        del fragmented
        head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0, 20 + len(options) + len(octets) - short, self.ident,
                           offset // 8 | (0x2000 if more else 0), ttl, 6, 0) + near + far + options
        value = checksum(head) if ip_sum is None else ip_sum
        return b"\x08\0" + head[:10] + struct.pack("!H", value) + head[12:] + octets

    def ip6(self, near, far, octets, ttl, offset, more, ip_sum, options, short, fragmented=False):
        """options: a whole hop-by-hop extension header without its first octet."""
        del ip_sum
        following = 6
        if fragmented:
            octets = struct.pack("!BBHI", 6, 0, offset | int(more), self.ident) + octets
            following = 44
        if options:
            octets, following = bytes([following]) + options + octets, 0
        return b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(octets) - short, following, ttl) + near + far + octets

    def frames(self):
        """TCP segments that have come for our addresses: (family, source port, our port, seq, ack, flags, window, data)."""
        while True:
            try:
                frame = self.link.recv(65536)
            except BlockingIOError:
                return
            kind, ip = frame[12:14], frame[14:]
            if kind == b"\x08\0" and ip[9] == 6 and ip[16:20] == ipaddress.ip_address(self.job["addresses"]["4"][0]).packed:
                family, tcp = 4, ip[(ip[0] & 15) * 4:int.from_bytes(ip[2:4], "big")]
            elif kind == b"\x86\xdd" and ip[6] == 6 and ip[24:40] == ipaddress.ip_address(self.job["addresses"]["6"][0]).packed:
                family, tcp = 6, ip[40:40 + int.from_bytes(ip[4:6], "big")]
            else:
                continue
            source, ours, seq, ack, off, flags, window = struct.unpack("!HHIIBBH", tcp[:16])
            yield family, source, ours, seq, ack, flags, window, tcp[(off >> 4) * 4:], tcp[20:(off >> 4) * 4]


class Connection:
    """One connection; positions are counted from the octet behind our SYN."""

    def __init__(self, wire, name, number, family=4, isn=None, stamps=True):
        self.wire, self.name, self.family, self.stamps = wire, name, family, stamps
        self.port, self.far_port = wire.job["first_port"] + number, wire.job["port"]
        self.isn = 0x10000000 + 7919 * number if isn is None else isn % MOD
        self.rng = random.Random(number)
        self.far_isn = self.rcv_nxt = None
        self.una = 0            # positions acknowledged
        self.far_stamp = 0
        self.clock = 100000 + number
        self.reset = self.established = False
        self.answers = b""
        self.lives = True       # whether the connection is to be usable in the end
        dst = f"4479{number:08d}"
        self.bind = pdu(BIND_TRANSCEIVER, 1, b"e2e\0secret\0\0\x34\0\0\0")
        self.base = len(self.bind)
        clean, spam = b"meet me at nine " * 8, b"lottery jackpot " * 8
        self.last = submit_sm(3, f"4478{number:08d}", b"the last one of this connection")
        self.clean = submit_sm(2, dst, clean) + self.last
        self.spam = submit_sm(2, dst, spam) + self.last
        self.text_at = len(self.clean) - len(self.last) - len(clean)
        self.pdu_len = len(self.clean) - len(self.last)
        self.final = self.spam  # what is sent again until all is acknowledged

    # ---- segments

    def segment(self, position, data=b"", flags=ACK | PSH, ack=None, stamp=0, urgent=0, wrong_sum=0, window=60000, stamps=None,
                offset=None, seq=None):
        """stamp: added to the timestamp; wrong_sum: to the checksum; offset: a data offset of our own making."""
        options = b""
        if flags & SYN:
            options += b"\x02\x04\x05\xb4\x04\x02"
        if self.stamps if stamps is None else stamps:
            options += struct.pack("!BBII", 8, 10, (self.clock + int(time.monotonic() * 1000) + stamp) % MOD, self.far_stamp)
        options += b"\x01" * (-len(options) % 4)
        ack = (self.rcv_nxt or 0) if ack is None else ack
        head = struct.pack("!HHIIBBHHH", self.port, self.far_port, (self.isn + 1 + position) % MOD if seq is None else seq % MOD,
                           ack % MOD if flags & ACK else 0,
                           (5 + len(options) // 4 if offset is None else offset) << 4, flags, window, 0, urgent) + options
        near, far = (ipaddress.ip_address(a).packed for a in self.wire.job["addresses"][str(self.family)])
        tail = struct.pack("!BBH" if self.family == 4 else "!IHBB", *((0, 6, len(head) + len(data)) if self.family == 4 else
                                                                    (len(head) + len(data), 0, 0, 6)))
        value = (checksum(near + far + tail + head + data) + wrong_sum) % 65536
        return head[:16] + struct.pack("!H", value) + head[18:] + data

    def send(self, position, data=b"", ip=None, **more):
        """At a position of the stream."""
        self.wire.send(self.family, self.segment(position, data, **more), **(ip or {}))

    def part(self, content, begin, end, **more):
        """Octets of the text PDU (and the last one behind it): positions of `content`."""
        self.send(self.base + begin, content[begin:end], **more)

    def text(self, content, begin, end, **more):
        """The same, counted from the text."""
        self.part(content, self.text_at + begin, self.text_at + end, **more)

    # ---- what comes

    def take(self, seq, ack, flags, data, options):
        if flags & RST:
            self.reset = True
            return
        if flags & SYN and self.rcv_nxt is None:
            self.far_isn, self.rcv_nxt = seq, (seq + 1) % MOD
        at = 0
        while at < len(options) and options[at] != 0:
            if options[at] == 8 and at + 10 <= len(options):
                self.far_stamp = struct.unpack("!I", options[at + 2:at + 6])[0]
            at += 1 if options[at] == 1 else max(options[at + 1], 2)
        if flags & ACK:
            position = (ack - self.isn - 1) % MOD
            if position < 2**31:
                self.una = max(self.una, position)
        if data and self.rcv_nxt is not None and (seq - self.rcv_nxt) % MOD == 0:
            self.answers += data
            self.rcv_nxt = (self.rcv_nxt + len(data)) % MOD
        if flags & FIN and self.rcv_nxt is not None and (seq + len(data) - self.rcv_nxt) % MOD == 0:
            self.rcv_nxt = (self.rcv_nxt + 1) % MOD
        if data or flags & FIN:
            self.send(self.una, flags=ACK)

    # ---- generators: each yields the seconds that it wants to wait

    def wait(self, condition, seconds=PATIENCE_S, again=None):
        """Until the condition holds; `again` is done every now and then meanwhile."""
        end, next_time = time.monotonic() + seconds, 0
        while not condition() and time.monotonic() < end and not self.reset:
            if again is not None and time.monotonic() >= next_time:
                again()
                next_time = time.monotonic() + 5 * RESEND_S
            yield 0.005

    def open(self, data=b""):
        """The handshake, and a bind."""
        yield from self.wait(lambda: self.rcv_nxt is not None, again=lambda: self.send(-1, data, flags=SYN, ack=0))
        self.send(0, flags=ACK)
        yield from self.wait(lambda: len(self.answers) >= 21, again=lambda: self.send(0, self.bind))
        self.established = True

    def complete(self):
        """Like any sender: what is not acknowledged is sent again, with the worst content."""
        total = self.base + len(self.final)

        def again():
            at = max(self.una - self.base, 0)
            for begin in range(at, len(self.final), 536):
                self.part(self.final, begin, min(begin + 536, len(self.final)))
        yield from self.wait(lambda: self.una >= total, again=again)

    def all_acknowledged(self):
        return self.una >= self.base + len(self.final)


def main():
    import tactics
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    wire = Wire(job)
    running = []
    for number, (name, options, tactic) in enumerate(tactics.all_tactics()):
        if job.get("tactics") and name not in job["tactics"]:
            continue
        connection = Connection(wire, name, number, **options)
        running.append([0.0, tactic(connection), connection])
    by_port = {(c.family, c.port): c for _, _, c in running}
    finished = []
    while running:
        for family, source, ours, seq, ack, flags, _, data, options in wire.frames():
            c = by_port.get((family, ours))
            if c is None and flags == SYN:  # one that calls us: for the tactic that waits for it
                c = next((x for x in by_port.values() if x.name == "simultaneous-open"), None)
                if c is not None:
                    c.port, c.far_port = ours, source
                    by_port[family, ours] = c
            if c is not None:
                c.take(seq, ack, flags, data, options)
        now = time.monotonic()
        for entry in list(running):
            if entry[0] <= now:
                pause = next(entry[1], None)
                if pause is None:
                    running.remove(entry)
                    finished.append(entry[2])
                else:
                    entry[0] = now + pause
        time.sleep(0.001)
    for c in finished:
        print(json.dumps({"name": c.name, "port": c.port, "ends": not c.lives, "done": c.all_acknowledged(),
                          "established": c.established, "reset": c.reset}))


if __name__ == "__main__":
    main()
