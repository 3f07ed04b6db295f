#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida bench: figures that fit together.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

ok 'models are made' make_models

ok 'bench' run 0 bench map.fbz --seconds 0.05
ok 'latency' says '^Latency +[0-9.]+ [mu]s min, [0-9.]+ [mu]s median, [0-9.]+ [mu]s p99$'
ok 'throughput' says '^Throughput +[0-9.]+ inputs/s'
ok 'a row for each layer' eval 'says "^blur +" && says "^heat +" && says "^Total +"'
ok '--json' run 0 bench map.fbz --iterations 50 --threads 1 --json
ok_json 'calls' '.calls == 50 and .threads == 1 and .batch == 1'
ok_json 'latencies are in order' '.latency_ms | .min > 0 and .min <= .median and .median <= .p99'
ok_json 'throughput is calls by time' '(.inputs_per_second * .seconds / .calls - 1 | fabs) < 1e-6'
ok_json 'multiply-adds' '.macs == 192 and ([.layers[].macs] | add) == 192'
ok_json 'shares add up' '([.layers[].share] | add) - 1 | fabs < 1e-6'
ok_json 'every layer has a kernel' '.layers | length == 2 and all(.kernel | length > 0)'
ok '--batch 7' run 0 bench flat.fbz -b 7 -n 3 --json
ok_json 'counts inputs' '.batch == 7 and (.inputs_per_second * .seconds / 21 - 1 | fabs) < 1e-6'
ok '--compare-reference' run 0 bench map.fbz --seconds 0.05 --compare-reference --json
ok_json 'same outputs' '.compared_reference | .equal and .ratio > 0'
ok '--reference' eval 'run 0 bench map.fbz -n 2 --reference --json'
ok_json 'is the reference' '.reference'

"$akida" list --json >levels
for level in baseline avx2 avxvnni avx512vnni neon dotprod; do
	if grep -q "\"$level\"" levels; then
		ok "--cpu $level" run 0 bench map.fbz -n 2 --cpu $level --compare-reference
		ok "--cpu $level: same outputs" says 'same outputs'
	else
		ok "--cpu $level, which the machine lacks" fails 1 "this machine has no $level; it has baseline" bench map.fbz -n 2 --cpu $level
	fi
done

bytes 1 2 3 4 5 6 7 8 | npy '|u1' '(8,)' >in.npy
ok '-i' run 0 bench flat.fbz -n 2 -i in.npy
ok '-i of a wrong shape' fails 1 'in.npy: shape' bench map.fbz -n 2 -i in.npy
ok '--quant' run 0 bench --quant --seconds 0.005
ok 'a row for each format' eval 'says "^Q4_0 +[0-9]+ " && says "^Q6_K +[0-9]+ " && says "^int4 per layer +[0-9]+ "'
ok '--quant --json' run 0 bench --quant --seconds 0.005 --json
ok_json 'every format has figures' '.formats | length > 15 and all(.weights_per_second > 0 and .reference_weights_per_second > 0 and .memcpy_weights_per_second > 0)'
ok_json 'bytes of Q4_0' '.formats[] | select(.format == "Q4_0") | .bytes_read_per_weight == 4 and .bytes_written_per_weight == 0.5625'
ok '--quant --cpu baseline' run 0 bench --quant --seconds 0.005 --cpu baseline --json
ok_json 'is plain C' '.isa == "c"'
ok '--quant with a model' fails 2 '--quant goes with --seconds, --cpu and --json only' bench --quant map.fbz

ok 'a model that cannot run' fails 1 'unknown.fbz: ' bench unknown.fbz -n 2
ok 'no such model' fails 1 'none.fbz: ' bench none.fbz
finish
