#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
refuser: an SMSC of a few lines, octet by octet, that reacts as told.  refuser.py JOB.json

JOB: { host, port, log, bind_status, rules: [[condition, reaction], ...] }: the first rule whose condition holds for a
message. Conditions: "dest" (no destination), "priority" (above 3), "esm" (a reserved type), "payload" (by a TLV), a
command's name, "any"; several joined by "+". Reactions: "status:N" (16 octets), "long:N" (with a message_id), "accept",
"close", "mute", "nack:N" (generic_nack), "sequence0:N" (the right type, sequence_number 0), "last:N" (answers and closes).
Asks enquire_link of its own and sends a deliver_sm in between, as a real one may. Writes one JSON line a message.
"""
import json
import socket
import struct
import sys

COMMANDS = {4: "submit_sm", 0x21: "submit_multi", 0x103: "data_sm"}
HEADER = struct.Struct(">IIII")


def cut(body):
    end = body.index(0)
    return body[:end].decode("latin-1"), body[end + 1:]


def read_message(command, body):
    """Of a message (SMPP 3.4 4.4.1, 4.5.1, 4.7.1): what conditions ask for; its text."""
    _, body = cut(body)
    _, body = cut(body[2:])
    if command == 0x21:
        assert body[0] == 1 and body[1] == 1, body
        body = body[2:]
    dst, body = cut(body[2:])
    esm, priority, text, payload = body[0], 0, b"", False
    if command == 0x103:
        body = body[3:]
    else:
        priority = body[2]
        _, body = cut(body[3:])
        _, body = cut(body)
        text, body = body[5:5 + body[4]], body[5 + body[4]:]
    if body:
        tag, size = struct.unpack(">HH", body[:4])
        assert tag == 0x424 and size == len(body) - 4, body
        text, payload = body[4:], True
    return {"dest": dst, "esm": esm, "priority": priority, "text": text.decode("latin-1"), "payload": payload}


def holds(condition, name, m):
    known = {"dest": m["dest"] == "", "priority": m["priority"] > 3, "esm": m["esm"] & 0x3C == 0x3C, "any": True,
             "payload": m["payload"], name: True}
    return all(known.get(word, False) for word in condition.split("+"))


class Session:
    def __init__(self, job, connection):
        self.job = job
        self.connection = connection
        self.buffer = b""

    def read_pdu(self):
        while len(self.buffer) < 16 or len(self.buffer) < HEADER.unpack(self.buffer[:16])[0]:
            more = self.connection.recv(65536)
            if not more:
                return None
            self.buffer += more
        size = HEADER.unpack(self.buffer[:16])[0]
        pdu, self.buffer = self.buffer[:size], self.buffer[size:]
        return pdu

    def send(self, command, status, sequence, body=b""):
        self.connection.sendall(HEADER.pack(16 + len(body), command, status, sequence) + body)

    def react(self, reaction, command, sequence):
        """False: the session is over."""
        what, _, number = reaction.partition(":")
        status = int(number or 0)
        answer = command | 0x80000000
        if what in ("status", "last"):
            self.send(answer, status, sequence)
        elif what == "long":
            self.send(answer, status, sequence, b"id17\0")
        elif what == "accept":
            self.send(answer, 0, sequence, b"id1\0")
        elif what == "nack":
            self.send(0x80000000, status, sequence)
        elif what == "sequence0":
            self.send(answer, status, 0)
        return what not in ("close", "last")

    def take_message(self, command, sequence, pdu, log):
        m = read_message(command, pdu[16:])
        m["command"] = COMMANDS[command]
        log.write(json.dumps(m) + "\n")
        log.flush()
        self.send(0x15, 0, 900)  # enquire_link: it has to be answered
        self.send(5, 0, 901, b"\0" * 3 + b"\0" * 3 + b"\0" * 12)  # an empty deliver_sm: not to be taken
        reaction = next(r for c, r in self.job["rules"] if holds(c, COMMANDS[command], m))
        return self.react(reaction, command, sequence)

    def run(self, log):
        while True:
            pdu = self.read_pdu()
            if pdu is None:
                return
            _, command, status, sequence = HEADER.unpack(pdu[:16])
            if command in (1, 2, 9):
                self.send(command | 0x80000000, self.job.get("bind_status", 0), sequence, b"refuser\0")
            elif command in COMMANDS:
                if not self.take_message(command, sequence, pdu, log):
                    return
            elif command in (0x15, 6):
                self.send(command | 0x80000000, 0, sequence)
                if command == 6:
                    return
            elif command == 0x80000015:
                assert (status, sequence) == (0, 900), "enquire_link_resp"
            elif command == 0x80000005:
                assert (status, sequence) == (0x64, 901), "deliver_sm_resp: a message was taken"
            else:
                raise AssertionError(f"command {command:#x}")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    listener = socket.create_server((job["host"], job["port"]), reuse_port=False)
    print("listening", listener.getsockname()[1], flush=True)
    with open(job["log"], "a", encoding="utf-8") as log:
        while True:
            connection, _ = listener.accept()
            with connection:
                Session(job, connection).run(log)


main()
