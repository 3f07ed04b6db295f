#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida run --events: counts of a network that hands its input on, against
# NumPy's histogram; files that are wrong.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

python=/usr/bin/python3
if ! "$python" -c 'import numpy' 2>/dev/null; then
	skip 'events' "there is no $python with NumPy"
	finish
	exit
fi
"$python" -c '
import json
import numpy as np
for c in (1, 2, 3, 6):
    json.dump({"input": [12, 16, c], "layers": [{"type": "conv", "name": "pass"}]}, open("pass%d.json" % c, "w"))
    np.savez("pass%d" % c, **{"pass.w": np.eye(c, dtype="f4")[None, None], "pass.b": np.zeros(c, "f4")})
r = np.random.RandomState(3)
n = 5000
e = np.zeros(n, [("t", "<i8"), ("x", "<u2"), ("y", "<u2"), ("p", "?")])
e["t"] = np.sort(r.randint(0, 100000, n)) + 1600000000000000
# Some pixels have many.
e["x"], e["y"], e["p"] = (r.rand(n) ** 2 * 16).astype(int), r.randint(0, 12, n), r.rand(n) < 0.4
np.save("records", e)
padded = np.zeros(n, np.dtype([("x", ">i4"), ("p", "i1"), ("more", "f4"), ("t", ">f8"), ("y", "u1")], align=True))
for k in "xyt":
    padded[k] = e[k]
padded["p"] = np.where(e["p"], 1, -1)
np.save("padded", padded)
table = np.stack([e[k].astype("i8") for k in "xypt"], 1)
np.save("table", table)
np.save("fortran", np.asfortranarray(table.astype("f8")))
np.save("shuffled", table[r.permutation(n)])
np.savetxt("plain.txt", table, "%d")
np.savetxt("floats.csv", table[:, [3, 0, 1, 2]], delimiter=",", header="t x y p")
with open("named.csv", "w") as f:
    f.write("# a recording\r\n\r\ntimestamp,x,y,polarity\r\n")
    f.writelines("%d,%d,%d,%d\r\n" % (v[3], v[0], v[1], v[2]) for v in table)
wide = table.copy()
wide[:, 0] = r.randint(0, 50, n)
wide[:, 1] = r.randint(0, 31, n)
np.save("wide", wide)'

# check COUNTS FILE CHANNELS WINDOW SENSOR: NumPy counts the same.
cat >count.py <<'END'
import sys
import numpy as np
have, e = np.load(sys.argv[1]), np.load(sys.argv[2])
c, window, w, h, most = (int(v) for v in sys.argv[3:])
x, y, p, t = e.T
t = t - t.min()
window = window or t.max() + 1
slices = max(c // 2, 1)
channel = t % window // -(-window // slices) * 2 + p if c > 1 else 0 * t
want, _ = np.histogramdd(np.stack([t // window, y * 12 // h, x * 16 // w, channel], 1),
                         bins=[np.arange(n + 1) for n in (t.max() // window + 1, 12, 16, c)])
assert want.sum() == len(e) and (most > 15 or want.max() > most)
want = np.minimum(want, most)
assert have.shape == want.shape, (have.shape, want.shape)
assert (have == want).all(), np.abs(have - want).max()
END
pass()
{
	local c=$1

	shift
	run 0 run "pass$c.npz" --arch "pass$c.json" -o have.npy --events "$@"
}
same()
{
	"$python" count.py have.npy "$@"
}
ok 'records' pass 2 records.npy
ok 'are counted as NumPy does' same table.npy 2 0 16 12 255
for f in padded.npy table.npy fortran.npy shuffled.npy plain.txt floats.csv named.csv; do
	ok "$f" pass 2 $f
	ok 'has the same counts' same table.npy 2 0 16 12 255
done
ok 'windows' pass 2 records.npy --window 7000
ok 'are inputs of a batch' same table.npy 2 7000 16 12 255
ok 'they have names' says '^records.npy\[14\]'
ok 'slices of time' pass 6 records.npy --window 10000
ok 'are channels' same table.npy 6 10000 16 12 255
ok 'slices of all' pass 6 shuffled.npy
ok 'are channels' same table.npy 6 0 16 12 255
ok 'one channel' pass 1 plain.txt --window 50000
ok 'has both kinds' same table.npy 1 50000 16 12 255
ok 'a larger sensor' pass 2 wide.npy --sensor 50x31 --window 30000
ok 'is scaled down' same wide.npy 2 30000 50 31 255
ok 'narrow inputs' pass 2 records.npy --input-bits 4
ok 'do not overflow' same table.npy 2 0 16 12 15
ok 'steps of a network' pass 2 records.npy --input-scale 0.5 --json
ok_json 'and two sources' '.results | length == 1'
ok 'several files' pass 2 records.npy --events plain.txt --json
ok_json 'are several inputs' '[.results[].input] == ["records.npy", "plain.txt"]'
ok 'a model in integers' run 0 convert pass2.npz --arch pass2.json --input-bits 4 --range clip -o pass.fbz
ok 'takes events' run 0 run pass.fbz --events records.npy --window 7000 -o int.npy
ok 'as many as the float network' eval 'pass 2 records.npy --window 7000 --input-bits 4 &&
	[ "$(npy_header int.npy)" = "$(npy_header have.npy)" ]'

# bad TEXT CONTENT MESSAGE: such a file is refused, nothing is written.
bad()
{
	printf '%b' "$2" >bad.txt
	ok "$1" fails 1 "bad.txt: $3" run pass2.npz --arch pass2.json --events bad.txt -o no.npy
}
bad 'no events' '# none\n' 'it has no events'
bad 'an empty file' '' 'it has no events'
bad 'a column outside' '1 1 1 5\n\n16 1 1 6\n' 'line 3: \(16, 1\) is outside of 16x12 pixels .*--sensor'
bad 'a row outside' '1 12 0 5' 'line 1: \(1, 12\) is outside'
bad 'a negative column' '-1 1 1 5' 'line 1: x is -1; coordinates are 0 to 65535'
bad 'a gigantic row' '1 99999999999 1 5' 'line 1: y is 99999999999;'
bad 'more than 64 bits' '1 1 1 99999999999999999999' 'line 1: its t is no whole number'
bad 'a late time' '1 1 1 9000000000000000000' 'line 1: time 9000000000000000000;'
bad 'a negative time' '1 1 1 -5' 'line 1: time -5;'
bad 'another polarity' '1 1 2 5' 'line 1: polarity 2;'
bad 'no number' 'nan 1 1 5' 'line 1: its x is no whole number'
bad 'infinite' '1 1 1 inf' 'line 1: its t is no whole number'
bad 'a fraction' '1 1.5 1 5' 'line 1: its y is no whole number'
bad 'hexadecimal' '1 1 0x1p-3 5' 'line 1: its p is no whole number'
bad 'a long field' "1 1 1 $(printf '%0100d' 7)" 'line 1: its t is no whole number'
bad 'three fields' '1 1 1' 'line 1: 3 fields; an event has'
bad 'names of something else' 'x y z t\n1 1 1 1' 'line 1: its x is no whole number'
bad 'names after events' '1 1 1 1\nt x y p\n' 'line 2: its x'
bad 'binary' '\0\0\0\0' 'line 1: 1 fields'
bad 'binary AEDAT' '#!AER-DAT2.0\r\n\0\0\0\1' 'a binary AEDAT file'
"$python" -c '
import numpy as np
t = np.array([[1, 1, 1, 1.0], [2, 2, np.nan, 2]])
np.save("nan", t)
np.save("three", np.ones((5, 3)))
np.save("half", np.ones((5, 4), "f2"))
np.save("text", np.array(["x", "y"]))
np.save("nofield", np.zeros(3, [("x", "u2"), ("y", "u2"), ("t", "u4")]))
np.save("nested", np.zeros(3, [("x", "u2", (2,)), ("y", "u2"), ("p", "u1"), ("t", "u4")]))
np.save("grid", np.zeros((2, 2), [("x", "u2"), ("y", "u2"), ("p", "u1"), ("t", "u4")]))
np.save("huge", np.array([[1, 1, 1, 0], [1, 1, 1, 1 << 61]]))
big = np.zeros(1, [("x", "u2"), ("y", "u2"), ("p", "u1"), ("t", "u8")])
big["t"] = (1 << 64) - 1
np.save("big", big)
open("cut.npy", "wb").write(open("records.npy", "rb").read()[:-1])'
array()
{
	ok "$1" fails 1 "$2" run pass2.npz --arch pass2.json --events "${@:3}" -o no.npy
}
array 'NaN in an array' 'nan.npy: event 1: its p is no whole number' nan.npy
array 'three columns' 'three.npy: its shape is not \(events, 4\)' three.npy
array 'half floats' 'half.npy: half floats' half.npy
array 'texts' 'text.npy: .*not numbers' text.npy
array 'a missing field' "nofield.npy: its records have no field 'p'" nofield.npy
array 'a field that is an array' 'nested.npy: a field of its records is an array' nested.npy
array 'a map of records' 'grid.npy: its records are no list' grid.npy
array 'a cut file' 'cut.npy: .*cut short' cut.npy
array 'a gigantic time' 'big.npy: event 0: its t is no whole number below 2\^63' big.npy
array 'too many windows' 'huge.npy: (the inputs take more than 1 GiB|its events make)' huge.npy --window 1
array 'no file' 'gone.npy: ' gone.npy
ok 'a shape that no events fit' fails 1 'the model.s input has 3' run pass3.npz --arch pass3.json --events records.npy
ok 'windows of nothing' fails 2 'are for --events' run pass2.npz -i records.npy --window 5
ok 'a sensor of no size' fails 2 "--sensor: '0x5'" run pass2.npz --events records.npy --sensor 0x5
ok 'a window of no time' fails 2 '--window' run pass2.npz --events records.npy --window 0
ok 'nothing is written' test ! -e no.npy
finish
