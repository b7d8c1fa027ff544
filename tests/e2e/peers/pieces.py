# SPDX-License-Identifier: BSD-3-Clause
"""
pieces: hands a connection on, for programs that cannot do it themselves: over IPv6, with Nagle on or off, in odd pieces.
pieces.py JOB.json
JOB: { listen: [host, port], to: [host, port], nodelay, pieces, seed }. pieces: what the connecting side says is written in
pieces of 1 to 60 octets with a pause between them. Prints "listening"; serves one connection after the other.
"""
import json
import random
import select
import socket
import sys
import time

PIECE_MAX = 60
PAUSE_S = 0.0005

with open(sys.argv[1], encoding="utf-8") as file:
    job = json.load(file)
rng = random.Random(job.get("seed", 1))


def in_pieces(octets):
    while octets:
        n = rng.randint(1, PIECE_MAX)
        yield octets[:n]
        octets = octets[n:]


def hand_on(near, far):
    """Until one side ends; False: that was the far one."""
    while True:
        for end in select.select([near, far], [], [])[0]:
            try:
                octets = end.recv(65536)
            except ConnectionError:
                octets = b""
            if not octets:
                return
            if end is far or not job.get("pieces"):
                (near if end is far else far).sendall(octets)
                continue
            for piece in in_pieces(octets):
                far.sendall(piece)
                time.sleep(PAUSE_S)


host, port = job["listen"]
server = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET,
                              dualstack_ipv6=host == "::")
print("listening", flush=True)
while True:
    near_end, _ = server.accept()
    far_end = socket.create_connection(tuple(job["to"]), timeout=10)
    far_end.settimeout(None)
    for connection in (near_end, far_end):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    far_end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(bool(job.get("nodelay"))))
    with near_end, far_end:
        hand_on(near_end, far_end)
