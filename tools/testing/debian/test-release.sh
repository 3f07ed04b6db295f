#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scripts/release in a clone of what is here, with a key that lives as long: what
# it refuses, and what it makes. TAP.
#
# Usage: test-release.sh [--build]: with the comparison of what tree and tarball
# build to, which takes two builds
# shellcheck disable=SC2317,SC2015,SC2016 # functions are called by their names; $1 is the inner shell's
set -u
cd "$(dirname "$0")/../../.." || exit 1

no_build=--no-build
[ "${1:-}" != --build ] || no_build=
work=$(mktemp -d)
n=0 failed=0
export GNUPGHOME=$work/gnupg GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
trap 'gpgconf --kill all 2>/dev/null; rm -rf "$work"' EXIT
ok()
{
	local what=$1

	shift
	n=$((n + 1))
	if "$@" >"$work/log" 2>&1; then
		echo "ok $n - $what"
	else
		failed=1
		echo "not ok $n - $what"
		sed 's/^/# /' "$work/log"
	fi
}
refuses()
{
	local said pattern=$1

	shift
	! said=$("$@" 2>&1) && grep -q -- "$pattern" <<<"$said" && ! git rev-parse -q --verify "refs/tags/v$version" >/dev/null && [ ! -e build/release ] ||
		{ echo "$said"; return 1; }
}
# try PATTERN COMMAND: a release is refused after the command, which is undone
try()
{
	local status=0

	bash -c "$2" && git commit -q -a -m try || return 1
	refuses "$1" scripts/release --no-build "$version" || status=1
	git reset -q --hard before
	return "$status"
}

# What git knows of, as it is now, in one commit.
mkdir -p "$work/clone" "$work/gnupg"
chmod 700 "$work/gnupg"
git ls-files -z | tar -c --null -T - | tar -x -C "$work/clone"
cd "$work/clone" || exit 1
git init -q -b main . && git config user.name Releaser && git config user.email releaser@akida.example && git add -A && git commit -q -m tree && git tag before
version=$(sed -n 's/^VERSION *:= *//p' Makefile)
tarball=akida-$version.tar.xz

ok 'without a key it refuses' refuses 'no OpenPGP key' scripts/release "$version"
gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key 'Releaser <releaser@akida.example>' ed25519 sign never 2>/dev/null
ok 'another version than the tree has' refuses 'Makefile says VERSION' scripts/release 7.7.7
ok 'what is no version' refuses 'is no version' scripts/release v1
ok 'a change that is not committed' sh -c 'echo >>README.rst; ! scripts/release "$1" 2>"$2" && grep -q "not committed" "$2" && git checkout -q README.rst' - "$version" "$work/said"
ok 'a file that git does not know' sh -c 'echo >new; ! scripts/release "$1" 2>"$2" && grep -q "not committed" "$2" && rm new' - "$version" "$work/said"
git switch -q -c other
ok 'another branch' refuses 'this is other, not main' scripts/release "$version"
git switch -q main
ok 'a changelog of the packages that says another version' try 'debian/changelog begins with version 9.9.9' \
	"sed -i '1s/(.*)/(9.9.9)/' debian/changelog"
ok 'or that it is not released' try 'debian/changelog says UNRELEASED' "sed -i '1s/) [a-z]*;/) UNRELEASED;/' debian/changelog"
ok 'a changelog that says so' try "begins with 'Unreleased'" "sed -i '0,/^[0-9.]* - .*/s//Unreleased/' CHANGELOG.rst"
ok 'a version that DKMS would not get' try 'dkms.conf' "sed -i 's/#MODULE_VERSION#/1/' dkms.conf"

# shellcheck disable=SC2086 # an option or nothing
ok 'a release is made' scripts/release $no_build "$version"
cp "$work/log" "$work/release.log"
[ -n "$no_build" ] || ok 'tree and tarball build to the same files' grep -E 'build to the same [0-9]{2,} files' "$work/release.log"
[ -d build/release ] || { echo "1..$n"; exit 1; }
cd build/release || exit 1
ok 'its check sums are right' sha256sum -c "akida-$version.sha256"
ok 'the tarball is signed' gpg --verify "$tarball.asc" "$tarball"
ok 'so are the check sums' gpg --verify "akida-$version.sha256.asc" "akida-$version.sha256"
ok 'a changed tarball is not' sh -c 'cp "$1" x && printf x >>x && ! gpg --verify "$1.asc" x' - "$tarball"
ok 'the tag is signed' git tag -v "v$version"
ok 'by a name that vouches for it' sh -c 'git tag -l --format="%(contents)" "v$1" | grep -q "^Signed-off-by: Releaser <releaser@akida.example>$"' - "$version"
ok 'it says what is new' sh -c 'git tag -l --format="%(contents)" "v$1" | grep -q "^Added$"' - "$version"
mkdir "$work/unpacked"
tar -xf "$tarball" -C "$work/unpacked"
ok 'the tarball has the tree' diff -r --exclude=.git --exclude=build "$work/clone" "$work/unpacked/akida-$version"
ok 'with nothing of whose machine it was' sh -c 'xz -dc "$1" | tar -tv | cut -d " " -f 1,2 | sort -u | tee "$2" | grep -vqE "^(-rw-r--r--|-rwxr-xr-x|drwxr-xr-x|lrwxrwxrwx) root/root$" && exit 1; cat "$2"' - "$tarball" "$work/said"
cd "$work/clone" || exit 1
ok 'the same version is not released twice' sh -c '! scripts/release --no-build "$1" 2>"$2" && grep -q "a tag" "$2"' - "$version" "$work/said"
git tag -d "v$version" >/dev/null
mv build/release "$work/first"
ok 'elsewhere, by other settings, without a signature' sh -c 'umask 0077; git config tar.umask 0002; TZ=Asia/Kathmandu XZ_DEFAULTS=-T2 scripts/release --no-sign --no-build --output "$1" "$2"' - "$work/second" "$version"
ok 'it is the same tarball' cmp "$work/first/$tarball" "$work/second/$tarball"
ok 'with a tag all the same' sh -c 'git cat-file -t "v$1" | grep -qx tag && git tag -l --format="%(contents)" "v$1" | grep -q ^Signed-off-by:' - "$version"
ok 'and no signature' sh -c '! ls "$1" | grep asc' - "$work/second"
echo "1..$n"
exit $failed
