# SPDX-License-Identifier: GPL-2.0
"""GGUF files, read from ggml's docs/gguf.md, and its blocks as NumPy arrays."""
import struct

import numpy as np

import blocks

SCALARS = {0: 'B', 1: 'b', 2: 'H', 3: 'h', 4: 'I', 5: 'i', 6: 'f', 7: '?',
           10: 'Q', 11: 'q', 12: 'd'}
# id: (name, weights of a block, bytes of it)
TYPES = {0: ('F32', 1, 4), 1: ('F16', 1, 2), 2: ('Q4_0', 32, 18),
         8: ('Q8_0', 32, 34), 14: ('Q6_K', 256, 210), 30: ('BF16', 1, 2),
         34: ('TQ1_0', 256, 54), 35: ('TQ2_0', 256, 66), 36: ('I2_S', 128, 32)}


def f16(b):
    return b.reshape(-1).view('<f2').astype(np.float32)


def q8_0(b):
    b = b.reshape(-1, 34)
    return b[:, 2:].view(np.int8).astype(np.float32) * f16(b[:, :2].copy())[:, None]


def tq2_0(b):
    b = b.reshape(-1, 66)
    out = np.zeros((len(b), 256), np.float32)
    for half in range(2):
        for part in range(4):
            q = (b[:, 32 * half:32 * half + 32] >> 2 * part & 3).astype(np.int32) - 1
            out[:, 128 * half + 32 * part:][:, :32] = q
    return out * f16(b[:, 64:].copy())[:, None]


def tq1_0(b):
    b = b.reshape(-1, 54)
    out = np.zeros((len(b), 256), np.float32)

    def trit(byte, n):
        v = (byte.astype(np.uint32) * 3 ** n & 255) * 3 >> 8
        return v.astype(np.int32) - 1

    for n in range(5):
        out[:, 32 * n:32 * n + 32] = trit(b[:, 0:32], n)
        out[:, 160 + 16 * n:160 + 16 * n + 16] = trit(b[:, 32:48], n)
    for n in range(4):
        out[:, 240 + 4 * n:240 + 4 * n + 4] = trit(b[:, 48:52], n)
    return out * f16(b[:, 52:].copy())[:, None]


def i2_s(b, count):
    scale = b[count // 4:count // 4 + 4].copy().view('<f4')[0]
    p = b[:count // 4].reshape(-1, 32)
    q = np.concatenate([p >> s & 3 for s in (6, 4, 2, 0)], 1).astype(np.int32) - 1
    return q * scale


class File:
    """keys: name -> value; tensors: name -> (type name, shape, bytes)."""

    def __init__(self, path):
        with open(path, 'rb') as f:
            self.raw = f.read()
        self.at = 0
        assert self.raw[:4] == b'GGUF', 'magic'
        self.at = 4
        version, tensors, keys = self.take('IQQ')
        assert version == 3, 'version'
        self.keys, self.types = {}, {}
        for _ in range(keys):
            name = self.string()
            assert name not in self.keys, f'{name} twice'
            kind = self.take('I')[0]
            self.types[name] = kind
            self.keys[name] = self.value(kind)
        infos = []
        for _ in range(tensors):
            name = self.string()
            ndim, = self.take('I')
            dims = self.take(f'{ndim}Q')
            kind, offset = self.take('IQ')
            infos.append((name, dims, kind, offset))
        align = self.keys.get('general.alignment', 32)
        start = self.at + -self.at % align
        assert not any(self.raw[self.at:start]), 'padding'
        self.tensors, end = {}, 0
        for name, dims, kind, offset in infos:
            assert len(name) < 64 and name not in self.tensors, name
            typename, block, size = TYPES[kind]
            count = int(np.prod(dims))
            assert dims[0] % block == 0, f'{name}: blocks cross rows'
            n = count // block * size + (32 if typename == 'I2_S' else 0)
            assert offset % align == 0, f'{name}: alignment'
            assert offset == end, f'{name}: a hole'
            end = offset + n + -n % align
            data = self.raw[start + offset:start + offset + n]
            assert len(data) == n, f'{name}: cut off'
            assert not any(self.raw[start + offset + n:start + end]), name
            self.tensors[name] = (typename, tuple(reversed(dims)), data)
        assert len(self.raw) == start + end, 'bytes after the last tensor'

    def take(self, fmt):
        size = struct.calcsize('<' + fmt)
        out = struct.unpack('<' + fmt, self.raw[self.at:self.at + size])
        self.at += size
        return out

    def string(self):
        n, = self.take('Q')
        self.at += n
        return self.raw[self.at - n:self.at].decode()

    def value(self, kind):
        if kind == 8:
            return self.string()
        if kind == 9:
            inner, n = self.take('IQ')
            return [self.value(inner) for _ in range(n)]
        v, = self.take(SCALARS[kind])
        return v

    def array(self, name):
        """The tensor as float32, by its format's own rule."""
        typename, shape, data = self.tensors[name]
        b = np.frombuffer(data, np.uint8)
        count = int(np.prod(shape))
        if typename == 'F32':
            x = b.view('<f4')
        elif typename == 'F16':
            x = f16(b)
        elif typename == 'BF16':
            x = (b.view('<u2').astype('<u4') << 16).view('<f4')
        elif typename == 'I2_S':
            x = i2_s(b, count)
        else:
            size = [t[2] for t in TYPES.values() if t[0] == typename][0]
            x = {'Q4_0': blocks.de_q4_0, 'Q8_0': q8_0, 'Q6_K': blocks.de_q6_k, 'TQ1_0': tq1_0,
                 'TQ2_0': tq2_0}[typename](b.reshape(1, -1, size))
        return x.astype(np.float32).reshape(shape)
