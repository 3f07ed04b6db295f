#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida run --decode yolo: boxes by hand, and those of a decoder in NumPy that
# shares nothing with the command's.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

python=/usr/bin/python3
if ! "$python" -c 'import numpy' 2>/dev/null; then
	skip 'boxes' "there is no $python with NumPy"
	finish
	exit
fi
# Networks that hand their input on: what goes in are the outputs of a head.
cat >pass.json <<'END'
{ "input": [2, 3, 14], "layers": [ {"type": "conv", "name": "pass"} ] }
END
cat >large.json <<'END'
{ "input": [9, 13, 40], "layers": [ {"type": "conv", "name": "pass"} ] }
END
cat >picture.json <<'END'
{ "input": [16, 24, 3], "layers": [ {"type": "conv", "name": "find", "stride": 8, "padding": "valid"} ] }
END
echo '2 0.5  # wide' >anchors.txt
echo '[1, (4)]' >>anchors.txt
printf 'cat\ndog\n' >labels.txt
"$python" -c '
import numpy as np
np.savez("pass", **{"pass.w": np.eye(14, dtype="f4")[None, None], "pass.b": np.zeros(14, "f4")})
np.savez("large", **{"pass.w": np.eye(40, dtype="f4")[None, None], "pass.b": np.zeros(40, "f4")})
# Sees nothing: every cell has a box of anchor 0 around its middle, class 1.
b = np.full(14, -20, "f4")
b[:7] = 0, 0, 0, 0, np.log(3), -20, 0
np.savez("picture", **{"find.w": np.zeros((8, 8, 3, 14), "f4"), "find.b": b})
np.save("grey", np.full((16, 24, 3), 128, "u1"))
np.save("anchors", np.array([[2, 0.5], [1, 4]], "f4"))
x = np.full((2, 3, 14), -20, "f4")
# Row 1, column 2, anchor 0: centre 2.5, 1.5, size 2 x 0.5, 0.9 * 0.75.
x[1, 2, :7] = 0, 0, 0, 0, np.log(9), np.log(3), 0
# Row 0, column 0, anchor 1: centre 0.75, 0.2, size 3 x 2, 0.8 * 0.9.
x[0, 0, 7:] = np.log(3), -np.log(4), np.log(3), -np.log(2), np.log(4), 0, np.log(9)
# The same class a bit to the right (IoU 2.75 / 3.25) and less probable: left out.
x[0, 1, 7:] = x[0, 0, 7:]
x[0, 1, 7] = -20
x[0, 1, 11] = 1
np.save("hand", x)
np.save("batch", np.random.RandomState(5).randn(4, 9, 13, 40).astype("f4") * 1.5)'
yolo=(--decode yolo --anchors anchors.txt)
pass=(run pass.npz --arch pass.json -i hand.npy)
ok 'boxes by hand' run 0 "${pass[@]}" "${yolo[@]}" --labels labels.txt --json
# shellcheck disable=SC1004
ok_json 'are there' '.results[0] | .boxes_found == 2 and ([.boxes[].label] == ["dog", "cat"]) and
	([.boxes[] | .probability, .left, .top, .right, .bottom] as $have |
	[0.72, 0, 0, 2.25, 1.2, 0.675, 1.5, 1.25, 3, 1.75] as $want |
	[range(10)] | all($have[.] - $want[.] | fabs < 1e-5)) and
	([.boxes[] | .row, .column, .anchor] == [0, 0, 1, 1, 2, 0])'
ok 'as text' run 0 "${pass[@]}" "${yolo[@]}"
ok 'they are told' eval 'says "^hand.npy: 2 boxes at 0.5 or above, in pixels of the input.s 3x2" &&
	says "^  class 1 +72.0 % +0.0 +0.0 +2\.[23] +1.2$"'
ok 'a threshold between them' run 0 "${pass[@]}" "${yolo[@]}" --threshold 0.7 --json
ok_json 'leaves one' '.results[0].boxes_found == 1'
ok 'boxes that may overlap' run 0 "${pass[@]}" "${yolo[@]}" --nms 0.9 --json
ok_json 'are all there' '.results[0].boxes_found == 3 and .results[0].boxes[2].column == 1'
ok 'the best one only' run 0 "${pass[@]}" "${yolo[@]}" --top 1
ok 'says that there are more' says 'and 1 more'
ok 'anchors as .npy' run 0 "${pass[@]}" --decode yolo --anchors anchors.npy --json
ok_json 'give the same' '.results[0].boxes_found == 2'

cat >decode.py <<'END'
"""Compares boxes in JSON with those decoded here: DECODE.py JSON NPY ANCHORS THRESHOLD NMS"""
import json
import sys
import numpy as np

said = json.load(open(sys.argv[1]))["results"]
batch = np.load(sys.argv[2]).astype(float)
anchors = np.loadtxt(sys.argv[3])
least, most = float(sys.argv[4]), float(sys.argv[5])
total = 0
for x, have in zip(batch, said):
    h, w, _ = x.shape
    t = x.reshape(h, w, len(anchors), -1)
    rows, columns = np.mgrid[:h, :w]
    e = np.exp(t[..., 5:] - t[..., 5:].max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True) / (1 + np.exp(-t[..., 4:5]))
    centre = 1 / (1 + np.exp(-t[..., :2])) + np.stack([columns, rows], -1)[:, :, None]
    half = np.exp(t[..., 2:4]) * anchors / 2
    boxes = np.concatenate([centre - half, centre + half], -1).reshape(-1, 4)
    p = p.reshape(len(boxes), -1)
    best, label = p.max(1), p.argmax(1)
    alive = best >= least
    kept = []
    while alive.any():
        i = np.where(alive, best, -1).argmax()
        kept.append(i)
        low, high = np.maximum(boxes[i, :2], boxes[:, :2]), np.minimum(boxes[i, 2:], boxes[:, 2:])
        inter = np.clip(high - low, 0, None).prod(1)
        sizes = (boxes[:, 2:] - boxes[:, :2]).prod(1)
        alive &= (label != label[i]) | (inter / (sizes + sizes[i] - inter) <= most)
        alive[i] = False
    boxes = np.clip(boxes, 0, [w, h, w, h])
    want = [[label[i], best[i], *boxes[i]] for i in kept]
    got = [[b[k] for k in ("class", "probability", "left", "top", "right", "bottom")] for b in have["boxes"]]
    assert have["boxes_found"] == len(want) == len(got), (have["boxes_found"], len(want))
    assert np.allclose(got, want, atol=1e-4), np.abs(np.subtract(got, want)).max()
    total += len(want)
print(total, "boxes")
assert total > 20
END
printf '1 1\n2,2 3 1.5\n0.7, 5' >four.txt
printf '1 1\n2 2\n3 1.5\n0.7 5\n' >loadtxt.txt
for how in '0.5 0.5' '0.3 0.2' '0.05 0.45'; do
	read -r least most <<<"$how"
	ok "random heads, threshold $least, NMS $most" run 0 run large.npz --arch large.json -i batch.npy --decode yolo \
		--anchors four.txt --threshold "$least" --nms "$most" --top 0 --json
	ok 'are decoded as NumPy does' "$python" decode.py out batch.npy loadtxt.txt "$least" "$most"
done
# Each cell has a box, 4 pixels of the input high, which are 19 of the drawing
# each; a network that hands pictures on shows its pixels.
draw=(run picture.npz --arch picture.json -i grey.npy "${yolo[@]}" --draw boxes.png)
if "$akida" "${draw[@]}" 2>&1 | grep -q 'without which'; then
	skip 'boxes are drawn' 'libakida has no libpng here'
else
	ok 'boxes are drawn' run 0 "${draw[@]}"
	echo '{ "input": [304, 456, 3], "layers": [ {"type": "conv", "name": "pass"} ] }' >look.json
	"$python" -c 'import numpy as np; np.savez("look", **{"pass.w": np.eye(3, dtype="f4")[None, None], "pass.b": np.zeros(3)})'
	ok 'as a picture of the input' run 0 run look.npz --arch look.json -i boxes.png -o px.npy
	ok 'with frames at their places' "$python" -c '
import numpy as np
p = np.load("px.npy")[0]
frame, grey = [0, 255, 160], [128] * 3
assert (p[[38, 39, 112, 113, 190, 191, 264, 265]] == frame).all()
assert (p[[40, 111], 150] == grey).all() and (p[[115, 160, 270], 5:300] == grey).all()
assert (p[60, [0, 1, 76, 77, 226, 227, 378, 379]] == frame).all() and (p[60, [2, 75, 225, 377, 381]] == grey).all()'
fi
ok 'a model in integers' run 0 convert picture.npz --arch picture.json --quantize ptq --range clip -o picture.fbz
ok 'has boxes, too' run 0 run picture.fbz -i grey.npy "${yolo[@]}" --json
ok_json 'at the same places' '.results[0] | .boxes_found == 6 and (.boxes[0] | (.left, .top + 0.1, .probability | . >= 0) and
	.class == 1 and (.right - 12 | fabs) < 0.5 and (.bottom - 6 | fabs) < 0.5 and (.probability - 0.75 | fabs) < 0.05)'
ok 'what a chip changes' run 0 run picture.fbz -i grey.npy "${yolo[@]}" --target akd1000
ok 'is said without classes' eval 'says "scores change" && ! says "best class"'

ok 'no anchors' fails 2 '--anchors FILE' "${pass[@]}" --decode yolo
ok 'anchors for nothing' fails 2 'are for --decode' "${pass[@]}" --anchors anchors.txt
ok 'another head' fails 2 "'ssd' is not yolo" "${pass[@]}" --decode ssd
ok 'no such file' fails 1 'gone.txt: No such file' "${pass[@]}" --decode yolo --anchors gone.txt
bad()
{
	printf '%s' "$2" >bad.txt
	ok "anchors: $1" fails 1 "bad.txt: $3" "${pass[@]}" --decode yolo --anchors bad.txt
}
bad 'none' '# nothing' 'it has 0 numbers'
bad 'one' '1' 'it has 1 numbers'
bad 'words' '1 2 wide' 'there is no number after the first 2'
bad 'joined' '1 2x' 'there is no number after the first 1'
bad 'zero' '1 0' 'number 2 is 0;'
bad 'negative' '-1 2' 'number 1 is -1;'
bad 'no number' 'nan 2' 'number 1 is nan;'
bad 'infinite' '1 1e999' 'number 2 is inf;'
bad 'another number than channels' '1 1 2 2 3 3' 'the output has 14 channels, which are not 5 \+ classes for each of 3 anchors'
bad 'too many' "$(seq 200)" 'more than 64 anchors'
"$python" -c 'import numpy as np; np.save("three", np.ones((2, 3)))'
ok 'anchors: a wrong shape' fails 1 'three.npy: its shape is not' "${pass[@]}" --decode yolo --anchors three.npy
finish
