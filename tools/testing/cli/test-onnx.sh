#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida convert, evaluate and run with ONNX files: the demo network, exported
# by PyTorch, becomes the very bytes that its weights in .npz, .pt and
# safetensors files with an architecture become; run computes what PyTorch does.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

demo=$top/tools/demo
net=$demo/digits-float.npz
cp "$demo/digits.json" .
onnx=(--input-scale 1/255)
npz=(--arch digits.json "${onnx[@]}")

python=/usr/bin/python3
if "$python" -c 'import numpy, torch' 2>/dev/null; then
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$demo "$python" -W ignore - "$net" >/dev/null 2>&1 <<'PYTHON'
import json
import sys
import numpy as np
import torch
import torch.nn as nn
import digits

z = np.load(sys.argv[1])


def tensor(name, *order):
    return nn.Parameter(torch.from_numpy(np.ascontiguousarray(z[name].transpose(order))))


def conv(name, **how):
    kh, kw, c, n = z[name + ".w"].shape
    m = nn.Conv2d(c, n, (kh, kw), **how)
    m.weight, m.bias = tensor(name + ".w", 3, 2, 0, 1), tensor(name + ".b", 0)
    return m


def separable(name):
    c, n = z[name + ".pw"].shape
    d, p = nn.Conv2d(c, c, 3, padding=1, groups=c, bias=False), nn.Conv2d(c, n, 1)
    d.weight = nn.Parameter(torch.from_numpy(np.ascontiguousarray(z[name + ".dw"].transpose(2, 0, 1)[:, None])))
    p.weight = nn.Parameter(torch.from_numpy(np.ascontiguousarray(z[name + ".pw"].T[:, :, None, None])))
    p.bias = tensor(name + ".b", 0)
    return [d, p]


def act():
    return nn.Hardtanh(0, 4)


net = nn.Sequential(nn.ZeroPad2d((1, 2, 1, 2)), conv("conv_0", stride=2), act(), conv("conv_1", padding=1), act(),
                    nn.MaxPool2d(2), *separable("separable_2"), act(), *separable("separable_3"),
                    nn.AdaptiveAvgPool2d(1), act(), conv("dense_4"), nn.Flatten()).eval()
torch.onnx.export(net, torch.zeros(1, 1, 28, 28), "digits.onnx", opset_version=13)

# The same weights as PyTorch orders them.
state = {}
for name, a in z.items():
    t = torch.from_numpy(a)
    state[name] = (t.permute(2, 0, 1)[:, None] if name.endswith(".dw") else t.T if name.endswith(".pw") else
                   t.permute(3, 2, 0, 1) if t.ndim == 4 else t).contiguous()
torch.save(state, "digits.pt")
head, data = {}, b""
for name, t in state.items():
    head[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [len(data), len(data) + 4 * t.numel()]}
    data += t.numpy().tobytes()
head = json.dumps(head).encode()
open("digits.safetensors", "wb").write(len(head).to_bytes(8, "little") + head + data)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        x = torch.relu(self.a(x))
        return x + torch.relu(self.b(x))


torch.onnx.export(Residual(), torch.zeros(1, 1, 28, 28), "residual.onnx", opset_version=13)
x, y = digits.draw(100, 1)
np.save("calib", x)

# Floats that are no steps, and what PyTorch makes of them.
floats = torch.randn(3, 1, 28, 28)
logits = net(floats).detach()
np.save("floats", floats.numpy())
np.save("want", logits.numpy())
np.save("want-soft", torch.softmax(logits, 1).numpy())
np.save("want-u8", net(torch.from_numpy(x[:3].transpose(0, 3, 1, 2).astype("f4") / 255)).detach().numpy())
np.save("want-conv_0", net[:2](floats[:1]).detach().numpy()[0].transpose(1, 2, 0))
np.save("first", x[:3])
floats[1, 0, 3, 4] = float("nan")
np.save("nan", floats.numpy())
torch.onnx.export(nn.Sequential(net, nn.Softmax(1)).eval(), torch.zeros(1, 1, 28, 28), "soft.onnx", opset_version=13)
np.save("nchw", x.transpose(0, 3, 1, 2))
PYTHON
	ok 'convert an ONNX file' run 0 convert digits.onnx "${onnx[@]}" --calib calib.npy --names canonical \
		--target akd1000 -o a.fbz
	ok 'convert the same from .npz' run 0 convert "$net" "${npz[@]}" --calib calib.npy --names canonical -o b.fbz
	ok 'the bytes are the same' cmp a.fbz b.fbz
	for kind in pt safetensors; do
		ok "convert the same from .$kind" run 0 convert digits.$kind "${npz[@]}" --calib calib.npy \
			--names canonical -o b.fbz
		ok 'the bytes are the same' cmp a.fbz b.fbz
	done
	ok 'data in the own order of the file' run 0 convert digits.onnx "${onnx[@]}" --calib nchw.npy \
		--names canonical -o b.fbz
	ok 'give the same bytes' cmp a.fbz b.fbz
	ok 'evaluate it' run 0 evaluate digits.onnx "${onnx[@]}" --data "$demo/digits-test.npy" \
		--labels "$demo/digits-labels.npy" --against a.fbz --json
	ok_json 'float and integers are right' '.accuracy >= 0.95 and .against.accuracy >= 0.94 and .agreement >= 0.95'
	ok 'names of nodes' eval 'run 0 convert digits.onnx "${onnx[@]}" --calib calib.npy -o c.fbz && says "^.*Conv "'
	ok 'a residual connection' fails 1 "residual.onnx: node '.*' \\(Add\\): a residual connection" convert \
		residual.onnx --range clip -o d.fbz
	head -c 2000 digits.onnx >cut.onnx
	ok 'a file that ends early' fails 1 'cut.onnx: it is damaged' convert cut.onnx --range clip -o d.fbz
	ok 'an architecture beside it' fails 1 'leave out --arch' convert digits.onnx --arch digits.json -o d.fbz
	cp digits.onnx renamed.bin
	ok 'it is told by its content' run 0 evaluate renamed.bin "${onnx[@]}" --data "$demo/digits-test.npy" \
		--labels "$demo/digits-labels.npy"
	# have.npy is within 1e-4 of want.npy.
	near()
	{
		"$python" -c '
import sys
import numpy as np
a, b = np.load(sys.argv[1]), np.load(sys.argv[2])
worst = (np.abs(a.ravel() - b.ravel()) / np.maximum(1, np.abs(b.ravel()))).max()
print(a.dtype, a.shape, worst)
sys.exit(a.dtype != np.float32 or a.size != b.size or not worst < 1e-4)' "$1" "$2"
	}
	ok 'run it in floats' run 0 run digits.onnx -i floats.npy -o have.npy
	ok 'as PyTorch does' near have.npy want.npy
	ok 'outputs have the shape of scores' eval '[[ $(npy_header have.npy) == *"(3, 1, 1, 10)"* ]]'
	ok 'layers of a float network' run 0 run digits.onnx -i floats.npy --dump layers
	ok 'are what PyTorch has there' eval 'near layers/0.*_1_Conv.npy want-conv_0.npy'
	ok 'with a softmax, scores are those before it' run 0 run soft.onnx -i floats.npy -o have.npy
	ok 'as PyTorch computes them' near have.npy want.npy
	ok '--raw has the softmax' run 0 run soft.onnx -i floats.npy --raw -o have.npy --json
	ok_json 'in JSON, too' '.device == null and (.results[0].classes[0] | (.output - .probability | fabs) < 1e-4)'
	ok 'as PyTorch has it' near have.npy want-soft.npy
	ok 'bytes are steps' run 0 run digits.onnx -i first.npy "${onnx[@]}" -o have.npy
	ok 'of --input-scale' near have.npy want-u8.npy
	ok 'the same on standard input' eval \
		'npy_data first.npy | "$akida" run digits.onnx -i - "${onnx[@]}" -o have.npy >out && near have.npy want-u8.npy'
	ok 'weights with an architecture' run 0 run "$net" --arch digits.json -i floats.npy --layout nchw -o have.npy
	ok 'compute the same' near have.npy want.npy
	ok 'a picture' run 0 run digits.onnx -i "$demo/digit-3.png" "${onnx[@]}" --labels "$demo/labels.txt" --draw p.png
	ok 'is told' eval 'says "^  three " && [ -s p.png ]'
	ok 'what is no number' fails 1 'nan.npy: value 88 of input 1 is no number' run digits.onnx -i nan.npy
	ok 'a shape that does not fit' fails 1 'shape \(3, 10\) does not fit .*\(28, 28, 1\)' run digits.onnx -i want.npy
	ok 'a chip' fails 1 '--target is for .fbz models' run digits.onnx -i floats.npy --target akd1000
	ok 'a part of it' fails 1 '--partial is for .fbz models' run digits.onnx -i floats.npy --partial
	ok 'another device' fails 1 '--device is for .fbz models' run digits.onnx -i floats.npy --device /dev/akida0
	ok 'a model takes no scales' fails 1 'are for float networks' run a.fbz -i first.npy "${onnx[@]}"
else
	skip 'ONNX files' "there is no $python with NumPy and PyTorch"
fi
: >empty.onnx
ok 'an empty file' fails 1 'empty.onnx: it is damaged: it has no graph' convert empty.onnx --range clip -o d.fbz
printf 'hello, world: no protobuf at all' >text.onnx
ok 'text' fails 1 'text.onnx: it is damaged' convert text.onnx --range clip -o d.fbz
ok 'nothing is written' test ! -e d.fbz
finish
