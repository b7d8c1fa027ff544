# SPDX-License-Identifier: BSD-3-Clause
"""tshark as oracle for SIGTRAN: what it shows of the MAP operations in a capture, and what it complains about.

Long messages are not put together (each part by itself), segments of XUDT and fragments of SCTP are.
"""
import json
import os
import re
import subprocess
from collections import Counter

import map_oracle
from capture import once

PREFERENCES = ["gsm_sms.reassemble:FALSE", "sccp.defragment_xudt:TRUE", "sctp.reassembly:TRUE", "sctp.checksum:CRC 32c",
               "ip.check_checksum:TRUE"]
SHOWN = "frame m3ua sccp tcap gsm_map gsm_old gsm_sms"


def _run(path, *arguments):
    home = os.environ.get("TMPDIR", "/tmp")
    options = [a for p in PREFERENCES for a in ("-o", p)]
    r = subprocess.run(["tshark", "-n", "-r", path, *options, *arguments], capture_output=True, timeout=300,
                       env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "LC_ALL": "C.UTF-8"})
    if r.returncode != 0:
        raise RuntimeError("tshark: " + r.stderr.decode(errors="replace").strip())
    return r.stdout.decode("utf-8", "replace")


class Operation:
    """A component as tshark shows it; of a message without any, one without fields.

    `fields` are those of map_oracle.read_component(), `below` the first of each field of M3UA and SCCP.
    """

    def __init__(self, frame, below, message, fields):
        self.frame, self.below, self.message, self.fields = frame, below, message, fields

    @property
    def key(self):
        return self.frame, self.message["otid"], self.message["dtid"], self.fields.get("id")

    def below_number(self, name):
        value = self.below.get(name)
        return None if value is None else int(value, 0)


def _components(frame, below, fields):
    """The components among the fields of the layers above SCCP of one message."""
    message = map_oracle.read_message(fields)
    if message["type"] is not None and not message["components"]:
        yield Operation(frame, below, message, {})
    at = [i for i, (key, _) in enumerate(fields) if map_oracle.COMPONENT.match(key)]
    for i, j, c in zip(at, at[1:] + [len(fields)], message["components"]):
        names = {key.split(".")[-1] for key, _ in fields[i:j]}
        c["to_mobile"] = "serviceCentreAddressDA" not in names
        yield Operation(frame, below, message, c)


@once
def operations(path):
    """Every message of TCAP over M3UA that tshark shows, component by component, in its order."""
    out = []
    for frame in json.loads(_run(path, "-T", "json", "-J", SHOWN, "-Y", "tcap"), object_pairs_hook=lambda p: p):
        layers = dict(dict(frame)["_source"])["layers"]
        number = int(dict(dict(layers)["frame"])["frame.number"])
        below, above = {}, []
        for name, layer in layers + [("m3ua", [])]:
            if not isinstance(layer, list):
                continue
            fields = map_oracle.flatten(layer, [])
            if name == "m3ua":
                out += _components(number, below, above)
                below, above = {}, []
            if name in ("m3ua", "sccp"):
                for key, value in fields:
                    below.setdefault(key, value)
            elif name in ("tcap", "gsm_map", "gsm_old", "gsm_sms"):
                above += [(name, None)] + fields
    return out


class Notes:
    """What tshark notes about a capture: what is malformed and what it warns of, by frame; wrong checksums."""

    def __init__(self, lines):
        self.malformed, self.complaints, self.bad_checksums, self.checked = {}, {}, [], 0
        for line in lines:
            number, malformed, severity, message, ip, sctp = line.split("\t")
            number = int(number)
            n = sum(m.startswith("[Malformed") for m in malformed.split("|"))
            if n:
                self.malformed[number] = n
            if message:
                self.complaints[number] = Counter(message.split("|"))
            self.checked += bool(sctp)
            if "0" in ip.split("|") or "0" in sctp.split("|"):
                self.bad_checksums.append(number)


@once
def notes(path):
    fields = ("frame.number", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message", "ip.checksum.status",
              "sctp.checksum.status")
    return Notes(_run(path, "-T", "fields", "-E", "separator=/t", "-E", "aggregator=|",
                      *(a for f in fields for a in ("-e", f))).splitlines())


def operation_name(code, to_mobile):
    """The command of an event, or None: MAP v1 and v2 know one operation for both ways (TS 29.002 17.6)."""
    if code not in (44, 46):
        return None
    return "mt-forwardSM" if to_mobile or code == 44 else "mo-forwardSM"


def digits(value):
    """A global title as events have it: tshark shows the ST that ends an odd number of digits."""
    return re.sub(r"ST$|ST \(End of pulsing\)$", "", value or "")
