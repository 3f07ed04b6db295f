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
done
for name in mobilenetv2 resnet; do
	ok "$name is refused" fails 1 "node '.*Add' \\(Add\\): a residual connection" convert $name.onnx \
		--input-scale 1/255 --range clip -o $name.fbz
done
finish
