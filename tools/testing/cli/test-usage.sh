#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Subcommands, links, exit statuses, and what happens when output is lost.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

subcommands='bench convert dma-test doctor info inspect list matvec merge run verify'

ok 'akida --help' run 0 --help
ok 'it names every subcommand' eval 'for s in $subcommands help; do grep -q "^  $s " out || exit 1; done'
ok 'akida --version' run 0 --version
ok 'it is a version' says '^akida [0-9]+\.[0-9]+\.[0-9]+ '
ok 'no subcommand' fails 2 '^akida: a subcommand is missing'
ok 'an unknown subcommand' fails 2 "no subcommand 'frobnicate'$" frobnicate
ok 'a mistyped subcommand' fails 2 "did you mean 'run'" rnu
ok 'an unknown option before the subcommand' fails 2 "no option '--frob'" --frob
ok 'an unknown subcommand for help' fails 2 "no subcommand 'x'" help x

for s in $subcommands; do
	ok "akida help $s" run 0 help "$s"
	cp out help
	ok "akida $s --help is the same" eval 'run 0 "$s" --help && cmp out help'
	ok "with examples" says '^Examples:'
	ok "akida $s --version" eval 'run 0 "$s" --version && says "^akida "'
	ok "akida $s --frobnicate" fails 2 "akida $s: unrecognized option '--frobnicate'" "$s" --frobnicate
	ok "akida-$s is akida $s" eval '"$BUILD/bin/akida-$s" --help | cmp - help'
	ok "akida-$s reports as akida $s" eval '"$BUILD/bin/akida-$s" --frob 2>&1 | grep -q "^akida $s: unrec"'
done
ok 'links in the list are those of the build' eval \
	'for l in $(cat "$top/tools/akida/links"); do [ "$(readlink "$BUILD/bin/$l")" = akida ] || exit 1; done'

for s in bench info; do
	ok "$s without a model" fails 2 'MODEL.fbz (or BOARD )?is missing' "$s"
	ok "$s with two models" fails 2 "'b' is one argument too many" "$s" a b
done
ok 'merge without a model' fails 2 'MODEL is missing' merge -o x
ok 'merge without an output' fails 2 '-o OUT is missing' merge x
ok 'matvec without a tensor' fails 2 'FILE or TENSOR is missing' matvec x -i y
ok 'matvec without a vector' fails 2 '-i X is missing' matvec x y
ok 'matvec with three arguments' fails 2 "'z' is one argument too many" matvec x y z
ok 'verify without OUT' fails 2 'IN or OUT is missing' verify x
ok 'verify with a limit that is none' fails 2 "--max-error: 'x' is not a number" verify x y --max-error x
ok 'run without a model' fails 2 'MODEL is missing' run
ok 'run without an input' fails 2 'input is missing' run a.fbz
ok 'doctor with an argument' fails 2 "'x' is one argument too many" doctor x
ok 'list with an argument' fails 2 "'x' is one argument too many" list x
for v in 0 -1 '' ' 3' 3x 99999999999999999999 1e3; do
	ok "--threads '$v'" fails 2 "--threads: '$v' is not a number" run a.fbz -i b --threads "$v"
done
for v in -0.1 1.1 nan '' x; do
	ok "--threshold '$v'" fails 2 "--threshold: '$v' is not a number" run a.fbz -i b --threshold "$v"
done
ok 'an unknown chip' fails 2 "'akd9' is neither" run a.fbz -i b --target akd9
ok '--draw without .png' fails 2 "does not end in .png" run a.fbz -i b --draw x.jpg
ok '--iterations and --seconds' fails 2 'exclude each other' bench a.fbz -n 1 -s 1
ok 'an unknown instruction set' fails 2 "--cpu: 'mmx'" bench a.fbz --cpu mmx
ok '-o without --weights' fails 2 'needs --weights' info a.fbz -o x
ok 'a device that does not exist' fails 1 'no-such' run a.fbz -i b --device no-such

ok 'akida list' eval 'run 0 list && says "^soft "'
ok 'akida list --json' run 0 list --json
ok_json 'it names the software device' '.devices[0].name == "soft"'

# A program that is told to write and cannot says so by its status.
for args in 'list' 'list --json' '--help' 'help run' 'run --help' '--version'; do
	# shellcheck disable=SC2086
	ok "full disk: $args" eval \
		'"$akida" $args >/dev/full 2>err; [ $? -eq 1 ] && warns "could not be written"'
done
# One line, and more than what is collected before it is written.
"$akida" build "$top/tools/demo/digits.fbz" --target akd1000 -o program.akp
for args in list 'info program.akp'; do
	rm -f gone
	# shellcheck disable=SC2086
	{
		until [ -e gone ]; do sleep 0.01; done
		"$akida" $args 2>err
		echo $? >status
	} | {
		exec <&-
		touch gone
	}
	ok "closed pipe: $args" eval '[ "$(cat status)" -eq 1 ]'
	ok 'needs no message' eval '! [ -s err ]'
done
ok 'closed output' eval '"$akida" list >&- 2>err; [ $? -eq 1 ]'

# Escape sequences are for terminals.
if script -qec true /dev/null >/dev/null 2>&1; then
	esc=$(printf '\033')
	ok 'bold on a terminal' eval "TERM=xterm script -qec '$akida list' /dev/null | grep -q '$esc'"
	ok 'NO_COLOR' eval "! NO_COLOR=1 TERM=xterm script -qec '$akida list' /dev/null | grep -q '$esc'"
	ok 'a dumb terminal' eval "! TERM=dumb script -qec '$akida list' /dev/null | grep -q '$esc'"
else
	skip 'bold on a terminal' 'there is no script(1)'
fi
ok 'no escape sequences in a file' eval 'run 0 list && ! grep -q "$(printf "\033")" out'
finish
