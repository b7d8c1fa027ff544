# SPDX-License-Identifier: BSD-3-Clause
"""metrics: the live daemon scraped over its sockets while it works, and asked on DPDK's telemetry socket."""
import contextlib
import ctypes
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse

from lab import FILTER, PATTERNS, ROOT, Skip, check, check_equal, wait_for
from live import node_session

PORT = 9877
GET = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
RINGS = ("net_ring0", "net_ring1")
N_RULES = 150
CLONE_NEWNET = 0x40000000
SAMPLE = re.compile(r'(smswall_\w+)((?:\{(?:\w+="(?:[^"\\]|\\.)*",?)+\})?) (\d+(?:\.\d+)?)')


# ---- HTTP

@contextlib.contextmanager
def inside(lab, place):
    """This thread's new sockets are of that namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net", "rb") as here, open(f"/run/netns/{lab.netns(place)}", "rb") as there:
        check_equal(libc.setns(there.fileno(), CLONE_NEWNET), 0, "setns")
        try:
            yield
        finally:
            libc.setns(here.fileno(), CLONE_NEWNET)


def connect(lab, daemon, by_port):
    if by_port:
        with inside(lab, FILTER):
            peer = socket.socket(socket.AF_INET)
        peer.settimeout(5)
        peer.connect(("127.0.0.1", PORT))
    else:
        peer = socket.socket(socket.AF_UNIX)
        peer.settimeout(5)
        peer.connect(metrics_path(daemon))
    return peer


def read_all(peer):
    octets = b""
    while True:
        piece = peer.recv(65536)
        if not piece:
            return octets
        octets += piece


def ask(lab, daemon, request=GET, by_port=False):
    """Status, fields, body."""
    with connect(lab, daemon, by_port) as peer:
        peer.sendall(request)
        head, _, body = read_all(peer).partition(b"\r\n\r\n")
    lines = head.decode("ascii").split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:])
    check_equal(len(body), int(fields["content-length"]), "octets of the body")
    return int(lines[0].split()[1]), fields, body.decode("utf-8")


def scrape(lab, daemon, by_port=False):
    """Series and their values; each line is looked at."""
    status, fields, text = ask(lab, daemon, by_port=by_port)
    check_equal((status, fields["content-type"]),
                (200, "application/openmetrics-text; version=1.0.0; charset=utf-8"), "answer")
    lines = text.split("\n")
    check_equal(lines[-2:], ["# EOF", ""], "the last lines")
    series = {}
    for line in lines[:-2]:
        if not line.startswith(("# TYPE smswall_", "# UNIT smswall_", "# HELP smswall_")):
            match = SAMPLE.fullmatch(line)
            check(match, f"no sample: {line!r}")
            check(match[1] + match[2] not in series, f"a series twice: {line!r}")
            series[match[1] + match[2]] = float(match[3])
    return series


def metrics_path(daemon):
    return os.path.join(os.path.dirname(daemon.config), "metrics.sock")


def start(lab, series=2000, keys="", changes=None, **more):
    """`keys`: more of the configuration; FOLDER in it is where the configuration lies. `changes`: as of write_config()."""
    config = lab.write_config(**(changes or {}))
    with open(config, "a", encoding="ascii") as file:
        path = os.path.join(os.path.dirname(config), "metrics.sock")
        file.write(f'metrics = {{ socket = "{path}"; port = {PORT}; rules = 5; series = {series}; }};\n')
        file.write(keys.replace("FOLDER", os.path.dirname(config)))
    daemon = lab.start_daemon(config, **more)
    wait_for("the metrics' socket", 10, lambda: os.path.exists(metrics_path(daemon)))
    wait_for("an answer", 10, lambda: quiet_scrape(lab, daemon))
    return daemon


def report_of(daemon):
    """What the daemon itself reports, whole."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(10)
        peer.connect(daemon.socket_path)
        peer.sendall(b'{"v":1,"verb":"counters"}\n')
        with peer.makefile("rb") as lines:
            return json.loads(lines.readline())["result"]


def stop_well(daemon):
    check_equal(daemon.stop(), 0, f"exit code after SIGTERM ({daemon.tail()})")
    check(not os.path.exists(metrics_path(daemon)), "the metrics' socket is left behind")


class Scraper(threading.Thread):
    """Scrapes at a steady rate; keeps what was wrong."""

    def __init__(self, lab, daemon, rate):
        super().__init__()
        self.lab, self.daemon_asked, self.rate = lab, daemon, rate
        self.over = threading.Event()
        self.n = 0
        self.wrong = None

    def run(self):
        last = {}
        due = time.monotonic()
        try:
            while not self.over.is_set():
                self.n += 1
                due = max(due + 1 / self.rate, time.monotonic() - 0.5)
                time.sleep(max(0, due - time.monotonic()))
                if self.n % 10 != 1:
                    status, _, text = ask(self.lab, self.daemon_asked, by_port=self.n % 2 == 1)
                    check(status == 200 and text.endswith("\n# EOF\n"), f"status {status}")
                    continue
                series = scrape(self.lab, self.daemon_asked, self.n % 4 == 1)
                for name, value in series.items():
                    if re.match(r"\w+_total(\{|$)", name):
                        check(value >= last.get(name, 0), f"{name}: {value} after {last.get(name)}")
                check(not last or last.keys() <= series.keys() | {n for n in last if "rule=" in n}, "a series is gone")
                last = series
        except Exception as why:  # pylint: disable=broad-except
            self.wrong = why

    def finish(self):
        self.over.set()
        self.join()
        if self.wrong is not None:
            raise self.wrong


def case_traffic(lab):
    """A hundred scrapes a second over both sockets while messages go by: nothing is lost, all figures agree."""
    daemon = start(lab)
    scraper = Scraper(lab, daemon, 100)
    scraper.start()
    begin = time.monotonic()
    messages, mo, _ = node_session(lab, 400, window=10)
    wait_for("200 scrapes", 30, lambda: scraper.n >= 200 or scraper.wrong)
    rate = scraper.n / (time.monotonic() - begin)
    scraper.finish()
    check(rate > 50, f"only {rate:.0f} scrapes a second")
    time.sleep(0.2)  # a page is at most 100 ms old
    series, report = scrape(lab, daemon), report_of(daemon)
    refused = sum(m["refused"] for m in messages + mo)
    check_equal(series['smswall_verdicts_total{verdict="reject"}'], refused, "refused messages")
    check_equal(series["smswall_messages_total"], len(messages) + len(mo), "messages")
    check_equal(series['smswall_link_messages_total{link="lab"}'], len(messages) + len(mo), "messages of the link")
    rules = {r["id"]: r["hits"] for r in report["rules"]}
    check_equal({n: v for n, v in series.items() if n.startswith("smswall_rule_hits_total")},
                {f'smswall_rule_hits_total{{rule="{n}"}}': v for n, v in rules.items()}, "hits of rules")
    for name, value in report["counters"].items():
        metric = f"smswall_{name}_total"
        if metric in series and name not in ("timeouts", "frames_in", "frames_out"):
            check_equal(series[metric], value, name)
    for name, value in report["reasons"].items():
        told = [v for n, v in series.items() if n.startswith("smswall_reasons_total") and f'reason="{name}"' in n]
        check_equal(told, [value], f"reason {name}")
    for ledger in report["ledger"]:
        check_equal(series[f'smswall_forwarded_bytes_total{{from="{ledger["from"]}"}}'], ledger["forwarded"], "octets")
        check_equal(sum(v for n, v in series.items() if n.startswith(f'smswall_ledger_bytes_total{{from="{ledger["from"]}"')),
                    ledger["accounted"], "octets in reasons")
        check_equal(series[f'smswall_waiting_bytes{{from="{ledger["from"]}"}}'], ledger["waiting"], "octets that wait")
    check_equal((report["counters"]["events_lost"], report["counters"]["tx_full"]), (0, 0), "losses")
    check_equal([v for n, v in series.items() if n.startswith("smswall_port_up{")], [1, 1], "ports")
    stop_well(daemon)


def case_requests(lab):
    """Another method, another path, health, the older format; the same over the port."""
    daemon = start(lab, devices=RINGS)
    for by_port in (False, True):
        for request, wanted in ((b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nxx", 405),
                                (b"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 405),
                                (b"GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 404),
                                (b"GET /metrics HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 5000 + b"\r\n\r\n", 431),
                                (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
                                (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 200)):
            check_equal(ask(lab, daemon, request, by_port)[0], wanted, f"status of {request[:30]}")
        classic = ask(lab, daemon, GET[:-2] + b"Accept: text/plain\r\n\r\n", by_port)
        check(classic[1]["content-type"].startswith("text/plain; version=0.0.4") and "# EOF" not in classic[2], "classic")
    check_equal(daemon.counter("tx_full"), 0, "frames not sent")
    stop_well(daemon)


def case_slow(lab):
    """Readers that do not read, writers that do not end, a crowd: others are answered, control and workers go on."""
    daemon = start(lab, devices=("net_null0", "net_null1"))
    idle = []
    for i in range(12):
        peer = connect(lab, daemon, i % 2 == 1)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        peer.sendall(GET if i % 3 else GET[:20])
        idle.append(peer)
    turns = scrape(lab, daemon)['smswall_worker_turns_total{worker="0"}']
    slowest = 0
    for _ in range(20):
        begin = time.monotonic()
        daemon.ctl("panic", "status")
        scrape(lab, daemon)
        slowest = max(slowest, time.monotonic() - begin)
    check(slowest < 3, f"an answer took {slowest:.1f} s")
    wait_for("slow ones to be cut off", 10, lambda: scrape(lab, daemon)["smswall_metrics_clients"] == 1, every=0.2)
    series = scrape(lab, daemon)
    check(series["smswall_metrics_overdue_total"] >= 4, f"{series['smswall_metrics_overdue_total']} were cut off")
    check(series['smswall_worker_turns_total{worker="0"}'] > turns, "the worker stands still")
    crowd = []
    for _ in range(40):
        with contextlib.suppress(BlockingIOError):  # so many wait to be let in
            crowd.append(connect(lab, daemon, False))
        time.sleep(0.02)
    check(len(crowd) >= 16, f"only {len(crowd)} connections")
    for peer in crowd + idle:
        peer.close()
    wait_for("room", 5, lambda: quiet_scrape(lab, daemon), every=0.1)
    check(scrape(lab, daemon)["smswall_metrics_refused_total"] >= 1, "nobody was refused")
    stop_well(daemon)


def quiet_scrape(lab, daemon):
    try:
        return scrape(lab, daemon)
    except (OSError, ValueError, KeyError, IndexError):
        return None


def case_bound(lab):
    """metrics.series: not one more, and what is missing is told."""
    daemon = start(lab, series=150, devices=RINGS)
    series = scrape(lab, daemon)
    check_equal(len(series), 152, "series")
    check_equal(series['smswall_metrics_series{what="told"}'], 150, "told")
    check(series['smswall_metrics_series{what="left_out"}'] > 50, "none is said to be left out")
    stop_well(daemon)


def case_refused(lab):
    """Anything but a loopback address is refused by the configuration check."""
    config = lab.write_config()
    with open(config, "a", encoding="ascii") as file:
        file.write(f'metrics = {{ port = {PORT}; address = "0.0.0.0"; }};\n')
    code, said = lab.refused_start(*RINGS, config=config)
    check_equal(code, 4, f"exit code ({said})")
    check(re.search(r"smswall\.conf:\d+:\d+: error: metrics\.address: .*loopback", said), said)


# ---- Prometheus

def documented_names():
    spec = importlib.util.spec_from_loader("check_metrics", loader=None)
    module = importlib.util.module_from_spec(spec)
    with open(os.path.join(ROOT, "scripts", "check-metrics"), encoding="utf-8") as file:
        source = file.read().replace("sys.exit(main())", "").replace(
            "__file__", repr(os.path.join(ROOT, "scripts", "check-metrics")))
    exec(compile(source, "check-metrics", "exec"), module.__dict__)  # pylint: disable=exec-used
    return module


def case_dashboard(lab):
    """Every metric that the dashboard and the alerts name is told by the daemon, with those labels."""
    module = documented_names()
    daemon = start(lab, keys='quarantine = { path = "FOLDER/kept"; };\n',  # what is told only where it is on
                   changes={"ratio_keys": '4096; state = "keep"'})
    node_session(lab, 40, window=10)
    time.sleep(0.2)
    series = scrape(lab, daemon)
    told = {}
    for name in series:
        metric, _, labels = name.partition("{")
        told[metric] = set(re.findall(r'(\w+)="', labels))
    check_equal(sorted(module.check_names(told)), [], "what is named and not told")
    check_equal(sorted(module.check_names(module.documented())), [], "what is named and not documented")
    stop_well(daemon)


def promtool(text, *words):
    if not shutil.which("promtool"):
        raise Skip("promtool is not installed (package prometheus)")
    done = subprocess.run(["promtool", *words], input=text, capture_output=True, text=True, timeout=60, check=False)
    check_equal(done.returncode, 0, f"promtool {' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def case_promtool(lab):
    """promtool check metrics on the real output."""
    daemon = start(lab)
    node_session(lab, 40, window=10)
    text = ask(lab, daemon, GET[:-2] + b"Accept: text/plain\r\n\r\n")[2]
    check_equal(promtool(text, "check", "metrics").strip(), "", "what promtool says")
    stop_well(daemon)


def query(lab, port, expression):
    """What Prometheus answers."""
    with inside(lab, FILTER):
        peer = socket.socket(socket.AF_INET)
    with peer:
        peer.settimeout(10)
        if peer.connect_ex(("127.0.0.1", port)) != 0:
            return []
        peer.sendall(f"GET /api/v1/query?query={urllib.parse.quote(expression)} HTTP/1.0\r\n\r\n".encode())
        head, _, body = read_all(peer).partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", maxsplit=1)[0]:
        return []
    return json.loads(body)["data"]["result"]


def case_prometheus(lab):
    """Prometheus itself scrapes it by the shipped configuration and alerts by the shipped rules."""
    if not shutil.which("prometheus"):
        raise Skip("prometheus is not installed")
    daemon = start(lab)
    messages, mo, _ = node_session(lab, 40, window=10)
    folder = lab.path(lab.unique("prometheus"))
    shutil.copytree(os.path.join(ROOT, "conf", "prometheus"), folder)
    config = os.path.join(folder, "scrape.yml")
    with open(config, encoding="utf-8") as file:
        text = file.read().replace(": 15s", ": 1s")
    with open(config, "w", encoding="utf-8") as file:
        file.write(text)
    web = 9899
    server = lab.start(FILTER, "prometheus", "prometheus", "--config.file", config, "--storage.tsdb.path",
                       os.path.join(folder, "data"), "--web.listen-address", f"127.0.0.1:{web}")
    wait_for("a scrape", 30, lambda: query(lab, web, 'up{job="smswall"} == 1') or not server.running())
    result = wait_for("messages", 20, lambda: query(lab, web, "smswall_messages_total"))
    check_equal(float(result[0]["value"][1]), len(messages) + len(mo), "messages in Prometheus")
    daemon.ctl("panic", "on")
    wait_for("the alert of panic", 20, lambda: query(lab, web, 'ALERTS{alertname="SmswallPanic"}'))
    check_equal(query(lab, web, 'ALERTS{alertname="SmswallDown"}'), [], "alerts of a daemon that is there")
    daemon.ctl("panic", "off")
    stop_well(daemon)
    wait_for("the alert of a daemon that is gone", 20, lambda: query(lab, web, 'ALERTS{alertname="SmswallDown"}'))
    server.kill()


# ---- DPDK's telemetry socket

class Telemetry:
    """DPDK's protocol: SEQPACKET, one command a packet, one JSON document an answer."""

    def __init__(self, prefix):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(10)
        self.socket.connect(f"/var/run/dpdk/{prefix}/dpdk_telemetry.v2")
        self.most = json.loads(self.socket.recv(1024))["max_output_len"]

    def ask(self, command):
        self.socket.send(command.encode())
        octets = self.socket.recv(self.most)
        check(len(octets) < self.most, f"{command}: an answer of {len(octets)} octets may be cut")
        return json.loads(octets)[command.split(",")[0]]

    def pages(self, command, member=None):
        """All entries of a list, page by page; how many pages."""
        joined, offset, n = {}, 0, 0
        while offset is not None:
            page = self.ask(f"{command},{offset}")
            total = page.pop("total")
            following = page.pop("next", None)
            page.pop("generation", None)
            entries = page[member] if member else page
            check(0 < len(entries) <= 200, f"a page of {len(entries)}")
            check(not joined.keys() & entries.keys(), "pages overlap")
            joined.update(entries)
            check(following is None or following == offset + len(entries), f"next is {following}")
            offset, n = following, n + 1
        check_equal(len(joined), total, f"entries of {command}")
        return joined, n


def write_rules(lab):
    path = lab.path(lab.unique("many") + ".pat")
    with open(path, "w", encoding="ascii") as file:
        for i in range(N_RULES):
            file.write(f"rule-{i}.x:/word{i}q/i\n")
        with open(PATTERNS, encoding="ascii") as rule:
            file.write(rule.read())
    return path


def between(before, told, after, what):
    """Figures that were asked for between two reports lie between theirs."""
    check_equal(told.keys(), before.keys(), f"names of {what}")
    for name, value in told.items():
        check(before[name] <= value <= after[name], f"{what} {name}: {before[name]} <= {value} <= {after[name]}")


def case_telemetry(lab):
    """Pages joined are what smswallctl counters says; nothing is missing, nothing twice."""
    daemon = start(lab, policy=write_rules(lab))
    telemetry = Telemetry(lab.prefixes[-1])
    commands = telemetry.ask("/")
    for name in ("status", "counters", "reasons", "links", "rules"):
        check(f"/smswall/{name}" in commands, f"no command {name} in {commands}")
    node_session(lab, 60, window=10)
    before = report_of(daemon)
    listed = daemon.ctl("counters")["counters"]
    counters, _ = telemetry.pages("/smswall/counters", "counters")
    reasons, _ = telemetry.pages("/smswall/reasons", "reasons")
    rules, n_pages = telemetry.pages("/smswall/rules")
    links = telemetry.ask("/smswall/links")
    status = telemetry.ask("/smswall/status")
    after = report_of(daemon)
    between(before["counters"], counters, after["counters"], "counter")
    check_equal(listed.keys(), counters.keys(), "names of smswallctl counters")
    between(before["reasons"], reasons, after["reasons"], "reason")
    check_equal(n_pages, 3, "pages of rules")
    check_equal([rules[str(i)]["id"] for i in range(N_RULES + 1)],
                [f"rule-{i}.x" for i in range(N_RULES)] + ["e2e.lottery"], "ids of rules")
    told = {r["id"]: (r["hits"], r["shadow"], r["decided"]) for r in after["rules"]}
    check_equal({r["id"]: (r["hits"], r["shadow"], r["decided"]) for r in rules.values() if r["hits"] or r["shadow"]},
                told, "hits of rules")
    check_equal(list(told), ["e2e.lottery"], "rules that hit")
    check_equal((links["total"], links["0"]["name"], links["0"]["mode"], links["0"]["panic"]), (1, "lab", "enforce", 0),
                "link")
    between(before["links"][0]["counters"], {n: links["0"][n] for n in before["links"][0]["counters"]},
            after["links"][0]["counters"], "counter of the link")
    check_equal((status["workers"], status["links"]), (1, 1), "status")
    check(status["turns"]["0"] > 0 and status["messages"] > 0, f"status: {status}")
    for wrong in ("/smswall/counters,x", "/smswall/counters,-1", "/smswall/rules,99999999999"):
        check_equal(telemetry.ask(wrong), None, wrong)
    check_equal(telemetry.ask("/smswall/counters,9999"), {"total": len(counters), "counters": {}}, "behind the end")
    # several clients at once
    others = [Telemetry(lab.prefixes[-1]) for _ in range(5)]
    for other in others:
        other.socket.send(b"/smswall/rules,64")
    for other in others:
        check_equal(json.loads(other.socket.recv(other.most))["/smswall/rules"]["64"]["id"], "rule-64.x", "a rule")
        other.socket.close()
    stop_well(daemon)


METRICS = [
    ("metrics-traffic", case_traffic),
    ("metrics-requests", case_requests),
    ("metrics-slow-readers", case_slow),
    ("metrics-bound", case_bound),
    ("metrics-address", case_refused),
    ("metrics-dashboard", case_dashboard),
    ("metrics-promtool", case_promtool),
    ("metrics-prometheus", case_prometheus),
    ("metrics-telemetry", case_telemetry),
]
