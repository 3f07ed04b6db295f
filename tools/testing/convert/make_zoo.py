#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Writes networks of the shapes that Akida's model zoo has (rows x columns),
with random weights, as PyTorch exports them; and two families that Akida 1.0
has not.

Usage: make_zoo.py FOLDER"""
import os
import sys
import warnings

import numpy as np
import torch
import torch.nn as nn

warnings.filterwarnings("ignore")
torch.manual_seed(1)
folder = sys.argv[1]


class Same(nn.Module):
    """TensorFlow's padding: the smaller half first."""
    def __init__(self, stride, k=3):
        super().__init__()
        self.stride, self.k = stride, k

    def forward(self, x):
        sides = []
        for n in (int(x.shape[3]), int(x.shape[2])):
            total = max((-(-n // self.stride) - 1) * self.stride + self.k - n, 0)
            sides += [total // 2, total - total // 2]
        return nn.functional.pad(x, sides)


def act(n):
    return [nn.BatchNorm2d(n), nn.ReLU6()]


def conv(c, n, stride=1, k=3, pool=()):
    return [Same(stride, k), nn.Conv2d(c, n, k, stride, bias=False), *pool, *act(n)]


def sep(c, n, stride=1, pool=()):
    return [Same(stride), nn.Conv2d(c, c, 3, stride, groups=c, bias=False), nn.Conv2d(c, n, 1, bias=False), *pool,
            *act(n)]


def end(c, n):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, n)]


def akidanet(alpha, classes=10, channels=3, last=True, halves=(4, 6, 12)):
    w = [int(x * alpha) for x in (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)]
    layers = conv(channels, w[0], 2) + conv(w[0], w[1]) + conv(w[1], w[2], 2) + conv(w[2], w[3])
    for i in range(4, 14):
        layers += sep(w[i - 1], w[i], 2 if i in halves else 1)
    return layers + (end(w[13], classes) if last else [])


def mobilenet(alpha):
    w = [int(x * alpha) for x in (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)]
    layers = conv(3, w[0], 2)
    for i in range(1, 14):
        layers += sep(w[i - 1], w[i], 2 if i in (2, 4, 6, 12) else 1)
    return layers + end(w[13], 10)


def vgg():
    pool = (nn.MaxPool2d(2),)
    return (conv(3, 32) + conv(32, 64, pool=pool) + conv(64, 84) + conv(84, 128, pool=pool) + conv(128, 128)
            + [nn.Flatten(), nn.Linear(128 * 8 * 8, 64), nn.ReLU6(), nn.Linear(64, 10)])


def dscnn():
    layers = conv(1, 64, 2, 5)
    for _ in range(5):
        layers += sep(64, 64)
    return layers + end(64, 33)


class Inverted(nn.Module):
    """MobileNetV2's block."""
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(*conv(3, 8, 2))
        self.block = nn.Sequential(nn.Conv2d(8, 48, 1), *act(48), *sep(48, 8)[:3])

    def forward(self, x):
        x = self.first(x)
        return x + self.block(x)


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.a, self.b = (nn.Sequential(*conv(*s)) for s in ((3, 8, 2), (8, 16, 2), (16, 16)))
        self.short = nn.Conv2d(8, 16, 1, 2)

    def forward(self, x):
        x = self.first(x)
        return torch.relu(self.b(self.a(x)) + self.short(x))


ZOO = {
    "akidanet-0.5-160": (akidanet(0.5), (3, 160, 160)),
    "akidanet-1.0-224": (akidanet(1), (3, 224, 224)),
    "mobilenet-0.25-128": (mobilenet(0.25), (3, 128, 128)),
    "vgg-32": (vgg(), (3, 32, 32)),
    "ds-cnn-49x10": (dscnn(), (1, 49, 10)),
    "yolo-224": (akidanet(0.5, last=False) + sep(512, 512) + [nn.Conv2d(512, 35, 1)], (3, 224, 224)),
    "face-112": (akidanet(0.5, 512), (3, 112, 112)),
    "gesture-64": (akidanet(0.25, channels=2, halves=(4, 6)), (2, 64, 64)),
    "occlusion-320x240": (akidanet(0.25, 2), (3, 320, 240)),
    "mobilenetv2": ([Inverted()], (3, 32, 32)),
    "resnet": ([ResNet()], (3, 32, 32)),
}

for name, (layers, shape) in ZOO.items():
    m = nn.Sequential(*layers).eval()
    for b in m.modules():
        if isinstance(b, nn.BatchNorm2d):
            b.weight.data.uniform_(0.5, 1.5)
            b.bias.data.uniform_(-0.2, 1)
            b.running_var.uniform_(0.02, 0.2)
    torch.onnx.export(m, torch.zeros(1, *shape), os.path.join(folder, name + ".onnx"), opset_version=13)
    x = np.random.RandomState(2).randint(0, 256 if shape[0] != 2 else 16, (4, *shape[1:], shape[0])).astype("u1")
    np.save(os.path.join(folder, name), x)
    # The first one, and what PyTorch makes of it, rows x columns x channels.
    with torch.no_grad():
        y = m(torch.from_numpy(x[:1].transpose(0, 3, 1, 2).astype("f4") / 255)).numpy()
    np.save(os.path.join(folder, name + ".one"), x[:1])
    np.save(os.path.join(folder, name + ".float"), y.transpose(0, 2, 3, 1) if y.ndim == 4 else y)
