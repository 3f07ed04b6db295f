#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida run on inputs that are wrong: one sentence, status 1, no file half
# written.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

ok 'models are made' make_models

zeros()
{
	head -c "$1" /dev/zero
}

zeros 300 | npy '|u1' '(10, 10, 3)' >shape.npy
ok 'a wrong shape' fails 1 'shape.npy: shape \(10, 10, 3\) does not fit the model.s input \(8, 8, 1\)' run map.fbz -i shape.npy
ok 'nor does it fit a flat model' fails 1 'shape \(10, 10, 3\) .* \(1, 1, 8\)' run flat.fbz -i shape.npy
zeros 0 | npy '|u1' '(0, 8)' >none.npy
ok 'a batch of none' fails 1 'none.npy: ' run flat.fbz -i none.npy
zeros 32 | npy '<f4' '(8,)' >float.npy
ok 'a wrong dtype' fails 1 'float.npy: elements are float32, but a model takes uint8' run flat.fbz -i float.npy
bytes 0 0 0 0 0 16 0 0 | npy '|u1' '(8,)' >large.npy
ok 'too large a value' fails 1 'large.npy: value 16 at \(0, 0, 5\) of input 0 .* 4-bit inputs, 0 to 15' run flat.fbz -i large.npy
zeros 5 | npy '|u1' '(8,)' >short.npy
ok 'a truncated array' fails 1 'short.npy: ' run flat.fbz -i short.npy
zeros 8 >bare.raw
ok 'neither array nor picture' fails 1 'bare.raw: neither' run flat.fbz -i bare.raw
ok 'no such file' fails 1 'gone.npy: No such file' run flat.fbz -i gone.npy
ok 'a folder' fails 1 '\.: not a file' run flat.fbz -i .
mkfifo pipe
ok 'a pipe' fails 1 'pipe: not a file' run flat.fbz -i pipe
printf '\211PNG\r\n\032\nrubbish' >rubbish.png
ok 'an unreadable PNG' fails 1 'rubbish.png: ' run map.fbz -i rubbish.png
printf '\377\330\377\340rubbish' >rubbish.jpg
ok 'an unreadable JPEG' fails 1 'rubbish.jpg: ' run map.fbz -i rubbish.jpg
ok 'a picture for a flat model' fails 1 'rubbish.png: a picture does not fit the model.s input \(1, 1, 8\)' run flat.fbz -i rubbish.png
zeros 8 | npy '|u1' '(8,)' >good.npy
ok 'one good, one bad' fails 1 'large.npy: ' run flat.fbz -i good.npy -i large.npy -o o.npy --draw o.png
ok 'writes nothing' eval '! ls o.*'

stdin_fails()
{
	"$akida" run flat.fbz -i - >out 2>err
	[ $? -eq 1 ] && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ] && warns "$1"
}
ok 'nothing on standard input' eval 'stdin_fails "standard input: 0 bytes are not a whole number" </dev/null'
ok 'half an input' eval 'zeros 12 | stdin_fails "standard input: 12 bytes .* of 8 bytes"'
ok 'too large a value there' eval 'bytes 0 0 0 0 0 0 0 255 | stdin_fails "standard input: value 255 at"'

printf 'one\ntwo\n' >few.txt
ok 'too few labels' eval 'run 0 run flat.fbz -i good.npy -l few.txt && warns "few.txt: 2 labels for 3 classes"'
ok 'no such labels' fails 1 'gone.txt: No such file' run flat.fbz -i good.npy -l gone.txt
zeros 5 >binary.txt
ok 'labels that are no text' fails 1 'binary.txt: not a text file' run flat.fbz -i good.npy -l binary.txt
zeros 1100000 | tr '\0' '\n' >long.txt
ok 'too many labels' fails 1 'long.txt: longer than 1 MiB' run flat.fbz -i good.npy -l long.txt
zeros 300 | tr '\0' a >wide.txt
ok 'too long a label' fails 1 'wide.txt: line 1 is longer' run flat.fbz -i good.npy -l wide.txt
ok 'a folder of labels' fails 1 '\.: Is a directory' run flat.fbz -i good.npy -l .
printf 'a\033[31m\nb\302\233m\nc\342\200\256d\377\r\n' >steer.txt
ok 'labels that steer a terminal' run 0 run flat.fbz -i good.npy -l steer.txt
ok 'do not get there' eval 'says "a\?\[31m" && says "b\?m" && says "c\?d\?" && ! LC_ALL=C grep -q "$(printf "[\033\202\233\377]")" out'
ok 'nor by JSON' eval 'run 0 run flat.fbz -i good.npy -l steer.txt --json && ! LC_ALL=C grep -q "$(printf "[\033\202\233\377]")" out'

ok 'an output that cannot be written' fails 1 'no/o.npy: ' run flat.fbz -i good.npy -o no/o.npy
ok 'a picture that cannot be written' fails 1 'no/o.png: ' run flat.fbz -i good.npy --draw no/o.png
ok 'a dump that cannot be written' fails 1 'no/d: ' run flat.fbz -i good.npy --dump no/d
mkdir full
if mount -t tmpfs -o size=4k none full 2>/dev/null; then
	zeros 8000 | npy '|u1' '(1000, 8)' >many.npy
	ok 'a full disk' fails 1 'full/o.npy: .*No space' run flat.fbz -i many.npy -o full/o.npy
	ok 'leaves nothing' eval '[ -z "$(ls -A full)" ]'
	umount full
else
	skip 'a full disk' 'mounting is not allowed'
fi

# Cut and damaged at every byte: refused or run, never a crash.
survives()
{
	"$akida" run "$1" -i "$2" >out 2>err </dev/null
	[ $? -le 1 ] && ! grep -E 'Sanitizer|runtime error' err
}
every_byte()
{
	local size i

	size=$(wc -c <"$1")
	for ((i = 0; i < size; i += $2)); do
		head -c "$i" "$1" >damaged
		survives "$3" "$4" || return 1
		{ head -c "$i" "$1"; printf '\377'; tail -c +$((i + 2)) "$1"; } >damaged
		survives "$3" "$4" || return 1
	done
}
ok 'an array cut and damaged at every byte' every_byte good.npy 1 flat.fbz damaged
ok 'a model cut and damaged at every third byte' every_byte flat.fbz 3 damaged good.npy
finish
