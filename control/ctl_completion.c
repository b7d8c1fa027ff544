/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl completion: the scripts by which a shell asks `smswallctl __complete` (ctl_complete.c). */
#include <string.h>

#include "control/ctl.h"

/* bash cuts the line at = : @ too: what stands together is put together again, and cut off the answers. */
static const char bash_script[] =
	"# smswallctl: completion for bash. source <(smswallctl completion bash)\n"
	"_smswallctl() {\n"
	"	local rest=$COMP_LINE words=() i w last stem line\n"
	"	for ((i = 0; i <= COMP_CWORD; i++)); do\n"
	"		w=${COMP_WORDS[i]}\n"
	"		if ((i > 0)) && [[ -n $w && $rest != [[:space:]]* ]]; then\n"
	"			words[${#words[@]}-1]+=$w\n"
	"		else\n"
	"			words+=(\"$w\")\n"
	"		fi\n"
	"		rest=${rest#\"${rest%%[![:space:]]*}\"}\n"
	"		rest=${rest#\"$w\"}\n"
	"	done\n"
	"	last=${words[${#words[@]}-1]}\n"
	"	w=${COMP_WORDS[COMP_CWORD]}\n"
	"	case $w in\n"
	"	= | : | @) stem=$last ;;\n"
	"	*) stem=${last%\"$w\"} ;;\n"
	"	esac\n"
	"	COMPREPLY=()\n"
	"	while IFS= read -r line; do\n"
	"		if [[ $line == :files ]]; then\n"
	"			compopt -o filenames 2>/dev/null\n"
	"			while IFS= read -r line; do COMPREPLY+=(\"$line\"); done < <(compgen -f -- \"$w\")\n"
	"		else\n"
	"			line=${line%%$'\\t'*}\n"
	"			[[ $line == *= ]] && compopt -o nospace 2>/dev/null\n"
	"			COMPREPLY+=(\"${line#\"$stem\"}\")\n"
	"		fi\n"
	"	done < <(\"${words[0]}\" __complete -- \"${words[@]:1}\" 2>/dev/null)\n"
	"}\n"
	"complete -F _smswallctl smswallctl\n";

static const char zsh_script[] =
	"#compdef smswallctl\n"
	"# smswallctl: completion for zsh. A file _smswallctl in a folder of $fpath, or: source <(smswallctl completion zsh)\n"
	"_smswallctl() {\n"
	"	local -a candidates lines\n"
	"	local line\n"
	"	lines=(\"${(@f)$(\"${(Q)words[1]}\" __complete -- \"${(@Q)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
	"	for line in $lines; do\n"
	"		if [[ $line == :files ]]; then\n"
	"			_files\n"
	"			return\n"
	"		fi\n"
	"		candidates+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\")\n"
	"	done\n"
	"	(( $#candidates )) && _describe -V smswallctl candidates\n"
	"}\n"
	"if [[ $funcstack[1] == _smswallctl ]]; then\n"
	"	_smswallctl \"$@\"\n"
	"else\n"
	"	compdef _smswallctl smswallctl\n"
	"fi\n";

static const char fish_script[] =
	"# smswallctl: completion for fish. As ~/.config/fish/completions/smswallctl.fish\n"
	"function __smswallctl_complete\n"
	"	set -l words (commandline -opc)\n"
	"	set -l last (commandline -ct)\n"
	"	for line in ($words[1] __complete -- $words[2..-1] \"$last\" 2>/dev/null)\n"
	"		if test \"$line\" = \":files\"\n"
	"			__fish_complete_path \"$last\"\n"
	"		else\n"
	"			echo $line\n"
	"		end\n"
	"	end\n"
	"end\n"
	"complete -c smswallctl -f -a '(__smswallctl_complete)'\n";

static const struct {
	const char *shell;
	const char *script;
} scripts[] = { { "bash", bash_script }, { "zsh", zsh_script }, { "fish", fish_script } };

int ctl_completion(struct ctl_call *call)
{
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		if (strcmp(scripts[i].shell, call->words[0]) == 0) {
			ctl_out(call, "%s", scripts[i].script);
			ctl_set(call, "shell", json_string(scripts[i].shell));
			ctl_set(call, "script", json_string(scripts[i].script));
			return 0;
		}
	}
	return ctl_error(call, CONTROL_USAGE, "completion is for bash, zsh or fish, not \"%s\"",
		call->words[0]);
}
