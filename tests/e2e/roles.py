# SPDX-License-Identifier: BSD-3-Clause
"""roles: who may do what on the control socket, and that the audit log tells it."""
import json
import os
import re
import shutil
import socket
import subprocess

from lab import CTL, Skip, check, check_equal, wait_for

RINGS = ("net_ring0", "net_ring1")
VIEWER, OPERATOR, AUTHOR, ADMIN = 65534, 2000, 2001, 2002
AUTHORS = 3001  # a group


def roles_config(lab):
    """Users and groups by number: none of them need be known here."""
    path = lab.write_config()
    with open(path, encoding="utf-8") as file:
        text = file.read()
    keys = f'operators = "{OPERATOR}, nosuch-user"; authors = "@{AUTHORS}"; admins = "{ADMIN}";'
    text, n = re.subn(r"(?m)^(\s*state_dir = [^;]*;)", lambda m: f"{m.group(1)} {keys}", text)
    check_equal(n, 1, "keys state_dir")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def as_user(uid, *words):
    """smswallctl as another user, whom the socket's group lets in."""
    groups = f"0,{AUTHORS}" if uid == AUTHOR else "0"
    return subprocess.run(["setpriv", "--reuid", str(uid), "--regid", str(uid), "--groups", groups, *words],
                          capture_output=True, text=True, timeout=30, check=False)


def ask(daemon, verb, **args):
    """One request on a connection of our own, which is root's."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(daemon.socket_path)
        s.sendall(json.dumps({"v": 1, "verb": verb, "args": args}).encode() + b"\n")
        return json.loads(s.makefile("rb").readline())


def records(daemon):
    return ask(daemon, "audit.show", limit=1000)["result"]["records"]


def case_roles(lab):
    """Each role does what it may and no more; what changes something is on record, refused or not."""
    if not shutil.which("setpriv"):
        raise Skip("setpriv is not installed")
    daemon = lab.start_daemon(roles_config(lab), devices=RINGS)
    check("no user nosuch-user" in daemon.err(), f"a user that is not there is not told: {daemon.tail()}")
    where = ("--socket", daemon.socket_path)
    told = []
    for uid, role, code in ((VIEWER, "viewer", 5), (OPERATOR, "operator", 0), (AUTHOR, "author", 0), (ADMIN, "admin", 0)):
        check_equal(as_user(uid, CTL, "status", *where).returncode, 0, f"status as {role}")
        for state in ("on", "off"):
            done = as_user(uid, CTL, "panic", state, *where)
            check_equal(done.returncode, code, f"panic {state} as {role} ({done.stderr.strip()})")
            told.append((uid, role, "panic", code))
        code = 0 if role == "admin" else 5
        check_equal(as_user(uid, CTL, "audit", "verify", *where).returncode, code, f"audit verify as {role}")
    log = records(daemon)
    check_equal(log[0]["verb"], "daemon.start", "the first record")
    check_equal([(r["uid"], r["role"], r["verb"], r["code"]) for r in log[1:]], told, "records")
    check(all(r["exe"].endswith("smswallctl") for r in log[1:]), f"programs: {[r['exe'] for r in log[1:]]}")
    answer = ask(daemon, "audit.verify", head=log[3]["hash"])["result"]
    check_equal((answer["ok"], answer["records"], answer["wanted_record"]), (True, len(log), 4), "audit.verify")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")


def case_audit_kill(lab):
    """Killed while it changes things: the log verifies after the next start, and has every answer that was given."""
    daemon = lab.start_daemon(devices=RINGS)
    heads = []
    for _ in range(3):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(daemon.socket_path)
            line = json.dumps({"v": 1, "verb": "panic", "args": {"state": "on"}}).encode() + b"\n"
            s.sendall(200 * line)
            answers = s.makefile("rb")
            for _ in range(20):
                heads.append(json.loads(answers.readline())["result"]["audit"]["head"])
            daemon.kill()
        daemon = lab.start_daemon(daemon.config, devices=RINGS, wait=False)
        wait_for("an answer", 15, lambda d=daemon: os.path.exists(d.socket_path) and subprocess.run(
            [CTL, "status", "--socket", d.socket_path], capture_output=True, check=False).returncode == 0)
        answer = ask(daemon, "audit.verify", head=heads[-1])["result"]
        check(answer["ok"] and answer["wanted_record"], f"audit.verify: {answer}")
    check(set(heads) <= {r["hash"] for r in records(daemon)}, "an answer without a record")
    check_equal(daemon.stop(), 0, "exit code after SIGTERM")
    # offline, and found when it is touched
    path = os.path.join(os.path.dirname(daemon.config), "audit.log")
    check_equal(subprocess.run([CTL, "audit", "verify", path], capture_output=True, check=False).returncode, 0, "offline")
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        octet = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([octet[0] ^ 1]))
    done = subprocess.run([CTL, "audit", "verify", path], capture_output=True, text=True, check=False)
    check(done.returncode == 1 and re.search(r"audit\.log:\d+", done.stdout + done.stderr), f"touched: {done}")


ROLES = [("control-roles", case_roles), ("control-audit-kill", case_audit_kill)]
