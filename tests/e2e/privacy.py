# SPDX-License-Identifier: BSD-3-Clause
"""
privacy: a text and numbers that nobody else writes go through the live daemon, over SMPP and MAP, refused and passed;
afterwards no file that it wrote, no answer that it gave and no core has them, but what was asked for.

Forms that are searched for: tests/replay/canary.py.
"""
import importlib.util
import json
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import time

from lab import CTL, ESME, ROOT, SMSC, check, check_equal, wait_for
from metrics import Telemetry, inside, scrape

REPLAY = os.path.join(ROOT, "tests", "replay")
ETH_P_ALL = 3
SERVERS = (2775, 2905)  # ports of the SMSC's side
MAKE = """
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import capture, cases_quarantine as c, traffic
frames = []
for i, refused in enumerate((True, False)):
    at = traffic.START_NS + i * 10**10
    smpp = c.smpp_frames(refused, 40000 + i)
    frames += smpp + c.map_frames(at, refused)
open(sys.argv[2], "wb").write(capture.encode(frames))
"""
POLICY = {
    "rules.pat": "seen.parrot:/parrot/i\n",
    # the canary's recipient is in a list, and a key of a limit
    "vip.list": "447700900714\n",
    "policy.conf": 'categories = ({ name = "default"; reject = 100; });\n'
                   'lists = ({ name = "vip"; kind = "number"; file = "vip.list"; match = "destination"; '
                   'effect = "report"; });\n',
}


def load_canary():
    spec = importlib.util.spec_from_file_location("canary", os.path.join(REPLAY, "canary.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


canary = load_canary()


def make_frames(lab):
    """(from the client?, frame) of the canary's traffic."""
    path = lab.path("canary.pcap")
    subprocess.run([sys.executable, "-c", MAKE, REPLAY, path], check=True, timeout=60)
    with open(path, "rb") as file:
        octets = file.read()
    os.unlink(path)
    at, frames = 24, []
    while at < len(octets):
        length = struct.unpack_from("<I", octets, at + 8)[0]
        frame = octets[at + 16:at + 16 + length]
        ip = 14 + 4 * (frame[14] & 15)
        frames.append((struct.unpack_from(">H", frame, ip + 2)[0] in SERVERS, frame))
        at += 16 + length
    return frames


def arrives(end, frame, seconds):
    """The frame, edited or not, comes out on the other side in time; one that is held comes later."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        end.settimeout(max(0.001, until - time.monotonic()))
        try:
            if end.recv(65536)[:14] == frame[:14]:
                return True
        except TimeoutError:
            pass
    return False


def send(lab, frames):
    """Each from its own side, the next one when it has come through: their order stays."""
    ends = {}
    for client, place, interface in ((True, ESME, "e0"), (False, SMSC, "s0")):
        with inside(lab, place):
            ends[client] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            ends[client].bind((interface, ETH_P_ALL))
    try:
        n = 0
        for client, frame in frames:
            ends[client].send(frame)
            n += arrives(ends[not client], frame, 1)
        check(n >= len(frames) - 4, f"{n} of {len(frames)} frames came through")
    finally:
        for end in ends.values():
            end.close()


def write_policy(lab):
    """Outside of what is searched: a list has the number itself."""
    folder = lab.path(lab.unique("canary-policy"))
    os.mkdir(folder)
    for name, text in POLICY.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    return folder


def start(lab, keys="", **changes):
    config = lab.write_config(text="false", numbers='"pseudonym"', **changes)
    folder = os.path.dirname(config)
    with open(config, "a", encoding="ascii") as file:
        file.write(f'metrics = {{ socket = "{folder}/metrics.sock"; rules = 5; }};\n{keys.replace("FOLDER", folder)}')
    prefix = lab.unique(lab.tag)
    return lab.start_daemon(config, policy=write_policy(lab), prefix=prefix), folder, prefix


def answers(lab, daemon, folder, prefix):
    """What the daemon says to whoever asks, as files of `folder`."""
    told = os.path.join(folder, "told")
    os.mkdir(told)
    for words in (("status",), ("counters",), ("session", "list"), ("rule", "list"), ("list", "show"), ("history",),
                  ("audit", "show"), ("limit", "list"), ("doctor",)):
        for more in ((), ("--json",)):
            done = subprocess.run([CTL, *words, *more, "--socket", daemon.socket_path], capture_output=True, timeout=60,
                                  check=False)
            with open(os.path.join(told, "-".join(words[:1] + more)), "ab") as file:
                file.write(done.stdout + done.stderr)
    bundle = os.path.join(folder, "support.tar")
    daemon.ctl("support", bundle, "--config", daemon.config)
    names = subprocess.run(["tar", "-tf", bundle], capture_output=True, text=True, timeout=20, check=True).stdout.split()
    check({"smswall.conf", "status.json", "audit.json", "metrics.txt", "doctor.json"} <= set(names), f"in the bundle: {names}")
    with open(os.path.join(told, "metrics"), "w", encoding="utf-8") as file:
        file.write(str(scrape(lab, daemon)))
    telemetry = Telemetry(prefix)
    with open(os.path.join(told, "telemetry"), "w", encoding="utf-8") as file:
        for command in (c for c in telemetry.ask("/") if c.startswith("/smswall")):
            file.write(command + json.dumps(telemetry.ask(command)) + "\n")


def run_traffic(lab, daemon, frames):
    wanted = 32
    time.sleep(1)  # both interfaces have just come up
    send(lab, frames)
    wait_for("the messages", 20, lambda: daemon.counter("messages") >= wanted)
    wait_for("their events", 10, lambda: len(daemon.events(type="message")) >= daemon.counter("messages"))
    events = daemon.events(type="message")
    verdicts = {e["verdict"] for e in events}
    check(verdicts >= {"reject", "report"}, f"verdicts: {verdicts}")
    check({e["proto"] for e in events} == {"smpp", "map"}, "both carriers")
    return events


def save_logs(daemon, folder):
    for name, text in (("stdout", daemon.out()), ("stderr", daemon.err())):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


def case_nothing(lab):
    """By default: nowhere."""
    scratch = lab.path(lab.unique("canary-scratch"))
    os.mkdir(scratch)
    canary.self_check(scratch)
    daemon, folder, prefix = start(lab)
    run_traffic(lab, daemon, make_frames(lab))
    answers(lab, daemon, folder, prefix)
    check_equal(daemon.stop(), 0, "exit code")
    save_logs(daemon, folder)
    files = []
    found = canary.find_in([folder], files)
    check(len(files) >= 20, f"only {len(files)} files were searched: {files}")
    check(any(f.endswith("events.jsonl") for f in files) and any("audit" in f for f in files), f"not searched: {files}")
    check(not found, f"the canary is in {found}")


def case_asked(lab):
    """With events.text and quarantine: in these two, and nowhere else."""
    daemon, folder, prefix = start(lab, 'quarantine = { path = "FOLDER/kept"; };\n')
    config = daemon.config
    check_equal(daemon.stop(), 0, "exit code")
    with open(config, encoding="utf-8") as file:
        text = file.read()
    with open(config, "w", encoding="utf-8") as file:
        file.write(text.replace("text = false;", "text = true;"))
    prefix = lab.unique(lab.tag)
    daemon = lab.start_daemon(config, policy=write_policy(lab), prefix=prefix)
    events = run_traffic(lab, daemon, make_frames(lab))
    answers(lab, daemon, folder, prefix)
    kept = daemon.ctl("status")["quarantine"]
    check_equal(daemon.stop(), 0, "exit code")
    save_logs(daemon, folder)
    check_equal(kept["kept"], sum(e["verdict"] == "reject" for e in events), "messages in quarantine")
    check_equal((kept["written"], kept["state"]), (kept["kept"], "ok"), "messages written")
    found = canary.find_in([folder])
    names = {os.path.relpath(path, folder).split(os.sep)[0] for path in found}
    check_equal(names, {"events.jsonl", "kept"}, "where the canary is")
    in_events = [form for path, forms in found.items() if path.endswith("events.jsonl") for form in forms]
    check(all(form.startswith("the text") for form in in_events), f"numbers in events: {in_events}")


def case_core(lab):
    """No core, even where somebody raises the limit of the running daemon: it is not dumpable."""
    daemon, folder, _ = start(lab)
    pid = daemon.popen.pid
    check_equal(resource.prlimit(pid, resource.RLIMIT_CORE), (0, 0), "RLIMIT_CORE")
    try:
        resource.prlimit(pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except PermissionError:
        pass  # a container without CAP_SYS_RESOURCE: nobody can raise it here
    run_traffic(lab, daemon, make_frames(lab))
    os.kill(pid, signal.SIGSEGV)
    _, status = os.waitpid(pid, 0)
    daemon.popen.returncode = -os.WTERMSIG(status)
    check_equal(os.WTERMSIG(status), signal.SIGSEGV, "the signal it ended with")
    check(not os.WCOREDUMP(status), "a core was written")
    check(not canary.find_in([folder]), "the canary is in what a killed daemon leaves behind")


PRIVACY = [("privacy-nothing", case_nothing), ("privacy-asked", case_asked), ("privacy-core", case_core)]
