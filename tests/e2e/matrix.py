# SPDX-License-Identifier: BSD-3-Clause
"""
matrix: every ESME against every SMSC, over windows, address families, MTUs, Nagle and odd pieces.

Rows are a covering set: each value of each property meets each value of every other one. The share of refused
messages is 2 %. A row fails by itself; one during which held frames ran out of time is run again (as in run).
"""
import itertools
import random
import time

import live
import traffic
from lab import ESME, SMSC, Failure, Skip, check, check_equal, run, wait_for

PROPERTIES = {
    "esme": traffic.ESMES,
    "smsc": traffic.SMSCS,
    "window": (1, 7, 20, 50),
    "family": (4, 6),
    "mtu": (1500, 300),
    "nodelay": (True, False),
    "pieces": (False, True),
}
SMALL_MSS = 248  # of an MTU of 300 over IPv4 with timestamps
ATTEMPTS = 3
POOLS = ("held_frames", "stream_chunks_used", "pending_answers", "fragments_held")


def covering_rows():
    """Greedy pairwise cover, always the same: each pair of values of two properties is in some row."""
    names = list(PROPERTIES)
    pairs = {(a, va, b, vb) for a, b in itertools.combinations(names, 2)
             for va in PROPERTIES[a] for vb in PROPERTIES[b]}
    candidates = [dict(zip(names, values)) for values in itertools.product(*PROPERTIES.values())]
    random.Random(3).shuffle(candidates)  # among equals not always the plainest
    rows = []
    while pairs:
        def gain(row):
            return sum(row[a] == va and row[b] == vb for a, va, b, vb in pairs)
        best = max(candidates, key=gain)
        pairs = {(a, va, b, vb) for a, va, b, vb in pairs if not (best[a] == va and best[b] == vb)}
        rows.append(best)
    return rows


def name_of(row):
    return " ".join((f"{row['esme']:6} -> {row['smsc']:11}", f"window {row['window']:2}", f"IPv{row['family']}",
                     f"MTU {row['mtu']:4}", f"Nagle {'off' if row['nodelay'] else 'on '}",
                     "odd pieces" if row["pieces"] else "whole     "))


def set_small(lab, family, small):
    """
    MTU 300 on all ends. IPv6 has none below 1280: there the segments are as small by the MSS that both ends announce.
    """
    if family == 4:
        lab.set_mtu(300 if small else 1500)
        return
    for place, interface in ((ESME, "e0"), (SMSC, "s0")):
        run("ip", "netns", "exec", lab.netns(place), "sysctl", "-qw", "net.ipv6.route.min_adv_mss=200")
        run("ip", "-n", lab.netns(place), "-6", "route", "replace", "fd99::/64", "dev", interface, "metric", "1",
            *(("advmss", str(SMALL_MSS)) if small else ()))


def is_stuttering(row):
    """Nagle holds a piece back until the one that the filter holds is acknowledged: only the hold time ends that."""
    return row["pieces"] and not row["nodelay"]


class Matrix:
    def __init__(self, lab, total, say=print):
        self.lab = lab
        self.total = total
        self.say = say
        self.daemons = {}
        self.sent = self.refused = self.late = 0

    def daemon(self, **changes):
        """One for each configuration, one at a time: they share the interfaces."""
        key = tuple(sorted(changes.items()))
        if key not in self.daemons:
            self.stop()
            self.daemons[key] = self.lab.start_daemon(self.lab.write_config(**changes))
        return self.daemons[key]

    def stop(self):
        """The end of a daemon: nothing is left in its pools."""
        for daemon in self.daemons.values():
            check_pools(daemon)
            check_equal(daemon.stop(), 0, "exit code after SIGTERM")
        self.daemons.clear()

    def run_row(self, row, count, daemon, status):
        before = daemon.ctl("counters")["counters"]
        messages = traffic.make_messages(count, self.lab.next_seed())
        small = row["mtu"] != 1500
        if small:
            set_small(self.lab, row["family"], True)
        try:
            sent, came = traffic.run_session(self.lab, row["esme"], row["smsc"], messages, row["family"], row["window"],
                                             row["nodelay"], row["pieces"], self.lab.seed)
        finally:
            if small:
                set_small(self.lab, row["family"], False)
        after = daemon.ctl("counters")["counters"]
        late = traffic.check_session(messages, sent, came, row["esme"], status, is_stuttering(row))
        told = after["messages_late"] - before["messages_late"]
        check(late <= told, f"{late} messages came in part, the daemon tells of {told}")
        check(late == 0 or after["octets_leaked"] > before["octets_leaked"], "no octets told as leaked")
        refused = sum(m["refused"] for m in messages)
        self.sent, self.refused, self.late = self.sent + count, self.refused + refused, self.late + late
        return {"refused": refused, "releases": after["releases"] - before["releases"], "late": late,
                "edited": after["frames_edited"] - before["frames_edited"],
                "beats": sent.asked + came.asked}

    def try_row(self, row, count, daemon, status=live.RSUBMITFAIL):
        """
        Again where the machine stood still: held frames left unjudged for that. Without such a release it is a failure.
        """
        for attempt in range(1, ATTEMPTS + 1):
            releases = daemon.counter("releases")
            begin = time.monotonic()
            try:
                result = self.run_row(row, count, daemon, status)
                self.say(f"  {name_of(row)}  {count:5} sent, {result['refused']:3} refused, {result['releases']:3} "
                         f"releases, {result['late']} late, {result['beats']:3} enquire_link, "
                         f"{time.monotonic() - begin:5.1f} s")
                return
            except Failure as why:
                if attempt == ATTEMPTS or daemon.counter("releases") == releases:
                    raise Failure(f"{name_of(row).strip()}: {why}") from None
                self.say(f"  again: {name_of(row)}: {why}")

    def run(self):
        """All rows: those in which the hold time must end a wait under a daemon with the default of 20 ms."""
        rows = sorted(covering_rows(), key=is_stuttering)
        missing = []
        # a row that waits for the hold time with each message is a short one, the others make up for it
        short = max(self.total // (4 * len(rows)), 20)
        n_short = sum(is_stuttering(r) and r["window"] == 1 for r in rows)
        count = -(-(self.total - n_short * short) // (len(rows) - n_short))
        for row in rows:
            changes = {"default_coding": '"gsm7"; to_smsc = { on_accept = "force"; }'}
            if is_stuttering(row):
                # nobody here sends again what dribble_limit would refuse for the time being
                changes["ms"] = "20; dribble_limit = 0"
            try:
                self.try_row(row, short if is_stuttering(row) and row["window"] == 1 else count, self.daemon(**changes))
            except Skip as why:
                missing.append(f"{name_of(row).strip()}: {why}")
                self.say(f"  skip: {missing[-1]}")
        self.run_accepted()
        self.stop()
        self.say(f"  {self.sent} messages, {self.refused} refused, {self.late} of them judged late")
        if missing:
            raise Skip(f"{len(missing)} of {len(rows)} rows: {missing[0]}")

    def run_accepted(self):
        """on_accept = pass: the SMSC that accepts all says so to the ESME, and there is an alarm."""
        row = {"esme": "node", "smsc": "node-accept", "window": 20, "family": 4, "mtu": 1500, "nodelay": True,
               "pieces": False}
        daemon = self.daemon()
        self.try_row(row, 100, daemon, status=0)
        check(daemon.events(type="anomaly", reason="smsc_accepted"), "no alarm smsc_accepted")


def check_pools(daemon):
    """When all sessions have ended nothing is remembered of them."""
    def in_use():
        return {name: n for w in daemon.ctl("status")["workers"] for name, n in w.items() if name in POOLS and n}
    # a closed connection lingers 10 s, and a round over the flow table takes 30 s (pipeline_flow.c)
    wait_for("empty pools", 60, lambda: not in_use(), every=0.2, quiet=True)
    check_equal(in_use(), {}, "in use after all sessions have ended")


def case_short(lab):
    Matrix(lab, 1500).run()


MATRIX = [("matrix-short", case_short)]
