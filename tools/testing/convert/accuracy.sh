#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What conversion costs trained networks, and what each of its parts gives: the
# table of Documentation/conversion.rst.
#
# Usage: BUILD=DIR tools/testing/convert/accuracy.sh [NETWORK ...]
set -eu
cd "$(dirname "$0")/../../.."
akida=${BUILD:-$PWD/build}/bin/akida
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
[ $# -gt 0 ] || set -- mlp snn cnn dscnn blobs series

/usr/bin/python3 -B tools/testing/convert/train_nets.py export "$folder" tools/testing/convert/nets "$@" >/dev/null

# accuracy NETWORK OPTION...: float and int4 in per cent.
accuracy()
{
	local name=$1 base=$folder/$1 scale=1/255 what=.accuracy float

	shift
	case $name in mlp | snn | series) scale=1/15 ;; esac
	# Most of a map is background.
	[ "$name" != blobs ] || what=.class_mean
	float=(--arch "$base.json" --input-scale "$scale")
	"$akida" convert "$base.pt" "${float[@]}" --calib "$base-calib.npy" "$@" -o "$base.fbz" >/dev/null
	"$akida" evaluate "$base.fbz" --data "$base-test.npy" --labels "$base-labels.npy" --against "$base.pt" \
		"${float[@]}" --json | jq -r "[.against$what, $what] | map(. * 10000 | round / 100) | @tsv"
}

rows=('' --no-equalise --no-bias-correction --no-rounding '--no-equalise --no-bias-correction --no-rounding'
	'--range max' '--range 99.9' '--act-bits 2')
printf '%-58s' ''
printf ' %7s' "$@"
echo
for row in "${rows[@]}"; do
	[ -n "$row" ] || first=yes
	floats=() ints=()
	for name; do
		# shellcheck disable=SC2086 # a list of options
		read -r float int < <(accuracy "$name" $row)
		floats+=("$float") ints+=("$int")
	done
	if [ "${first-}" ]; then
		printf '%-58s' float
		printf ' %7.2f' "${floats[@]}"
		echo
		first=
	fi
	printf '%-58s' "${row:-4 bits}"
	printf ' %7.2f' "${ints[@]}"
	echo
done
