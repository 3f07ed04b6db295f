#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Golden results: every array of $AKIDA_SHARED/golden, from `akida run`, by the
scalar reference and by the fast kernels. Speaks TAP."""
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print('ok 1 - golden results # SKIP there is no python3-numpy\n1..1')
    sys.exit(0)

BUILD = os.environ.get('BUILD', 'build')
SHARED = os.environ.get('AKIDA_SHARED', '../shared')
GOLDEN = os.path.join(SHARED, 'golden')
WAYS = [('reference', ['--reference']), ('1 thread', ['--threads', '1']), ('2 threads', ['--threads', '2']),
        ('3 threads', ['--threads', '3'])]


def differences(model, inp, out, options, folder):
    """-> list of what differs between a golden .npz and a run's dump"""
    run = subprocess.run([os.path.join(BUILD, 'bin', 'akida'), 'run', model, '-i', inp, '--raw', '-o',
                          os.path.join(folder, 'out.npy'), '--dump', folder] + options,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if run.returncode:
        return ['exit status %d: %s' % (run.returncode, run.stdout.strip())]
    wrong = []
    want = np.load(out)
    for key in want.files:
        if key == 'dequant':
            continue
        layer = key.split('_', 1)[1]
        got = np.load(os.path.join(folder, layer + '.npy'))
        if got.dtype != want[key].dtype or not np.array_equal(got.reshape(want[key].shape), want[key]):
            wrong.append('%s differs in %d values' % (layer, np.sum(got.ravel() != want[key].ravel())))
        if key.startswith('pot_') and not np.array_equal(np.load(os.path.join(folder, 'out.npy')).ravel(), want[key].ravel()):
            wrong.append('-o differs from the last layer')
    # Without --raw the output file holds scores.
    subprocess.run([os.path.join(BUILD, 'bin', 'akida'), 'run', model, '-i', inp, '-o',
                    os.path.join(folder, 'scores.npy')] + options, stdout=subprocess.DEVNULL, check=True)
    scores = np.load(os.path.join(folder, 'scores.npy'))
    if not np.array_equal(scores.ravel(), want['dequant'].ravel()):
        wrong.append('scores differ by up to %g' % np.max(np.abs(scores.ravel() - want['dequant'].ravel())))
    return wrong


def main():
    if not os.path.isdir(GOLDEN):
        print('ok 1 - golden results # SKIP %s does not exist (AKIDA_SHARED)\n1..1' % GOLDEN)
        return 0
    n = bad = 0
    for name in sorted(os.listdir(GOLDEN)):
        if not name.endswith('.in.npy'):
            continue
        stem = name[:-len('.in.npy')]
        model = os.path.join(SHARED, 'models', stem.split('__')[0] + '.fbz')
        for way, options in WAYS:
            with tempfile.TemporaryDirectory() as folder:
                wrong = differences(model, os.path.join(GOLDEN, name), os.path.join(GOLDEN, stem + '.out.npz'),
                                    options, folder)
            n += 1
            bad += bool(wrong)
            print('%s %d - %s, %s' % ('not ok' if wrong else 'ok', n, stem, way))
            for text in wrong:
                print('# ' + text)
    print('1..%d' % n)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
