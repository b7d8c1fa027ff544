# SPDX-License-Identifier: BSD-3-Clause
"""SMPP as the tests read and write it: streams put together from frames, PDUs and their fields.

A second reading of SMPP 3.4, independent of smswall's and of tshark's: it says which octets belong to
which PDU, in which frame a PDU ends, and which octets are its text.
"""
import struct
from array import array

import capture

TEXT = {0x4: "submit_sm", 0x5: "deliver_sm", 0x103: "data_sm", 0x21: "submit_multi", 0x7: "replace_sm",
        0x111: "broadcast_sm"}
RESPONSE = 0x80000000
PAYLOAD_TAG = 0x0424


class Stream:
    """One direction of one connection: octets by sequence number, the first copy counts."""

    def __init__(self, flow, direction, base):
        self.flow, self.direction, self.base = flow, direction, base
        self.octets, self.owner = bytearray(), array("I")  # frame number of each octet; 0: a hole
        self.top = 0

    def put(self, seq, payload, number):
        at = (seq - self.base) & 0xFFFFFFFF
        if at >= 1 << 31:
            at -= 1 << 32
        if at < 0:
            payload, at = payload[-at:], 0
        end = at + len(payload)
        if not payload or at > len(self.octets) + (1 << 20):
            return
        if end > len(self.octets):
            more = end - len(self.octets)
            self.octets += bytes(more)
            self.owner.frombytes(bytes(4 * more))
        for i, octet in enumerate(payload, at):
            if self.owner[i] == 0:
                self.octets[i] = octet
                self.owner[i] = number

    def whole(self):
        """The octets up to the first hole."""
        try:
            return bytes(self.octets[:self.owner.index(0)])
        except ValueError:
            return bytes(self.octets)


class Pdu:
    """A PDU: where it lies in its stream, in which frame it ends, and what is in it."""

    def __init__(self, stream, start, data):
        self.stream, self.start, self.data = stream, start, data
        self.length, self.command, self.status, self.sequence = struct.unpack_from("!IIII", data)
        self.frame = stream.owner[start + len(data) - 1]
        self.ready = 0  # the frame after which all of it, and all before it, is there
        self.name = TEXT.get(self.command)
        self.fields = Fields(data) if self.name else None


class Fields:
    """The fields of a text-carrying PDU (SMPP 3.4 chapter 4), and the spans of its texts within the PDU."""

    def __init__(self, data):
        self.data, self.at = data, 16
        self.command = struct.unpack_from("!I", data, 4)[0]
        self.src = self.dst = b""
        self.src_ton = self.src_npi = self.dst_ton = self.dst_npi = 0
        self.esm_class = self.protocol_id = self.data_coding = 0
        self.destinations, self.bodies, self.tlvs = [], [], {}
        self._mandatory()
        self._optional()

    def _string(self):
        end = self.data.index(b"\0", self.at)
        value = self.data[self.at:end]
        self.at = end + 1
        return value

    def _octet(self):
        self.at += 1
        return self.data[self.at - 1]

    def _mandatory(self):
        command = self.command
        if command == 0x111:
            self._string()
            self._source()
            self._string()  # message_id
            self.at += 1    # priority_flag
            self._string()
            self._string()
            self.at += 1    # replace_if_present_flag
            self.data_coding = self._octet()
            self.at += 1
            return
        self._string()  # service_type, or message_id of a replace_sm
        self._source()
        if command in (0x4, 0x5, 0x103):
            self.dst_ton, self.dst_npi, self.dst = self._octet(), self._octet(), self._string()
        elif command == 0x21:
            self._destinations()
        if command == 0x103:
            self.esm_class, _, self.data_coding = self._octet(), self._octet(), self._octet()
            return
        if command != 0x7:
            self.esm_class, self.protocol_id = self._octet(), self._octet()
            self.at += 1  # priority_flag
        self._string()
        self._string()
        self.at += 1  # registered_delivery
        if command != 0x7:
            self.at += 1  # replace_if_present_flag
            self.data_coding = self._octet()
        self.at += 1  # sm_default_msg_id
        n = self._octet()
        if n:
            self.bodies.append((self.at, self.at + n))
        self.at += n

    def _source(self):
        self.src_ton, self.src_npi, self.src = self._octet(), self._octet(), self._string()

    def _destinations(self):
        for _ in range(self._octet()):
            if self._octet() == 1:
                self.destinations.append((self._octet(), self._octet(), self._string()))
            else:
                self._string()  # a distribution list
        if self.destinations:
            self.dst_ton, self.dst_npi, self.dst = self.destinations[0]

    def _optional(self):
        while self.at + 4 <= len(self.data):
            tag, n = struct.unpack_from("!HH", self.data, self.at)
            self.at += 4
            self.tlvs[tag] = self.data[self.at:self.at + n]
            if tag == PAYLOAD_TAG and n:
                self.bodies.append((self.at, self.at + n))
            self.at += n

    def user_data(self):
        """The spans of text octets, behind a UDH where there is one (it stands in the first body)."""
        spans = list(self.bodies)
        if self.esm_class & 0x40 and spans:
            start, end = spans[0]
            spans[0] = (min(start + 1 + self.data[start], end), end)
        return spans

    def udh(self):
        if not self.esm_class & 0x40 or not self.bodies:
            return {}
        start = self.bodies[0][0]
        b, at, out = self.data[start + 1:start + 1 + self.data[start]], 0, {}
        while at + 2 <= len(b):
            out[b[at]] = b[at + 2:at + 2 + b[at + 1]]
            at += 2 + b[at + 1]
        return out

    def part(self):
        """(reference, parts, part) of a part of a long message, or None."""
        udh = self.udh()
        if 0 in udh and len(udh[0]) == 3:
            return tuple(udh[0])
        if 8 in udh and len(udh[8]) == 4:
            return struct.unpack("!HBB", udh[8])
        if all(t in self.tlvs for t in (0x20C, 0x20E, 0x20F)):
            return (int.from_bytes(self.tlvs[0x20C], "big"), self.tlvs[0x20E][0], self.tlvs[0x20F][0])
        return None


def streams(frames, link=capture.ETHERNET):
    """All directions of all connections of a capture, in the order in which they begin."""
    out, live = [], {}
    for number, frame in enumerate(frames, 1):
        s = capture.segment(frame.data, link)
        if s is None or (not s.payload and not s.flags & capture.SYN):
            continue
        base = (s.seq + 1) & 0xFFFFFFFF if s.flags & capture.SYN else s.seq
        stream = live.get(s.direction)
        if stream is None or (s.flags & capture.SYN and stream.base != base):
            stream = live[s.direction] = Stream(s.flow, s.direction, base)
            out.append(stream)
        stream.put(base if s.flags & capture.SYN else s.seq, s.payload, number)
    return out


def pdus(stream):
    """The PDUs of a stream from its beginning to the first hole, absurd length or incomplete PDU."""
    b, at, ready, out = stream.whole(), 0, 0, []
    while at + 16 <= len(b):
        length = struct.unpack_from("!I", b, at)[0]
        if length < 16 or at + length > len(b):
            break
        pdu = Pdu(stream, at, b[at:at + length])
        pdu.ready = ready = max(ready, max(stream.owner[at:at + length]))
        out.append(pdu)
        at += length
    return out


def is_smpp(stream):
    b = stream.whole()
    return len(b) >= 16 and 16 <= struct.unpack_from("!I", b)[0] <= 1024 and \
        struct.unpack_from("!I", b, 4)[0] & ~RESPONSE < 0x200


def all_pdus(frames, link=capture.ETHERNET):
    return [p for s in streams(frames, link) if is_smpp(s) for p in pdus(s)]
