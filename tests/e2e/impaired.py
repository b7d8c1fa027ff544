# SPDX-License-Identifier: BSD-3-Clause
"""
impaired: how long traffic takes over bad lines, through the filter and past it.

    esme -- e0 = we0 [ line ] we1 = a -- [ filter ] -- b = ws1 [ line ] ws0 = s0 -- smsc

A line is tests/impair (loss, reordering, an outage) or a kernel bridge. Each case is run by turns with a kernel bridge in
the filter's place, with the daemon in mode monitor, and in mode enforce; medians of several runs are compared:

    enforce <= 2 x pass-through + releases x hold time     (issue: no absolute time is asserted)

Pass-through is the slower of bridge and monitor: the daemon's worker takes a processor of a test machine for itself, which
is no property of the filter. On the ESME's side everything is recorded for the lossy cases: the acknowledgements that
the filter sends on its own must be well-formed for tshark, and the sender's kernel must find nothing wrong with them.
"""
import json
import os
import random
import shutil
import signal
import statistics
import subprocess

import live
import matrix
import ports
import traffic
from lab import BUILD, ESME, SMSC, WIRE, Failure, Lab, Skip, check, check_equal, wait_for

IMPAIR = os.path.join(BUILD, "tests", "impair")
HOLD_MS = 20  # the default
RATIO = 2
FLOOR_MS = 40  # below that two medians differ by the machine's mood alone: twice the default hold time
WAYS = ("bridge", "monitor", "enforce")
# What a kernel counts when a segment makes no sense to it (TcpExt).
COMPLAINTS = ("PAWSEstab", "PAWSActive", "PAWSOldAck", "TCPChallengeACK", "TCPSYNChallenge", "TCPSACKReneging",
              "TCPACKSkippedPAWS", "TCPACKSkippedChallenge", "TSEcrRejected", "BeyondWindow")


class Bulk:
    """Messages of 100 to 400 octets, as fast as the window allows."""

    def __init__(self, count, window=50, **job):
        self.count = count
        self.job = {"window": window, "nodelay": True, **job}

    def messages(self, seed):
        rng = random.Random(seed)
        return [self.message(rng, n, seed) for n in range(self.count)]

    def message(self, rng, n, seed):
        text = " ".join(rng.choice(("station", "tonight", "bread", "tickets", "evening", "train")) for _ in range(60))
        text = text[:rng.randint(60, 350)]
        return {"dst": f"44{seed % 10000:04d}{n:06d}", "dc": 0, "esm": 0, "text": text, "refused": False,
                "hex": text.encode("ascii").hex(), "payload": len(text) > 254}


class Large(Bulk):
    """message_payload of 40 KB, each sent when the last one was answered: more than the first window of a connection."""

    def message(self, rng, n, seed):
        message = super().message(rng, n, seed)
        text = (message["text"] + " ") * (40000 // len(message["text"]))
        return {**message, "text": text, "hex": text.encode("ascii").hex(), "payload": True}


# name: traffic (short, long), line on the ESME's side, line on the SMSC's side
CASES = {
    "clean line": (Bulk(1000), Bulk(2000), (), ()),
    "1.5 s outage": (Bulk(1500), Bulk(3000), ("--outage", "400:1500"), ()),
    "2 % loss, ESME's side": (Bulk(1000), Bulk(2000), ("--loss", "20"), ()),
    "2 % loss, SMSC's side": (Bulk(1000), Bulk(2000), (), ("--loss", "20")),
    "1 % reordering": (Bulk(1000), Bulk(2000), ("--reorder", "10"), ()),
    "40 KB PDU from idle": (Large(6, window=1), Large(12, window=1), (), ()),
    "dribbled, 7 octets a segment": (Bulk(20, window=1, odd=7), Bulk(40, window=1, odd=7), (), ()),
    "dribbled, window 20": (Bulk(20, window=20, odd=7), Bulk(40, window=20, odd=7), (), ()),
}


class Line:
    """One side's line: a process of tests/impair, or a kernel bridge."""

    def __init__(self, lab, side, options):
        self.lab, self.side, self.options = lab, side, options
        self.process = None

    def start(self, seed):
        one, other = f"w{self.side}0", f"w{self.side}1"
        if not self.options:
            self.lab.ip_batch(WIRE, f"link add name br{self.side} type bridge stp_state 0 mcast_snooping 0",
                              f"link set dev {one} master br{self.side}", f"link set dev {other} master br{self.side}",
                              f"link set dev br{self.side} up")
            return
        if not os.access(IMPAIR, os.X_OK):
            raise Skip("tests/impair is not built")
        self.process = self.lab.start(WIRE, "impair", IMPAIR, one, other, "--seed", str(seed), *self.options)
        wait_for("the bad line", 5, lambda: "ready" in self.process.out())

    def stop(self):
        """What it did: counts of both directions."""
        if self.process is None:
            self.lab.ip_batch(WIRE, f"link delete dev br{self.side}")
            return {}
        check_equal(self.process.stop(), 0, f"exit code of impair ({self.process.tail()})")
        return json.loads(self.process.out().splitlines()[-1])


class Result:
    def __init__(self):
        self.ms, self.releases, self.sacks, self.impaired = [], [], [], []

    def add(self, ms, releases, sacks, impaired):
        self.ms.append(ms)
        self.releases.append(releases)
        self.sacks.append(sacks)
        self.impaired.append(impaired)


class Impaired:
    def __init__(self, lab, say=print):
        self.lab = lab
        self.say = say
        self.daemon = None

    # ---- the filter's place

    def enter(self, way):
        if way == "bridge":
            self.lab.bridge()
        else:
            # dribbling is what some cases are about: nobody here sends again what would be refused for it
            config = self.lab.write_config(ms=f"{HOLD_MS}; dribble_limit = 0", mode=f'"{way}"')
            self.daemon = self.lab.start_daemon(config)

    def leave(self, way):
        if way == "bridge":
            self.lab.unbridge()
            return
        matrix.check_pools(self.daemon)
        check_equal(self.daemon.stop(), 0, "exit code after SIGTERM")
        self.daemon = None

    def counts(self):
        """Releases, and acknowledgements sent on the receiver's behalf."""
        if self.daemon is None:
            return 0, 0
        status = self.daemon.ctl("status")
        return status["counters"]["releases"], status["links"][0].get("counters", {}).get("sacks", 0)

    # ---- one run

    def run_once(self, load, lines, seed):
        """Milliseconds from the first message to the last answer; releases, SACKs; frames that the lines touched."""
        messages = load.messages(seed)
        lines = [Line(self.lab, side, options) for side, options in zip("es", lines)]
        for line in lines:
            line.start(seed)
        before = self.counts()
        try:
            processes, read = traffic.start_smsc(self.lab, "node-strict")
            try:
                process, finish = traffic.start_esme(self.lab, "node", messages, **load.job)
                sent = finish()
                wait_for("the SMSC to see the end", 5, lambda: read().unbinds, quiet=True)
            finally:
                for one in processes:
                    one.stop()
        finally:
            done = [line.stop() for line in lines]
        after = self.counts()
        traffic.check_session(messages, sent, read(), "node")
        touched = sum(way[what] for one in done for way in one.values()
                      for what in ("lost", "reordered", "duplicated", "in_outage"))
        return (json.loads(process.out().splitlines()[-1])["ms"], after[0] - before[0], after[1] - before[1], touched)

    def measure(self, names, loads, runs, ways):
        """Per case and way a Result: ways by turns, so that a machine's slow minute meets all of them."""
        results = {name: {way: Result() for way in ways} for name in names}
        for turn in range(runs):
            for way in ways:
                self.enter(way)
                try:
                    for name in names:
                        _, _, *lines = CASES[name]
                        try:
                            results[name][way].add(*self.run_once(loads[name], lines, 100 * turn + 1))
                        except Failure as why:
                            raise Failure(f"{name}, {way}: {why}") from None
                finally:
                    self.leave(way)
        return results


def judge(result):
    """(pass-through, enforce, allowed, holds): medians in ms."""
    through = max(statistics.median(result[way].ms) for way in result if way != "enforce")
    enforce = statistics.median(result["enforce"].ms)
    allowed = RATIO * max(through, FLOOR_MS) + statistics.median(result["enforce"].releases) * HOLD_MS
    return through, enforce, allowed, enforce <= allowed


def row_of(name, result):
    through, enforce, allowed, holds = judge(result)
    median = {way: f"{statistics.median(result[way].ms):.0f}" if way in result else "-" for way in WAYS}
    enforced = result["enforce"]
    return (f"| {name} | {median['bridge']} | {median['monitor']} | {median['enforce']} | "
            f"{statistics.median(enforced.releases):.0f} | {statistics.median(enforced.sacks):.0f} | "
            f"{statistics.median(enforced.impaired):.0f} | {enforce / through:.2f} | {allowed:.0f} | "
            f"{'yes' if holds else 'NO'} |")


HEAD = ("| case | bridge ms | monitor ms | enforce ms | releases | SACKs sent | frames hit | enforce / pass-through | "
        "allowed ms | holds |\n|---|---|---|---|---|---|---|---|---|---|")


def run_impaired(names=tuple(CASES), say=print, short=False, runs=5, again=2, ways=WAYS, write=None):
    """Those that miss the ratio are measured again with twice as many runs, at most `again` times."""
    live.need_node()
    lab = Lab("i")
    try:
        lab.make_network(wires=True)
        impaired = Impaired(lab, say)
        loads = {name: CASES[name][0 if short else 1] for name in names}
        results = impaired.measure(names, loads, runs, ways)
        for attempt in range(again):
            missed = [name for name in names if not judge(results[name])[3]]
            if not missed:
                break
            say(f"  measured again ({attempt + 1}): {', '.join(missed)}")
            results.update(impaired.measure(missed, loads, 2 * runs, ways))
        lines = [HEAD] + [row_of(name, results[name]) for name in names]
        for line in lines:
            say("  " + line)
        if write is not None:
            load = os.getloadavg()[1]
            write([f"Runs of each: {runs}; load average {load:.1f} on {os.cpu_count()} processors.", ""] + lines)
        missed = [name for name in names if not judge(results[name])[3]]
        check(not missed, f"takes too long: {'; '.join(row_of(name, results[name]) for name in missed)}")
    finally:
        lab.close()


def case_short(_):
    """The kinds of trouble that a naive hold does not survive: an outage, losses, a first window too small, dribbling."""
    run_impaired(("1.5 s outage", "2 % loss, ESME's side", "40 KB PDU from idle", "dribbled, 7 octets a segment"),
                 short=True, runs=1, ways=("monitor", "enforce"))


# ---- what the filter says in a receiver's place

def check_frames(capture, sacks):
    """tshark finds nothing wrong with the frames that the ESME got, and not one SACK block that means nothing."""
    done = subprocess.run(["tshark", "-r", capture, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
                           "-o", "tcp.relative_sequence_numbers:FALSE", "-Y",
                           "ip.src==10.99.0.2 && tcp.flags.reset==0", "-T", "fields", "-e", "ip.checksum.status", "-e",
                           "tcp.checksum.status", "-e", "_ws.malformed", "-e", "tcp.options.sack.count", "-e", "tcp.ack",
                           "-e", "tcp.options.sack_le", "-e", "tcp.options.sack_re", "-e", "tcp.len",
                           "-e", "tcp.options.timestamp.tsval"],
                          capture_output=True, text=True, timeout=120, check=False)
    check_equal(done.returncode, 0, f"exit code of tshark ({done.stderr.strip()[-200:]})")
    n_sack, lines = 0, done.stdout.splitlines()
    check(len(lines) > 100, f"tshark has seen {len(lines)} segments")
    for line in lines:
        ip_sum, tcp_sum, malformed, count, ack, left, right, _, stamp = line.split("\t")
        check(ip_sum == "1" and tcp_sum == "1" and not malformed, f"a frame with a wrong sum or form: {line}")
        check(stamp, f"a segment without the timestamp that was agreed on: {line}")
        if count:
            n_sack += 1
            check_blocks(int(ack), [int(v) for v in left.split(",")], [int(v) for v in right.split(",")])
    check(n_sack >= sacks, f"{n_sack} segments with SACK, and the daemon tells of {sacks} of its own")
    return n_sack


def check_blocks(ack, left, right):
    """At most three beside timestamps (RFC 2018 3); none begins at or below the cumulative ACK, but for a D-SACK (RFC 2883 4)."""
    check(1 <= len(left) <= 3 and len(left) == len(right), f"SACK blocks: {left} {right}")
    for i, (one, other) in enumerate(zip(left, right)):
        check(0 < (other - one) % 2**32 < 2**30, f"an empty SACK block {one} {other}")
        above = 0 < (one - ack) % 2**32 < 2**30
        check(above or (i == 0 and (other - ack) % 2**32 >= 2**31 or other == ack), f"a SACK block at the ACK {ack}: {one}")


def case_acknowledgements(_):
    """
    Losses of what the ESME sends: what the filter acknowledges for the SMSC is good, and the sender's kernel agrees. The
    way back is a good line, so that whatever a kernel finds strange there comes from the filter.
    """
    live.need_node()
    if not shutil.which("tshark"):
        raise Skip("tshark is not installed")
    lab = Lab("i")
    try:
        lab.make_network(wires=True)
        impaired = Impaired(lab)
        impaired.enter("enforce")
        before = lab.tcp_counters(ESME)
        tcpdump, capture = ports.record(lab, ESME, "e0")
        sacks = 0
        for seed in (1, 2):
            _, _, n, touched = impaired.run_once(Bulk(1500), (("--loss", "20", "--reorder", "10", "--a-to-b"), ()), seed)
            check(touched > 0, "the line has spoilt nothing")
            sacks += n
        tcpdump.stop(signal.SIGINT)
        impaired.leave("enforce")
        check_frames(capture, sacks)
        after = lab.tcp_counters(ESME)
        grown = {name: after[name] - before.get(name, 0) for name in COMPLAINTS if after.get(name, 0) != before.get(name, 0)}
        check(not grown, f"the sender's kernel complains: {grown}")
        # a block that it did not want is passed over, without harm; more than a few would be ours
        discarded = after["TCPSACKDiscard"] - before["TCPSACKDiscard"]
        check(discarded <= max(1, sacks // 25), f"{discarded} SACK blocks of {sacks} were discarded")
        if sacks == 0:
            raise Skip("this daemon sends no acknowledgements with SACK of its own")
    finally:
        lab.close()


IMPAIRED = [
    ("impaired-short", case_short),
    ("impaired-acknowledgements", case_acknowledgements),
]
