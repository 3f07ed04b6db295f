#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida convert from end to end: a BF16 model in the page cache to a file on the
# disk, against the slower of two things that it cannot beat: quantising alone
# on all cores, and writing so many bytes to the disk. Nothing passes or fails.
#
# Usage: BUILD=DIR tools/testing/bench/convert.sh [MEBIBYTES [FOLDER]]
set -u
cd "$(dirname "$0")/../../.." || exit 1
build=${BUILD:-$PWD/build}
size=${1:-512}
akida=$build/bin/akida
python=/usr/bin/python3
if ! $python -c 'import numpy' 2>/dev/null || ! command -v jq >/dev/null; then
	echo "convert: needs python3-numpy and jq; nothing measured"
	exit 0
fi
work=$(mktemp -d -p "${2:-${TMPDIR:-/tmp}}") || exit 1
trap 'rm -rf "$work"' EXIT
runs=5

$python tools/testing/convert/make_sparse.py "$work/model" "$size" --dtype BF16 --dense || exit 1
sync
cat "$work/model/model.safetensors" >/dev/null
cores=$(nproc)
rates=$("$akida" bench --quant --json) || exit 1

# The fastest of some runs, in seconds.
fastest()
{
	local best='' t i

	for ((i = 0; i < runs; i++)); do
		t=$("$@") || exit 1
		best=$(awk -v a="$t" -v b="${best:-$t}" 'BEGIN { print a < b ? a : b }')
	done
	echo "$best"
}

convert()
{
	rm -rf "$work/out"
	"$akida" convert "$work/model" "$work/out" "$@" --json 2>/dev/null >"$work/report" || return 1
	jq .seconds "$work/report"
}

# Writes as many bytes in the way of a careful program: flushed at the end.
disk()
{
	local start end

	rm -rf "$work/out"
	start=$(date +%s.%N)
	dd if=/dev/zero of="$work/out" bs=1M count="$1" conv=fsync 2>/dev/null || return 1
	end=$(date +%s.%N)
	awk -v a="$start" -v b="$end" 'BEGIN { print b - a }'
}

echo "Conversion of a BF16 model of $size MiB in the page cache, $cores cores; M weights/s, best of $runs"
echo
printf '%-24s %10s %12s %12s %9s %12s\n' '' 'to end' 'quantiser' 'disk' 'share' 'not synced'
# line NAME FORMAT-OF-BENCH OPTION...
line()
{
	local name=$1 format=$2 seconds quick bytes weights written

	shift 2
	seconds=$(fastest convert "$@")
	bytes=$(jq .bytes "$work/report")
	weights=$(jq .weights "$work/report")
	quick=$(fastest convert "$@" --no-sync)
	written=$(fastest disk $((bytes >> 20)))
	jq -n -r --argjson rates "$rates" --arg f "$format" --argjson w "$weights" --argjson s "$seconds" \
		--argjson q "$quick" --argjson d "$written" --argjson c "$cores" --arg name "$name" '
		($rates.formats[] | select(.format == $f) | .weights_per_second * $c) as $quantiser |
		($w / $d) as $disk | ($w / $s) as $total |
		[$name, $total, $quantiser, $disk, $total / ([$quantiser, $disk] | min) * 100, $w / $q] | @tsv' |
		awk -F '\t' '{ printf "%-24s %10.0f %12.0f %12.0f %7.0f %% %12.0f\n", $1, $2 / 1e6, $3 / 1e6, $4 / 1e6, $5, $6 / 1e6 }'
}
line 'nntr, Q4_0' Q4_0 --to nntr
line 'nntr, Q4_0 x8' 'Q4_0 x8' --to nntr --repack-format q4_0_8
line 'nntr, Q8_0' Q8_0 --to nntr --quant-type q8_0
line 'nntr, Q6_K' Q6_K --to nntr --quant-type q6_k
line 'bitnet, one file' 'BitNet, bitnet.rs' --to bitnet --layout safetensors
line 'bitnet, blocks' 'BitNet, bitnet.rs' --to bitnet
