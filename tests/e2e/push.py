# SPDX-License-Identifier: BSD-3-Clause
"""
push: policy pushed into a running daemon: live in one step, undone, refused, killed in the middle; what is live is always told.

The policies of the tests are two families, "a" and "b", no rule id of which is in the other one. A message that is
judged by a generation of one family can name rules of that family only: an event that names others was judged by two.
"""
import json
import os
import random
import re
import shutil
import socket
import subprocess
import threading
import time

import live
import traffic
from lab import CTL, AF_PACKET, Failure, check, check_equal, wait_for
from smpp import PHRASE

POLL_HZ = 100
WORDS = ("station", "tonight", "bread", "milk", "tickets", "please", "train", "arrived", "thanks", "evening")
SHARE = 10  # one of so many messages is to be refused
OTP = "is your verification code"
WARM = 15
RING = 4 << 20  # the smallest
RING_MESSAGES = 6000  # a record has 700 octets and more
COMPILE_S = 400  # one pattern may take 30 s of a processor that is shared


class Policy:
    """A folder of patterns of one family; every change of it is written to the file."""

    def __init__(self, lab, family, n_more=40):
        self.folder = lab.path(lab.unique(f"policy-{family}"))
        self.family = family
        self.more = {f"{family}.more.{i}": f"notthere{family}{i}" for i in range(n_more)}
        self.lists = ""
        os.mkdir(self.folder)
        self.write()

    def write(self):
        rules = [f"{self.family}.lottery:/{PHRASE}/i view=folded action=reject"]
        rules += [f"{self.family}.word.{w}:/{w}/ action=report" for w in WORDS]
        rules += [f"{name}:/{text}/ action=report" for name, text in self.more.items()]
        with open(os.path.join(self.folder, "rules.pat"), "w", encoding="ascii") as file:
            file.write("\n".join(rules) + "\n")
        with open(os.path.join(self.folder, "policy.conf"), "w", encoding="ascii") as file:
            file.write(self.lists)
        with open(os.path.join(self.folder, "vip.txt"), "w", encoding="ascii") as file:
            file.write("447700900999\n")

    def change(self, rng):
        """A few rules that are others than before: what a small push is about."""
        for name in rng.sample(sorted(self.more), 3):
            self.more[name] = f"other{rng.randint(0, 10**9)}"
        self.write()


def ctl(daemon, *words, code=0):
    return daemon.ctl(*words, code=code)


def push(daemon, policy, *more, code=0):
    folder = policy.folder if isinstance(policy, Policy) else policy
    return daemon.ctl("policy", "push", folder, *more, code=code)


def live_generation(daemon):
    """What is live, less what is figures."""
    g = daemon.ctl("status")["generation"]
    return {key: g[key] for key in ("number", "hash", "rules", "workers", "empty")}


def memory_kb(daemon):
    """What the daemon holds, by the kernel."""
    with open(f"/proc/{daemon.popen.pid}/status", encoding="ascii") as file:
        found = dict(re.findall(r"(?m)^(RssAnon|RssShmem|HugetlbPages):\s+(\d+) kB", file.read()))
    return sum(map(int, found.values()))


def steady_kb(daemon):
    """The same, once the rounds over the tables (30 s) have touched all of these."""
    kb, before = memory_kb(daemon), 0
    for _ in range(20):
        if abs(kb - before) < 512:
            break
        time.sleep(3)
        kb, before = memory_kb(daemon), kb
    return kb


class Poller(threading.Thread):
    """Asks for the counters 100 times a second, on one connection; no counter ever goes back."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.path = daemon.socket_path
        self.done = threading.Event()
        self.asked = 0
        self.wrong = []

    def run(self):
        last = {}
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.path)
            file = s.makefile("rwb")
            while not self.done.is_set():
                file.write(b'{"v":1,"verb":"counters"}\n')
                file.flush()
                answer = json.loads(file.readline())
                if not answer["ok"]:
                    self.wrong.append(answer["error"])
                    break
                now = answer["result"]["counters"]
                self.wrong += [f"{k}: {v} after {last[k]}" for k, v in now.items() if v < last.get(k, 0)]
                last, self.asked = now, self.asked + 1
                time.sleep(1 / POLL_HZ)

    def stop(self):
        self.done.set()
        self.join(10)
        check_equal(self.wrong[:3], [], "counters while pushing")
        check(self.asked > 0, "the counters were never read")


class Pushes:
    """Pushes of all kinds, by turns: small ones, whole ones, lists; remembers which family each generation is."""

    def __init__(self, lab, daemon, first):
        self.lab, self.daemon = lab, daemon
        self.policies = {f: Policy(lab, f) for f in "ab"}
        self.family = {live_generation(daemon)["number"]: first}
        self.now = first
        self.rng = random.Random(11)
        self.took_us = []
        self.listed = []  # added by `list add` since the last policy
        self.counts = {"small": 0, "whole": 0, "list": 0}

    def one(self, kind):
        policy = self.policies[self.now]
        if kind == "whole":
            self.now = "b" if self.now == "a" else "a"
            policy = self.policies[self.now]
            told = push(self.daemon, policy, "--no-merge")
            self.listed.clear()  # a policy comes with its own list
        elif kind == "small":
            policy.change(self.rng)
            told = push(self.daemon, policy, "--no-merge")
            self.listed.clear()
        else:
            entry = f"4479{self.rng.randint(0, 10**8 - 1):08d}"
            word = "del" if self.listed else "add"
            self.listed.append(entry) if word == "add" else None
            told = self.daemon.ctl("list", word, "vip", entry if word == "add" else self.listed.pop())
        number = told["generation"]
        check_equal(self.family.setdefault(number, self.now), self.now, f"family of generation {number}")
        check(all(w["generation"] == number for w in told["workers"]), f"not every worker runs {number}: {told['workers']}")
        self.counts[kind] += 1
        self.took_us.append(sum(told["took_us"][k] for k in ("publish", "seen")))

    def check_events(self, events):
        """Every event's rules are of its own generation's family."""
        n = 0
        for e in events:
            for rule in e.get("rules", []):
                name = rule["id"] if isinstance(rule, dict) else rule
                n += 1
                check(name.split(".")[0] == self.family.get(e["generation"]),
                      f"rule {name} in an event of generation {e['generation']}, which is {self.family.get(e['generation'])}")
        check(n > 0, "no event named a rule")
        seen = {e["generation"] for e in events if e.get("rules")}
        check(len(seen) > 1, f"messages of one generation only: {seen}")


LISTS = 'lists = ( { name = "vip"; kind = "number"; match = "destination"; effect = "pass"; } );\n'


def start(lab, **changes):
    """A daemon that has begun with a policy of family a."""
    first = Policy(lab, "a")
    first.lists = LISTS
    first.write()
    return lab.start_daemon(lab.write_config(**changes), policy=first.folder), first


def unbalanced(daemon):
    """
    Directions in whose ledger octets are missing; what is known of frames and of connections that are still open.
    Sockets of cases before this one may still repeat what their vanished peers never took: that is balanced, and waits.
    """
    status = daemon.ctl("status")
    missing = [d for d in status["ledger"] if not d["balanced"]]
    return missing and (missing, status["links"][0]["ports"], daemon.ctl("session", "list"))


def run_pushes(lab, count, say=lambda line: None):
    """`count` pushes during live traffic: half small, a twentieth whole, the rest lists."""
    live.need_node()
    daemon, first = start(lab, event_ring=str(RING))
    pushes = Pushes(lab, daemon, "a")
    for policy in pushes.policies.values():
        policy.lists = LISTS
        policy.write()
    for kind in ("whole", "small", "list", "whole", "small", "list"):
        pushes.one(kind)
    until = lab.path(lab.unique("until"))
    messages = traffic.make_messages(2 * RING_MESSAGES + 20000 + 400 * count, lab.next_seed(), SHARE)
    processes, read = traffic.start_smsc(lab, "node-strict")
    poller = Poller(daemon)
    try:
        process, finish = traffic.start_esme(lab, "node", messages, window=20, nodelay=True, per_s=400, until=until)
        wait_for("traffic", 20, lambda: daemon.counter("messages") > 20 or not process.running())
        poller.start()
        kinds = ["small"] * (count // 2) + ["whole"] * max(2, count // 20)
        kinds += ["list"] * (count - len(kinds))
        pushes.rng.shuffle(kinds)
        for i, kind in enumerate(kinds):
            if i == WARM:  # what the traffic touches for the first time is touched by then, the ring of events too
                wait_for("messages", 60, lambda: daemon.counter("messages") > RING_MESSAGES)
                base_kb = steady_kb(daemon)
            pushes.one(kind)
        with open(until, "w", encoding="ascii"):
            pass
        sent = finish()
        wait_for("the SMSC to see the end", 5, lambda: read().unbinds, quiet=True)
    finally:
        for one in processes:
            one.stop()
    poller.stop()
    messages = [m for m in messages if sent.answers.get(m["dst"])]
    traffic.check_session(messages, sent, read(), "node")
    events = wait_for("all events", 10, lambda: (lambda e: e if len(e) >= len(messages) else None)(
        daemon.events(type="message")))
    check_equal(len(events), len(messages), "message events")
    pushes.check_events(events)
    report = daemon.ctl("status")
    check_equal((report["counters"]["tx_full"], report["counters"]["events_lost"]), (0, 0), "losses")
    check_equal(sum(p["missed"] for p in report["links"][0]["ports"]), 0, "frames missed by the ports")
    wait_for("the ledger to add up", 15, lambda: not unbalanced(daemon), quiet=True)  # a frame behind a gap waits 10 s
    check_equal(unbalanced(daemon), [], "directions whose octets do not add up")
    hits = {r["id"]: r["hits"] for r in daemon.ctl("rule", "list")["rules"]}
    wanted = {}
    for e in events:
        for rule in e["rules"]:
            name = rule["id"] if isinstance(rule, dict) else rule
            wanted[name] = wanted.get(name, 0) + 1
    for name, n in wanted.items():
        if name in hits:
            check_equal(hits[name], n, f"hits of {name}, over all generations")
    end_kb = memory_kb(daemon)
    check(end_kb <= base_kb + max(base_kb // 50, 2048), f"{base_kb} KiB before {count} pushes, {end_kb} after")
    took = sorted(pushes.took_us)
    say(f"  {count} pushes ({pushes.counts['small']} small, {pushes.counts['whole']} whole, {pushes.counts['list']} of lists): "
        f"{len(messages)} messages, each judged once, by one generation; publish to the last worker: median "
        f"{took[len(took) // 2]} us, longest {took[-1]} us; memory {base_kb} KiB before, {end_kb} KiB after; "
        f"counters read {poller.asked} times")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")


def case_live(lab):
    run_pushes(lab, 40)


# ---- at full speed

def ask(daemon, file, verb, **args):
    """A verb, on a connection that is open: no program is started for it."""
    file.write(json.dumps({"v": 1, "verb": verb, "args": args}).encode() + b"\n")
    file.flush()
    answer = json.loads(file.readline())
    check(answer["ok"], f"{verb} {args}: {answer.get('error')}")
    return answer["result"]


def run_round(lab, capture, count, say):
    """As many of `count` pushes as come while the capture is read as fast as it can be. How many."""
    first = Policy(lab, "a")
    first.lists = LISTS
    first.write()
    daemon = lab.start_daemon(lab.write_config(select='"non-pass"'), policy=first.folder,
                              devices=(f"net_pcap0,rx_pcap={capture}", "net_ring0"))
    pushes = Pushes(lab, daemon, "a")
    for policy in pushes.policies.values():
        policy.lists = LISTS
        policy.write()
    poller = Poller(daemon)
    poller.start()
    done = 0
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(daemon.socket_path)
        file = s.makefile("rwb")
        before, still = -1, 0
        while done < count and still < 3:
            now = ask(daemon, file, "counters")["counters"]["frames_in"]
            still = still + 1 if now == before else 0
            before = now
            if done % 20 == 10:
                pushes.one("whole")
            elif done % 2 == 0:
                rule = f"{pushes.now}.more.{done % 40}"
                state = ("on", "shadow", "sample=50%")[done // 2 % 3]
                told = ask(daemon, file, "rule.state", id=rule, state=state)
                check_equal(pushes.family.setdefault(told["generation"], pushes.now), pushes.now, "family")
            else:
                told = ask(daemon, file, "list.add", name="vip", entries=[f"4478{done:08d}"])
                check_equal(pushes.family.setdefault(told["generation"], pushes.now), pushes.now, "family")
            done += 1
        # the last of it, so that every message is counted
        wait_for("the capture's end", 120, lambda: (lambda a: time.sleep(0.3) or a == ask(daemon, file, "counters")[
            "counters"]["frames_in"])(ask(daemon, file, "counters")["counters"]["frames_in"]))
    poller.stop()
    report = daemon.ctl("status")
    counters = report["counters"]
    wait_for("the events", 10, lambda: daemon.ctl("status")["events"]["written"] >= counters["events"])
    check_equal((counters["events_lost"], report["links"][0]["ports"][0]["missed"]), (0, 0), "losses")
    check_equal([d["balanced"] for d in report["ledger"]], [True, True], "ledger")
    pushes.check_events(daemon.events(type="message"))
    say(f"  {done} pushes while {counters['frames_in']} frames with {counters['messages']} messages were read as fast as it "
        f"goes; counters read {poller.asked} times")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    return done, counters["messages"]


def run_full_speed(lab, count, messages=1500000, say=lambda line: None):
    """Pushes while a capture is read at full speed, in as many rounds as it takes; each judges every message."""
    capture = lab.path(lab.unique("capture"))
    made = subprocess.run([CTL, "traffic", "make", "--output", capture, "--messages", str(messages), "--seed", "8",
                           "--set", "carrier.map=0"], capture_output=True, text=True, timeout=300, check=False)
    check_equal(made.returncode, 0, f"traffic make: {made.stderr}")
    total, judged = 0, set()
    try:
        while total < count:
            done, n = run_round(lab, capture, count - total, say)
            check(done > 0, "the capture was read before anything was pushed")
            total += done
            judged.add(n)
        check_equal(len(judged), 1, f"messages judged in each round: {judged}")
    finally:
        os.unlink(capture)


def case_full_speed(lab):
    run_full_speed(lab, 20, 150000)


# ---- large

def run_large(lab, rules=10000, say=lambda line: None):
    """A policy of many rules, pushed whole and changed a little, under traffic: what it takes, in figures."""
    live.need_node()
    daemon, first = start(lab)
    base_kb = memory_kb(daemon)
    policy = Policy(lab, "b", n_more=rules)
    until = lab.path(lab.unique("until"))
    messages = traffic.make_messages(200000, lab.next_seed(), SHARE)
    processes, read = traffic.start_smsc(lab, "node-strict")
    try:
        process, finish = traffic.start_esme(lab, "node", messages, window=20, nodelay=True, per_s=300, until=until)
        wait_for("traffic", 20, lambda: daemon.counter("messages") > 500 or not process.running())

        def longest(seconds):
            end, turns = time.monotonic() + seconds, []
            while time.monotonic() < end:
                turns.append(daemon.ctl("status")["workers"][0]["turn_max_cycles"])
                time.sleep(0.1)
            return max(turns)
        longest(0.5)
        quiet = longest(3)
        for what in ("whole", "5 changed"):
            begin = time.monotonic()
            told = push(daemon, policy, "--no-merge")
            took = time.monotonic() - begin
            turn = longest(0.3)
            say(f"  {what} of {rules} rules: command {took:.2f} s, of which in the daemon {sum(told['took_us'].values()) / 1e3:.0f} ms "
                f"(load {told['took_us']['load'] / 1e3:.0f}, store {told['took_us']['store'] / 1e3:.0f}, publish to the last worker "
                f"{(told['took_us']['publish'] + told['took_us']['seen']) / 1e3:.1f}); longest turn {turn} cycles, "
                f"{quiet} in 3 s without a push; resident {memory_kb(daemon)} KiB, {base_kb} before")
            policy.change(random.Random(3))
        check(took < COMPILE_S, "a small push took as long as a whole one")
        with open(until, "w", encoding="ascii"):
            pass
        sent = finish()
    finally:
        for one in processes:
            one.stop()
    with open(f"/proc/{daemon.popen.pid}/status", encoding="ascii") as file:
        peak = re.search(r"VmHWM:\s+(\d+) kB", file.read())[1]
    say(f"  resident peak {peak} KiB; arena {daemon.ctl('status')['generation'].get('memory')}")
    messages = [m for m in messages if sent.answers.get(m["dst"])]
    check(len(messages) > 500, "no traffic")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    del first


# ---- refused

def write(path, octets):
    with open(path, "wb") as file:
        file.write(octets)
    return path


def compiled(lab, policy, *more):
    """A pack as `policy compile` writes it."""
    path = lab.path(lab.unique("pack"))
    done = subprocess.run([CTL, "policy", "compile", policy.folder, "--out", path, *more],
                          capture_output=True, text=True, timeout=60, check=False)
    check_equal(done.returncode, 0, f"policy compile: {done.stderr}")
    return path


def case_refused(lab):
    """What must not become live does not, is refused by name, and changes nothing."""
    daemon, first = start(lab)
    before = live_generation(daemon)
    policy = Policy(lab, "b")

    def refused(path, code, *sentences, more=()):
        done = subprocess.run([CTL, "policy", "push", path, *more, "--socket", daemon.socket_path],
                              capture_output=True, text=True, timeout=COMPILE_S, check=False)
        check_equal(done.returncode, code, f"exit code of a push of {os.path.basename(path)} ({done.stderr.strip()})")
        for sentence in sentences:
            check(re.search(sentence, done.stderr), f"{sentence!r} was not said: {done.stderr.strip()}")
        check_equal(live_generation(daemon), before, "what is live after a refused push")

    with open(os.path.join(policy.folder, "rules.pat"), "a", encoding="ascii") as file:
        file.write("b.broken:/(two/\n")
    refused(policy.folder, 4, r"rules\.pat:\d+:\d+")
    policy.write()
    with open(os.path.join(policy.folder, "rules.pat"), "a", encoding="ascii") as file:
        file.write('b.example:/prize/\n+ "You won a price"\n')
    refused(policy.folder, 4, r"rules\.pat:\d+.*b\.example")
    policy.write()
    with open(os.path.join(policy.folder, "rules.pat"), "a", encoding="ascii") as file:
        file.write("b.costly:/\\b.{100,10000}\\b/\n")
    refused(policy.folder, 4, r"b\.costly")
    policy.write()
    pack = compiled(lab, policy)
    with open(pack, "rb") as file:
        octets = file.read()
    check(len(octets) > 1000, "a pack without content")
    for at in (4, 9, 20, 60, len(octets) // 2, len(octets) - 1):
        damaged = bytearray(octets)
        damaged[at] ^= 0x40
        refused(write(lab.path(lab.unique("damaged")), bytes(damaged)), 4)
    refused(write(lab.path(lab.unique("short")), octets[:len(octets) - 7]), 4)
    with socket.socket(socket.AF_UNIX) as s:  # smswallctl would sign it
        s.connect(daemon.socket_path)
        file = s.makefile("rwb")
        file.write(json.dumps({"v": 1, "verb": "policy.push", "args": {"pack": pack}}).encode() + b"\n")
        file.flush()
        answer = json.loads(file.readline())
    check_equal((answer["ok"], answer.get("code")), (False, 4), f"a pack without a signature: {answer}")
    check("not signed" in answer["error"] or "unsigned" in answer["error"], f"not said: {answer['error']}")
    key = lab.path(lab.unique("key"))
    subprocess.run([CTL, "key", "make", key], check=True, stdout=subprocess.DEVNULL)
    refused(policy.folder, 4, "trusted|signer", more=("--key", key))
    events = [e for e in daemon.events() if e.get("generation") not in (None, before["number"])]
    check_equal(events, [], "events of another generation")
    time.sleep(0.01)
    told = push(daemon, first.folder)
    before = live_generation(daemon)
    check_equal(before["number"], told["generation"], "what is live after a good push")
    refused(pack, 6, "made before")
    push(daemon, pack, "--allow-older")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")


def case_too_large(lab):
    """A policy for which there is no room beside the live one is refused, with the figures."""
    daemon, _ = start(lab, lock="false;\n\tgenerations = 8")
    before = live_generation(daemon)
    policy = Policy(lab, "b", n_more=0)
    policy.more = {f"b.large.{i}": f"x{i}[0-9]{{2,10}}y" for i in range(12000)}
    policy.write()
    done = subprocess.run([CTL, "policy", "push", policy.folder, "--socket", daemon.socket_path],
                          capture_output=True, text=True, timeout=COMPILE_S, check=False)
    check_equal(done.returncode, 4, f"exit code ({done.stderr.strip()})")
    check(re.search(r"memory\.generations", done.stderr) and re.search(r"\d+ (?:octets|[KM]iB)", done.stderr),
          f"without figures: {done.stderr.strip()}")
    check_equal(live_generation(daemon), before, "what is live after a refused push")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")


# ---- undone

def case_confirm(lab):
    """A push that nobody confirms is undone; one that is stays; rollback, history, tag and show tell the same story."""
    daemon, first = start(lab)
    one = live_generation(daemon)
    policy = Policy(lab, "b")
    told = push(daemon, policy, "--confirm", "1")
    check(told["generation"] != one["number"], "not a new generation")
    wait_for("the push to be undone", 6, lambda: live_generation(daemon)["hash"] == one["hash"])
    told = push(daemon, policy, "--confirm", "60", "--note", "of the test")
    daemon.ctl("policy", "confirm")
    daemon.ctl("policy", "tag", str(told["generation"]), "good")
    history = {g["generation"]: g for g in daemon.ctl("policy", "history")["generations"]}
    check_equal(history[told["generation"]]["note"], "of the test", "note in the history")
    daemon.ctl("policy", "rollback")
    check_equal(live_generation(daemon)["hash"], one["hash"], "what is live after a rollback")
    check_equal(daemon.ctl("policy", "confirm", code=1)["code"], 1, "a confirm that nothing waits for")
    daemon.ctl("policy", "rollback", "100", code=4)
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    again = lab.start_daemon(daemon.config, policy=None)
    check_equal(live_generation(again)["hash"], one["hash"], "what is live after a restart")
    check_equal(again.stop(), 0, "exit code after SIGTERM")
    del first


# ---- explained

def case_why(lab):
    """An event of a generation that is not live any more: why names its rule, and judges the text again as it did."""
    daemon, first = start(lab)
    live.node_session(lab, 40, window=10)
    told = wait_for("a refused message", 5, lambda: daemon.events(type="message", verdict="reject"))[-1]
    old = live_generation(daemon)
    push(daemon, Policy(lab, "b"), "--no-merge")
    why = daemon.ctl("why", str(told["id"]))
    check("a.lottery" in json.dumps(why) and "rules.pat" in json.dumps(why), f"why: {why}")
    text = f"the {PHRASE} is yours"
    for words, rule in ((("--at", f"@{old['number']}"), "a.lottery"), (("--live",), "b.lottery")):
        said = json.dumps(daemon.ctl("explain", "--text", text, *words))
        check(rule in said and ("b." if rule[0] == "a" else "a.") + "lottery" not in said, f"explain {words}: {said}")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    del first


# ---- the drill

def otp_messages(count, seed):
    rng = random.Random(seed)
    messages = traffic.make_messages(count, seed, SHARE)
    for i, m in enumerate(messages):
        if i % 2 == 0 and not m["refused"]:
            text = f"{rng.randint(0, 999999):06d} {OTP}"
            m.update(text=text, dc=0, hex=text.encode("ascii").hex(), payload=False)
    return messages


def case_drill(lab):
    """A rule that refuses every one-time password, pushed under load: undone within 2 s; the report says what, when, how many."""
    live.need_node()
    daemon, first = start(lab, enabled="true")
    before = live_generation(daemon)
    until = lab.path(lab.unique("until"))
    messages = otp_messages(20000, lab.next_seed())
    processes, read = traffic.start_smsc(lab, "node-strict")
    try:
        process, finish = traffic.start_esme(lab, "node", messages, window=20, nodelay=True, per_s=400, until=until)
        wait_for("traffic", 20, lambda: daemon.counter("messages") > 1000 or not process.running())
        with open(os.path.join(first.folder, "rules.pat"), "a", encoding="ascii") as file:
            file.write(f"a.drill:/{OTP}/ action=reject\n")
        told = push(daemon, first.folder)
        begin = time.monotonic()
        wait_for("the push to be undone", 10, lambda: live_generation(daemon)["hash"] == before["hash"], every=0.01)
        took = time.monotonic() - begin
        with open(until, "w", encoding="ascii"):
            pass
        sent = finish()
    finally:
        for one in processes:
            one.stop()
    check(took < 2, f"undone after {took:.1f} s")
    refused = [m for m in messages if not m["refused"] and OTP in m["text"] and set(sent.answers.get(m["dst"], [0])) != {0}]
    wait_for("the history to tell", 5, lambda: {g["generation"]: g["state"] for g in daemon.ctl(
        "policy", "history")["generations"]}[told["generation"]] == "undone")
    alarms = [e for e in daemon.events() if e["type"] == "policy" and e.get("change") == "undone"]
    check_equal([e["generation"] for e in alarms], [told["generation"]], "alarms")
    folder = os.path.join(os.path.dirname(daemon.config), "reports")
    reports = wait_for("the report", 5, lambda: os.path.isdir(folder) and os.listdir(folder))
    check_equal(len(reports), 1, "reports")
    with open(os.path.join(folder, reports[0]), encoding="utf-8") as file:
        report = json.load(file)
    check_equal(report["generation"], told["generation"], "generation of the report")
    check(report["refused"] > 0 and len(refused) > 0, f"report: {report}, {len(refused)} one-time passwords refused")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    del read


# ---- killed

def answers(daemon):
    """The socket is a while what the one before left behind."""
    try:
        return live_generation(daemon)
    except Failure:
        check(daemon.running(), f"smswalld has ended: {daemon.tail()}")
        return None


def run_kills(lab, count, say=lambda line: None):
    """kill -9 at random moments of push, rollback and rotation: it always starts with a generation that verifies."""
    rng = random.Random(5)
    daemon, first = start(lab)
    pushes = [Policy(lab, f, n_more=5) for f in "ab"]
    hashes = {live_generation(daemon)["hash"]}
    devices = ("net_ring0", "net_ring1")
    daemon.stop()
    daemon = lab.start_daemon(daemon.config, devices, policy=None)
    begin = time.monotonic()
    push(daemon, pushes[0], "--no-merge")
    push_s = time.monotonic() - begin
    for i in range(count):
        words = (("policy", "push", pushes[i % 2].folder, "--no-merge"), ("policy", "rollback"), ("key", "rotate"))[i % 3]
        if words[1] == "push":
            pushes[i % 2].change(rng)
        client = subprocess.Popen([CTL, *words, "--socket", daemon.socket_path],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0, 1.2 * push_s if i % 3 == 0 else 0.1))
        daemon.kill()
        client.wait(30)
        daemon = lab.start_daemon(daemon.config, devices, policy=None)
        wait_for("an answer", 10, lambda d=daemon: answers(d))
        generation = live_generation(daemon)
        check(generation["rules"] > 0 and generation["number"] > 0, f"after kill {i} an empty generation: {generation}")
        check("nothing verifies" not in daemon.err(), daemon.tail())
        hashes.add(generation["hash"])
        verified = daemon.ctl("audit", "verify")
        check(verified["ok"], f"the audit log does not verify after kill {i}: {verified}")
    check(len(hashes) > 1, "no push ever came to be live")
    say(f"  {count} kills: always a generation that verifies, the audit chain whole; {len(hashes)} different policies were live")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    del first


def case_killed(lab):
    run_kills(lab, 9)


PUSH = [
    ("push-live", case_live),
    ("push-full-speed", case_full_speed),
    ("push-refused", case_refused),
    ("push-too-large", case_too_large),
    ("push-confirm-rollback", case_confirm),
    ("push-why-explain", case_why),
    ("push-drill", case_drill),
    ("push-killed", case_killed),
]
