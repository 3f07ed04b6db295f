#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida build: programs, reports, pictures, what cannot be built.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

demo=$top/tools/demo/digits.fbz

ok 'build' run 0 build "$demo" --target akd1000 -o digits.akp
ok 'says nothing' eval '! [ -s out ] && ! [ -s err ]'
ok 'again' run 0 build "$demo" --target akd1000 -o again.akp
ok 'the same bytes' cmp digits.akp again.akp
ok 'another chip' run 0 build "$demo" --target akd1500 -o other.akp
ok 'other bytes' eval '! cmp -s digits.akp other.akp'
ok 'its version' grep -aq akida-1 digits.akp

ok 'info of a program' run 0 info digits.akp
ok 'packets' says '^ +1 +0 +0 +HRC +registers +0 +16$'
ok 'device' says '^Device +AF\.10\.0\.1 \(virtual AKD1000\)$'
ok 'as JSON' run 0 info --json digits.akp
ok_json 'it is known' '.known and .version == "akida-1" and .damage == null and .input == [28,28,1]'
ok_json 'its packets' '[.packets[] | select(.unit_name == "registers")] | length > 50'
head -c 1000 digits.akp >cut.akp
ok 'a truncated program' run 1 info cut.akp

ok '--report' run 0 build "$demo" --target akd1500 --report
ok 'the input layer is on the HRC' says '^conv_0 +InputConvolutional +1 +HRC '
ok 'a total of one pass' says '^Total +1 +[0-9]+ '
ok 'the mesh' says '^Target +virtual akd1500, 32 NPs$'
ok '--passes max' run 0 build "$demo" --target akd1000 --passes max --json
ok_json 'five passes' '.passes == 5 and .layers_built == 5 and .layers_left == 0 and .reason == null'
ok_json 'a layer in each' '[.layers[].pass] == [0,1,2,3,4]'
ok_json 'filters are divided without gaps' 'all(.layers[]; [.nps[].filters] | add > 0) and all(.layers[].nps[]; .filter_capacity == null or .filter_bytes <= .filter_capacity)'
ok_json 'all filters of conv_1' '[.layers[1].nps[].filters] | add == 24'
ok_json 'no NP twice in a pass' 'all(.layers[]; ([.nps[] | [.column, .row, .np]] | length) == ([.nps[] | [.column, .row, .np]] | unique | length))'

ok '--mesh' run 0 build "$demo" --target akd1000 --mesh mesh.svg
ok 'a picture' eval 'head -c 5 mesh.svg | grep -q "<svg " && tail -n 1 mesh.svg | grep -qx "</svg>"'
ok 'an NP for each of the mesh' eval '[ "$(grep -c "rx=\"4\"" mesh.svg)" = 78 ]'
ok 'a layer has its name' grep -q 'separable_2: [0-9]* NP' mesh.svg

ok 'no target' run 2 build "$demo" -o x.akp
ok 'no output' run 2 build "$demo" --target akd1000
ok 'a wrong number of passes' run 2 build "$demo" --target akd1000 --passes 3 -o x.akp
ok 'no model' run 1 build absent.fbz --target akd1000 -o x.akp
ok 'a folder that is not there' run 1 build "$demo" --target akd1000 -o none/x.akp
ok 'nothing was left' eval '! ls x.akp none 2>/dev/null'

gesture=$AKIDA_SHARED/models/gesture.fbz
if [ -r "$gesture" ]; then
	ok 'a layer that no board takes' run 1 build "$gesture" --target akd1000 -o x.akp
	ok 'says which and why' grep -q "layer '.*' has weights of 8 bits" err
	ok 'nothing was written' eval '! [ -e x.akp ]'
	ok '--partial' run 0 build "$gesture" --target akd1000 --partial -o x.akp --json
	ok 'says what was built and why' warns 'built 3 of 5 layers, from number 2 on: layer .* has weights of 8 bits'
	ok_json 'three layers behind the one' '.first_layer == 2 and .layers_built == 3 and .layers_left == 2 and (.layers | length) == 3'
	ok 'the program takes the input of the third' eval 'run 0 info x.akp && says "^Input +1x1x35 "'
else
	skip 'a layer that no board takes, --partial' 'AKIDA_SHARED has no models'
fi
finish
