# SPDX-License-Identifier: GPL-2.0
"""Number formats of converted weights in NumPy, from the formulas of
Documentation/formats: what the converters' tests compare with. Slow, plain,
and independent of the library. Everything is float32 unless it says so."""
import numpy as np

F = np.float32


def f16(a):
    return np.asarray(a, np.float32).astype(np.float16)


def bf16(a):
    """The upper half of floats, rounded to nearest even."""
    bits = np.ascontiguousarray(a, np.float32).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7fff + (bits >> 16 & 1)) >> 16).astype('<u2')


def _largest(x):
    """The signed value at the first largest magnitude of each last axis."""
    at = np.argmax(np.abs(x), axis=-1)
    return np.take_along_axis(x, at[..., None], -1)[..., 0]


def _halves(d):
    return f16(d).astype('<f2').view(np.uint8).reshape(d.shape + (2,))


def q4_0(w):
    """ggml: uint8 [rows, blocks, 18]"""
    x = w.reshape(w.shape[0], -1, 32)
    d = _largest(x) / F(-8)
    with np.errstate(divide='ignore', invalid='ignore'):
        inverse = np.where(d != 0, F(1) / d, F(0)).astype(F)
    q = np.minimum(15, (x * inverse[..., None] + F(8.5)).astype(np.int8)).astype(np.uint8)
    return np.concatenate([_halves(d), q[..., :16] | q[..., 16:] << 4], axis=-1)


def de_q4_0(b):
    d = b[..., :2].copy().view('<f2').astype(F)
    q = b[..., 2:]
    return (np.concatenate([q & 15, q >> 4], axis=-1).astype(F) - 8) * d


def q8_0(w):
    """ggml: uint8 [rows, blocks, 34]; rounds halves away from zero"""
    x = w.reshape(w.shape[0], -1, 32)
    d = np.max(np.abs(x), axis=-1) / F(127)
    with np.errstate(divide='ignore', invalid='ignore'):
        inverse = np.where(d != 0, F(1) / d, F(0)).astype(F)
    y = x * inverse[..., None]
    q = np.trunc(y.astype(np.float64) + np.copysign(0.5, y)).astype(np.int8)
    return np.concatenate([_halves(d), q.view(np.uint8)], axis=-1)


def _round(x):
    return np.rint(x).astype(np.int32)


def _qx(x):
    """make_qx_quants() of sub-blocks of 16, 32 levels: scales, codes 0 to 63"""
    top = _largest(x)
    empty = np.abs(top) < F(1e-15)
    top = np.where(empty, F(1), top)
    weight = x * x

    def sums(inverse):
        l = np.clip(_round(inverse[..., None] * x), -32, 31)
        lf = l.astype(F)
        sumlx = np.zeros(top.shape, F)
        suml2 = np.zeros(top.shape, F)
        # In order, as the reference adds.
        for i in range(16):
            wx = weight[..., i] * x[..., i]
            sumlx = sumlx + wx * lf[..., i]
            suml2 = suml2 + weight[..., i] * lf[..., i] * lf[..., i]
        return l + 32, sumlx, suml2

    with np.errstate(divide='ignore', invalid='ignore'):
        codes, sumlx, suml2 = sums(F(-32) / top)
        scale = np.where(suml2 != 0, sumlx / suml2, F(0)).astype(F)
        best = scale * sumlx
        for step in list(range(-9, 0)) + list(range(1, 10)):
            l, sumlx, suml2 = sums(-(F(32) + F(0.1) * F(step)) / top)
            take = (suml2 > 0) & (sumlx * sumlx > best * suml2)
            codes = np.where(take[..., None], l, codes)
            scale = np.where(take, sumlx / suml2, scale).astype(F)
            best = np.where(take, scale * sumlx, best).astype(F)
    return np.where(empty, F(0), scale), np.where(empty[..., None], 0, codes)


def q6_k(w):
    """ggml: uint8 [rows, blocks, 210]"""
    x = w.reshape(w.shape[0], -1, 16, 16)
    scale, codes = _qx(x)
    top = _largest(scale)
    empty = np.abs(top) < F(1e-15)
    inverse = (F(-128) / np.where(empty, F(1), top)).astype(F)
    d = f16(F(1) / inverse)
    scales = np.minimum(127, _round(inverse[..., None] * scale)).astype(np.int8)
    step = d.astype(F)[..., None] * scales.astype(F)
    with np.errstate(divide='ignore', invalid='ignore'):
        again = np.clip(np.nan_to_num(np.rint(x / step[..., None])), -32, 31).astype(np.int32) + 32
    q = np.where((step != 0)[..., None], again, codes).astype(np.uint8).reshape(x.shape[:2] + (2, 4, 32))
    low = np.concatenate([q[..., 0, :] & 15 | (q[..., 2, :] & 15) << 4,
                          q[..., 1, :] & 15 | (q[..., 3, :] & 15) << 4], axis=-1)
    high = q[..., 0, :] >> 4 | (q[..., 1, :] >> 4) << 2 | (q[..., 2, :] >> 4) << 4 | (q[..., 3, :] >> 4) << 6
    shape = x.shape[:2]
    out = np.concatenate([low.reshape(shape + (128,)), high.reshape(shape + (64,)), scales.view(np.uint8),
                          d.astype('<f2').view(np.uint8).reshape(shape + (2,))], axis=-1)
    return np.where(empty[..., None], np.uint8(0), out)


def de_q6_k(b):
    shape = b.shape[:2]
    low = b[..., :128].reshape(shape + (2, 64))
    high = b[..., 128:192].reshape(shape + (2, 32))
    q = np.stack([low[..., :32] & 15 | (high & 3) << 4, low[..., 32:] & 15 | (high >> 2 & 3) << 4,
                  low[..., :32] >> 4 | (high >> 4 & 3) << 4, low[..., 32:] >> 4 | (high >> 6) << 4], axis=-2)
    q = q.reshape(shape + (16, 16)).astype(F) - 32
    d = b[..., 208:].copy().view('<f2').astype(F)
    scales = b[..., 192:208].copy().view(np.int8).astype(F)
    return (q * (d * scales)[..., None]).reshape(shape + (256,))


def repack(b, rows, chunk):
    """ggml's Q4_0 of `rows` rows in chunks of `chunk` bytes: uint8, flat"""
    groups, blocks = b.shape[0] // rows, b.shape[1]
    g = b.reshape(groups, rows, blocks, 18).transpose(0, 2, 1, 3)
    d = g[..., :2].reshape(groups, blocks, rows * 2)
    q = g[..., 2:].reshape(groups, blocks, rows, 16 // chunk, chunk).transpose(0, 1, 3, 2, 4) ^ 0x88
    return np.concatenate([d, q.reshape(groups, blocks, rows * 16)], axis=-1).ravel()


def unpack(flat, rows, chunk, shape):
    """The reverse, for a matrix of that shape."""
    groups, blocks = shape[0] // rows, shape[1] // 32
    g = flat.reshape(groups, blocks, rows * 18)
    d = g[..., :rows * 2].reshape(groups, blocks, rows, 2)
    q = g[..., rows * 2:].reshape(groups, blocks, 16 // chunk, rows, chunk).transpose(0, 1, 3, 2, 4) ^ 0x88
    b = np.concatenate([d, q.reshape(groups, blocks, rows, 16)], axis=-1)
    return b.transpose(0, 2, 1, 3).reshape(shape[0], blocks, 18)


# ------------------------------------------------ nntrainer's weight_converter.py

def script_q4_0(w):
    x = w.reshape(w.shape[0], -1, 32)
    d = f16(np.max(np.abs(x), axis=-1) / F(7))
    s = d.astype(F)[..., None]
    with np.errstate(divide='ignore', invalid='ignore'):
        q = np.where(s != 0, np.clip(np.rint(x / s), -8, 7) + 8, 0).astype(np.uint8)
    return np.concatenate([_halves(d), q[..., ::2] | q[..., 1::2] << 4], axis=-1)


def script_q6_k(w):
    cols = w.shape[1] // 256 * 256
    x = w[:, :cols].reshape(w.shape[0], -1, 256)
    top = np.max(np.abs(x), axis=-1) if cols else np.zeros(x.shape[:2], F)
    # Scalars of one block are Python's, so double with NumPy 1.
    top = top.astype(np.float64)
    empty = top < 1e-8
    top = np.where(empty, 1, top)
    d = top / 63
    q = (np.clip(np.rint(x * (63 / top).astype(F)[..., None]).astype(np.int8), -32, 31) + 32).astype(np.uint8)
    groups = np.max(np.abs(x).reshape(x.shape[:2] + (16, 16)), axis=-1).astype(np.float64)
    scales = np.rint(groups / d[..., None] * 127 / 63).astype(np.int8)
    low = q[..., ::2] & 15 | (q[..., 1::2] & 15) << 4
    h = (q >> 4).reshape(x.shape[:2] + (64, 4))
    high = h[..., 0] | h[..., 1] << 2 | h[..., 2] << 4 | h[..., 3] << 6
    out = np.concatenate([low, high, scales.view(np.uint8), _halves(d)], axis=-1)
    return np.where(empty[..., None], np.uint8(0), out)


def script_repack(b, rows):
    groups, blocks = b.shape[0] // rows, b.shape[1]
    g = b.reshape(groups, rows, blocks, 18).transpose(0, 2, 1, 3)
    return np.concatenate([g[..., :2].reshape(groups, blocks, -1), g[..., 2:].reshape(groups, blocks, -1)], axis=-1)


# -------------------------------------------------------------------------- BitNet

def row_scales(w):
    """bitnet.rs: sums in float, in the order of the row"""
    s = np.zeros(w.shape[0], F)
    for i in range(w.shape[1]):
        s = s + np.abs(w[:, i])
    s = s / F(w.shape[1])
    return np.where(s < F(1.1920929e-7), F(1), s)


def row_ternary(w):
    s = row_scales(w)
    q = np.clip(np.rint(w * (F(1) / s)[:, None]), -1, 1)
    rest = w.shape[1] // 8 * 8
    tail = w[:, rest:] / s[:, None]
    q[:, rest:] = np.clip(np.trunc(tail + np.copysign(F(0.5), tail)), -1, 1)
    return q.astype(np.int8), s


def ms_ternary(w):
    """Microsoft: one scale, mean in double; what is stored is its inverse's inverse"""
    factor = F(1) / max(F(np.mean(np.abs(w), dtype=np.float64)), F(1e-5))
    q = np.clip(np.rint(w * factor), -1, 1).astype(np.int8)
    return q, F(1) / factor


def codes(q, generation):
    """Two bits for each value, 16 in a word"""
    c = (q + 1 if generation == 1 else q & 3).astype(np.uint32)
    if generation != 1:
        c = np.where(q < 0, 2, q).astype(np.uint32)
    words = c.reshape(-1, 16)
    out = np.zeros(len(words), np.uint32)
    for i in range(16):
        out |= words[:, i] << np.uint32(2 * i)
    return out


def hf_pack(q):
    quarter = (q.shape[0] + 3) // 4
    out = np.zeros((quarter, q.shape[1]), np.uint8)
    for k in range(4):
        part = q[k * quarter:(k + 1) * quarter]
        out[:len(part)] |= (part + 1).astype(np.uint8) << np.uint8(2 * k)
    return out
