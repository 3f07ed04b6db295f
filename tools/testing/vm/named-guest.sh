# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# In the machine of test-programs.sh: compiled programs, models of which a chip
# holds only a part, programs that stay on a board under a name, and their
# weights. Sourced by programs-guest.sh.
# shellcheck disable=SC2016,SC2034

# Bytes that the engines of a board have moved, as it counts them itself.
moved()
{
	vmctl board "$1" stats | tr -d ' ' | tr ',{}' '\n' | awk -F: '$1 == "\"bytes\"" { print $2; exit }'
}

# Bytes that are moved to the board when the program is run the next time: those of
# the 100 inputs and outputs, which are the same each time, are taken off.
run_bytes=0
loads()
{
	before=$(moved "$board")
	akida run --loaded shared --device "$node" -i digits-test.npy --raw -o board.npy >out 2>err || return 1
	echo $(($(moved "$board") - before - run_bytes))
}

for node in /dev/akida*; do
	case $(akida list | grep "^$node ") in
	*AKD1000*) first=$node chip=akd1000 other=akd1500 board=0 ;;
	*AKD1500*) chip=akd1500 other=akd1000 board=1 ;;
	esac
	ok "the software device, prepared for $chip" 'run 0 akida run digits.fbz -i digits-test.npy --raw -o soft.npy --target $chip'

	# compiled programs
	ok 'a program is built' 'run 0 akida build digits.fbz --target $chip -o digits.akp && run 0 akida build digits.fbz --target $other -o other.akp'
	ok "it runs on $node as its model does" 'run 0 akida run digits.akp -i digits-test.npy --raw -o board.npy --device $node && cmp soft.npy board.npy'
	ok 'one for another chip is refused with both versions' 'run 1 akida run other.akp -i digits-test.npy --device $node &&
		warns "$node takes programs of device version AF[.]1[05][.]0[.]1; this one is of AF[.]1[05][.]0[.]1"'
	ok 'events come out, and are maps afterwards' 'run 0 akida build digits.fbz --target $chip --sparse-output -o sparse.akp &&
		run 0 akida run sparse.akp -i digits-test.npy --raw -o board.npy --device $node && cmp soft.npy board.npy'
	if [ -r gesture.fbz ]; then
		ok 'a model that the chip cannot hold' 'run 1 akida run gesture.fbz -i gesture.npy --device $node && warns "weights of 8 bits.*--partial"'
		ok '--partial gives what the software device gives' \
			'run 0 akida run gesture.fbz -i gesture.npy --raw -o want.npy --target $chip && run 0 akida run gesture.fbz -i gesture.npy --raw -o got.npy --device $node --partial && cmp want.npy got.npy'
		ok 'and cannot stay' 'run 1 akida load gesture.fbz $node && warns "--partial"'
	fi

	ok 'a program that was written by hand adds up' \
		'printf "\3\2\1\7" | akida run sums-$chip.akp -i - --raw --json --device $node >out 2>err && says "\"potential\": 13," && says "\"potential\": -5,"'
	./program_api digits.fbz "$node" digits-test.npy >api.log 2>&1
	api=$?
	while IFS= read -r line; do
		case $line in
		'ok - '*) ok "${line#ok - }" true ;;
		'not ok - '*) ok "${line#not ok - }" false ;;
		*) echo "# ${line#\# }" ;;
		esac
	done <api.log
	ok 'the library, to its end' '[ $api -eq 0 ]'

	# a program that stays
	ok 'akida-load' 'run 0 akida-load digits.fbz $node && says "^.digits. is on $node: 28x28x1 in, 1x1x10 potentials out"'
	ok 'it runs by its name' 'run 0 akida run --loaded digits --device $node -i digits-test.npy --raw -o board.npy && cmp soft.npy board.npy'
	ok 'one input at a time, too' 'run 0 akida run --loaded digits --device $node -i digits-test.npy --raw --batch 1 -o board.npy && cmp soft.npy board.npy'
	ok 'scores are those of the model' 'run 0 akida run digits.fbz -i digits-test.npy -o want.npy --target $chip && run 0 akida run --loaded digits --device $node -i digits-test.npy -o got.npy && cmp want.npy got.npy'
	ok 'info lists it' 'run 0 akida info $node && says "^Programs +1$" && says "^ +digits +root +0600 +28x28x1 +[0-9.]+ KiB +[1-9][0-9]* +0$"'
	ok 'and in JSON' 'run 0 akida info --json $node && says "\"name\": \"digits\"" && says "\"may_run\": true"'
	ok 'a name that is taken' 'run 1 akida load digits.akp $node && warns "there is a program .digits. already; --replace"'
	ok 'the compiled program takes its place' 'run 0 akida load digits.akp $node --replace && run 0 akida run --loaded digits --device $node -i digits-test.npy --raw -o board.npy && cmp soft.npy board.npy'
	ok 'it is measured' 'run 0 akida bench --loaded digits --device $node -n 3 && says "^Core +[1-9][0-9]* clocks" && says "^Queue +[0-9]" && says "^Run +[0-9]"'
	ok 'it is private' 'as user 1 akida run --loaded digits --device $node -i /root/digits-test.npy && warns "belongs to somebody else"'
	ok 'for everybody' 'run 0 akida load digits.fbz $node --name shared --mode 711'
	ok 'others run it' 'as user 0 akida run --loaded shared --device $node -i /digits-test.npy --raw -o /tmp/board.npy && cmp soft.npy /tmp/board.npy'
	rm -f /tmp/board.npy
	ok 'others cannot change it' 'as user 1 akida set-weights shared dense_4 /reversed.npy --device $node && warns "belongs to somebody else"'
	ok 'nor unload it' 'as user 1 akida unload shared $node && warns "belongs to somebody else"'

	# weights
	ok 'weights in reversed order' 'run 0 akida set-weights shared dense_4 /reversed.npy --device $node'
	ok 'outputs in reversed order' 'run 0 akida run --loaded shared --device $node -i digits-test.npy --raw -o board.npy && cmp reversed-$chip.npy board.npy'
	ok 'the other program is as it was' 'run 0 akida run --loaded digits --device $node -i digits-test.npy --raw -o board.npy && cmp soft.npy board.npy'
	ok 'a number instead of a name' 'run 0 akida info --weights dense_4 digits.fbz && run 0 akida set-weights digits 4 dense_4.weights.npy --device $node'
	ok 'weights as they were' 'run 0 akida set-weights shared dense_4 dense_4.weights.npy --device $node'
	ok 'both parts of a separable layer' 'run 0 akida info --weights separable_2 digits.fbz &&
		run 0 akida set-weights shared separable_2 separable_2.weights.npy separable_2.weights_pw.npy --device $node'
	ok 'outputs as they were' 'run 0 akida run --loaded shared --device $node -i digits-test.npy --raw -o board.npy && cmp soft.npy board.npy'
	ok 'one part is not enough' 'run 1 akida set-weights shared separable_2 separable_2.weights.npy --device $node && warns "replaced together"'
	ok 'weights of another shape' 'run 1 akida set-weights shared conv_1 dense_4.weights.npy --device $node && warns "it takes .3, 3, 16, 24."'
	ok 'a layer that there is not' 'run 1 akida set-weights shared none dense_4.weights.npy --device $node && warns "no layer .none."'

	# what that moves
	ok 'bytes of a run alone' 'run_bytes=0 && run_bytes=$(loads) && [ "$run_bytes" -gt 78400 ] && [ "$(loads)" = 0 ]'
	ok 'sizes are known' 'run 0 akida build digits.fbz --target $chip -o digits.akp --report &&
		layer=$(awk "\$1 == \"dense_4\" { print 4 * \$(NF - 1) }" out) && all=$(awk "\$1 == \"Total\" { print 4 * \$(NF - 1) + 32 * \$(NF - 2) }" out) &&
		[ "$layer" -gt 0 ] && [ "$all" -gt 9000 ]'
	ok 'new weights of a layer move its track and descriptor, and no more' \
		'run 0 akida set-weights shared dense_4 dense_4.weights.npy --device $node && n=$(loads) && echo "$n bytes, $layer of the layer" && [ "$n" = $((layer + 32)) ]'
	ok 'a program anew moves all' 'run 0 akida load digits.akp $node --name shared --replace && n=$(loads) && echo "$n bytes, $all of the layers" &&
		[ "$n" -ge "$all" ] && [ "$n" -le $((all + 4096)) ]'
	ok 'and leaves its outputs' 'cmp soft.npy board.npy'
	ok 'unload' 'run 0 akida unload digits $node && run 0 akida unload shared $node && run 0 akida info $node && ! says "^Programs"'
	ok 'it is gone' 'run 1 akida run --loaded digits --device $node -i digits-test.npy && warns "there is no program .digits. on the board"'
done
# Both chips round steps alike.
ok 'all boards together' 'run 0 akida run digits.fbz -i digits-test.npy --raw -o board.npy --device all && cmp soft.npy board.npy'
ok 'one at a time' 'run 0 akida run digits.fbz -i digits-test.npy --raw -o board.npy --device all --batch 1 && cmp soft.npy board.npy'
ok 'a program that only one has' 'run 0 akida load digits.fbz $first && run 1 akida run --loaded digits -i digits-test.npy --device all && run 0 akida unload digits $first'
