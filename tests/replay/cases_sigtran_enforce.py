# SPDX-License-Identifier: BSD-3-Clause
"""Mode enforce on SIGTRAN: a refused short message is gone in each style, and no other octet is touched."""
import os
import re
from collections import Counter

import capture
import cases_sigtran_traffic
import sigtran
import tsharkfields
import tsharkmap
from cases_ledger import check_ledger
from cases_sigtran_fields import SERVICE
from program import MATERIAL, MERGED, POLICIES, Skip, read, short, sigtran_captures, sigtran_path, sigtran_replay

CAPTURES = ["jss7-plain", "jss7-xudt", "jss7-lossy", "sigtran-udt-a", "sigtran-xudt-a", "sigtran-lossy-a",
            "sigtran-lossy-b", "usrsctp-bundle", "usrsctp-frag48", "usrsctp-frag100"]
# style: (of mobile originated messages, of mobile terminated ones)
STYLES = {"map_reject": ("map_reject", "map_reject"), "tpdu_refuse": ("tpdu_refuse", "map_reject"),
          "imsi_unknown": ("map_reject", "imsi_unknown"), "tcap_ghost": ("tcap_ghost", "tcap_ghost"),
          "blank": ("blank", "blank"), "redact": ("map_reject", "map_reject"), "throttle": ("map_reject", "map_reject")}
# throttle and redact are actions of rules, not styles of links
ACTIONS = ("redact", "throttle")
RULES = [re.compile(expression, re.I) for expression in
         (re.sub(r"\\x\{(\w+)\}", lambda m: chr(int(m[1], 16)), line[line.index("/") + 1:line.rindex("/")])
          for line in POLICIES["some"].splitlines())]
# mixes of cases_sigtran_traffic, without SMPP
MADE = {"made hard": ["map_reject", "blank"], "made titles": ["map_reject", "tcap_ghost", "throttle"]}
MADE_MESSAGES = 700
ERROR = 36  # unexpectedDataValue: mo_error and mt_error as shipped
SYSTEM_FAILURE = 34  # of what is throttled
GHOST_MIN_LEN = 38  # docs/refusals.md
UNUSED_OPERATION, RESERVED_DCS = 127, 0x80
# where octets have left already, the styles in the order of docs/refusals.md
WHEN_LEFT = ("map_reject", "segment_void", "blank")


class Refused:
    """A message on which something was done: its event, its octets in IN and in OUT, its component in IN."""

    def __init__(self, event, tcap, component, after):
        self.event, self.tcap, self.component, self.after = event, tcap, component, after
        self.before = tcap.octets.data
        self.left = len(tcap.octets) - len(tcap.own)  # octets in earlier segments
        self.at = [i for s, e in component.ui for i in range(s, e)]  # where each octet of the TPDU stands
        ui = bytes(self.before[i] for i in self.at)
        self.tpdu = sigtran.Tpdu(ui) if ui[0] & 3 in (0, 1, 3) else None

    def ui(self, octets):
        return bytes(octets[i] for i in self.at)

    @property
    def where(self):
        return f"{self.event['command']} {self.event.get('otid')} in frame {self.event['frame']}"


class Comparison:
    """IN and OUT of a run, frame by frame, and what was refused."""

    def __init__(self, lab, path, style):
        mo, mt = STYLES[style]
        policy = lab.file(f"{style}.pat", "".join(f"{line} action={style}\n" for line in POLICIES["some"].splitlines())) \
            if style in ACTIONS else "some"
        self.path = made(lab, path) if path in MADE else sigtran_path(lab, path)
        self.run = sigtran_replay(lab, self.path, policy, keys=f'mo_style = "{mo}"; mt_style = "{mt}";')
        self.a, self.b = read(self.path), capture.parse(self.run.out)
        assert len(self.a.frames) == len(self.b.frames), f"{len(self.a.frames)} frames in, {len(self.b.frames)} out"
        self.to_out = {}
        before, after = self._directions(self.a), self._directions(self.b)
        assert before.keys() == after.keys(), "other associations in OUT"
        for key, numbers in before.items():
            assert len(numbers) == len(after[key]), f"{len(numbers)} frames of a direction in, {len(after[key])} out"
            self.to_out.update(zip(numbers, after[key]))
        self.out = [self.b.frames[self.to_out[i]] for i in range(len(self.a.frames))]  # in IN's order
        self.messages, self.pieces = sigtran.tcap_messages(self.a.frames)
        self.refused = list(self._refused())
        self.answers = list(self._answers())

    @staticmethod
    def _directions(c):
        """Numbers of the frames of each sender: a hold can move the frames of one behind those of another."""
        out = {}
        for i, f in enumerate(c.frames):
            p = sigtran.packet(f.data)
            out.setdefault((p.src, p.dst, p.sport, p.dport) if p else None, []).append(i)
        return out

    def _refused(self):
        events = {(e["frame"], e["sequence"], e.get("otid"), e.get("dtid"), e["invoke_id"]): e
                  for e in self.run.messages if e["action"] != "none"}
        for t in self.messages:
            _, ids, components = sigtran.read_tcap(t.octets.data)
            for c in components:
                event = events.pop((t.message.frame, t.message.tsn, ids.get(0x48), ids.get(0x49), c.invoke_id), None)
                if event is not None:
                    yield Refused(event, t, c, t.octets.again(self.out))
        assert not events, f"refused, but not in the capture: {list(events)[:3]}"

    def _answers(self):
        """(message, component) of the errors and rejects to what was refused, once each."""
        asked = {}
        for r in self.refused:
            if r.event["action"] not in ("redact", "tcap_ghost"):
                asked[r.event.get("otid"), r.component.invoke_id] = r
        for t in self.messages:
            _, ids, components = sigtran.read_tcap(t.octets.data)
            for c in components:
                r = asked.get((ids.get(0x49), c.invoke_id))
                if c.tag in (sigtran.ERROR, sigtran.REJECT) and r is not None and t.message.frame >= r.event["frame"] \
                        and (t.opc, t.dpc) == (r.tcap.dpc, r.tcap.opc):
                    yield t, c

    def editable(self):
        """{frame: offsets} that may change: of a refused component in its last segment, of answers, of their copies."""
        out = {}
        for t, c in self.answers:
            for frame, off in t.octets.places(c.element.start, c.element.end):
                out.setdefault(frame, set()).add(off)
        for r in self.refused:
            span = (0, len(r.before)) if r.event["action"] == "tcap_ghost" else \
                (r.component.element.start, r.component.element.end)
            for at, (frame, off) in enumerate(r.tcap.octets.places()):
                if span[0] <= at < span[1] and at >= r.left:
                    out.setdefault(frame, set()).add(off)
            for frame, off in r.tcap.reference.places() if r.event["action"] == "segment_void" else ():
                out.setdefault(frame, set()).add(off)
        for piece in self.pieces.values():
            for frame, chunk in piece.copies[1:]:
                for off in out.get(piece.frame, ()):
                    if piece.start <= off < piece.end:
                        out.setdefault(frame, set()).add(off - piece.copies[0][1].at + chunk.at)
        return out


def made(lab, name):
    settings = cases_sigtran_traffic.MIXES[name.split()[1]][0]
    if "carrier" not in settings:
        settings += " carrier = { smpp = 0; };"
    return cases_sigtran_traffic.made(lab, name + " alone", settings, MADE_MESSAGES)[0]


@capture.once
def pair(lab, path, style):
    """The Comparison of a run."""
    return Comparison(lab, path, style)


def frames_kept(lab, path, style):
    """Frames keep their length; what changed is of a refused component, or the checksum, which is right."""
    c = pair(lab, path, style)
    editable, edited = c.editable(), 0
    for i, (a, b) in enumerate(zip(c.a.frames, c.out)):
        assert len(a.data) == len(b.data) and a.wire_len == b.wire_len, f"frame {i + 1} has another length"
        if a.data == b.data:
            continue
        edited += 1
        p, q = sigtran.packet(a.data), sigtran.packet(b.data)
        assert p is not None, f"frame {i + 1} is no SCTP and was changed"
        allowed = editable.get(i, set()) | set(range(p.at + 8, p.at + 12))
        other = [k for k in range(len(a.data)) if a.data[k] != b.data[k] and k not in allowed]
        assert not other, f"frame {i + 1}: octet {other[0]} of {len(other)} is of no refused component"
        assert p.checksum_right() is None and q.checksum_right() is None or q.checksum_right(), \
            f"frame {i + 1}: wrong checksum"
    counted = c.run.summary["counters"]["frames_edited"]
    assert edited == counted, f"{edited} frames were edited, the summary says {counted}"
    assert c.refused and edited, "nothing was refused"
    check_ledger(c.run, len(c.a.frames))


def wanted_actions(r, style):
    """What may have been done to a message (docs/refusals.md: styles that cannot be made of a message)."""
    configured = STYLES[style][r.event["role"] == "smsc"]
    if style == "redact":
        return ["redact"]
    out = [configured]
    if configured == "tpdu_refuse" and r.ui(r.before)[0] & 3 not in (1, 2):
        out = ["map_reject"]
    if configured == "imsi_unknown" and r.component.imsi is None:
        out = ["map_reject"]
    if configured == "tcap_ghost":
        alone = len(sigtran.read_tcap(r.before)[2]) == 1
        out = [configured] if alone and len(r.before) >= GHOST_MIN_LEN else ["map_reject"]
    if r.left:
        out += [w for w in WHEN_LEFT if w not in out]
    return out


def blank(r, ui, dcs, head):
    """The text of TPDU `ui` is spaces in its alphabet, from the first octet on that had not left."""
    at, udl = r.tpdu.text, ui[r.tpdu.udl_at]
    from_octet = next((k for k, i in enumerate(r.at) if i >= r.left), len(ui))
    kind = sigtran.width(dcs)
    if kind != 7:
        end = r.tpdu.udl_at + 1 + udl
        unit = b" " if kind == 8 else b"\0 "
        whole = bytearray((unit * (end - at))[:end - at])
        if kind == 16 and (end - at) % 2:
            whole[-1:] = b"\0"
        return ui[max(at, from_octet):end] == bytes(whole)[max(0, from_octet - at):] and not any(ui[end:])
    end = r.tpdu.udl_at + 1 + (7 * udl + 7) // 8
    values, fill = sigtran.septets(ui[r.tpdu.udl_at + 1:end], head, udl)
    if from_octet <= at:
        return set(values) <= {0x20} and fill == 0 and not any(ui[end:])
    bit = max(0, (from_octet - at) * 8 - (-head * 8 % 7))
    return set(values[(bit + 6) // 7:]) <= {0x20} and not any(ui[end:])


def check_form(r, style):
    """What left in place of one message."""
    action, x, y = r.event["action"], r.before, r.after
    assert action in wanted_actions(r, style), f"{r.where}: {action}, not {wanted_actions(r, style)}"
    assert len(x) == len(y) and x[:r.left] == y[:r.left], f"{r.where}: octets that had left were changed"
    if action == "tcap_ghost":
        top = sigtran.elements(y, 0, len(y))
        assert len(top) == 1 and top[0].tag == 0x67 and top[0].end == len(y), f"{r.where}: no abort"
        inside = sigtran.elements(y, top[0].body, top[0].body_end)
        assert y[inside[0].start:inside[0].end] == bytes.fromhex("490400000000"), f"{r.where}: dialogue id"
        assert [e.tag for e in inside[1:]] == [0x6B], f"{r.where}: no dialogue portion"
        return
    changed = {i for i in range(len(x)) if x[i] != y[i]}
    ui = r.ui(y)
    in_ui = {i: k for k, i in enumerate(r.at)}
    text = {i for i, k in in_ui.items() if r.tpdu is not None and k >= r.tpdu.text}
    free = set()
    dcs = r.tpdu.dcs if r.tpdu else 0
    if action == "map_reject":
        at, end = r.component.code_at
        free = set(range(at, end))
        assert int.from_bytes(y[at:end], "big") == UNUSED_OPERATION, f"{r.where}: operation {y[at:end].hex()}"
    elif action == "tpdu_refuse":
        free = {r.at[r.tpdu.dcs_at], r.at[r.tpdu.udl_at]}
        dcs = ui[r.tpdu.dcs_at]
        assert dcs == RESERVED_DCS, f"{r.where}: TP-DCS {dcs:#x}"
    elif action == "imsi_unknown":
        at, end = r.component.imsi
        free = set(range(at, end))
        digits = "".join(f"{o & 15:x}{o >> 4:x}" for o in y[at:end])
        assert re.fullmatch("0+f?", digits), f"{r.where}: IMSI {digits}"
    elif action == "segment_void":
        free = set(range(r.component.element.start, r.component.element.end)) - set(in_ui)
    assert changed <= text | free, f"{r.where}: {action} changed octets {sorted(changed - text - free)[:8]}"
    if r.tpdu is not None and action != "redact":
        assert blank(r, ui, dcs, r.tpdu.head), f"{r.where}: text is left: {ui.hex()}"
        leaked = sum(i < r.left for k, i in enumerate(r.at) if k > r.tpdu.udl_at)
        assert r.event.get("leaked", 0) == leaked, f"{r.where}: {r.event.get('leaked', 0)} octets leaked, not {leaked}"


def form(lab, path, style):
    """Each style does what docs/refusals.md says of it, and nothing of the text is left that could be changed."""
    c = pair(lab, path, style)
    for r in c.refused:
        check_form(r, style)
    counts = Counter(r.event["action"] for r in c.refused)
    assert set(STYLES[style]) & set(counts) or style == "redact" and counts["redact"], f"actions {dict(counts)}"
    kept = [e for e in c.run.messages if e["verdict"] != "pass" and e["action"] == "none"]
    # a part of a long message whose rule hit in another part: here is nothing to redact
    bad = [e for e in kept if style != "redact" or "parts" not in e or any(x.search(e["text"]) for x in RULES)]
    assert not bad, f"{len(bad)} were condemned and left as they came: {bad[:1]}"


def rewritten(octets, error):
    """The error in place of a Reject or of an error without a parameter; others as they are."""
    component = sigtran.elements(octets, 0, len(octets))[0]
    parts = sigtran.elements(octets, component.body, component.body_end)
    small = len(parts) > 1 and parts[0].tag == 2 and parts[1].body_end - parts[1].body == 1
    empty = len(parts) == 2 or len(parts) == 3 and parts[2].body == parts[2].body_end
    out = bytearray(octets)
    if small and component.tag == sigtran.REJECT and len(parts) == 2:
        out[0], out[parts[1].start], out[parts[1].body] = sigtran.ERROR, 2, error
    elif small and component.tag == sigtran.ERROR and empty:
        out[parts[1].body] = error
    return bytes(out)


def answered(lab, path, style):
    """A Reject of what was refused has become the configured error; an error without a parameter says it, too."""
    c = pair(lab, path, style)
    n = 0
    for t, x in c.answers:
        before, after = (b[x.element.start:x.element.end] for b in (t.octets.data, t.octets.again(c.out)))
        wanted = rewritten(before, SYSTEM_FAILURE if style == "throttle" else ERROR)
        n += wanted != before
        where = f"answer in frame {t.message.frame}"
        assert after == wanted, f"{where}: {before.hex()} became {after.hex()}, not {wanted.hex()}"
    assert n or path != "made titles" or style not in ("map_reject", "throttle"), "no answer was rewritten"


def same_bytes_again(lab, path, style):
    """Every copy of a chunk leaves with the octets of the first one, also when its receiver has acknowledged it."""
    c = pair(lab, path, style)
    again = 0
    for (_, tsn), piece in c.pieces.items():
        first = piece.copies[0]
        octets = c.out[first[0]].data[first[1].at:first[1].at + first[1].length]
        for frame, chunk in piece.copies[1:]:
            again += 1
            assert c.out[frame].data[chunk.at:chunk.at + chunk.length] == octets, \
                f"TSN {tsn} left with other octets in frame {frame + 1} than in frame {first[0] + 1}"
    assert c.run.summary["reasons"].get("sctp_kept_full", 0) == 0, "edits were forgotten"
    # of these captures it is known that chunks came twice
    assert again or os.path.basename(path) not in ("jss7-lossy.pcap", "sigtran-lossy-b.pcap"), "nothing came twice"


def well_formed(lab, path, style):
    """tshark finds right checksums, and nothing to complain about but what a style intends."""
    c = pair(lab, path, style)
    old, new = tsharkmap.notes(c.path), tsharkmap.notes(c.run.out_path)
    assert new.checked and not [n for n in new.bad_checksums if n not in old.bad_checksums], \
        f"wrong checksums in frames {new.bad_checksums[:5]} of OUT"
    actions = {}
    for r in c.refused:
        for piece in r.tcap.message.pieces:
            for frame, _ in piece.copies:
                actions.setdefault(frame, []).append(r.event["action"])
    for i in range(len(c.a.frames)):
        mine = actions.get(i, [])
        number = c.to_out[i] + 1
        malformed = new.malformed.get(number, 0) - old.malformed.get(i + 1, 0)
        assert malformed <= 0 or "segment_void" in mine, f"frame {i + 1}: malformed in OUT ({mine})"
        more = new.complaints.get(number, Counter()) - old.complaints.get(i + 1, Counter())
        for text in more:
            lawful = (text == f"Unknown invokeData {UNUSED_OPERATION}" and "map_reject" in mine) or \
                ("segment_void" in mine)
            assert lawful, f"frame {i + 1}: tshark says {text!r} ({mine})"


def texts_gone(lab, path, style):
    """What tshark decodes of refused messages in OUT is blank; a redacted text has lost what the rules hit, no more."""
    c = pair(lab, path, style)
    shown = {o.key: o.fields.get("text") for o in tsharkmap.operations(c.run.out_path)
             if o.fields.get("type") == "invoke" and o.below.get("sccp.message_type") not in SERVICE}
    compared = 0
    for r in c.refused:
        frame = c.to_out[r.event["frame"] - 1] + 1
        text = shown.get((frame, r.event.get("otid", ""), r.event.get("dtid", ""), r.event["invoke_id"]))
        if text is None or r.left:
            continue
        compared += 1
        if r.event["action"] != "redact":
            assert not text.strip(" \0"), f"{r.where}: tshark shows {text!r}"
            continue
        before = r.event["text"]
        assert "parts" in r.event or not any(x.search(text) for x in RULES), f"{r.where}: {text!r} is still hit"
        assert len(text) == len(before), f"{r.where}: {before!r} became {text!r}"
        assert all(y in (x, " ") for x, y in zip(before, text)), f"{r.where}: {before!r} became {text!r}"
    # of an operation or a coding that it does not know tshark shows no text
    assert compared or style not in ("imsi_unknown", "blank", "redact"), "no text was compared"


CHECKS = [("frames", frames_kept), ("form", form), ("answers", answered), ("again", same_bytes_again),
          ("tshark", well_formed), ("texts", texts_gone)]
BY_TSHARK = (well_formed, texts_gone)


def one(check):
    def run(lab, path, style):
        why = tsharkfields.missing() if check in BY_TSHARK else None
        if why:
            raise Skip(why)
        check(lab, path, style)
    return run


def tests():
    captures = [f"{MATERIAL}/own/{name}.pcap" for name in CAPTURES] + [MERGED]
    cases = [(path, style) for path in captures if sigtran_captures() for style in STYLES if style != "throttle"]
    cases += [(path, style) for path, styles in MADE.items() for style in styles]
    for path, style in cases:
        for name, check in CHECKS:
            yield f"sigtran-enforce/{name} {style} {path if path in MADE else short(path)}", one(check), path, style
