#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""akida convert to nntr, nntr-bin, nntr-safetensors and bitnet: every byte of
every file against NumPy models of the formats (tools/testing/convert/blocks.py),
which are checked with golden vectors of the peers' own code. Speaks TAP."""
import json
import os
import struct
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print('ok 1 - converted weights # SKIP there is no python3-numpy\n1..1')
    sys.exit(0)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'convert'))
sys.dont_write_bytecode = True
import blocks
import make_models
from checks import EPOCH, Model, check, convert, digest, finish, golden_matrix, result, same

make_models.SIZES['odd'] = (96, 100, 1, 4, 2, 77)

# sha256[:32] of what the peers' own code makes of golden_matrix().
GOLDEN = {
    'q4_0': 'b943d393fe1de7b2a53dc5ccac24ca7f', 'q6_k': '7569c75ba8d77d026964cd15969c5116',
    'q4_0_4': '956c1fc313152bd0206da73ea1b102ba', 'q4_0_8': '0126b05829a040ef45c818199b4f183e',
    'script q4_0': 'bca49073ad1244e9c9d12d65bdb31980', 'script q4_0_4': '26056ac4f2197d1f3cbf8492c86e97cf',
    'script q4_0_8': '3db0396aac3e16de13596ef5c6c86d05', 'script q6_k': '40c197a116ee383ab71dfe27cb228c9a',
    'bitnet 1': '7a50e5361bfabeb233e0e7fe8f8b56e2', 'bitnet 3': 'df9088b01d99ba6dc97613fb6dff5742',
    'bitnet scales': 'a6e15b65bf3c745e1d6202010f15a8a3', 'hf': 'a7c9b79c862bf1ebd723c9707e5a0cd9',
}


# --------------------------------------------------------------------------- NNTR

class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if self.at + n > len(self.data):
            raise ValueError('the file ends at %d' % len(self.data))
        self.at += n
        return self.data[self.at - n:self.at]

    def u32(self):
        return struct.unpack('<I', self.take(4))[0]

    def text(self):
        return self.take(self.u32()).decode()


def read_nntr(path):
    with open(path, 'rb') as f:
        r = Reader(f.read())
    if (r.u32(), r.u32()) != (0x4E4E5452, 1):
        raise ValueError('not NNTR')
    keys = []
    for _ in range(r.u32()):
        key, kind = r.text(), r.take(1)[0]
        keys.append((key, r.u32() if kind == 0 else struct.unpack('<f', r.take(4))[0] if kind == 1 else r.text()))
    tensors = []
    for _ in range(r.u32()):
        name = r.text()
        shape = tuple(r.u32() for _ in range(r.u32()))
        kind = r.take(1)[0]
        tensors.append((name, shape, kind, r.take(r.u32())))
    if r.at != len(r.data):
        raise ValueError('something follows')
    return keys, tensors


def nntr_keys(config, quant, repack, script):
    f = lambda v: struct.unpack('<f', struct.pack('<f', v))[0]
    keys = [(k, config[k]) for k in ('vocab_size', 'hidden_size', 'intermediate_size', 'num_hidden_layers',
                                     'num_attention_heads')]
    keys.append(('num_key_value_heads', config.get('num_key_value_heads', config['num_attention_heads'])))
    keys += [('max_position_embeddings', config['max_position_embeddings']),
             ('rms_norm_eps', f(config['rms_norm_eps'])), ('rope_theta', f(config['rope_theta'])),
             ('quantization_type', quant), ('repack_format', repack or '')]
    if not script:
        keys.append(('block_format', 'ggml'))
        if repack:
            keys.append(('repack_interleave', 8))
    return keys


def padded(w, block):
    return np.pad(w, ((0, 0), (0, -w.shape[1] % block)))


def nntr_tensor(w, quant, repack, script, pad):
    """type, bytes"""
    if w.ndim != 2 or quant == 'f32':
        return 6, w
    if script:
        if quant == 'q6_k':
            return 5, blocks.script_q6_k(w)
        b = blocks.script_q4_0(w)
        return (3, blocks.script_repack(b, int(repack[-1]))) if repack else (4, b)
    block = 256 if quant == 'q6_k' else 32
    if pad:
        w = padded(w, block)
    if w.shape[1] % block:
        return (8, blocks.q8_0(w)) if block == 256 and w.shape[1] % 32 == 0 else (6, w)
    if quant == 'q6_k':
        return 5, blocks.q6_k(w)
    if quant == 'q8_0':
        return 8, blocks.q8_0(w)
    b = blocks.q4_0(w)
    if repack and w.shape[0] % int(repack[-1]) == 0:
        return 3, blocks.repack(b, int(repack[-1]), 8)
    return 4, b


def compare_nntr(model, quant, repack=None, script=False, pad=False):
    options = ['--to', 'nntr', '--quant-type', quant]
    options += ['--repack-format', repack] if repack else []
    options += ['--compat', 'script'] if script else []
    options += ['--pad'] if pad else []
    said = convert(model.path, model.out, *options)
    keys, tensors = read_nntr(model.out)
    want = nntr_keys(model.config, quant, repack, script)
    if keys != want:
        return 'keys are %s instead of %s' % (keys, want)
    names = [t[0] for t in tensors]
    if names != list(model.arrays):
        return 'tensors are %s instead of %s' % (names, list(model.arrays))
    for name, shape, kind, data in tensors:
        w = model.get(name)
        want_kind, want_data = nntr_tensor(w, quant, repack, script, pad)
        if shape != w.shape or kind != want_kind:
            return '%s: %s of type %d instead of %s of type %d' % (name, shape, kind, w.shape, want_kind)
        why = same(name, data, want_data)
        # What is not as asked for must be said, with its name.
        asked = {'q4_0': 3 if repack else 4, 'q6_k': 5, 'q8_0': 8, 'f32': 6}[quant]
        lost = script and quant == 'q6_k' and w.ndim == 2 and w.shape[1] % 256
        if not why and bool((w.ndim == 2 and kind != asked) or lost) != ("'%s'" % name in said):
            why = '%s: a warning is missing or too many: %s' % (name, said)
        if why:
            return why
    return ''


# --------------------------------------------------------- nntr-bin, nntr-safetensors

def nntrainer_weights(model):
    """(name in nntrainer, tensor, kind) in its order"""
    a = model.arrays
    yield 'embedding0:Embedding', a['model.embed_tokens.weight'], 'embd'
    for i in model.layers():
        p = 'model.layers.%d.' % i
        yield 'layer%d_attention_norm:gamma' % i, a[p + 'input_layernorm.weight'], 'plain'
        for letter, name in (('q', 'wq'), ('k', 'wk'), ('v', 'wv'), ('o', 'attention_out')):
            yield 'layer%d_%s:weight' % (i, name), a['%sself_attn.%s_proj.weight' % (p, letter)], 'fc'
            if '%sself_attn.%s_proj.bias' % (p, letter) in a:
                yield 'layer%d_%s:bias' % (i, name), a['%sself_attn.%s_proj.bias' % (p, letter)], 'plain'
            if '%sself_attn.%s_norm.weight' % (p, letter) in a:
                yield 'layer%d_%s_norm:gamma' % (i, letter), a['%sself_attn.%s_norm.weight' % (p, letter)], 'plain'
        yield 'layer%d_ffn_norm:gamma' % i, a[p + 'post_attention_layernorm.weight'], 'plain'
        for name in ('up', 'gate', 'down'):
            yield 'layer%d_ffn_%s:weight' % (i, name), a['%smlp.%s_proj.weight' % (p, name)], 'fc'
    yield 'output_norm:gamma', a['model.norm.weight'], 'plain'
    if not model.tied:
        yield 'output_of_causallm:weight', a['lm_head.weight'], 'lmhead'


def nntrainer_bytes(w, kind, dtype, isa):
    """bytes, shape in nntrainer"""
    if kind == 'plain':
        return w.astype('<f4'), (1, 1, 1, w.shape[0])
    turned = kind != 'embd'
    shape = (1, 1) + (w.shape[::-1] if turned else w.shape)
    if dtype == 'q4_0':
        b = blocks.q4_0(w)
        return (blocks.repack(b, 4 if isa == 'arm' else 8, 8) if turned else b), shape
    if dtype == 'q6_k':
        return blocks.q6_k(w), shape
    return (w.T if turned else w).astype('<f2' if dtype == 'fp16' else '<f4'), shape


def nntrainer_options(to, fc, embd, lmhead, isa):
    options = ['--to', to, '--fc-dtype', fc, '--embd-dtype', embd, '--isa', isa]
    return options + (['--lmhead-dtype', lmhead] if lmhead else [])


def compare_bin(model, fc='q4_0', embd='fp32', lmhead=None, isa='x86'):
    convert(model.path, model.out, *nntrainer_options('nntr-bin', fc, embd, lmhead, isa))
    dtypes = {'fc': fc, 'embd': embd, 'lmhead': lmhead or embd, 'plain': 'fp32'}
    with open(model.out, 'rb') as f:
        data = f.read()
    at = 0
    for name, w, kind in nntrainer_weights(model):
        want = np.ascontiguousarray(nntrainer_bytes(w, kind, dtypes[kind], isa)[0]).tobytes()
        why = same(name, data[at:at + len(want)], want)
        if why:
            return why
        at += len(want)
    return '' if at == len(data) else '%d bytes follow' % (len(data) - at)


def read_safetensors(path):
    """header text, its pairs, data"""
    with open(path, 'rb') as f:
        data = f.read()
    n = struct.unpack('<Q', data[:8])[0]
    text = data[8:8 + n].decode()
    if n % 8 or not text.startswith('{'):
        raise ValueError('bad header')
    return text, json.loads(text), data[8 + n:]


def compare_safetensors(model, fc='q4_0', embd='fp32', lmhead=None, isa='x86'):
    convert(model.path, model.out, *nntrainer_options('nntr-safetensors', fc, embd, lmhead, isa))
    text, header, data = read_safetensors(model.out)
    dtypes = {'fc': fc, 'embd': embd, 'lmhead': lmhead or embd, 'plain': 'fp32'}
    meta, body, at, used = {'format': 'nntrainer'}, [], 0, set()
    for name, w, kind in nntrainer_weights(model):
        dtype = dtypes[kind]
        used.add(dtype)
        raw, shape = nntrainer_bytes(w, kind, dtype, isa)
        raw = np.ascontiguousarray(raw).tobytes()
        if dtype in ('q4_0', 'q6_k'):
            entry = {'dtype': 'U8', 'shape': [len(raw)], 'nntr_dtype': dtype.upper(), 'nntr_shape': list(shape)}
        else:
            entry = {'dtype': 'F16' if dtype == 'fp16' else 'F32', 'shape': list(shape)}
        entry['data_offsets'] = [at, at + len(raw)]
        body.append((name, entry))
        why = same(name, data[at:at + len(raw)], raw)
        if why:
            return why
        at += len(raw)
    if used & {'q4_0', 'q6_k'}:
        meta['nntr_format'] = 'nntr-safetensors-v1'
    if 'q4_0' in used:
        meta['nntr_q4_0_isa'] = isa
    want = json.dumps(dict([('__metadata__', meta)] + body), separators=(',', ':'))
    if text.rstrip(' ') != want:
        return 'the header is %s instead of %s' % (text, want)
    return '' if at == len(data) else '%d bytes follow' % (len(data) - at)


# -------------------------------------------------------------------------- BitNet

def integer(v):
    v = int(v)
    if v < 251:
        return bytes([v])
    if v < 1 << 16:
        return b'\xfb' + struct.pack('<H', v)
    return (b'\xfc' + struct.pack('<I', v)) if v < 1 << 32 else b'\xfd' + struct.pack('<Q', v)


def floats_record(w):
    w = w.reshape(1, -1) if w.ndim == 1 else w
    return integer(w.size) + w.astype('<f4').tobytes() + integer(2) + integer(w.shape[0]) + integer(w.shape[1])


def ternary(parts, per_tensor):
    """q and scales of fused matrices"""
    if not per_tensor:
        return blocks.row_ternary(np.concatenate(parts))
    both = [blocks.ms_ternary(w) for w in parts]
    return (np.concatenate([q for q, _ in both]),
            np.concatenate([np.full(len(q), s, np.float32) for q, s in both]))


def linear_record(parts, generation, per_tensor):
    q, scales = ternary(parts, per_tensor)
    words = blocks.codes(q, generation)
    return (integer(len(words)) + b''.join(integer(w) for w in words) + integer(len(scales)) +
            scales.astype('<f4').tobytes() + integer(q.shape[1]) + integer(q.shape[0]))


def fused(model, i):
    p = 'model.layers.%d.' % i
    a = model.arrays
    yield 'attention.wqkv', [a['%sself_attn.%s_proj.weight' % (p, c)] for c in 'qkv']
    yield 'attention.wo', [a[p + 'self_attn.o_proj.weight']]
    yield 'feed_forward.w13', [a[p + 'mlp.gate_proj.weight'], a[p + 'mlp.up_proj.weight']]
    yield 'feed_forward.w2', [a[p + 'mlp.down_proj.weight']]


def head(model):
    return model.get('model.embed_tokens.weight' if model.tied else 'lm_head.weight')


def sub_norms(model):
    return {n: a for n, a in model.arrays.items() if 'sub_norm' in n}


def compare_files(folder, want):
    if sorted(os.listdir(folder)) != sorted(want):
        return 'files are %s instead of %s' % (sorted(os.listdir(folder)), sorted(want))
    for name, data in want.items():
        with open(os.path.join(folder, name), 'rb') as f:
            why = same(name, f.read(), data) if data is not None else ''
        if why:
            return why
    return ''


def compare_tensors(path, want, meta=None):
    """A safetensors file against name -> (dtype, shape, bytes), sorted as the crate sorts."""
    text, header, data = read_safetensors(path)
    ranks = ['U8', 'BF16', 'U32', 'F32']
    names = sorted(want, key=lambda n: (-ranks.index(want[n][0]), n))
    body, at = [('__metadata__', meta)] if meta else [], 0
    for name in names:
        dtype, shape, raw = want[name]
        raw = np.ascontiguousarray(raw).tobytes()
        body.append((name, {'dtype': dtype, 'shape': list(shape), 'data_offsets': [at, at + len(raw)]}))
        why = same(name, data[at:at + len(raw)], raw)
        if why:
            return why
        at += len(raw)
    if text.rstrip(' ') != json.dumps(dict(body), separators=(',', ':')):
        return 'the header is %s instead of %s' % (text, json.dumps(dict(body), separators=(',', ':')))
    return '' if at == len(data) else '%d bytes follow' % (len(data) - at)


def metadata(model):
    return [model.config['num_hidden_layers'], model.config['vocab_size'], model.config['hidden_size'], EPOCH]


def compare_metadata(model):
    with open(os.path.join(model.out, 'metadata.json'), encoding='utf-8') as f:
        got = json.load(f)
    want = dict(zip(('num_layers', 'vocab_size', 'hidden_size', 'conversion_timestamp'), metadata(model)))
    return '' if want.items() <= got.items() else 'metadata.json is %s' % got


def compare_blocks(model, generation=3, per_tensor=False):
    convert(model.path, model.out, '--to', 'bitnet', '--generation', str(generation),
            '--scale', 'tensor' if per_tensor else 'row')
    a = model.arrays
    want = {'embedding.bin': floats_record(a['model.embed_tokens.weight']),
            'norm.bin': floats_record(a['model.norm.weight']),
            'metadata.bin': b''.join(integer(v) for v in metadata(model)), 'metadata.json': None}
    want['lm_head.bin'] = floats_record(head(model)) if generation < 3 else \
        linear_record([head(model)], generation, per_tensor)
    for i in model.layers():
        p = 'model.layers.%d.' % i
        want['block_%d.bin' % i] = b''.join(linear_record(parts, generation, per_tensor)
                                            for _, parts in fused(model, i)) + \
            floats_record(a[p + 'input_layernorm.weight']) + floats_record(a[p + 'post_attention_layernorm.weight'])
    extra = sub_norms(model)
    if extra:
        want['sub_norms.safetensors'] = None
    why = compare_files(model.out, want) or compare_metadata(model)
    if extra and not why:
        why = compare_tensors(os.path.join(model.out, 'sub_norms.safetensors'),
                              {n: ('F32', w.shape, w) for n, w in extra.items()})
    return why


def compare_packed(model, per_tensor=False):
    convert(model.path, model.out, '--to', 'bitnet', '--layout', 'safetensors',
            '--scale', 'tensor' if per_tensor else 'row')
    a, want = model.arrays, {}
    plain = lambda w: ('BF16', w.shape, blocks.bf16(w))
    want['tok_embeddings.weight'] = plain(a['model.embed_tokens.weight'])
    want['norm.weight'] = plain(a['model.norm.weight'])

    def linear(name, parts):
        q, scales = ternary(parts, per_tensor)
        want[name + '.weight'] = ('U32', (q.shape[0], q.shape[1] // 16), blocks.codes(q, 3))
        want[name + '.weight_scale'] = plain(scales)

    linear('output', [head(model)])
    for i in model.layers():
        for name, parts in fused(model, i):
            linear('layers.%d.%s' % (i, name), parts)
        want['layers.%d.attention_norm.weight' % i] = plain(a['model.layers.%d.input_layernorm.weight' % i])
        want['layers.%d.ffn_norm.weight' % i] = plain(a['model.layers.%d.post_attention_layernorm.weight' % i])
    why = compare_tensors(os.path.join(model.out, 'model.safetensors'), want)
    if why:
        return why
    with open(os.path.join(model.out, 'config.json'), encoding='utf-8') as f:
        config = json.load(f)
    if not model.config.items() <= config.items() or config['bitnet_packed'] is not True:
        return 'config.json is %s' % config
    extra = sub_norms(model)
    names = ['config.json', 'metadata.json', 'model.safetensors'] + (['sub_norms.safetensors'] if extra else [])
    if extra:
        why = compare_tensors(os.path.join(model.out, 'sub_norms.safetensors'),
                              {n: plain(w) for n, w in extra.items()})
    return why or compare_files(model.out, {n: None for n in names}) or compare_metadata(model)


def compare_hf(model):
    convert(model.path, model.out, '--to', 'bitnet', '--layout', 'hf')
    want = {}
    for name, w in model.arrays.items():
        if name.endswith('_proj.weight'):
            q, scale = blocks.ms_ternary(w)
            packed = blocks.hf_pack(q)
            want[name] = ('U8', packed.shape, packed)
            want[name + '_scale'] = ('BF16', (1,), blocks.bf16(np.array([scale], np.float32)))
        else:
            want[name] = ('BF16', w.shape, blocks.bf16(w))
    why = compare_tensors(os.path.join(model.out, 'model.safetensors'), want, {'format': 'pt'})
    with open(os.path.join(model.out, 'config.json'), encoding='utf-8') as f:
        config = json.load(f)
    if config.get('quantization_config') != {'linear_class': 'autobitlinear', 'quant_method': 'bitnet',
                                             'quantization_mode': 'offline'}:
        why = why or 'config.json is %s' % config
    return why or compare_files(model.out, {n: None for n in ('config.json', 'metadata.json', 'model.safetensors')})


# --------------------------------------------------------------------------- tests

def test_models():
    """The NumPy models, with what the peers' own code makes."""
    w = golden_matrix()
    q4, s4 = blocks.q4_0(w), blocks.script_q4_0(w)
    q, scales = blocks.row_ternary(w)
    ms, scale = blocks.ms_ternary(w)
    made = {'q4_0': q4, 'q6_k': blocks.q6_k(w), 'q4_0_4': blocks.repack(q4, 4, 8), 'q4_0_8': blocks.repack(q4, 8, 8),
            'script q4_0': s4, 'script q4_0_4': blocks.script_repack(s4, 4),
            'script q4_0_8': blocks.script_repack(s4, 8), 'script q6_k': blocks.script_q6_k(w),
            'bitnet 1': blocks.codes(q, 1), 'bitnet 3': blocks.codes(q, 3), 'bitnet scales': scales,
            'hf': blocks.hf_pack(ms)}
    for name, data in made.items():
        result(digest(data) == GOLDEN[name], 'golden vector: NumPy model of %s' % name, digest(data))
    result('%.8f' % scale == '0.46719158', "golden vector: Microsoft's scale", scale)
    return w


def test_golden_files(folder, matrix):
    """The same hashes, of tensors in converted files."""
    model = Model(folder, 'llama', 'tiny', change={'hidden_size': 1024, 'vocab_size': 256, 'num_hidden_layers': 1,
                                                   'head_dim': 64, 'num_attention_heads': 16},
                  arrays={'model.embed_tokens.weight': matrix, 'lm_head.weight': matrix})

    def nntr(*options):
        convert(model.path, model.out, '--to', 'nntr', *options)
        return digest(np.frombuffer(read_nntr(model.out)[1][0][3], np.uint8))

    for quant in ('q4_0', 'q6_k'):
        check('golden vector in a file: nntr %s' % quant,
              lambda q=quant: '' if nntr('--quant-type', q) == GOLDEN[q] else 'another hash')
        check('golden vector in a file: nntr --compat script %s' % quant, lambda q=quant: '' if nntr(
            '--quant-type', q, '--compat', 'script') == GOLDEN['script ' + q] else 'another hash')
    for repack in ('q4_0_4', 'q4_0_8'):
        check('golden vector in a file: nntr %s' % repack,
              lambda r=repack: '' if nntr('--repack-format', r) == GOLDEN[r] else 'another hash')
        check('golden vector in a file: nntr --compat script %s' % repack, lambda r=repack: '' if nntr(
            '--repack-format', r, '--compat', 'script') == GOLDEN['script ' + r] else 'another hash')

    def words():
        convert(model.path, model.out + '3', '--to', 'bitnet', '--layout', 'safetensors')
        _, header, data = read_safetensors(os.path.join(model.out + '3', 'model.safetensors'))
        a, b = header['output.weight']['data_offsets']
        return '' if digest(np.frombuffer(data[a:b], np.uint8)) == GOLDEN['bitnet 3'] else 'another hash'
    check('golden vector in a file: bitnet', words)


def test_nntr(folder):
    for name in ('llama', 'qwen2', 'qwen3', 'gemma', 'mistral', 'bitnet', 'llama-bias', 'llama-mha'):
        model = Model(folder, name, 'small')
        check('nntr: %s' % name, lambda m=model: compare_nntr(m, 'q4_0'))
    model = Model(folder, 'llama', 'small', 'BF16')
    for quant in ('q4_0', 'q6_k', 'q8_0', 'f32'):
        check('nntr: %s from BF16' % quant, lambda q=quant: compare_nntr(model, q))
    half = Model(folder, 'llama', 'small', 'F16')
    check('nntr: q4_0 from F16', lambda: compare_nntr(half, 'q4_0'))
    for repack in ('q4_0_4', 'q4_0_8'):
        check('nntr: %s' % repack, lambda r=repack: compare_nntr(model, 'q4_0', r))
        check('nntr: script, %s' % repack, lambda r=repack: compare_nntr(model, 'q4_0', r, True))
    for quant in ('q4_0', 'q6_k'):
        check('nntr: script, %s' % quant, lambda q=quant: compare_nntr(model, q, None, True))
    tiny, odd = Model(folder, 'llama', 'tiny'), Model(folder, 'llama', 'odd')
    check('nntr: columns that 256 does not divide', lambda: compare_nntr(tiny, 'q6_k'))
    check('nntr: they are padded', lambda: compare_nntr(tiny, 'q6_k', pad=True))
    check('nntr: the script drops them', lambda: compare_nntr(tiny, 'q6_k', script=True))
    check('nntr: columns that 32 does not divide', lambda: compare_nntr(odd, 'q4_0'))
    check('nntr: they are padded', lambda: compare_nntr(odd, 'q4_0', pad=True))
    for repack in ('q4_0_4', 'q4_0_8'):
        check('nntr: rows that do not divide, %s' % repack, lambda r=repack: compare_nntr(odd, 'q4_0', r, pad=True))
    whole = Model(folder, 'llama', 'tiny', change={'rope_theta': 1000000})
    check('nntr: a whole number stays one', lambda: compare_nntr(whole, 'f32'))
    return model


def test_forms(folder):
    """Every form of input gives the same file."""
    want = []
    for form in ('safetensors', 'sharded', 'bin', 'bin-sharded', 'npz', 'npz-packed'):
        model = Model(folder, 'llama', 'small', 'F32', form)

        def equal(m=model):
            convert(m.path, m.out, '--to', 'nntr')
            with open(m.out, 'rb') as f:
                got = f.read()
            if want:
                return same(m.path, got, want[0])
            want.append(got)
            return ''
        check('input: %s' % form, equal)


def test_nntrainer(folder):
    cases = [('llama', {}), ('qwen2', {}), ('qwen3', {}), ('llama-bias', {}), ('llama-mha', {}), ('mistral', {}),
             ('llama', {'fc': 'q6_k', 'embd': 'q6_k'}), ('llama', {'fc': 'fp16', 'lmhead': 'q4_0'}),
             ('qwen3', {'fc': 'fp32', 'embd': 'q4_0'}), ('llama', {'isa': 'arm', 'lmhead': 'q6_k'}),
             ('qwen2', {'isa': 'arm', 'embd': 'q4_0'})]
    for name, options in cases:
        model = Model(folder, name, 'small')
        text = '%s %s' % (name, ' '.join('%s=%s' % o for o in options.items()))
        check('nntr-bin: ' + text, lambda m=model, o=options: compare_bin(m, **o))
        check('nntr-safetensors: ' + text, lambda m=model, o=options: compare_safetensors(m, **o))


def test_transposed(folder):
    """Transposition of every type and of compressed input, in shapes that no block divides."""
    change = {'hidden_size': 130, 'intermediate_size': 333, 'num_attention_heads': 2, 'num_key_value_heads': 1,
              'head_dim': 57, 'vocab_size': 401}
    for dtype, form in (('F32', 'safetensors'), ('F16', 'safetensors'), ('BF16', 'safetensors'), ('F32', 'npz-packed')):
        model = Model(folder, 'llama', 'tiny', dtype, form, change)
        check('nntr-bin: transposed %s, %s' % (dtype, form),
              lambda m=model: compare_bin(m, fc='fp32', lmhead='fp16'))


def test_bitnet(folder):
    for name in ('bitnet', 'llama'):
        model = Model(folder, name, 'small')
        for generation in (1, 2, 3):
            check('bitnet: blocks of %s, generation %d' % (name, generation),
                  lambda m=model, g=generation: compare_blocks(m, g))
        check('bitnet: blocks of %s, a scale per tensor' % name, lambda m=model: compare_blocks(m, 3, True))
        check('bitnet: packed %s' % name, lambda m=model: compare_packed(m))
        check('bitnet: packed %s, a scale per tensor' % name, lambda m=model: compare_packed(m, True))
    for name in ('mistral', 'llama-mha'):
        check('bitnet: blocks of %s' % name, lambda n=name: compare_blocks(Model(folder, n, 'small')))
        check('bitnet: packed %s' % name, lambda n=name: compare_packed(Model(folder, n, 'small')))
    half = Model(folder, 'bitnet', 'small', 'BF16')
    check('bitnet: blocks from BF16', lambda: compare_blocks(half))
    check('bitnet: for transformers', lambda: compare_hf(half))
    odd = Model(folder, 'bitnet', 'tiny', change={'hidden_size': 90, 'intermediate_size': 162,
                                                  'num_attention_heads': 3, 'num_key_value_heads': 1, 'head_dim': 30})
    check('bitnet: for transformers, rows that 4 does not divide', lambda: compare_hf(odd))
    words = Model(folder, 'bitnet', 'tiny', change={'hidden_size': 72, 'intermediate_size': 104,
                                                    'num_attention_heads': 2, 'num_key_value_heads': 1, 'head_dim': 36})
    check('bitnet: words across rows', lambda: compare_blocks(words))


def main():
    with tempfile.TemporaryDirectory() as folder:
        matrix = test_models()
        test_golden_files(folder, matrix)
        test_nntr(folder)
        test_forms(folder)
        test_nntrainer(folder)
        test_transposed(folder)
        test_bitnet(folder)
    return finish()


if __name__ == '__main__':
    sys.exit(main())
