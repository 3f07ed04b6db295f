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

# convert OPTION...: seconds
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

echo "Conversion of a BF16 model of $size MiB in the page cache, $cores cores; M weights/s,"
echo "medians of $runs rounds; share: of the slower of quantiser and disk in the same round"
echo
printf '%-24s %10s %12s %12s %9s %12s\n' '' 'to end' 'quantiser' 'disk' 'share' 'not synced'
# line NAME FORMAT-OF-BENCH OPTION...
line()
{
	local name=$1 format=$2 i

	shift 2
	# Room on the disk, and pages of the program, are there from the second time on.
	convert "$@" >/dev/null || exit 1
	for ((i = 0; i < runs; i++)); do
		jq -n --argjson s "$(convert "$@")" --argjson q "$(convert "$@" --no-sync)" \
			--argjson d "$(disk $(($(jq .bytes "$work/report") >> 20)))" '{ $s, $q, $d }' || exit 1
	done | jq -r -s --argjson rates "$rates" --arg f "$format" --argjson w "$(jq .weights "$work/report")" \
		--argjson c "$cores" --arg name "$name" '
		def median: sort | .[length / 2 | floor];
		($rates.formats[] | select(.format == $f) | .weights_per_second * $c) as $quantiser |
		[$name, (map($w / .s) | median), $quantiser, (map($w / .d) | median),
		 (map($w / .s / ([$quantiser, $w / .d] | min)) | median * 100), (map($w / .q) | median)] | @tsv' |
		awk -F '\t' '{ printf "%-24s %10.0f %12.0f %12.0f %7.0f %% %12.0f\n", $1, $2 / 1e6, $3 / 1e6, $4 / 1e6, $5, $6 / 1e6 }'
}
line 'nntr, Q4_0' Q4_0 --to nntr
line 'nntr, Q4_0 x8' 'Q4_0 x8' --to nntr --repack-format q4_0_8
line 'nntr, Q8_0' Q8_0 --to nntr --quant-type q8_0
line 'nntr, Q6_K' Q6_K --to nntr --quant-type q6_k
line 'bitnet, one file' 'BitNet, bitnet.rs' --to bitnet --layout safetensors
line 'bitnet, blocks' 'BitNet, bitnet.rs' --to bitnet
