# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# bash completion for akida and its links.

_akida_options()
{
	local common='--help --usage --version -? -V'

	case $1 in
	bench)
		echo "--input -i --batch -b --iterations -n --seconds -s --compare-reference --quant --json" \
			"--device --loaded --threads -t --cpu --reference $common"
		;;
	build)
		echo "--target --output -o --passes --partial --sparse-output --report --mesh --json $common"
		;;
	cdi)
		echo "--device --output -o --cdi-version $common"
		;;
	convert)
		echo "--to --output -o --formats --force --json --log --quant-type --repack-format --pad --compat" \
			"--fc-dtype --embd-dtype --lmhead-dtype --isa --layout --generation --scale --ternary-layout" \
			"--bits --granularity --group-size --scheme --calibrate --strict --name" \
			"--threads -t --memory --packed-scale --part --join --resume --no-sync" \
			"--calib --holdout --weights-bits --input-weights-bits --act-bits --layer-bits --range --no-equalise" \
			"--no-bias-correction --no-rounding --quantize --names --target --plot" \
			"--arch --input-scale --input-offset --input-bits --mean --std --ignore-beta $common"
		;;
	dma-test)
		echo "--size -s --count -n --passes --pattern --direction --kind --seed --json $common"
		;;
	doctor)
		echo "--json --pci $common"
		;;
	evaluate)
		echo "--data --labels -l --against --layout --threads -t --json" \
			"--arch --input-scale --input-offset --input-bits --mean --std --ignore-beta $common"
		;;
	export)
		echo "--listen --timeout --textfile --interval --processes $common"
		;;
	fetch)
		echo "--revision --json $common"
		;;
	info)
		echo "--json --keys --target --weights --output -o $common"
		;;
	inspect)
		echo "--stats --json --threads -t $common"
		;;
	list)
		echo "--json $common"
		;;
	load)
		echo "--configured --name --replace --mode --json $common"
		;;
	matvec)
		echo "--input -i --output -o --threads -t --json $common"
		;;
	merge)
		echo "--output -o --force --json $common"
		;;
	monitor)
		echo "--json --device --exec --count -n $common"
		;;
	power)
		echo "--device --sample --count -n --interval --json $common"
		;;
	report)
		echo "--output -o --list --serials $common"
		;;
	run)
		echo "--input -i --output -o --raw -r --crop --labels -l --top -k --threshold --json --stats" \
			"--draw --dump --device --loaded --partial --batch -b --threads -t --target --reference --layout" \
			"--decode --anchors --nms --events --window --sensor" \
			"--arch --input-scale --input-offset --input-bits --mean --std --ignore-beta $common"
		;;
	set-weights)
		echo "--device --json $common"
		;;
	unload)
		echo "--configured --json $common"
		;;
	top)
		echo "--interval --count -n --batch -b --json $common"
		;;
	trace)
		echo "--json --device --seconds -s --slower-than --by $common"
		;;
	verify)
		echo "--max-error --threads -t --json $common"
		;;
	'')
		echo "--help --version -? -V"
		;;
	esac
}

# Words that stand for something come from the command itself.
_akida_layers()
{
	local word

	for word in "${COMP_WORDS[@]}"; do
		if [[ $word == *.fbz && -f $word ]]; then
			"${COMP_WORDS[0]}" info --json "$word" 2>/dev/null | sed -n 's/^      "name": "\([A-Za-z0-9_.-]*\)",$/\1/p'
			return
		fi
	done
}

_akida_files()
{
	local cur=$1 pattern=$2 name

	compopt -o filenames 2>/dev/null
	while IFS= read -r name; do
		if [[ -d $name || $name =~ $pattern ]]; then
			COMPREPLY+=("$name")
		fi
	done < <(compgen -f -- "$cur")
}

# Nodes of boards, if there are any.
_akida_boards()
{
	compgen -G '/dev/akida[0-9]*'
}

_akida_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1")
}

# Completes the argument of an option; fails if the option takes none.
_akida_argument()
{
	local sub=$1 option=$2 cur=$3

	case $sub:$option in
	run:-i | run:--input | bench:-i | bench:--input)
		_akida_files "$cur" '\.(npy|png|jpe?g|PNG|JPE?G)$'
		;;
	matvec:-i | matvec:--input | matvec:-o | matvec:--output)
		_akida_files "$cur" '\.npy$'
		;;
	run:--decode)
		_akida_words "$cur" "yolo"
		;;
	run:--events)
		_akida_files "$cur" '\.(npy|txt|csv)$'
		;;
	run:--window | run:--sensor)
		;;
	run:--anchors)
		_akida_files "$cur" '\.(npy|txt)$'
		;;
	run:-l | run:--labels)
		_akida_files "$cur" ''
		;;
	run:-o | run:--output)
		_akida_files "$cur" '\.npy$'
		;;
	run:--draw)
		_akida_files "$cur" '\.png$'
		;;
	run:--dump | info:-o | info:--output | merge:-o | merge:--output)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		;;
	run:--target | info:--target | build:--target | convert:--target)
		_akida_words "$cur" "akd1000 akd1500"
		;;
	monitor:--device | trace:--device | cdi:--device)
		_akida_words "$cur" "$(_akida_boards)"
		;;
	monitor:--exec)
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		;;
	cdi:-o | cdi:--output)
		_akida_files "$cur" '\.(json|yaml)$'
		;;
	report:-o | report:--output)
		_akida_files "$cur" '\.tar\.gz$'
		;;
	cdi:--cdi-version)
		_akida_words "$cur" "0.5.0 0.6.0 0.7.0"
		;;
	monitor:-n | monitor:--count | power:-n | power:--count | power:--interval | top:-n | top:--count | top:--interval)
		;;
	export:--textfile)
		_akida_files "$cur" '\.prom$'
		;;
	export:--listen)
		_akida_words "$cur" "127.0.0.1:10150 [::1]:10150 :10150"
		;;
	export:--timeout | export:--interval)
		;;
	power:--device)
		_akida_words "$cur" "$(_akida_boards)"
		;;
	trace:--by)
		_akida_words "$cur" "program process"
		;;
	trace:-s | trace:--seconds | trace:--slower-than)
		;;
	run:--device | bench:--device)
		_akida_words "$cur" "soft all $(_akida_boards)"
		;;
	set-weights:--device)
		_akida_words "$cur" "$(_akida_boards)"
		;;
	run:--loaded | bench:--loaded | load:--name | load:--mode)
		;;
	dma-test:--pattern)
		_akida_words "$cur" "ones zeros checker walk1 walk0 address inverse random"
		;;
	dma-test:--direction)
		_akida_words "$cur" "to-device from-device both"
		;;
	dma-test:--kind)
		_akida_words "$cur" "host user window"
		;;
	doctor:--pci)
		_akida_words "$cur" "$(grep -lis '^0x1e7c$' /sys/bus/pci/devices/*/vendor | sed 's|/vendor$||; s|.*/||')"
		;;
	dma-test:-s | dma-test:--size | dma-test:-n | dma-test:--count | dma-test:--passes | dma-test:--seed)
		;;
	build:--passes)
		_akida_words "$cur" "max"
		;;
	build:-o | build:--output | build:--mesh)
		_akida_files "$cur" ''
		;;
	fetch:--revision)
		;;
	bench:--cpu)
		_akida_words "$cur" "baseline avx2 avxvnni avx512vnni neon dotprod"
		;;
	info:--weights)
		_akida_words "$cur" "$(_akida_layers)"
		;;
	convert:--to)
		_akida_words "$cur" "fbz nntr nntr-bin nntr-safetensors bitnet gguf apl"
		;;
	convert:--quant-type)
		_akida_words "$cur" "q4_0 q6_k q8_0 f32 f16 bf16 tq1_0 tq2_0 i2_s"
		;;
	convert:--repack-format)
		_akida_words "$cur" "q4_0_4 q4_0_8"
		;;
	convert:--compat)
		_akida_words "$cur" "script exporter"
		;;
	convert:--fc-dtype | convert:--lmhead-dtype)
		_akida_words "$cur" "q4_0 q6_k fp16 fp32"
		;;
	convert:--embd-dtype)
		_akida_words "$cur" "q4_0 q6_k fp32"
		;;
	convert:--isa)
		_akida_words "$cur" "x86 arm"
		;;
	convert:--layout)
		_akida_words "$cur" "bin safetensors hf nhwc nchw"
		;;
	convert:--generation)
		_akida_words "$cur" "1 2 3"
		;;
	convert:--scale)
		_akida_words "$cur" "row tensor"
		;;
	convert:--ternary-layout)
		_akida_words "$cur" "x86 arm"
		;;
	convert:--bits)
		_akida_words "$cur" "1 2 4 8"
		;;
	convert:--granularity)
		_akida_words "$cur" "row channel group"
		;;
	convert:--scheme)
		_akida_words "$cur" "asymmetric symmetric"
		;;
	convert:--calibrate)
		_akida_words "$cur" "range mse"
		;;
	convert:--calib | convert:--holdout | evaluate:--data | evaluate:-l | evaluate:--labels)
		_akida_files "$cur" '\.npy$'
		;;
	convert:--arch | evaluate:--arch | run:--arch)
		_akida_files "$cur" '\.json$'
		;;
	convert:--plot | evaluate:--against)
		_akida_files "$cur" ''
		;;
	convert:--range)
		_akida_words "$cur" "mse max clip 99.9"
		;;
	convert:--quantize)
		_akida_words "$cur" "ptq none"
		;;
	convert:--names)
		_akida_words "$cur" "source canonical"
		;;
	evaluate:--layout | run:--layout)
		_akida_words "$cur" "nhwc nchw"
		;;
	convert:--weights-bits | convert:--input-weights-bits)
		_akida_words "$cur" "1 2 4 8"
		;;
	convert:--act-bits)
		_akida_words "$cur" "1 2 4"
		;;
	convert:--group-size | convert:--name)
		;;
	convert:--packed-scale)
		_akida_words "$cur" "multiply divide"
		;;
	convert:--log | convert:-o | convert:--output)
		_akida_files "$cur" ''
		;;
	matvec:-t | matvec:--threads | verify:-t | verify:--threads | verify:--max-error)
		;;
	convert:-t | convert:--threads | convert:--memory | convert:--part)
		;;
	run:-k | run:--top | run:--threshold | run:-b | run:--batch | run:-t | run:--threads)
		;;
	bench:-b | bench:--batch | bench:-n | bench:--iterations | bench:-s | bench:--seconds | bench:-t | bench:--threads)
		;;
	inspect:-t | inspect:--threads)
		;;
	*)
		return 1
		;;
	esac
}

_akida()
{
	local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local name=${COMP_WORDS[0]##*/} sub='' first=1

	COMPREPLY=()
	case $name in
	akida-*)
		sub=${name#akida-}
		;;
	*)
		if [ "$COMP_CWORD" -eq 1 ]; then
			_akida_words "$cur" "bench build cdi convert dma-test doctor evaluate export fetch help info inspect list load matvec merge monitor power report run set-weights top trace unload verify $(_akida_options '')"
			return
		fi
		sub=${COMP_WORDS[1]}
		first=2
		;;
	esac
	if [ "$sub" = help ]; then
		_akida_words "$cur" "bench build cdi convert dma-test doctor evaluate export fetch info inspect list load matvec merge monitor power report run set-weights top trace unload verify"
		return
	fi
	if [ "$COMP_CWORD" -gt "$first" ] && _akida_argument "$sub" "$previous" "$cur"; then
		return
	fi
	case $cur in
	-*)
		_akida_words "$cur" "$(_akida_options "$sub")"
		;;
	*)
		case $sub in
		run)
			_akida_files "$cur" '\.(fbz|safetensors|onnx|keras|h5|pth?|np[yz]|png|jpe?g|PNG|JPE?G)$'
			;;
		evaluate)
			_akida_files "$cur" '\.(fbz|safetensors|onnx|keras|h5|pth?|np[yz])$'
			;;
		convert | inspect)
			_akida_files "$cur" '\.(safetensors|json|bin|pth?|np[yz]|gguf|nntr)$'
			;;
		build | bench)
			_akida_files "$cur" '\.fbz$'
			;;
		matvec | merge | verify)
			_akida_files "$cur" ''
			;;
		load)
			_akida_files "$cur" '\.(fbz|akp|bin)$'
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$(_akida_boards)" -- "$cur")
			;;
		set-weights)
			_akida_files "$cur" '\.npy$'
			;;
		unload)
			_akida_words "$cur" "$(_akida_boards)"
			;;
		info)
			_akida_files "$cur" '\.fbz$'
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$(_akida_boards)" -- "$cur")
			;;
		dma-test)
			_akida_words "$cur" "$(_akida_boards)"
			;;
		esac
		;;
	esac
}

complete -F _akida akida akida-bench akida-build akida-cdi akida-convert akida-dma-test akida-doctor akida-evaluate akida-export akida-fetch akida-info akida-inspect akida-list akida-load akida-matvec akida-merge akida-monitor akida-power akida-report akida-run akida-set-weights akida-top akida-trace akida-unload akida-verify
