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

#define OPTION_WATCH                                                         \
	{                                                                    \
		"watch", "SEC", "again every SEC seconds, until interrupted" \
	}
#define OPTION_NOTE                                                      \
	{                                                                \
		"note", "TEXT", "why: for the history and the audit log" \
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

const struct ctl_object ctl_objects[] = {
	{ "config", "configuration" },
	{ "policy", "patterns and policy, in files and live" },
	{ "traffic", "made traffic for tests" },
	{ "session", "sessions that pass through" },
	{ "rule", "live rules, their hits and states" },
	{ "list", "live lists of senders, hosts and others" },
	{ "limit", "live limits, and how full they are" },
	{ "key", "the keys that packs are signed with" },
	{ "audit", "who asked for what" },
	{ NULL, NULL },
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
			"told, as file:line:column; exit code 4 when there is one. With --cost or a budget\n"
			"each rule is measured by itself; one that is over its budget is such an error.\n",
		.example = "smswallctl policy check patterns/sets\n"
			   "smswallctl policy check patterns/sets --budget-us 5\n",
		.options = {
			{ "cost", NULL, "say what the rules cost, on a shipped sample of texts" },
			{ "budget-us", "N", "time of a rule with a message (default: 10)" },
			{ "budget-ms", "N", "CPU time to compile a rule (default: 3000)" },
			{ "budget-kib", "N", "size of a rule's database (default: 4096)" },
			OPTION_CONFIG,
		},
	},
	{
		.object = "policy", .name = "print", .arguments = "PATH",
		.arguments_min = 1, .arguments_max = 1, .run = ctl_policy_print,
		.summary = "print policy.conf in its canonical form, with all that it includes",
		.text = "What is printed means the same and prints the same again. Rules of pattern files are\n"
			"not part of it; nothing is compiled. Numbers come in one spelling, thresholds of all\n"
			"categories are there, also those that policy.default_action gives.\n",
		.example = "smswallctl policy print conf/policies/iot\n",
		.options = { OPTION_CONFIG },
	},
	{
		.object = "policy", .name = "compile", .arguments = "PATH",
		.arguments_min = 1, .arguments_max = 1, .run = ctl_policy_compile,
		.summary = "the same, and write a pack that the daemon loads without compiling",
		.text = "A pack fits the processor features of the machine that made it; it holds the\n"
			"patterns' text too.\n",
		.example = "smswallctl policy compile patterns/sets --out policy.pack\n",
		.options = {
			{ "out", "PACK", "file to write" },
			{ "key", "FILE", "sign it with this secret key (default: not signed)" },
			{ "note", "TEXT", "why; it stands in policy history once it is pushed" },
			OPTION_CONFIG,
		},
	},
	{
		.object = "policy", .name = "diff", .arguments = "OLD NEW",
		.arguments_min = 2, .arguments_max = 2, .run = ctl_policy_diff,
		.summary = "what two policies do otherwise: rules, thresholds, lists, verdicts",
		.text = "OLD and NEW are folders, *.pat files, packs, or @GEN of the daemon's store (@live). Rules are\n"
			"compared by id. With --capture both are compiled and the recorded messages judged by\n"
			"both: those that get another verdict, by the rules that decided.\n",
		.example = "smswallctl policy diff @live patterns/sets\n"
			   "smswallctl policy diff old.pack patterns/sets --capture in.pcap --config conf/lab.conf\n",
		.options = {
			{ "capture", "FILE", "judge the messages of this capture, too (several times)" },
			{ "samples", "N", "messages told of each group, 0 to 1000 (default: 5)" },
			{ "show-text", NULL, "with their texts" },
			{ "exit-code", NULL, "exit code 1 when there is a difference" },
			OPTION_CONFIG,
		},
	},
	{
		.object = "policy", .name = "push", .arguments = "PATH",
		.arguments_min = 1, .arguments_max = 1, .run = ctl_policy_push,
		.summary = "make a policy the daemon's, live: checked, compiled, signed, published",
		.text = "PATH is a folder, one *.pat file, or a pack. What the live generation has already is not\n"
			"compiled again. Answers when the last worker judges by it (exit code 8: one does not).\n"
			"When anything is refused nothing has changed. Then the whole is compiled in one piece\n"
			"and takes its place. Without access to the key: exit code 5.\n",
		.example = "smswallctl policy push patterns/sets --shadow --confirm 300 --note 'first try'\n",
		.options = {
			{ "shadow", NULL, "new and changed rules count, and decide nothing" },
			{ "confirm", "SEC", "undone by itself unless policy confirm comes within this time" },
			OPTION_NOTE,
			{ "allow-older", NULL, "also a pack that was made before the live one" },
			{ "if-generation", "GEN", "only if this one is live, else exit code 6" },
			{ "no-merge", NULL, "leave the new rules in databases of their own" },
			{ "key", "FILE", "sign with this secret key (default: the daemon's)" },
			OPTION_SOCKET_OF,
		},
	},
	{
		.object = "policy", .name = "confirm", .arguments = "", .run = ctl_policy_confirm,
		.summary = "keep what was pushed with --confirm",
		.text = "",
		.example = "smswallctl policy confirm\n",
		.options = { OPTION_SOCKET_OF },
	},
	{
		.object = "policy", .name = "rollback", .arguments = "[N]",
		.arguments_max = 1, .run = ctl_policy_rollback,
		.summary = "take back the last push, or the last N; @GEN: bring that generation back",
		.text = "What was live before is live again when this answers.\n",
		.example = "smswallctl policy rollback\nsmswallctl policy rollback @12\n",
		.options = { OPTION_SOCKET_OF },
	},
	{
		.object = "policy", .name = "history", .arguments = "", .run = ctl_policy_history,
		.summary = "the generations that are kept: number, state, when, by whom, why",
		.text = "Newest first. STATE: live, good, pending (not confirmed yet), undone (taken back), merged\n"
			"(live again in one piece, under the next number).\n",
		.example = "smswallctl policy history\n",
		.options = { OPTION_WATCH, OPTION_SOCKET_OF },
	},
	{
		.object = "policy", .name = "show", .arguments = "[GEN]",
		.arguments_max = 1, .run = ctl_policy_show,
		.summary = "one generation: who, when, why, and its parts; --full: its text",
		.text = "GEN is @12 or 12; default: the live one. --full reads the daemon's store.\n",
		.example = "smswallctl policy show @12\n",
		.options = { { "full", NULL, "its patterns and policy.conf as well" }, OPTION_SOCKET_OF },
	},
	{
		.object = "policy", .name = "tag", .arguments = "GEN NAME",
		.arguments_min = 2, .arguments_max = 2, .run = ctl_policy_tag,
		.summary = "name a generation, which keeps it; \"-\" takes the name away",
		.text = "",
		.example = "smswallctl policy tag @12 before-christmas\n",
		.options = { OPTION_SOCKET_OF },
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
			{ "account", "ID", "system_id that its sender has bound with" },
			{ "fill", "NAME=N", "a limit whose key is this full, in thousandths (others have room)" },
			{ "dcs", "N", "data_coding to send it with (default: 0 where it fits, else 8)" },
			{ "pdu", "HEX", "a whole SMPP PDU; \"-\": from standard input" },
			OPTION_POLICY,
			OPTION_CONFIG,
			{ "link", "NAME", "link of the configuration (default: the first)" },
			{ "side", "SIDE", "the sender is inside or outside (default: outside)" },
			{ "live", NULL, "judge by what the daemon judges by now" },
			{ "at", "GEN", "judge by a generation of its store: @12" },
		},
	},
	{
		.object = "", .name = "why", .arguments = "ID",
		.arguments_min = 1, .arguments_max = 1, .run = ctl_why,
		.summary = "why a message got its verdict, by the id of its event",
		.text = "Names each rule that hit as it was in the generation that judged, takes the score apart,\n"
			"and judges again where the text is known: exit code 1 when the verdict differs.\n",
		.example = "smswallctl why 140737488355335\n"
			   "smswallctl why 7 --events ev.jsonl --policy patterns/sets --text 'You have won'\n",
		.options = {
			{ "events", "EV.jsonl", "events, a JSON document a line; \"-\": standard input" },
			{ "text", "TEXT", "the message's text, where the event has none" },
			OPTION_POLICY,
			OPTION_CONFIG,
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
			{ "quarantine", "DIR", "keep refused messages there, as quarantine.* says" },
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
		.options = { OPTION_WATCH, OPTION_SOCKET_OF },
	},
	{
		.object = "", .name = "counters", .arguments = "", .run = ctl_counters,
		.summary = "every counter and reason that is not zero",
		.text = "With --json those that are zero too.\n",
		.example = "smswallctl counters\n",
		.options = { OPTION_WATCH, OPTION_SOCKET_OF },
	},
	{
		.object = "rule", .name = "list", .arguments = "", .run = ctl_rule_list,
		.summary = "the live rules: state, hits, shadow hits, octets, cycles, the newest hit",
		.text = "Counts belong to a rule's id and stay over pushes.\n",
		.example = "smswallctl rule list --state shadow --hit --watch 5\n",
		.options = {
			{ "state", "STATE", "only those in state on, shadow or sample" },
			{ "hit", NULL, "only those that ever hit" },
			OPTION_WATCH,
			OPTION_SOCKET_OF,
		},
	},
	{
		.object = "rule", .name = "show", .arguments = "ID",
		.arguments_min = 1, .arguments_max = 1, .run = ctl_rule_show,
		.summary = "one live rule: where it was written, what it does, its counts",
		.text = "",
		.example = "smswallctl rule show prize.lottery\n",
		.options = { OPTION_SOCKET_OF },
	},
	{
		.object = "rule", .name = "state", .arguments = "ID on|shadow|sample=N%",
		.arguments_min = 2, .arguments_max = 2, .run = ctl_rule_state,
		.summary = "let a rule decide, only count, or decide for N of 100 senders, at once",
		.text = "It is one more generation and outlives a restart.\n",
		.example = "smswallctl rule state prize.lottery sample=10%\n",
		.options = { OPTION_NOTE, OPTION_SOCKET_OF },
	},
	{
		.object = "list", .name = "list", .arguments = "", .run = ctl_list_list,
		.summary = "the live lists: name, kind, entries, newest change",
		.text = "",
		.example = "smswallctl list list\n",
		.options = { OPTION_WATCH, OPTION_SOCKET_OF },
	},
	{
		.object = "list", .name = "show", .arguments = "NAME",
		.arguments_min = 1, .arguments_max = 1, .run = ctl_list_show,
		.summary = "the entries of a list, a line each",
		.text = "",
		.example = "smswallctl list show senders.block\n",
		.options = { OPTION_SOCKET_OF,
			{ "limit", "N", "at most this many, 1 to 10000 (default: 1000)" } },
	},
	{
		.object = "list", .name = "add", .arguments = "NAME ENTRY...",
		.arguments_min = 2, .arguments_max = 61, .run = ctl_list_add,
		.summary = "add entries to a list, at once, all or none",
		.text = "It is one more generation; policy rollback takes it back.\n",
		.example = "smswallctl list add hosts.block evil.example --note 'case 4711'\n",
		.options = { OPTION_NOTE, OPTION_SOCKET_OF },
	},
	{
		.object = "list", .name = "del", .arguments = "NAME ENTRY...",
		.arguments_min = 2, .arguments_max = 61, .run = ctl_list_del,
		.summary = "remove entries from a list, at once, all or none",
		.text = "It is one more generation; policy rollback takes it back.\n",
		.example = "smswallctl list del hosts.block evil.example\n",
		.options = { OPTION_NOTE, OPTION_SOCKET_OF },
	},
	{
		.object = "list", .name = "replace", .arguments = "NAME FILE",
		.arguments_min = 2, .arguments_max = 2, .run = ctl_list_replace,
		.summary = "replace a whole list by a file of one entry a line; \"-\": standard input",
		.text = "It is one more generation; policy rollback takes it back.\n",
		.example = "smswallctl list replace hosts.block hosts.txt\n",
		.options = { OPTION_NOTE, OPTION_SOCKET_OF },
	},
	{
		.object = "limit", .name = "list", .arguments = "", .run = ctl_limit_list,
		.summary = "the live limits: what they allow, what they refused, keys",
		.text = "EXCEEDED: messages above the limit; SHADOW: would have been; LIVE: keys that are counted;\n"
			"FORGOTTEN: keys that had to go before their time (limits.keys of smswall.conf(5)).\n",
		.example = "smswallctl limit list --watch 2\n",
		.options = { OPTION_WATCH, OPTION_SOCKET_OF },
	},
	{
		.object = "limit", .name = "show", .arguments = "NAME [KEY...]",
		.arguments_min = 1, .arguments_max = 61, .run = ctl_limit_show,
		.summary = "one limit; with keys: how full each is, and when it is free again",
		.text = "A KEY is the values of the limit's key in their order, with commas between; numbers in\n"
			"international form. Keys are for operators; others see no whole number.\n",
		.example = "smswallctl limit show per-sender 447700900001\n",
		.options = { OPTION_WATCH, OPTION_SOCKET_OF },
	},
	{
		.object = "limit", .name = "reset", .arguments = "NAME [KEY...]",
		.arguments_min = 1, .arguments_max = 61, .run = ctl_limit_reset,
		.summary = "empty keys of a limit, or all of them",
		.text = "",
		.example = "smswallctl limit reset per-sender 447700900001\n",
		.options = { OPTION_SOCKET_OF },
	},
	{
		.object = "key", .name = "show", .arguments = "", .run = ctl_key_show,
		.summary = "the daemon's public key, and the keys it trusts",
		.text = "",
		.example = "smswallctl key show\n",
		.options = { OPTION_SOCKET_OF },
	},
	{
		.object = "key", .name = "make", .arguments = "FILE",
		.arguments_min = 1, .arguments_max = 1, .run = ctl_key_make,
		.summary = "make a secret key of one's own, in a file, for policy push --key",
		.text = "The line \"public\" goes into keys/trusted in the daemon's state folder, by its\n"
			"administrator. No daemon is needed.\n",
		.example = "smswallctl key make ~/.smswall.key\n",
	},
	{
		.object = "key", .name = "rotate", .arguments = "", .run = ctl_key_rotate,
		.summary = "make a new key; packs signed with the old one are no longer taken",
		.text = "Generations of the store are signed anew.\n",
		.example = "smswallctl key rotate\n",
		.options = { OPTION_SOCKET_OF },
	},
	{
		.object = "audit", .name = "show", .arguments = "", .run = ctl_audit_show,
		.summary = "the newest records: who asked for what, and how it ended",
		.text = "",
		.example = "smswallctl audit show --limit 20\n",
		.options = { OPTION_SOCKET_OF, { "limit", "N", "at most this many (default: 50)" } },
	},
	{
		.object = "audit", .name = "verify", .arguments = "[FILE]",
		.arguments_max = 1, .run = ctl_audit_verify,
		.summary = "is the audit log as it was written? of the daemon, or of a file",
		.text = "Exit code 1 when a record was changed, removed or put in: its number is told.\n",
		.example = "smswallctl audit verify\nsmswallctl audit verify /var/backups/audit.log\n",
		.options = { { "head", "HASH", "this record, written down elsewhere, must be in it" },
			OPTION_SOCKET_OF },
	},
	{
		.object = "session", .name = "list", .arguments = "", .run = ctl_session_list,
		.summary = "the SMPP sessions and SCTP associations that pass through, a line each",
		.text = "STATE of SMPP is SYNCED (every message is judged), RESYNC (joined in the middle: passes\n"
			"until a boundary is proven) or OPAQUE (TLS, no SMPP: passes); of an association HALF,\n"
			"OPEN, CLOSING or OVER, and +N is how many addresses an end has more. More with --json.\n",
		.example = "smswallctl session list --link north --limit 20\n",
		.options = { OPTION_WATCH, OPTION_SOCKET_OF, { "link", "NAME", "only those of this link" },
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
		.options = { OPTION_WATCH, OPTION_SOCKET_OF },
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
		.object = "", .name = "support", .arguments = "FILE.tar",
		.arguments_min = 1, .arguments_max = 1, .run = ctl_support,
		.summary = "one archive for whoever helps from afar: settings and figures",
		.text = "Status, counters, metrics, the configuration in canonical form, generations, limits, heads\n"
			"of the audit log, what doctor finds. No texts, no numbers, no names of people. Look into it\n"
			"before you send it. The file must not exist. Exit code 8: a part could not be had.\n",
		.example = "smswallctl support /tmp/smswall.tar --config /etc/smswall/smswall.conf\n",
		.options = {
			{ "config", "FILE", "configuration: printed, and where its sockets are" },
		},
	},
	{
		.object = "", .name = "completion", .arguments = "bash|zsh|fish",
		.arguments_min = 1, .arguments_max = 1, .run = ctl_completion,
		.summary = "print the completion script of a shell",
		.text = "Rules, generations, lists and links are asked of the daemon while one types.\n",
		.example = "source <(smswallctl completion bash)\n"
			   "smswallctl completion zsh > /usr/local/share/zsh/site-functions/_smswallctl\n"
			   "smswallctl completion fish > ~/.config/fish/completions/smswallctl.fish\n",
	},
	{
		.object = "", .name = "__complete", .arguments = "[WORD...]",
		.arguments_max = CTL_WORDS_MAX, .run = ctl_complete, .hidden = true,
		.summary = "candidates for the last of the words, for completion scripts",
		.text = "",
		.example = "smswallctl __complete -- rule st\n",
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
