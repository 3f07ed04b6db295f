#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Train the demo network and quantise it to Akida 1.0, NumPy only.

usage: train.py OUT

Three steps: training in float, fine-tuning with quantised weights and
activations in the forward pass (gradients pass straight through the rounding),
export. OUT gets

  digits-float.npz    float weights and biases after the first step
  digits-test.npy     uint8 (100, 28, 28, 1), pictures never trained on
  digits-labels.npy   uint8 (100,)
  digits-logits.npy   float32 (100, 10), what the float network says of them
  digits-scores.npy   int32 (100, 10), potentials of the integer network
  digit-0.png ...     the first held-out picture of each digit
  labels.txt          names of the classes
  accuracy.txt        accuracies over all held-out pictures
  layers/             the integer network as .npy files and manifest.txt,
                      which make-fbz turns into a .fbz file

A run takes five to eight minutes on one core. The same NumPy, BLAS library and
processor give the same bytes; another one rounds differently and ends in
different weights of about the same quality.
"""
import os
import sys
import time

import numpy as np

import digits

TRAIN_SEED, TEST_SEED, WEIGHT_SEED = 1, 2, 3
TRAIN, TEST, SHIPPED = 24000, 4000, 100
FLOAT_EPOCHS, TUNE_EPOCHS, BATCH = 10, 5, 64
NAMES = 'zero one two three four five six seven eight nine'.split()

# Activations are clipped to 0..TOP; 4 bits cut that into LEVELS steps.
TOP, LEVELS = 4.0, 15

# name, type, kernel, stride, inputs, filters, bits of weights, pooling
NET = [
    ('conv_0', 'input', 5, 2, 1, 16, 8, None),      # 28x28x1 -> 14x14x16
    ('conv_1', 'conv', 3, 1, 16, 24, 4, 'max'),     # -> 7x7x24
    ('separable_2', 'sep', 3, 1, 24, 32, 4, None),  # -> 7x7x32
    ('separable_3', 'sep', 3, 1, 32, 48, 4, 'average'),  # -> 1x1x48
    ('dense_4', 'dense', 1, 1, 48, 10, 4, None),    # -> 10
]


def same(size, k, s):
    """'Same' padding: the smaller half of the border comes first."""
    total = max((-(-size // s) - 1) * s + k - size, 0)
    return total // 2, total - total // 2


def round_weights(w, bits, axes):
    """Symmetric integers, the largest of every filter at 127 or 7.

    Returns them as float, and the scale of each filter.
    """
    top = 2**(bits - 1) - 1
    scale = np.maximum(np.abs(w).max(axes, keepdims=True), 1e-6) / np.float32(top)
    return np.rint(w / scale), scale


def product(a, b):
    """a @ b where b is a transposed view: the plain BLAS is slow at those."""
    return a @ np.ascontiguousarray(b)


class Layer:
    """A layer, its gradient and its optimiser.

    Feature maps are (picture, row, column, channel), weights (row, column,
    channel, filter), depthwise weights (row, column, channel), pointwise ones
    (channel, filter). All convolutions are cross-correlations here.
    """

    def __init__(self, rng, name, kind, k, stride, cin, cout, bits, pool):
        self.name, self.kind, self.k, self.stride = name, kind, k, stride
        self.cin, self.cout, self.bits, self.pool = cin, cout, bits, pool
        self.last = kind == 'dense'
        self.p = {'b': np.zeros(cout)}
        if kind == 'sep':
            self.p['dw'] = rng.normal(0, 1 / k, (k, k, cin))
            self.p['pw'] = rng.normal(0, np.sqrt(2 / cin), (cin, cout))
        else:
            self.p['w'] = rng.normal(0, np.sqrt(2 / (k * k * cin)), (k, k, cin, cout))
        self.p = {n: v.astype(np.float32) for n, v in self.p.items()}
        self.restart()

    def restart(self):
        """Forget the optimiser's averages."""
        self.m = {n: np.zeros_like(v) for n, v in self.p.items()}
        self.v = {n: np.zeros_like(v) for n, v in self.p.items()}
        self.t = 0

    def integers(self):
        """Integer weights by name, and the scale of each filter's product."""
        if self.kind != 'sep':
            q, scale = round_weights(self.p['w'], self.bits, (0, 1, 2))
            return {'w': q}, scale.ravel()
        dw, channel = round_weights(self.p['dw'], self.bits, (0, 1))
        # The pointwise weights take over the scales of the depthwise ones.
        pw, scale = round_weights(self.p['pw'] * channel.reshape(-1, 1), self.bits, (0,))
        return {'dw': dw, 'pw': pw}, scale.ravel()

    def weights(self, quantised):
        """The weights that the forward pass uses."""
        if not quantised:
            return self.p
        q, scale = self.integers()
        if self.kind != 'sep':
            return {'w': q['w'] * scale}
        _, channel = round_weights(self.p['dw'], self.bits, (0, 1))
        return {'dw': q['dw'] * channel, 'pw': q['pw'] * scale / channel.reshape(-1, 1)}

    def taps(self, x):
        """Views of x, one per kernel position, in row-major order."""
        s, h, w = self.stride, *self.map
        return [x[:, i:i + (h - 1) * s + 1:s, j:j + (w - 1) * s + 1:s]
                for i in range(self.k) for j in range(self.k)]

    def forward(self, x, quantised=False):
        u = self.used = self.weights(quantised)
        pads = [same(n, self.k, self.stride) for n in x.shape[1:3]]
        self.map = [-(-n // self.stride) for n in x.shape[1:3]]
        self.pads = pads
        self.x = x = np.pad(x, [(0, 0), *pads, (0, 0)])
        taps = self.taps(x)
        if self.kind == 'sep':
            self.d = sum(t * f for t, f in zip(taps, u['dw'].reshape(-1, self.cin)))
            z = self.d @ u['pw']
        else:
            self.cols = np.concatenate(taps, -1)
            z = self.cols @ u['w'].reshape(-1, self.cout)
        z += self.p['b']
        if self.pool == 'max':
            n, h, w, c = z.shape
            blocks = z.reshape(n, h // 2, 2, w // 2, 2, c)
            z = blocks.max((2, 4))
            self.winner = blocks == z[:, :, None, :, None]
        elif self.pool == 'average':
            z = z.mean((1, 2), keepdims=True)
        if self.last:
            return z
        self.live = (z > 0) & (z < TOP)
        y = np.clip(z, 0, TOP)
        if quantised:
            # Half a step rounds down, as the chip's thresholds do.
            y = np.clip(np.ceil(z * (LEVELS / TOP) - .5), 0, LEVELS) * np.float32(TOP / LEVELS)
        return y

    def backward(self, g):
        """Gradient of the loss by the output -> by the input."""
        u, h, w = self.used, *self.map
        if not self.last:
            g = g * self.live
        if self.pool == 'max':
            g = (self.winner * g[:, :, None, :, None]).reshape(len(g), h, w, -1)
        elif self.pool == 'average':
            g = np.broadcast_to(g / np.float32(h * w), (len(g), h, w, self.cout))
        flat = np.ascontiguousarray(g).reshape(-1, self.cout)
        self.g = {'b': flat.sum(0)}
        gx = np.zeros_like(self.x)
        if self.kind == 'sep':
            self.g['pw'] = self.d.reshape(-1, self.cin).T @ flat
            gd = product(flat, u['pw'].T).reshape(len(g), h, w, self.cin)
            self.g['dw'] = np.stack([np.einsum('nhwc,nhwc->c', t, gd) for t in self.taps(self.x)]
                                    ).reshape(u['dw'].shape)
            for t, f in zip(self.taps(gx), u['dw'].reshape(-1, self.cin)):
                t += gd * f
        else:
            self.g['w'] = (self.cols.reshape(len(flat), -1).T @ flat).reshape(u['w'].shape)
            if self.kind != 'input':
                cols = product(flat, u['w'].reshape(-1, self.cout).T).reshape(
                    len(g), h, w, -1, self.cin)
                for n, t in enumerate(self.taps(gx)):
                    t += cols[:, :, :, n]
        (top, bottom), (left, right) = self.pads
        return gx[:, top:gx.shape[1] - bottom, left:gx.shape[2] - right]

    def update(self, rate):
        """One step of Adam."""
        self.t += 1
        for n in self.p:
            self.m[n] = .9 * self.m[n] + .1 * self.g[n]
            self.v[n] = .999 * self.v[n] + .001 * self.g[n]**2
            self.p[n] -= np.float32(rate) * (self.m[n] / (1 - .9**self.t) / (
                np.sqrt(self.v[n] / (1 - .999**self.t)) + 1e-8)).astype(np.float32)


def forward(net, x, quantised=False):
    a = x.astype(np.float32) / np.float32(255)
    for layer in net:
        a = layer.forward(a, quantised)
    return a.reshape(len(x), -1)


def predict(net, x, quantised=False):
    return np.concatenate([forward(net, x[i:i + 500], quantised) for i in range(0, len(x), 500)])


def fit(net, x, y, rng, epochs, rate, quantised):
    steps, done, start = epochs * (len(x) // BATCH), 0, time.time()
    for layer in net:
        layer.restart()
    for epoch in range(epochs):
        order, loss = rng.permutation(len(x)), 0
        for i in range(len(x) // BATCH):
            pick = order[i * BATCH:(i + 1) * BATCH]
            z = forward(net, x[pick], quantised)
            p = np.exp(z - z.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            hit = p[np.arange(BATCH), y[pick]]
            loss -= np.log(np.maximum(hit, 1e-12)).sum()
            p[np.arange(BATCH), y[pick]] -= 1
            g = (p / np.float32(BATCH)).reshape(BATCH, 1, 1, -1)
            for layer in reversed(net):
                g = layer.backward(g)
            for layer in net:
                layer.update(rate * .5 * (1 + np.cos(np.pi * done / steps)))
            done += 1
        print('%s epoch %2d  loss %.4f  %.0f s' % ('int4 ' if quantised else 'float', epoch + 1,
              loss / (i + 1) / BATCH, time.time() - start), flush=True)


def export(net):
    """The integer network: a list of (name, type number, keys, variables).

    Variables lie as in .fbz files: x slowest, then y, channel, filter;
    kernels of Convolutional and SeparableConvolutional layers are turned by
    180 degrees, because those layers convolve and do not correlate.
    """
    out, step_in, size = [], 1 / 255, digits.SIZE
    for layer in net:
        q, scale = layer.integers()
        scale = scale.astype(np.float64) * step_in
        size = -(-size // layer.stride)
        # A global average is a sum: everything else grows with it.
        pixels = size * size if layer.pool == 'average' else 1
        bias = np.rint(layer.p['b'] * pixels / scale)
        step = ((1 if layer.last else TOP / LEVELS) * pixels / scale).astype(np.float32)
        half = 0 if layer.last else .5 * step.astype(np.float64)
        threshold = np.floor(half - bias)
        # What the chips' registers hold.
        assert layer.last or step.max() <= 65535 and np.abs(threshold).max() < 2**19
        keys = {'weights_bits': layer.bits, 'act_bits': 1 if layer.last else 4,
                'activation': int(not layer.last)}
        if layer.kind == 'dense':
            keys['units'] = layer.cout
        else:
            window = 2 if layer.pool == 'max' else -1
            keys.update(filters=layer.cout, kernel_width=layer.k, kernel_height=layer.k,
                        stride_x=layer.stride, stride_y=layer.stride, padding=1,
                        pool_type={None: 0, 'max': 1, 'average': 2}[layer.pool],
                        pooling_width=window, pooling_height=window,
                        pooling_stride_x=window, pooling_stride_y=window)
        if layer.kind == 'input':
            keys.update(input_width=digits.SIZE, input_height=digits.SIZE, input_channels=1,
                        padding_value=0)
        if layer.kind == 'sep':
            variables = {'weights': q['dw'][::-1, ::-1, :, None], 'weights_pw': q['pw'][None, None]}
        else:
            variables = {'weights': q['w'] if layer.kind == 'input' else q['w'][::-1, ::-1]}
        variables = {n: np.ascontiguousarray(v.swapaxes(0, 1)).astype(np.int8)
                     for n, v in variables.items()}
        variables.update(threshold=threshold.astype(np.int32), act_step=step)
        number = {'input': 2, 'dense': 3, 'conv': 4, 'sep': 5}[layer.kind]
        out.append((layer.name, number, keys, variables))
        size = {None: size, 'max': size // 2, 'average': 1}[layer.pool]
        step_in = TOP / LEVELS
    return out


def write_layers(path, layers):
    """One .npy per variable, and a manifest that names layers and keys."""
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, 'manifest.txt'), 'w') as f:
        for name, number, keys, variables in layers:
            f.write('layer %s %d\n' % (name, number))
            for key in sorted(keys):
                f.write('key %s %d\n' % (key, keys[key]))
            for variable in sorted(variables):
                file = '%s-%s.npy' % (name, variable)
                np.save(os.path.join(path, file), variables[variable])
                f.write('variable %s %s\n' % (variable, file))


def integer_potentials(layers, x):
    """Run the exported network on uint8 pictures, integers only.

    Reads the variables and keys as a .fbz reader would, so that a mistake in
    the export shows as a loss of accuracy. Products go through float64, which
    is exact far beyond these sums.
    """
    x = x.astype(np.float64)
    for _, number, keys, v in layers:
        w = v['weights'].swapaxes(0, 1).astype(np.float64)
        if number in (4, 5):
            w = w[::-1, ::-1]
        if number == 3:
            # Flattened channel first, then row, then column.
            pot = x.transpose(0, 3, 1, 2).reshape(len(x), 1, 1, -1) @ w[0, 0]
        else:
            k, s = keys['kernel_height'], keys['stride_y']
            h = -(-x.shape[1] // s)
            x = np.pad(x, [(0, 0), *[same(n, k, s) for n in x.shape[1:3]], (0, 0)])
            pot = 0
            for i in range(k):
                for j in range(k):
                    tap = x[:, i:i + (h - 1) * s + 1:s, j:j + (h - 1) * s + 1:s]
                    pot = pot + (tap * w[i, j, :, 0] if number == 5 else tap @ w[i, j])
            if number == 5:
                pot = pot @ v['weights_pw'][0, 0].astype(np.float64)
            if keys['pool_type'] == 1:
                pot = pot.reshape(len(x), h // 2, 2, h // 2, 2, -1).max((2, 4))
            elif keys['pool_type'] == 2:
                pot = pot.sum((1, 2), keepdims=True)
        if keys['activation']:
            top = 2**keys['act_bits'] - 1
            step = v['act_step'].astype(np.float64) * 2**(4 - keys['act_bits'])
            x = np.clip(np.ceil((pot - v['threshold']) / step), 0, top)
    return pot.reshape(len(x), -1).astype(np.int32)


def main():
    if len(sys.argv) != 2:
        sys.exit('usage: train.py OUT')
    out = sys.argv[1]
    x, y = digits.draw(TRAIN, TRAIN_SEED)
    test_x, test_y = digits.draw(TEST, TEST_SEED)
    rng = np.random.RandomState(WEIGHT_SEED)
    net = [Layer(rng, *row) for row in NET]

    fit(net, x, y, rng, FLOAT_EPOCHS, 3e-3, False)
    logits = predict(net, test_x)
    parameters = {'%s.%s' % (layer.name, n): v.copy() for layer in net for n, v in layer.p.items()}
    plain = (predict(net, test_x, True).argmax(1) == test_y).mean()

    fit(net, x, y, rng, TUNE_EPOCHS, 1e-3, True)
    layers = export(net)
    scores = np.concatenate([integer_potentials(layers, test_x[i:i + 500])
                             for i in range(0, TEST, 500)])
    last = layers[-1][3]
    int4 = ((scores - last['threshold']) / last['act_step']).argmax(1)

    report = 'of %d held-out pictures:\n' % TEST
    report += ''.join('%-26s %6.2f %%\n' % (what, 100 * part) for what, part in (
        ('float', (logits.argmax(1) == test_y).mean()),
        ('int4 without fine-tuning', plain),
        ('int4', (int4 == test_y).mean()),
        ('int4 and float agree', (int4 == logits.argmax(1)).mean())))
    print(report, end='')

    os.makedirs(out, exist_ok=True)

    def path(name):
        return os.path.join(out, name)
    np.savez(path('digits-float.npz'), **parameters)
    np.save(path('digits-test.npy'), test_x[:SHIPPED])
    np.save(path('digits-labels.npy'), test_y[:SHIPPED])
    np.save(path('digits-logits.npy'), logits[:SHIPPED])
    np.save(path('digits-scores.npy'), scores[:SHIPPED])
    for d in range(10):
        digits.write_png(path('digit-%d.png' % d), test_x[np.flatnonzero(test_y == d)[0]])
    with open(path('labels.txt'), 'w') as f:
        f.writelines(name + '\n' for name in NAMES)
    with open(path('accuracy.txt'), 'w') as f:
        f.write(report)
    write_layers(path('layers'), layers)


if __name__ == '__main__':
    main()
