#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Writes ONNX models with inputs and what PyTorch computes for them.

NAME.onnx is exported by PyTorch or put together with ONNX' own helpers;
NAME.in.npy has inputs in the model's order, NAME.out.npy outputs, maps as
(n, y, x, c).

Usage: make_onnx.py FOLDER"""
import os
import sys
import warnings

import numpy as np
import onnx
import torch
import torch.nn as nn
from onnx import TensorProto, helper, numpy_helper

warnings.filterwarnings("ignore")
folder = sys.argv[1]
torch.manual_seed(1)


def path(name):
    return os.path.join(folder, name)


def save(name, x, y):
    y = y.detach().numpy()
    if y.ndim == 4:
        y = y.transpose(0, 2, 3, 1)
    np.save(path(name + ".in"), x.detach().numpy())
    np.save(path(name + ".out"), np.ascontiguousarray(y))


def shake(model):
    """Statistics of batch normalisation that are not 0 and 1."""
    for m in model.modules():
        if isinstance(m, (nn.BatchNorm2d, nn.BatchNorm1d)):
            m.running_mean.uniform_(-0.3, 0.3)
            m.running_var.uniform_(0.5, 2)
            m.weight.data.uniform_(0.5, 1.5)
            m.bias.data.uniform_(-0.5, 0.5)
    return model.eval()


def export(name, model, x, opset=13, batch="any", **more):
    shake(model)
    axes = {"input": {0: "n"}} if batch == "any" else None
    torch.onnx.export(model, x, path(name + ".onnx"), opset_version=opset, input_names=["input"],
                      dynamic_axes=axes, **more)
    save(name, x, model(x))


class View(nn.Module):
    def forward(self, x):
        return x.view(x.size(0), -1)


class Mean(nn.Module):
    def forward(self, x):
        return x.mean([2, 3])


class Preprocess(nn.Module):
    """What users put before their networks."""
    def __init__(self, c):
        super().__init__()
        self.mean = nn.Parameter(torch.rand(1, c, 1, 1))
        self.std = nn.Parameter(torch.rand(1, c, 1, 1) + 0.5)

    def forward(self, x):
        return 1.5 - (0.5 + (x / 255.0 - self.mean) / self.std)


def cnn(flatten):
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU6(), nn.MaxPool2d(2),
                         nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(8, 6, 3, 2, bias=False), nn.ReLU(),
                         nn.Dropout(0.5), flatten, nn.Linear(6 * 3 * 4, 5))


def torch_models():
    x = torch.rand(3, 3, 12, 16)
    for opset in (7, 9, 10, 11, 12, 13, 16):
        export("cnn%d" % opset, cnn(nn.Flatten()), x, opset)
    export("view", cnn(View()), x)
    export("view-fixed", cnn(View()), x, batch="fixed")
    export("unfolded", cnn(nn.Flatten()), x, do_constant_folding=False)
    export("training", cnn(nn.Flatten()), x, keep_initializers_as_inputs=True)
    export("separable", nn.Sequential(
        nn.Conv2d(1, 4, (3, 5), (2, 1), padding=(1, 2)), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1, groups=4),
        nn.Conv2d(4, 8, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1, ceil_mode=True),
        nn.Conv2d(8, 8, 3, groups=8), nn.Conv2d(8, 3, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Softmax(1)), torch.rand(2, 1, 13, 9))
    export("average", nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.ReLU(), nn.AvgPool2d(3, 2, padding=1), nn.AvgPool2d(2, count_include_pad=False,
                                                                                  ceil_mode=True)),
        torch.rand(2, 2, 14, 12))
    export("mean", nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), Mean(), nn.Linear(4, 3), nn.Sigmoid()),
           torch.rand(2, 2, 9, 7))
    export("mlp", nn.Sequential(nn.Flatten(), nn.BatchNorm1d(24), nn.Linear(24, 7), nn.BatchNorm1d(7), nn.ReLU(),
                                nn.Linear(7, 4), nn.Softmax(1)), torch.rand(4, 2, 3, 4))
    export("vector", nn.Sequential(nn.Linear(9, 7), nn.ReLU6(), nn.Linear(7, 4, bias=False)), torch.rand(4, 9))
    export("preprocess", nn.Sequential(Preprocess(3), nn.Conv2d(3, 4, 5, 3), nn.Hardtanh(0, 2.5)),
           torch.rand(2, 3, 17, 20) * 255)
    export("fomo", nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 2, 1), nn.Softmax(1)),
           torch.rand(2, 3, 8, 10))
    export("pooled", nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Conv2d(4, 3, 1),
                                   nn.Flatten()), torch.rand(2, 1, 8, 10))


class FakeQuant(nn.Module):
    """A network that was trained with quantisation: QDQ form."""
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3, padding=1)
        self.fc = nn.Linear(6 * 4 * 4, 5)

    def forward(self, x):
        ones = torch.ones(6) / 127
        w = torch.fake_quantize_per_channel_affine(
            self.conv.weight, torch.arange(1., 7.) * ones / 3, torch.zeros(6, dtype=torch.int32), 0, -128, 127)
        x = torch.fake_quantize_per_tensor_affine(x, 1 / 255, 0, 0, 255)
        x = torch.relu(nn.functional.conv2d(x, w, self.conv.bias, padding=1))
        x = torch.fake_quantize_per_tensor_affine(x, 0.05, 0, 0, 255)
        x = nn.functional.max_pool2d(x, 2).flatten(1)
        w = torch.fake_quantize_per_tensor_affine(self.fc.weight, 0.001, 0, -128, 127)
        return nn.functional.linear(x, w, self.fc.bias)


def const(name, a):
    return numpy_helper.from_array(np.ascontiguousarray(a), name)


def write(name, nodes, tensors, shape, x, y, opset=13, elem=TensorProto.FLOAT, how=None):
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info("x", elem, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    if how:
        how(model)
    onnx.save(model, path(name + ".onnx"))
    save(name, x, y)
    return model


def keras_like():
    """Channels last outside, first inside, as tf2onnx writes it."""
    x = torch.rand(2, 11, 8, 3)
    c1, c2, fc = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3, groups=4), nn.Linear(4 * 5 * 4, 6)
    scale = torch.rand(3)
    y = nn.functional.pad((x * scale).permute(0, 3, 1, 2), (0, 1, 0, 1))
    y = nn.functional.pad(torch.relu(c1(y)), (0, 0, 0, 0))
    y = nn.functional.pad(y, (1, 1, 1, 1))[:, :, :, :]
    y = nn.functional.conv2d(y, c2.weight, c2.bias, (2, 2), groups=4)
    y = torch.relu(y).permute(0, 2, 3, 1).reshape(2, -1)
    w = fc.weight.detach().numpy()
    n = helper.make_node
    write("channels-last", [
        n("Mul", ["x", "scale"], ["a"]),
        n("Transpose", ["a"], ["b"], perm=[0, 3, 1, 2]),
        n("Conv", ["b", "w1", "b1"], ["c"], pads=[0, 0, 1, 1]),
        n("Relu", ["c"], ["d"]),
        n("Pad", ["d", "pads", "zero"], ["e"]),
        n("Conv", ["e", "w2"], ["f"], group=4, strides=[2, 2]),
        n("Add", ["f", "b2"], ["g"]),
        n("Relu", ["g"], ["h"]),
        n("Transpose", ["h"], ["i"], perm=[0, 2, 3, 1]),
        n("Reshape", ["i", "shape"], ["j"]),
        n("MatMul", ["j", "w3"], ["k"]),
        n("Sub", ["k", "b3"], ["y"])],
        [const("scale", scale.numpy()), const("w1", c1.weight.detach().numpy()),
         const("b1", c1.bias.detach().numpy()), const("w2", c2.weight.detach().numpy()),
         const("b2", c2.bias.detach().numpy().reshape(4, 1, 1)), const("w3", w.T),
         const("b3", -fc.bias.detach().numpy()), const("pads", np.array([0, 0, 1, 1, 0, 0, 1, 1])),
         const("zero", np.float32(0)), const("shape", np.array([-1, 80]))],
        ["n", 11, 8, 3], x, fc(y))


def same():
    """SAME_UPPER and SAME_LOWER."""
    for k, s, size in ((3, 2, 9), (3, 2, 8), (5, 3, 10), (2, 2, 7)):
        w = torch.rand(4, 2, k, k) - 0.5
        x = torch.rand(2, 2, size, size)
        total = max((-(-size // s) - 1) * s + k - size, 0)
        for kind, a, b in (("UPPER", total // 2, total - total // 2), ("LOWER", total - total // 2, total // 2)):
            y = nn.functional.conv2d(nn.functional.pad(x, (a, b, a, b)), w, stride=s)
            write("same-%s-%d-%d-%d" % (kind.lower(), k, s, size), [
                helper.make_node("Conv", ["x", "w"], ["y"], auto_pad="SAME_" + kind, strides=[s, s])],
                [const("w", w.numpy())], [1, 2, size, size], x, y)


def types():
    """Weights stored in every type, raw and typed."""
    x = torch.rand(2, 4)
    w = np.array([[1, 2, 3], [0, 5, 6], [7, 8, 9], [1, 0, 2]])
    for name in ("float32", "float64", "float16", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64",
                 "uint64", "bool"):
        a = w.astype(name)
        y = x @ torch.from_numpy(a.astype("f4"))
        node = [helper.make_node("Cast", ["w"], ["v"], to=TensorProto.FLOAT),
                helper.make_node("MatMul", ["x", "v"], ["y"])]
        write("raw-" + name, node, [const("w", a)], ["n", 4], x, y)
        kind = numpy_helper.from_array(a).data_type
        write("typed-" + name, node, [helper.make_tensor("w", kind, a.shape, a.flatten())], ["n", 4], x, y)
    bf = torch.tensor(w, dtype=torch.bfloat16)
    raw = helper.make_tensor("w", TensorProto.BFLOAT16, w.shape, bf.view(torch.int16).numpy().tobytes(), raw=True)
    write("raw-bfloat16", node, [raw], ["n", 4], x, x @ bf.float())


def gemm():
    x, w, c = torch.rand(3, 5), torch.rand(4, 5) - 0.5, torch.rand(4)
    y = 0.5 * x @ w.T + 2 * c
    node = [helper.make_node("Gemm", ["x", "w", "c"], ["y"], alpha=0.5, beta=2.0, transB=1)]
    write("gemm", node, [const("w", w.numpy()), const("c", c.numpy().reshape(1, 4))], ["n", 5], x, y)

    def inputs(model):
        """IR version 3: initialisers are inputs, too."""
        model.ir_version = 3
        for t in model.graph.initializer:
            model.graph.input.insert(0, helper.make_tensor_value_info(t.name, t.data_type, t.dims))
    write("gemm-ir3", node, [const("w", w.numpy()), const("c", c.numpy())], ["n", 5], x, y, 9, how=inputs)
    onnx.save(onnx.load(path("gemm.onnx")), path("external.onnx"), save_as_external_data=True, location="weights.bin",
              size_threshold=0)
    save("external", x, y)


def integer():
    """A uint8 input, int8 weights with scales per channel, int32 bias."""
    x = torch.randint(0, 256, (2, 1, 8, 8), dtype=torch.uint8)
    q = np.random.RandomState(1).randint(-127, 128, (4, 1, 3, 3)).astype("i1")
    s = np.array([1, 2, 3, 4], "f4") / 100
    b = np.array([5, -6, 700, 8], "i4")
    w = torch.from_numpy(q.astype("f4") * s.reshape(4, 1, 1, 1))
    bias = torch.from_numpy(b.astype("f4") * s * np.float32(1 / 128))
    y = nn.functional.conv2d((x.float() - 3) / 128, w, bias)
    y = torch.clamp(torch.round(torch.relu(y) / 0.25), 0, 15) * 0.25
    n = helper.make_node
    write("integer", [
        n("DequantizeLinear", ["x", "xs", "xz"], ["a"]),
        n("DequantizeLinear", ["w", "ws", "wz"], ["b"], axis=0),
        n("DequantizeLinear", ["bias", "bs"], ["c"], axis=0),
        n("Conv", ["a", "b", "c"], ["d"]),
        n("Relu", ["d"], ["e"]),
        n("Clip", ["e", "lo", "hi"], ["f"]),
        n("QuantizeLinear", ["f", "ys", "yz"], ["g"]),
        n("DequantizeLinear", ["g", "ys", "yz"], ["y"])],
        [const("xs", np.float32(1 / 128)), const("xz", np.uint8(3)), const("w", q), const("ws", s),
         const("wz", np.zeros(4, "i1")), const("bias", b), const("bs", s * np.float32(1 / 128)),
         const("ys", np.float32(0.25)), const("yz", np.uint8(0)), const("lo", np.float32(0)),
         const("hi", np.float32(3.75))], ["n", 1, 8, 8], x.float(), y, elem=TensorProto.UINT8)


torch_models()
m = FakeQuant().eval()
torch.nn.init.uniform_(m.conv.weight, -0.2, 0.2)
x = torch.rand(2, 1, 8, 8)
torch.onnx.export(m, x, path("qdq.onnx"), opset_version=13, input_names=["input"])
save("qdq", x, m(x))
keras_like()
same()
types()
gemm()
integer()
