/* SPDX-License-Identifier: BSD-3-Clause */
/* The grammar of smswallctl: help, argument reading and `help --json` come from here; a test holds the manual to it. */
#include "control/ctl.h"

#define OPTION_CONFIG                                                           \
	{                                                                       \
		"config", "FILE", "configuration (for link names and defaults)" \
	}
#define OPTION_SOCKET_OF                                                            \
	{                                                                           \
		"config", "FILE", "configuration of the daemon: its control socket" \
	}
#define OPTION_POLICY                                                                         \
	{                                                                                     \
		"policy", "PATH", "folder, *.pat file or pack (default: the configuration's)" \
	}

#define OPTION_MIX                                                                     \
	{                                                                              \
		"mix", "FILE", "settings (smswallctl traffic keys prints such a file)" \
	}
#define OPTION_SET                                                              \
	{                                                                       \
		"set", "KEY=N", "one setting, after the file's (several times)" \
	}

const struct ctl_option ctl_global_options[] = {
	{ "json", NULL, "one JSON document on standard output" },
	{ "socket", "PATH", "control socket of the daemon (default: /run/smswall/smswall.sock)" },
	{ "timeout", "SEC", "give up after this time, exit code 7" },
	{ "help", NULL, "this help" },
	{ NULL, NULL, NULL },
};

const struct ctl_verb ctl_verbs[] = {
	{
		.object = "config", .name = "check", .arguments = "FILE",
		.arguments_min = 1, .arguments_max = 1, .run = ctl_config_check,
		.summary = "check a configuration: all errors, as file:line:column",
		.text = "No daemon is needed. Nothing is printed when all is well; exit code 4 when not.\n",
		.example = "smswallctl config check conf/lab.conf\n",
	},
	{
		.object = "config", .name = "print", .arguments = "FILE",
		.arguments_min = 1, .arguments_max = 1, .run = ctl_config_print,
		.summary = "print a configuration with every key and its value in effect",
		.text = "The output is itself a configuration and means the same.\n",
		.example = "smswallctl config print conf/lab.conf > full.conf\n",
	},
	{
		.object = "config", .name = "keys", .arguments = "", .run = ctl_config_keys,
		.summary = "list every key: type, unit, range, default, meaning",
		.text = "From the same table that the daemon reads with.\n",
		.example = "smswallctl config keys | less\n",
	},
	{
		.object = "policy", .name = "check", .arguments = "PATH",
		.arguments_min = 1, .arguments_max = 1, .run = ctl_policy_check,
		.summary = "check patterns and policy.conf, compile them, run the rules' examples",
		.text = "PATH is a folder (*.pat and policy.conf), one *.pat file, or a pack. All errors are\n"
			"told, as file:line:column; exit code 4 when there is one.\n",
		.example = "smswallctl policy check patterns/sets\n",
		.options = { OPTION_CONFIG },
	},
	{
		.object = "policy", .name = "compile", .arguments = "PATH",
		.arguments_min = 1, .arguments_max = 1, .run = ctl_policy_compile,
		.summary = "the same, and write a pack that the daemon loads without compiling",
		.text = "A pack fits the processor features of the machine that made it; it holds the\n"
			"patterns' text too.\n",
		.example = "smswallctl policy compile patterns/sets --out policy.pack\n",
		.options = { { "out", "PACK", "file to write" }, OPTION_CONFIG },
	},
	{
		.object = "", .name = "explain", .arguments = "[FILE.pcap:N]",
		.arguments_max = 1, .run = ctl_explain,
		.summary = "why a message gets its verdict, step by step",
		.text = "Takes a text, a PDU in hex, or the PDUs that end in frame N of a capture (then other\n"
			"parts of a long message count too), through the same code as the data path: what was\n"
			"decoded, the views, each rule that hit and where, scores, action and edit.\n",
		.example = "smswallctl explain --text 'You won a prize' --policy patterns/sets\n"
			   "smswallctl explain capture.pcap:17 --config conf/lab.conf --policy patterns/sets\n",
		.options = {
			{ "text", "TEXT", "a message text (UTF-8)" },
			{ "from", "ADDRESS", "its sender: digits, +digits or alphanumeric" },
			{ "to", "ADDRESS", "its recipient" },
			{ "dcs", "N", "data_coding to send it with (default: 0 where it fits, else 8)" },
			{ "pdu", "HEX", "a whole SMPP PDU; \"-\": from standard input" },
			OPTION_POLICY,
			OPTION_CONFIG,
			{ "link", "NAME", "link of the configuration (default: the first)" },
			{ "side", "SIDE", "the sender is inside or outside (default: outside)" },
		},
	},
	{
		.object = "", .name = "replay", .arguments = "IN.pcap [IN2.pcap...]",
		.arguments_min = 1, .arguments_max = 64, .run = ctl_replay,
		.summary = "run captures through the filter and tell what came of them",
		.text = "Runs smswalld on DPDK's net_pcap, without huge pages or privileges. Several captures\n"
			"are merged by time. OUT.pcap and EV.jsonl appear only when all went well. Linux cooked\n"
			"(SLL), NULL and raw-IP captures are converted to Ethernet.\n",
		.example = "smswallctl replay in.pcap --out out.pcap --events ev.jsonl \\\n"
			   "    --config conf/lab.conf --policy patterns/sets\n",
		.options = {
			{ "out", "OUT.pcap", "the frames as they leave" },
			{ "events", "EV.jsonl", "events, a JSON document a line" },
			{ "config", "FILE", "configuration" },
			OPTION_POLICY,
			{ "burst", "N", "frames a burst, 1 to 64 (the result is the same)" },
			{ "hold-ms", "N", "hold time for unfinished PDUs; 0: until the verdict" },
		},
	},
	{
		.object = "traffic", .name = "make", .arguments = "", .run = ctl_traffic_make,
		.summary = "make SMPP and SIGTRAN traffic, with a label for each message",
		.text = "For tests and laboratories. The same seed and mix give the same octets. Numbers and\n"
			"addresses are from ranges for fiction and examples.\n",
		.example = "smswallctl traffic make --output lab.pcap --labels lab.jsonl --messages 5000 \\\n"
			   "    --seed 7 --set carrier.map=80 --set sctp.bundle=10\n",
		.options = {
			{ "output", "FILE.pcap", "the frames" },
			{ "labels", "FILE.jsonl", "what each message is, a JSON document a line" },
			{ "messages", "N", "how many (default: 1000)" },
			{ "seed", "N", "of the random numbers (default: 1)" },
			OPTION_MIX,
			OPTION_SET,
			{ "texts", "FILE", "lines \"label<TAB>text\", label ham: clean (default: our own)" },
			{ "same-texts", NULL, "each text over every carrier, operation and version" },
		},
	},
	{
		.object = "traffic", .name = "keys", .arguments = "", .run = ctl_traffic_keys,
		.summary = "print all settings of made traffic: value, range, meaning",
		.text = "The output is itself a mix file.\n",
		.example = "smswallctl traffic keys > mix.conf\n",
		.options = { OPTION_MIX, OPTION_SET },
	},
	{
		.object = "", .name = "status", .arguments = "", .run = ctl_status,
		.summary = "what the daemon is doing: links, ports, policy, blind spots",
		.text = "Asks the running daemon.\n",
		.example = "smswallctl status --json | jq .links\n",
		.options = { OPTION_SOCKET_OF },
	},
	{
		.object = "", .name = "counters", .arguments = "", .run = ctl_counters,
		.summary = "every counter and reason that is not zero",
		.text = "With --json those that are zero too.\n",
		.example = "smswallctl counters\n",
		.options = { OPTION_SOCKET_OF },
	},
	{
		.object = "session", .name = "list", .arguments = "", .run = ctl_session_list,
		.summary = "the SMPP sessions and SCTP associations that pass through, a line each",
		.text = "STATE of SMPP is SYNCED (every message is judged), RESYNC (joined in the middle: passes\n"
			"until a boundary is proven) or OPAQUE (TLS, no SMPP: passes); of an association HALF,\n"
			"OPEN, CLOSING or OVER, and +N is how many addresses an end has more. More with --json.\n",
		.example = "smswallctl session list --link north --limit 20\n",
		.options = { OPTION_SOCKET_OF, { "link", "NAME", "only those of this link" },
			{ "limit", "N", "at most this many, 1 to 10000 (default: 100)" } },
	},
	{
		.object = "session", .name = "show", .arguments = "ID",
		.arguments_min = 1, .arguments_max = 1, .run = ctl_session_show,
		.summary = "one session or association: ends, account or M3UA, state and memory",
		.text = "ID is the number in session list, and the member `session` of events.\n",
		.example = "smswallctl session show 17\n",
		.options = { OPTION_SOCKET_OF },
	},
	{
		.object = "link", .name = "show", .arguments = "[NAME]",
		.arguments_max = 1, .run = ctl_link_show,
		.summary = "links: ports and their state, refusals, holds, releases, leaks, breaker",
		.text = "What the box adds to a round-trip is the waiting of held frames: `holds`.\n",
		.example = "smswallctl link show north\n",
		.options = { OPTION_SOCKET_OF },
	},
	{
		.object = "events", .name = "follow", .arguments = "", .run = ctl_events_follow,
		.summary = "events as they happen, a JSON document a line",
		.text = "Until interrupted, or for --timeout seconds. A reader that is too slow loses events;\n"
			"a line says how many.\n",
		.example = "smswallctl events follow | jq 'select(.verdict != \"pass\")'\n",
		.options = { OPTION_SOCKET_OF },
	},
	{
		.object = "", .name = "panic", .arguments = "on|off|status [LINK]",
		.arguments_min = 1, .arguments_max = 2, .run = ctl_panic,
		.summary = "let everything pass, at once, on one link or on all",
		.text = "Frames are then forwarded unjudged and counted as such; it outlives a restart.\n",
		.example = "smswallctl panic on\n",
		.options = { OPTION_SOCKET_OF },
	},
	{
		.object = "probe", .name = "smsc", .arguments = "HOST:PORT",
		.arguments_min = 1, .arguments_max = 1, .run = ctl_probe_smsc,
		.summary = "which refusals an SMSC answers well; the lines to configure. SENDS MESSAGES",
		.text = "Binds with a test account and sends, over submit_sm, data_sm and submit_multi, what smswall\n"
			"would send in place of a refused message: empty texts, poisoned in each way. Prints what\n"
			"came back and the configuration that follows. With --destination, a number of your own,\n"
			"also what an SMSC may deliver to it. Exit code 1: nothing is answered well, or no\n"
			"connection; 5: the bind is refused; 7: not answered in time; 8: done in part.\n",
		.example = "smswallctl probe smsc smsc.example:2775 --system-id test --password-file pw \\\n"
			   "    --source 447700900000 --destination 447700900001\n",
		.options = {
			{ "system-id", "ID", "the account" },
			{ "password-file", "FILE", "its password: the first line" },
			{ "system-type", "TYPE", "of the bind (default: empty)" },
			{ "source", "ADDRESS", "sender of the messages (default: none)" },
			{ "destination", "NUMBER", "recipient; without it only PDUs without a recipient are sent" },
			{ "transceiver", NULL, "bind as a transceiver (default: transmitter)" },
			{ "wait", "SEC", "for each answer, 1 to 300 (default: 5)" },
		},
	},
	{
		.object = "", .name = "doctor", .arguments = "", .run = ctl_doctor,
		.summary = "look at this machine: what hinders the filter, and the command that mends it",
		.text = "Needs no daemon; where one runs it is asked which signalling checks are blind. Exit code 1\n"
			"when something must be mended before the filter can run.\n",
		.example = "smswallctl doctor --iface eth0 --iface eth1\n",
		.options = {
			{ "config", "FILE", "configuration: its socket, state folder and signalling checks" },
			{ "iface", "NAME", "a network interface to look at (several times)" },
		},
	},
	{
		.object = "", .name = "version", .arguments = "", .run = ctl_version,
		.summary = "versions of smswall and its libraries",
		.text = "",
		.example = "smswallctl version --json\n",
	},
	{
		.object = "", .name = "help", .arguments = "[VERB...]",
		.arguments_max = 2, .run = ctl_help_tree,
		.summary = "help of a verb; with --json the tree of all verbs",
		.text = "",
		.example = "smswallctl help replay\nsmswallctl help --json\n",
	},
};

const size_t ctl_n_verbs = sizeof(ctl_verbs) / sizeof(ctl_verbs[0]);
