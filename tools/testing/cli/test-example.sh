#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The library's example and the demo's programs, run as their README says; an
# installed copy, used through pkg-config.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

demo=$top/tools/demo
classify=$BUILD/examples/classify

for n in 0 1 2 3 4 5 6 7 8 9; do
	ok "classify tells a $n" eval '"$classify" "$demo/digits.fbz" "$demo/digit-$n.png" | grep -q "^class $n, score [0-9]"'
done
ok 'classify names a file that does not exist' eval \
	'! "$classify" "$demo/digits.fbz" none.png >out 2>err && grep -q "none.png" err'
# What rounding of states and of weights costs; the last value would be off by 0.82.
ok 'echo_state predicts a chaotic series' eval '"$BUILD/examples/echo_state" e.fbz >out && says "^float +0\.0"'
ok 'int4 is nearly as good as float on the same input' eval \
	'awk "/^float, 4/ { f = \$NF } /^int4/ { i = \$NF } END { exit !(f > 0 && f < 0.17 && i > 0 && i < f + 0.03) }" out'
ok 'its model is one layer of int4' eval 'run 0 info e.fbz && says "^readout +FullyConnected .* 4 +off +400 "'
ok 'handmade writes a program' eval '"$BUILD/examples/handmade" akd1500 sums.akp && run 0 info sums.akp &&
	says "^ +1 +0 +0 +.1,3. NP 0 +FNP weights +0 +4$" && says "^Device +AF\.15\.0\.1 "'
ok 'handmade for no chip' eval '! "$BUILD/examples/handmade" none x.akp 2>err && grep -q akd1000 err && ! [ -e x.akp ]'
ok 'classify without arguments' eval '! "$classify" >out 2>&1 && grep -q "^classify MODEL" out'
ok 'score: every potential is the expected one' eval '"$BUILD/demo/score" "$demo" >out && says "^all 1000 potentials are as expected"'
ok 'score: int4 is within 1.5 points of float' eval \
	'awk "/^float accuracy/ { f = \$(NF - 1) } /^int4 accuracy/ { exit !(\$(NF - 1) >= f - 1.5 && f > 95) }" out'

# Only builds that are installed as they are: not those with sanitizers.
if grep -q -- '-fsanitize' "$BUILD/.flags"; then
	skip 'an installed copy' 'a build with sanitizers is not installed'
else
	ok 'make install' make -C "$top" BUILD="$BUILD" DESTDIR="$work/root" PREFIX=/usr install
	export PKG_CONFIG_PATH=$work/root/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$work/root
	ok 'pkg-config has a version' eval 'pkg-config --modversion libakida | grep -Eq "^[0-9]+\.[0-9]+\.[0-9]+$"'
	ok 'a program is built with it' eval \
		'cc -o mine "$top/userspace/examples/classify.c" $(pkg-config --cflags --libs libakida)'
	ok 'and runs' eval 'LD_LIBRARY_PATH=root/usr/lib ./mine "$demo/digits.fbz" "$demo/digit-7.png" | grep -q "^class 7,"'
	ok 'a static one is built' eval \
		'cc -o mine "$top/userspace/examples/classify.c" -Iroot/usr/include root/usr/lib/libakida.a $(pkg-config --static --libs-only-l libakida | sed "s/-lakida//")'
	ok 'and runs' eval './mine "$demo/digits.fbz" "$demo/digit-4.png" | grep -q "^class 4,"'
	ok 'manual pages are there' eval 'for l in akida $(cat "$top/tools/akida/links"); do [ -s root/usr/share/man/man1/$l.1 ] || exit 1; done'
	ok 'the udev rule is there' cmp root/usr/lib/udev/rules.d/60-akida.rules "$top/tools/udev/60-akida.rules"
	ok 'the group is there' grep -q '^g akida ' root/usr/lib/sysusers.d/akida.conf
	ok 'links are there' eval 'for l in $(cat "$top/tools/akida/links"); do root/usr/bin/$l --help >out || exit 1; done'
fi
finish
