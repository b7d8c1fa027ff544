# SPDX-License-Identifier: BSD-3-Clause
"""daemon: how smswalld starts, refuses to start, and is spoken to."""
import json
import os
import re
import signal
import subprocess

from lab import AF_PACKET, CTL, DAEMON, FILTER, PATTERNS, Process, Skip, check, check_equal, run, wait_for
from live import case_node, node_session

RINGS = ("net_ring0", "net_ring1")
NOBODY = 65534


# ---- starts that must fail: exit code and sentence

def check_refused(started, code, *sentences):
    got, said = started
    for sentence in sentences:
        check(re.search(sentence, said), f"{sentence!r} was not said: {said.strip()}")
    check_equal(got, code, f"exit code ({said.strip()})")


def case_usage(lab):
    for words in ((), ("--no-such",), ("--config", "x", "-l", "0")):
        done = subprocess.run([DAEMON, *words], capture_output=True, text=True, timeout=10, check=False)
        check_equal(done.returncode, 2, f"exit code of smswalld {words}")
        check("usage:" in done.stderr, "no usage")
    del lab


def case_no_policy(lab):
    check_refused(lab.refused_start(*RINGS, policy=None), 4, "no policy: give --policy")


def case_bad_config(lab):
    """All errors at once, each with file and line; nothing is started."""
    config = lab.write_config(burst="99999", mode='"inline"')
    check_refused(lab.refused_start(*RINGS, config=config), 4, r"smswall\.conf:\d+.*mode", r"smswall\.conf:\d+.*burst")


def case_bad_policy(lab):
    path = lab.path("bad.pat")
    with open(path, "w", encoding="ascii") as file:
        file.write("good:/one/\nbad:/(two/\n")
    check_refused(lab.refused_start(*RINGS, policy=path), 4, r"bad\.pat:2:\d+")


def case_missing_ports(lab):
    check_refused(lab.refused_start(), 1, 'link "lab" needs port 0', "--vdev")
    check_refused(lab.refused_start("net_ring0"), 1, 'link "lab" needs port 1')
    check_refused(lab.refused_start("net_af_packet0,iface=nosuch0", "net_ring0"), 1, "DPDK cannot start|needs port")


def case_mtu(lab):
    """Frames that would not fit are refused before one is lost."""
    lab.set_mtu(65535)
    try:
        check_refused(lab.refused_start(*AF_PACKET), 1, "MTU")
        lab.set_mtu(4000)
        check_refused(lab.refused_start(*AF_PACKET), 1, "MTU.*framesz")
    finally:
        lab.set_mtu(1500)


def case_large_mtu(lab):
    """With larger ring frames an MTU above 1500 is as good as any."""
    lab.set_mtu(4000)
    ring = "framesz=8192,blocksz=65536,framecnt=512"
    try:
        daemon = lab.start_daemon(devices=[f"{device},{ring}" for device in AF_PACKET])
        case_node(4, 30, 150)(lab, daemon)
        check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    finally:
        lab.set_mtu(1500)


def case_no_memory(lab):
    config = lab.write_config(flows="4000000")
    check_refused(lab.refused_start(*RINGS, config=config), 1, "no memory for .*-m")


# ---- what a start prints and sets

def case_budget(lab):
    """Stages of boot: the memory budget adds up, cores are off, no huge page is used."""
    daemon = lab.start_daemon(devices=RINGS)
    lines = dict(re.findall(r"(?m)^  (\S.*?)\s+([0-9.]+) MiB$", daemon.err()))
    total = float(lines.pop("total"))
    check(len(lines) >= 4 and abs(sum(map(float, lines.values())) - total) < 0.5, f"budget: {lines} and {total}")
    check_equal(daemon.ctl("status")["memory_octets"] // 2**20, int(total), "memory in status")
    pid = daemon.popen.pid
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        cores = next(line.split() for line in file if line.startswith("Max core file size"))
    check_equal(cores[4:6], ["0", "0"], "limit of core files")
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
        check_equal(sum(map(int, re.findall(r"Hugetlb: +(\d+) kB", file.read()))), 0, "KiB of huge pages")
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        check("VmLck:\t       0 kB" in file.read(), "memory is locked, against memory.lock = false")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")


def case_lock(lab):
    """memory.lock: nothing that was touched leaves memory; without permission a warning, and it runs."""
    daemon = lab.start_daemon(lab.write_config(lock="true"), RINGS)
    with open(f"/proc/{daemon.popen.pid}/status", encoding="ascii") as file:
        locked = int(re.search(r"VmLck:\s+(\d+) kB", file.read())[1])
    check(locked > 2**10, f"{locked} KiB are locked")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")


def case_mtu_differs(lab):
    """Warnings are told at the start, not at the end."""
    run("ip", "-n", lab.netns(FILTER), "link", "set", "dev", "b", "mtu", "1400")
    try:
        daemon = lab.start_daemon()
        check("an MTU of 1400, port 1 of 1500" in daemon.err(), f"no warning: {daemon.tail()}")
        check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    finally:
        lab.set_mtu(1500)


def case_signals(lab):
    """SIGINT as SIGTERM; SIGTERM while it starts; frames counted at the end."""
    daemon = lab.start_daemon(devices=("net_null0", "net_null1"))
    check_equal(daemon.stop(signal.SIGINT), 0, "exit code after SIGINT")
    frames = re.search(r"frames +(\d+) in, (\d+) out", daemon.err())
    check(frames and int(frames[1]) > 0, f"frames at the end: {daemon.tail()}")
    early = lab.start_daemon(devices=RINGS, wait=False)
    wait_for("its first words", 10, lambda: "budget" in early.err())
    check_equal(early.stop(), 0, "exit code after SIGTERM while it starts")


def case_second_prefix(lab):
    """DPDK itself refuses a second one of the same --file-prefix."""
    first = lab.start_daemon(devices=RINGS, prefix=f"{lab.tag}-same")
    check_refused(lab.refused_start(*RINGS, prefix=f"{lab.tag}-same"), 1, "DPDK cannot start")
    check_equal(first.ctl("status")["links"][0]["name"], "lab", "the first one's link")
    check_equal(first.stop(), 0, "exit code after SIGTERM")


def case_second_socket(lab):
    """A second one at a socket that is served ends at once, before it touches a port; the first goes on."""
    first = lab.start_daemon(devices=RINGS)
    check_refused(lab.refused_start(*RINGS, config=first.config), 1, "another daemon listens there")
    check(first.ctl("status")["links"], "the first does not answer any more")
    check_equal(first.stop(), 0, "exit code of the first after SIGTERM")


def case_stale_socket(lab):
    """A socket that a killed daemon left behind is no hindrance."""
    killed = lab.start_daemon(devices=RINGS)
    killed.kill()
    check(os.path.exists(killed.socket_path), "no socket is left, so nothing is shown")
    again = lab.start_daemon(killed.config, devices=RINGS, wait=False)
    wait_for("an answer", 15, lambda: ctl("status", "--socket", again.socket_path).returncode == 0)
    check_equal(again.stop(), 0, "exit code after SIGTERM")


START = [
    ("start-usage", case_usage),
    ("start-no-policy", case_no_policy),
    ("start-bad-config", case_bad_config),
    ("start-bad-policy", case_bad_policy),
    ("start-missing-ports", case_missing_ports),
    ("start-mtu-too-large", case_mtu),
    ("start-mtu-4000", case_large_mtu),
    ("start-mtu-differs", case_mtu_differs),
    ("start-no-memory", case_no_memory),
    ("start-memory-lock", case_lock),
    ("start-budget-cores-hugepages", case_budget),
    ("start-signals", case_signals),
    ("start-second-same-prefix", case_second_prefix),
    ("start-second-same-socket", case_second_socket),
    ("start-stale-socket", case_stale_socket),
]


# ---- smswallctl

def ctl(*words, uid=None, gid=None):
    who = [] if uid is None else ["setpriv", "--reuid", str(uid), "--regid", str(gid), "--clear-groups"]
    return subprocess.run([*who, CTL, *words], capture_output=True, text=True, timeout=30, check=False)


def case_documents(lab, daemon):
    """Every verb's --json is one document, its exit code in it."""
    for words in (["status"], ["counters"], ["panic", "status"], ["version"], ["help"], ["config", "keys"],
                  ["config", "check", daemon.config], ["config", "print", daemon.config],
                  ["policy", "check", PATTERNS], ["explain", "--text", "hello", "--policy", PATTERNS]):
        document = daemon.ctl(*words)
        check_equal((document["code"], document["command"].split()[0]), (0, words[0]), f"document of {words}")
        check(ctl(*words, "--socket", daemon.socket_path).returncode == 0, f"{words} without --json")
    del lab


def case_doctor(lab, daemon):
    """Whatever it finds on this machine, each finding has a level, and errors decide the exit code."""
    del lab
    done = ctl("doctor", "--json", "--socket", daemon.socket_path, "--iface", "lo")
    findings = json.loads(done.stdout)["findings"]
    levels = [f["level"] for f in findings]
    check(len(levels) >= 6 and set(levels) <= {"ok", "note", "warning", "error"}, f"levels: {levels}")
    check_equal(done.returncode, 1 if "error" in levels else 0, "exit code")
    check(any(f["what"] == "socket" and f["level"] == "ok" for f in findings), "the daemon's socket is not seen")


def case_status(lab, daemon):
    """Status tells what has happened, and the ledger adds up."""
    before = daemon.ctl("status")
    messages, mo, _ = node_session(lab, 60, window=10)
    after = daemon.ctl("status")
    check_equal(after["verdicts"]["reject"] - before["verdicts"]["reject"], sum(m["refused"] for m in messages + mo),
                "refused messages in status")
    link = after["links"][0]
    check_equal((link["name"], link["mode"], link["panic"]), ("lab", "enforce", False), "link")
    check(all(p["up"] and p["frames_in"] > 0 and p["frames_out"] > 0 for p in link["ports"]), f"ports: {link}")
    check_equal([d["balanced"] for d in after["ledger"]], [True, True], f"ledger {after['ledger']}")
    check_equal(after["generation"]["rules"], 1, "rules")
    check(all(w["held_frames"] == 0 and w["pending_answers"] == 0 for w in after["workers"]), f"{after['workers']}")
    check(after["counters"]["events_lost"] == 0 and after["counters"]["tx_full"] == 0, "losses")


def case_follow(lab, daemon):
    """events follow prints what the file gets, as it happens."""
    before = len(daemon.events())
    follower = Process(lab, lab.unique("follow"), [CTL, "events", "follow", "--socket", daemon.socket_path])
    wait_for("the follower", 5, lambda: len(os.listdir(f"/proc/{follower.popen.pid}/fd")) > 3)
    daemon.ctl("status")  # answered behind the follower's request
    node_session(lab, 40, window=10)
    told = wait_for("the session's end", 5, lambda: [e for e in daemon.events()[before:]
                                                     if e.get("change") in ("closed", "unbound")])
    check(told, "no end of the session")
    wait_for("as many lines", 5, lambda: len(follower.out().splitlines()) >= len(daemon.events()) - before)
    follower.popen.send_signal(signal.SIGTERM)  # SIGINT is ignored by what a shell started in the background
    follower.wait(5)
    check_equal([json.loads(line) for line in follower.out().splitlines()], daemon.events()[before:], "events")


def case_panic(lab, daemon):
    """Panic on: everything passes at once, and still after a restart; off: refused again."""
    before = len(daemon.events())
    check_equal(daemon.ctl("panic", "on")["panic"], ["lab"], "links in panic")
    node_session(lab, 40, status=None, persona="accept", window=10)
    check(not [e for e in daemon.events()[before:] if e.get("action", "none") != "none"], "an action in panic")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    again = lab.start_daemon(daemon.config)
    check_equal(again.ctl("panic", "status")["panic"], ["lab"], "links in panic after a restart")
    node_session(lab, 40, status=None, persona="accept", window=10)
    check_equal(again.ctl("panic", "off", "lab")["panic"], [], "links in panic")
    node_session(lab, 40, window=10)
    check_equal([e["change"] for e in again.events(type="link")], ["panic_on", "panic_off"], "link events")
    check_equal(again.stop(), 0, "exit code after SIGTERM")


def case_codes(lab, daemon):
    """Exit codes: no daemon 3, not permitted 5, unknown verb 2, unknown link 4."""
    del lab
    check_equal(ctl("status", "--socket", "/nonexistent/socket").returncode, 3, "exit code without a daemon")
    check_equal(ctl("no-such-verb").returncode, 2, "exit code of an unknown verb")
    daemon.ctl("panic", "on", "no-such-link", code=4)
    if not os.path.exists("/usr/bin/setpriv"):
        raise Skip("setpriv is not installed")
    socket = ("--socket", daemon.socket_path)
    check_equal(ctl("status", *socket, uid=NOBODY, gid=NOBODY).returncode, 5, "exit code as nobody")
    check_equal(ctl("status", *socket, uid=NOBODY, gid=0).returncode, 0, "exit code as one of the socket's group")
    for words in (("panic", "on"), ("events", "follow", "--timeout", "1")):
        check_equal(ctl(*words, *socket, uid=NOBODY, gid=0).returncode, 5, f"exit code of {words} as one of the group")
    check_equal(daemon.ctl("panic", "status")["panic"], [], "links in panic")


CONTROL = [
    ("control-documents", case_documents),
    ("control-doctor", case_doctor),
    ("control-status", case_status),
    ("control-events-follow", case_follow),
    ("control-exit-codes", case_codes),
    ("control-panic", case_panic),
]
