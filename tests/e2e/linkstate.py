# SPDX-License-Identifier: BSD-3-Clause
"""linkstate: a pair of ports as one wire; a worker that stands still; what systemd is told."""
import ctypes
import os
import signal
import socket
import time

from lab import ADDRESS, ESME, FILTER, SMSC, Daemon, Skip, check, check_equal, run, wait_for
from live import ask_echo, case_node, need_node, start_smsc

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000  # of waitpid(2)


def set_link(lab, place, interface, state):
    run("ip", "-n", lab.netns(place), "link", "set", "dev", interface, state)


def has_carrier(lab, place, interface):
    """What a router there sees: the wire is alive."""
    return "LOWER_UP" in run("ip", "-n", lab.netns(place), "link", "show", "dev", interface)


def is_set_up(lab, interface):
    flags = run("ip", "-n", lab.netns(FILTER), "link", "show", "dev", interface).split("<")[1].split(">")[0]
    return "UP" in flags.split(",")


def wait_carrier(lab, place, interface, wanted):
    wait_for(f"{interface} to be {'up' if wanted else 'down'}", 5,
             lambda: has_carrier(lab, place, interface) == wanted)


def restore(lab):
    """Whatever a case has done: both wires are there, with their addresses."""
    for place, interface in ((ESME, "e0"), (SMSC, "s0"), (FILTER, "a"), (FILTER, "b")):
        set_link(lab, place, interface, "up")
    for place, interface, number in ((ESME, "e0", 1), (SMSC, "s0", 2)):
        run("ip", "-n", lab.netns(place), "address", "replace", f"fd99::{number}/64", "dev", interface, "nodad")


def changes(daemon):
    return [(e["change"], e.get("port")) for e in daemon.events(type="link")]


def state_of(daemon):
    return daemon.ctl("status")["links"][0]["link_state"]


def case_propagate(lab):
    """A wire that goes down on one side is down on the other; up again, everything passes as before."""
    daemon = lab.start_daemon()
    try:
        case_node(4, 10, 40)(lab, daemon)
        for place, interface, far_place, far, side, other in ((ESME, "e0", SMSC, "s0", "outside", "inside"),
                                                              (SMSC, "s0", ESME, "e0", "inside", "outside")):
            before = len(changes(daemon))
            set_link(lab, place, interface, "down")
            wait_carrier(lab, far_place, far, False)
            wait_for("the events", 5, lambda: len(changes(daemon)) == before + 2)
            check_equal(changes(daemon)[before:], [("down", side), ("set_down", other)], "events")
            check_equal(state_of(daemon)["set_down"], other, "the port that is set down, in status")
            set_link(lab, place, interface, "up")
            wait_carrier(lab, far_place, far, True)
            wait_for("the events", 5, lambda: len(changes(daemon)) == before + 4)
            check_equal(changes(daemon)[before + 2:], [("up", side), ("set_up", other)], "events")
            check_equal(state_of(daemon)["set_down"], None, "the port that is set down, in status")
            time.sleep(1)  # it is looked at ten times a second; before it was seen up nothing is concluded
        check_equal((state_of(daemon)["downs"], state_of(daemon)["propagated"]), (2, 2), "counts")
        time.sleep(0.5)
        check_equal(len(changes(daemon)), 8, "events: it has come to rest")
        restore(lab)
        case_node(4, 10, 40)(lab, daemon)
        ask_echo(lab, (ADDRESS[4], (1, 1400)))
        check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    finally:
        daemon.kill()
        restore(lab)


def case_independent(lab):
    daemon = lab.start_daemon(lab.write_config(mode='"enforce"; link_state = "independent"'))
    try:
        set_link(lab, ESME, "e0", "down")
        wait_for("the event", 5, lambda: changes(daemon) == [("down", "outside")])
        time.sleep(0.5)
        check(has_carrier(lab, SMSC, "s0"), "the other wire went down")
        check_equal(changes(daemon), [("down", "outside")], "events")
        check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    finally:
        daemon.kill()
        restore(lab)


def case_ends(lab):
    """Stopped while one end is down, it leaves the other up; killed, it cannot, and the next one does."""
    daemon = lab.start_daemon()
    try:
        set_link(lab, ESME, "e0", "down")
        wait_carrier(lab, SMSC, "s0", False)
        check_equal(daemon.stop(), 0, "exit code after SIGTERM")
        check(is_set_up(lab, "b"), "a stopped daemon has left a port down")
        daemon = lab.start_daemon(daemon.config)
        wait_for("the other port to go down", 5, lambda: not is_set_up(lab, "b"))
        daemon.kill()
        check(not is_set_up(lab, "b"), "nothing is shown: the port is up after kill -9")
        set_link(lab, ESME, "e0", "up")
        daemon = lab.start_daemon(daemon.config)
        wait_carrier(lab, SMSC, "s0", True)
        restore(lab)
        case_node(4, 10, 40)(lab, daemon)
        check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    finally:
        daemon.kill()
        restore(lab)


# ---- a worker that stands still

class StoppedThread:
    """One thread of a process stands still, the others run: what no signal can do, a tracer can."""

    def __init__(self, tid):
        self.tid = tid
        self.libc = ctypes.CDLL(None, use_errno=True)

    def _trace(self, request):
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        if self.libc.ptrace(request, self.tid, None, None) != 0:
            raise Skip(f"ptrace: {os.strerror(ctypes.get_errno())}")

    def __enter__(self):
        self._trace(PTRACE_SEIZE)
        self._trace(PTRACE_INTERRUPT)
        os.waitpid(self.tid, WALL)
        return self

    def reap(self):
        """A tracer has to see its thread end before the process counts as ended."""
        try:
            os.waitpid(self.tid, WALL | os.WNOHANG)
        except ChildProcessError:
            pass

    def __exit__(self, *_):
        self.libc.ptrace(PTRACE_DETACH, self.tid, None, None)


def daemon_pid(daemon):
    """Of smswalld itself: `ip netns exec` becomes it."""
    return daemon.popen.pid


def worker_thread(daemon):
    folder = f"/proc/{daemon_pid(daemon)}/task"
    for tid in os.listdir(folder):
        with open(f"{folder}/{tid}/comm", encoding="utf-8") as file:
            if "worker" in file.read():
                return int(tid)
    raise Skip("no thread of that name: another DPDK?")


def worker_changes(daemon):
    return [e["change"] for e in daemon.events(type="worker")]


def case_stuck(lab):
    """Above 100 ms it is told, in events, in status and to systemd; then it goes on as if nothing had been."""
    config = lab.write_config(default_action='"reject"; }; watchdog = { abort_ms = 0')
    daemon = start_supervised(lab, config, watchdog_us=300000)
    try:
        wait_for("beats", 5, lambda: daemon.said().count("WATCHDOG=1") >= 2)
        noise = worker_changes(daemon).count("stuck")  # a machine that is shared stands still by itself
        with StoppedThread(worker_thread(daemon)):
            wait_for("the event", 5, lambda: worker_changes(daemon).count("stuck") > noise)
            check(daemon.ctl("status")["workers"][0]["stuck"], "not stuck, says status")
            beats = daemon.said().count("WATCHDOG=1")
            time.sleep(1)
            check_equal(daemon.said().count("WATCHDOG=1"), beats, "beats while it stands")
            check("STATUS=A WORKER STANDS STILL" in daemon.said(), "systemd is not told")
            sessions = daemon.ctl("session", "list", code=8)
            check(not sessions["complete"], "the answer is whole, without the worker")
        wait_for("the event", 5, lambda: "moves" in worker_changes(daemon))
        wait_for("beats again", 5, lambda: daemon.said().count("WATCHDOG=1") > beats)
        case_node(4, 10, 40)(lab, daemon)
        daemon.said()  # a socket of ours keeps ten datagrams; what comes then is lost
        check_equal(daemon.stop(), 0, "exit code after SIGTERM")
        check("STOPPING=1" in daemon.said(), "systemd is not told of the end")
    finally:
        daemon.kill()


def case_abort(lab):
    """watchdog.abort_ms: the process ends itself by SIGABRT; a port that was down for the other's sake is up again."""
    daemon = lab.start_daemon(lab.write_config(default_action='"reject"; }; watchdog = { abort_ms = 500'))
    try:
        set_link(lab, ESME, "e0", "down")
        wait_for("the other port to go down", 5, lambda: not is_set_up(lab, "b"))
        with StoppedThread(worker_thread(daemon)) as stopped:
            begin = time.monotonic()
            wait_for("its end", 10, lambda: stopped.reap() or not daemon.running())
            took = time.monotonic() - begin
        check_equal(daemon.wait(1), -signal.SIGABRT, "exit code")
        check(took < 5, f"it took {took:.1f} s")
        check_equal(worker_changes(daemon)[-1], "abort", "last event of the worker")
        check("watchdog.abort_ms" in daemon.err(), "not said")
        check(is_set_up(lab, "b"), "a port was left down")
    finally:
        daemon.kill()
        restore(lab)


class Supervised(Daemon):
    """smswalld, with an ear at what it tells its service manager."""
    heard = b""

    def said(self):
        self.notify.setblocking(False)
        try:
            while True:
                self.heard += self.notify.recv(4096) + b"\n"
        except (BlockingIOError, TimeoutError):
            pass
        return self.heard.decode("utf-8")


def start_supervised(lab, config, watchdog_us):
    name = lab.unique("smswalld")
    os.environ["WATCHDOG_USEC"] = str(watchdog_us)
    try:
        daemon = Supervised(lab, name, lab.daemon_command(config, "net_af_packet0,iface=b", "net_af_packet1,iface=a"),
                            config, lab.path(f"{name}.notify"))
    finally:
        del os.environ["WATCHDOG_USEC"]
    wait_for("READY=1", 30, lambda: "READY=1" in daemon.said())
    wait_for("the control socket", 30, lambda: os.path.exists(daemon.socket_path))
    return daemon


def case_deaf_manager(lab):
    """A service manager that does not read any more holds nothing up."""
    daemon = lab.start_daemon(lab.write_config(default_action='"reject"; }; watchdog = { abort_ms = 0'))
    filler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    filler.setblocking(False)
    try:
        while True:
            filler.sendto(b"X=1", daemon.notify.getsockname())
    except BlockingIOError:
        pass
    time.sleep(0.3)
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")


# ---- sessions and links, asked of a daemon that works

def case_sessions(lab):
    need_node()
    daemon = lab.start_daemon()
    smsc, _ = start_smsc(lab)
    client = lab.start(ESME, "hold", "python3", "-c", HOLD_SESSION, ADDRESS[4])
    try:
        wait_for("the bind", 10, lambda: "bound" in client.out() or not client.running())
        check(client.running(), client.tail())
        sessions = daemon.ctl("session", "list")
        check_equal(len(sessions["sessions"]), 1, "sessions")
        session = sessions["sessions"][0]
        check_equal((session["account"], session["bind"], session["state"], session["esme_side"], session["link"]),
                    ("holder", "transmitter", "SYNCED", "outside", "lab"), "the session")
        check(session["inside"] == f"{ADDRESS[4]}:2775", session["inside"])
        shown = daemon.ctl("session", "show", str(session["session"]))["session"]
        check_equal(shown["account"], "holder", "account")
        told = daemon.events(type="session", change="bound")[-1]
        check_equal(told["session"], session["session"], "number of the session in events")
        daemon.ctl("session", "show", "999999", code=4)
        check_equal(daemon.ctl("session", "list", "--link", "lab", "--limit", "1")["more"], False, "more")
        daemon.ctl("session", "list", "--link", "nosuch", code=4)
        daemon.ctl("link", "show", "nosuch", code=4)
        link = daemon.ctl("link", "show", "lab")["links"][0]
        check_equal((link["mode"], len(link["ports"]), link["link_state"]["policy"]), ("enforce", 2, "propagate"), "link")
        census = daemon.ctl("status")["sessions"]
        check_equal({name: census[name] for name in ("sessions", "resync", "opaque", "associations", "complete")},
                    {"sessions": 1, "resync": 0, "opaque": 0, "associations": 0, "complete": True},
                    "sessions in status")
        # a restart in the middle: the session is there, and is said not to be judged yet
        check_equal(daemon.stop(), 0, "exit code after SIGTERM")
        daemon = lab.start_daemon(daemon.config)
        wait_for("the session, joined in the middle", 10,
                 lambda: daemon.ctl("status")["sessions"]["resync"] == 1)
        check_equal(daemon.ctl("session", "list")["sessions"][0]["state"], "RESYNC", "state after a restart")
        check_equal(daemon.stop(), 0, "exit code after SIGTERM")
        check("unjudged" in daemon.err(), "the summary does not tell what passed unjudged")
    finally:
        client.kill()
        smsc.kill()
        daemon.kill()


# Binds as a transmitter, then says a bit of an enquire_link now and then: nothing that proves a boundary.
HOLD_SESSION = r"""
import socket, struct, sys, time
s = socket.create_connection((sys.argv[1], 2775), 5)
body = b"holder\0pw\0\0" + bytes([0x34, 0, 0]) + b"\0"
s.sendall(struct.pack(">IIII", 16 + len(body), 2, 0, 1) + body)
assert struct.unpack(">IIII", s.recv(1000)[:16])[1:3] == (0x80000002, 0)
print("bound", flush=True)
for octet in struct.pack(">IIII", 16, 0x15, 0, 2):
    time.sleep(2)
    s.sendall(bytes([octet]))
time.sleep(60)
"""


LINKSTATE = [
    ("linkstate-propagate", case_propagate),
    ("linkstate-independent", case_independent),
    ("linkstate-ends", case_ends),
    ("watchdog-stuck", case_stuck),
    ("watchdog-abort", case_abort),
    ("watchdog-deaf-manager", case_deaf_manager),
    ("control-sessions", case_sessions),
]
