#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Networks of the shapes of Akida's model zoo, exported by PyTorch with random
# weights: each converts for a chip and runs; those with residual additions are
# refused by the node where branches meet.
# shellcheck source=tools/testing/cli/lib.sh
. "$(dirname "$0")/lib.sh"

python=/usr/bin/python3
if ! "$python" -c 'import numpy, torch' 2>/dev/null; then
	skip 'networks of the zoo' "there is no $python with NumPy and PyTorch"
	finish
	exit
fi
"$python" -B "$top/tools/testing/convert/make_zoo.py" . >log 2>&1
for name in akidanet-0.5-160 akidanet-1.0-224 mobilenet-0.25-128 vgg-32 ds-cnn-49x10 yolo-224 face-112 gesture-64 \
	occlusion-320x240; do
	target=(--target akd1000)
	# Data of a pixel that has two channels are no picture: 4 bits.
	[ $name != gesture-64 ] || target+=(--input-bits 4)
	ok "$name converts" run 0 convert $name.onnx --input-scale 1/255 --range clip "${target[@]}" -o $name.fbz
	ok "$name runs" run 0 run $name.fbz $name.npy
	ok "$name runs in floats" run 0 run $name.onnx --input-scale 1/255 $name.one.npy -o have.npy
	ok 'as in PyTorch' "$python" -c '
import sys
import numpy as np
a, b = (np.load(f).ravel() for f in sys.argv[1:])
worst = np.abs(a - b).max() / max(1, np.abs(b).max())
print(worst)
sys.exit(a.size != b.size or not worst < 1e-4)' have.npy $name.float.npy
done
# 20 s on two cores, and 1 GiB: processor time and address space do not depend on
# what else the machine does.
if grep -q -- '-fsanitize' "$BUILD/.flags"; then
	skip 'a conversion with 200 pictures' 'sanitizers need time and memory of their own'
else
	"$python" -c '
import numpy as np
r = np.random.RandomState(1)
x = r.randint(0, 256, (200, 20, 20, 3)).repeat(8, 1).repeat(8, 2)
np.save("calib", np.clip(x + r.randint(-20, 20, x.shape), 0, 255).astype("u1"))'
	ok 'AkidaNet 0.5 converts with 200 pictures in 40 s of processor time and 1 GiB' eval 'ulimit -t 40 -v 1048576 &&
		run 0 convert akidanet-0.5-160.onnx --input-scale 1/255 --calib calib.npy --threads 2 --json -o calib.fbz'
	ok_json 'and is close to the float network' '.calibration | .samples == 200 and .top1_agreement > 0.9 and .relative_error < 0.05'
fi
# Of 35 channels 5 anchors have 2 classes each.
printf '%s\n' '0.57 0.68' '1.87 2.06' '3.34 5.47' '7.88 3.53' '9.77 9.17' >anchors.txt
ok 'boxes of YOLOv2' run 0 run yolo-224.fbz yolo-224.npy --decode yolo --anchors anchors.txt --threshold 0.1 --json
ok_json 'are inside of the picture' '[.results[].boxes[]] | length > 0 and
	all(.left >= 0 and .top >= 0 and .right <= 224 and .bottom <= 224 and .left <= .right and .class < 2)'
for name in mobilenetv2 resnet; do
	ok "$name is refused" fails 1 "node '.*Add' \\(Add\\): a residual connection" convert $name.onnx \
		--input-scale 1/255 --range clip -o $name.fbz
done
finish
