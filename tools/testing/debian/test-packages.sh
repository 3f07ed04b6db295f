#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Debian's packages, in a clean tree of a suite: built, looked at by lintian,
# installed where DKMS builds the driver, upgraded, used and removed.
#
# Usage: test-packages.sh bookworm|trixie [BUILD]
#
# The packages stay in BUILD/packages/SUITE. Prints TAP.
set -eu -o pipefail
cd "$(dirname "$0")/../../.."
suite=${1:?which suite? bookworm or trixie}
build=${2:-${BUILD:-$PWD/build}}
out=$build/packages/$suite

if [ "$(id -u)" != 0 ] && ! unshare --user --map-root-user true 2>/dev/null; then
	echo "1..0 # SKIP a clean tree needs root or user namespaces"
	exit 0
fi
read -r mirror options < <(scripts/debian-mirror)
rm -rf "$out"
mkdir -p "$out"
# What git knows of, as it is now.
git ls-files -z | tar -c --null -T - -f "$out/akida.tar"
# shellcheck disable=SC2016 # $1 is mmdebstrap's, for hooks: the tree
mmdebstrap --quiet --variant=apt --format=null \
	--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
	--customize-hook="copy-in '$out/akida.tar' '$PWD/tools/testing/debian/in-tree' /root" \
	--customize-hook='chroot "$1" /root/in-tree || touch "$1/root/failed"' \
	--customize-hook="sync-out /root/packages '$out'" \
	--customize-hook='[ ! -e "$1/root/failed" ]' \
	"$suite" /dev/null "deb ${options:+[$options] }$mirror $suite main"
