#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scripts/sign-module on a built module; and a kernel that takes signed modules
# only, which knows none of our keys: what it says, and what akida doctor makes of
# it. Arguments go to scripts/vm.
# Machines: 6.1-none
# shellcheck disable=SC2317,SC2015 # functions are called by their names
set -u
cd "$(dirname "$0")/../../.." || exit 1

n=0 failed=0
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

# says PATTERN COMMAND...: it succeeds, and says so
says()
{
	local said pattern=$1

	shift
	said=$("$@" 2>&1) && grep -q -- "$pattern" <<<"$said" || { echo "$said"; return 1; }
}

refuses()
{
	local said pattern=$1

	shift
	! said=$("$@" 2>&1) && grep -q -- "$pattern" <<<"$said" || { echo "$said"; return 1; }
}

kernel=6.1
for ((i = 1; i < $#; i++)); do
	[ "${!i}" != --kernel ] || { next=$((i + 1)) kernel=${!next}; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
built=$(scripts/vm-module --kernel "$kernel") || exit 1
built=$built/akida.ko
cache=$(scripts/vm-setup --cache)
tree=$(sed -n 's/^tree=//p' "$cache/kernel-$kernel") release=$(sed -n 's/^release=//p' "$cache/kernel-$kernel")
sign_file=$cache/$tree/usr/lib/linux-kbuild-${release%-*}/scripts/sign-file
[ -x "$sign_file" ] || sign_file=$cache/$tree/usr/lib/linux-kbuild-$kernel/scripts/sign-file
cp "$built" "$work/akida.ko"

sign()
{
	scripts/sign-module --sign-file "$sign_file" --key "$work/mok/mok.key" --certificate "$work/mok/mok.pub" "$@"
}
once()
{
	[ "$(grep -c 'Module signature appended' "$work/akida.ko")" = 1 ] &&
		cmp -n "$(stat -c %s "$built")" "$built" "$work/akida.ko"
}
purposes()
{
	openssl x509 -inform DER -in "$work/mok/mok.pub" -noout -ext extendedKeyUsage,keyUsage,basicConstraints >"$work/purposes" || return 1
	cat "$work/purposes"
	grep -q 'Code Signing, 1.3.6.1.4.1.2312.16.1.2' "$work/purposes" && grep -q 'CA:FALSE' "$work/purposes"
}
# By the format alone: what stands at the end is over what stands before.
verifies()
{
	local size

	size=$(($(stat -c %s "$work/akida.ko") - $(stat -c %s "$built")))
	tail -c "$size" "$work/akida.ko" | head -c -40 >"$work/p7s"
	openssl x509 -inform DER -in "$work/mok/mok.pub" -out "$work/pem"
	openssl cms -verify -binary -inform DER -in "$work/p7s" -content "$1" -certfile "$work/pem" -nointern -noverify -out /dev/null
}

ok 'there is no key yet, and none is made for that' says 'no certificate' sign --status
ok 'a module without a signature has no signer' test -z "$(modinfo -F signer "$work/akida.ko")"
ok 'the first module makes a key' says '^made the key .*mok.key' sign "$work/akida.ko"
ok 'which its owner alone reads' test "$(stat -c %a "$work/mok/mok.key")" = 600
ok 'is for modules, and signs no certificates' purposes
ok 'modinfo names the signer' test "$(modinfo -F signer "$work/akida.ko")" = "Signing key of the modules of $(uname -n)"
ok 'the signature is of this module' verifies "$built"
head -c -1 "$built" >"$work/other"
ok 'and of no other' refuses 'verification failure\|digest failure' verifies "$work/other"
ok 'a second signature replaces the first' says '^signed' sign "$work/akida.ko"
ok 'so that there is one, after the same bytes' once
ok 'and it is good' verifies "$built"
ok 'the state says whose key it is' says 'CN=Signing key of the modules' sign --status
cp "$built" "$work/akida.ko.xz"
ok 'a compressed module is refused' refuses 'before it is compressed' sign "$work/akida.ko.xz"
ok 'and one that is not there' refuses "make modules" sign "$work/none.ko"
openssl req -x509 -newkey rsa:2048 -nodes -batch -subj /CN=other -outform DER -keyout "$work/other.key" -out "$work/other.pub" 2>/dev/null
ok 'another key than the certificate has is refused' refuses 'not the certificate of' \
	scripts/sign-module --sign-file "$sign_file" --key "$work/other.key" --certificate "$work/mok/mok.pub" "$work/akida.ko"
ok 'which leaves the module as it was' once

# What the firmware's keys would allow cannot be had here: no such kernel takes
# another key at run time.
cat >"$work/guest" <<'GUEST'
# Where make modules_install and depmod would have it.
path=/lib/modules/$(uname -r)/updates/akida.ko
mkdir -p "${path%/*}"
cp /lib/modules/akida.ko "$path"
echo updates/akida.ko: >"/lib/modules/$(uname -r)/modules.dep"
echo 1 >/sys/module/module/parameters/sig_enforce || exit 1
echo "unsigned: $(insmod "$path" 2>&1)"
akida doctor | grep -A 2 'secure-boot' | sed 's/^/unsigned: /'
tail -c +2 /root/signed >"$path"
echo "unknown: $(insmod "$path" 2>&1)"
akida doctor | grep -A 2 'secure-boot' | sed 's/^/unknown: /'
exit 0
GUEST
# What is ELF is stripped on its way, of the signature, too.
{ printf x; cat "$work/akida.ko"; } >"$work/signed"
scripts/vm "$@" --no-insmod --no-rmmod --add "$work/signed" --add "$work/guest:root/guest" -- sh /root/guest >"$work/out" 2>&1
status=$?
shown()
{
	cat "$work/out"
	grep -q -- "$1" "$work/out"
}
ok 'the machine ends well' shown ''
[ $status = 0 ] || { failed=1; echo "not ok - scripts/vm ended with $status"; sed 's/^/# /' "$work/out"; }
ok 'the kernel refuses the module without a signature' shown '^unsigned: .*Key was rejected by service'
ok 'the kernel refuses one whose key it does not know' shown '^unknown: .*Key was rejected by service'
ok 'akida doctor says that it has none' shown '^unsigned: .*takes signed modules only, which .*akida.ko is not'
ok 'and that a signature must be known' shown '^unknown: .*with a signature that it knows; akida.ko is signed'
ok 'with what to do' shown '^unknown: .*mokutil --import'
echo "1..$n"
exit $failed
