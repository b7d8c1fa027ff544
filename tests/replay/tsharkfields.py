# SPDX-License-Identifier: BSD-3-Clause
"""tshark as oracle: the SMPP PDUs that it sees in a capture, and what it has to complain about.

Its preferences are fixed here, so that a user's own do not matter: data_coding 0 is GSM 7-bit, an octet a
character, as conf/lab.conf has it.
"""
import json
import os
import shutil
import subprocess
from collections import Counter

from capture import once

PREFERENCES = ["-o", "tcp.reassemble_out_of_order:TRUE", "-o", "tcp.desegment_tcp_streams:TRUE",
               "-o", "smpp.reassemble_smpp_over_tcp:TRUE", "-o", "smpp.decode_sms_over_smpp:GSM 7-bit",
               "-o", "smpp.gsm7_unpacked:TRUE",
               "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-d", "tcp.port==2775,smpp"]


def missing():
    return None if shutil.which("tshark") else "tshark is not installed"


def _run(path, *arguments):
    home = os.environ.get("TMPDIR", "/tmp")
    r = subprocess.run(["tshark", "-n", "-r", path, *PREFERENCES, *arguments], capture_output=True, timeout=120,
                       env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "LC_ALL": "C.UTF-8"})
    if r.returncode != 0:
        raise RuntimeError("tshark: " + r.stderr.decode(errors="replace").strip())
    return r.stdout.decode("utf-8", "replace")


class Pdu:
    """A PDU as tshark shows it: its fields in their order, trees made flat."""

    def __init__(self, frame, fields):
        self.frame, self.fields = frame, fields
        self.command = int(self.get("command_id"), 16)
        self.sequence = int(self.get("sequence_number"))
        self.length = int(self.get("command_length"))

    def get(self, name, default=None):
        for key, value in self.fields:
            if key == "smpp." + name:
                return value
        return default

    def all(self, name):
        return [value for key, value in self.fields if key == "smpp." + name]

    def number(self, name, default=0):
        value = self.get(name)
        return default if value is None else int(value, 0)

    def text(self):
        """Its texts put together, or None where it decodes none."""
        texts = self.all("message_text")
        return "".join(texts) if texts else None


def _flatten(tree, out):
    """The leaves of a tree of (key, value), in their order; tshark gives keys twice."""
    for key, value in tree:
        if isinstance(value, list):
            _flatten([v if isinstance(v, tuple) else (key, v) for v in value], out)
        else:
            out.append((key, value))
    return out


@once
def pdus(path):
    """All PDUs that tshark finds, in its order."""
    frames = json.loads(_run(path, "-T", "json", "-J", "frame smpp", "-Y", "smpp"),
                        object_pairs_hook=lambda pairs: [tuple(p) for p in pairs])
    out = []
    for frame in frames:
        layers = dict(dict(frame)["_source"])["layers"]
        number = int(dict(dict(layers)["frame"])["frame.number"])
        for name, layer in layers:
            if name == "smpp":
                out.append(Pdu(number, _flatten(layer, [])))
    return out


class Notes:
    """What tshark notes about a capture as a whole: bags, so that the order of frames does not matter."""

    def __init__(self, lines):
        self.complaints, self.pdus, self.bad_checksums = Counter(), Counter(), 0
        for line in lines:
            malformed, message, ip, tcp, command, sequence, length = line.split("\t")
            if malformed:
                self.complaints["malformed: " + malformed] += 1
            self.complaints.update(m for m in message.split("|") if m)
            self.bad_checksums += "0" in ip.split("|") or "0" in tcp.split("|")
            self.pdus.update(zip(command.split("|"), sequence.split("|"), length.split("|")) if command else ())


@once
def notes(path):
    fields = ("_ws.malformed", "_ws.expert.message", "ip.checksum.status", "tcp.checksum.status", "smpp.command_id",
              "smpp.sequence_number", "smpp.command_length")
    return Notes(_run(path, "-T", "fields", "-E", "separator=/t", "-E", "aggregator=|",
                      *(a for f in fields for a in ("-e", f))).splitlines())
