#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida cdi: what it writes is what the Container Device Interface specification
# demands, and names the boards of described machines.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034,SC1091,SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=tools/testing/cli/machine.sh
. "$top/tools/testing/cli/machine.sh"

# The rules of the specification, as its text and its library have them: unknown
# fields and fields that are newer than cdiVersion are refused, names have a
# grammar.
cat >rules.py <<'PYTHON'
import json, re, sys

LATER = {"annotations": (0, 6, 0), "additionalGids": (0, 7, 0), "intelRdt": (0, 7, 0), "hostPath": (0, 5, 0)}


def once(pairs):
    keys = [k for k, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key twice in {keys}"
    return dict(pairs)


def fields(what, o, required, optional):
    assert type(o) is dict, f"{what} is no object"
    for k in required:
        assert k in o, f"{what} lacks {k}"
    for k in o:
        assert k in required + optional, f"{what} has an unknown field {k}"
        assert version >= LATER.get(k, (0, 0, 0)), f"{k} is newer than {version}"


def unsigned(value):
    assert type(value) is int and 0 <= value < 1 << 32, value


def edits(what, e):
    fields(what, e, [], ["env", "deviceNodes", "hooks", "mounts", "intelRdt", "additionalGids"])
    assert e, f"{what} is empty"
    for n in e.get("deviceNodes", []):
        fields(f"a node of {what}", n, ["path"], ["hostPath", "type", "major", "minor", "fileMode", "permissions", "uid", "gid"])
        assert n["path"].startswith("/")
        assert n.get("type", "c") in ("b", "c", "u", "p")
        assert re.fullmatch("[rwm]*|none", n.get("permissions", ""))
        for k in ("fileMode", "uid", "gid"):
            unsigned(n.get(k, 0))
        for k in ("major", "minor"):
            assert n.get(k, 0) >= 0
    paths = [n["path"] for n in e.get("deviceNodes", [])]
    assert len(paths) == len(set(paths)), "a node twice"
    for g in e.get("additionalGids", []):
        unsigned(g)


spec = json.load(open(sys.argv[1]), object_pairs_hook=once)
assert re.fullmatch(r"0\.[5-7]\.0", spec["cdiVersion"])
version = tuple(int(n) for n in spec["cdiVersion"].split("."))
fields("the file", spec, ["cdiVersion", "kind", "devices"], ["annotations", "containerEdits"])
vendor, name = spec["kind"].split("/")
assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", vendor) and len(vendor) <= 253
# Letters first: the library's rule, which is stricter than the text.
assert re.fullmatch(r"[A-Za-z]([-_.A-Za-z0-9]*[A-Za-z0-9])?", name) and len(name) <= 63
assert "." not in name or version >= (0, 6, 0)
assert spec["devices"], "no devices"
names = set()
for d in spec["devices"]:
    fields("a device", d, ["name", "containerEdits"], ["annotations"])
    assert re.fullmatch(r"[A-Za-z0-9]([-_.:A-Za-z0-9]*[A-Za-z0-9])?", d["name"]), d["name"]
    assert d["name"] not in names, "a name twice"
    names.add(d["name"])
    for k, v in d.get("annotations", {}).items():
        assert re.fullmatch(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?", k), k
        assert type(v) is str
    edits(d["name"], d["containerEdits"])
if "containerEdits" in spec:
    edits("all devices", spec["containerEdits"])
PYTHON

valid()
{
	/usr/bin/python3 rules.py "$1"
}

# The rules themselves refuse what is wrong.
for bad in '{"cdiVersion":"0.5.0","kind":"brainchip.com/akida","devices":[]}' \
	'{"cdiVersion":"0.5.0","kind":"akida","devices":[{"name":"0","containerEdits":{"env":["A=B"]}}]}' \
	'{"cdiVersion":"0.5.0","kind":"brainchip.com/akida","devices":[{"name":"0","containerEdits":{}}]}' \
	'{"cdiVersion":"0.5.0","kind":"brainchip.com/akida","devices":[{"name":"/dev/akida0","containerEdits":{"env":["A=B"]}}]}' \
	'{"cdiVersion":"0.5.0","kind":"brainchip.com/akida","devices":[{"name":"0","annotations":{"a":"b"},"containerEdits":{"env":["A=B"]}}]}' \
	'{"cdiVersion":"0.6.0","kind":"brainchip.com/akida","devices":[{"name":"0","containerEdits":{"additionalGids":[1]}}]}'; do
	printf '%s' "$bad" >bad.json
	ok 'the rules refuse what is wrong' eval '! valid bad.json'
done

healthy
board 1 0000:02:00.0 akd1500 silicon 0000:00:03.0
# The node's group is that of whoever runs the tests; root's is none to be added.
gid=$(id -g)
[ "$gid" != 0 ] || { gid=994; chgrp $gid "$machine"/dev/akida?; }
ok 'all boards' run 0 cdi
ok 'nothing else is said' eval '[ ! -s err ]'
ok 'it keeps the rules' valid out
ok_json 'version and kind' '.cdiVersion == "0.5.0" and .kind == "brainchip.com/akida"'
ok_json 'names' '[.devices[].name] == ["0", "0000:01:00.0", "1", "0000:02:00.0", "all"]'
ok_json 'a node' "[.devices[] | select(.name == \"1\" or .name == \"0000:02:00.0\") | .containerEdits] | length == 2 and (.[0] == .[1]) and
	.[0] == {deviceNodes: [{path: \"/dev/akida1\", type: \"c\", fileMode: 432, permissions: \"rw\", gid: $gid}]}"
ok_json 'all of them' '[.devices[-1].containerEdits.deviceNodes[].path] == ["/dev/akida0", "/dev/akida1"]'
ok_json 'no numbers of the device' '[.. | objects | select(has("major") or has("minor"))] == []'
for v in 0.5.0 0.6.0 0.7.0; do
	ok "--cdi-version $v" run 0 cdi --cdi-version $v
	ok 'it keeps the rules' valid out
	ok_json 'it is the version' ".cdiVersion == \"$v\""
done
ok_json 'annotations' '.devices[3].annotations == {"brainchip.com/chip": "AKD1500", "brainchip.com/virtual": "false", "brainchip.com/index": "1",
	"brainchip.com/pci-address": "0000:02:00.0"}'
ok_json 'the group of the process, once' "[.devices[].containerEdits.additionalGids] | unique == [[$gid]]"
for name in 1 /dev/akida1 02:00.0; do
	ok "--device $name" run 0 cdi --device $name
	ok_json 'only that one' '[.devices[].name] == ["1", "0000:02:00.0", "all"] and [.devices[-1].containerEdits.deviceNodes[].path] == ["/dev/akida1"]'
done
ok 'several, each once' run 0 cdi --device 1 --device 0 --device 02:00.0
ok_json 'in their order' '[.devices[].name] == ["0", "0000:01:00.0", "1", "0000:02:00.0", "all"]'

# Into a file.
ok 'a file' run 0 cdi --output akida.json
ok 'nothing on standard output' eval '[ ! -s out ] && [ ! -s err ]'
ok 'the same' eval '"$akida" cdi | cmp - akida.json'
ok 'everybody may read it' eval '[ "$(stat -c %a akida.json)" = "$(printf %o $((0666 & ~$(umask))))" ]'
echo old >akida.json
ok 'it replaces one' eval 'run 0 cdi -o akida.json && valid akida.json'
ok 'nothing else is left' eval '[ "$(ls -A | grep -c akida.json)" = 1 ]'
ok 'a folder that is not there' fails 1 'nothing/akida.json' cdi -o nothing/akida.json
mkdir closed
echo old >closed/akida.json
chmod 500 closed
if [ "$(id -u)" != 0 ]; then
	ok 'a folder that may not be written' fails 1 'closed/akida.json' cdi -o closed/akida.json
fi
ok 'an error leaves the old file' eval 'fails 1 "no board .7." cdi --device 7 -o closed/akida.json && [ "$(cat closed/akida.json)" = old ]'

# What is missing.
gone dev/akida1
ok 'a board without a node' fails 1 '^akida cdi: /dev/akida1: the board has no node; .akida doctor. says why$' cdi
ok 'the other one' run 0 cdi --device 0
gone sys/class/akida
ok 'no board' fails 1 'there is no board' cdi
for v in 1 0.4.0 0.8.0 x; do
	ok "version $v" fails 2 'is not 0.5.0, 0.6.0 or 0.7.0' cdi --cdi-version $v
done
ok 'a name that engines do not read' fails 2 'engines read .json and .yaml files only' cdi -o /etc/cdi/akida
ok 'an argument' fails 2 "'0' is one argument too many" cdi 0
finish
