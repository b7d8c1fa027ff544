# SPDX-License-Identifier: BSD-3-Clause
"""
overlap: a sender made by hand against a real Linux receiver: what the application reads was judged.

peers/raw.py runs every tactic of peers/tactics.py, peers/sink.py keeps what its kernel hands out. The text to be refused says
its phrase in every 16 octets, so any stretch of it that came unjudged would show.
"""
import json
import os

import live
import traffic
from lab import ADDRESS, ESME, PEERS, PORT, SMSC, Failure, check, check_equal, run, wait_for
from smpp import PHRASE, SUBMIT_SM, Pdu

OURS = {4: "10.99.0.77", 6: "fd99::77"}  # nobody's address: no kernel answers there
LAST = b"the last one of this connection"
TACTICS_MIN = 50


def mac_of(lab, place, interface):
    return json.loads(run("ip", "-json", "-n", lab.netns(place), "link", "show", "dev", interface))[0]["address"]


def prepare(lab):
    """The far kernel knows where the raw sender is."""
    mac = mac_of(lab, ESME, "e0")
    for address in OURS.values():
        run("ip", "-n", lab.netns(SMSC), "neigh", "replace", address, "lladdr", mac, "dev", "s0", "nud", "permanent")
    return {"interface": "e0", "mac": mac, "far_mac": mac_of(lab, SMSC, "s0"), "port": PORT,
            "addresses": {str(f): [OURS[f], ADDRESS[f]] for f in OURS}}


def split(octets):
    """PDUs of a stream; framing that is lost is a failure."""
    pdus, at = [], 0
    while at + 16 <= len(octets):
        length = int.from_bytes(octets[at:at + 4], "big")
        check(16 <= length < 1000, f"framing is lost: a command_length of {length}")
        if at + length > len(octets):
            break
        pdus.append(Pdu(octets[at:at + length]))
        at += length
    return pdus


def judge(one, octets, events):
    """One connection: what was read, against the phrase, and against what was judged."""
    check(one["established"], "the connection was never made")
    check(PHRASE.encode("ascii") not in octets, "the application has read the phrase")
    pdus = split(octets)
    texts = [p.octets for p in pdus if p.command == SUBMIT_SM]
    if not one["ends"]:
        check(any(LAST in t for t in texts), f"the connection does not go on: {one}, {len(octets)} octets read")
        check(one["done"], "not all octets were acknowledged")
    # what was read stands in a text that was judged; of one that was refused late, the part that had left
    judged = [e["text"] for e in events]
    for octets_of_pdu in texts:
        _, _, text = traffic.parse_submit(octets_of_pdu)
        check(not text.strip() or any(t.startswith(text.decode("latin-1").rstrip(" ")) for t in judged),
              f"read, but never judged so: {text}")


def play(lab, names=None):
    """Runs the tactics: (what raw.py says, the octets that the application has read) of each."""
    folder = lab.path(lab.unique("sink"))
    os.mkdir(folder)
    sink = lab.start(SMSC, "sink", "python3", os.path.join(PEERS, "sink.py"), folder, "serve", str(PORT))
    wait_for("the sink", 10, lambda: "listening" in sink.out())
    # no connection of an earlier run: a kernel may remember that
    job = {**prepare(lab), "tactics": names, "first_port": 10000 + 300 * (lab.next_seed() % 100)}
    raw = lab.start(ESME, "raw", "python3", os.path.join(PEERS, "raw.py"), live.write_job(lab, "raw", job))
    caller = lab.start(SMSC, "caller", "python3", os.path.join(PEERS, "sink.py"), folder, "connect", OURS[4], str(PORT))
    try:
        check_equal(raw.wait(90), 0, f"exit code of raw.py ({raw.tail()})")
    finally:
        sink.stop()
        caller.kill()
    played = []
    for line in raw.out().splitlines():
        one = json.loads(line)
        path = os.path.join(folder, str(one["port"]))
        octets = b""
        if os.path.exists(path):
            with open(path, "rb") as file:
                octets = file.read()
        played.append((one, octets))
    return played


def run_tactics(lab, daemon, names=None):
    """(name, why) of those that failed, and how many ran."""
    before = len(daemon.events(type="message"))
    played, failed = play(lab, names), []
    events = daemon.events(type="message")[before:]
    for one, octets in played:
        try:
            judge(one, octets, [e for e in events if e["dst"] in destinations(octets)])
        except Failure as why:
            failed.append((one["name"], why))
    return failed, len(played)


def destinations(octets):
    try:
        return {traffic.parse_submit(p.octets)[0] for p in split(octets) if p.command == SUBMIT_SM}
    except Failure:
        return set()


def case_tactics(**changes):
    def case(lab):
        daemon = lab.start_daemon(lab.write_config(**changes))
        failed, n = run_tactics(lab, daemon)
        if failed:  # once more, alone: a machine that stood still looks like a connection that does
            failed, _ = run_tactics(lab, daemon, [name for name, _ in failed])
        check(n >= TACTICS_MIN, f"only {n} tactics ran")
        check(not failed, f"{len(failed)} of {n}: " + "; ".join(f"{name}: {why}" for name, why in failed))
        check(daemon.running(), "smswalld has ended")
        check(daemon.ctl("counters")["reasons"]["overlap_differs"] > 0, "no overlap with other content was seen")
        check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    return case


def case_unfiltered(lab):
    """What these tactics are worth: past a kernel bridge the application reads the phrase by most of them."""
    lab.bridge()
    try:
        played = play(lab)
    finally:
        lab.unbridge()
    read = [one["name"] for one, octets in played if PHRASE.encode("ascii") in octets]
    check(len(read) >= TACTICS_MIN, f"by {len(read)} of {len(played)} tactics only")
    alive = [one for one, octets in played if not one["ends"] and LAST not in octets]
    check(not alive, f"connections that end without a filter too: {alive}")


OVERLAP = [
    ("overlap-unfiltered", case_unfiltered),
    ("overlap-checksum-trust", case_tactics()),
    ("overlap-checksum-verify", case_tactics(checksum='"verify"')),
]
