/* SPDX-License-Identifier: BSD-3-Clause */
/* Completion: candidates by the grammar and by a double of the daemon; the scripts in the shells that are there. */
#include "control/ctl_complete.h"
#include "tests/control/fake_daemon.h"

static const struct fake_answer script[] = {
	{ "rule.list",
		"{\"rules\":[{\"id\":\"prize.cash\",\"state\":\"on\",\"category\":\"prize\"},"
		"{\"id\":\"prize.call\",\"state\":\"shadow\",\"category\":\"pr\\nize\"},"
		"{\"id\":\"1001\",\"state\":\"on\",\"category\":\"other\"}]}",
		0 },
	{ "policy.history",
		"{\"generations\":[{\"generation\":12,\"state\":\"good\",\"live\":true,"
		"\"note\":\"new\"},{\"generation\":11,\"state\":\"undone\",\"live\":false}]}",
		0 },
	{ "list.list", "{\"lists\":[{\"name\":\"vip\",\"kind\":\"number\"}]}", 0 },
	{ "counters", "{\"links\":[{\"name\":\"north\",\"mode\":\"enforce\"}]}", 0 },
	{ "sessions", "{\"sessions\":[{\"session\":17,\"account\":\"acme\"}]}", 0 },
	{ NULL, NULL, 0 },
};

struct case_of {
	const char *words[8]; /* the last one is being typed */
	const char *lines[4]; /* among what is offered */
	const char *none;     /* is not */
};

static const struct case_of cases[] = {
	{ { "" }, { "policy\t\n", "rule\t\n", "status\twhat the daemon", "completion\t" },
		"__complete" },
	{ { "po" }, { "policy\t\n" }, "rule" },
	{ { "policy", "" }, { "push\tmake a policy", "rollback\t", "history\t", "tag\t" },
		"status\t" },
	{ { "policy", "r" }, { "rollback\t" }, "push\t" },
	{ { "policy", "push", "" }, { ":files\n" }, "\t" },
	{ { "policy", "push", "x", "--s" }, { "--shadow\tnew and", "--socket\t" }, "--note" },
	{ { "policy", "push", "x", "--if-generation", "" }, { "12\tlive new\n", "11\tundone" },
		"@" },
	{ { "policy", "push", "x", "--if-generation=1" }, { "--if-generation=12\tlive" }, "\n12" },
	{ { "policy", "show", "" }, { "12\tlive new\n", "11\tundone -\n" }, "@" },
	{ { "policy", "show", "@" }, { "@12\tlive new\n", "@11\t" }, "\n11" },
	{ { "policy", "show", "12", "" }, { NULL }, "1" },
	{ { "policy", "diff", "@1" }, { "@12\t" }, ":files" },
	{ { "policy", "diff", "@1", "" }, { ":files\n" }, "12" },
	{ { "policy", "rollback", "@1" }, { "@12\t" }, "\n12" },
	{ { "rule", "show", "" },
		{ "prize.cash\ton, prize\n", "prize.call\tshadow, pr?ize\n", "1001\ton, other\n" },
		"vip" },
	{ { "rule", "state", "prize.c" }, { "prize.cash\t", "prize.call\t" }, "1001" },
	{ { "rule", "state", "prize.cash", "" }, { "on\t\n", "shadow\t\n", "sample=\t\n" }, "N%" },
	{ { "rule", "list", "--state", "s" }, { "shadow\t", "sample\t" }, "on\t" },
	{ { "--state", "s", "rule", "li" }, { "list\t" }, "show" },
	{ { "list", "add", "" }, { "vip\tnumber\n" }, NULL },
	{ { "list", "replace", "vip", "" }, { ":files\n" }, "vip" },
	{ { "list", "del", "vip", "" }, { NULL }, "vip" },
	{ { "link", "show", "n" }, { "north\tenforce\n" }, NULL },
	{ { "session", "list", "--link", "" }, { "north\t" }, NULL },
	{ { "session", "show", "" }, { "17\tacme -\n" }, NULL },
	{ { "panic", "" }, { "on\t", "off\t", "status\t" }, "north" },
	{ { "panic", "on", "" }, { "north\t" }, "off" },
	{ { "completion", "" }, { "bash\t", "zsh\t", "fish\t" }, NULL },
	{ { "help", "" }, { "policy\t", "status\t" }, "push" },
	{ { "help", "policy", "" }, { "push\t" }, "status" },
	{ { "explain", "--side", "" }, { "inside\t", "outside\t" }, NULL },
	{ { "replay", "a.pcap", "b.pcap", "" }, { ":files\n" }, NULL },
	{ { "status", "" }, { NULL }, "\t" },
	{ { "status", "--", "--" }, { NULL }, "--json" },
	{ { "nothing", "" }, { NULL }, "\t" },
	{ { "__complete", "" }, { NULL }, "\t" },
};

static void candidates(void)
{
	struct fake_daemon *d = calloc(1, sizeof(*d));

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *words[12] = { "__complete", "--" };
		struct fake_call c;

		fake_daemon_start(d, script);
		for (unsigned w = 0; w < 8 && cases[i].words[w] != NULL; w++) {
			words[2 + w] = cases[i].words[w];
		}
		fake_ctl(d, &c, words);
		CU_ASSERT_EQUAL(c.code, 0);
		for (unsigned l = 0; l < 4 && cases[i].lines[l] != NULL; l++) {
			fake_expect(c.text, cases[i].lines[l]);
		}
		if (cases[i].lines[0] == NULL) {
			CU_ASSERT_STRING_EQUAL(c.text, "");
		}
		if (cases[i].none != NULL && strstr(c.text, cases[i].none) != NULL) {
			fprintf(stderr, "\ncase %zu has %s in:\n%s", i, cases[i].none, c.text);
			CU_FAIL("a candidate is too much");
		}
		fake_call_free(&c);
		fake_daemon_stop(d);
	}
	free(d);
}

/* The socket that is typed is the one that is asked; without a daemon there is silence. */
static void the_typed_socket_is_asked(void)
{
	struct fake_daemon *d = calloc(1, sizeof(*d));
	struct fake_call c;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	fake_daemon_start(d, script);
	FAKE_CTL(NULL, &c, "__complete", "--", "rule", "show", "--socket", d->path, "1");
	fake_expect(c.text, "1001\t");
	fake_call_free(&c);
	FAKE_CTL(NULL, &c, "__complete", "--", "rule", "show", "");
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_STRING_EQUAL(c.text, "");
	CU_ASSERT_STRING_EQUAL(c.error, "");
	fake_call_free(&c);
	fake_daemon_stop(d);
	free(d);
}

/* A placeholder that the grammar gets some day is not forgotten here. */
static void every_placeholder_is_known(void)
{
	enum ctl_source source;
	const char *words;
	char name[64];

	for (size_t i = 0; i < ctl_n_verbs; i++) {
		const struct ctl_verb *v = &ctl_verbs[i];
		unsigned n = v->arguments_max < 3 ? v->arguments_max : 3;

		for (unsigned k = 0; !v->hidden && k < n; k++) {
			CU_ASSERT_TRUE(ctl_complete_argument(v->arguments, k, name, sizeof(name)));
			if (!ctl_complete_source(v->object, name, &source, &words)) {
				fprintf(stderr, "\n%s %s: %s\n", v->object, v->name, name);
				CU_FAIL("an argument's placeholder is not known");
			}
		}
		for (const struct ctl_option *o = v->options; o->name != NULL; o++) {
			(void)snprintf(name, sizeof(name), "--%s", o->name);
			if (o->argument != NULL &&
				!ctl_complete_source(name, o->argument, &source, &words)) {
				fprintf(stderr, "\n%s %s --%s %s\n", v->object, v->name, o->name,
					o->argument);
				CU_FAIL("an option's placeholder is not known");
			}
		}
	}
}

static bool have(const char *shell)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "command -v %s >/dev/null", shell);
	return system(command) == 0;
}

/* write_script: of `shell`, to `path`. */
static void write_script(const char *shell, const char *path)
{
	struct fake_call c;
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	FAKE_CTL(NULL, &c, "completion", shell);
	CU_ASSERT_EQUAL(c.code, 0);
	fputs(c.text, f);
	CU_ASSERT_EQUAL(fclose(f), 0);
	fake_call_free(&c);
}

static void scripts_are_of_their_shell(void)
{
	static const char *const shells[] = { "bash", "zsh", "fish" };
	char path[] = "/tmp/smswall-test-script-XXXXXX";
	char command[96];
	struct fake_call c;

	(void)close(mkstemp(path));
	for (size_t i = 0; i < 3; i++) {
		write_script(shells[i], path);
		(void)snprintf(command, sizeof(command), "%s -n %s", shells[i], path);
		if (have(shells[i])) {
			CU_ASSERT_EQUAL(system(command), 0);
		}
	}
	(void)unlink(path);
	FAKE_CTL(NULL, &c, "completion", "tcsh");
	CU_ASSERT_EQUAL(c.code, CONTROL_USAGE);
	fake_call_free(&c);
}

/* What bash is told when a line is completed; its words as bash cuts them. */
struct bash_case {
	const char *line, *words, *want;
};

static const struct bash_case bash_cases[] = {
	{ "smswallctl policy ro", "smswallctl policy ro", "asked: [policy] [ro]|rollback" },
	{ "smswallctl rule show prize.", "smswallctl rule show prize.",
		"asked: [rule] [show] [prize.]|prize.cash" },
	{ "smswallctl rule show ", "smswallctl rule show \"\"",
		"asked: [rule] [show] []|prize.cash" },
	{ "smswallctl rule list --state=sh", "smswallctl rule list --state = sh",
		"asked: [rule] [list] [--state=sh]|shadow" },
	{ "smswallctl rule list --state=", "smswallctl rule list --state =",
		"asked: [rule] [list] [--state=]|shadow" },
	{ "smswallctl policy show @1", "smswallctl policy show @ 1",
		"asked: [policy] [show] [@1]|12" },
	{ "smswallctl policy  show   @", "smswallctl policy show @",
		"asked: [policy] [show] [@]|12" },
};

/* A double of the program: notes what it was asked and prints some candidates. */
static const char bash_double[] =
	"#!/bin/bash\n[ \"$1 $2\" = '__complete --' ] || exit 1\nshift 2\n"
	"{ printf 'asked:'; printf ' [%s]' \"$@\"; } >\"$ASKED\"\n"
	"case ${@: -1} in\nro) printf 'rollback\\tback\\n' ;;\n"
	"--state=*) printf '%s\\tx\\n' '--state=shadow' ;;\n@*) printf '@12\\tlive\\n' ;;\n"
	"*) printf 'prize.cash\\ton\\n' ;;\nesac\n";

static void bash_case(const char *folder, const struct bash_case *k)
{
	char command[768];
	char got[256];
	FILE *f;

	(void)snprintf(command, sizeof(command),
		"cd %s && chmod +x smswallctl && ASKED=$PWD/asked PATH=$PWD:$PATH bash -c '"
		". ./script; COMP_LINE=\"%s\"; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(%s);"
		"COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _smswallctl;"
		"printf \"%%s|%%s\" \"$(cat asked)\" \"${COMPREPLY[*]}\"'",
		folder, k->line, k->words);
	f = popen(command, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	got[fread(got, 1, sizeof(got) - 1, f)] = '\0';
	CU_ASSERT_EQUAL(pclose(f), 0);
	if (strcmp(got, k->want) != 0) {
		fprintf(stderr, "\n%s: got %s, not %s\n", k->line, got, k->want);
		CU_FAIL("bash is told something else");
	}
}

static void bash_completes(void)
{
	char folder[] = "/tmp/smswall-test-bash-XXXXXX";
	char path[64];
	FILE *f;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/smswallctl", folder);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(bash_double, f);
	CU_ASSERT_EQUAL(fclose(f), 0);
	(void)snprintf(path, sizeof(path), "%s/script", folder);
	write_script("bash", path);
	for (size_t i = 0; i < sizeof(bash_cases) / sizeof(bash_cases[0]); i++) {
		bash_case(folder, &bash_cases[i]);
	}
	(void)snprintf(path, sizeof(path), "rm -r -- '%s'", folder);
	CU_ASSERT_EQUAL(system(path), 0);
}

UNIT_MAIN("control/complete", { "candidates", candidates },
	{ "the typed socket is asked", the_typed_socket_is_asked },
	{ "every placeholder is known", every_placeholder_is_known },
	{ "scripts are of their shell", scripts_are_of_their_shell },
	{ "bash completes", bash_completes })
