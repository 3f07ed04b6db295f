#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The command in a machine with a board of each chip; arguments go to
# scripts/vm.
# Machines: 6.1-none 7.2-strict
cd "$(dirname "$0")/../../.." || exit 1
udevadm=$(command -v udevadm)
if [ -n "$udevadm" ]; then
	# One program of two names.
	set -- --add "$udevadm:usr/bin/udevadm" --add "$udevadm:usr/bin/systemd-udevd" "$@"
fi
sensors=$(command -v sensors)
if [ -n "$sensors" ]; then
	set -- --add "$sensors:usr/bin/sensors" --add /etc/sensors3.conf:etc/sensors3.conf "$@"
fi
# What containers see is the library's; once is enough.
unshare=$(command -v unshare)
case " $* " in *' 6.1 '*) unshare='' ;; esac
if [ -n "$unshare" ]; then
	set -- --add "$unshare:usr/bin/unshare-linux" --add "$(dirname "$unshare")/setpriv:usr/bin/setpriv-linux" \
		--add tools/testing/vm/container-guest.sh --add tools/demo/digits.fbz --add tools/demo/digits-test.npy "$@"
fi
exec scripts/vm --chip akd1000,akd1500 --timeout 600 --add tools/testing/vm/guest.sh --add tools/testing/vm/tools-guest.sh --add tools/udev/60-akida.rules \
	"$@" -- sh /root/tools-guest.sh
