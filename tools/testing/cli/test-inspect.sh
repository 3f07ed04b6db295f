#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida inspect: every input and output format, values against NumPy, models in
# the hub's cache, files that are damaged or hostile.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

python=/usr/bin/python3
if ! $python -c 'import numpy' 2>/dev/null; then
	skip 'akida inspect' 'there is no python3-numpy to make models'
	finish
	exit
fi
make=$top/tools/testing/convert/make_models.py
export HF_HUB_CACHE=$work/cache
unset HUGGINGFACE_HUB_CACHE
ok 'models are made' $python "$make" models --size tiny

# ------------------------------------------------------------------- usage
ok 'nothing given' fails 2 'a file, a folder or a model is missing' inspect
ok 'two files' fails 2 "'b' is one argument too many" inspect a b
ok '--threads 0' fails 2 "--threads: '0' is not a number" inspect a -t 0
ok 'no such file' fails 1 '^akida inspect: none.bin: there is no such file or folder$' inspect none.bin
ok 'no such model' fails 1 'a/b: there is no such file or folder, and a/b \(revision main\) is not in the hub.s cache' inspect a/b
mkdir empty
ok 'a folder without weights' fails 1 'empty: has neither model.safetensors nor' inspect empty

# ------------------------------------------------------------------ tables
ok 'a model' run 0 inspect models/llama
ok 'a row' says '^model\.layers\.1\.mlp\.up_proj\.weight +BF16 +160x64 +10240 +20480$'
ok 'a vector' says '^model\.norm\.weight +BF16 +64 +64 +128$'
ok 'its format' says '^Format +safetensors$'
ok 'how much it is' says '^Tensors +21, .*elements, .*B$'
ok 'its metadata' says '^format +pt$'
ok 'nothing on stderr' eval '! [ -s err ]'
ok '--stats' run 0 inspect --stats models/llama
ok 'heads' says '^Tensor +Type +Shape +Bytes +Min +Max +RMS +NaN +Inf$'
ok 'a range' says '^lm_head\.weight +BF16 +96x64 +12288 +-0\.0[0-9]+ +0\.0[0-9]+ +0\.0[0-9]+ +0 +0$'
for t in 1 2 5; do
	ok "--threads $t" eval 'run 0 inspect --stats --json -t $t models/llama && mv out stats-$t'
done
ok 'the result does not depend on threads' eval 'cmp stats-1 stats-2 && cmp stats-1 stats-5'

# ------------------------------------------------------- values, by NumPy
cat >compare.py <<'E2'
import json, os, sys
sys.path.insert(0, os.path.dirname(sys.argv[1]))
import make_models as mm
import numpy as np
name, text = sys.argv[2:]
want = mm.tensors(mm.config(name))
got = json.load(open(text))
rows = {t["name"]: t for t in got["tensors"]}
assert set(rows) == set(want), set(rows) ^ set(want)
for name, a in want.items():
    t, s = rows[name], rows[name]["stats"]
    a = a.astype(np.float64)
    assert t["shape"] == list(a.shape) and t["elements"] == a.size, t
    assert s["nan"] == s["inf"] == 0, t
    assert abs(s["min"] - a.min()) < 1e-8 and abs(s["max"] - a.max()) < 1e-8, t
    assert abs(s["rms"] / np.sqrt((a * a).mean()) - 1) < 1e-7, t
E2
for m in models/*; do
	f=$m
	[ ! -e "$m/model.npz" ] || f=$m/model.npz
	name=${m#models/}
	for form in -npz-packed -npz -bin-sharded -bin -sharded; do
		name=${name%"$form"}
	done
	ok "$m" run 0 inspect --stats --json "$f"
	ok 'its values are those of NumPy' $python compare.py "$make" "$name" out
done
ok 'shards' eval 'run 0 inspect --json models/mistral-sharded/model.safetensors.index.json'
ok_json 'their files' '(.files | length) == 4 and (.tensors | map(.file) | unique | length) == 3'
ok_json 'in the order of names' '[.tensors[].name] == ([.tensors[].name] | sort)'

# --------------------------------------------------------- the hub's cache
commit=0123456789abcdef0123456789abcdef01234567
cached=cache/models--TinyLlama--TinyLlama-1.1B-Chat-v1.0
mkdir -p $cached/refs $cached/snapshots $cached/blobs
printf %s $commit >$cached/refs/main
cp -r models/llama $cached/snapshots/$commit
mv $cached/snapshots/$commit/model.safetensors $cached/blobs/0000
ln -s ../../blobs/0000 $cached/snapshots/$commit/model.safetensors
ok 'a short name' eval 'run 0 inspect tinyllama && says "^File .*/snapshots/$commit$"'
ok 'ORG/MODEL' run 0 inspect TinyLlama/TinyLlama-1.1B-Chat-v1.0
mkdir tinyllama
ok 'a folder of that name goes first' fails 1 'tinyllama: has neither' inspect tinyllama
rmdir tinyllama

# -------------------------------------------------------- formats of ours
export SOURCE_DATE_EPOCH=1700000000
$python "$make" small --size small
for how in 'nntr' 'nntr --quant-type q6_k' 'nntr --quant-type q4_0 --repack-format q4_0_4' \
	'nntr --compat script' 'nntr-safetensors' 'bitnet' 'apl'; do
	# shellcheck disable=SC2086
	ok "convert to $how" eval '"$akida" convert small/llama converted --to $how --force >out 2>err'
	ok 'it can be looked at' run 0 inspect --stats --json converted
	count=21
	[ "$how" != bitnet ] || { cp converted/block_0.bin . && count=15; }
	ok_json 'all values are numbers near those of the model' ".tensors | length == $count and
		all(.[]; .stats.nan == 0 and .stats.inf == 0 and .stats.rms > 0.01 and .stats.rms < 1.1)"
	rm -rf converted
done
ok 'a record of bitnet.rs' run 0 inspect --json block_0.bin
ok_json 'its tensors' '[.tensors[] | .name + " " + .type] == ["attention.wqkv.weight ternary",
	"attention.wqkv.weight_scale F32", "attention.wo.weight ternary", "attention.wo.weight_scale F32",
	"feed_forward.w13.weight ternary", "feed_forward.w13.weight_scale F32", "feed_forward.w2.weight ternary",
	"feed_forward.w2.weight_scale F32", "attention_norm.weight F32", "ffn_norm.weight F32"]'
$python -c "
import sys; sys.path.insert(0, '$top/tools/testing/convert')
import make_models as mm
a = mm.tensors(mm.config('llama'), 'F16')
mm.save_gguf('model.gguf', a, 'F16')
"
ok 'GGUF' run 0 inspect --json model.gguf
ok_json 'its keys and tensors' '.format == "GGUF" and .metadata["general.architecture"] == "test" and
	(.tensors | length) == 21 and .tensors[0].type == "F16" and .tensors[0].shape == [96, 64]'

# ------------------------------------------------------------ not read
printf '\200\002cos\nsystem\nX\010\000\000\000touch it\205R.' >data.pkl
$python - <<'E2'
import zipfile
with zipfile.ZipFile("evil.pt", "w") as z:
    z.write("data.pkl", "evil/data.pkl")
E2
ok 'a pickle that calls something' fails 1 "evil.pt: wants to call 'os.system', which is refused" inspect evil.pt
ok 'nothing was called' eval '[ ! -e it ]'
ok 'a bare pickle' fails 1 'data.pkl: is a bare pickle' inspect data.pkl
printf '\211HDF\r\n\032\n' >a.h5
ok 'HDF5 that is none' fails 1 'a.h5: .*hdf5' inspect a.h5
echo hello >a.txt
ok 'something else' fails 1 'a.txt: is of no known format' inspect a.txt
mkfifo pipe
ok 'a pipe' fails 1 'pipe: is not a regular file' inspect pipe
name=$(printf 'e\033[31mvil')
$python - "$name" <<'E2'
import json, struct, sys
h = json.dumps({sys.argv[1]: {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},
                "__metadata__": {"k\x1b[1m": "v\x9b1m\u202e"}}).encode()
open("steer.safetensors", "wb").write(struct.pack("<Q", len(h)) + h + b"\0")
E2
for how in '' --json; do
	# shellcheck disable=SC2086
	ok "names that steer a terminal $how" run 0 inspect $how steer.safetensors
	ok 'do not get there' eval '! grep -q "$(printf "[\033\233]")" out && ! grep -q "$(printf "\342\200\256")" out'
done

# Cut and damaged at some bytes; the unit tests do that at all of them.
survives()
{
	"$akida" inspect --stats --json "$1" >out 2>err </dev/null
	[ $? -le 1 ] && ! grep -E 'Sanitizer|runtime error' err
}
some_bytes()
{
	local size i step=$2 file=$1

	size=$(wc -c <"$file")
	for ((i = 0; i < size && i < 40 * step; i += step)); do
		head -c "$i" "$file" >damaged
		survives damaged || return 1
		{ head -c "$i" "$file"; printf '\377'; tail -c +$((i + 2)) "$file"; } >damaged
		survives damaged || return 1
	done
}
$python - <<'E2'
import numpy as np
np.savez_compressed("packed.npz", a=np.arange(6.0).reshape(2, 3), b=np.zeros(0))
E2
ok 'a packed archive cut and damaged at some bytes' some_bytes packed.npz 17
ok 'a record cut and damaged at some bytes' some_bytes block_0.bin 499
ok 'a checkpoint cut and damaged at some bytes' some_bytes models/llama-bin/pytorch_model.bin 131
ok 'safetensors cut and damaged at some bytes' some_bytes models/llama/model.safetensors 53
finish
