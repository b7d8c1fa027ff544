# SPDX-License-Identifier: BSD-3-Clause
"""ports: DPDK's virtual devices other than net_af_packet, and captures of live traffic run again."""
import filecmp
import json
import os
import shutil
import signal
import struct
import subprocess

from lab import CTL, PATTERNS, ROOT, SMSC, Skip, check, check_equal, wait_for
from live import node_session
from smpp import MARK

FRAMES_MANY = 10000
PCAP_MAGICS = (0xA1B2C3D4, 0xA1B23C4D)  # micro- and nanoseconds, in this machine's order of octets


def frames_of(path):
    """The frames of a capture (pcap)."""
    with open(path, "rb") as file:
        octets = file.read()
    check(struct.unpack_from("=I", octets)[0] in PCAP_MAGICS, f"{path} is no capture")
    frames, at = [], 24
    while at < len(octets):
        kept = struct.unpack_from("=I", octets, at + 8)[0]
        frames.append(octets[at + 16:at + 16 + kept])
        at += 16 + kept
    return frames


def lengths_by_sender(path):
    """Lengths of the frames of each sender, in their order; a held frame may leave behind its answer."""
    lengths = {}
    for frame in frames_of(path):
        lengths.setdefault(frame[6:12].hex(), []).append(len(frame))
    return lengths


def stop_well(daemon):
    check_equal(daemon.stop(), 0, f"exit code after SIGTERM ({daemon.tail()})")


def case_null(lab):
    """net_null gives frames without end: all are forwarded, all are named."""
    daemon = lab.start_daemon(devices=("net_null0", "net_null1"))
    wait_for("frames", 10, lambda: daemon.counter("frames_in") > FRAMES_MANY)
    report = daemon.ctl("counters")
    check(report["reasons"]["other_ethertype"] > FRAMES_MANY, f"other_ethertype: {report['reasons']}")
    check_equal(report["counters"]["tx_full"], 0, "frames not sent")
    stop_well(daemon)


def case_ring(lab):
    daemon = lab.start_daemon(devices=("net_ring0", "net_ring1"))
    drivers = [p["driver"] for p in daemon.ctl("status")["links"][0]["ports"]]
    check_equal(drivers, ["net_ring", "net_ring"], "drivers")
    check_equal(daemon.counter("frames_in"), 0, "frames out of empty rings")
    stop_well(daemon)


def case_pcap(lab):
    """A capture with both directions read on one port, all of it written to the other."""
    capture = os.path.join(ROOT, "tests", "pcap", "plain.pcap")
    if not os.path.exists(capture):
        raise Skip("tests/pcap/plain.pcap is missing")
    out, back = lab.path("pcap-out.pcap"), lab.path("pcap-back.pcap")
    wanted = frames_of(capture)
    daemon = lab.start_daemon(devices=(f"net_pcap0,rx_pcap={capture},tx_pcap={back}", f"net_pcap1,tx_pcap={out}"))
    wait_for("the capture's end", 10, lambda: daemon.counter("frames_out") >= len(wanted))
    stop_well(daemon)
    check(frames_of(out) == wanted, "what came out is not what went in")
    check_equal(frames_of(back), [], "frames sent to where they came from")


def record(lab, place, interface):
    """tcpdump, and the path of its capture."""
    if not shutil.which("tcpdump"):
        raise Skip("tcpdump is not installed")
    path = lab.path(lab.unique("record") + ".pcap")
    tcpdump = lab.start(place, "tcpdump", "tcpdump", "-Z", "root", "-i", interface, "-U", "--immediate-mode", "-w",
                        path, "tcp")
    wait_for("tcpdump", 10, lambda: "listening" in tcpdump.err())
    return tcpdump, path


def replay(lab, config, capture):
    """smswallctl replay: the paths of what it wrote, and its summary."""
    name = lab.path(lab.unique("replay"))
    done = subprocess.run([CTL, "replay", capture, "--out", name + ".pcap", "--events", name + ".jsonl", "--config",
                           os.path.join(ROOT, "conf", config), "--policy", PATTERNS, "--json"],
                          capture_output=True, text=True, timeout=60, check=False)
    check_equal(done.returncode, 0, f"exit code of replay ({done.stderr.strip()})")
    with open(name + ".jsonl", encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    return name + ".pcap", [e for e in events if e["type"] == "message"], json.loads(done.stdout)


def case_replay(lab, daemon):
    """What went over the wire in mode monitor, run again: the same verdicts; enforced, no octet of a refused text."""
    del daemon
    tcpdump, capture = record(lab, SMSC, "s0")
    messages, mo, _ = node_session(lab, 80, status=None, persona="accept", window=10)
    tcpdump.stop(signal.SIGINT)
    out, events, _ = replay(lab, "monitor.conf", capture)
    check(filecmp.cmp(capture, out, shallow=False), "mode monitor altered the capture")
    refused = sum(m["refused"] for m in messages + mo)
    check_equal(len(events), len(messages) + len(mo), "messages")
    check_equal(sum(e["verdict"] == "reject" for e in events), refused, "refused messages")
    enforced, events, _ = replay(lab, "lab.conf", capture)
    check_equal(sum(e["action"] != "none" for e in events), refused, "edits")
    check_equal(lengths_by_sender(enforced), lengths_by_sender(capture), "lengths of frames")
    with open(enforced, "rb") as file:
        octets = file.read()
    check(not any(MARK.encode(name) in octets for name in ("ascii", "utf-16-be")), "text of a refused message")


PORTS = [
    ("ports-net-null", case_null),
    ("ports-net-ring", case_ring),
    ("ports-net-pcap-files", case_pcap),
]
