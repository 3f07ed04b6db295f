#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The netlink specification and its header name the same numbers.

Documentation/netlink/akida.yaml has the form of the kernel's specifications
(schema genetlink-c); what that says about names and values is done here, and
compared with what uapi/akida_netlink.h has.
"""

import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

try:
    import yaml
except ImportError:
    print("1..0 # SKIP there is no python3-yaml")
    sys.exit(0)

tests = failures = 0


def ok(what, good, why=""):
    global tests, failures
    tests += 1
    failures += not good
    print(f"{'ok' if good else 'not ok'} {tests} - {what}")
    if not good:
        print(f"# {why}")


def same(what, got, want):
    ok(what, got == want, f"{got} is not {want}")


def c_name(text):
    return text.upper().replace("-", "_")


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def enums(header):
    """Name: {constant: value} of each enum, __MAX and the like left out."""
    found = {}
    for name, body in re.findall(r"^enum (\w+) \{\n(.*?)^\};", header, re.M | re.S):
        names = re.findall(r"^\t(\w+),$", body, re.M)
        found[name] = {n: i for i, n in enumerate(names) if not n.startswith("__")}
    return found


spec = yaml.safe_load(read("Documentation/netlink/akida.yaml"))
header = read("uapi/akida_netlink.h")
defines = dict(re.findall(r"^#define (\w+) (\S+)$", header, re.M))
have = enums(header)

KEYS = {
    "": {"name", "protocol", "uapi-header", "c-family-name", "c-version-name", "doc", "definitions", "attribute-sets", "operations",
         "mcast-groups"},
    "definitions": {"name", "type", "header", "doc", "value-start", "entries", "enum-name", "name-prefix"},
    "attributes": {"name", "type", "doc", "enum"},
    "operations": {"name", "doc", "attribute-set", "do", "dump", "event", "mcgrp"},
}
TYPES = {"pad", "flag", "u32", "u64", "s32", "s64", "string"}

ok("keys are those of the schema", set(spec) <= KEYS[""], set(spec) - KEYS[""])
same("schema", spec["protocol"], "genetlink-c")
same("name of the family", defines[c_name(spec["c-family-name"])], f'"{spec["name"]}"')
same("its version", defines[c_name(spec["c-version-name"])], "1")

for d in spec["definitions"]:
    ok(f"keys of {d['name']}", set(d) <= KEYS["definitions"] and d["type"] == "enum")
    names = [e if isinstance(e, str) else e["name"] for e in d["entries"]]
    want = {c_name(d["name-prefix"] + n): i for i, n in enumerate(names, d.get("value-start", 0))}
    if "header" in d:
        other = dict(re.findall(r"^#define (\w+) (\d+)$", read("uapi/" + d["header"]), re.M))
        prefix = c_name(d["name-prefix"])
        same(f"values of {d['name']}", {k: int(v) for k, v in other.items() if k.startswith(prefix)}, want)
    else:
        same(f"values of {d['name']}", have.pop(d["enum-name"].replace("-", "_")), want)

attrs = spec["attribute-sets"][0]
prefix = c_name(attrs["name-prefix"])
ok("keys and types of attributes", all(set(a) <= KEYS["attributes"] and a["type"] in TYPES for a in attrs["attributes"]))
want = {prefix + "UNSPEC": 0}
want.update({prefix + c_name(a["name"]): i for i, a in enumerate(attrs["attributes"], 1)})
same("attributes", have.pop("akida_nl_a"), want)
known = {a["name"] for a in attrs["attributes"]}
definitions = {d["name"] for d in spec["definitions"]}
ok("enums of attributes are defined", {a["enum"] for a in attrs["attributes"] if "enum" in a} == definitions)
# What the header's comment says of each
said = dict(re.findall(r"^ \* @(AKIDA_NL_A_\w+): (u32|u64|s32|s64|string|flag)\b", header, re.M))
same("types of attributes", said, {prefix + c_name(a["name"]): a["type"] for a in attrs["attributes"] if a["type"] != "pad"})

ops = spec["operations"]
prefix = c_name(ops["name-prefix"])
want = {prefix + "UNSPEC": 0}
want.update({prefix + c_name(o["name"]): i for i, o in enumerate(ops["list"], 1)})
same("commands", have.pop("akida_nl_cmd"), want)
same("enums that the specification lacks", have, {})
groups = {g["name"] for g in spec["mcast-groups"]["list"]}
for o in ops["list"]:
    ok(f"keys of {o['name']}", set(o) <= KEYS["operations"] and o["doc"] and o["attribute-set"] == attrs["name"])
    parts = [o[k] for k in ("event",) if k in o] + [p for k in ("do", "dump") if k in o for p in o[k].values()]
    used = {a for p in parts for a in p["attributes"]}
    ok(f"attributes of {o['name']}", used and used <= known, used - known)
    if "event" in o:
        ok(f"{o['name']} is of a group and numbered", o["mcgrp"] in groups and {"index", "pci", "seq", "time", "missed"} <= used)
same("groups", {c_name(g["c-define-name"]): f'"{g["name"]}"' for g in spec["mcast-groups"]["list"]},
     {k: v for k, v in defines.items() if k.startswith("AKIDA_NL_MCGRP_")})

print(f"1..{tests}")
sys.exit(failures > 0)
