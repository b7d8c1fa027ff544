# SPDX-License-Identifier: BSD-3-Clause
"""first_week: the commands of docs/first-week.md, in their order, by a shell, against a daemon with traffic."""
import os
import re
import shutil
import stat
import subprocess

import live
from lab import CTL, ROOT, Skip, check, check_equal
from smpp import PHRASE

PAGE = os.path.join(ROOT, "docs", "first-week.md")
POLICY_CONF = 'lists = ( { name = "never-block"; kind = "number"; match = "destination"; effect = "pass"; } );\n'


def blocks():
    """The shell blocks of the page: (line, text)."""
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    return [(text[:m.start()].count("\n") + 2, m[1]) for m in re.finditer(r"(?ms)^```sh\n(.*?)^```$", text)]


def make_etc(lab, config):
    """What the page finds under /etc/smswall."""
    etc = lab.path("etc")
    os.makedirs(os.path.join(etc, "policy"))
    shutil.copy(config, os.path.join(etc, "smswall.conf"))
    shutil.copy(os.path.join(ROOT, "tests", "pcap", "plain.pcap"), os.path.join(etc, "busy.pcap"))
    with open(os.path.join(etc, "policy", "rules.pat"), "w", encoding="ascii") as file:
        file.write(f"own.lottery:/{PHRASE}/i view=folded action=reject\n")
    with open(os.path.join(etc, "policy", "policy.conf"), "w", encoding="ascii") as file:
        file.write(POLICY_CONF)
    with open(os.path.join(etc, "policy", "never-block.txt"), "w", encoding="ascii") as file:
        file.write("447700900999\n")
    return etc


def make_wrapper(lab, daemon):
    """A smswallctl that knows this daemon's socket and nothing else."""
    folder = lab.path("bin")
    os.mkdir(folder)
    path = os.path.join(folder, "smswallctl")
    with open(path, "w", encoding="ascii") as file:
        file.write(f'#!/bin/sh\nexec "{CTL}" "$@" --socket "{daemon.socket_path}"\n')
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
    return folder


def case_first_week(lab):
    if not shutil.which("jq"):
        raise Skip("jq is not installed")
    config = lab.write_config()
    etc = make_etc(lab, config)
    daemon = lab.start_daemon(config, policy=os.path.join(etc, "policy"))
    live.node_session(lab, 60, window=10)
    path = make_wrapper(lab, daemon) + ":" + os.environ["PATH"]
    found = blocks()
    check(len(found) >= 8, f"{len(found)} blocks of commands in the page")
    for line, text in found:
        text = text.replace("/etc/smswall", etc).replace("/var/log/smswall/events.jsonl", daemon.events_path)
        done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", text], env={**os.environ, "PATH": path},
                              capture_output=True, text=True, timeout=120, check=False)
        check_equal(done.returncode, 0, f"exit code of the commands at docs/first-week.md:{line} "
                                        f"({done.stdout.strip()[-300:]} {done.stderr.strip()[-600:]})")
    states = {r["id"]: r["state"] for r in daemon.ctl("rule", "list")["rules"]}
    check("own.lottery" in states, f"rules at the end of the week: {states}")
    history = daemon.ctl("policy", "history")["generations"]
    check(any(g.get("tag") == "first-week" for g in history), f"no generation with the page's tag: {history}")
    check(daemon.ctl("audit", "verify")["ok"], "the audit log does not verify")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")


FIRST_WEEK = [("first-week", case_first_week)]
