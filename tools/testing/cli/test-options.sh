#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# --help, manual pages and completion name the same options.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

man=$top/Documentation/man
completion=$top/tools/akida/akida.bash

# Options as the --help of a command shows them: at the start of a line, short
# before long.
from_help()
{
	"$@" --help | sed -n 's/^  *\(-[-a-zA-Z?].*\)/\1/p' | sed 's/   .*//' |
		grep -oE -- '(^|[ ,])(--[a-z][a-z0-9-]+|-[a-zA-Z?])' | tr -d ' ,' | sort -u
}

# Options that a manual page describes: tags of lists.
from_man()
{
	sed -n 's/^\.It \(Fl .*\)/\1/p' "$1" | sed 's/\\&//g' |
		grep -oE -- 'Fl (-[a-z][a-z0-9-]+|[a-zA-Z?])' | sed 's/^Fl /-/' | sort -u
}

# Options that completion offers.
from_completion()
{
	bash -c '. "$1"; _akida_options "$2"' - "$completion" "$1" | tr ' ' '\n' | grep . | sort -u
}

complete_line()
{
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _akida; printf "%s\n" "${COMPREPLY[@]}"' - \
		"$completion" "$@"
}

for s in '' bench build cdi convert dma-test doctor evaluate export fetch info inspect list load matvec merge monitor report run set-weights top trace unload verify; do
	name=akida${s:+-$s}
	# shellcheck disable=SC2086
	from_help "$akida" $s >help
	from_man "$man/$name.1" >page
	from_completion "$s" >offered
	ok "$name: --help shows options" eval '[ $(wc -l <help) -ge 4 ]'
	ok "$name: the manual page has the options of --help" diff help page
	ok "$name: completion has the options of --help" diff help offered
	ok "$name: the manual page has EXAMPLES and EXIT STATUS" eval \
		'grep -q "^.Sh EXAMPLES" "$man/$name.1" && grep -q "^.Sh EXIT STATUS" "$man/$name.1"'
done

# A program of its own, which not every build has.
board=$BUILD/bin/akida-board
if [ -x "$board" ]; then
	from_help "$board" >help
	from_man "$man/akida-board.1" >page
	bash -c '. "$1"; printf "%s\n" $_akida_board_options' - "$top/tools/akida-board/akida-board.bash" | sort >offered
	ok 'akida-board: --help shows options' eval '[ $(wc -l <help) -ge 12 ]'
	# These two are left out of pages that have no list for them.
	ok 'akida-board: the manual page has the options of --help' eval 'diff <(grep -vxE -- "-\?|-V|--help|--usage|--version" help) <(grep -vxE -- "-\?|-V|--help|--usage|--version" page)'
	ok 'akida-board: completion has the options of --help' diff help offered
	ok 'akida-board: completion has the faults of --help' eval \
		'[ "$(bash -c ". \"\$1\"; printf %s, \$_akida_board_faults" - "$top/tools/akida-board/akida-board.bash")" = \
		"$("$board" --help | tr -s " \n" " " | sed "s/.*Kinds: //; s/ --map.*//; s/, /,/g")," ]'
else
	skip 'akida-board: options' 'it is not built: make board'
fi

subcommands=$("$akida" --help | sed -n '/^Subcommands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' | tr '\n' ' ')
ok 'completion offers every subcommand' eval \
	'[ "$(complete_line "$akida" "" | grep -v ^- | sort | tr "\n" " ")" = "$subcommands" ]'
ok 'akida.1 has every subcommand' eval \
	'for s in $subcommands; do grep -q "^.It Cm $s$" "$man/akida.1" || exit 1; done'

# Each example of --help stands in the manual page, word for word.
for s in ${subcommands/help /}; do
	"$akida" "$s" --help | sed -n '/^Examples:/,$s/^  \([a-z].*\)/\1/p' >examples
	ok "$s: examples" eval '[ -s examples ]'
	ok "$s: the manual page has them" eval \
		'while read -r e; do grep -qF "$ $e" "$man/akida-$s.1" || { echo "$e"; exit 1; }; done <examples'
done

touch a.fbz b.npy c.png d.txt
mkdir folder
ok 'completion: models' eval '[ "$(complete_line akida info "" | sort | tr "\n" " ")" = "a.fbz folder " ]'
ok 'completion: inputs' eval '[ "$(complete_line akida run a.fbz -i "" | sort | tr "\n" " ")" = "b.npy c.png folder " ]'
ok 'completion: chips' eval '[ "$(complete_line akida run --target "" | tr "\n" " ")" = "akd1000 akd1500 " ]'
ok 'completion: an option of a link' eval '[ "$(complete_line akida-run --thre | tr "\n" " ")" = "--threads --threshold " ] ||
	[ "$(complete_line akida-run --thre | sort | tr "\n" " ")" = "--threads --threshold " ]'
ok 'completion: kinds of memory' eval '[ "$(complete_line akida dma-test --kind "" | tr "\n" " ")" = "host user window " ]'
ok 'completion: every link has it' eval \
	'while read -r l; do grep -q "^complete .* $l\\( \\|$\\)" "$completion" || { echo "$l"; exit 1; }; done <"$top/tools/akida/links"'
ok 'completion: help' eval '[ "$(complete_line akida help ru)" = run ]'
finish
