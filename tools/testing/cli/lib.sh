# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For tests of the command: TAP, models, arrays. Sourced by test-*.sh, which
# then runs in a folder of its own that is removed at the end.
#
# BUILD names the build, AKIDA_SHARED a folder with more models (may be absent).
# Single quotes keep what "ok TEXT eval" runs from being expanded before.
# shellcheck disable=SC2016,SC2034

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
BUILD=$(cd "${BUILD:-$top/build}" && pwd) || exit 1
case ${AKIDA_SHARED:-../shared} in
/*) shared=${AKIDA_SHARED:-} ;;
*) shared=$top/${AKIDA_SHARED:-../shared} ;;
esac
akida=$BUILD/bin/akida
unset NO_COLOR
export LC_ALL=C

tests=0 failures=0
work=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 1

# ok TEXT COMMAND...: passes if the command succeeds.
ok()
{
	local text=$1

	shift
	tests=$((tests + 1))
	if ("$@") >"$work/.said" 2>&1; then
		echo "ok $tests - $text"
	else
		failures=$((failures + 1))
		echo "not ok $tests - $text"
		echo "# failed: $*"
		sed 's/^/# /' "$work/.said"
		[ ! -s "$work/out" ] || head -n 20 "$work/out" | sed 's/^/# out: /'
		[ ! -s "$work/err" ] || head -n 20 "$work/err" | sed 's/^/# err: /'
	fi
}

skip()
{
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

# The plan, and the status of the script.
finish()
{
	echo "1..$tests"
	[ $failures -eq 0 ]
}

# run EXPECTED ARGUMENT...: akida ends with that status; its output is in out,
# its messages in err. A message is one that akida made, not a sanitizer.
run()
{
	local expected=$1 rc

	shift
	"$akida" "$@" >out 2>err </dev/null
	rc=$?
	if [ $rc -ne "$expected" ]; then
		echo "akida $*: status $rc, not $expected"
		return 1
	fi
	! grep -E 'Sanitizer|runtime error' err
}

# fails STATUS PATTERN ARGUMENT...: akida ends with that status, prints nothing
# and says one sentence that matches; for wrong usage a second line says where
# to look.
fails()
{
	local status=$1 pattern=$2

	shift 2
	run "$status" "$@" || return 1
	if [ -s out ]; then
		echo "output although it failed"
		return 1
	fi
	if [ "$(wc -l <err)" -ne "$status" ]; then
		echo "not $status line(s) of message"
		return 1
	fi
	[ "$status" -ne 2 ] || tail -n 1 err | grep -q '^Try ' || return 1
	head -n 1 err | grep -Eq -- "$pattern"
}

# says PATTERN: what the last command printed has it.
says()
{
	grep -Eq -- "$1" out
}

# warns PATTERN: its messages have it.
warns()
{
	grep -Eq -- "$1" err
}

# ok_json TEXT FILTER: the output of the last command is JSON for which a filter
# of jq is true.
ok_json()
{
	if command -v jq >/dev/null; then
		ok "$1" jq -e "$2" out
	else
		skip "$1" 'there is no jq'
	fi
}

# npy DTYPE SHAPE: a .npy file on stdout, its elements from stdin.
npy()
{
	local header="{'descr': '$1', 'fortran_order': False, 'shape': $2, }"
	local room=$((128 - 10))

	printf '\223NUMPY\001\000\166\000%-*s\n' $((room - 1)) "$header"
	cat
}

# bytes NUMBER...: those bytes.
bytes()
{
	local b

	for b; do
		# shellcheck disable=SC2059
		printf "\\x$(printf %x "$b")"
	done
}

# npy_header FILE: the header of an array.
npy_header()
{
	head -c 128 "$1" | tail -c +11 | tr -d '\n'
}

# npy_data FILE: the elements of an array.
npy_data()
{
	tail -c +$((11 + $(od -An -tu2 -j8 -N2 "$1"))) "$1"
}

# The models of make-models.c.
make_models()
{
	local compiler sanitize

	# A sanitizer must be that of the library, so the compiler must be too.
	read -r compiler _ <"$BUILD/.flags"
	sanitize=$(grep -o -- '-fsanitize=[a-z,]*' "$BUILD/.flags" | head -n 1)
	# shellcheck disable=SC2086
	"$compiler" $sanitize -I"$top/userspace/include" -o make-models "$top/tools/testing/cli/make-models.c" \
		-L"$BUILD/lib" -lakida -Wl,-rpath,"$BUILD/lib" && ./make-models .
}

if [ ! -x "$akida" ]; then
	echo "Bail out! there is no $akida: make it first"
	exit 1
fi
