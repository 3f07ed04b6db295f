#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida convert and akida evaluate with Keras files: the demo network as .keras
# and .h5 becomes the very bytes that its weights in .npz with an architecture
# become, which test-onnx.sh compares with ONNX, .pt and safetensors.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

demo=$top/tools/demo
net=$demo/digits-float.npz
scale=(--input-scale 1/255)
cp "$demo/digits.json" .
python=/usr/bin/python3
if [ ! -x "$BUILD/libexec/akida/akida-hdf5" ]; then
	printf '\211HDF\r\n\032\n' >a.h5
	ok 'without libhdf5 HDF5 files are refused' fails 1 'a.h5: HDF5 files are read by the program akida-hdf5' \
		convert a.h5 --range clip -o d.fbz
	skip 'Keras files' 'this build has no akida-hdf5 (libhdf5-dev)'
	finish
	exit
fi
if "$python" -c 'import h5py, numpy, torch' 2>/dev/null; then
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$demo:$top/tools/testing/convert "$python" - "$net" <<'PYTHON'
import json
import sys
import h5py
import numpy as np
import digits
import make_keras as mk

z = np.load(sys.argv[1])
net = mk.Net((28, 28, 1))


def layer(kind, weights, **config):
    net.layer(kind, None, weights, **config)


def conv(name, step=1, padding="same"):
    w = z[name + ".w"]
    layer("Conv2D", [("kernel", w), ("bias", z[name + ".b"])], filters=w.shape[3], kernel_size=list(w.shape[:2]),
          strides=[step, step], padding=padding, activation="linear", use_bias=True, name=name)


def separable(name):
    d, p = z[name + ".dw"][..., None], z[name + ".pw"][None, None]
    layer("SeparableConv2D", [("depthwise_kernel", d), ("pointwise_kernel", p), ("bias", z[name + ".b"])],
          filters=p.shape[3], kernel_size=[3, 3], strides=[1, 1], padding="same", depth_multiplier=1, name=name)


conv("conv_0", 2)
mk.relu(net, 4.0)
conv("conv_1")
mk.relu(net, 4.0)
layer("MaxPooling2D", (), pool_size=[2, 2], strides=None, padding="valid")
separable("separable_2")
mk.relu(net, 4.0)
separable("separable_3")
layer("GlobalAveragePooling2D", (), keepdims=True)
mk.relu(net, 4.0)
conv("dense_4", padding="valid")
layer("Flatten", ())
mk.archive("digits.keras", net, False)
mk.archive("functional.keras", net, True, deflate=True)
mk.old_file("digits.2.h5", net, False, 2)
mk.old_file("digits.3.h5", net, True, 3)
mk.old_file("digits.weights.h5", net, False, 2, weights_only=True)
config = mk.configuration(net, 2, False)
config["config"]["layers"].insert(1, {"class_name": "Lambda", "config": {
    "name": "half", "function": ["4wEAAAAAAAAAAQAAAAIAAABTAAAA", None, None]}})
with h5py.File("lambda.h5", "w") as f:
    f.attrs["model_config"] = json.dumps(config)
x, y = digits.draw(100, 1)
np.save("calib", x)
PYTHON
	how=("${scale[@]}" --calib calib.npy --names canonical)
	ok 'convert from .npz' run 0 convert "$net" --arch digits.json "${how[@]}" -o a.fbz
	for file in digits.keras functional.keras digits.2.h5 digits.3.h5; do
		ok "convert $file" run 0 convert $file "${how[@]}" -o b.fbz
		ok 'the bytes are the same' cmp a.fbz b.fbz
	done
	sed 's/"name": "\([a-z]*_[0-9]\)", "de/"name": "\1", "bias": "\1\/\1\/bias:0", "de/
		s/\("depthwise"\): "\([a-z]*_[0-9]\).dw"/\1: "\2\/\2\/depthwise_kernel:0"/
		s/\("pointwise"\): "\([a-z]*_[0-9]\).pw"/\1: "\2\/\2\/pointwise_kernel:0"/
		s/"name": "\(\(conv\|dense\)_[0-9]\)"/"name": "\1", "weights": "\1\/\1\/kernel:0", "bias": "\1\/\1\/bias:0"/' \
		digits.json >weights.json
	ok 'weights alone with an architecture' run 0 convert digits.weights.h5 --arch weights.json "${how[@]}" -o b.fbz
	ok 'give the same bytes' cmp a.fbz b.fbz
	ok 'weights alone' fails 1 'digits.weights.h5: it has weights only .*--arch' convert digits.weights.h5 -o d.fbz
	ok 'an architecture beside a model' fails 1 'leave out --arch' convert digits.keras --arch digits.json -o d.fbz
	ok 'evaluate it' run 0 evaluate digits.keras "${scale[@]}" --data "$demo/digits-test.npy" \
		--labels "$demo/digits-labels.npy" --against a.fbz --json
	ok_json 'float and integers are right' '.accuracy >= 0.95 and .against.accuracy >= 0.94 and .agreement >= 0.95'
	ok 'run it in floats' run 0 run digits.keras "${scale[@]}" -i calib.npy -o a.npy
	ok 'and the weights with their architecture' run 0 run "$net" --arch digits.json "${scale[@]}" -i calib.npy -o b.npy
	ok 'outputs are the same' cmp a.npy b.npy
	cp digits.keras renamed.bin
	ok 'it is told by its content' run 0 convert renamed.bin "${how[@]}" -o b.fbz
	ok 'names of layers' eval 'run 0 convert digits.2.h5 "${scale[@]}" --calib calib.npy -o c.fbz && says "^separable_3 "'
	ok 'code in a file' fails 1 "lambda.h5: layer 'half' \\(Lambda\\): it carries code .* never run" convert lambda.h5 \
		--range clip -o d.fbz
	ok 'tensors of a file' eval 'run 0 inspect digits.2.h5 && says "^model_weights/conv_1/conv_1/kernel:0 +F32"'
	head -c 9000 digits.2.h5 >cut.h5
	ok 'a file that ends early' fails 1 'cut.h5: .*damaged' convert cut.h5 --range clip -o d.fbz
	head -c 9000 digits.keras >cut.keras
	ok 'an archive that ends early' fails 1 'cut.keras: ' convert cut.keras --range clip -o d.fbz
	# A program with libakida.so, with threads and without a standard input.
	cat >threads.c <<'C'
#include <akida/network.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void *load(void *path)
{
	struct akida_network *n = akida_network_new();
	int i, rc = 0;

	for (i = 0; i < 3 && !rc; i++)
		rc = akida_network_load(n, path, NULL);
	if (rc)
		puts(akida_network_error(n));
	akida_network_free(n);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread[8];
	int i;

	close(STDIN_FILENO);
	for (i = 0; i < 8; i++)
		pthread_create(&thread[i], NULL, load, argv[1 + i % (argc - 1)]);
	for (i = 0; i < 8; i++)
		pthread_join(thread[i], NULL);
	return 0;
}
C
	read -r compiler _ <"$BUILD/.flags"
	sanitize=$(grep -o -- '-fsanitize=[a-z,]*' "$BUILD/.flags" | head -n 1)
	# shellcheck disable=SC2086
	ok 'a program with libakida.so' "$compiler" $sanitize -pthread -I"$top/userspace/include" -o threads threads.c \
		-L"$BUILD/lib" -lakida -Wl,-rpath,"$BUILD/lib"
	ok 'reads files in eight threads' eval './threads digits.keras digits.2.h5 functional.keras >out 2>err; [ $? -eq 0 ] &&
		[ ! -s out ] && [ ! -s err ]'
	printf '#!/bin/sh\nkill -SEGV $$\n' >crash
	chmod +x crash
	export AKIDA_HDF5=$PWD/crash
	ok 'a file that crashes libhdf5' fails 1 'digits.keras: .*libhdf5 crashed while it read it \(Segmentation fault\)' \
		convert digits.keras --range clip -o d.fbz
	export AKIDA_HDF5=$PWD/nothing
	ok 'no reader' fails 1 'digits.2.h5: the program that AKIDA_HDF5 names' convert digits.2.h5 --range clip -o d.fbz
	unset AKIDA_HDF5
else
	skip 'Keras files' "there is no $python with h5py, NumPy and PyTorch"
fi
printf 'PK\003\004' >empty.keras
ok 'an archive that is none' fails 1 'empty.keras: ' convert empty.keras --range clip -o d.fbz
: >empty2.keras
ok 'an empty file' fails 1 'empty2.keras: ' convert empty2.keras --range clip -o d.fbz
ok 'nothing is written' test ! -e d.fbz
finish
