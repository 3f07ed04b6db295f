#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida convert to .fbz and akida evaluate: the demo network and its pictures.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

demo=$top/tools/demo
net=$demo/digits-float.npz
cp "$demo/digits.json" .
float=(--arch digits.json --input-scale 1/255)
labelled=(--data "$demo/digits-test.npy" --labels "$demo/digits-labels.npy")

python=/usr/bin/python3
if "$python" -c 'import numpy' 2>/dev/null; then
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$demo "$python" -c '
import numpy as np, digits
for name, count, seed in ("calib", 200, 1), ("test", 1000, 2):
    x, y = digits.draw(count, seed)
    np.save(name, x)
    np.save(name + "-labels", y)
np.save("unit", np.load("calib.npy").astype("f4") / 255)
np.save("nchw", np.load("calib.npy").transpose(0, 3, 1, 2))'
	ok 'convert for a chip' run 0 convert "$net" "${float[@]}" --calib calib.npy --holdout test.npy \
		--target akd1000 --plot plot.svg -o a.fbz
	ok 'it says how layers are' says '^separable_3  SeparableConvolutional  *4/4'
	ok 'and how much it agrees' says '^Held out: 1000 inputs, the same best class in 9[6-9]'
	ok 'the plot is a picture' grep -q '</svg>' plot.svg
	ok 'int4 and float' run 0 evaluate a.fbz --data test.npy --labels test-labels.npy --against "$net" \
		"${float[@]}" --json
	ok_json 'int4 within 1.5 points of float' '.accuracy > .against.accuracy - 0.015 and .against.accuracy > 0.96'
	ok 'one thread' run 0 convert "$net" "${float[@]}" --calib calib.npy --threads 1 -o b.fbz
	ok 'gives the same bytes' cmp a.fbz b.fbz
	ok 'floats of 0 to 1' run 0 convert "$net" "${float[@]}" --calib unit.npy -o b.fbz
	ok 'give the same bytes' cmp a.fbz b.fbz
	ok 'channels first' run 0 convert "$net" "${float[@]}" --calib nchw.npy --layout nchw -o b.fbz
	ok 'give the same bytes' cmp a.fbz b.fbz
	ok 'other names' run 0 convert "$net" "${float[@]}" --calib calib.npy --names canonical -o b.fbz
	ok 'are there' eval 'run 0 info b.fbz && says separable_3 && says conv_4'
	ok 'bits of a layer' run 0 convert "$net" "${float[@]}" --calib calib.npy --layer-bits conv_1=4/2 --json -o b.fbz
	ok_json 'are what was asked for' '[.layers[] | [.weights_bits, .act_bits]] == [[8,4],[4,2],[4,4],[4,4],[4,0]]'
	ok 'no layer of that name' fails 1 "no layer 'x'" convert "$net" "${float[@]}" --calib calib.npy \
		--layer-bits x=2 -o c.fbz
	ok 'floats whose step is unknown' fails 1 'no whole numbers.*--input-scale' convert "$net" --arch digits.json \
		--calib unit.npy -o c.fbz
else
	skip 'conversions with drawn digits' "there is no $python with NumPy"
fi
# A spiking network, whose file tells what it is.
if "$python" -c 'import numpy' 2>/dev/null; then
	"$python" -c '
import json
import numpy as np
r = np.random.RandomState(4)
for name, beta in (("snn", 0), ("leaky", 0.9)):
    t = {"fc1.weight": r.randn(12, 6), "fc1.bias": r.randn(12), "lif1.threshold": np.array(1), "lif1.beta": np.array(beta),
         "fc2.weight": r.randn(3, 12), "fc2.bias": r.randn(3)}
    head, data = {}, b""
    for k in sorted(t):
        a = t[k].astype("<f4")
        head[k] = {"dtype": "F32", "shape": list(a.shape), "data_offsets": [len(data), len(data) + a.nbytes]}
        data += a.tobytes()
    head = json.dumps(head).encode()
    open(name + ".safetensors", "wb").write(len(head).to_bytes(8, "little") + head + data)
x = r.randint(0, 16, (300, 6))
np.save("spikes", x.astype("u1"))
hidden = x @ t["fc1.weight"].T.astype("f4") + t["fc1.bias"] > 1
np.save("spikes-labels", (hidden @ t["fc2.weight"].T + t["fc2.bias"]).argmax(1))'
	ok 'neurons that leak' fails 1 "layer 'lif1': a leaky neuron with beta 0.9.*--ignore-beta" convert \
		leaky.safetensors --calib spikes.npy -o d.fbz
	ok 'neurons that do not' run 0 convert snn.safetensors --calib spikes.npy -o d.fbz
	ok 'what was read is said' warns 'read as fc1 \(6 to 12\), lif1, fc2 \(12 to 3\)'
	ok 'activations are spikes' says '^fc1 +FullyConnected +4/1'
	ok 'leaks that are ignored' run 0 convert leaky.safetensors --ignore-beta --calib spikes.npy -o e.fbz
	ok 'the float network' run 0 evaluate leaky.safetensors --ignore-beta --input-bits 4 --data spikes.npy \
		--labels spikes-labels.npy --against e.fbz --json
	ok_json 'is what NumPy computes' '.accuracy > 0.99 and .against.accuracy > 0.8'
	rm -f d.fbz
else
	skip 'spiking networks' "there is no $python with NumPy"
fi
# What the float network said when it was trained.
ok 'float network' run 0 evaluate "$net" "${float[@]}" "${labelled[@]}"
ok 'agrees with its training' says ': 9[5-9] of 100 right'
ok 'the demo model' run 0 evaluate "$demo/digits.fbz" "${labelled[@]}" --json
ok_json 'is right, too' '.accuracy >= 0.95 and (.confusion | length) == 10'
ok 'calibration with clips needs no data' run 0 convert "$net" "${float[@]}" --range clip -o c.fbz
ok 'without, it says what is missing' fails 1 "layer 'conv_0': .*calibration" convert "$net" "${float[@]}" -o d.fbz
ok 'and writes nothing' test ! -e d.fbz
ok 'without an architecture' fails 1 '--arch' convert "$net" -o d.fbz
ok 'weights that are no integers' fails 1 'not a whole number' convert "$net" "${float[@]}" --quantize none \
	--range clip -o d.fbz
sed 's/"maxpool"/"avgpool"/' digits.json >bad.json
ok 'average pooling' fails 1 "layer 'avgpool_2'.*whole maps only" convert "$net" --arch bad.json \
	--range clip -o d.fbz
sed 's/"padding": "same", "act/"paddnig": "same", "act/' digits.json >bad.json
ok 'an unknown key' fails 1 "'paddnig' is no key" convert "$net" --arch bad.json --range clip -o d.fbz
sed 's/{"type": "maxpool", "size": 2}/&, {"type": "batchnorm", "name": "bn"}/' digits.json >bad.json
ok 'normalisation without statistics' fails 1 "layer 'bn'.*no 'mean'.*bn.running_mean" convert "$net" --arch bad.json \
	--range clip -o d.fbz
sed 's/conv_1/conv_9/' digits.json >bad.json
ok 'an unknown tensor' fails 1 "layer 'conv_9'" convert "$net" --arch bad.json --range clip -o d.fbz
echo '{"input": [1,2' >bad.json
ok 'JSON that is none' fails 1 'bad.json' convert "$net" --arch bad.json --range clip -o d.fbz
ok 'a wrong range' fails 2 '--range' convert "$net" --range best -o d.fbz
ok 'three bits' fails 2 '--act-bits' convert "$net" --act-bits 3 -o d.fbz
ok 'evaluate without labels' fails 2 '--labels' evaluate "$net" --data x.npy
ok 'labels of another number' fails 1 'one class for each' evaluate "$demo/digits.fbz" \
	--data "$demo/digits-test.npy" --labels "$demo/digits-logits.npy"
finish
