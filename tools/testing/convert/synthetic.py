#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Writes a small language model with random weights as a Hugging Face folder.

Usage: synthetic.py FOLDER ARCH [KEY=VALUE...]

ARCH is llama, mistral, qwen2, qwen3, gemma or bitnet. Keys: hidden,
intermediate, layers, heads, kv_heads, head_dim, vocab, dtype (F32, F16, BF16),
tokenizer (spm, bpe, none), tied (0, 1), seed, shards; anything else goes into
config.json as JSON.

Everything is written from the formats' descriptions with NumPy and the
standard library alone, independently of what reads it.
"""
import json
import os
import struct
import sys

import numpy as np

DEFAULTS = {
    'hidden': 256, 'intermediate': 512, 'layers': 2, 'heads': 8, 'kv_heads': 2,
    'head_dim': 0, 'vocab': 320, 'dtype': 'BF16', 'tokenizer': 'spm',
    'tied': None, 'seed': 1, 'shards': 1,
}
CLASSES = {
    'llama': 'LlamaForCausalLM', 'mistral': 'MistralForCausalLM',
    'qwen2': 'Qwen2ForCausalLM', 'qwen3': 'Qwen3ForCausalLM',
    'gemma': 'GemmaForCausalLM', 'bitnet': 'BitNetForCausalLM',
}
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
          r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r'\p{N}{1,3}', r'\p{N}')


def encode(x, dtype):
    """Elements as bytes, BF16 rounded to nearest even."""
    if dtype == 'BF16':
        u = x.astype('<f4').view('<u4').astype(np.uint64)
        u = (u + 0x7fff + ((u >> 16) & 1)) >> 16
        return u.astype('<u2').tobytes()
    return x.astype({'F32': '<f4', 'F16': '<f2'}[dtype]).tobytes()


def decode(data, dtype, shape):
    """The float32 values that those bytes stand for."""
    if dtype == 'BF16':
        x = (np.frombuffer(data, '<u2').astype('<u4') << 16).view('<f4')
    else:
        x = np.frombuffer(data, {'F32': '<f4', 'F16': '<f2'}[dtype])
    return x.astype(np.float32).reshape(shape)


def write_safetensors(path, tensors):
    """tensors: name -> (dtype, shape, bytes)."""
    header, at = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {'dtype': dtype, 'shape': list(shape),
                        'data_offsets': [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text)
        for _, _, data in tensors.values():
            f.write(data)


def read_safetensors(path):
    """name -> float32 array."""
    with open(path, 'rb') as f:
        raw = f.read()
    n, = struct.unpack('<Q', raw[:8])
    out = {}
    for name, t in json.loads(raw[8:8 + n]).items():
        if name == '__metadata__':
            continue
        a, b = (8 + n + o for o in t['data_offsets'])
        out[name] = decode(raw[a:b], t['dtype'], t['shape'])
    return out


def shapes(arch, o):
    """The parameters of the class, in the order in which it registers them."""
    head = o['head_dim'] or o['hidden'] // o['heads']
    h, i, q, k = o['hidden'], o['intermediate'], o['heads'] * head, o['kv_heads'] * head
    yield 'model.embed_tokens.weight', (o['vocab'], h)
    for n in range(o['layers']):
        p = f'model.layers.{n}.'
        for name, rows in (('q', q), ('k', k), ('v', k)):
            yield f'{p}self_attn.{name}_proj.weight', (rows, h)
            if arch == 'qwen2' or o['attention_bias']:
                yield f'{p}self_attn.{name}_proj.bias', (rows,)
        yield f'{p}self_attn.o_proj.weight', (h, q)
        if o['attention_bias']:
            yield f'{p}self_attn.o_proj.bias', (h,)
        if arch == 'qwen3':
            yield f'{p}self_attn.q_norm.weight', (head,)
            yield f'{p}self_attn.k_norm.weight', (head,)
        if arch == 'bitnet':
            yield f'{p}self_attn.attn_sub_norm.weight', (q,)
        yield f'{p}mlp.gate_proj.weight', (i, h)
        yield f'{p}mlp.up_proj.weight', (i, h)
        yield f'{p}mlp.down_proj.weight', (h, i)
        if arch == 'bitnet':
            yield f'{p}mlp.ffn_sub_norm.weight', (i,)
        yield f'{p}input_layernorm.weight', (h,)
        yield f'{p}post_attention_layernorm.weight', (h,)
    yield 'model.norm.weight', (h,)
    if not o['tied']:
        yield 'lm_head.weight', (o['vocab'], h)


# ------------------------------------------------------------------ tokenizers

def varint(n):
    out = b''
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, kind, body):
    tag = varint(number << 3 | kind)
    return tag + (varint(len(body)) if kind == 2 else b'') + body


def pieces(vocab):
    """(text, score, kind) as a SentencePiece BPE model has them."""
    out = [('<unk>', 0.0, 2), ('<s>', 0.0, 3), ('</s>', 0.0, 3)]
    out += [(f'<0x{b:02X}>', 0.0, 6) for b in range(256)]
    words = ['\u2581t', 'he', '\u2581the', 'in', '\u2581a']
    for n in range(vocab - len(out) - 1):
        out.append((words[n] if n < len(words) else f'w{n}', -float(n), 1))
    return out


def write_spm(folder, vocab):
    body = b''
    for text, score, kind in pieces(vocab):
        body += field(1, 2, field(1, 2, text.encode()) +
                      field(2, 5, struct.pack('<f', score)) +
                      (b'' if kind == 1 else field(3, 0, varint(kind))))
    body += field(2, 2, field(3, 0, varint(2)))
    body += field(3, 2, field(3, 0, varint(1)))
    with open(f'{folder}/tokenizer.model', 'wb') as f:
        f.write(body)
    config = {'add_bos_token': True, 'add_eos_token': False, 'bos_token': '<s>',
              'eos_token': '</s>', 'unk_token': '<unk>',
              'chat_template': '{{ messages }} \u2581',
              'added_tokens_decoder': {
                  str(vocab - 1): {'content': '<|end|>', 'special': True}}}
    with open(f'{folder}/tokenizer_config.json', 'w', encoding='utf-8') as f:
        json.dump(config, f)


def byte_alphabet():
    """GPT-2's characters for bytes."""
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    out, n = [], 0
    for b in range(256):
        if b in plain:
            out.append(chr(b))
        else:
            out.append(chr(256 + n))
            n += 1
    return out


def write_bpe(folder, vocab, pattern):
    tokens = byte_alphabet()
    merges = []
    for a, b in (('t', 'h'), ('th', 'e'), ('\u0120', 'the'), ('i', 'n')):
        merges.append([a, b])
        tokens.append(a + b)
    special = vocab - 3
    added = [{'id': special, 'content': '<|im_start|>', 'special': True,
              'normalized': False},
             {'id': special + 1, 'content': '<|im_end|>', 'special': True,
              'normalized': False}]
    tok = {'version': '1.0', 'added_tokens': added, 'normalizer': None,
           'pre_tokenizer': {'type': 'Sequence', 'pretokenizers': [
               {'type': 'Split', 'pattern': {'Regex': pattern},
                'behavior': 'Isolated', 'invert': False},
               {'type': 'ByteLevel', 'add_prefix_space': False,
                'trim_offsets': False, 'use_regex': False}]},
           'decoder': {'type': 'ByteLevel'},
           'model': {'type': 'BPE', 'vocab': {t: i for i, t in enumerate(tokens)},
                     'merges': merges}}
    with open(f'{folder}/tokenizer.json', 'w', encoding='utf-8') as f:
        json.dump(tok, f, ensure_ascii=False)
    with open(f'{folder}/tokenizer_config.json', 'w', encoding='utf-8') as f:
        json.dump({'add_bos_token': False, 'bos_token': None,
                   'eos_token': '<|im_end|>', 'pad_token': '<|im_start|>'}, f)


# ----------------------------------------------------------------------- model

def config_of(arch, o, extra):
    c = {'architectures': [CLASSES[arch]], 'model_type': arch,
         'hidden_size': o['hidden'], 'intermediate_size': o['intermediate'],
         'num_hidden_layers': o['layers'], 'num_attention_heads': o['heads'],
         'num_key_value_heads': o['kv_heads'], 'vocab_size': o['vocab'],
         'max_position_embeddings': 2048, 'rms_norm_eps': 1e-5,
         'rope_theta': 10000.0, 'tie_word_embeddings': bool(o['tied']),
         'hidden_act': {'gemma': 'gelu', 'bitnet': 'relu2'}.get(arch, 'silu')}
    if o['head_dim']:
        c['head_dim'] = o['head_dim']
    if o['attention_bias']:
        c['attention_bias'] = True
    c.update(extra)
    return c


def main(folder, arch, *settings):
    o, extra = dict(DEFAULTS), {}
    o['attention_bias'] = 0
    if arch in ('gemma', 'qwen3'):
        o['head_dim'] = 32
    for s in settings:
        key, value = s.split('=', 1)
        if key in o:
            o[key] = value if key in ('dtype', 'tokenizer') else int(value)
        else:
            extra[key] = json.loads(value)
    if o['tied'] is None:
        o['tied'] = arch in ('gemma', 'bitnet')
    os.makedirs(folder, exist_ok=True)
    rng = np.random.default_rng(o['seed'])
    tensors = {}
    for name, shape in shapes(arch, o):
        x = rng.standard_normal(shape).astype(np.float32)
        x = 1 + 0.1 * x if len(shape) == 1 else 0.02 * x
        tensors[name] = (o['dtype'], shape, encode(x, o['dtype']))
    if o['shards'] == 1:
        write_safetensors(f'{folder}/model.safetensors', tensors)
    else:
        names, where = list(tensors), {}
        for n in range(o['shards']):
            file = f'model-{n + 1:05}-of-{o["shards"]:05}.safetensors'
            part = {k: tensors[k] for k in names[n::o['shards']]}
            write_safetensors(f'{folder}/{file}', part)
            where.update({k: file for k in part})
        with open(f'{folder}/model.safetensors.index.json', 'w',
                  encoding='utf-8') as f:
            json.dump({'metadata': {}, 'weight_map': where}, f)
    with open(f'{folder}/config.json', 'w', encoding='utf-8') as f:
        json.dump(config_of(arch, o, extra), f, indent=2)
    if o['tokenizer'] == 'spm':
        write_spm(folder, o['vocab'])
    elif o['tokenizer'] == 'bpe':
        write_bpe(folder, o['vocab'], LLAMA3 if arch in ('llama', 'bitnet') else QWEN2)


if __name__ == '__main__':
    main(*sys.argv[1:])
