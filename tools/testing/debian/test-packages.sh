#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Debian's packages, in a clean tree of a suite: built, looked at by lintian,
# installed where DKMS builds the driver, upgraded, used and removed.
#
# Usage: test-packages.sh [--full] bookworm|trixie [BUILD]
#
# The packages stay in BUILD/packages/SUITE. With --full they are built as for a
# release, twice, in different folders, and compared. Without, they are built with
# neither symbols for debuggers nor much compression; on the suite of this machine,
# whose compiler has all else to do with, also without optimisation or lintian.
# Prints TAP.
set -eu -o pipefail
cd "$(dirname "$0")/../../.."
full=false
[ "${1:-}" != --full ] || { full=true; shift; }
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
# shellcheck source=/dev/null
own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
if $full; then
	environment=() modes='again lintian'
elif [ "$suite" = "$own" ]; then
	environment=('DEB_BUILD_OPTIONS="noautodbgsym noopt"') modes=
else
	environment=(DEB_BUILD_OPTIONS=noautodbgsym) modes=lintian
fi
$full || environment+=(DEB_CFLAGS_APPEND=-g0 DPKG_DEB_COMPRESSOR_LEVEL=1)
# Pages and translations of other packages are left out, as nobody reads them, and
# nothing is flushed to the disk.
# shellcheck disable=SC2016 # $1 is mmdebstrap's, for hooks: the tree
mmdebstrap --quiet --variant=apt --format=null \
	--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
	--aptopt='Dpkg::Use-Pty "false"' --dpkgopt=force-unsafe-io \
	--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-include=/usr/share/man/man*/akida*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
	--dpkgopt='path-include=/usr/share/doc/*akida*' --dpkgopt='path-include=/usr/share/doc/*akida*/*' \
	--customize-hook="copy-in '$out/akida.tar' '$PWD/tools/testing/debian/in-tree' /root" \
	--customize-hook="chroot \"\$1\" env ${environment[*]-} /root/in-tree $modes || touch \"\$1/root/failed\"" \
	--customize-hook="sync-out /root/packages '$out'" \
	--customize-hook='[ ! -e "$1/root/failed" ]' \
	"$suite" /dev/null "deb ${options:+[$options] }$mirror $suite main"
