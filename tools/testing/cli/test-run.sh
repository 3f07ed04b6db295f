#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida run: inputs of all kinds, predictions, outputs, pictures, targets.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

ok 'models are made' make_models

# flat.fbz: score k = (7 * value 2k - 5) / 10.
one="1 0 15 0 3 0 0 0"
two="9 0 0 0 10 0 0 0"
# shellcheck disable=SC2086
{
	bytes $one | npy '|u1' '(8,)' >one.npy
	bytes $one | npy '|u1' '(1, 1, 8)' >one3.npy
	bytes $one $two | npy '|u1' '(2, 8)' >two.npy
	bytes $one $two | npy '|u1' '(2, 1, 1, 8)' >two4.npy
	bytes $one $two >two.raw
}
printf 'cat\ndog\nbird\n' >labels.txt

ok 'run' run 0 run flat.fbz -i one.npy
cp out first
ok 'the best class first' eval 'sed -n 3p out | grep -Eq "^  class 1 +10\.0000 +100\.0 %$"'
ok 'all classes' eval '[ "$(tail -n +3 out | awk "{ print \$2 }" | tr "\n" " ")" = "1 2 0 " ]'
ok 'shape (1, 1, 8)' eval 'run 0 run flat.fbz -i one3.npy && diff <(tail -n +2 out) <(tail -n +2 first)'
ok 'labels' eval 'run 0 run flat.fbz -i one.npy -l labels.txt && says "^  dog +10\.0000 "'
ok '--top 1' eval 'run 0 run flat.fbz -i one.npy --top 1 && [ "$(grep -c "class [0-9]" out)" = 1 ] && says "and 2 more"'
ok '--top 0' eval 'run 0 run flat.fbz -i one.npy --top 0 && [ "$(grep -c "class [0-9]" out)" = 3 ]'
ok '--json' run 0 run flat.fbz -i one.npy -l labels.txt --json
ok_json 'scores' '.results[0].classes | map([.class, .score]) == [[1,10],[2,1.6],[0,0.2]] or
	(.[0].score == 10 and (.[1].score - 1.6 | fabs) < 1e-6 and (.[2].score - 0.2 | fabs) < 1e-6)'
ok_json 'probabilities add up' '[.results[0].classes[].probability] | add - 1 | fabs < 1e-9'
ok_json 'labels' '.results[0].classes[0].label == "dog"'
ok '--raw --json' run 0 run flat.fbz -i one.npy --raw --json
ok_json 'potentials' '.results[0].classes | map(.potential) == [105, 21, 7]'

for b in '' '-b 1' '-b 2' '-b 100'; do
	# shellcheck disable=SC2086
	ok "a batch $b" run 0 run flat.fbz -i two.npy --json $b -o out.npy
	ok_json 'two inputs' '.results | map([.index, .classes[0].class]) == [[0, 1], [1, 2]]'
done
ok 'output: header' eval "npy_header out.npy | grep -q \"'<f4', 'fortran_order': False, 'shape': (2, 1, 1, 3)\""
ok 'shape (2, 1, 1, 8)' run 0 run flat.fbz -i two4.npy -o out4.npy
ok 'the same scores' cmp out.npy out4.npy
ok 'several inputs' run 0 run flat.fbz -i one.npy -i two.npy one3.npy --json
ok_json 'in order' '.results | map([.input, .index]) == [["one.npy",0],["two.npy",0],["two.npy",1],["one3.npy",0]]'
ok 'standard input' eval '"$akida" run flat.fbz -i - -o out-.npy <two.raw >out && cmp out.npy out-.npy'
ok 'inputs are named' says '^standard input\[1\]'
ok '--raw -o' eval 'run 0 run flat.fbz -i one.npy --raw -o raw.npy && npy_header raw.npy | grep -q "<i4"'
ok 'potentials' eval 'npy_data raw.npy | cmp - <(bytes 7 0 0 0 105 0 0 0 21 0 0 0)'
ok '--reference' eval 'run 0 run flat.fbz -i two.npy --reference -o ref.npy && cmp ref.npy out.npy'
ok '--threads 2' eval 'run 0 run flat.fbz -i two.npy --threads 2 -o thr.npy && cmp thr.npy out.npy'

ok '--dump' run 0 run flat.fbz -i one.npy --dump d
ok 'every layer' eval '[ "$(ls -A d | tr "\n" " ")" = "input.npy scores.npy " ]'
# shellcheck disable=SC2086
ok 'the input' eval 'npy_data d/input.npy | cmp - <(bytes $one)'
ok 'the potentials' eval 'npy_data d/scores.npy | cmp - <(npy_data raw.npy)'
ok '--dump of a batch' run 0 run flat.fbz -i two.npy --dump d2 -b 1
ok 'is numbered' eval '[ "$(ls -A d2 | tr "\n" " ")" = "0.input.npy 0.scores.npy 1.input.npy 1.scores.npy " ]'
# shellcheck disable=SC2086
ok 'each input its own' eval 'npy_data d2/1.input.npy | cmp - <(bytes $two)'

# map.fbz: the upper left quarter is bright; four cells see nothing else.
pixels()
{
	local y x

	for y in 0 1 2 3 4 5 6 7; do
		for x in 0 1 2 3 4 5 6 7; do
			if [ $y -lt 4 ] && [ $x -lt 4 ]; then bytes 255; else bytes 0; fi
		done
	done
}
pixels | npy '|u1' '(8, 8)' >quarter.npy
printf 'bright\nnever\n' >map-labels.txt
ok 'a map' run 0 run map.fbz -i quarter.npy -l map-labels.txt
ok 'cells' says '^quarter.npy: 1 of 16 cells at 0.5 or above$'
ok 'the brightest' says '^ +0 +0 +bright +5\.5000 +97\.1 %$'
ok '--threshold 0' eval 'run 0 run map.fbz -i quarter.npy --threshold 0 --top 0 && says ": 16 of 16 cells"'
ok '--threshold 1' eval 'run 0 run map.fbz -i quarter.npy --threshold 1 && says ": 0 of 16 cells"'
ok '--top 3' eval 'run 0 run map.fbz -i quarter.npy --threshold 0 -k 3 && says "and 13 more"'
ok 'the background is no class' eval 'run 0 run map.fbz -i quarter.npy --threshold 0 -k 0 && ! says "class 0"'
ok 'as JSON' run 0 run map.fbz -i quarter.npy -l map-labels.txt --json
ok_json 'cells' '.results[0] | .cells_found == 1 and (.cells[0] | .row == 0 and .column == 0 and .label == "bright" and .class == 1)'
ok 'output' eval 'run 0 run map.fbz -i quarter.npy -o map.npy && npy_header map.npy | grep -q "(1, 4, 4, 3)"'

if "$akida" run map.fbz -i quarter.npy --draw probe.png 2>&1 | grep -q 'without which'; then
	skip 'pictures' 'this build has no libpng'
else
	ok '--draw of a map' run 0 run map.fbz -i quarter.npy -l map-labels.txt --draw map.png
	ok 'is a picture' eval '[ "$(head -c 8 map.png | od -An -tx1 | tr -d " ")" = 89504e470d0a1a0a ]'
	ok 'of 448 by 448' eval '[ "$(od -An -tu1 -j16 -N8 map.png | tr -s " ")" = " 0 0 1 192 0 0 1 192" ]'
	ok '--draw of classes' run 0 run flat.fbz -i one.npy -l labels.txt --draw flat.png
	ok 'is a picture' eval '[ "$(head -c 8 flat.png | od -An -tx1 | tr -d " ")" = 89504e470d0a1a0a ]'
	ok '--draw of a batch' run 0 run flat.fbz -i two.npy --draw batch.png
	ok 'is numbered' eval '[ -s batch-0.png ] && [ -s batch-1.png ] && ! [ -e batch.png ]'
	ok 'a picture as input' run 0 run map.fbz -i map.png --json
	ok_json 'is resized' '.input_shape == [8,8,1]'
	ok 'a cut picture as input' eval 'run 0 run map.fbz -i flat.png --crop -o crop.npy && run 0 run map.fbz -i flat.png -o fit.npy'
	ok 'is another one' eval '! cmp -s crop.npy fit.npy'
fi

for chip in akd1000 akd1500; do
	ok "--target $chip" run 0 run map.fbz -i quarter.npy --target $chip
	ok 'the step is a whole number: nothing changes' says '^0 of 48 scores change; .* 0 of 16 cells\.$'
	ok 'per layer' says '^  blur +16 +0 +0\.0000 %$'
done
ok '--target --json' run 0 run map.fbz -i quarter.npy --target akd1000 --json
ok_json 'comparison' '.target == "akd1000" and .comparison.activations == 16 and .comparison.scores == 48'
bytes 3 | npy '|u1' '(1,)' >three.npy
ok 'a step that is rounded' run 0 run step.fbz -i three.npy --target akd1000
ok 'changes an activation' says '^  hidden +1 +1 +100\.0000 %$'
ok 'which is counted with the input' says '^  All activations +2 +1 +50\.0000 %$'
ok 'and a potential' says '^  scores \(potentials\) +2 +1 +50\.0000 %$'
ok 'and a score' says '^1 of 2 scores change, by 0\.7 at most; the best class changes for 1 of 1 inputs\.$'
ok 'from and to' says '^  three\.npy +class 0 +2\.1000 +1\.4000$'
ok 'the target counts' eval 'sed -n 3p out | grep -Eq "^  class 1 +1\.7000 "'
ok 'as JSON' run 0 run step.fbz -i three.npy --target akd1500 --json
ok_json 'the change' '.comparison | .best_class_changed == 1 and (.largest_changes | length == 1) and
	(.largest_changes[0] | .class == 0 and (.exact - 2.1 | fabs) < 1e-6 and (.target - 1.4 | fabs) < 1e-6)'

ok 'a model that puts out activations' run 0 run level.fbz -i three.npy
ok 'has them for scores' says '^  class 0 +3\.0000 +95\.3 %$'
ok '--raw' run 0 run level.fbz -i three.npy --raw --json -o level.npy
ok_json 'calls them activations' '.results[0].classes[0].activation == 3'
ok 'and writes bytes' eval "npy_header level.npy | grep -q \"'|u1'\" && npy_data level.npy | cmp - <(bytes 3)"

# 16x16 grey, the upper left quarter white.
base64 -d >grey.jpg <<-JPEG
	/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMU
	FRUVDA8XGBYUGBIUFRT/wAALCAAQABABAREA/8QAFgABAQEAAAAAAAAAAAAAAAAAAAkK/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/a
	AAgBAQAAPwCqbKuD/9k=
JPEG
if "$akida" run map.fbz -i grey.jpg 2>&1 | grep -q 'without which'; then
	skip 'JPEG' 'this build has no libjpeg'
else
	ok 'JPEG' run 0 run map.fbz -i grey.jpg
	ok 'JPEG: the bright cell' says '^ +0 +0 +class 1 +5\.5000 +97\.1 %$'
fi

demo=$top/tools/demo
if [ -e "$demo/digits.fbz" ]; then
	number=0
	# shellcheck disable=SC2094 # both only read
	while read -r name; do
		ok "demo: a picture of $name" run 0 run "$demo/digits.fbz" -i "$demo/digit-$number.png" -l "$demo/labels.txt" --json
		ok_json 'is told' ".results[0].classes[0].label == \"$name\""
		number=$((number + 1))
	done <"$demo/labels.txt"
else
	skip 'demo' 'there is no demo model'
fi

golden=$shared/golden
if [ -e "$golden/INDEX.md" ]; then
	# The index has the hash of every layer's output.
	while read -r model tag; do
		ok "$model $tag" run 0 run "$shared/models/$model.fbz" -i "$golden/${model}__$tag.in.npy" --dump "g-$model-$tag"
		awk -v model="$model" -v tag="$tag" '
			/^## / { m = $2 } /^### / { t = $2 }
			m == model && t == tag && /^\| [a-z].*[0-9a-f]{64}/ || m == model && t == tag && NF > 8 && $2 != "layer" {
				n = split($0, f, "|"); gsub(/ /, "", f[2]); gsub(/ /, "", f[5])
				if (length(f[5]) == 64) print f[2], f[5]
			}' "$golden/INDEX.md" >hashes
		ok "$model $tag: the index has layers" eval '[ $(wc -l <hashes) -ge 4 ]'
		while read -r layer hash; do
			ok "$model $tag: $layer" eval \
				'[ "$(npy_data "g-$model-$tag/$layer.npy" | sha256sum)" = "$hash  -" ]'
		done <hashes
	done <<-MODELS
		fan-accelerometer lcg
		fan-accelerometer lcg2
		gesture lcg
		gesture lcg2
		lamp-plant lcg
		inventory-fomo lcg
	MODELS
	ok 'a target of a real model' run 0 run "$shared/models/lamp-plant.fbz" -i "$golden/lamp-plant__lcg.in.npy" \
		--target akd1000 --json
	ok_json 'a few activations change' '.comparison | .activations_changed > 0 and .activations_changed < .activations / 10'
	ok_json 'layers add up' '.comparison | ([.layers[] | select(.potentials | not) | .changed] | add) == .activations_changed'
else
	skip 'golden results' 'there is no AKIDA_SHARED'
fi
finish
