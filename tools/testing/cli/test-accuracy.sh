#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Trained networks keep their accuracy with 4 bits, and a network becomes the
# same bytes from every kind of file. tools/testing/convert/nets holds networks
# that train_nets.py has trained; one of them is trained anew.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"

python=/usr/bin/python3
nets=$top/tools/testing/convert/nets
make_nets=("$python" -B "$top/tools/testing/convert/train_nets.py")
if ! "$python" -c 'import numpy, torch, h5py' 2>/dev/null; then
	skip 'trained networks' "there is no $python with NumPy, PyTorch and h5py"
	finish
	exit
fi

# A step of the integer input for the network, and what its float accuracy is at
# least: what training reached, with room for another processor's sines.
scale() { case $1 in mlp | snn | series) echo 1/15 ;; *) echo 1/255 ;; esac; }
least() { case $1 in mlp) echo .935 ;; snn) echo .905 ;; cnn) echo .98 ;; dscnn | blobs) echo .94 ;; series) echo .90 ;; esac; }

# converts NAME: with 4 bits; float and int4 accuracy are then in out.
converts()
{
	local name=$1 float=(--arch "$1.json" --input-scale "$(scale "$1")")

	ok "$name: convert it" run 0 convert "$name.pt" "${float[@]}" --calib "$name-calib.npy" --target akd1000 \
		-o "$name.fbz"
	ok "$name: with 4 bits" eval '! grep -E "^[a-z]+[0-9] +[A-Z]" out | grep -vE " (4/[14-]|8/4) "'
	ok "$name: evaluate it" run 0 evaluate "$name.fbz" --data "$name-test.npy" --labels "$name-labels.npy" \
		--against "$name.pt" "${float[@]}" --json
}

# within NAME LEAST [POINTS]: accuracy; of a map the mean of classes, as most of
# it is background.
within()
{
	local what=.accuracy points=${3:-1.5}

	[ "$1" != blobs ] || what=.class_mean
	ok_json "$1: float is what training reached" ".against$what >= $2"
	ok_json "$1: int4 within $points points of float" "$what * 100 >= .against$what * 100 - $points"
}

networks=(mlp snn cnn dscnn blobs series)
# Sanitizers see the same code with any network; these have all layers in short.
! grep -q fsanitize "$BUILD/.flags" || networks=(snn dscnn)
ok 'export the networks' "${make_nets[@]}" export . "$nets" "${networks[@]}"
for name in "${networks[@]}"; do
	converts "$name"
	within "$name" "$(least "$name")"
	float=(--input-scale "$(scale "$name")" --calib "$name-few.npy" --names canonical)
	ok "$name: from a state dict" run 0 convert "$name.pt" --arch "$name.json" "${float[@]}" -o a.fbz
	for kind in safetensors npz onnx keras h5; do
		arch=()
		case $kind in safetensors | npz) arch=(--arch "$name.json") ;; esac
		# ONNX and Keras have no spiking neuron.
		[ -e "$name.$kind" ] || continue
		ok "$name: from .$kind" run 0 convert "$name.$kind" "${arch[@]}" "${float[@]}" -o b.fbz
		ok "$name: the same bytes" cmp a.fbz b.fbz
	done
done
if [ "${#networks[@]}" -gt 2 ]; then
	mkdir again
	ok 'series: train it anew' "${make_nets[@]}" train again series
	ok 'series: export it' "${make_nets[@]}" export . again series
	converts series
	# Other versions of PyTorch end in other weights; six seeds lost 0 to 1.3.
	within series .89 2.5
fi
finish
