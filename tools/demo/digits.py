#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Draw pictures of digits: strokes under random distortions, NumPy only.

usage: digits.py [--seed N] [--count N] DIR

writes DIR/digit-NNN-LABEL.png, 28x28 pixels, 8-bit grey.

As a module: draw(count, seed) -> uint8 (count, 28, 28, 1), uint8 (count,)
"""
import argparse
import os
import struct
import zlib

import numpy as np

SIZE = 28

# Strokes live in the unit square, x to the right and y down. Angles are in
# degrees and grow clockwise, as y points down.


def arc(cx, cy, rx, ry, start, end):
    a = np.radians(np.linspace(start, end, max(4, int(abs(end - start) / 24))))
    return np.stack([cx + rx * np.cos(a), cy + ry * np.sin(a)], 1)


def curve(a, b, c):
    """Quadratic Bezier curve from a to c."""
    t = np.linspace(0, 1, 6)[:, None]
    return (1 - t)**2 * np.array(a) + 2 * t * (1 - t) * np.array(b) + t**2 * np.array(c)


def line(*points):
    return np.array(points, float)


def join(*strokes):
    return np.concatenate(strokes)


# The ways to write each digit.
GLYPHS = [
    [[arc(.5, .5, .33, .46, 0, 360)]],
    [[line((.5, .05), (.5, .95))],
     [line((.28, .26), (.52, .05), (.52, .95))],
     [line((.28, .26), (.52, .05), (.52, .95)), line((.26, .95), (.78, .95))]],
    [[join(arc(.5, .31, .3, .26, 190, 400), line((.17, .95), (.85, .95)))],
     [join(arc(.5, .31, .3, .26, 200, 390), curve((.7, .5), (.45, .75), (.15, .9)),
           curve((.15, .9), (.5, .82), (.87, .95)))]],
    [[join(arc(.47, .28, .28, .23, 205, 450), arc(.47, .73, .32, .23, 270, 510))],
     [join(line((.2, .06), (.78, .06), (.47, .42)), arc(.46, .68, .32, .27, 275, 510))]],
    [[line((.63, .95), (.63, .05), (.14, .66), (.9, .66))],
     [line((.25, .06), (.19, .56), (.86, .56)), line((.66, .25), (.66, .95))]],
    [[join(line((.8, .05), (.28, .05), (.23, .45)), arc(.47, .66, .33, .29, 225, 500))]],
    [[join(curve((.7, .05), (.18, .2), (.2, .69)), arc(.5, .69, .3, .26, 180, 540))],
     [join(line((.55, .05), (.25, .5)), arc(.5, .69, .3, .26, 200, 560))]],
    [[line((.14, .06), (.86, .06), (.4, .95))],
     [line((.14, .06), (.86, .06), (.4, .95)), line((.3, .5), (.76, .5))]],
    [[arc(.5, .27, .25, .22, 0, 360), arc(.5, .72, .31, .23, 0, 360)],
     [join(arc(.5, .27, .25, .22, 90, -180), line((.76, .7)), arc(.5, .72, .28, .23, 0, 180),
           line((.75, .3)))]],
    [[join(arc(.5, .31, .28, .26, 0, 360), line((.76, .95)))],
     [join(arc(.5, .31, .28, .26, 0, 360), curve((.78, .31), (.82, .75), (.45, .95)))]],
]


def segments(strokes):
    """(n, 2, 2): the line segments of a glyph."""
    return np.concatenate([np.stack([s[:-1], s[1:]], 1) for s in strokes])


def table():
    """All glyphs with the same number of segments (the last one repeated)."""
    flat = [(d, segments(g)) for d, ways in enumerate(GLYPHS) for g in ways]
    most = max(len(s) for _, s in flat)
    pad = [np.concatenate([s, np.repeat(s[-1:], most - len(s), 0)]) for _, s in flat]
    return np.array([d for d, _ in flat]), np.array(pad)


def distort(rng, p):
    """Bend, scale, shear, turn and move: (n, s, 2, 2) unit square -> pixels."""
    n = len(p)

    def uniform(lo, hi, *shape):
        return rng.uniform(lo, hi, (n, 1, 1) + shape)
    p = p - .5
    # A slow wave along each axis makes straight strokes crooked.
    for axis in (0, 1):
        phase = uniform(0, 2 * np.pi) + uniform(2, 7) * p[..., 1 - axis]
        p[..., axis] += uniform(0, .06) * np.sin(phase)
    p += rng.normal(0, .012, p.shape)
    p *= np.stack([uniform(11, 19), uniform(16, 24)], -1)
    p[..., 0] -= uniform(-.3, .3) * p[..., 1]
    a = uniform(-.3, .3)
    p = np.stack([np.cos(a) * p[..., 0] - np.sin(a) * p[..., 1],
                  np.sin(a) * p[..., 0] + np.cos(a) * p[..., 1]], -1)
    return p + (SIZE - 1) / 2 + uniform(-2.5, 2.5, 2)


def coverage(rng, seg):
    """How much of each pixel is ink, 0..1, from the distance to the strokes."""
    n = len(seg)
    a, d = seg[:, :, 0].astype(np.float32), (seg[:, :, 1] - seg[:, :, 0]).astype(np.float32)
    length = np.maximum((d * d).sum(-1), np.float32(1e-6))
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    nearest = np.full((n, SIZE, SIZE), 1e6, np.float32)
    for s in range(seg.shape[1]):
        ux = x - a[:, s, 0, None, None]
        uy = y - a[:, s, 1, None, None]
        dx, dy = d[:, s, 0, None, None], d[:, s, 1, None, None]
        t = np.clip((ux * dx + uy * dy) / length[:, s, None, None], 0, 1)
        ux -= t * dx
        uy -= t * dy
        np.minimum(nearest, ux * ux + uy * uy, out=nearest)
    width = rng.uniform(1.3, 4.2, (n, 1, 1))
    soft = rng.uniform(1, 2, (n, 1, 1))
    return np.clip((width / 2 - np.sqrt(nearest)) / soft + .5, 0, 1)


def draw(count, seed):
    """count pictures of random digits -> uint8 (count, 28, 28, 1), labels."""
    # RandomState's streams never change between versions of NumPy.
    rng = np.random.RandomState(seed)
    digit_of, glyphs = table()
    labels = rng.randint(0, 10, count)
    variant = np.array([rng.choice(np.flatnonzero(digit_of == d)) for d in labels])
    pictures = np.empty((count, SIZE, SIZE, 1), np.uint8)
    for lo in range(0, count, 500):
        v = variant[lo:lo + 500]
        n = len(v)
        ink = coverage(rng, distort(rng, glyphs[v]))
        y, x = (np.mgrid[:SIZE, :SIZE] / (SIZE - 1) - .5)
        slope = rng.uniform(-50, 50, (2, n, 1, 1))
        paper = rng.uniform(20, 100, (n, 1, 1)) + slope[0] * x + slope[1] * y
        grey = paper + ink * rng.uniform(50, 150, (n, 1, 1))
        # Half of them are dark on light.
        grey = np.where(rng.uniform(size=(n, 1, 1)) < .5, grey, 255 - grey)
        grey += rng.normal(0, 1, grey.shape) * rng.uniform(0, 18, (n, 1, 1))
        pictures[lo:lo + n, ..., 0] = np.clip(np.rint(grey), 0, 255)
    return pictures, labels.astype(np.uint8)


def write_png(path, picture):
    """Write uint8 (height, width, 1) as an 8-bit grey PNG."""
    h, w = picture.shape[:2]

    def chunk(kind, data):
        return (struct.pack('>I', len(data)) + kind + data +
                struct.pack('>I', zlib.crc32(kind + data)))
    rows = b''.join(b'\0' + picture[r].tobytes() for r in range(h))
    with open(path, 'wb') as f:
        f.write(b'\x89PNG\r\n\x1a\n')
        f.write(chunk(b'IHDR', struct.pack('>IIBBBBB', w, h, 8, 0, 0, 0, 0)))
        f.write(chunk(b'IDAT', zlib.compress(rows, 9)))
        f.write(chunk(b'IEND', b''))


def main():
    parser = argparse.ArgumentParser(description='Draw pictures of digits.')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--count', type=int, default=10)
    parser.add_argument('dir')
    args = parser.parse_args()
    os.makedirs(args.dir, exist_ok=True)
    for i, (picture, label) in enumerate(zip(*draw(args.count, args.seed))):
        write_png(os.path.join(args.dir, 'digit-%03d-%d.png' % (i, label)), picture)


if __name__ == '__main__':
    main()
