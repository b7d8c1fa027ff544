# SPDX-License-Identifier: BSD-3-Clause
"""
sigtran_node: one end of an M3UA association that speaks MAP: it sends short messages, and answers those that come, as public
stacks do (jSS7, RestComm): an operation that it does not know is rejected with unrecognizedOperation, a parameter that it
cannot read with mistypedParameter; a reserved data coding is unexpectedDataValue, an IMSI of nobody unidentifiedSubscriber;
a transaction that it does not have is ignored; everything else is accepted.

Usage: sigtran_node.py JOB        JOB is a JSON document; the members are in Node and in the transports.
`log` gets a JSON line for each thing that happens, with the time of day in "at":
  {"event": WORD}                     of the association: up, lost, restart, shutdown, unreachable, available
  {"active": true}                    M3UA is up
  {"sent": N, "tcap": HEX}            what was sent of message N, all steps, one line each
  {"answer": N, "what": W, "code": C} result, error, reject, abort, timeout
  {"got": HEX}                        a TCAP message with an operation, as it came, whole
  {"accepted": KIND, "address": A, "dcs": D, "text": T}    what a subscriber would see
  {"refused": "error" or "reject", "code": C}, {"ignored": "abort"}, {"bad": WHY}
  {"beats": [sent, answered]}, {"given_up": N}             at the end; N segmented messages that never came whole
SIGUSR1: no more messages are begun. SIGTERM: the end, at once. Ends with 0 when everything was answered and the association was shut down in order.
"""
import json
import os
import queue
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sigtran_map as m  # noqa: E402

HEADER = struct.Struct("!IHHI")
FLAG_UNORDERED, FLAG_EVENT = 1, 2
IMSI_OF_OURS = "23415"
SOL_SCTP, SCTP_INITMSG, SCTP_SNDRCV = 132, 2, 1  # linux/sctp.h
CONNECT_S = 20


class UsrSctp:
    """libusrsctp, by way of sigtran_peer and its two pipes."""

    def __init__(self, job, inbox):
        command = [job["program"], "listen" if job.get("listens") else "connect", "--local", ",".join(job["local"]),
                   "--port", str(job["port"]), *job.get("options", ())]
        if not job.get("listens"):
            command += ["--peer", ",".join(job["peer"]), "--peer-port", str(job["peer_port"])]
        self.inbox = inbox
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.to = self.process.stdin
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            head = self.process.stdout.read(HEADER.size)
            if len(head) < HEADER.size:
                self.inbox.put(("event", "ended"))
                return
            length, _, flags, ppid = HEADER.unpack(head)
            octets = self.process.stdout.read(length)
            if flags & FLAG_EVENT:
                self.inbox.put(("event", octets.decode("ascii")))
            else:
                self.inbox.put(("message", octets if ppid == m.PPID else b""))

    def send(self, stream, octets, unordered=False):
        try:
            self.to.write(HEADER.pack(len(octets), stream, FLAG_UNORDERED if unordered else 0, m.PPID) + octets)
        except (BrokenPipeError, ValueError):
            pass  # closed here, or its end comes as an event

    def flush(self):
        """One write for all that was sent: the stack bundles it."""
        try:
            self.to.flush()
        except (BrokenPipeError, ValueError):
            pass

    def close(self):
        try:
            self.to.close()
        except BrokenPipeError:
            pass

    def wait(self):
        return self.process.wait(15)


class KernelSctp:
    """SCTP of the kernel."""

    def __init__(self, job, inbox):
        self.inbox = inbox
        self.closed = False
        if job.get("listens"):
            made = self._make(job)
            made.listen(1)
            print("listening", file=sys.stderr, flush=True)
            self.socket = made.accept()[0]
        else:
            self.socket = self._connect(job)
        self.inbox.put(("event", "up"))
        threading.Thread(target=self._read, daemon=True).start()

    @staticmethod
    def _make(job):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP)
        made.setsockopt(SOL_SCTP, SCTP_INITMSG, struct.pack("HHHH", 17, 17, 0, 0))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((job["local"][0], job["port"]))
        return made

    def _connect(self, job):
        end = time.monotonic() + CONNECT_S
        while True:
            made = self._make(job)
            try:
                made.connect((job["peer"][0], job["peer_port"]))
                return made
            except OSError:
                made.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def _read(self):
        octets = b""
        while True:
            try:
                more, _, flags, _ = self.socket.recvmsg(65536)
            except OSError:
                self.inbox.put(("event", "shutdown" if self.closed else "lost"))
                return
            if not more:
                self.inbox.put(("event", "shutdown"))
                return
            octets += more
            if flags & socket.MSG_EOR:
                self.inbox.put(("message", octets))
                octets = b""

    def send(self, stream, octets, unordered=False):
        info = struct.pack("HHHIIIIIi", stream, 0, 1 if unordered else 0, socket.htonl(m.PPID), 0, 0, 0, 0, 0)
        try:
            self.socket.sendmsg([octets], [(SOL_SCTP, SCTP_SNDRCV, info)])
        except OSError:
            pass

    def flush(self):
        pass

    def close(self):
        self.closed = True
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has ended

    def wait(self):
        return 0


class Node:
    """The M3UA and MAP above a transport."""

    def __init__(self, job):
        self.job = job
        self.inbox = queue.Queue()
        self.log_file = open(job["log"], "w", buffering=1, encoding="utf-8")  # pylint: disable=consider-using-with
        self.messages = list(reversed(job.get("messages", [])))
        self.window = job.get("window", 10)
        self.per_s = job.get("per_s", 0)
        self.timer_s = job.get("timer_s", 10)
        self.streams = job.get("streams", 17)
        self.tids = job.get("tids", 0x01000000)
        self.outstanding = {}  # by transaction id: message, deadline
        self.theirs = set()  # transactions that they have begun and that wait for their operation
        self.reassembly = m.Reassembly()
        self.active = self.ended = self.closed = False
        self.beats = [0, 0]
        self.next_beat = self.last_fill = time.monotonic()
        self.credit = 0.0
        self.code = 0
        signal.signal(signal.SIGUSR1, lambda *_: self.messages.clear())
        signal.signal(signal.SIGTERM, self.end)  # not by the queue, whose lock may be held here
        self.transport = (KernelSctp if job.get("kernel") else UsrSctp)(job, self.inbox)

    def end(self, *_):
        self.ended = True

    def log(self, **what):
        self.log_file.write(json.dumps({**what, "at": time.time()}) + "\n")

    # ---- M3UA

    def take_m3ua(self, octets):
        kind, parameters = m.read_m3ua(octets)
        if kind == m.DATA:
            opc, dpc, si, user_data = m.read_protocol_data(parameters[m.TAG_PROTOCOL_DATA])
            if si != m.SI_SCCP:
                raise m.Bad(f"service indicator {si}")
            whole = self.reassembly.take(user_data)
            if whole is not None:
                self.take_tcap(opc, dpc, *whole)
        elif kind == m.BEAT:
            self.transport.send(0, m.m3ua(m.BEAT_ACK, *parameters.items()))
        elif kind == m.BEAT_ACK:
            self.beats[1] += 1
        elif kind == m.ASPUP:
            self.transport.send(0, m.m3ua(m.ASPUP_ACK))
        elif kind == m.ASPAC:
            self.transport.send(0, m.m3ua(m.ASPAC_ACK, *parameters.items()))
            self.transport.send(0, m.m3ua(m.NOTIFY, (m.TAG_STATUS, b"\0\1\0\3")))  # AS-ACTIVE (RFC 4666 3.8.2)
            self.set_active()
        elif kind == m.ASPUP_ACK:
            self.transport.send(0, m.m3ua(m.ASPAC, (m.TAG_TRAFFIC_MODE, b"\0\0\0\1"),
                                          (m.TAG_ROUTING_CONTEXT, struct.pack("!I", self.job["context"]))))
        elif kind == m.ASPAC_ACK:
            self.set_active()
        elif kind == m.ERROR:
            raise m.Bad(f"M3UA error {octets.hex()}")

    def set_active(self):
        if not self.active:
            self.active = True
            self.log(active=True)

    def put_data(self, dpc, called, calling, tcap, message):
        """A TCAP message on its way; the segments of one stay in one stream, in order."""
        self.tids += 1
        stream = 1 + self.tids % (self.streams - 1)
        parts = m.sccp(called, calling, tcap, message.get("segments", 0), self.tids & 0xFFFFFF)
        for part in parts:
            self.transport.send(stream, m.data(self.job["opc"], dpc, self.tids & 15, part, self.job["context"]),
                                bool(message.get("unordered")) and len(parts) == 1)

    # ---- the side that asks

    def begin(self, message):
        otid = struct.pack("!I", self.tids + 1)
        operation = m.invoke(message)
        tcap = m.request(message, otid, None if message.get("empty_begin") else operation)
        called = m.address(message["to_gt"], m.SSN_MSC)
        calling = m.address(self.job["gt"], m.SSN_MSC)
        self.outstanding[otid] = (message, time.monotonic() + self.timer_s, called, calling)
        self.log(sent=message["n"], tcap=tcap.hex())
        self.put_data(self.job["dpc"], called, calling, tcap,
                      {} if message.get("empty_begin") else message)

    def take_answer(self, tcap, read):
        if read["dtid"] not in self.outstanding:
            self.log(ignored="abort" if read["type"] == m.ABORT else "late")
            return
        message, deadline, called, calling = self.outstanding[read["dtid"]]
        if read["type"] == m.CONTINUE and not read["components"]:
            step = m.next_step(read["dtid"], read["otid"], m.invoke(message))
            self.log(sent=message["n"], tcap=step.hex())
            self.put_data(self.job["dpc"], called, calling, step, message)
            return
        del self.outstanding[read["dtid"]]
        what, code = "abort", None
        for tag, value in read["components"]:
            parts = m.elements(value)
            if parts[0][1] != bytes((message["invoke"],)):
                raise m.Bad("answer to another invoke")
            what = {m.RESULT: "result", m.RETURN_ERROR: "error", m.REJECT: "reject"}[tag]
            code = parts[1][1][0] if len(parts) > 1 else None
        self.log(answer=message["n"], what=what, code=code, tcap=tcap.hex(),
                 in_time=time.monotonic() <= deadline)

    # ---- the side that answers

    def answer(self, tag, value, context):
        """The component that answers an invoke, and what it says of it."""
        parts = m.elements(value)
        invoke_id, code = parts[0][1][0], parts[1][1][0] if parts[1][0] == 0x02 else None
        if tag != m.INVOKE:
            raise m.Bad(f"component {tag:#x}")
        if code not in (m.MO, m.MT):
            return self.refuse(m.REJECT, invoke_id, m.UNRECOGNIZED_OPERATION)
        try:
            rp = m.elements(parts[2][1])
            if [e[0] for e in rp[:3]] not in ([0x84, 0x82, 0x04], [0x80, 0x84, 0x04]):
                raise m.Bad("sm-RP")
            kind, address, dcs, text = m.read_tpdu(rp[2][1])
            if kind != ("mo" if context[-2] == m.CONTEXT_MO else "mt"):
                raise m.Bad("TPDU of the other way")
        except (m.Bad, IndexError, UnicodeDecodeError) as why:
            self.log(unreadable=str(why))
            return self.refuse(m.REJECT, invoke_id, m.MISTYPED_PARAMETER)
        if kind == "mo" and (dcs & 0xC0 == 0x80 or not address.strip("0")):
            return self.refuse(m.RETURN_ERROR, invoke_id, m.UNEXPECTED_DATA)
        if kind == "mt" and not m.undigits(rp[0][1]).startswith(IMSI_OF_OURS):
            return self.refuse(m.RETURN_ERROR, invoke_id, m.UNIDENTIFIED_SUBSCRIBER)
        self.log(accepted=kind, address=address, dcs=dcs, text=text)
        return m.component(m.RESULT, invoke_id, None)

    def refuse(self, kind, invoke_id, code):
        self.log(refused="reject" if kind == m.REJECT else "error", code=code)
        return m.component(kind, invoke_id, code)

    def take_question(self, opc, called, calling, tcap, read):
        mine = b""
        if read["type"] == m.BEGIN and not read["components"]:
            self.tids += 1
            mine = struct.pack("!I", self.tids)
            self.theirs.add((mine, read["context"]))
            out = m.response(m.CONTINUE, mine, read["otid"], read["context"])
        else:
            context, accepts = read["context"], read["context"]
            if read["type"] == m.CONTINUE:
                context = next((c for tid, c in self.theirs if tid == read["dtid"]), None)
                self.theirs.discard((read["dtid"], context))
                accepts = None
                if context is None:
                    self.log(ignored="continue")
                    return
            self.log(got=tcap.hex())
            answers = b"".join(self.answer(tag, value, context) for tag, value in read["components"])
            out = m.response(m.END, b"", read["otid"], accepts, answers)
        self.put_data(opc, calling, called, out, {})

    def take_tcap(self, opc, _dpc, called, calling, tcap):
        read = m.read_tcap(tcap)
        if read["type"] in (m.END, m.ABORT) or read["dtid"] in self.outstanding:
            self.take_answer(tcap, read)
        else:
            self.take_question(opc, called, calling, tcap, read)

    # ---- the whole

    def take_event(self, word):
        if word == "ended":
            self.ended = True
            return
        self.log(event=word)
        if word == "up" and self.job.get("asp", not self.job.get("serves")):
            self.transport.send(0, m.m3ua(m.ASPUP))
        elif word in ("lost", "shutdown"):
            self.ended = True
            self.code |= word == "lost"

    def take(self, kind, what):
        if kind == "event":
            self.take_event(what)
            return
        try:
            self.take_m3ua(what)
        except (m.Bad, IndexError, KeyError, TypeError, struct.error) as why:
            self.log(bad=f"{type(why).__name__}: {why}", octets=what.hex())

    def fill(self, now):
        if self.per_s:
            self.credit = min(self.credit + (now - self.last_fill) * self.per_s, self.window)
        self.last_fill = now
        while self.messages and len(self.outstanding) < self.window and (not self.per_s or self.credit >= 1):
            self.credit -= 1
            self.begin(self.messages.pop())

    def tick(self):
        now = time.monotonic()
        if self.active and now >= self.next_beat and not self.closed:
            self.next_beat = now + 0.5
            self.beats[0] += 1
            self.transport.send(0, m.m3ua(m.BEAT, (0x0009, struct.pack("!I", self.beats[0]))))
        for otid in [t for t, o in self.outstanding.items() if o[1] <= now]:
            self.log(answer=self.outstanding.pop(otid)[0]["n"], what="timeout", code=None)
        if self.active and not self.closed:
            self.fill(now)
        if self.is_done() and not self.closed:
            self.closed = True
            self.transport.close()
        else:
            self.transport.flush()

    def is_done(self):
        until = self.job.get("until")
        return (self.active and not self.job.get("serves") and not self.messages and not self.outstanding and
                self.beats[0] == self.beats[1] > 0 and (until is None or os.path.exists(until)))

    def run(self):
        while not self.ended:
            self.tick()
            try:
                self.take(*self.inbox.get(timeout=0.02))
                while True:
                    self.take(*self.inbox.get_nowait())
            except queue.Empty:
                pass
        self.transport.close()
        self.log(beats=self.beats)
        self.log(given_up=self.reassembly.given_up)
        self.log_file.close()
        return self.code or self.transport.wait()


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.exit(Node(json.load(file)).run())
