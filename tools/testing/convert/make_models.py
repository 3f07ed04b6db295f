#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Tiny language models of every supported architecture, made of random numbers
that are the same on every machine, in every input format.

Usage: make_models.py FOLDER [--size tiny|small] [--dtype F32|F16|BF16]

Each model becomes a folder FOLDER/NAME with config.json and model.safetensors;
some come in other forms, too (see FORMS). Needs NumPy; .bin files are written
by PyTorch where it is there, else by this script."""
import argparse
import collections
import io
import json
import os
import struct
import sys
import zipfile
import zlib

import numpy as np

SIZES = {
    # hidden, MLP, layers, heads, key-value heads, vocabulary
    "tiny": (64, 160, 2, 4, 2, 96),
    "small": (256, 512, 2, 8, 4, 320),
}

# Name: architecture, what differs from the size's configuration.
MODELS = {
    "llama": ("llama", {}),
    "llama-bias": ("llama", {"attention_bias": True}),
    "llama-mha": ("llama", {"num_key_value_heads": None}),
    "mistral": ("mistral", {"head_dim": 24}),
    "qwen2": ("qwen2", {"tie_word_embeddings": True}),
    "qwen3": ("qwen3", {"head_dim": 32}),
    "gemma": ("gemma", {"head_dim": 32, "num_key_value_heads": 1}),
    "bitnet": ("bitnet", {"tie_word_embeddings": True}),
}

CLASSES = {
    "llama": "LlamaForCausalLM",
    "mistral": "MistralForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "gemma": "GemmaForCausalLM",
    "bitnet": "BitNetForCausalLM",
}

# Forms beside model.safetensors, in folders NAME-FORM.
FORMS = {
    "llama": ("bin", "npz", "npz-packed"),
    "mistral": ("sharded", "bin-sharded"),
    "qwen2": ("sharded",),
}


def config(name, size="tiny"):
    """config.json of a model."""
    arch, differs = MODELS[name]
    hidden, mlp, layers, heads, kv, vocab = SIZES[size]
    c = {
        "architectures": [CLASSES[arch]],
        "model_type": arch,
        "vocab_size": vocab,
        "hidden_size": hidden,
        "intermediate_size": mlp,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv,
        "max_position_embeddings": 128,
        "rms_norm_eps": 1e-05,
        "rope_theta": 10000.0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "torch_dtype": "bfloat16",
    }
    c.update(differs)
    return {k: v for k, v in c.items() if v is not None}


def shapes(c):
    """Names and shapes in the order in which transformers registers them."""
    arch = c["model_type"]
    hidden, mlp = c["hidden_size"], c["intermediate_size"]
    heads = c["num_attention_heads"]
    kv = c.get("num_key_value_heads", heads)
    head = c.get("head_dim", hidden // heads)
    bias = arch == "qwen2" or c.get("attention_bias", False)
    out = collections.OrderedDict()
    out["model.embed_tokens.weight"] = (c["vocab_size"], hidden)
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        for letter, rows, cols in (("q", heads * head, hidden), ("k", kv * head, hidden),
                                   ("v", kv * head, hidden), ("o", hidden, heads * head)):
            out[f"{p}self_attn.{letter}_proj.weight"] = (rows, cols)
            if bias and (letter != "o" or arch != "qwen2"):
                out[f"{p}self_attn.{letter}_proj.bias"] = (rows,)
        if arch == "qwen3":
            out[p + "self_attn.q_norm.weight"] = (head,)
            out[p + "self_attn.k_norm.weight"] = (head,)
        if arch == "bitnet":
            out[p + "self_attn.attn_sub_norm.weight"] = (hidden,)
        out[p + "mlp.gate_proj.weight"] = (mlp, hidden)
        out[p + "mlp.up_proj.weight"] = (mlp, hidden)
        out[p + "mlp.down_proj.weight"] = (hidden, mlp)
        if arch == "bitnet":
            out[p + "mlp.ffn_sub_norm.weight"] = (mlp,)
        out[p + "input_layernorm.weight"] = (hidden,)
        out[p + "post_attention_layernorm.weight"] = (hidden,)
    out["model.norm.weight"] = (hidden,)
    if not c.get("tie_word_embeddings", arch == "gemma"):
        out["lm_head.weight"] = (c["vocab_size"], hidden)
    return out


def to_bf16(a):
    """The upper halves of floats, rounded to nearest even."""
    bits = np.ascontiguousarray(a, np.float32).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7fff + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def from_bf16(a):
    return (a.astype(np.uint32) << 16).view(np.float32)


def encode(a, dtype):
    """The little-endian bytes of an array of floats as a dtype."""
    if dtype == "BF16":
        return to_bf16(a).astype("<u2").tobytes()
    return np.ascontiguousarray(a).astype({"F32": "<f4", "F16": "<f2", "F64": "<f8"}[dtype]).tobytes()


def rounded(a, dtype):
    """The floats that come back from encode()."""
    if dtype == "BF16":
        return from_bf16(to_bf16(a))
    if dtype == "F16":
        return a.astype(np.float16).astype(np.float32)
    return a


def tensors(c, dtype="BF16"):
    """Arrays of float32 whose values the dtype holds exactly."""
    out = collections.OrderedDict()
    for name, shape in shapes(c).items():
        # This generator's numbers are frozen for all versions of NumPy.
        random = np.random.RandomState(zlib.crc32(name.encode()))
        a = random.standard_normal(shape).astype(np.float32)
        a = 1 + a * np.float32(0.1) if name.endswith("norm.weight") else a * np.float32(0.02)
        out[name] = rounded(a.astype(np.float32), dtype)
    return out


def save_config(folder, c):
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as f:
        json.dump(c, f, indent=2)
        f.write("\n")


def save_safetensors(path, arrays, dtype, metadata=None):
    header = collections.OrderedDict()
    if metadata:
        header["__metadata__"] = metadata
    data = []
    at = 0
    for name, a in arrays.items():
        data.append(encode(a, dtype))
        header[name] = {"dtype": dtype, "shape": list(a.shape), "data_offsets": [at, at + len(data[-1])]}
        at += len(data[-1])
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(data))


def shards(arrays, count):
    names = list(arrays)
    cut = [len(names) * i // count for i in range(count + 1)]
    return [collections.OrderedDict((n, arrays[n]) for n in names[a:b]) for a, b in zip(cut, cut[1:])]


def save_sharded(folder, arrays, dtype, save, pattern, index, count=3):
    where = {}
    parts = shards(arrays, count)
    for i, part in enumerate(parts):
        name = pattern % (i + 1, len(parts))
        save(os.path.join(folder, name), part, dtype)
        where.update({n: name for n in part})
    total = sum(len(encode(a, dtype)) for a in arrays.values())
    with open(os.path.join(folder, index), "w", encoding="utf-8") as f:
        json.dump({"metadata": {"total_size": total}, "weight_map": where}, f, indent=2)


class Pickle:
    """A state dictionary as PyTorch pickles it, protocol 2, without PyTorch."""

    storages = {"F32": "FloatStorage", "F16": "HalfStorage", "BF16": "BFloat16Storage", "F64": "DoubleStorage"}

    def __init__(self):
        self.out = io.BytesIO()
        self.out.write(b"\x80\x02")

    def text(self, s):
        b = s.encode()
        self.out.write(b"X" + struct.pack("<I", len(b)) + b)

    def number(self, n):
        if n < 256:
            self.out.write(b"K" + bytes([n]))
        elif n < 65536:
            self.out.write(b"M" + struct.pack("<H", n))
        elif n < 1 << 31:
            self.out.write(b"J" + struct.pack("<i", n))
        else:
            self.out.write(b"\x8a\x08" + struct.pack("<q", n))

    def numbers(self, values):
        self.out.write(b"(")
        for v in values:
            self.number(v)
        self.out.write(b"t")

    def glob(self, module, name):
        self.out.write(f"c{module}\n{name}\n".encode())

    def ordered_dict(self):
        self.glob("collections", "OrderedDict")
        self.out.write(b")R")

    def tensor(self, key, shape, dtype):
        count = int(np.prod(shape, dtype=np.int64))
        strides = [int(np.prod(shape[i + 1:], dtype=np.int64)) for i in range(len(shape))]
        self.glob("torch._utils", "_rebuild_tensor_v2")
        self.out.write(b"((")
        self.text("storage")
        self.glob("torch", self.storages[dtype])
        self.text(key)
        self.text("cpu")
        self.number(count)
        self.out.write(b"tQ")
        self.number(0)
        self.numbers(shape)
        self.numbers(strides)
        self.out.write(b"\x89")
        self.ordered_dict()
        self.out.write(b"tR")


def save_bin_by_hand(path, arrays, dtype):
    p = Pickle()
    p.ordered_dict()
    p.out.write(b"(")
    for i, (name, a) in enumerate(arrays.items()):
        p.text(name)
        p.tensor(str(i), a.shape, dtype)
    p.out.write(b"u.")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as z:
        z.writestr("archive/data.pkl", p.out.getvalue())
        for i, a in enumerate(arrays.values()):
            z.writestr(f"archive/data/{i}", encode(a, dtype))
        z.writestr("archive/version", "3\n")


def save_bin(path, arrays, dtype):
    try:
        import torch
    except ImportError:
        save_bin_by_hand(path, arrays, dtype)
        return
    types = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    torch.save(collections.OrderedDict((n, torch.from_numpy(a.copy()).to(types[dtype])) for n, a in arrays.items()),
               path)


def save_npz(path, arrays, packed):
    (np.savez_compressed if packed else np.savez)(path, **arrays)


def save_gguf(path, arrays, dtype):
    """The tensors under their names, with one key: for tests of the container."""
    ids = {"F32": 0, "F16": 1, "BF16": 30}
    text = lambda s: struct.pack("<Q", len(s)) + s.encode()
    head = b"GGUF" + struct.pack("<IQQ", 3, len(arrays), 1)
    head += text("general.architecture") + struct.pack("<I", 8) + text("test")
    data = b""
    for name, a in arrays.items():
        head += text(name) + struct.pack("<I", a.ndim)
        head += b"".join(struct.pack("<Q", d) for d in reversed(a.shape))
        head += struct.pack("<IQ", ids[dtype], len(data))
        data += encode(a, dtype)
        data += bytes(-len(data) % 32)
    with open(path, "wb") as f:
        f.write(head + bytes(-len(head) % 32) + data)


def save_form(folder, form, c, arrays, dtype):
    os.makedirs(folder, exist_ok=True)
    save_config(folder, c)
    path = lambda name: os.path.join(folder, name)
    if form == "safetensors":
        save_safetensors(path("model.safetensors"), arrays, dtype, {"format": "pt"})
    elif form == "sharded":
        save_sharded(folder, arrays, dtype, save_safetensors, "model-%05d-of-%05d.safetensors",
                     "model.safetensors.index.json")
    elif form == "bin":
        save_bin(path("pytorch_model.bin"), arrays, dtype)
    elif form == "bin-sharded":
        save_sharded(folder, arrays, dtype, save_bin_by_hand, "pytorch_model-%05d-of-%05d.bin",
                     "pytorch_model.bin.index.json")
    elif form == "npz":
        save_npz(path("model.npz"), arrays, False)
    elif form == "npz-packed":
        save_npz(path("model.npz"), arrays, True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("folder")
    parser.add_argument("--size", choices=SIZES, default="tiny")
    parser.add_argument("--dtype", choices=("F32", "F16", "BF16"), default="BF16")
    a = parser.parse_args()
    for name in MODELS:
        c = config(name, a.size)
        arrays = tensors(c, a.dtype)
        save_form(os.path.join(a.folder, name), "safetensors", c, arrays, a.dtype)
        for form in FORMS.get(name, ()):
            save_form(os.path.join(a.folder, f"{name}-{form}"), form, c, arrays, a.dtype)
    return 0


if __name__ == "__main__":
    sys.exit(main())
