#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Small networks, trained in float on data that train_data.py draws.

usage: train_nets.py train FOLDER [NAME ...]   train them, write FOLDER/NAME.npz
       train_nets.py export FOLDER NETS [NAME ...]
                 for networks that were trained into NETS, write into FOLDER
                 NAME.pt, NAME.safetensors, NAME.npz and NAME.json (the architecture),
                 NAME.onnx, NAME.keras and NAME.h5, and NAME-calib.npy, NAME-few.npy (some of them),
                 NAME-test.npy, NAME-labels.npy

Training is in plain float: nothing knows of integers before akida convert does.
The same seed, PyTorch and processor give the same bytes; another one rounds
differently and ends in other weights of about the same quality."""
import json
import os
import sys
import warnings
from collections import OrderedDict

import numpy as np
import torch
import torch.nn as nn

import train_data

warnings.filterwarnings('ignore')
TRAIN_SEED, TEST_SEED, CALIB, TEST = 101, 202, 300, 2000


def conv(number, filters, kernel, stride=1):
    return {'type': 'conv', 'name': 'conv%d' % number, 'stride': stride, 'padding': 'same', 'filters': filters,
            'kernel': kernel}


def separable(number, filters, stride=1):
    return {'type': 'separable', 'name': 'sep%d' % number, 'depthwise': 'dw%d.weight' % number,
            'pointwise': 'pw%d.weight' % number, 'bias': 'pw%d.bias' % number, 'stride': stride, 'padding': 'same',
            'filters': filters, 'kernel': 3}


def dense(number, units):
    return {'type': 'dense', 'name': 'fc%d' % number, 'filters': units}


def norm(number):
    return {'type': 'batchnorm', 'name': 'bn%d' % number, 'epsilon': 1e-3}


RELU, RELU6, POOL = {'type': 'relu'}, {'type': 'relu', 'max': 6}, {'type': 'maxpool', 'size': 2}
FLAT, MEAN = {'type': 'flatten'}, {'type': 'globalavg'}


def spike(number):
    return {'type': 'spike', 'name': 'lif%d' % number}


# name: data, largest integer input (1 for the network), samples, epochs, layers
NETS = {
    'mlp': (train_data.small_digits, 15, 10000, 14,
            [FLAT, dense(1, 64), RELU, dense(2, 32), RELU, dense(3, 10)]),
    'snn': (train_data.small_digits, 15, 10000, 14,
            [FLAT, dense(1, 128), spike(1), dense(2, 64), spike(2), dense(3, 10)]),
    'cnn': (train_data.digits, 255, 6000, 4,
            [conv(1, 16, 5, 2), norm(1), RELU6, conv(2, 24, 3), norm(2), RELU6, POOL,
             conv(3, 24, 3), norm(3), RELU6, FLAT, dense(4, 10)]),
    'dscnn': (train_data.keywords, 255, 4000, 9,
              [conv(1, 32, 5, 2), norm(1), RELU, separable(2, 32), norm(2), RELU, separable(3, 32), norm(3), RELU,
               separable(4, 48), norm(4), MEAN, RELU, FLAT, dense(5, 8)]),
    'blobs': (train_data.blobs, 255, 6000, 6,
              [conv(1, 16, 3, 2), norm(1), RELU, conv(2, 24, 3), norm(2), RELU, POOL,
               conv(3, 24, 3), norm(3), RELU, conv(4, 32, 3), norm(4), RELU, conv(5, 3, 1)]),
    'series': (train_data.series, 15, 8000, 15,
               [FLAT, dense(1, 48), RELU, dense(2, 32), RELU, dense(3, 4)]),
}


class Surrogate(torch.autograd.Function):
    """A step whose gradient is that of x / (1 + |x|)."""
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x > 0).float()

    @staticmethod
    def backward(ctx, grad):
        x, = ctx.saved_tensors
        return grad / (1 + 5 * x.abs()) ** 2


class Leaky(nn.Module):
    """snnTorch's Leaky with beta 0: what it gets now against its threshold."""
    def __init__(self):
        super().__init__()
        self.register_buffer('threshold', torch.tensor(1.))
        self.register_buffer('beta', torch.tensor(0.))

    def forward(self, x):
        return Surrogate.apply(x - self.threshold)


class Same(nn.Module):
    """TensorFlow's padding: the smaller half first."""
    def __init__(self, shape, kernel, stride):
        super().__init__()
        self.sides = []
        for n in shape[1::-1]:
            total = max((-(-n // stride) - 1) * stride + kernel - n, 0)
            self.sides += [total // 2, total - total // 2]

    def forward(self, x):
        return nn.functional.pad(x, self.sides)


def modules(shape, layers):
    """PyTorch's modules for a chain of layers; those with tensors have names."""
    h, w, c = shape
    for number, layer in enumerate(layers, 1):
        kind, n = layer['type'], layer.get('filters')
        name = layer.get('name', kind + str(number))
        if kind in ('conv', 'separable'):
            k, s = layer['kernel'], layer['stride']
            yield 'pad%d' % number, Same((h, w), k, s)
            if kind == 'conv':
                yield name, nn.Conv2d(c, n, k, s)
            else:
                yield layer['depthwise'][:-7], nn.Conv2d(c, c, k, s, groups=c, bias=False)
                yield layer['pointwise'][:-7], nn.Conv2d(c, n, 1)
            h, w, c = -(-h // s), -(-w // s), n
        elif kind == 'dense':
            yield name, nn.Linear(c, n)
            c = n
        elif kind == 'batchnorm':
            yield name, nn.BatchNorm2d(c, eps=layer['epsilon'])
        elif kind == 'relu':
            yield name, nn.ReLU6() if 'max' in layer else nn.ReLU()
        elif kind == 'spike':
            yield name, Leaky()
        elif kind == 'maxpool':
            yield name, nn.MaxPool2d(2)
            h, w = h // 2, w // 2
        elif kind == 'globalavg':
            yield name, nn.AdaptiveAvgPool2d(1)
            h = w = 1
        elif kind == 'flatten':
            yield name, nn.Flatten()
            h, w, c = 1, 1, h * w * c


def network(name, shape):
    return nn.Sequential(OrderedDict(modules(shape, NETS[name][4])))


def tensor(x, largest):
    return torch.from_numpy(x.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(largest))


def scores(net, x, largest):
    """Classes last."""
    net.eval()
    with torch.no_grad():
        out = torch.cat([net(tensor(x[i:i + 500], largest)) for i in range(0, len(x), 500)])
    return out.movedim(1, -1).numpy()


def accuracy(net, x, y, largest):
    """Of a map the mean over classes: most of its cells are background."""
    right = scores(net, x, largest).argmax(-1) == y
    return right.mean() if y.ndim == 1 else np.mean([right[y == c].mean() for c in range(y.max() + 1)])


def train(name):
    draw, largest, count, epochs, _ = NETS[name]
    x, y = draw(count, TRAIN_SEED)
    torch.manual_seed(7)
    net = network(name, x.shape[1:])
    rate, size = 4e-3, 50
    steps = epochs * (count // size)
    optimizer = torch.optim.Adam(net.parameters(), rate, weight_decay=1e-5)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1, s / 50 + .1) * (1 - s / steps))
    # Of a map's cells few have an object.
    weight = torch.tensor([.15, 1, 1]) if y.ndim > 1 else None
    loss_of = nn.CrossEntropyLoss(weight)
    inputs, labels = tensor(x, largest), torch.from_numpy(y.astype(np.int64))
    net.train()
    for _ in range(epochs):
        order = torch.randperm(count)
        for i in range(0, count, size):
            at = order[i:i + size]
            optimizer.zero_grad()
            loss_of(net(inputs[at]), labels[at]).backward()
            optimizer.step()
            schedule.step()
    return net


def state_of(net):
    return {k: v for k, v in net.state_dict().items() if not k.endswith('num_batches_tracked')}


def save_trained(name, folder):
    net = train(name)
    x, y = NETS[name][0](TEST, TEST_SEED)
    print('%-8s %6.2f %%' % (name, 100 * accuracy(net, x, y, NETS[name][1])), flush=True)
    # Halves of the bytes, all of the accuracy.
    np.savez_compressed(os.path.join(folder, name), **{k: v.numpy().astype(np.float16)
                                                        for k, v in state_of(net).items()})


def load_trained(name, folder, shape):
    net = network(name, shape)
    z = np.load(os.path.join(folder, name + '.npz'))
    net.load_state_dict({k: torch.from_numpy(z[k].astype(np.float32)) for k in z}, strict=False)
    return net.eval()


def write_safetensors(path, state):
    head, data = {}, b''
    for name, t in state.items():
        raw = t.numpy().astype('<f4').tobytes()
        head[name] = {'dtype': 'F32', 'shape': list(t.shape), 'data_offsets': [len(data), len(data) + len(raw)]}
        data += raw
    head = json.dumps(head).encode()
    with open(path, 'wb') as f:
        f.write(len(head).to_bytes(8, 'little') + head + data)


def keras(name, net, shape):
    """The network as make_keras.py writes models of Keras."""
    import make_keras
    state = {k: v.numpy() for k, v in state_of(net).items()}
    model = make_keras.Net(shape)
    h, w, c = shape
    first = {'data_format': 'channels_last'}

    def kernel(name, *axes):
        return np.ascontiguousarray(state[name].transpose(axes))

    for layer in NETS[name][4]:
        kind, n, k, s = layer['type'], layer.get('filters'), layer.get('kernel'), layer.get('stride')
        key = layer.get('name')
        how = {'activation': 'linear', 'use_bias': True}
        if kind in ('conv', 'separable'):
            how.update(first, filters=n, kernel_size=[k, k], strides=[s, s], padding='same', dilation_rate=[1, 1])
            h, w, c = -(-h // s), -(-w // s), n
        if kind == 'conv':
            model.layer('Conv2D', None, [('kernel', kernel(key + '.weight', 2, 3, 1, 0)),
                                         ('bias', state[key + '.bias'])], groups=1, **how)
        elif kind == 'separable':
            model.layer('SeparableConv2D', None, [('depthwise_kernel', kernel(layer['depthwise'], 2, 3, 0, 1)),
                                                  ('pointwise_kernel', kernel(layer['pointwise'], 2, 3, 1, 0)),
                                                  ('bias', state[layer['bias']])], depth_multiplier=1, **how)
        elif kind == 'dense':
            # Flattened with channels last.
            weights = state[key + '.weight'].reshape(n, c, h, w).transpose(2, 3, 1, 0).reshape(-1, n)
            model.layer('Dense', None, [('kernel', weights), ('bias', state[key + '.bias'])], units=n, **how)
            h, w, c = 1, 1, n
        elif kind == 'batchnorm':
            model.layer('BatchNormalization', None, [
                (a, state[key + b]) for a, b in (('gamma', '.weight'), ('beta', '.bias'), ('moving_mean', '.running_mean'),
                                                 ('moving_variance', '.running_var'))],
                        axis=[3], momentum=.9, epsilon=layer['epsilon'], center=True, scale=True)
        elif kind == 'relu':
            model.layer('ReLU', None, max_value=layer.get('max'), negative_slope=0.0, threshold=0.0)
        elif kind == 'maxpool':
            model.layer('MaxPooling2D', None, pool_size=[2, 2], strides=[2, 2], padding='valid', **first)
            h, w = h // 2, w // 2
        elif kind == 'globalavg':
            model.layer('GlobalAveragePooling2D', None, keepdims=False, **first)
            h = w = 1
        elif kind == 'flatten':
            model.layer('Flatten', None, **first)
    return make_keras, model


def architecture(name, shape):
    keep = ('filters', 'kernel')
    return {'input': list(shape), 'order': 'torch',
            'layers': [{k: v for k, v in layer.items() if k not in keep} for layer in NETS[name][4]]}


def export(name, folder, nets):
    draw, largest, _, _, layers = NETS[name]
    x, _ = draw(CALIB, TRAIN_SEED)
    test_x, test_y = draw(TEST, TEST_SEED)
    net = load_trained(name, nets, x.shape[1:])
    state = state_of(net)
    base = os.path.join(folder, name)
    torch.save(state, base + '.pt')
    write_safetensors(base + '.safetensors', state)
    np.savez(base, **{k: v.numpy() for k, v in state.items()})
    with open(base + '.json', 'w') as f:
        json.dump(architecture(name, x.shape[1:]), f)
    # Keras and ONNX have no spiking neuron.
    if not any(layer['type'] == 'spike' for layer in layers):
        make_keras, model = keras(name, net, x.shape[1:])
        make_keras.archive(base + '.keras', model, False)
        make_keras.old_file(base + '.h5', model, True, 2)
        # PyTorch would fold normalisation in its own order of operations.
        torch.onnx.export(net, tensor(x[:1], 1), base + '.onnx', opset_version=13, do_constant_folding=False,
                          training=torch.onnx.TrainingMode.PRESERVE)
    for part, a in ('calib', x), ('few', x[:40]), ('test', test_x), ('labels', test_y):
        np.save('%s-%s' % (base, part), a)
    print('%-8s %6.2f %%' % (name, 100 * accuracy(net, test_x, test_y, largest)), flush=True)


def main():
    command, folder = sys.argv[1], sys.argv[2]
    torch.set_num_threads(1)
    os.makedirs(folder, exist_ok=True)
    if command == 'train':
        for name in sys.argv[3:] or NETS:
            save_trained(name, folder)
    else:
        for name in sys.argv[4:] or NETS:
            export(name, folder, sys.argv[3])


if __name__ == '__main__':
    main()
