#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Writes Keras models with inputs and what PyTorch computes for them.

Keras is not in Debian: files are put together by h5py as Keras 2 and Keras 3
write them. NAME.keras is Keras 3's archive (config.json, model.weights.h5);
NAME.2.h5 is Keras 2's file and NAME.3.h5 what Keras 3 writes for .h5. The
first of each pair of models is Sequential, the second functional.
NAME.in.npy has inputs, NAME.out.npy what PyTorch computes, channels last.
hostile/ has files that no program of good faith writes.

Usage: make_keras.py FOLDER"""
import io
import json
import os
import sys
import zipfile

import h5py
import numpy as np
import torch
import torch.nn.functional as F


def snake(name):
    """Keras' naming.to_snake_case()"""
    import re
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


class Net:
    """Layers as Keras configures them, their weights, and what they compute."""

    def __init__(self, shape, seed=1):
        self.shape, self.layers, self.weights = list(shape), [], {}
        self.calls, self.count = [], {}
        self.r = np.random.RandomState(seed)

    def layer(self, kind, call, weights=(), **config):
        n = self.count.get(kind, 0)
        self.count[kind] = n + 1
        name = config.pop("name", snake(kind) + ("_%d" % n if n else ""))
        self.layers.append((kind, dict(config, name=name)))
        self.weights[name] = weights
        self.calls.append(call)
        return self

    def random(self, *shape):
        return (self.r.randn(*shape) / np.sqrt(np.prod(shape[:-1]))).astype("f4")

    def run(self, x):
        x = torch.from_numpy(x)
        for call in self.calls:
            x = call(x)
        return x.numpy()


def first(x):
    return x.permute(0, 3, 1, 2)


def last(x):
    return x.permute(0, 2, 3, 1)


def pads(size, k, s):
    total = max((-(-size // s) - 1) * s + k - size, 0)
    return total // 2, total - total // 2


def pad(x, k, s, how, value=0.0):
    """x has channels first"""
    if how == "valid":
        return x
    (t, b), (l, r) = pads(x.shape[2], k[0], s[0]), pads(x.shape[3], k[1], s[1])
    return F.pad(x, (l, r, t, b), value=value)


ACT = {"linear": lambda x: x, "relu": torch.relu, "relu6": lambda x: torch.clamp(x, 0, 6),
       "softmax": lambda x: torch.softmax(x, -1), "sigmoid": torch.sigmoid}


def conv(net, c, n, k=(3, 3), s=(1, 1), padding="valid", act="linear", bias=True, groups=1, **more):
    w, b = net.random(*k, c // groups, n), net.random(1, n)[0]

    def call(x):
        y = F.conv2d(pad(first(x), k, s, padding), torch.from_numpy(w).permute(3, 2, 0, 1),
                     torch.from_numpy(b) if bias else None, s, groups=groups)
        return ACT[act](last(y))
    return net.layer("Conv2D", call, [("kernel", w)] + [("bias", b)] * bias, filters=n, kernel_size=list(k),
                     strides=list(s), padding=padding, data_format="channels_last", dilation_rate=[1, 1],
                     groups=groups, activation=act, use_bias=bias, **more)


def depthwise(net, c, k=(3, 3), s=(1, 1), padding="same", act="linear"):
    w, b = net.random(*k, c, 1), net.random(1, c)[0]

    def call(x):
        y = F.conv2d(pad(first(x), k, s, padding), torch.from_numpy(w).permute(2, 3, 0, 1), torch.from_numpy(b), s,
                     groups=c)
        return ACT[act](last(y))
    return net.layer("DepthwiseConv2D", call, [("depthwise_kernel", w), ("bias", b)], kernel_size=list(k),
                     strides=list(s), padding=padding, data_format="channels_last", dilation_rate=[1, 1],
                     depth_multiplier=1, activation=act, use_bias=True)


def separable(net, c, n, k=(3, 3), s=(1, 1), padding="same", act="relu", name=None):
    d, p, b = net.random(*k, c, 1), net.random(1, 1, c, n), net.random(1, n)[0]

    def call(x):
        y = F.conv2d(pad(first(x), k, s, padding), torch.from_numpy(d).permute(2, 3, 0, 1), None, s, groups=c)
        y = F.conv2d(y, torch.from_numpy(p).permute(3, 2, 0, 1), torch.from_numpy(b))
        return ACT[act](last(y))
    more = {"name": name} if name else {}
    return net.layer("SeparableConv2D", call, [("depthwise_kernel", d), ("pointwise_kernel", p), ("bias", b)],
                     filters=n, kernel_size=list(k), strides=list(s), padding=padding, data_format="channels_last",
                     dilation_rate=[1, 1], depth_multiplier=1, activation=act, use_bias=True, **more)


def dense(net, c, n, act="linear", bias=True):
    w, b = net.random(c, n), net.random(1, n)[0]
    return net.layer("Dense", lambda x: ACT[act](x @ torch.from_numpy(w) + (torch.from_numpy(b) if bias else 0)),
                     [("kernel", w)] + [("bias", b)] * bias, units=n, activation=act, use_bias=bias)


def norm(net, c, center=True, scale=True, axis=None, ndim=3):
    gamma, beta = net.r.uniform(.5, 1.5, c).astype("f4"), net.r.uniform(-.5, .5, c).astype("f4")
    mean, var = net.r.uniform(-.3, .3, c).astype("f4"), net.r.uniform(.5, 2, c).astype("f4")
    w = [("gamma", gamma)] * scale + [("beta", beta)] * center + [("moving_mean", mean), ("moving_variance", var)]

    def call(x):
        y = (x - torch.from_numpy(mean)) / torch.sqrt(torch.from_numpy(var) + 0.002)
        return (y * torch.from_numpy(gamma) if scale else y) + (torch.from_numpy(beta) if center else 0)
    return net.layer("BatchNormalization", call, w, axis=[ndim] if axis is None else axis, momentum=.99,
                     epsilon=0.002, center=center, scale=scale)


def pool(net, kind, k=(2, 2), s=None, padding="valid"):
    def call(x):
        x, st = first(x), s or k
        if kind == "Max":
            return last(F.max_pool2d(pad(x, k, st, padding, float("-inf")), k, st))
        ones = pad(torch.ones_like(x), k, st, padding)
        return last(F.avg_pool2d(pad(x, k, st, padding), k, st) / F.avg_pool2d(ones, k, st))
    return net.layer(kind + "Pooling2D", call, pool_size=list(k), strides=s and list(s), padding=padding,
                     data_format="channels_last")


def simple(net, kind, call, **config):
    return net.layer(kind, call, **config)


def relu(net, limit=None):
    return net.layer("ReLU", lambda x: torch.clamp(x, 0, limit or float("inf")), max_value=limit, negative_slope=0.0,
                     threshold=0.0)


# ------------------------------------------------------------------- files

def configuration(net, version, functional):
    """The model as Keras 2 or 3 describes it"""
    shape = [None] + net.shape
    key = "batch_shape" if version == 3 else "batch_input_shape"
    layers = [("InputLayer", {key: shape, "dtype": "float32", "name": "input_layer", "sparse": False})]
    layers += [(kind, dict(c)) for kind, c in net.layers]
    out, before = [], None
    for kind, c in layers:
        if version == 3 and kind != "InputLayer":
            c["dtype"] = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"},
                          "registered_name": None}
        entry = {"class_name": kind, "config": c}
        if version == 3:
            entry.update(module="keras.layers", registered_name=None, build_config={"input_shape": None})
        if functional:
            entry["name"] = c["name"]
            tensor = {"class_name": "__keras_tensor__",
                      "config": {"shape": [None], "dtype": "float32", "keras_history": [before, 0, 0]}}
            entry["inbound_nodes"] = ([] if before is None else [{"args": [tensor], "kwargs": {}}] if version == 3 else
                                      [[[before, 0, 0, {}]]])
        before = c["name"]
        out.append(entry)
    config = {"name": "model", "layers": out}
    if functional:
        a, b = ["input_layer", 0, 0], [before, 0, 0]
        # Keras 3.1 and later write a single one without a list around it.
        config.update(trainable=True, input_layers=a if version == 3 else [a], output_layers=b if version == 3 else [b])
    model = {"class_name": "Functional" if functional else "Sequential", "config": config}
    if version == 3:
        model.update(module="keras.src.models.functional" if functional else "keras", registered_name=None,
                     build_config={"input_shape": shape})
    return model


def archive(path, net, functional, deflate=False, form="layers"):
    """Keras 3's .keras"""
    data = io.BytesIO()
    with h5py.File(data, "w") as f:
        count = {}
        for kind, c in [("InputLayer", {"name": "input_layer"})] * functional + net.layers:
            name = snake(kind)
            n = count[name] = count.get(name, -1) + 1
            group = f.create_group("%s/%s/vars" % (form, name + ("_%d" % n if n else "")))
            for i, (_, w) in enumerate(net.weights.get(c["name"], ())):
                group.create_dataset(str(i), data=w)
            # Keras 2.13 counts every layer twice.
            if form != "layers":
                count[name] += 1
            if kind == "Dropout":
                f.create_dataset("%s/seed_generator/vars/0" % group.parent.name, data=np.array([1, 2], "u4"))
        f.create_group("optimizer/vars").create_dataset("0", data=np.int64(7))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED) as z:
        z.writestr("metadata.json", json.dumps({"keras_version": "3.5.0", "date_saved": "2026-01-01@00:00:00"}))
        z.writestr("config.json", json.dumps(configuration(net, 3, functional)))
        z.writestr("model.weights.h5", data.getvalue())


def old_file(path, net, functional, version, weights_only=False):
    """.h5 of Keras 2 or 3"""
    with h5py.File(path, "w") as f:
        f.attrs["keras_version"] = "2.15.0" if version == 2 else "3.5.0"
        f.attrs["backend"] = "tensorflow"
        if not weights_only:
            text = json.dumps(configuration(net, version, functional))
            f.attrs["model_config"] = text.encode() if version == 2 else text
        group = f if weights_only else f.create_group("model_weights")
        names = [c["name"] for _, c in net.layers]
        group.attrs["layer_names"] = np.array([n.encode() for n in names])
        for kind, c in net.layers:
            g = group.create_group(c["name"])
            paths = []
            for n, w in net.weights[c["name"]]:
                if version == 3 and kind == "DepthwiseConv2D" and n == "depthwise_kernel":
                    n = "kernel"
                p = c["name"] + "/" + n + ":0" if version == 2 else "sequential/%s/%s" % (c["name"], n)
                g.create_dataset(p, data=w)
                paths.append(p.encode())
            g.attrs["weight_names"] = np.array(paths, dtype="S") if paths else np.zeros(0)


def save(folder, name, net, n=3, **how):
    for i, functional in enumerate((False, True)):
        base = os.path.join(folder, name + ("-f" if functional else ""))
        archive(base + ".keras", net, functional, deflate=functional, **how)
        old_file(base + ".2.h5", net, functional, 2)
        old_file(base + ".3.h5", net, functional, 3)
    x = net.r.rand(n, *net.shape).astype("f4") * 2
    np.save(os.path.join(folder, name + ".in"), x)
    np.save(os.path.join(folder, name + ".out"), np.ascontiguousarray(net.run(x)).astype("f4"))


def networks():
    """Name and network"""
    n = Net((12, 15, 3))
    simple(n, "Rescaling", lambda x: x * (1 / 127.5) - 1, scale=1 / 127.5, offset=-1)
    simple(n, "ZeroPadding2D", lambda x: last(F.pad(first(x), (2, 3, 0, 1))), padding=[[0, 1], [2, 3]],
           data_format="channels_last")
    conv(n, 3, 8, (3, 5), (2, 2), bias=False)
    norm(n, 8)
    relu(n, 6.0)
    pool(n, "Max", (3, 3), (2, 2), "same")
    conv(n, 8, 6, padding="same", act="relu")
    simple(n, "Dropout", lambda x: x, rate=0.5, seed=None, noise_shape=None)
    simple(n, "Flatten", lambda x: x.flatten(1), data_format="channels_last")
    dense(n, 6 * 3 * 4, 7, "relu")
    norm(n, 7, ndim=1)
    dense(n, 7, 4, "softmax")
    yield "cnn", n, {}

    n = Net((11, 14, 2), 2)
    conv(n, 2, 4, (3, 3), (1, 2), "same", "relu6")
    depthwise(n, 4, (3, 3), (2, 2))
    conv(n, 4, 8, (1, 1), act="relu")
    norm(n, 8, center=False)
    norm(n, 8, scale=False, axis=-1)
    separable(n, 8, 6, (5, 3), name="block/sep")
    conv(n, 6, 6, (3, 3), padding="same", groups=6)
    separable(n, 6, 5, (3, 3), (2, 1), "valid", "linear")
    simple(n, "Activation", torch.relu, activation="relu")
    simple(n, "GlobalAveragePooling2D", lambda x: x.mean((1, 2)), data_format="channels_last", keepdims=False)
    simple(n, "Reshape", lambda x: x.reshape(-1, 1, 1, 5), target_shape=[1, 1, 5])
    conv(n, 5, 3, (1, 1))
    simple(n, "Reshape", lambda x: x.reshape(-1, 3), target_shape=[3])
    simple(n, "Activation", torch.sigmoid, activation="sigmoid")
    yield "separable", n, {}

    n = Net((9, 13, 3), 3)
    mean, var = [0.1, 0.2, 0.3], [0.5, 1.0, 2.0]
    simple(n, "Normalization", lambda x: (x - torch.tensor(mean)) / torch.sqrt(torch.tensor(var)), axis=[-1],
           mean=[[mean]], variance=[[var]], invert=False)
    conv(n, 3, 4, (5, 5), (3, 2), "same")
    relu(n)
    pool(n, "Average", (2, 2), (1, 1), "same")
    pool(n, "Average", (2, 3))
    dense(n, 4, 5)
    simple(n, "Softmax", lambda x: torch.softmax(x, -1), axis=-1)
    yield "average", n, {}

    # What tutorials do with pictures that have no channels.
    n = Net((8, 9), 4)
    simple(n, "Flatten", lambda x: x.flatten(1), data_format="channels_last")
    dense(n, 72, 6, "relu")
    dense(n, 6, 3)
    yield "flat", n, {"form": "_layer_checkpoint_dependencies"}

    n = Net((60,), 5)
    simple(n, "Reshape", lambda x: x.reshape(-1, 5, 6, 2), target_shape=[5, -1, 2])
    conv(n, 2, 3, (2, 2), padding="same", act="relu")
    simple(n, "GlobalMaxPooling2D", lambda x: x.amax((1, 2)), data_format="channels_last", keepdims=False)
    yield "vector", n, {}


def hostile(folder):
    """Files that are small and ask for much, or for something else"""
    config = json.dumps(configuration(next(networks())[1], 2, False)).encode()

    def file(name, fill):
        with h5py.File(os.path.join(folder, name + ".h5"), "w") as f:
            f.attrs["model_config"] = config
            fill(f)

    # 16 GiB of zeros in one chunk each, and 1 EiB that nobody has allocated.
    def bomb(f):
        f.create_dataset("a", (4096, 1 << 20), "f4", chunks=(4, 1 << 20), compression="gzip")[:4] = 0
    file("bomb", bomb)
    file("sparse", lambda f: f.create_dataset("a", (1 << 30, 1 << 28), "f4", chunks=(1 << 10, 1 << 10)))
    file("fill", lambda f: f.create_dataset("a", (3 << 18,), "f4", chunks=(3 << 18,), fillvalue=1))

    # Four elements, in a chunk that needs more memory than there is.
    def chunk(f):
        f.create_dataset("a", (4,), "f4", maxshape=(None,), chunks=(1 << 24,), compression="gzip")[:] = 0
    file("chunk", chunk)

    def loop(f):
        group = f.create_group("a/b")
        group["c"] = f["a"]
    file("loop", loop)

    def web(f):
        groups = [f.create_group("g%d" % i) for i in range(20)]
        for i, g in enumerate(groups[:-1]):
            for k in range(8):
                g["n%d" % k] = groups[i + 1]
    file("web", web)

    def elsewhere(f):
        f["a"] = h5py.ExternalLink("/etc/hostname", "/")
        f["b"] = h5py.SoftLink("/b")
        space = h5py.h5s.create_simple((4,))
        how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        how.set_external(b"/etc/hostname", 0, 16)
        h5py.h5d.create(f.id, b"c", h5py.h5t.NATIVE_FLOAT, space, how)
    file("elsewhere", elsewhere)
    with zipfile.ZipFile(os.path.join(folder, "zip.keras"), "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("config.json", b" " * (64 << 20))
        z.writestr("model.weights.h5", b"")
    with zipfile.ZipFile(os.path.join(folder, "large.keras"), "w", zipfile.ZIP_STORED) as z:
        z.writestr("config.json", b"[" * (3 << 20))
        z.writestr("model.weights.h5", b"")
    with zipfile.ZipFile(os.path.join(folder, "no-weights.keras"), "w") as z:
        z.writestr("config.json", config)


def main(folder):
    for name, net, how in networks():
        save(folder, name, net, **how)
    with torch.no_grad():
        _, net, _ = next(networks())
        old_file(os.path.join(folder, "only.weights.h5"), net, False, 2, weights_only=True)
    os.makedirs(os.path.join(folder, "hostile"), exist_ok=True)
    hostile(os.path.join(folder, "hostile"))
    with h5py.File(os.path.join(folder, "nothing.h5"), "w") as f:
        f.create_dataset("data", data=np.arange(10.))


if __name__ == "__main__":
    main(sys.argv[1])
