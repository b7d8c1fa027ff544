# SPDX-License-Identifier: BSD-3-Clause
"""
sigtran_uml: MAP over SCTP of the Linux kernel and an STP that is not ours, through smswalld.

    [ user-mode Linux: MSC ] -- tap t0 -- smswalld -- tap t1 -- [ user-mode Linux: osmo-stp -- lo -- SMSC ]

A host's kernel often has no SCTP; that of user-mode Linux (Debian's package) has, and boots in some seconds without KVM on
the host's own root (hostfs). Both ends run sigtran_node.py over kernel sockets as M3UA ASPs; osmo-stp routes between
them. What files say inside reaches the host when it is synced, at the end.
"""
import glob
import os
import shutil

import sigtran
from lab import FILTER, PEERS, Lab, Skip, check, check_equal, run, wait_for
from linkstate import has_carrier
from live import write_job

KERNEL = "linux.uml"
MODULES = ("lib/crc-ccitt", "net/ipv4/udp_tunnel", "net/ipv6/ip6_udp_tunnel", "net/ipv6/ipv6", "net/sctp/sctp",
           "crypto/hmac", "crypto/sha1_generic", "crypto/md5")
MSC_ADDRESS, STP_ADDRESS = "10.97.0.1", "10.97.0.2"
BOOT_S, RUN_S = 60, 90
DEVICES = ("net_af_packet0,iface=t1", "net_af_packet1,iface=t0")  # port 0: towards the STP

# what runs as the first process of a user-mode Linux; `busybox insmod`, since depmod's lists may be missing
INIT = """#!/bin/bash
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs tmpfs /run
for m in {modules}; do busybox insmod /usr/lib/uml/modules/$(uname -r)/kernel/$m.ko; done 2>/dev/null
ip link set lo up; ip address add {address}/24 dev vec0; ip link set vec0 up
for o in tx rx tso gso gro sg; do ethtool -K vec0 $o off; done >/dev/null 2>&1
cd {folder}
while sleep 1; do sync; done &
({script}) >{name}.said 2>&1
sync
busybox poweroff -f
"""
STP_CONFIG = """log stderr
 logging filter all 1
 logging level set-all notice
line vty
 no login
 bind 127.0.0.1
cs7 instance 0
 network-indicator national
 point-code 0.1.1
 asp asp-msc 2906 2905 m3ua
  remote-ip {msc}
  local-ip {stp}
  role sg
  sctp-role server
 asp asp-smsc 2907 2905 m3ua
  remote-ip {stp}
  local-ip {stp}
  role sg
  sctp-role server
 as as-msc m3ua
  asp asp-msc
  routing-key 34 0.80.1
  traffic-mode override
 as as-smsc m3ua
  asp asp-smsc
  routing-key 35 1.10.2
  traffic-mode override
 route-table system
  update route 0.80.1 7.255.7 linkset as-msc
  update route 1.10.2 7.255.7 linkset as-smsc
 listen m3ua 2905
  accept-asp-connections pre-configured
"""


def need_uml():
    for program in (KERNEL, "busybox", "osmo-stp", "ethtool", "unshare"):
        if not shutil.which(program):
            raise Skip(f"{program} is not installed")
    if not glob.glob("/usr/lib/uml/modules/*/kernel/net/sctp/sctp.ko"):
        raise Skip("the modules of user-mode Linux have no sctp")
    if not os.path.exists("/dev/net/tun"):
        raise Skip("/dev/net/tun is missing")


class Machines:
    """Two taps, and a user-mode Linux on each."""

    def __init__(self, lab):
        self.lab = lab
        lab.add_namespace(FILTER)
        for tap in ("t0", "t1"):
            run("ip", "-n", lab.netns(FILTER), "tuntap", "add", "dev", tap, "mode", "tap")
            run("ip", "-n", lab.netns(FILTER), "link", "set", "dev", tap, "up")
            run("ip", "netns", "exec", lab.netns(FILTER), "sysctl", "-qw", f"net.ipv6.conf.{tap}.disable_ipv6=1", check_code=False)

    def boot(self, name, tap, address, script):
        init = self.lab.path(f"{name}.init")
        with open(init, "w", encoding="ascii") as file:
            file.write(INIT.format(modules=" ".join(MODULES), address=address, folder=self.lab.tmp, script=script, name=name))
        os.chmod(init, 0o755)
        # a user-mode Linux is several processes, of which the first does not take the others with it
        return self.lab.start(FILTER, name, "unshare", "--pid", "--fork", "--kill-child", KERNEL, "mem=192M", "root=/dev/root",
                              "rootfstype=hostfs", "rootflags=/", "rw", "quiet", f"init={init}",
                              f"vec0:transport=tap,ifname={tap},depth=128,gro=0", "con=null", "con0=null,null",
                              f"umid={name}", f"uml_dir={self.lab.tmp}/")

    def said(self, name):
        path = self.lab.path(f"{name}.said")
        if not os.path.exists(path):
            return "nothing"
        with open(path, encoding="utf-8", errors="replace") as file:
            return " | ".join(file.read().splitlines()[-6:])


def node_script(lab, job):
    return f"python3 {PEERS}/sigtran_node.py {write_job(lab, 'sigtran', job)}"


def start_stp(machines, smsc_log):
    """osmo-stp, and beside it the SMSC, until the file `stop` is there."""
    lab = machines.lab
    with open(lab.path("osmo-stp.cfg"), "w", encoding="ascii") as file:
        file.write(STP_CONFIG.format(msc=MSC_ADDRESS, stp=STP_ADDRESS))
    node = node_script(lab, {"kernel": True, "serves": True, "asp": True, "local": [STP_ADDRESS], "port": 2907,
                             "peer": [STP_ADDRESS], "peer_port": 2905, "context": 35, "opc": sigtran.SMSC_PC, "dpc": sigtran.MSC_PC,
                             "gt": sigtran.SMSC_GT, "tids": 0x02000000, "log": smsc_log})
    script = (f"osmo-stp -c {lab.path('osmo-stp.cfg')} & sleep 0.5; {node} & node=$!; "
              f"until [ -e {lab.path('stop')} ]; do sleep 0.1; done; kill $node; wait $node; kill %1; wait")
    return machines.boot("stp", "t1", STP_ADDRESS, script)


def start_msc(machines, messages, log):
    """The MSC, which waits for the file `go`."""
    lab = machines.lab
    node = node_script(lab, {"kernel": True, "local": [MSC_ADDRESS], "port": 2906, "peer": [STP_ADDRESS], "peer_port": 2905,
                             "context": 34, "opc": sigtran.MSC_PC, "dpc": sigtran.SMSC_PC, "gt": sigtran.MSC_GT, "log": log,
                             "messages": messages, "window": 16})
    return machines.boot("msc", "t0", MSC_ADDRESS, f"until [ -e {lab.path('go')} ]; do sleep 0.1; done; {node}")


def is_active(log):
    return os.path.exists(log) and sigtran.Record(log).of("active")


def touch(path):
    with open(path, "w", encoding="ascii"):
        pass


def run_uml(count, every=4, say=None):
    """A session of MO and MT short messages; what was refused is answered through the STP as without one."""
    need_uml()
    lab = Lab("u")
    try:
        machines = Machines(lab)
        messages = sigtran.make_messages(count, lab.next_seed(), every)
        logs = [lab.path("msc.log"), lab.path("smsc.log")]
        stp, msc = start_stp(machines, logs[1]), start_msc(machines, messages, logs[0])
        # a tap has no carrier before its machine has opened it, and a pair of ports is one wire
        wait_for("both machines", BOOT_S, lambda: all(has_carrier(lab, FILTER, tap) for tap in ("t0", "t1")))
        daemon = lab.start_daemon(sigtran.write_config(lab), devices=DEVICES)
        wait_for("the SMSC behind osmo-stp", BOOT_S, lambda: is_active(logs[1]))
        touch(lab.path("go"))
        msc.wait(RUN_S)
        touch(lab.path("stop"))
        stp.wait(BOOT_S)
        judge(daemon, machines, logs, messages)
        check_equal(daemon.stop(), 0, "exit code after SIGTERM")
        if say is not None:
            say(f"  {count} messages over SCTP of the kernel, through osmo-stp: {sum(x['refused'] for x in messages)} refused")
    finally:
        lab.close()


def judge(daemon, machines, logs, messages):
    check(all(os.path.exists(log) for log in logs), "no log:", machines.said("msc"), machines.said("stp"))
    records = [sigtran.Record(path) for path in logs]
    check_equal(records[0].events(), ["up", "shutdown"], f"association as the MSC saw it ({machines.said('msc')})")
    check_equal(records[1].events(), ["up"], f"association as the SMSC saw it ({machines.said('stp')})")
    check_equal((records[0].of("bad"), records[1].of("bad")), ([], []), "what an end did not understand")
    sigtran.check_messages(records[0], records[1], messages)
    sigtran.check_told(daemon, 0, messages, {"mo": {"map_reject"}, "mt": {"map_reject"}})


def case_uml(_):
    run_uml(150)


UML = [("sigtran-kernel-osmo-stp", case_uml)]
