# SPDX-License-Identifier: BSD-3-Clause
"""What is wrong is told, all of it with its place, and then nothing is written."""
import os
import re
import stat

import capture
import traffic
from program import FAILED, INVALID, OK, USAGE

BAD_CONFIG = """links = ({
	name = "lab";
	ports = [0, 1];
	mode = "enforec";
	colour = 3;
});
workers = {
	count = 3000000000;
	burst = "many";
	burst = 32;
};
"""
BAD_CONFIG_LINES = [4, 5, 8, 9, 10]
# What libconfig itself cannot read ends there: what comes behind is not known.
BAD_SYNTAX = 'links = ({\n\tname = "lab"\n\tports = [0, 1;\n});\n'

BAD_POLICY = r"""# a comment
a:/(/
b:/x/
b:/y/
nonsense
c:/z/ colour=red
d:/ok/i weight=5000
+ "not closed
e:/fine/
"""
BAD_POLICY_LINES = {4, 5, 6, 7, 8}
UNCOMPILED = "a:/(/\nb:/fine/\nc:/x(?=y)/\n"
EXAMPLES = 'ok:/free/i\n+ "nothing"\n+ "Free"\n- "freedom"\n'


def capture_file(lab):
    c = traffic.Connection().open()
    c.send(b"Hello")
    return lab.file("errors.pcap", capture.encode(c.close().frames))


def run(lab, name, config=None, policy=None, *options):
    """(exit code, what was said); nothing may have been written on failure."""
    out, events = lab.path(f"errors-{name}.out"), lab.path(f"errors-{name}.events")
    code, stdout, stderr = lab.ctl("replay", capture_file(lab), "--out", out, "--events", events, "--config",
                                   config or lab.config("lab"), "--policy", policy or lab.policy("none"), *options)
    written = os.path.exists(out) or os.path.exists(events)
    assert written == (code == OK), f"exit {code}, written: {written}"
    return code, stdout + stderr


def lines_of(path, said):
    return [int(n) for n in re.findall(r"(?m)^" + re.escape(path) + r":(\d+):(?:\d+:)? error", said)]


def config_errors(lab):
    path = lab.file("bad.conf", BAD_CONFIG)
    code, said = run(lab, "config", path)
    assert code == INVALID, f"exit {code}: {said}"
    lines = set(lines_of(path, said))
    # a duplicate may be told at either of its places
    missing = [n for n in BAD_CONFIG_LINES if n not in lines and not (n in (9, 10) and lines & {9, 10})]
    assert not missing, f"no error for lines {missing}: {said}"


def config_syntax(lab):
    path = lab.file("syntax.conf", BAD_SYNTAX)
    code, said = run(lab, "syntax", path)
    assert code == INVALID and lines_of(path, said), f"exit {code}: {said}"


def config_missing(lab):
    code, said = run(lab, "missing", lab.path("no-such.conf"))
    assert code == INVALID and "no-such.conf" in said, f"exit {code}: {said}"


def policy_errors(lab):
    path = lab.file("bad.pat", BAD_POLICY)
    code, said = run(lab, "policy", None, path)
    assert code == INVALID, f"exit {code}: {said}"
    missing = BAD_POLICY_LINES - set(lines_of(path, said))
    assert not missing, f"no error for lines {sorted(missing)}: {said}"


def policy_uncompiled(lab):
    path = lab.file("uncompiled.pat", UNCOMPILED)
    code, said = run(lab, "uncompiled", None, path)
    assert code == INVALID and {1, 3} <= set(lines_of(path, said)), f"exit {code}: {said}"


def policy_examples(lab):
    path = lab.file("examples.pat", EXAMPLES)
    code, said = run(lab, "examples", None, path)
    assert code == INVALID and {2, 4} == set(lines_of(path, said)), f"exit {code}: {said}"


def policy_missing(lab):
    code, said = run(lab, "nothing", None, lab.path("no-such.pat"))
    assert code == INVALID and "no-such.pat" in said, f"exit {code}: {said}"


def usage(lab, name, options):
    code, said = run(lab, "usage-" + name, None, None, *options)
    assert code == USAGE and said.strip(), f"exit {code}: {said}"


def input_as_output(lab):
    """An input is not overwritten."""
    path = capture_file(lab)
    with open(path, "rb") as f:
        before = f.read()
    code, _, said = lab.ctl("replay", path, "--out", path, "--config", lab.config("lab"), "--policy", lab.policy("none"))
    with open(path, "rb") as f:
        assert f.read() == before, "the input was overwritten"
    assert code == USAGE and said.strip(), f"exit {code}: {said}"


def output_kept(lab):
    """A failed run leaves a former result alone, and no other file beside it."""
    folder = lab.path("kept")
    os.makedirs(folder)
    out = os.path.join(folder, "out.pcap")
    with open(out, "wb") as f:
        f.write(b"a former result")
    code, _, _ = lab.ctl("replay", lab.file("no.pcap", b"garbage" * 9), "--out", out, "--config", lab.config("lab"),
                         "--policy", lab.policy("none"))
    assert code == INVALID
    with open(out, "rb") as f:
        assert f.read() == b"a former result"
    assert os.listdir(folder) == ["out.pcap"], os.listdir(folder)


def output_nowhere(lab):
    code, _, said = lab.ctl("replay", capture_file(lab), "--out", lab.path("no/such/folder/out.pcap"), "--config",
                            lab.config("lab"), "--policy", lab.policy("none"))
    assert code == FAILED and "no/such/folder" in said, f"exit {code}: {said}"


def clean_behind(lab):
    """Nothing stays in the folder for temporary files, whether a run ends well or not; outputs have usual rights."""
    folder = lab.path("tmp")
    os.makedirs(folder)
    out = lab.path("rights.pcap")
    for policy in (lab.policy("none"), lab.file("uncompiled.pat", UNCOMPILED)):
        lab.ctl("replay", capture_file(lab), "--out", out, "--config", lab.config("lab"), "--policy", policy,
                environment={"TMPDIR": folder})
        assert os.listdir(folder) == [], os.listdir(folder)
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(os.stat(out).st_mode) == 0o666 & ~umask


def as_json(lab):
    """With --json what is wrong is in the document, with file, line and column."""
    path = lab.file("bad.conf", BAD_CONFIG)
    r = lab.replay(capture_file(lab), lab.file("bad.conf", BAD_CONFIG), "none")
    r.must(INVALID)
    s = r.summary
    assert s["schema_version"] == 1 and s["command"] == "replay" and s["code"] == INVALID
    errors = [d for d in s["diagnostics"] if d["level"] == "error"]
    assert {d["file"] for d in errors} == {path} and {4, 5, 8} <= {d["line"] for d in errors}, errors


def tests():
    for name, check in (("config", config_errors), ("config syntax", config_syntax), ("config missing", config_missing),
                        ("policy", policy_errors), ("policy uncompiled", policy_uncompiled),
                        ("policy examples", policy_examples), ("policy missing", policy_missing),
                        ("input as output", input_as_output), ("output kept", output_kept),
                        ("output nowhere", output_nowhere), ("clean behind", clean_behind), ("json", as_json)):
        yield "errors/" + name, check
    for name, options in (("burst 0", ("--burst", "0")), ("burst 65", ("--burst", "65")), ("option", ("--colour",)),
                          ("hold", ("--hold-ms", "-1"))):
        yield "errors/usage " + name, usage, name.replace(" ", "-"), options
