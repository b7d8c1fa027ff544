# SPDX-License-Identifier: BSD-3-Clause
"""smswallctl as the tests run it: each run once, whoever asks for it, and its outputs read.

A Lab has a folder of its own, the shipped configurations and some policies. Runs may be asked for from
several threads.
"""
import glob
import json
import os
import re
import subprocess
import tempfile
import threading

import capture

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MATERIAL = os.environ.get("SMSWALL_MATERIAL") or os.path.join(os.path.dirname(ROOT), "shared", "material")
OK, FAILED, USAGE, INVALID = 0, 1, 2, 4

POLICIES = {
    "none": "none:/qqzzqqzzqqzz/\n",
    "all": "all:/./s\n",
    # about half of the texts, in whatever language
    "some": "some.the:/the|[0-9]{5}|sch|için|的/i\nsome.you:/\\byou\\b/i\nsome.late:/\\x{ac00}|[àéèç]/i\n",
}

# For the material's captures, hundreds of runs: the shipped tables take twice the time to make.
SMALL = (("mbufs", 4096), ("flows", 2048), ("stream_chunks", 8192), ("pending_answers", 4096),
         ("concat_messages", 2048), ("concat_blocks", 4096), ("event_ring", 4194304))


class Skip(Exception):
    """A test that cannot be run here, and why."""


class Run:
    """What came of one run of smswallctl replay."""

    def __init__(self, code, stdout, stderr, out, events):
        self.code, self.stdout, self.stderr = code, stdout, stderr
        self.out_path, self.events_path = out, events

    @property
    def summary(self):
        return json.loads(self.stdout)

    @property
    def out(self):
        with open(self.out_path, "rb") as f:
            return f.read()

    @property
    def events_octets(self):
        with open(self.events_path, "rb") as f:
            return f.read()

    @property
    def events(self):
        return [json.loads(line) for line in self.events_octets.splitlines()]

    @property
    def messages(self):
        return [e for e in self.events if e["type"] == "message"]

    def diagnostics(self):
        return [d["text"] for d in self.summary["diagnostics"]]

    def must(self, code=OK):
        if self.code != code:
            raise AssertionError(f"exit {self.code}, not {code}: {self.stderr.strip()[-600:] or self.stdout[-600:]}")
        return self


class Lab:
    """The folder, the programs, and all runs so far."""

    def __init__(self, program=None):
        self.program = program or os.path.join(ROOT, "build", "smswallctl")
        self.folder = tempfile.TemporaryDirectory(prefix="smswall-replay-test-")
        self.runs, self.lock, self.n = {}, threading.Lock(), 0

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def file(self, name, content):
        """A file in the folder with this content: its path."""
        path = self.path(name)
        with self.lock:
            if not os.path.exists(path):
                with open(path, "wb") as f:
                    f.write(content if isinstance(content, bytes) else content.encode())
        return path

    def policy(self, name):
        return self.file(name + ".pat", POLICIES[name])

    def config(self, name, *changes):
        """A shipped configuration, or one with changes: (old, new) of its text, or (key, number)."""
        path = name if os.path.isabs(name) else os.path.join(ROOT, "conf", name + ".conf")
        if not changes:
            return path
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for old, new in changes:
            if isinstance(new, int):
                text = re.sub(rf"\b{old} = \d+", f"{old} = {new}", text)
                continue
            if old not in text:
                raise AssertionError(f"conf/{name}.conf has no {old!r}")
            text = text.replace(old, new)
        return self.file(f"{name}-{abs(hash(changes))}.conf", text)

    def replay(self, inputs, config="lab", policy="none", burst=None, turn=0, options=(), changes=()):
        """The run with these arguments; made once for each `turn`."""
        inputs = (inputs,) if isinstance(inputs, str) else tuple(inputs)
        if config in ("lab", "monitor") and all(p.startswith(MATERIAL) for p in inputs):
            changes = SMALL + changes
        key = (inputs, config, policy, burst, turn, options, changes)
        with self.lock:
            if key not in self.runs:
                self.n += 1
                self.runs[key] = (threading.Lock(), self.n, [])
            lock, n, done = self.runs[key]
        with lock:
            if not done:
                done.append(self._replay(n, inputs, self.config(config, *changes),
                                         self.policy(policy) if policy in POLICIES else policy, burst, options))
        return done[0]

    def _replay(self, n, inputs, config, policy, burst, options):
        out, events = self.path(f"{n}.out.pcap"), self.path(f"{n}.events.jsonl")
        command = ["replay", *inputs, "--out", out, "--events", events, "--config", config, "--policy", policy,
                   "--json", "--timeout", "100"]
        if burst is not None:
            command += ["--burst", str(burst)]
        code, stdout, stderr = self.ctl(*command, *options)
        return Run(code, stdout, stderr, out, events)

    def ctl(self, *arguments, timeout=120, environment=None):
        """(exit code, standard output, standard error) of smswallctl."""
        r = subprocess.run([self.program, *arguments], cwd=ROOT, capture_output=True, timeout=timeout, text=True,
                           errors="replace",
                           stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
        return r.returncode, r.stdout, r.stderr

    def close(self):
        self.folder.cleanup()


def short(path):
    """What a test calls a capture."""
    return os.path.basename(path).rsplit(".", 1)[0] if path.startswith(MATERIAL + "/own") else \
        os.path.relpath(path, MATERIAL + "/pcap" if path.startswith(MATERIAL) else ROOT + "/tests/pcap")


SIGTRAN = os.path.join(ROOT, "tests", "pcap", "sigtran.pcap")  # the one of ours without SMPP
POLICIES_PCAP = os.path.join(ROOT, "tests", "pcap", "policies.pcap")  # both, on purpose odd: cases_policies.py


def smpp_captures():
    """Every capture with SMPP in it: the material's and our own."""
    own = [p for p in glob.glob(os.path.join(ROOT, "tests", "pcap", "*.pcap"))
           if p not in (SIGTRAN, POLICIES_PCAP)]
    material = [p for p in glob.glob(MATERIAL + "/own/*.pcap")
                if os.path.basename(p).split("-")[0] in ("node", "kannel", "perl")]
    return sorted(own) + sorted(material) + sorted(glob.glob(MATERIAL + "/pcap/smpp/*cap*"))


def other_captures():
    """Every capture that has no SMPP, as far as is known."""
    material = [p for p in glob.glob(MATERIAL + "/own/*.pcap")
                if os.path.basename(p).split("-")[0] in ("jss7", "sigtran", "usrsctp")]
    return [SIGTRAN] + sorted(material) + sorted(p for p in glob.glob(MATERIAL + "/pcap/*/*cap*")
                                     if not p.startswith(MATERIAL + "/pcap/smpp/"))


@capture.once
def read(path):
    """A capture, read once."""
    return capture.read(path)


MERGED = os.path.join(MATERIAL, "own", "jss7-mh both paths.pcap")  # no file: see sigtran_path()


def sigtran_captures():
    """Every capture of the material with SCTP in it, and the two paths of one association as one."""
    own = [p for p in other_captures() if p.startswith((MATERIAL + "/own", MATERIAL + "/pcap/sigtran",
                                                        MATERIAL + "/pcap/sctp"))]
    return sorted(own) + ([MERGED] if own else [])


@capture.once
def sigtran_path(lab, path):
    """The file of one of sigtran_captures()."""
    if path != MERGED:
        return path
    frames = [f for name in ("jss7-mh", "jss7-mh-path2") for f in read(f"{MATERIAL}/own/{name}.pcap").frames]
    return lab.file("merged.pcap", capture.encode(sorted(frames, key=lambda f: f.ns)))


SHIPPED_PORTS = "ports = [2904, 2905, 3565, 14001];"


def sigtran_replay(lab, path, policy, config="lab", keys="", burst=None):
    """A run that looks into every association, whatever its ports; `keys` are more of the link's sigtran keys."""
    return lab.replay(path, config, policy, burst=burst,
                      changes=SMALL + ((SHIPPED_PORTS, "ports = []; " + keys),)).must()
