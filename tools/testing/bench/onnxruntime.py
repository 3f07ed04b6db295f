#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Latency beside ONNX Runtime int8 on the same network shapes.

The peer is $AKIDA_SHARED/bench/onnxruntime_peer.py, run in a Debian 13 tree
that is made under the build folder once (mmdebstrap, root). Both sides take
turns, so that a machine whose speed drifts drifts for both; the ratio is of
the medians over all rounds.

Usage: onnxruntime.py MODEL.fbz...
"""
import glob
import json
import os
import re
import shutil
import statistics
import subprocess
import sys

BUILD = os.environ.get('BUILD', 'build')
SHARED = os.path.abspath(os.environ.get('AKIDA_SHARED', '../shared'))
TREE = os.environ.get('AKIDA_TRIXIE', os.path.join(BUILD, 'trixie-onnxruntime'))
ROUNDS = int(os.environ.get('ROUNDS', '3'))


def leave(reason):
    print('ONNX Runtime: not compared: ' + reason)
    sys.exit(0)


def mirror():
    """The first Debian mirror that this machine's apt uses."""
    for name in glob.glob('/etc/apt/sources.list.d/*') + ['/etc/apt/sources.list']:
        try:
            text = open(name, encoding='utf-8').read()
        except OSError:
            continue
        for pattern in (r'^URIs:\s*(\S+/debian/?)\s*$', r'^deb\s+(?:\[[^]]*\]\s+)?(\S+/debian/?)\s'):
            found = re.search(pattern, text, re.M)
            if found:
                return found.group(1)
    return leave('no Debian mirror in the apt configuration')


def make_tree():
    if os.path.exists(os.path.join(TREE, 'usr/bin/python3')):
        return
    if os.geteuid():
        leave('making a Debian 13 tree needs root')
    if not shutil.which('mmdebstrap'):
        leave('mmdebstrap is missing (scripts/install-deps --bench)')
    print('making a Debian 13 tree with ONNX Runtime...', flush=True)
    run = subprocess.run(['mmdebstrap', '--variant=minbase', '--include=python3-onnxruntime,python3-onnx,python3-numpy',
                          'trixie', TREE, 'deb %s trixie main' % mirror()],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, universal_newlines=True)
    if run.returncode:
        shutil.rmtree(TREE, ignore_errors=True)
        leave('the Debian 13 tree could not be made: ' + run.stderr.strip()[-300:])


def peer(models):
    """-> {(model file, threads): median ms}"""
    inside = os.path.join(TREE, 'mnt')
    names = [os.path.basename(m) for m in models]
    # A mount namespace of its own: nothing stays mounted whatever happens.
    script = ('mount -t proc proc %s/proc && mount -t tmpfs none %s && cp -r %s/bench %s/reference %s && cp "$@" %s && '
              'exec chroot %s sh -c "cd /mnt && python3 bench/onnxruntime_peer.py %s"'
              % (TREE, inside, SHARED, SHARED, inside, inside, TREE, ' '.join(names)))
    run = subprocess.run(['unshare', '-m', 'sh', '-c', script, 'sh'] + models, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, universal_newlines=True)
    found = re.findall(r'^(\S+) MMAC \S+ threads (\d) min \S+ ms median (\S+) ms', run.stdout, re.M)
    if run.returncode or not found:
        leave('the peer failed: ' + run.stderr.strip()[-300:])
    return {(name, int(threads)): float(ms) for name, threads, ms in found}


def ours(model, threads):
    run = subprocess.run([os.path.join(BUILD, 'bin/akida'), 'bench', model, '--threads', str(threads), '--seconds', '1',
                          '--json'], stdout=subprocess.PIPE, check=True, universal_newlines=True)
    return json.loads(run.stdout)['latency_ms']['median']


def main():
    models = [m for m in sys.argv[1:] if os.path.basename(m) != 'digits.fbz']
    if not models:
        leave('no real model is here (AKIDA_SHARED)')
    if not os.path.exists(os.path.join(SHARED, 'bench/onnxruntime_peer.py')):
        leave('%s/bench/onnxruntime_peer.py is missing' % SHARED)
    make_tree()
    times = {}
    for _ in range(ROUNDS):
        for key, ms in peer(models).items():
            times.setdefault(key, ([], []))[1].append(ms)
        for m in models:
            for threads in (1, 2):
                times.setdefault((os.path.basename(m), threads), ([], []))[0].append(ours(m, threads))
    print('%-24s %7s %10s %14s %7s' % ('median latency, ms', 'threads', 'akida', 'ONNX Runtime', 'ratio'))
    for (name, threads), (a, b) in sorted(times.items()):
        print('%-24s %7d %10.3f %14.3f %7.2f'
              % (name, threads, statistics.median(a), statistics.median(b), statistics.median(b) / statistics.median(a)))


if __name__ == '__main__':
    main()
