# SPDX-License-Identifier: BSD-3-Clause
"""The summary: one JSON document that agrees with the events, the demo's text, and the schema of events."""
import json
import os
import re
from collections import Counter

from program import ROOT, Skip, read, short, smpp_captures

DEMO = os.path.join(ROOT, "tests", "pcap", "demo.pcap")
GOLDEN = os.path.join(ROOT, "tests", "replay", "demo.golden")
SCHEMA = os.path.join(ROOT, "docs", "events.schema.json")


def agrees(lab, path):
    run = lab.replay(path, "lab", "some").must()
    s, events = run.summary, run.events
    messages = [e for e in events if e["type"] == "message"]
    counters = s["counters"]
    assert s["schema_version"] == 1 and s["command"] == "replay" and s["code"] == 0
    assert s["events"]["written"] == s["events"]["made"] == len(events), s["events"]
    assert counters["messages"] == len(messages)
    verdicts = Counter(e["verdict"] for e in messages)
    assert all(s["verdicts"][v] == verdicts[v] for v in s["verdicts"])
    for counter, verdict in (("passed", "pass"), ("reported", "report"), ("redacted", "redact"), ("blanked", "blank"),
                             ("throttled", "throttle"), ("rejected", "reject")):
        assert counters["messages_" + counter] == verdicts[verdict], counter
    reasons = Counter(e["reason"] for e in messages) + Counter(e["reason"] for e in events if e["type"] == "anomaly")
    for reason, n in reasons.items():
        assert s["reasons"][reason] == n, f"{n} events have reason {reason}, the summary says {s['reasons'][reason]}"
    assert counters["parts"] == sum("parts" in e for e in messages)
    assert counters["receipts"] == sum(bool(e.get("receipt")) for e in messages)
    bound = sum(e["type"] == "session" and e["change"] == "bound" for e in events)
    assert counters["sessions_bound"] == bound
    for rule in s["rules"]:
        decided = sum(e["rule"] == rule["id"] for e in messages)
        assert rule.get("decided", decided) == decided, f"rule {rule['id']}: {rule}, {decided} events"
    assert s["inputs"][0]["frames"] == len(read(path).frames)
    assert {e["generation"] for e in messages} <= {s["generation"]["number"]}


def valid(value, schema, root):
    """None, or why a value is not as a JSON schema has it: as much of JSON schema as ours uses."""
    if "$ref" in schema:
        return valid(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root)
    if "oneOf" in schema:
        fit = sum(valid(value, one, root) is None for one in schema["oneOf"])
        return None if fit == 1 else f"{fit} of oneOf fit"
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "null": type(None), "boolean": bool,
             "number": (int, float)}
    if "type" in schema:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(isinstance(value, kinds[t]) and not (t == "integer" and isinstance(value, bool)) for t in types):
            return f"{value!r} is no {types}"
    if "const" in schema and value != schema["const"]:
        return f"{value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{value!r} is none of {schema['enum']}"
    if isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        return f"{value} is out of range"
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        return f"{value!r} does not match {schema['pattern']}"
    if isinstance(value, list) and "items" in schema:
        return next((w for w in (valid(v, schema["items"], root) for v in value) if w), None)
    if isinstance(value, dict) and "properties" in schema:
        missing = set(schema.get("required", [])) - value.keys()
        more = value.keys() - schema["properties"].keys()
        if missing or (more and schema.get("additionalProperties") is False):
            return f"missing {sorted(missing)}, unknown {sorted(more)}"
        for name, v in value.items():
            why = valid(v, schema["properties"].get(name, {}), root)
            if why:
                return f"{name}: {why}"
    return None


def as_schema(lab, path):
    """Each line of EV is as docs/events.schema.json has it."""
    with open(SCHEMA, encoding="utf-8") as f:
        schema = json.load(f)
    run = lab.replay(path, "lab", "some").must()
    for number, event in enumerate(run.events, 1):
        why = valid(event, schema["$defs"].get(event.get("type"), {"enum": []}), schema)
        assert why is None, f"line {number} ({event.get('type')}): {why}"


def contract(lab, path):
    """What scripts rely on is in each message event (issue: the contract)."""
    needed = {"type", "id", "ts", "link", "session", "proto", "command", "sequence", "side", "role", "src", "dst",
              "encoding", "verdict", "action", "rule", "rules", "reason", "generation", "frame", "text"}
    for e in lab.replay(path, "lab", "some").must().messages:
        assert needed <= e.keys(), f"message {e['id']} lacks {sorted(needed - e.keys())}"
        assert e["proto"] == "smpp" and ("part" in e) == ("parts" in e)


def demo(lab):
    """The summary of the demo's capture is in its golden text, line by line."""
    if not os.path.exists(GOLDEN) or not os.path.exists(DEMO):
        raise Skip("no demo.golden or demo.pcap")
    code, stdout, stderr = lab.ctl("replay", DEMO, "--out", lab.path("demo.pcap"), "--events", lab.path("demo.jsonl"),
                                   "--config", lab.config("lab"), "--policy", os.path.join(ROOT, "patterns", "sets"))
    assert code == 0, stderr
    with open(GOLDEN, encoding="utf-8") as f:
        golden = f.read()
    for line in stdout.splitlines():
        assert line in golden.splitlines(), f"not in demo.golden: {line!r}"
    assert stdout.strip() in golden, "demo.golden has the lines in another order"


def tests():
    for path in smpp_captures():
        yield "summary/agrees " + short(path), agrees, path
        yield "summary/schema " + short(path), as_schema, path
        yield "summary/contract " + short(path), contract, path
    yield "summary/demo", demo
