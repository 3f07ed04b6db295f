# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# For tests of the command inside a machine: TAP. Sourced by *-guest.sh, which
# "finish" ends.
# Single quotes keep what "ok TEXT COMMAND" runs from being expanded before.
# shellcheck disable=SC2016,SC2034
export NO_COLOR=1
tests=0 failures=0

# ok TEXT COMMAND: passes if the shell command succeeds.
ok()
{
	tests=$((tests + 1))
	if eval "$2" >said 2>&1; then
		echo "ok $tests - $1"
	else
		failures=$((failures + 1))
		echo "not ok $tests - $1"
		echo "# failed: $2"
		sed 's/^/# /' said
		[ ! -s out ] || sed 's/^/# out: /' out | head -n 60
		[ ! -s err ] || sed 's/^/# err: /' err | head -n 20
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

# run STATUS COMMAND...: ends so; output in out, messages in err.
run()
{
	want=$1
	shift
	"$@" >out 2>err </dev/null
	rc=$?
	[ $rc -eq "$want" ] || { echo "status $rc, not $want: $*"; return 1; }
}

# as USER STATUS COMMAND: the same as another user.
as()
{
	user=$1 want=$2
	shift 2
	su "$user" -c "export NO_COLOR=1; $*" >out 2>err </dev/null
	rc=$?
	[ $rc -eq "$want" ] || { echo "status $rc, not $want: $* as $user"; return 1; }
}

says()
{
	grep -Eq -- "$1" out
}

warns()
{
	grep -Eq -- "$1" err
}
