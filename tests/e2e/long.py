#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""long: what scripts/live runs."""
import argparse
import os
import re
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import impaired  # noqa: E402
import kill  # noqa: E402
import matrix  # noqa: E402
import overlap  # noqa: E402
import push  # noqa: E402
import sigtran_long  # noqa: E402
from lab import CTL, DAEMON, ROOT, Failure, Lab, Skip, check  # noqa: E402

FIGURES = os.path.join(ROOT, "docs", "live-figures.md")
COUNTS = {"matrix": 10000, "kill": 100, "impaired": 5, "overlap": 10, "sigtran": 10000, "push": 1000,
          "push-kill": 500}


def say(line):
    print(line, flush=True)


def commit():
    """What was run; the table that is written meanwhile is no change of it."""
    def git(*words):
        return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=False).stdout.strip()
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/live-figures.md")
    return (git("describe", "--always") or "unknown") + ("-dirty" if changed else "")


def write_table(name, lines):
    """Between the marks of that name in docs/live-figures.md."""
    with open(FIGURES, encoding="utf-8") as file:
        text = file.read()
    table = f"Commit {commit()}, {time.strftime('%Y-%m-%d', time.gmtime())}.\n\n" + "\n".join(lines)
    text, n = re.subn(rf"(?s)(<!-- {name} -->\n).*?(\n<!-- end -->)", lambda m: m[1] + table + m[2], text)
    check(n == 1, f"{FIGURES} has {n} places for {name}")
    with open(FIGURES, "w", encoding="utf-8") as file:
        file.write(text)


def run_overlap(lab, count):
    overlap.case_unfiltered(lab)
    for i in range(count):
        for name, case in overlap.OVERLAP[1:]:
            begin = time.monotonic()
            case(lab)
            say(f"  {i + 1} {name}: holds ({time.monotonic() - begin:.1f} s)")


def run_recorded(name, work):
    """Says what `work` says, and writes it into docs/live-figures.md when it holds."""
    lines = []

    def both(line):
        say(line)
        lines.append(line[2:] if line.startswith("  ") else line)
    work(both)
    write_table(name, ["```"] + lines + ["```"])


def run(what, count):
    if what == "impaired":
        impaired.run_impaired(say=say, runs=count, write=lambda lines: write_table("impaired", lines))
        return
    lab = Lab("l")
    try:
        lab.make_network()
        if what == "matrix":
            run_recorded(what, lambda both: matrix.Matrix(lab, count, both).run())
        elif what == "kill":
            run_recorded(what, lambda both: kill.run_kills(lab, count, both))
        elif what == "sigtran":
            run_recorded(what, lambda both: sigtran_long.run_all(lab, count, both))
        elif what == "push":
            run_recorded(what, lambda both: (push.run_pushes(lab, count, both), push.run_full_speed(lab, count, say=both),
                                             push.run_large(lab, say=both)))
        elif what == "push-kill":
            run_recorded(what, lambda both: push.run_kills(lab, count, both))
        else:
            run_overlap(lab, count)
    finally:
        lab.close()


def main():
    parser = argparse.ArgumentParser(prog="scripts/live")
    parser.add_argument("what", choices=COUNTS)
    parser.add_argument("--count", type=int)
    words = parser.parse_args()
    for path in (DAEMON, CTL):
        if os.geteuid() != 0 or not os.access(path, os.X_OK):
            say(f"live: needs root, and {path}")
            return 77
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda n, _: sys.exit(128 + n))
    try:
        run(words.what, words.count or COUNTS[words.what])
    except (Failure, Skip) as why:
        say(f"live: {words.what} {'is not complete' if isinstance(why, Skip) else 'FAILS'}: {why}")
        return 77 if isinstance(why, Skip) else 1
    say(f"live: {words.what} holds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
