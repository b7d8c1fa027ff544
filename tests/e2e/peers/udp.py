# SPDX-License-Identifier: BSD-3-Clause
"""udp: an echo and its client.  udp.py serve | udp.py ask ADDRESS SIZE..."""
import os
import socket
import sys

PORT = 7007

if sys.argv[1] == "serve":
    server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.bind(("::", PORT))
    print("listening", flush=True)
    while True:
        octets, peer = server.recvfrom(65535)
        server.sendto(octets, peer)

family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
client = socket.socket(family, socket.SOCK_DGRAM)
client.settimeout(3)
for size in sys.argv[3:]:
    octets = os.urandom(int(size))
    client.sendto(octets, (sys.argv[2], PORT))
    if client.recv(65535) != octets:
        sys.exit(f"{size} octets came back altered")
