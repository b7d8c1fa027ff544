# SPDX-License-Identifier: BSD-3-Clause
"""lab: namespaces, veth pairs, daemons and peers of one run, all of them gone when it ends.

    esme -- e0 ==== a -- [ filter: smswalld ] -- b ==== s0 -- smsc

Names of namespaces carry this process's id, so several runs do not meet.
"""
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("SMSWALL_BUILD", os.path.join(ROOT, "build"))
DAEMON = os.path.join(BUILD, "smswalld")
CTL = os.path.join(BUILD, "smswallctl")
PATTERNS = os.path.join(HERE, "e2e.pat")
PEERS = os.path.join(HERE, "peers")
PORT = 2775

ESME, FILTER, SMSC, WIRE = "esme", "filter", "smsc", "wire"
ADDRESS = {  # of the SMSC
    4: "10.99.0.2",
    6: "fd99::2",
}
# port 0 is the inside one, towards the SMSC
AF_PACKET = ("net_af_packet0,iface=b", "net_af_packet1,iface=a")
OFFLOADS = ["tx", "rx", "tso", "gso", "gro", "sg", "txvlan", "rxvlan"]
PR_SET_PDEATHSIG = 1

START_S = 30
HOLD_MS = 150  # below 200, from where on senders send again
STOP_S = 10


class Failure(Exception):
    """A case has failed, and why."""


class Skip(Exception):
    """A case cannot run here, and why."""


def check(condition, *why):
    if not condition:
        raise Failure(" ".join(str(w) for w in why))


def check_equal(got, wanted, what):
    check(got == wanted, f"{what}: {got!r}, not {wanted!r}")


def wait_for(what, seconds, condition, every=0.02, quiet=False):
    """Polls `condition` until it gives something true, and returns that; quiet: None when it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(every)
    if quiet:
        return None
    raise Failure(f"waited {seconds} s in vain for {what}")


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run(*command, check_code=True, **more):
    """Runs a short command; its output in one string."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=60, check=False, **more)
    if check_code and done.returncode != 0:
        raise Failure(f"{' '.join(command)}: exit {done.returncode}: {done.stdout.strip()}")
    return done.stdout


class Process:
    """A program with its output in files."""

    def __init__(self, lab, name, command, env=None, preexec=None):
        self.lab = lab
        self.name = name
        self.out_path = lab.path(f"{name}.out")
        self.err_path = lab.path(f"{name}.err")
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                          env={**os.environ, **(env or {})},
                                          preexec_fn=preexec or _die_with_parent)
        lab.processes.append(self)

    def out(self):
        with open(self.out_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def err(self):
        with open(self.err_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def running(self):
        return self.popen.poll() is None

    def wait(self, seconds):
        """Waits for the end: the exit code."""
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} has not ended after {seconds} s: {self.tail()}") from None

    def stop(self, number=signal.SIGTERM):
        """Asks it to end: the exit code."""
        if self.running():
            self.popen.send_signal(number)
        return self.wait(STOP_S)

    def kill(self):
        if self.running():
            self.popen.kill()
        self.popen.wait()

    def tail(self):
        return " | ".join((self.out() + self.err()).strip().splitlines()[-6:])


class Daemon(Process):
    """smswalld, with a control socket and events of its own."""

    def __init__(self, lab, name, command, config, notify_path):
        self.config = config
        self.socket_path = os.path.join(os.path.dirname(config), "control.sock")
        self.events_path = os.path.join(os.path.dirname(config), "events.jsonl")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(notify_path)
        self.notify.settimeout(0.1)
        super().__init__(lab, name, command, {"NOTIFY_SOCKET": notify_path})

    def _is_ready(self):
        check(self.running(), f"smswalld has ended with {self.popen.poll()}: {self.tail()}")
        try:
            return b"READY=1" in self.notify.recv(1024)
        except TimeoutError:
            return False

    def wait_ready(self):
        wait_for("smswalld to be ready", START_S, self._is_ready)
        wait_for("the control socket", START_S, lambda: os.path.exists(self.socket_path))

    def ctl(self, *words, code=0):
        """smswallctl WORDS --json: the document; fails when the exit code is another."""
        done = subprocess.run([CTL, *words, "--json", "--socket", self.socket_path],
                              capture_output=True, text=True, timeout=30, check=False)
        check_equal(done.returncode, code, f"exit code of smswallctl {' '.join(words)} ({done.stderr.strip()})")
        return json.loads(done.stdout)

    def counter(self, name):
        return self.ctl("counters")["counters"][name]

    def events(self, **wanted):
        """The events written so far that have these members."""
        with open(self.events_path, encoding="utf-8") as file:
            events = [json.loads(line) for line in file if line.endswith("\n")]
        return [e for e in events if all(e.get(k) == v for k, v in wanted.items())]


class Lab:
    """Everything that a run makes outside of itself. `name` tells several labs of a run apart."""

    def __init__(self, name=""):
        self.tmp = tempfile.mkdtemp(prefix="smswall-e2e-")
        self.tag = f"sw{os.getpid()}{name}"
        self.namespaces = []
        self.processes = []
        self.prefixes = []
        self.n_names = 0
        self.seed = 0

    # ---- names

    def path(self, name):
        return os.path.join(self.tmp, name)

    def unique(self, name):
        self.n_names += 1
        return f"{name}-{self.n_names}"

    def next_seed(self):
        self.seed += 1
        return self.seed

    def netns(self, place):
        return f"{self.tag}-{place}"

    # ---- networks

    def add_namespace(self, place):
        run("ip", "netns", "add", self.netns(place))
        self.namespaces.append(self.netns(place))
        run("ip", "-n", self.netns(place), "link", "set", "lo", "up")

    def add_veth(self, place, interface, other_place, other_interface):
        run("ip", "link", "add", interface, "netns", self.netns(place), "type", "veth",
            "peer", "name", other_interface, "netns", self.netns(other_place))
        for where, name in ((place, interface), (other_place, other_interface)):
            run("ip", "-n", self.netns(where), "link", "set", "dev", name, "up")
            run("ip", "netns", "exec", self.netns(where), "ethtool", "-K", name,
                *(word for o in OFFLOADS for word in (o, "off")), check_code=False)

    def add_address(self, place, interface, number):
        for address, more in ((f"10.99.0.{number}/24", ()), (f"fd99::{number}/64", ("nodad",))):
            run("ip", "-n", self.netns(place), "address", "add", address, "dev", interface, *more)

    def make_network(self, wires=False):
        """
        Two hosts that reach each other only through a filter. wires: with a place on either side of it where a line can
        be made a bad one (impaired.py): e0 = we0 [] we1 = a, and s0 = ws0 [] ws1 = b.
        """
        for place in (ESME, FILTER, SMSC) + ((WIRE,) if wires else ()):
            self.add_namespace(place)
        for place, interface, inner in ((ESME, "e0", "a"), (SMSC, "s0", "b")):
            if wires:
                self.add_veth(place, interface, WIRE, f"w{interface}")
                self.add_veth(WIRE, f"w{interface[0]}1", FILTER, inner)
            else:
                self.add_veth(place, interface, FILTER, inner)
        # what the kernel itself would say on the filter's side is noise
        for interface in ("a", "b"):
            run("ip", "netns", "exec", self.netns(FILTER), "sysctl", "-qw",
                f"net.ipv6.conf.{interface}.disable_ipv6=1", check_code=False)
        self.add_address(ESME, "e0", 1)
        self.add_address(SMSC, "s0", 2)

    def set_mtu(self, mtu):
        """On all four ends; below 1280 there is no IPv6, so it is given again after that."""
        for place, interface in ((ESME, "e0"), (FILTER, "a"), (FILTER, "b"), (SMSC, "s0")):
            run("ip", "-n", self.netns(place), "link", "set", "dev", interface, "mtu", str(mtu))
        for place, interface, number in ((ESME, "e0", 1), (SMSC, "s0", 2)):
            run("ip", "-n", self.netns(place), "address", "replace", f"fd99::{number}/64", "dev",
                interface, "nodad", check_code=False)

    # ---- the filter's place taken by the kernel: what a bypass relay does

    def bridge(self):
        """A kernel bridge joins the filter's interfaces. It must be gone before a daemon starts its ports."""
        self.ip_batch(FILTER, "link add name br type bridge stp_state 0 mcast_snooping 0 ageing_time 0",
                      "link set dev a master br", "link set dev b master br", "link set dev br up")

    def unbridge(self, quiet=False):
        run("ip", "-n", self.netns(FILTER), "link", "delete", "dev", "br", check_code=not quiet)

    def ip_batch(self, place, *lines):
        run("ip", "-n", self.netns(place), "-batch", "-", input="\n".join(lines) + "\n")

    def tcp_counters(self, place):
        """TcpExt of a namespace: what its kernel has counted."""
        lines = run("ip", "netns", "exec", self.netns(place), "cat", "/proc/net/netstat").splitlines()
        names, values = [line.split()[1:] for line in lines if line.startswith("TcpExt:")]
        return dict(zip(names, map(int, values)))

    # ---- programs

    def start(self, place, name, *command, env=None):
        return Process(self, self.unique(name),
                       ["ip", "netns", "exec", self.netns(place), *command], env)

    def write_config(self, **changes):
        """
        conf/lab.conf with a place of its own for what the daemon writes; keys changed as asked. Hold time is longer,
        as the processors are shared with whatever else runs here: a frame must not leave early for that.
        """
        with open(os.path.join(ROOT, "conf", "lab.conf"), encoding="utf-8") as file:
            text = file.read()
        folder = self.path(self.unique("daemon"))
        os.mkdir(folder)
        os.chmod(self.tmp, 0o755)
        changes = {"socket": f'"{folder}/control.sock"', "state_dir": f'"{folder}"',
                   "file": f'"{folder}/events.jsonl"', **changes}
        changes.setdefault("ms", str(HOLD_MS))
        for key, value in changes.items():
            text, n = re.subn(rf"(?m)^(\s*{key} = )[^;]*;", lambda m, v=value: f"{m.group(1)}{v};", text)
            check(n == 1, f"conf/lab.conf has {n} times the key {key}")
        path = os.path.join(folder, "smswall.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def eal_arguments(self, *devices, prefix=None):
        """Without huge pages; both lcores float over all CPUs, as the peers need them too."""
        prefix = prefix or self.unique(self.tag)
        self.prefixes.append(prefix)
        cpus = ",".join(str(c) for c in sorted(os.sched_getaffinity(0)))
        return ["--no-huge", "-m", "1024", "--no-pci", "--file-prefix", prefix,
                "--lcores", f"0@({cpus}),1@({cpus})", *(f"--vdev={d}" for d in devices)]

    def daemon_command(self, config, *devices, policy=PATTERNS, prefix=None):
        return ["ip", "netns", "exec", self.netns(FILTER), DAEMON, "--config", config,
                *(("--policy", policy) if policy else ()), "--",
                *self.eal_arguments(*devices, prefix=prefix)]

    def start_daemon(self, config=None, devices=AF_PACKET, wait=True, **more):
        config = config or self.write_config()
        name = self.unique("smswalld")
        daemon = Daemon(self, name, self.daemon_command(config, *devices, **more), config,
                        self.path(f"{name}.notify"))
        if wait:
            daemon.wait_ready()
        return daemon

    def refused_start(self, *devices, config=None, **more):
        """A start that must fail: exit code and what was said."""
        config = config or self.write_config()
        done = subprocess.run(self.daemon_command(config, *devices, **more), capture_output=True,
                              text=True, timeout=START_S, check=False)
        return done.returncode, done.stderr

    # ---- the end

    def stop_all(self):
        for process in self.processes:
            process.kill()
        self.processes.clear()

    def close(self, keep=False):
        self.stop_all()
        for name in self.namespaces:
            run("ip", "netns", "delete", name, check_code=False)
        for prefix in self.prefixes:
            shutil.rmtree(os.path.join("/var/run/dpdk", prefix), ignore_errors=True)
        if not keep:
            shutil.rmtree(self.tmp, ignore_errors=True)
