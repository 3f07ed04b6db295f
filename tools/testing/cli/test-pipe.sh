#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Files that are pipes: each command takes them, or says in a sentence why not.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

demo=$top/tools/demo

# piped STATUS FILE ARGUMENT...: akida ends with that status; FILE comes through
# a pipe.
piped()
{
	local expected=$1 rc
	# shellcheck disable=SC2002 # The pipe is what this is about.
	cat "$2" | "$akida" "${@:3}" >out 2>err
	rc=${PIPESTATUS[1]}
	[ "$rc" -eq "$expected" ] || { echo "akida ${*:3}: status $rc, not $expected"; return 1; }
	! grep -E 'Sanitizer|runtime error' err
}

# refuses PATTERN FILE ARGUMENT...: with one sentence that names the file.
refuses()
{
	piped 1 "${@:2}" && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ] && grep -Eq "/dev/stdin: .*$1" err
}

# as_file FILE ARGUMENT...: the same output as from the file, whose name is there
# in place of /dev/stdin.
as_file()
{
	local file=$1 a arguments=()
	shift
	for a; do
		arguments+=("${a/#\/dev\/stdin/$file}")
	done
	run 0 "${arguments[@]}" || return 1
	sed "s|$file|/dev/stdin|" out >want
	[ -s want ] && piped 0 "$file" "$@" && cmp want out
}

"$akida" build "$demo/digits.fbz" --target akd1000 -o program.akp >/dev/null
for args in 'info' 'info --json' 'info --keys' 'info --target akd1500'; do
	# shellcheck disable=SC2086
	ok "$args of a model" as_file "$demo/digits.fbz" $args /dev/stdin
done
ok 'info of a program' as_file "$PWD/program.akp" info /dev/stdin
ok 'info of something else' refuses 'Snappy' "$demo/labels.txt" info /dev/stdin
ok 'info of nothing' refuses '.' /dev/null info /dev/stdin
ok 'run of a model' as_file "$demo/digits.fbz" run /dev/stdin -i "$demo/digit-3.png" --json
ok 'run of a program, without a board' eval 'piped 1 program.akp run /dev/stdin -i "$demo/digits-test.npy" && [ "$(wc -l <err)" -eq 1 ] && warns "board"'
ok 'labels' as_file "$demo/labels.txt" run "$demo/digits.fbz" -i "$demo/digit-3.png" --labels /dev/stdin
ok 'bench' piped 0 "$demo/digits.fbz" bench /dev/stdin -n 2
ok 'build' eval 'piped 0 "$demo/digits.fbz" build /dev/stdin --target akd1000 -o again.akp && cmp program.akp again.akp'
ok 'evaluate: the data' as_file "$demo/digits-test.npy" evaluate "$demo/digits.fbz" --data /dev/stdin --labels "$demo/digits-labels.npy" --json

float=("$demo/digits-float.npz" --input-scale 1/255)
ok 'convert' run 0 convert "${float[@]}" --arch "$demo/digits.json" --calib "$demo/digits-test.npy" -o want.fbz
ok 'convert: the architecture' eval 'piped 0 "$demo/digits.json" convert "${float[@]}" --arch /dev/stdin --calib "$demo/digits-test.npy" -o got.fbz && cmp want.fbz got.fbz'
ok 'convert: calibration data' eval 'piped 0 "$demo/digits-test.npy" convert "${float[@]}" --arch "$demo/digits.json" --calib /dev/stdin -o got.fbz && cmp want.fbz got.fbz'

# Inputs may be pictures or arrays, which is told by more than their beginning;
# weights of large models are mapped.
ok 'run: inputs' refuses "'-' reads raw bytes" "$demo/digits-test.npy" run "$demo/digits.fbz" -i /dev/stdin
ok 'raw bytes have a way' eval '"$akida" run "$demo/digits.fbz" -i "$demo/digits-test.npy" --raw -o want.npy >/dev/null &&
	npy_data "$demo/digits-test.npy" | "$akida" run "$demo/digits.fbz" -i - --raw -o got.npy >/dev/null && cmp want.npy got.npy'
ok 'inspect' refuses 'not a regular file; copy it' "$demo/digits-float.npz" inspect /dev/stdin
ok 'convert: weights' refuses 'not a regular file; copy it' "$demo/digits-float.npz" convert /dev/stdin --arch "$demo/digits.json" \
	--input-scale 1/255 --calib "$demo/digits-test.npy" -o got.fbz
ok 'matvec' refuses 'not a regular file; copy it' "$demo/digits-float.npz" matvec /dev/stdin x -i "$demo/digits-test.npy"
ok 'verify' refuses 'not a regular file; copy it' "$demo/digits-float.npz" verify /dev/stdin "$demo/digits-float.npz"
ok 'evaluate: a network' refuses 'not a regular file; copy it' "$demo/digits.fbz" evaluate /dev/stdin --data "$demo/digits-test.npy" \
	--labels "$demo/digits-labels.npy"
finish
