# SPDX-License-Identifier: GPL-2.0
"""What the tests of converted weights share: TAP, conversions, models."""
import hashlib
import os
import shutil
import subprocess

import numpy as np

import make_models

AKIDA = os.path.join(os.path.abspath(os.environ.get('BUILD', 'build')), 'bin', 'akida')
EPOCH = 1700000000
COUNT = [0, 0]


def result(good, text, why=''):
    COUNT[0] += 1
    COUNT[1] += not good
    print('%s %d - %s' % ('ok' if good else 'not ok', COUNT[0], text))
    for line in str(why).splitlines() if not good else []:
        print('# ' + line)


def run(*args):
    """The command akida; -> status, stdout and stderr as subprocess has them"""
    return subprocess.run([AKIDA, *args], capture_output=True, universal_newlines=True,
                          env=dict(os.environ, SOURCE_DATE_EPOCH=str(EPOCH)), check=False)


def convert(model, out, *options):
    """-> what went to stderr, or an exception"""
    if os.path.isdir(out):
        shutil.rmtree(out)
    elif os.path.exists(out):
        os.remove(out)
    done = run('convert', model, out, *options)
    if done.returncode:
        raise ValueError('status %d: %s' % (done.returncode, done.stderr))
    return done.stderr


def check(text, compare):
    """One test: what differs is a text, or an exception."""
    try:
        why = compare()
    except Exception as e:  # pylint: disable=broad-except
        why = '%s: %s' % (type(e).__name__, e)
    result(not why, text, why)


def same(name, got, want):
    got = bytes(got)
    want = np.ascontiguousarray(want).tobytes() if not isinstance(want, bytes) else want
    if got == want:
        return ''
    if len(got) != len(want):
        return '%s: %d bytes instead of %d' % (name, len(got), len(want))
    a, b = np.frombuffer(got, np.uint8), np.frombuffer(want, np.uint8)
    return '%s: %d of %d bytes differ, the first at %d' % (name, np.sum(a != b), len(a), np.argmax(a != b))


def golden_matrix():
    s, out = 1, np.empty(256 * 1024, np.float32)
    for i in range(len(out)):
        a = np.float32(0)
        for _ in range(4):
            s = (s * 1664525 + 1013904223) & 0xffffffff
            a = np.float32(a + np.float32(np.float32(s >> 8) / np.float32(16777216) - np.float32(0.5)))
        out[i] = a
    return out.reshape(256, 1024)


class Model:
    """A model in a folder, and its tensors."""

    def __init__(self, folder, name, size='tiny', dtype='F32', form='safetensors', change=None, arrays=None):
        self.config = make_models.config(name, size)
        self.config.update(change or {})
        self.arrays = make_models.tensors(self.config, dtype)
        self.arrays.update(arrays or {})
        self.tied = self.config.get('tie_word_embeddings', False)
        self.path = os.path.join(folder, '%s-%s-%s-%s-%d' % (name, size, dtype, form, len(os.listdir(folder))))
        make_models.save_form(self.path, form, self.config, self.arrays, dtype)
        self.out = self.path + '.out'
        if form.startswith('npz'):
            self.path = os.path.join(self.path, 'model.npz')

    def layers(self):
        return range(self.config['num_hidden_layers'])

    def get(self, name):
        return self.arrays[name]


def digest(data):
    return hashlib.sha256(np.ascontiguousarray(data).tobytes()).hexdigest()[:32]


def finish():
    """The plan; -> whether a test failed."""
    print('1..%d' % COUNT[0])
    return COUNT[1] > 0
