# SPDX-License-Identifier: BSD-3-Clause
"""
sink: an SMSC that keeps what its kernel gives it, octet by octet, and answers.
sink.py FOLDER serve PORT | connect ADDRESS PORT
Each connection's octets go to FOLDER/PORT-OF-THE-FAR-END. Answers bind_transceiver and submit_sm (SMPP 3.4 4.1.6, 4.4.2), an
empty destination with ESME_RINVDSTADR. Prints "listening".
"""
import os
import selectors
import socket
import struct
import sys

HEADER_LEN, PDU_MAX = 16, 70000


def answer(octets):
    """The answer to a PDU, or nothing."""
    length, command, _, sequence = struct.unpack("!IIII", octets[:HEADER_LEN])
    if command == 0x09:
        return struct.pack("!IIII", 21, 0x80000009, 0, sequence) + b"SINK\0"
    if command == 0x04:
        body = octets[HEADER_LEN:].split(b"\0", 1)[1][2:].split(b"\0", 1)[1][2:]
        status = 0x0B if body[:1] == b"\0" else 0
        return struct.pack("!IIII", 16 if status else 18, 0x80000004, status, sequence) + (b"" if status else b"1\0")
    del length
    return b""


class Connection:
    def __init__(self, end, path):
        self.end = end
        self.rest = b""
        self.file = open(path, "ab", buffering=0)  # pylint: disable=consider-using-with

    def take(self):
        """False at the end."""
        try:
            octets = self.end.recv(65536)
        except ConnectionError:
            octets = b""
        if not octets:
            return False
        self.file.write(octets)
        self.rest += octets
        while len(self.rest) >= HEADER_LEN:
            length = int.from_bytes(self.rest[:4], "big")
            if not HEADER_LEN <= length <= PDU_MAX:
                self.rest = b""
            if length > len(self.rest) or not self.rest:
                break
            try:
                self.end.sendall(answer(self.rest[:length]))
            except (ConnectionError, IndexError):
                pass
            self.rest = self.rest[length:]
        return True


def serve(folder, port):
    poll = selectors.DefaultSelector()
    server = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=256)
    poll.register(server, selectors.EVENT_READ)
    print("listening", flush=True)
    while True:
        for key, _ in poll.select():
            if key.data is None:
                end, far = server.accept()
                poll.register(end, selectors.EVENT_READ, Connection(end, os.path.join(folder, str(far[1]))))
            elif not key.data.take():
                poll.unregister(key.fileobj)
                key.fileobj.close()


if sys.argv[2] == "serve":
    serve(sys.argv[1], int(sys.argv[3]))
else:
    with socket.create_connection((sys.argv[3], int(sys.argv[4])), timeout=20) as client:
        connection = Connection(client, os.path.join(sys.argv[1], sys.argv[4]))
        while connection.take():
            pass
