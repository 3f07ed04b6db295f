#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module's parameters and the admin guide's list of them are the same, and so
# are their defaults and whether they can be written while it is loaded.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2154,SC1091
. "$(dirname "$0")/lib.sh"

# NAME MODE of each
sed -n 's/^module_param(\([a-z_]*\), [a-z]*, \(0[0-7]*\));$/\1 \2/p
	s/^module_param_cb(\([a-z_]*\), .*, \(0[0-7]*\));$/\1 \2/p' "$top"/kernel/*.c | sort >in-source
# NAME and what is in brackets
sed -n 's/^``\([a-z_]*\)=[^`]*`` (\(.*\))$/\1 \2/p' "$top/Documentation/admin-guide.rst" | sort >in-guide
cut -d' ' -f1 in-source >names-in-source
cut -d' ' -f1 in-guide >names-in-guide

ok 'there are parameters' test -s in-source
ok 'the guide has all of them, and no others' diff names-in-source names-in-guide
while read -r name mode; do
	said=$(grep "^$name " in-guide)
	writable=false
	[[ $said != *'*w*'* ]] || writable=true
	ok "$name: mode $mode, writable: $writable" grep -qx "0644:true\|0444:false" <<<"$mode:$writable"
	default=$(sed -n 's/.*default `*\(-\?[a-z0-9]*\).*/\1/p' <<<"$said")
	# 0 needs no initialiser; a word is the name of a constant.
	case $default in
	0) in_code="^static unsigned int $name;" ;;
	[a-z]*) in_code="^enum .* akida_${name}_mode = AKIDA_[A-Z]*_${default^^};" ;;
	*) in_code="^static .*int $name = $default;" ;;
	esac
	ok "$name: '$default' by default" grep -q -- "$in_code" "$top"/kernel/*.c
done <in-source
finish
