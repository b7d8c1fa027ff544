# SPDX-License-Identifier: BSD-3-Clause
"""Makes captures: SMPP PDUs, and TCP connections that carry them, with right checksums."""
import struct

import capture
from capture import ACK, FIN, PSH, SYN, Frame

START_NS = 1_700_000_000 * 10**9
UDH8, UDH16, SAR = "udh8", "udh16", "sar"


def pdu(command, sequence, body=b"", status=0):
    return struct.pack("!IIII", 16 + len(body), command, status, sequence) + body


def bind(sequence=1, system_id=b"esme", command=9):
    return pdu(command, sequence, system_id + b"\0secret\0\0\x34\0\0\0")


def message(sequence, octets, dst=b"447700900001", src=b"SENDER", data_coding=0, part=None, how=UDH8, command=4,
            esm_class=0):
    """A submit_sm (or deliver_sm); `part`: (reference, parts, part) told in the way of `how`."""
    tail = b""
    if part is not None and how == SAR:
        tail = struct.pack("!HHHHHBHHB", 0x20C, 2, part[0], 0x20E, 1, part[1], 0x20F, 1, part[2])
    elif part is not None:
        esm_class |= 0x40
        octets = (struct.pack("!BBBBBB", 5, 0, 3, *part) if how == UDH8 else
                  struct.pack("!BBBHBB", 6, 8, 4, *part)) + octets
    assert len(octets) <= 254
    body = b"\0\5\0" + src + b"\0\1\1" + dst + b"\0" + bytes([esm_class, 0, 0]) + b"\0\0" + \
        bytes([0, 0, data_coding, 0, len(octets)]) + octets + tail
    return pdu(command, sequence, body)


class Connection:
    """A TCP connection between an ESME (client) and an SMSC, a frame at a time."""

    def __init__(self, client_port=40000, version=4, mss=1400, ns=START_NS, step_ns=1_000_000):
        self.version, self.mss, self.ns, self.step_ns = version, mss, ns, step_ns
        self.ports = {True: client_port, False: 2775}
        host = {4: (b"\xc0\0\2\1", b"\xc0\0\2\2"),
                6: (bytes.fromhex("20010db8") + bytes(11) + b"\1", bytes.fromhex("20010db8") + bytes(11) + b"\2")}
        self.address = dict(zip((True, False), host[version]))
        self.next = {True: 1000, False: 5000}
        self.frames, self.sequence = [], 0

    def segment(self, client, seq, ack, flags, payload=b"", damage=0):
        tcp = struct.pack("!HHIIBBHHH", self.ports[client], self.ports[not client], seq & 0xFFFFFFFF,
                          ack & 0xFFFFFFFF, 0x50, flags, 65535, 0, 0)
        src, dst = self.address[client], self.address[not client]
        total = capture.ones_sum(src + dst + struct.pack("!II", len(tcp) + len(payload), 6) + tcp + payload)
        tcp = tcp[:16] + struct.pack("!H", 0xFFFF - total ^ damage) + tcp[18:] + payload
        if self.version == 4:
            ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), len(self.frames) & 0xFFFF, 0x4000, 64, 6, 0)
            ip = ip[:10] + struct.pack("!H", 0xFFFF - capture.ones_sum(ip + src + dst)) + src + dst
        else:
            ip = struct.pack("!IHBB", 6 << 28, len(tcp), 6, 64) + src + dst
        mac = b"\2\0\0\0\0\2\2\0\0\0\0\1" if client else b"\2\0\0\0\0\1\2\0\0\0\0\2"
        return mac + (b"\x08\0" if self.version == 4 else b"\x86\xdd") + ip + tcp

    def put(self, client, flags, payload=b""):
        self.frames.append(Frame(self.ns, self.segment(client, self.next[client], self.next[not client] if
                                                       flags & ACK else 0, flags, payload)))
        self.ns += self.step_ns
        self.next[client] += len(payload) + (1 if flags & (SYN | FIN) else 0)

    def open(self, system_id=b"esme"):
        self.put(True, SYN)
        self.put(False, SYN | ACK)
        self.put(True, ACK)
        self.say(True, bind(1, system_id))
        self.say(False, pdu(0x80000009, 1, b"smsc\0"))
        self.sequence = 1
        return self

    def say(self, client, octets):
        """Octets in order, in as many frames as they need."""
        for at in range(0, len(octets), self.mss):
            self.put(client, PSH | ACK, octets[at:at + self.mss])

    def send(self, octets, answered=True, **how):
        """A message of the ESME, with its answer."""
        self.sequence += 1
        self.say(True, message(self.sequence, octets, **how))
        if answered:
            self.say(False, pdu(0x80000004, self.sequence, b"id%d\0" % self.sequence))
        return self.sequence

    def close(self):
        self.put(True, FIN | ACK)
        self.put(False, FIN | ACK)
        self.put(True, ACK)
        return self
