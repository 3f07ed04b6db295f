# SPDX-License-Identifier: GPL-2.0
"""Data sets that programs draw: spectrograms of spoken-word-like tones, pictures
with two blobs, windows of a chaotic series; digits come from tools/demo.

Each function returns uint8 inputs (count, rows, columns, channels) and uint8
labels. The same seed gives the same data: RandomState's streams never change
between versions of NumPy."""
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../demo'))
import digits as drawn  # noqa: E402


def digits(count, seed):
    """Digits of 28 x 28 pixels, 8 bits: ten classes."""
    return drawn.draw(count, seed)


def small_digits(count, seed):
    """The same as ink alone, dark or light: how far pixels are from the paper, in
    14 x 14 values of 4 bits, which is what a dense layer takes."""
    x, y = drawn.draw(count, seed)
    x = x.astype(np.float32)
    ink = np.abs(x - np.median(x, (1, 2), keepdims=True))
    ink = ink.reshape(count, 14, 2, 14, 2, 1).mean((2, 4))
    ink *= 17 / ink.max((1, 2), keepdims=True)
    return np.clip(np.rint(ink), 0, 15).astype(np.uint8), y


RATE, SAMPLES, WINDOW, HOP, FRAMES, BANDS = 8000, 8000, 256, 160, 49, 10


def pitch(rng, kind, n):
    """Frequency over time (n, SAMPLES) and loudness likewise, of words that
    last for 0..1 of their own time."""
    start, length = rng.uniform(.02, .3, (n, 1)), rng.uniform(.4, .65, (n, 1))
    t = (np.arange(SAMPLES) / RATE - start) / length
    u = np.clip(t, 0, 1)
    base = 300 * 5 ** rng.uniform(0, 1, (n, 1))
    ratio = rng.uniform(1.25, 1.9, (n, 1))
    turns = rng.uniform(3, 6, (n, 1))
    switch = rng.uniform(.35, .65, (n, 1))
    loud = ((t > 0) & (t < 1)) * np.minimum(1, np.minimum(u, 1 - u) * 12)
    kind = kind[:, None]
    f = base * np.select(
        [kind == 2, kind == 3, kind == 4, kind == 5, kind == 6],
        [ratio ** u, ratio ** (1 - u), np.where(u < switch, 1, ratio), np.where(u < switch, ratio, 1),
         1 + .18 * np.sin(2 * np.pi * turns * u)], 1)
    loud = loud * np.select([kind == 0, kind == 7], [0, np.sin(np.pi * turns * u) ** 2 > .4], 1)
    return f, loud


def keywords(count, seed):
    """Log spectrograms of 49 frames and 10 bands: noise, a steady tone, rising,
    falling, low then high, high then low, warbling, beeping."""
    rng = np.random.RandomState(seed)
    labels = rng.randint(0, 8, count)
    out = np.empty((count, FRAMES, BANDS, 1), np.uint8)
    bins = np.fft.rfftfreq(WINDOW, 1 / RATE)
    edges = np.geomspace(180, 3900, BANDS + 2)
    bank = np.stack([np.clip(np.minimum((bins - a) / (b - a), (c - bins) / (c - b)), 0, 1)
                     for a, b, c in zip(edges, edges[1:], edges[2:])], 1)
    at = np.arange(FRAMES)[:, None] * HOP + np.arange(WINDOW)
    for lo in range(0, count, 100):
        kind = labels[lo:lo + 100]
        n = len(kind)
        f, loud = pitch(rng, kind, n)
        phase = 2 * np.pi * np.cumsum(f, 1) / RATE
        sound = np.zeros((n, SAMPLES))
        for k in range(1, 4):
            sound += np.sin(k * phase + rng.uniform(0, 6, (n, 1))) * rng.uniform(.2, 1, (n, 1)) / k * (k * f < 3800)
        noise = rng.standard_normal((n, SAMPLES)) * 10 ** rng.uniform(-1.3, -.05, (n, 1))
        sound = (sound * loud + noise) * 10 ** rng.uniform(-.4, .4, (n, 1))
        power = np.abs(np.fft.rfft(sound[:, at] * np.hanning(WINDOW))) ** 2 @ bank
        out[lo:lo + n, ..., 0] = np.clip(np.rint((np.log10(power + 1e-9) + 1) * 255 / 6), 0, 255)
    return out, labels.astype(np.uint8)


def blobs(count, seed):
    """32 x 32 pixels with two blobs, round ones (class 1) and rings (class 2),
    among bars, which are neither. A label for each of 8 x 8 cells: what has its
    centre there."""
    rng = np.random.RandomState(seed)
    y, x = np.mgrid[:32, :32].astype(np.float32)
    out = np.empty((count, 32, 32, 1), np.uint8)
    labels = np.zeros((count, 8, 8), np.uint8)
    for i in range(count):
        slope = rng.uniform(-40, 40, 2)
        picture = rng.uniform(60, 160) + slope[0] * (x / 31 - .5) + slope[1] * (y / 31 - .5)
        # A bar from edge to edge.
        a, off = rng.uniform(0, np.pi), rng.uniform(-10, 10)
        d = (x - 15.5) * np.cos(a) + (y - 15.5) * np.sin(a) - off
        picture += rng.choice([-1, 1]) * rng.uniform(20, 60) * (np.abs(d) < rng.uniform(.8, 2))
        placed = []
        while len(placed) < 2:
            cy, cx = rng.uniform(2, 30, 2)
            if any(abs(cy - b) + abs(cx - c) < 10 for b, c in placed):
                continue
            placed.append((cy, cx))
            kind, r = rng.randint(1, 3), rng.uniform(2.2, 3.8)
            d = np.hypot(x - cx, (y - cy) * rng.uniform(.85, 1.18))
            shape = np.exp(-(d / r) ** 2 * 1.5) if kind == 1 else np.exp(-((d - r) / 1.1) ** 2)
            picture += rng.choice([-1, 1]) * rng.uniform(45, 95) * shape
            labels[i, int(cy) // 4, int(cx) // 4] = kind
        picture += rng.standard_normal((32, 32)) * rng.uniform(2, 14)
        out[i, ..., 0] = np.clip(np.rint(picture), 0, 255)
    return out, labels


DELAYS, AHEAD = 20, 12


def series(count, seed):
    """Windows of the Mackey-Glass series (tau 17, chaotic): 20 values 3 apart,
    noisy and in 4 bits; into which quarter of all values does the one 12 later fall?"""
    rng = np.random.RandomState(seed)
    tracks, need = 50, DELAYS * 3 + AHEAD
    steps = -(-count // tracks) * 5 + need
    history = list(rng.uniform(.4, 1.2, (18, tracks)))
    values = []
    for i in range(10 * (steps + 200)):
        # Euler's rule, ten steps a unit, is enough: any chaotic series will do.
        if i % 10 == 0:
            late = history[i // 10]
            now = history[-1] if i == 0 else now
            history.append(now)
        now = now + .1 * (.2 * late / (1 + late ** 10) - .1 * now)
    values = np.array(history[-steps:])
    picked = np.arange(-(-count // tracks)) * 5
    windows = values[picked[:, None] + np.arange(DELAYS) * 3]
    target = values[picked + (DELAYS - 1) * 3 + AHEAD]
    windows = windows.transpose(0, 2, 1).reshape(-1, DELAYS)[:count]
    target = target.reshape(-1)[:count]
    # Nobody measures without noise; and windows of coarse steps would recur.
    windows = windows + rng.standard_normal(windows.shape) * .03
    x = np.clip(np.rint((windows - .2) / 1.2 * 15), 0, 15)
    # Quarters of a long run.
    y = np.searchsorted([.78, .94, 1.09], target)
    order = rng.permutation(count)
    return x[order].astype(np.uint8).reshape(count, 1, 1, DELAYS), y[order].astype(np.uint8)
