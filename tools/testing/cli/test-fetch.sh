#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida fetch: a local server that behaves like the hub, and one that does not.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034
. "$(dirname "$0")/lib.sh"

if ! command -v python3 >/dev/null; then
	skip 'akida fetch' 'there is no python3'
	finish
	exit
fi
"$akida" fetch x/y 2>&1 | grep -q 'made without libcurl' && {
	skip 'akida fetch' 'this build has no libcurl'
	finish
	exit
}

# Models: a configuration, a small tokenizer, weights of 200 kB.
make_model()
{
	mkdir -p "hub/$1"
	printf '{"model_type": "llama"}\n' >"hub/$1/config.json"
	printf '{}\n' >"hub/$1/tokenizer.json"
	printf 'picture' >"hub/$1/card.png"
	head -c 200000 /dev/zero | tr '\0' "${2:-a}" >"hub/$1/model.safetensors"
}

for m in good gated truncated wronghash norange flaky long escape broken; do
	make_model "org/$m"
done
make_model org/torch
mv hub/org/torch/model.safetensors hub/org/torch/pytorch_model.bin
mkdir -p hub/org/empty && printf '{}' >hub/org/empty/config.json

python3 "$top/tools/testing/convert/hub_server.py" hub port requests &
server=$!
trap 'kill $server 2>/dev/null; chmod -R u+w "$work"; rm -rf "$work"' EXIT
for _ in $(seq 100); do
	[ -s port ] && break
	sleep 0.1
done
HF_ENDPOINT=http://127.0.0.1:$(cat port)/
export HF_ENDPOINT HF_HOME=$PWD/home
unset HF_TOKEN HF_TOKEN_PATH HF_HUB_CACHE HUGGINGFACE_HUB_CACHE HF_HUB_OFFLINE
commit=0123456789abcdef0123456789abcdef01234567
cache=home/hub/models--org--good

ok 'fetch' run 0 fetch org/good
ok 'prints the folder' eval '[ "$(cat out)" = "$PWD/$cache/snapshots/$commit" ]'
ok 'three files, not the picture' eval \
	'[ "$(ls "$cache/snapshots/$commit" | tr "\n" " ")" = "config.json model.safetensors tokenizer.json " ]'
ok 'weights are equal' cmp "$cache/snapshots/$commit/model.safetensors" hub/org/good/model.safetensors
ok 'a file is a link to its digest' eval \
	'[ "$(readlink "$cache/snapshots/$commit/model.safetensors")" = "../../blobs/$(sha256sum <hub/org/good/model.safetensors | cut -d" " -f1)" ]'
ok 'the branch is noted' eval '[ "$(cat "$cache/refs/main")" = $commit ]'
ok 'nothing is left over' eval '! ls "$cache/blobs" | grep incomplete'
ok 'weights came from the other host' grep -q '^/cdn/org/good/model.safetensors host=localhost' requests
: >requests
ok 'again' run 0 fetch org/good --json
ok_json 'the same folder' '.path | endswith("snapshots/0123456789abcdef0123456789abcdef01234567")'
ok 'nothing was fetched again' eval '[ "$(wc -l <requests)" = 1 ]'
ok 'a tag' run 0 fetch org/good --revision v1
ok 'is noted, too' eval '[ "$(cat "$cache/refs/v1")" = $commit ]'
ok 'PyTorch weights where there are no others' run 0 fetch org/torch
ok 'a .bin file' eval '[ -e home/hub/models--org--torch/snapshots/$commit/pytorch_model.bin ]'

ok 'a gated model' run 1 fetch org/gated
ok 'says what to do' grep -q 'requires an access token: set HF_TOKEN' err
export HF_TOKEN=hf_bad
ok 'a wrong token' run 1 fetch org/gated
ok 'says so' grep -q 'refuses the access token' err
: >requests
HF_TOKEN=hf_good
ok 'the right token' run 0 fetch org/gated
ok 'it is sent to the hub' grep -q '^/api/models/org/gated.* auth=Bearer hf_good$' requests
ok 'and to nobody else' eval '! grep "^/cdn/" requests | grep -v "auth=-$"'
unset HF_TOKEN
rm -rf home/hub/models--org--gated
printf 'hf_good\n' >home/token
ok 'a token in the file' run 0 fetch org/gated
rm home/token

: >requests
ok 'a connection that breaks off' run 0 fetch org/flaky
ok 'went on by ranges' grep -q '^/cdn/org/flaky/model.safetensors .*range=bytes=100000-' requests
ok 'weights are equal' cmp home/hub/models--org--flaky/snapshots/$commit/model.safetensors hub/org/flaky/model.safetensors
mkdir -p home/hub/models--org--norange/blobs
head -c 1000 /dev/zero | tr '\0' b >"home/hub/models--org--norange/blobs/$(sha256sum <hub/org/norange/model.safetensors | cut -d' ' -f1).incomplete"
ok 'a server without ranges begins anew' run 0 fetch org/norange
ok 'weights are equal' cmp home/hub/models--org--norange/snapshots/$commit/model.safetensors hub/org/norange/model.safetensors

# What must not end well.
refused()
{
	ok "$1: fails" run 1 fetch "org/$1"
	ok "$1: says why" grep -qE "$2" err
	ok "$1: no folder of the revision" eval "! [ -e home/hub/models--org--$1/snapshots ]"
}
refused truncated 'goes on where it stopped'
ok 'truncated: what came is kept' eval 'ls home/hub/models--org--truncated/blobs | grep -q incomplete'
refused wronghash 'has not the digest'
ok 'wronghash: was thrown away' eval '! ls home/hub/models--org--wronghash/blobs | grep -q incomplete'
refused long 'more than the [0-9]+ bytes'
refused broken 'is no JSON'
refused empty 'neither model.safetensors nor pytorch_model.bin'
refused absent 'has no model org/absent .revision main.; check the name'
ok 'a revision that is not there' run 1 fetch org/good --revision v9
ok 'says so' grep -q 'revision v9' err
ok 'names that leave the folder are not fetched' run 0 fetch org/escape
ok 'nothing escaped' eval '! find . -name escaped.json | grep -q .'
ok 'an impossible name' run 1 fetch ../etc/passwd
ok 'an impossible revision' run 1 fetch org/good --revision ../main
ok 'no name' run 2 fetch

HF_HUB_OFFLINE=1 ok 'offline' run 1 fetch org/torch
ok 'says so' grep -q 'HF_HUB_OFFLINE is set' err
kill $server
wait $server 2>/dev/null
ok 'nobody there' run 1 fetch org/good
ok 'says what to do' grep -q 'cannot be reached' err
HF_ENDPOINT=ftp://x ok 'an endpoint that is none' run 1 fetch org/good
finish
