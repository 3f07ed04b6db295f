#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Manual pages against the source: akida(4) has what the driver has, akida(7)
# every environment variable, each program has a page, and all are installed.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

man=$top/Documentation/man

# Words behind MACRO in tags of a page's lists: ".It Cm name Ns = Ns ...",
# ".It Pa one , two".
tags()
{
	sed -n "s/^\\.It $2 //p" "$man/$1" | sed 's/ Ns = .*//' | tr -d ',' | tr ' ' '\n' | grep .
}

# The same, of one section or subsection only.
tags_of()
{
	sed -n "/^\\.S[hs] $1\$/,/^\\.S[hs] /p" "$man/$2" >section
	sed -n "s/^\\.It $3 //p" section | sed 's/ Ns = .*//' | tr -d ',' | tr ' ' '\n' | grep . | sort
}

# same NAME: lists in the files source and page are equal and not empty.
same()
{
	sort -u source >source.sorted
	sort -u page >page.sorted
	ok "akida(4): $1" eval '[ -s source.sorted ] && diff source.sorted page.sorted'
}

cat "$top"/kernel/*.c >kernel.c

sed -n 's/^module_param\(_named\|_cb\)\?(\([a-z0-9_]*\),.*/\2/p' kernel.c >source
tags_of Parameters akida.4 Cm >page
same 'module parameters'
# All of them, so that none is written in a way that the line above misses.
ok 'each parameter has a description, and the reverse' eval \
	'[ "$(grep -c "MODULE_PARM_DESC(" kernel.c)" -eq "$(grep -c . source)" ]'

{
	sed -n 's/^static DEVICE_ATTR_R[OW](\([a-z0-9_]*\));/\1/p' "$top/kernel/akida_sysfs.c"
} >source
tags_of Attributes akida.4 Pa >page
same 'attributes in sysfs'
ok 'attributes are in these two files' eval \
	'[ "$(grep -c "^static DEVICE_ATTR" kernel.c)" -eq "$(cat "$top"/kernel/akida_sysfs.c "$top"/kernel/akida_hwmon.c | grep -c "^static DEVICE_ATTR_R[OW](")" ]'

# HWMON_P_INPUT and its like: a letter for the kind, and the attribute.
{
	grep -oE 'HWMON_[PICT]_[A-Z]+' "$top/kernel/akida_hwmon.c" | tr '[:upper:]' '[:lower:]' |
		sed 's/hwmon_p_/power1_/; s/hwmon_i_/in0_/; s/hwmon_c_/curr1_/; s/hwmon_t_/temp1_/'
	sed -n 's/^static DEVICE_ATTR_R[OW](\([a-z0-9_]*\));/\1/p' "$top/kernel/akida_hwmon.c"
} >source
tags_of Sensors akida.4 Pa >page
same 'attributes of hwmon'

tr -d '\n\t' <kernel.c | grep -oE 'debugfs_create_file\("[a-z_]+"' | sed 's/.*"\(.*\)"/\1/' >source
sed -n 's|^\.It Pa /sys/kernel/debug/akida/akidaN/||p' "$man/akida.4" >page
same 'files in debugfs'

tr -d '\n' <"$top/kernel/akida_trace.h" | grep -oE '(TRACE_EVENT\(|DEFINE_EVENT\([a-z_]+,)[[:space:]]*akida_[a-z_]+' | grep -oE 'akida_[a-z_]+$' >source
sed -n '/^\.Ss Tracepoints/,/^\.Ss /s/^\.Dv \(akida_[a-z_]*\).*/\1/p' "$man/akida.4" >page
same 'tracepoints'

sed -n 's/^#define \(AKIDA_IOC_[A-Z_]*\)[ (].*/\1/p' "$top/uapi/akida.h" | grep -v AKIDA_IOC_MAGIC >source
tags_of Commands akida.4 Dv >page
same 'ioctls'

sed -n 's/^      name: \([a-z-]*\)$/\1/p' "$top/Documentation/netlink/akida.yaml" |
	grep -E -- '-ntf$|^device-get$' >source
sed -n '/^\.Ss Events/,/^\.Ss /s/^\.Dv \([a-z-]*\).*/\1/p' "$man/akida.4" >page
same 'netlink commands and events'
sed -n '/^mcast-groups:/,$s/^      name: \([a-z-]*\)$/\1/p' "$top/Documentation/netlink/akida.yaml" >source
tags_of Events akida.4 Cm >page
same 'netlink groups'

# What a process' open nodes tell.
if grep -q 'show_fdinfo' kernel.c; then
	grep -oE '"akida-[a-z-]+:' kernel.c | tr -d '":' >source
	tags_of 'Use by processes' akida.4 Li >page
	same 'lines of fdinfo'
fi

# Variables that programs look at, but for those of the dynamic linker, which
# only go on to programs that they run.
grep -rhoE '(getenv|is_set)\("[A-Z0-9_]+"' "$top"/userspace "$top"/tools/akida "$top"/tools/akida-board --include='*.c' | sed 's/.*"\(.*\)"/\1/' >source
sed -n '/^int ak_hub_cache(/,/^}/s/.*{ "\([A-Z_]*\)", ".*/\1/p' "$top/userspace/lib/convert/hub_cache.c" >>source
sed -i '/^LD_/d' source
tags akida.7 Ev >page
sort -u source >source.sorted
sort -u page >page.sorted
ok 'akida(7): environment variables' eval '[ -s source.sorted ] && diff source.sorted page.sorted'

# Pages of programs, and of each section that is promised.
for p in akida akida-board $(cat "$top/tools/akida/links"); do
	ok "$p has a page" test -s "$man/$p.1"
done
ok 'the module and the overview have theirs' eval 'test -s "$man/akida.4" && test -s "$man/akida.7"'
for p in "$man"/*.[1-8]; do
	name=$(basename "$p")
	ok "$name says which section it is of, and what it is about" eval \
		'grep -q "^\.Dt $(echo "${name%.*}" | tr a-z A-Z) ${name##*.}\$" "$p" && grep -q "^\.Nd ." "$p" && grep -q "^\.Sh SEE ALSO" "$p"'
	ok "$name refers to pages that there are" eval \
		'sed -n "s/^\.Xr \(akida[a-z@.-]*\) \([1-8]\).*/\1.\2/p" "$p" | while read -r x; do [ -e "$man/$x" ] || { echo "$x"; exit 1; }; done'
done
ok 'akida(1) and akida(7) lead to each other' eval \
	'grep -q "^.Xr akida 7" "$man/akida.1" && grep -q "^.Xr akida 1" "$man/akida.7"'
if command -v mandoc >/dev/null; then
	# Together, so that their references to each other are found; those to
	# others' pages need not be installed.
	ok 'mandoc has nothing to say' eval '(cd "$man" && mandoc -Tlint -- *.[1-8]) >lint 2>&1; ! grep -vE "outdated mandoc.db|longer than 80 bytes|referenced manual not found: Xr [^a]" lint'
else
	skip 'mandoc has nothing to say' 'there is no mandoc'
fi

# What is installed.
ok 'make install-man' make -s -C "$top" install-man DESTDIR="$work/root" PREFIX=/usr BUILD="$work/none"
ok 'it installs every page in its section' eval \
	'diff <(cd "$man" && ls *.[1-8]) <(cd root/usr/share/man && ls man[1-8]/* | sed "s|.*/||" | sort) &&
	for f in root/usr/share/man/man*/*; do s=${f%/*}; [ "${f##*.}" = "${s##*man}" ] || exit 1; done'
ok 'each page is of one Debian package' eval \
	'for p in "$man"/*.[1-8]; do
		name=$(basename "$p") n=0
		for glob in $(sed -n "s|^usr/share/man/man[1-8]/||p; s|^Documentation/man/||p" "$top"/debian/*.install "$top"/debian/*.manpages); do
			case $name in $glob) n=$((n + 1)) ;; esac
		done
		[ $n -eq 1 ] || { echo "$name: $n packages"; exit 1; }
	done'
finish
