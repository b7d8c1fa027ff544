# SPDX-License-Identifier: BSD-3-Clause
"""What is told of short messages of MAP is what tshark shows; nothing is changed by watching."""
from collections import Counter

import capture
import sigtran
import tsharkfields
import tsharkmap
from cases_ledger import check_ledger
from cases_monitor import check_identical
from program import MATERIAL, MERGED, Skip, read, short, sigtran_captures, sigtran_path, sigtran_replay

SERVICE = ("0x0a", "0x12", "0x14")  # UDTS, XUDTS, LUDTS: what comes back undelivered
# By TP-MTI and whether it goes to a mobile (TS 23.040 9.2.3.1); a reserved type is taken as DELIVER.
KINDS = {(0, True): "SMS-DELIVER", (2, True): "SMS-STATUS-REPORT", (3, True): "SMS-DELIVER",
         (1, False): "SMS-SUBMIT", (2, False): "SMS-COMMAND"}
NATIONAL = (0x24, 0x25)  # UDH elements of national tables (TS 23.040 9.2.3.24.15, 16)


def identical(lab, path):
    """Mode monitor: OUT is IN, the ledger adds up, nothing is done to any message."""
    run = sigtran_replay(lab, path, "all", "monitor")
    check_identical(path, run)
    check_ledger(run, len(read(path).frames))
    assert all(e["action"] == "none" for e in run.messages), "mode monitor has acted on a message"
    counters = run.summary["counters"]
    open_ones = counters["associations_opened"] - counters["associations_closed"] - counters["associations_aged"]
    assert open_ones == 0, f"{open_ones} associations were opened and never closed"
    sessions = Counter(e["change"] in ("closed", "aged") for e in run.events if e["type"] == "session")
    assert sessions[True] == sessions[False], f"{sessions[False]} sessions were told to open, {sessions[True]} to close"


def user_octets(path):
    """Octets of user data of SCTP in a capture."""
    c = read(path)
    total = 0
    for f in c.frames:
        p = sigtran.packet(f.data, c.link)
        for chunk in p.chunks if p else ():
            piece = sigtran.piece_of(f.data, 0, chunk)
            total += piece.end - piece.start if piece else 0
    return total


def accounted(lab, path):
    """Every octet of user data stands under a reason, and no octet but those."""
    run = sigtran_replay(lab, path, "all", "monitor")
    octets, told = user_octets(path), sum(side["forwarded"] for side in run.summary["ledger"])
    rest = sum(s["octets"][r] for s in run.summary["ledger"] for r in ("not_sms", "no_text", "not_smpp"))
    # captures with TCP in them have its octets in the ledger, too
    assert octets == told or octets < told <= octets + rest, f"{octets} octets of user data, {told} in the ledger"


def bursts(lab, path):
    """The same octets and events for bursts of 1 and of 32, which is the configuration's."""
    first, one = (sigtran_replay(lab, path, "some", burst=burst) for burst in (None, 1))
    assert one.out == first.out, "OUT differs with --burst 1"
    assert one.events_octets == first.events_octets, "events differ with --burst 1"


class Dialogues:
    """The version of MAP of each message, from the application context of its dialogue's first message."""

    def __init__(self):
        self.versions = {}

    def version(self, message, ends):
        calling, called = ends
        otid, dtid = message["otid"], message["dtid"]
        if message["type"] == "begin":
            version = message["context_version"]
            self.versions[calling, otid] = version
        else:
            version = self.versions.get((called, dtid)) or self.versions.get((calling, otid), 0)
            if otid:
                self.versions[calling, otid] = version
        return version


def expected(operation, version, tcap):
    """The members of the event, from what tshark shows; `tcap` is the message as the tests read it."""
    f, below = operation.fields, operation.below
    submit = not f["to_mobile"]
    text = f.get("text")
    out = {
        "command": tsharkmap.operation_name(f["code"], f["to_mobile"]),
        "opcode": f["code"], "map_version": version, "tcap": operation.message["type"],
        "otid": operation.message["otid"] or None, "dtid": operation.message["dtid"] or None, "invoke_id": f["id"],
        "calling_gt": tsharkmap.digits(below.get("sccp.calling.digits")) or None,
        "called_gt": tsharkmap.digits(below.get("sccp.called.digits")) or None,
        "calling_ssn": operation.below_number("sccp.calling.ssn"),
        "called_ssn": operation.below_number("sccp.called.ssn"),
        "opc": operation.below_number("m3ua.protocol_data_opc"),
        "dpc": operation.below_number("m3ua.protocol_data_dpc"),
        "tpdu": KINDS[f["mti"], f["to_mobile"]], "smsc": f.get("centre", ""), "imsi": f.get("imsi", None),
        "src": f.get("msisdn", "") if submit else f.get("address", ""),
        "dst": f.get("address", "") if submit else "",
        "data_coding": f.get("dcs", 0), "protocol_id": f.get("pid", 0),
        "part": f.get("part"), "parts": f.get("total"), "reference": f.get("reference"),
        "sequence": tcap.message.tsn, "octets": len(tcap.octets), "proto": "map",
        "role": "smsc" if f["to_mobile"] else "msc",
    }
    out["dst_ton" if submit else "src_ton"] = f.get("ton")
    out["dst_npi" if submit else "src_npi"] = f.get("npi")
    if text is not None:
        out["text"] = text
    return out


def national(tcap, invoke_id):
    """The text has a national table."""
    for c in sigtran.read_tcap(tcap.octets.data)[2]:
        ui = b"".join(tcap.octets.data[s:e] for s, e in c.ui)
        if c.invoke_id != invoke_id or not ui or ui[0] & 3 == 2 or not ui[0] & 0x40:
            continue
        t = sigtran.Tpdu(ui)
        at = t.udl_at + 2
        while at + 1 < t.text:
            if ui[at] in NATIONAL:
                return True
            at += 2 + ui[at + 1]
    return False


def text_differs_lawfully(event, shown, tcap):
    """The kinds of docs/tshark-differences.md."""
    ours = event["text"]
    if event["encoding"] == "gsm7-packed" and national(tcap, event["invoke_id"]):
        return "national tables"
    if event["encoding"] in ("utf16", "utf16le") and any(ord(c) > 0xFFFF for c in ours):
        return "beyond the Basic Multilingual Plane"
    if shown is None and event["encoding"] == "binary":
        return "not decoded by tshark: binary"
    return None


def compare(event, operation, version, tcap):
    """[(member, ours, tshark's)] of one message."""
    out = []
    for name, value in expected(operation, version, tcap).items():
        ours = event.get(name)
        if name == "imsi":
            ours, value = ours or None, value or None
        if ours == value or (name == "text" and text_differs_lawfully(event, value, tcap)):
            continue
        out.append((name, ours, value))
    if operation.fields.get("text") is None and event.get("text") and not text_differs_lawfully(event, None, tcap):
        out.append(("text", event["text"], None))
    return out


def compare_with_tshark(source, run):
    """Each member of each event of `run` is what tshark shows of `source`, a pcap: how many messages there are."""
    c = capture.read(source)
    messages, _ = sigtran.tcap_messages(c.frames, c.link)
    by_key, events = {}, {}
    for t in messages:
        _, ids, components = sigtran.read_tcap(t.octets.data)
        for x in components:
            by_key[t.message.frame, ids.get(0x48, ""), ids.get(0x49, ""), x.invoke_id] = t
    for e in (e for e in run.messages if e["proto"] == "map"):
        key = e["frame"], e.get("otid", ""), e.get("dtid", ""), e["invoke_id"]
        assert key not in events, f"message {key} was told twice"
        events[key] = e
    dialogues, differences, seen = Dialogues(), [], set()
    for o in tsharkmap.operations(source):
        ends = tuple(o.below.get(f"sccp.{end}.digits") for end in ("calling", "called"))
        version = dialogues.version(o.message, ends)
        if o.below.get("sccp.message_type") in SERVICE or o.fields.get("type") != "invoke" or \
                tsharkmap.operation_name(o.fields["code"], o.fields["to_mobile"]) is None:
            continue
        seen.add(o.key)
        if o.key not in events:
            differences.append((o.key, "not told", None, o.fields))
            continue
        differences += [(o.key, *d) for d in compare(events[o.key], o, version, by_key[o.key])]
    differences += [(key, "not shown by tshark", events[key]["text"], None) for key in events.keys() - seen]
    assert not differences, f"{len(differences)} differences: {differences[:4]}"
    return len(seen)


def fields(lab, path):
    """Every short message: each member of its event, from SCTP to the text."""
    why = tsharkfields.missing()
    if why:
        raise Skip(why)
    run = sigtran_replay(lab, path, "all", "monitor")
    # what is no Ethernet pcap is compared as mode monitor has it
    n = compare_with_tshark(path if read(path).kind == "pcap" else run.out_path, run)
    assert n or not path.startswith(MATERIAL + "/own/"), "tshark shows no short message"


def messages_whole(lab, path):
    """Our own reading of the capture finds the messages that were told, and no other."""
    run = sigtran_replay(lab, path, "all", "monitor")
    c = read(path)
    wanted = Counter()
    for t in sigtran.tcap_messages(c.frames, c.link)[0]:
        _, ids, components = sigtran.read_tcap(t.octets.data)
        for x in components:
            if x.tag == sigtran.INVOKE and x.code in sigtran.OPERATIONS and x.ui:
                wanted[t.message.frame, t.message.tsn, ids.get(0x48), x.invoke_id, x.code, len(t.octets)] += 1
    got = Counter((e["frame"], e["sequence"], e.get("otid"), e["invoke_id"], e["opcode"], e["octets"])
                  for e in run.messages)
    assert got == wanted, f"told but not there: {list(got - wanted)[:3]}; not told: {list(wanted - got)[:3]}"
    if path.startswith(MATERIAL + "/own/"):
        assert wanted, "the capture has no short message"


def no_alarm(lab, path):
    """Real traffic that tshark finds nothing wrong with is not called malformed."""
    run = sigtran_replay(lab, path, "all", "monitor")
    of_form = ("ber", "ber_depth", "ber_pieces", "tcap_message", "tcap_component", "map_parameter", "tpdu_body",
               "tpdu_type", "tpdu_address", "tpdu_length", "sccp_pointer", "sccp_type", "sig_ber", "udh_length")
    told = Counter(e["reason"] for e in run.events if e["type"] == "anomaly" and e["reason"] in of_form)
    assert not told, f"anomalies: {dict(told)}"


def one_association(lab, path):
    """The packets of both paths are of one association: no message is lost between them, and none told twice."""
    run = sigtran_replay(lab, path, "all", "monitor")
    assert run.summary["counters"]["associations_opened"] == 1, "two paths were taken for two associations"
    assert not any(e["type"] == "anomaly" for e in run.events), "an anomaly was seen"


def on(check):
    return lambda lab, path: check(lab, sigtran_path(lab, path))


CHECKS = [("identical", identical), ("accounted", accounted), ("bursts", bursts), ("fields", fields),
          ("messages", messages_whole), ("no alarm", no_alarm)]


def tests():
    for path in sigtran_captures():
        for name, check in CHECKS:
            yield f"sigtran/{name} {short(path)}", on(check), path
    if MERGED in sigtran_captures():
        yield "sigtran/one association " + short(MERGED), on(one_association), MERGED
