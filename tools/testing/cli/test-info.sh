#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida info: tables, JSON, variables, limits of chips, files that cannot run.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

ok 'models are made' make_models
esc=$(printf '\033')

ok 'info' run 0 info map.fbz
ok 'nothing on stderr' eval '! [ -s err ]'
ok 'a row of a convolution' says '^blur +InputConvolutional +8x8x1 +4x4x1 +3x3 +2 +same +- +8 +4 +9 +144 +0\.0 %$'
ok 'a row of potentials' says '^heat +Convolutional +4x4x1 +4x4x3 +1x1 +1 +same +- +4 +off +3 +48 +66\.7 %$'
ok 'totals' says '^Total +12 +192 +16\.7 %$'
ok 'SDK' says '^SDK +2\.3\.3$'
ok 'it runs' says '^Runs +yes$'
ok 'no keys' eval '! says "^ *Key +Value"'
ok '--keys' run 0 info --keys map.fbz
ok 'a key' says '^ +kernel_width +3$'
ok 'a variable' says '^ +act_step +float32 +1 +1 +4$'

ok '--json' run 0 info --json map.fbz
ok_json 'layers' '.layers | length == 2'
ok_json 'shapes' '.layers[0].input == [8,8,1] and .layers[0].output == [4,4,1]'
ok_json 'kernel, stride, padding' '.layers[0] | .kernel == [3,3] and .stride == [2,2] and .padding == "same"'
ok_json 'potentials' '.layers[1] | .activation == false and .weights_bits == 4'
ok_json 'keys' '.layers[0].keys | .kernel_width == 3 and .layer_type == 2'
ok_json 'variables' '.layers[0].variables | map(.name) | contains(["act_step","threshold","weights"])'
ok_json 'totals' '.totals | .macs == 192 and .weights == 12 and .zero_weights == 2 and .complete'
ok_json 'it runs' '.runnable and .reason == null and .sdk_version == "2.3.3" and .generation == 2'

ok '--weights' run 0 info --weights heat -o w map.fbz
ok 'three files and nothing else' eval '[ "$(ls -A w | tr "\n" " ")" = "heat.act_step.npy heat.threshold.npy heat.weights.npy " ]'
ok 'they are listed' says "^w/heat.weights.npy: int8 \(1, 1, 1, 3\)$"
ok 'weights: header' eval "npy_header w/heat.weights.npy | grep -q \"'descr': '|i1', 'fortran_order': False, 'shape': (1, 1, 1, 3)\""
ok 'weights: values' eval 'npy_data w/heat.weights.npy | cmp - <(bytes 0 7 0)'
ok 'thresholds: values' eval 'npy_data w/heat.threshold.npy | cmp - <(bytes 236 255 255 255 50 0 0 0 100 0 0 0)'
ok '--weights --json' run 0 info --weights heat -o w --json map.fbz
ok_json 'files' '.layer == "heat" and (.files | map(.file) | contains(["w/heat.weights.npy"]))'
ok 'without -o into the current folder' eval 'run 0 info --weights blur map.fbz && [ -s blur.weights.npy ]'
ok 'no such layer' fails 1 "map.fbz: there is no layer 'nose'" info --weights nose map.fbz
touch file
ok 'a folder that is a file' fails 1 'file' info --weights heat -o file map.fbz
ok 'a folder that cannot be made' fails 1 'no/w: .*No such file' info --weights heat -o no/w map.fbz
if [ "$(id -u)" -ne 0 ]; then
	mkdir closed && chmod a-w closed
	ok 'a folder without permission' fails 1 'Permission denied' info --weights heat -o closed map.fbz
else
	skip 'a folder without permission' 'root may write everywhere'
fi

ok '--target' run 0 info --target akd1000 map.fbz
ok 'limits are listed' says '^Limits of akd1000'
ok '--target --json' run 0 info --target akd1500 --json map.fbz
ok_json 'limits' '.target | .name == "akd1500" and .checked and (.broken | type == "array")'

ok 'a file of unknown layers is shown' run 0 info unknown.fbz
ok 'its type' says 'type 77'
ok 'its keys' says '^ +mystery.* +42$'
ok 'its variables' says '^ +\.a/b +int8 '
ok 'why it cannot run' says '^Runs +no: .*'
ok 'nothing steers the terminal' eval '! grep -q "$esc" out err'
ok 'as JSON' run 0 info --json unknown.fbz
ok_json 'not runnable, with a reason' '(.runnable | not) and (.reason | length > 10)'
ok_json 'raw layer' '.layers[1] | (.resolved | not) and .type_number == 77 and (.input | not)'
evil=$(printf '../e\033[31mvil')
ok 'variables of a layer with a hostile name' run 0 info --weights "$evil" -o hostile unknown.fbz
ok 'stay in the folder, under different names' eval \
	'[ "$(ls -A hostile | tr "\n" " ")" = "_._e__31mvil._a_b.1.npy _._e__31mvil._a_b.npy " ]'
ok 'limits need a model that runs' eval 'run 1 info --target akd1000 unknown.fbz && warns "limits of a chip"'
ok 'the model itself is refused by run' fails 1 'unknown.fbz: ' run unknown.fbz -i x.npy

ok 'no such file' fails 1 'none.fbz: .*No such file' info none.fbz
ok 'a folder' fails 1 'w: ' info w
: >empty.fbz
ok 'an empty file' fails 1 'empty.fbz: ' info empty.fbz
head -c 100 map.fbz >cut.fbz
ok 'a truncated file' fails 1 'cut.fbz: ' info cut.fbz
head -c 4000 /dev/zero >zero.fbz
ok 'zeros' fails 1 'zero.fbz: ' info zero.fbz

models=$shared/models
if [ -e "$models/lamp-plant.fbz" ]; then
	for m in "$models"/*.fbz; do
		n=$(basename "$m")
		ok "$n" eval 'run 0 info "$m" && says "^Runs +yes"'
		ok "$n --json" run 0 info --json "$m"
		ok_json "$n: every layer is understood" '.totals.complete'
		ok "$n --keys" run 0 info --keys "$m"
	done
	ok 'old generation' run 0 info --json "$models/lamp-plant.fbz"
	ok_json 'has no version' '.sdk_version == null and .generation == 1'
	ok_json 'multiply-adds' '.totals.macs == 178574640'
	ok 'new generation' run 0 info --json "$models/inventory-fomo.fbz"
	ok_json 'has a version' '.sdk_version == "2.3.3" and .generation == 2'
	ok_json 'multiply-adds' '.totals.macs == 260513792'
	ok 'limits: 8-bit weights in a dense layer' run 0 info --json --target akd1000 "$models/gesture.fbz"
	ok_json 'are named with their layer' '.target.broken | map(.layer) | contains(["dense"])'
else
	skip 'real models' 'there is no AKIDA_SHARED'
fi
finish
