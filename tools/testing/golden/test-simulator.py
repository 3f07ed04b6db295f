#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Random models through `akida run` and through an independent simulator in
NumPy, $AKIDA_SHARED/reference/akida_sim.py: every layer must agree. Speaks TAP.

Usage: test-simulator.py [SEED [COUNT]]"""
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print('ok 1 - the simulator agrees # SKIP there is no python3-numpy\n1..1')
    sys.exit(0)

BUILD = os.environ.get('BUILD', 'build')
REFERENCE = os.path.join(os.environ.get('AKIDA_SHARED', '../shared'), 'reference')
KINDS = ('max pooling', 'global average', 'Valid padding', 'stride', 'padding value', '1- or 2-bit activations',
         'non-square kernel')


def kinds(layer):
    """What a layer has that the golden models lack."""
    if 'weights' not in layer['vars']:
        return set()
    k = layer['vars']['weights'].shape[:2]
    windowed = layer['type'] in ('InputConv', 'Conv', 'Sep')
    has = (layer.get('pool_type') == 1, layer.get('pool_type') == 2, windowed and not layer['padding'],
           windowed and max(layer['stride']) > 1, bool(layer.get('padding_value')),
           layer['activation'] and layer['act_bits'] < 4, k[0] != k[1])
    return {name for name, yes in zip(KINDS, has) if yes}


def main():
    if not os.path.exists(os.path.join(REFERENCE, 'akida_sim.py')):
        print('ok 1 - the simulator agrees # SKIP %s does not exist (AKIDA_SHARED)\n1..1' % REFERENCE)
        return 0
    sys.path.insert(0, REFERENCE)
    import akida_sim
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 20261121
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 150
    seen = {}
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([os.path.join(BUILD, 'test/random-fbz'), folder, str(seed), str(count)], check=True)
        for i in range(count):
            stem = os.path.join(folder, str(i))
            layers = akida_sim.load(stem + '.fbz')
            want = akida_sim.run(layers, np.load(stem + '.npy'))
            for layer in layers:
                for kind in kinds(layer):
                    seen[kind] = seen.get(kind, 0) + 1
            for way in ([], ['--reference']):
                dump = stem + '.dump'
                run = subprocess.run([os.path.join(BUILD, 'bin/akida'), 'run', stem + '.fbz', '-i', stem + '.npy',
                                      '--dump', dump] + way, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                     universal_newlines=True)
                if run.returncode:
                    wrong.append('model %d %s: %s' % (i, ' '.join(way), run.stderr.strip()))
                    break
                for w in want:
                    got = np.load(os.path.join(dump, w['name'] + '.npy'))
                    values = w['act'] if w['act'] is not None else w['pot']
                    if not np.array_equal(got.ravel(), values.ravel()):
                        wrong.append('model %d %s: %s differs' % (i, ' '.join(way), w['name']))
                        break
    print('# seed %d, %d models' % (seed, count))
    print('%s 1 - every layer of every model' % ('not ok' if wrong else 'ok'))
    for text in wrong[:20]:
        print('# ' + text)
    n = 1
    for kind in KINDS:
        n += 1
        print('%s %d - models with %s: %d' % ('ok' if seen.get(kind) else 'not ok', n, kind, seen.get(kind, 0)))
    print('1..%d' % n)
    return 1 if wrong or len(seen) < len(KINDS) else 0


if __name__ == '__main__':
    sys.exit(main())
