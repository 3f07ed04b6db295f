# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# bash completion for akida-board.

_akida_board_faults='stall abort bad-completion link-down lost-irq spurious-irq slow-link surprise-removal sensor-alert sensor-absent degraded-link'
_akida_board_options='--chip --socket --control --fault --stats --trace --map-bar4 --serial --once --without --seed --help --usage --version -? -V'

_akida_board()
{
	local cur=${COMP_WORDS[COMP_CWORD]} words=''

	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--chip)
		words='akd1000 akd1500'
		;;
	--fault)
		words=$_akida_board_faults
		;;
	--without)
		words='power voltage current temperature frequency modes alert monitor'
		;;
	--socket | --control | --stats)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--serial | --seed)
		;;
	*)
		words=$_akida_board_options
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _akida_board akida-board
