#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida convert: wrong usage, the same bytes for every number of threads,
# amount of memory and division into parts, and what is left after failures.
# What the bytes are is checked by golden/test-convert.py.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

python=/usr/bin/python3
if ! $python -c 'import numpy' 2>/dev/null; then
	skip 'akida convert' 'there is no python3-numpy to make models'
	finish
	exit
fi
export SOURCE_DATE_EPOCH=1700000000
ok 'models are made' $python "$top/tools/testing/convert/make_models.py" models --size small
model=models/llama
# add_tokenizer FOLDER VOCABULARY: what gguf needs beside the weights.
add_tokenizer()
{
	$python -c 'import sys; sys.dont_write_bytecode = True; sys.path.insert(0, sys.argv[1])
import make_tokenizers; make_tokenizers.save_spm(sys.argv[2], int(sys.argv[3]))' "$top/tools/testing/convert" "$@"
}

# As fails of lib.sh, but with warnings before the sentence.
fails_warned()
{
	local pattern=$1

	shift
	run 1 "$@" || return 1
	grep -v '^akida convert: warning: ' err >said
	[ ! -s out ] && [ "$(wc -l <said)" -eq 1 ] && grep -Eq -- "$pattern" said
}

# ------------------------------------------------------------------- usage
ok 'nothing given' fails 2 'IN is missing' convert
ok 'no OUT' fails 2 'OUT is missing' convert $model
ok 'no format' fails 2 '--to FORMAT is missing' convert $model out
ok 'three arguments' fails 2 "'x' is one argument too many" convert $model out x --to nntr
ok 'OUT twice' fails 2 'one argument too many' convert $model out -o out --to nntr
ok 'an unknown format' fails 2 "there is no format 'zip'" convert $model out --to zip
ok "another format's option" fails 2 '--isa is an option of nntr-bin, not of nntr' convert $model out --to nntr --isa arm
ok "another format's switch" fails 2 '--pad is an option of nntr, not of bitnet' convert $model out --to bitnet --pad
ok 'a value that it has not' fails 2 "--quant-type: 'q5_0' is not one of q4_0" convert $model out --to nntr --quant-type q5_0
ok 'a part of a value' fails 2 "--quant-type: 'q4' is not one of" convert $model out --to nntr --quant-type q4
ok 'an empty value' fails 2 "--isa: '' is not one of" convert $model out --to nntr-bin --isa ''
ok 'repacked Q6_K' fails 2 'only q4_0 is repacked' convert $model out --to nntr --quant-type q6_k --repack-format q4_0_4
ok 'what the script has not' fails 2 'the script knows only q4_0 and q6_k' convert $model out --to nntr --compat script --quant-type q8_0
ok 'padding for the script' fails 2 'the script does not pad' convert $model out --to nntr --compat script --pad
ok 'generations of the other layouts' fails 2 'only --layout bin was written' convert $model out --to bitnet --layout safetensors --generation 1
ok 'a generation that is none' fails 2 "--generation: '4' is not one of" convert $model out --to bitnet --generation 4
ok 'rows of transformers' fails 2 'hf has one scale per tensor' convert models/bitnet out --to bitnet --layout hf --scale row
for p in 0/2 3/2 x/2 2 2/ /2 1/65537 -1/2; do
	ok "--part $p" fails 2 "--part: " convert $model out --to nntr --part $p
done
for m in 1000 x 1X -1M '' 1MM 99999999999T 18446744073709551616; do
	ok "--memory '$m'" fails 2 "--memory: '$m' is not a size" convert $model out --to nntr --memory "$m"
done
ok '--part and --join' fails 2 'use one of them' convert $model out --to nntr --part 1/2 --join
ok '--part and --resume' fails 2 '--resume cannot be used with parts' convert $model out --to bitnet --part 1/2 --resume
ok '--resume of one file' fails 2 '--resume is for formats of several files' convert $model out --to nntr --resume
ok '--threads 0' fails 2 "--threads: '0'" convert $model out --to nntr --threads 0
ok 'no such model' fails 1 'gone' convert gone out --to nntr
ok 'a log that cannot be written' fails 1 'no/log: cannot write' convert $model out --to nntr --log no/log
ok 'a folder that is not there' fails 1 'no/out' convert $model no/out --to nntr
ok 'nor for a folder' fails 1 'no/out' convert $model no/out --to bitnet
ok 'an empty name' fails 2 'name of the output is empty' convert $model '' --to nntr
ok 'a pipe' fails 1 'must be a file' convert $model /dev/stdout --to nntr
ok 'nothing is left of all that' eval '[ "$(ls -A | grep -vxE "models|out|err|[.]said" | wc -l)" = 0 ]'

ok '--formats' eval 'run 0 convert --formats && says "^nntr-bin  *--isa  *x86.arm  *x86" && says "^bitnet  *--layout"'
ok '--formats --json' run 0 convert --formats --json
ok_json 'names every format' '[.formats[].name] | index("nntr", "nntr-bin", "nntr-safetensors", "bitnet") != null'
# Each option that a format has is one of the command.
if command -v jq >/dev/null; then
	jq -r '.formats[].options[].name' out | sort -u >names
	"$akida" convert --help >help
	ok 'every option of a format is one of the command' eval \
		'while read -r n; do grep -q -- "--$n" help || { echo "$n"; exit 1; }; done <names'
else
	skip 'every option of a format is one of the command' 'there is no jq'
fi

# --------------------------------------------------------- models that do not fit
ok 'Gemma for nntrainer' fails 1 'has no models of the kind gemma' convert models/gemma x --to nntr-bin
ok 'BitNet for nntrainer' fails 1 'has no models of the kind bitnet' convert models/bitnet x --to nntr-safetensors
ok 'Gemma as BitNet' fails 1 'norms are offset' convert models/gemma x --to bitnet
ok 'biases as BitNet' fails 1 "no place for tensor 'model.layers.0.self_attn.q_proj.bias'" convert models/qwen2 x --to bitnet
ok 'norms of heads as BitNet' fails 1 "no place for tensor '.*q_norm" convert models/qwen3 x --to bitnet
ok 'Llama for transformers' fails 1 'for models of the kind bitnet' convert $model x --to bitnet --layout hf
mkdir odd words
$python - "$top/tools/testing/convert" <<'PYTHON'
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import make_models as m
m.SIZES['odd'] = (96, 100, 1, 4, 2, 77)
m.SIZES['words'] = (90, 100, 1, 3, 1, 77)
for size in ('odd', 'words'):
    c = m.config('llama', size)
    m.save_form(size, 'safetensors', c, m.tensors(c, 'F32'), 'F32')
PYTHON
ok 'rows that nntrainer cannot load' fails 1 'has 77 rows, which groups of 8 .--isa x86. do not divide' \
	convert odd x --to nntr-bin --fc-dtype fp32 --lmhead-dtype q4_0
ok 'columns that nntrainer cannot load' fails 1 'has 96 columns, which blocks of Q6_K .256. do not divide' convert odd x --to nntr-bin --fc-dtype q6_k
ok 'rows at which the script stops' fails_warned 'has 77 rows; the script stops' \
	convert odd x --to nntr --compat script --repack-format q4_0_4
ok 'columns at which the script stops' fails_warned 'has 100 columns; the script stops' convert odd x --to nntr --compat script
ok 'weights that fill no words' fails 1 'which 16 does not divide' convert words x --to bitnet
ok 'a warning for each tensor that is stored otherwise' eval \
	'run 0 convert odd x --to nntr && [ "$(grep -c "warning: .*100 columns.* stored as F32" err)" = 1 ]'
rm -rf x

# ------------------------------------------------------------------- one result
# same A B: files or folders have the same bytes.
same()
{
	diff -r "$1" "$2"
}

# variants NAME MODEL OPTION...: one thread, two, seven, little memory, parts.
variants()
{
	local name=$1 in=$2 n i

	shift 2
	run 0 convert "$in" "$name.1" "$@" --threads 1 || return 1
	for n in 2 7; do
		run 0 convert "$in" "$name.$n" "$@" --threads $n && same "$name.1" "$name.$n" || return 1
	done
	run 0 convert "$in" "$name.m" "$@" --memory 12M --threads 7 && same "$name.1" "$name.m" || return 1
	for n in 1 3 25; do
		rm -rf "$name.p"
		for ((i = n; i; i--)); do
			run 0 convert "$in" "$name.p" "$@" --part $i/$n || return 1
			[ ! -e "$name.p" ] || return 1
		done
		run 0 convert "$in" "$name.p" "$@" --join && same "$name.1" "$name.p" || return 1
		rm "$name.p.part-"*
	done
	rm -rf "$name".*
}
ok 'nntr: threads, memory, parts' variants v $model --to nntr
ok 'nntr repacked: threads, memory, parts' variants v $model --to nntr --repack-format q4_0_8
ok 'nntr-bin: threads, memory, parts' variants v models/qwen3 --to nntr-bin --fc-dtype fp32 --embd-dtype q6_k
ok 'nntr-safetensors: threads, memory, parts' variants v models/qwen2 --to nntr-safetensors
ok 'bitnet: threads, memory, parts' variants v models/bitnet --to bitnet
ok 'bitnet, a scale per tensor: threads, memory, parts' variants v models/bitnet --to bitnet --scale tensor
ok 'bitnet packed: threads, memory, parts' variants v models/bitnet --to bitnet --layout safetensors
ok 'bitnet for transformers: threads, memory, parts' variants v models/bitnet --to bitnet --layout hf
# apl: golden/test-apl.py.
cp -r $model gguf-llama
cp -r models/bitnet gguf-bitnet
add_tokenizer gguf-llama 320
add_tokenizer gguf-bitnet 320
ok 'gguf: threads, memory, parts' variants v gguf-llama --to gguf --quant-type q4_0
ok 'gguf, a scale per tensor: threads, memory, parts' variants v gguf-bitnet --to gguf --quant-type i2_s
rm -r gguf-llama gguf-bitnet

# ------------------------------------------------------------------------- parts
ok 'parts are made' eval 'for i in 1 2 3; do run 0 convert $model p --to nntr --part $i/3 || exit 1; done'
ok 'a part says its name' says '^Wrote p.part-3-of-3: 1 file'
mv p.part-2-of-3 away
ok 'a part is missing' fails 1 'p.part-2-of-3' convert $model p --to nntr --join
cp p.part-1-of-3 p.part-2-of-3
ok 'a part twice' fails 1 'p.part-2-of-3: is a part of another conversion' convert $model p --to nntr --join
mv away p.part-2-of-3
ok 'parts of other options' fails 1 'p.part-1-of-3: is a part of another conversion' convert $model p --to nntr --quant-type q6_k --join
ok 'parts of another model' fails 1 'p.part-1-of-3: is a part of another conversion' convert models/mistral p --to nntr --join
cp -r models/llama changed
printf '\377' | dd of=changed/model.safetensors bs=1 seek=$(($(stat -c %s changed/model.safetensors) - 1)) conv=notrunc 2>/dev/null
ok 'parts of a model that differs in the last byte' fails 1 'another conversion' convert changed p --to nntr --join
cp p.part-2-of-3 whole
for at in 8 100 2000 -9 -20 -60; do
	cp whole p.part-2-of-3
	size=$(stat -c %s whole)
	printf '\125' | dd of=p.part-2-of-3 bs=1 seek=$((at < 0 ? size + at : at)) conv=notrunc 2>/dev/null
	ok "a part that is damaged at $at" fails 1 'p.part-2-of-3: ' convert $model p --to nntr --join
done
for n in 0 7 40 5000 $((size - 1)); do
	head -c "$n" whole >p.part-2-of-3
	ok "a part that is cut at $n" fails 1 'p.part-2-of-3: ' convert $model p --to nntr --join
done
cp whole p.part-2-of-3
ok 'none of that made an output' eval '[ ! -e p ]'
cp p.part-1-of-3 p.part-1-of-4
ok 'parts of two divisions' fails 1 'there are parts of' convert $model p --to nntr --join
rm p.part-1-of-4
ok 'they are put together' run 0 convert $model p --to nntr --join
ok 'no parts' fails 1 'q.part-1-of-N: there is no such file' convert $model q --to nntr --join
rm -rf p p.part-* away whole changed

# ----------------------------------------------------------------- files and folders
ok 'a file is replaced' eval 'echo old >f; chmod 640 f; run 0 convert $model f --to nntr && [ "$(head -c 4 f)" = RTNN ]'
ok 'and keeps its mode' eval '[ "$(stat -c %a f)" = 640 ]'
ok 'a folder that is empty is filled' eval 'mkdir d && run 0 convert $model d --to bitnet && [ -f d/block_1.bin ]'
touch d/mine
ok 'one that is not is left alone' fails 1 'd: is a folder with something in it' convert $model d --to bitnet
ok 'unless it is forced' eval 'echo old >d/norm.bin; run 0 convert $model d --to bitnet --force && [ -f d/mine ]'
ok 'and has what another run makes' eval 'run 0 convert $model e/ --to bitnet && rm d/mine && same d e'
ok 'a folder where a file should be' fails 1 'd: is a directory' convert $model d --to nntr
ok 'a file where a folder should be' fails 1 'f: is a file, but this format makes a folder' convert $model f --to bitnet
ok 'the log says what was done' eval 'run 0 convert odd f --to nntr --log log && grep -q "warning: .*stored as F32" log && grep -q " wrote f$" log'
ok 'the log says what failed' eval 'run 1 convert models/gemma g --to bitnet --log log; grep -q "failed: .*offset" log'
ok '--json' run 0 convert $model f --to nntr --json
ok_json 'is a report' '.format == "nntr" and .tensors == 21 and .files[0].path == "f" and .files[0].bytes == .bytes and .weights > 1000000'
ok 'nothing temporary is left' eval '! ls -A | grep -q "^[.]akida"'
rm -rf d e f log

# ---------------------------------------------------------------------- failures
# Nothing but what was there before.
empty()
{
	[ -z "$(ls -A "$1")" ] || { ls -lA "$1"; return 1; }
}
mkdir small
limited()
{
	(ulimit -f "$1"; shift; "$akida" "$@") >out 2>err </dev/null
	[ $? -eq 1 ] && [ "$(wc -l <err)" -eq 1 ]
}
ok 'a limit of file sizes' eval 'limited 100 convert $model small/x --to nntr && warns "small/x: .*[Ff]ile too large"'
ok 'leaves nothing' empty small
ok 'a limit for a folder' eval 'limited 100 convert $model small/x --to bitnet'
ok 'leaves nothing' empty small
ok 'a limit for a part' eval 'limited 100 convert $model small/x --to nntr --part 1/2'
ok 'leaves nothing' empty small
if mount -t tmpfs -o size=300k none small 2>/dev/null; then
	ok 'a full disk' fails 1 'small/x: .*No space' convert $model small/x --to nntr
	ok 'leaves nothing' empty small
	ok 'a full disk for a folder' fails 1 'small/.*No space' convert $model small/x --to bitnet
	ok 'leaves nothing' empty small
	# Resumed: what is finished stays and is not made again.
	ok 'what straight conversion makes' run 0 convert $model straight --to bitnet
	mount -o remount,size=600k small
	ok 'a full disk with --resume' fails 1 'small/.*No space' convert $model small/x --to bitnet --resume --threads 1
	ok 'leaves finished files' eval '[ -s small/x.partial/embedding.bin ] && [ ! -e small/x.partial/lm_head.bin ] && [ ! -e small/x ]'
	stat -c '%i %Y' small/x.partial/embedding.bin >before
	ok 'another conversion does not go on there' fails 1 'of another conversion' convert $model small/x --to bitnet --scale tensor --resume
	mount -o remount,size=4m small
	ok 'it goes on' run 0 convert $model small/x --to bitnet --resume
	ok 'the result is the same' same straight small/x
	ok 'a finished file was not made again' eval '[ "$(stat -c "%i %Y" small/x/embedding.bin)" = "$(cat before)" ]'
	rm -rf small/x
	mount -o remount,size=600k small
	ok 'the same with a damaged file' eval '! run 0 convert $model small/x --to bitnet --resume --threads 1'
	printf '\125' | dd of=small/x.partial/embedding.bin bs=1 seek=1000 conv=notrunc 2>/dev/null
	printf 'cut' >>small/x.partial/.akida-journal
	mount -o remount,size=4m small
	ok 'which is made again' eval 'run 0 convert $model small/x --to bitnet --resume && same straight small/x'
	rm -rf small/x
	mkdir small/x.partial && touch small/x.partial/mine
	ok 'a folder of something else' fails 1 'x.partial: is a folder of something else' convert $model small/x --to bitnet --resume
	ok 'is left alone' eval '[ -f small/x.partial/mine ]'
	rm -rf small/x.partial
	umount small
else
	skip 'full disks' 'mounting is not allowed'
fi

# ------------------------------------------------------------------ large models
# 4 GiB of floats that take no room on a disk; in a tmpfs they would.
big=$work
if [ "$(stat -f -c %T .)" = tmpfs ]; then
	big=$(mktemp -d -p /var/tmp) && trap 'rm -rf "$work" "$big"' EXIT
fi
if [ "$(stat -f -c %T "$big")" = tmpfs ]; then
	skip 'large models' '/tmp and /var/tmp are in memory'
	finish
	exit
fi
cd "$big" || exit 1
mkdir -p small
ok 'a large model is made' $python "$top/tools/testing/convert/make_sparse.py" large 4096

# interrupted SIGNAL DELAY: a conversion that is stopped in the middle.
interrupted()
{
	local pid rc

	# The shell has background jobs ignore SIGINT.
	env --default-signal=INT "$akida" convert large small/x --to nntr --quant-type q6_k --threads 1 >out 2>err </dev/null &
	pid=$!
	sleep "$2"
	kill -"$1" $pid || return 1
	wait $pid
	rc=$?
	# The status that a shell gives to a signal.
	[ $rc -eq $((128 + $(kill -l "$1"))) ] || { echo "status $rc"; cat err; return 1; }
	grep -q 'the conversion was cancelled' err
}
ok 'SIGINT' interrupted INT 0.5
ok 'leaves nothing' empty small
ok 'SIGTERM' interrupted TERM 0.2
ok 'leaves nothing' empty small
interrupted_folder()
{
	env --default-signal=INT "$akida" convert large small/x --to bitnet --threads 1 >out 2>err </dev/null &
	sleep 0.5
	kill -INT $!
	! wait $! && [ -z "$(ls -A small)" ]
}
ok 'SIGINT for a folder' interrupted_folder
killed()
{
	"$akida" convert large small/x --to nntr --quant-type q6_k --threads 1 >out 2>err </dev/null &
	sleep 0.5
	kill -KILL $!
	wait $! 2>/dev/null
	[ $? -eq 137 ] && [ ! -e small/x ]
}
ok 'SIGKILL leaves no output' killed
rm -rf small/.[a-z]*

# Private memory, stacks of threads included, is limited by the kernel here.
bounded()
{
	local limit=$1

	shift
	(ulimit -d "$limit"; "$akida" convert large x "$@" --no-sync) >out 2>err </dev/null || { cat err; return 1; }
	rm -rf x
}
case $(cat "$BUILD/.flags") in
*-fsanitize=*)
	skip 'memory is bounded' 'a sanitizer needs memory of its own'
	;;
*)
	# 256 MiB, 2 stacks of 8 MiB, and what the C library and zlib take.
	ok '4 GiB within 256 MiB' bounded $(((256 + 40) << 10)) --to nntr --threads 2
	ok 'with --memory 32M' bounded $(((32 + 40) << 10)) --to nntr --threads 2 --memory 32M
	ok 'the same for a packed folder' bounded $(((64 + 40) << 10)) --to bitnet --layout safetensors --threads 2 --memory 64M
	ok 'the same in order, with scales that wait' bounded $(((64 + 40) << 10)) --to bitnet --threads 2 --memory 64M
	# The other tokens become padding.
	add_tokenizer large 320
	ok 'the same for gguf' bounded $(((64 + 40) << 10)) --to gguf --quant-type q4_0 --threads 2 --memory 64M
	ok 'the same for archives' bounded $(((64 + 40) << 10)) --to apl --bits 1 --threads 2 --memory 64M
	ok 'the same transposed' bounded $(((256 + 40) << 10)) --to nntr-bin --fc-dtype fp16 --embd-dtype q4_0 --threads 2
	;;
esac
ok 'too little memory' fails 1 "needs [0-9]+ MiB of buffers; allow that with --memory [0-9]+M" \
	convert large x --to nntr-bin --fc-dtype fp32 --memory 1M
finish
