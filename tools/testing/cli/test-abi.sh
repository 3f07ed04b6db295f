#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The library's exported symbols, its symbol map and its public headers agree,
# everything public is documented, and the headers stand alone.
set -u
cd "$(dirname "$0")/../../.." || exit 1
BUILD=${BUILD:-$PWD/build}
lib=$BUILD/lib/libakida.so
headers=userspace/include/akida
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
status=0

result()
{
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		status=1
	fi
}

# Declarations only: comments are stripped first.
cat $headers/*.h | tr '\n' ' ' | sed 's|/\*|\n/*|g;s|\*/|*/\n|g' | grep -v '^/\*' |
	grep -oE '\bakida_[a-z0-9_]+\(' | tr -d '(' | sort -u >"$tmp/headers"
sed -n 's/^[[:space:]]*\(akida_[a-z0-9_]*\);$/\1/p' userspace/lib/libakida.map | sort -u >"$tmp/map"
nm -D --defined-only "$lib" | awk '$2 ~ /[TDBR]/ { sub(/@.*/, "", $3); print $3 }' | sort -u >"$tmp/library"

diff "$tmp/headers" "$tmp/map" >"$tmp/diff"
result $? 'symbol map and headers agree'
sed 's/^/# /' "$tmp/diff"
diff "$tmp/headers" "$tmp/library" >"$tmp/diff"
result $? 'exported symbols and headers agree'
sed 's/^/# /' "$tmp/diff"

: >"$tmp/undocumented"
while read -r f; do
	grep -qE "^ \* $f\(\) - " $headers/*.h || echo "# no kernel-doc: $f" >>"$tmp/undocumented"
done <"$tmp/headers"
[ ! -s "$tmp/undocumented" ]
result $? 'every public function has kernel-doc'
cat "$tmp/undocumented"

nm -D "$lib" | grep -q ' A LIBAKIDA_0.1'
result $? 'symbols carry a version'
readelf -d "$lib" | grep -q 'SONAME.*libakida.so.0\]'
result $? 'soname is libakida.so.0'

for h in "$headers"/*.h; do
	name=akida/$(basename "$h")
	printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' "$name" "$name" >"$tmp/alone.c"
	cc -std=c11 -Wall -Wextra -Wpedantic -Werror -Iuserspace/include -fsyntax-only "$tmp/alone.c" >"$tmp/out" 2>&1
	result $? "$name stands alone in C11"
	sed 's/^/# /' "$tmp/out"
done
if command -v g++ >/dev/null; then
	g++ -x c++ -std=c++17 -Wall -Wextra -Werror -Iuserspace/include -fsyntax-only $headers/akida.h >"$tmp/out" 2>&1
	result $? 'akida/akida.h compiles as C++'
	sed 's/^/# /' "$tmp/out"
else
	n=$((n + 1))
	echo "ok $n - akida/akida.h compiles as C++ # SKIP there is no g++"
fi

# The archive hides what the shared library hides.
nm -g --defined-only "$BUILD/lib/libakida.a" | awk '$2 ~ /[TDBR]/ { print $3 }' | sort -u >"$tmp/archive"
diff "$tmp/headers" "$tmp/archive" >"$tmp/diff"
result $? 'the static library exports the same'
sed 's/^/# /' "$tmp/diff"
! grep -rnE '\b(printf|puts|fprintf|perror)\(' userspace/lib --include='*.c' >"$tmp/diff"
result $? 'the library writes to no stream'
sed 's/^/# /' "$tmp/diff"
echo "1..$n"
exit $status
