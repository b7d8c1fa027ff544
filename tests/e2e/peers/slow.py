# SPDX-License-Identifier: BSD-3-Clause
"""
slow: an ESME that stops in the middle of a PDU.  slow.py JOB.json
JOB: { host, port, pause_s, messages: [[first half, second half]...] }. Prints the status of each answer. pause_s: one number,
or one for each message.
"""
import json
import socket
import struct
import sys
import time

BIND_TRANSCEIVER, SUBMIT_SM, UNBIND = 0x09, 0x04, 0x06  # SMPP 3.4 5.1.2.1


def pdu(command, sequence, body):
    return struct.pack("!IIII", 16 + len(body), command, 0, sequence) + body


def submit_sm(sequence, text):
    """SMPP 3.4 4.4.1"""
    body = (b"\0" b"\5\0E2E\0" b"\1\1" + b"44770000%04d\0" % sequence + b"\0\0\0" b"\0" b"\0" b"\0\0\0\0" +
            bytes([len(text)]) + text)
    return pdu(SUBMIT_SM, sequence, body)


def answer(connection, wanted):
    """The status of the next answer to `wanted`; requests of the far end are not answered."""
    while True:
        octets = connection.recv(4, socket.MSG_WAITALL)
        if len(octets) < 4:
            sys.exit("the session was closed")
        rest = connection.recv(struct.unpack("!I", octets)[0] - 4, socket.MSG_WAITALL)
        command, status = struct.unpack("!II", rest[:8])
        if command == wanted | 0x80000000:
            return status


with open(sys.argv[1], encoding="utf-8") as file:
    job = json.load(file)
pauses = job["pause_s"]
if not isinstance(pauses, list):
    pauses = [pauses] * len(job["messages"])
with socket.create_connection((job["host"], job["port"]), timeout=10) as esme:
    esme.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    esme.sendall(pdu(BIND_TRANSCEIVER, 1, b"e2e\0secret\0\0\x34\0\0\0"))
    if answer(esme, BIND_TRANSCEIVER) != 0:
        sys.exit("bind refused")
    for number, (first, second) in enumerate(job["messages"], 2):
        octets = submit_sm(number, (first + second).encode("ascii"))
        at = len(octets) - len(second)
        esme.sendall(octets[:at])
        time.sleep(pauses[number - 2])
        esme.sendall(octets[at:])
        print(answer(esme, SUBMIT_SM), flush=True)
    esme.sendall(pdu(UNBIND, 99, b""))
    answer(esme, UNBIND)
