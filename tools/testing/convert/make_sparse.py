#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A large Llama model in a sparse safetensors file: zeros but for some rows.

Usage: make_sparse.py FOLDER MEBIBYTES [--dtype F32|BF16] [--dense]

The file takes next to no room on a disk (--dense: all of its size, with random
numbers, for measurements)."""
import argparse
import json
import os
import struct
import sys

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make_models

HIDDEN, MLP, HEADS = 2048, 5632, 16


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('folder')
    parser.add_argument('mebibytes', type=int)
    parser.add_argument('--dtype', choices=('F32', 'BF16'), default='F32')
    parser.add_argument('--dense', action='store_true')
    a = parser.parse_args()
    size = 4 if a.dtype == 'F32' else 2
    weights = (a.mebibytes << 20) // size
    make_models.SIZES['sparse'] = (HIDDEN, MLP, 1, HEADS, HEADS // 4, 32000)
    per_layer = 2 * HIDDEN * HIDDEN + 2 * HIDDEN * HIDDEN // 4 + 3 * HIDDEN * MLP
    layers = max(1, (weights - 2 * 32000 * HIDDEN) // per_layer)
    # What is left is vocabulary, so that the size is that which was asked for.
    vocab = max(64, (weights - layers * per_layer) // (2 * HIDDEN) // 32 * 32)
    config = make_models.config('llama', 'sparse')
    config.update(num_hidden_layers=layers, vocab_size=vocab)
    os.makedirs(a.folder, exist_ok=True)
    make_models.save_config(a.folder, config)
    header, at = {}, 0
    for name, shape in make_models.shapes(config).items():
        count = int(np.prod(shape, dtype=np.int64))
        header[name] = {'dtype': a.dtype, 'shape': list(shape), 'data_offsets': [at, at + count * size]}
        at += count * size
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(os.path.join(a.folder, 'model.safetensors'), 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text)
        random = np.random.RandomState(1)
        block = make_models.encode(random.standard_normal(1 << 20).astype(np.float32) * np.float32(0.02), a.dtype)
        start = 8 + len(text)
        f.truncate(start + at)
        if a.dense:
            f.seek(start)
            for begin in range(0, at, len(block)):
                f.write(block[:min(len(block), at - begin)])
        else:
            for entry in header.values():
                begin, end = entry['data_offsets']
                f.seek(start + begin)
                f.write(block[:min(end - begin, HIDDEN * size)])
    return 0


if __name__ == '__main__':
    sys.exit(main())
