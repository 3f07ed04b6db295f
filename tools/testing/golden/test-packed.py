#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""akida convert of BitNet checkpoints that are packed already: each format has
the numbers that the packed ones stand for, and ternary formats have the very
same values and scales. Speaks TAP."""
import collections
import json
import os
import struct
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print('ok 1 - packed BitNet models # SKIP there is no python3-numpy\n1..1')
    sys.exit(0)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'convert'))
sys.dont_write_bytecode = True
import blocks
import gguf
import make_models
import make_tokenizers
from checks import Model, check, convert, finish, run, same

F = np.float32


def save(path, tensors):
    """tensors: name -> (dtype, array as stored)"""
    header, data, at = collections.OrderedDict(), [], 0
    for name, (dtype, a) in tensors.items():
        data.append(np.ascontiguousarray(a).tobytes())
        header[name] = {'dtype': dtype, 'shape': list(a.shape), 'data_offsets': [at, at + len(data[-1])]}
        at += len(data[-1])
    text = json.dumps(header).encode()
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text + b''.join(data))


def load(path):
    """name -> bytes"""
    with open(path, 'rb') as f:
        data = f.read()
    n = struct.unpack('<Q', data[:8])[0]
    header = json.loads(data[8:8 + n])
    header.pop('__metadata__', None)
    return {k: data[8 + n + v['data_offsets'][0]:8 + n + v['data_offsets'][1]] for k, v in header.items()}


class Packed:
    """A packed model, and the model of floats that it stands for."""

    def __init__(self, folder, use='autobitlinear', scale_shape=(1,)):
        plain = Model(folder, 'bitnet', 'small', 'BF16')
        self.q, self.scale, self.tensors = {}, {}, {}
        arrays = {}
        for i, (name, w) in enumerate(plain.arrays.items()):
            if not name.endswith('_proj.weight'):
                self.tensors[name] = ('BF16', blocks.bf16(w))
                arrays[name] = w
                continue
            # Powers of two have exact inverses, so that dividing tells nothing else.
            scale = F(2) ** -(i % 7) if use == 'bitlinear' else make_models.from_bf16(blocks.bf16(F([0.011 * (1 + i)])))[0]
            # Scales of bfloat16 are numbers of half precision, too.
            self.q[name], self.scale[name] = blocks.ms_ternary(w)[0], F(scale)
            stored = 1 / scale if use == 'bitlinear' else scale
            self.tensors[name] = ('U8', blocks.hf_pack(self.q[name]))
            self.tensors[name + '_scale'] = ('BF16', blocks.bf16(np.full(scale_shape, stored, F)))
            arrays[name] = self.q[name].astype(F) * F(scale)
        self.config = dict(plain.config, quantization_config={'quant_method': 'bitnet'})
        if use:
            self.config['quantization_config']['linear_class'] = use
        self.floats = Model(folder, 'bitnet', 'small', 'F32', arrays=arrays)
        # The folders have one name, as GGUF has it inside.
        os.makedirs(plain.path + '-packed')
        self.path = os.path.join(plain.path + '-packed', os.path.basename(self.floats.path))
        self.out = self.path + '.out'
        self.write()
        for p in (self.path, self.floats.path):
            make_tokenizers.save_spm(p, 320)

    def write(self, **change):
        os.makedirs(self.path, exist_ok=True)
        make_models.save_config(self.path, self.config)
        save(os.path.join(self.path, 'model.safetensors'), dict(self.tensors, **change))


def files(path):
    if not os.path.isdir(path):
        return {'': open(path, 'rb').read()}
    return {n: open(os.path.join(path, n), 'rb').read() for n in sorted(os.listdir(path))}


def same_as_floats(model, *options):
    """Formats that hold numbers cannot tell the two apart."""
    def compare():
        convert(model.path, model.out, *options)
        convert(model.floats.path, model.floats.out, *options)
        got, want = files(model.out), files(model.floats.out)
        if list(got) != list(want):
            return '%s instead of %s' % (list(got), list(want))
        for name, data in want.items():
            why = same(name, got[name], data)
            if why:
                return why
        return ''
    return compare


def kept_by_hf(model):
    convert(model.path, model.out, '--to', 'bitnet', '--layout', 'hf')
    got = load(os.path.join(model.out, 'model.safetensors'))
    if set(got) != set(model.tensors):
        return str(set(got) ^ set(model.tensors))
    for name, (_, want) in model.tensors.items():
        if name.endswith('_scale'):
            want = blocks.bf16(np.array([model.scale[name[:-6]]], F))
        why = same(name, got[name], want)
        if why:
            return why
    with open(os.path.join(model.out, 'config.json'), encoding='utf-8') as f:
        return '' if json.load(f)['quantization_config']['linear_class'] == 'autobitlinear' else 'linear_class is lost'


def kept_by_crate(model, scale):
    """Words and scales of the fused matrices."""
    convert(model.path, model.out, '--to', 'bitnet', '--layout', 'safetensors', '--scale', scale)
    got = load(os.path.join(model.out, 'model.safetensors'))
    for i in range(model.config['num_hidden_layers']):
        p, out = 'model.layers.%d.' % i, 'layers.%d.' % i
        for name, parts in (('attention.wqkv', ['self_attn.%s_proj.weight' % c for c in 'qkv']),
                            ('attention.wo', ['self_attn.o_proj.weight']),
                            ('feed_forward.w13', ['mlp.gate_proj.weight', 'mlp.up_proj.weight']),
                            ('feed_forward.w2', ['mlp.down_proj.weight'])):
            q = [model.q[p + n] for n in parts]
            scales = np.concatenate([np.full(len(a), model.scale[p + n], F) for a, n in zip(q, parts)])
            why = same(out + name, got[out + name + '.weight'], blocks.codes(np.concatenate(q), 3)) or \
                same(out + name + ' scales', got[out + name + '.weight_scale'], blocks.bf16(scales))
            if why:
                return why
    return ''


def kept_by_gguf(model, quant):
    """Ternary matrices are neither quantised again nor permuted."""
    convert(model.path, model.out, '--to', 'gguf', '--quant-type', quant)
    read = gguf.File(model.out)
    for i in range(model.config['num_hidden_layers']):
        for theirs, ours in (('attn_q', 'self_attn.q'), ('attn_k', 'self_attn.k'), ('attn_v', 'self_attn.v'),
                             ('attn_output', 'self_attn.o'), ('ffn_gate', 'mlp.gate'), ('ffn_up', 'mlp.up'),
                             ('ffn_down', 'mlp.down')):
            name = 'model.layers.%d.%s_proj.weight' % (i, ours)
            got = read.array('blk.%d.%s.weight' % (i, theirs))
            if not np.array_equal(got, model.q[name].astype(F) * model.scale[name]):
                return name
    return ''


def exact(model, *options):
    """No error against the packed source, nothing without a counterpart."""
    def compare():
        convert(model.path, model.out, *options)
        report = json.loads(run('verify', model.path, model.out, '--json').stdout)
        if report['missing'] or report['extra']:
            return str(report)
        off = [t for t in report['tensors'] if t['name'].endswith('_proj.weight') and t['max_abs']]
        return str(off[:2]) if off else ''
    return compare


def refused(text, pattern, model, *options):
    def failed():
        done = run('convert', model.path, model.path + '.x', '--to', 'nntr', *options)
        lines = [line for line in done.stderr.splitlines() if 'warning: ' not in line]
        good = done.returncode == 1 and len(lines) == 1 and pattern in lines[0] and not os.path.exists(model.path + '.x')
        return '' if good else 'status %d: %s' % (done.returncode, done.stderr)
    check('refused: ' + text, failed)


def test_formats(folder):
    for use in ('autobitlinear', 'bitlinear'):
        model = Packed(folder, use)
        for options in ('nntr --quant-type f32', 'nntr', 'nntr --quant-type q6_k', 'apl --bits 8 --name m'):
            check('%s: %s' % (use, options), same_as_floats(model, '--to', *options.split()))
        check('%s: hf has the same bytes' % use, lambda m=model: kept_by_hf(m))
        for scale in ('row', 'tensor'):
            check('%s: bitnet.rs has the same values, --scale %s' % (use, scale),
                  lambda m=model, s=scale: kept_by_crate(m, s))
        for quant in ('f32', 'f16', 'bf16', 'tq1_0', 'tq2_0', 'i2_s'):
            check('%s: gguf --quant-type %s has the same values' % (use, quant),
                  lambda m=model, t=quant: kept_by_gguf(m, t))
        for options in ('bitnet --layout hf', 'gguf --quant-type i2_s'):
            check('%s: verify finds no error in %s' % (use, options), exact(model, '--to', *options.split()))
    scalar = Packed(folder, scale_shape=())
    check('a scale without dimensions', same_as_floats(scalar, '--to', 'nntr', '--quant-type', 'f32'))


def test_options(folder):
    model = Packed(folder, None)
    refused('nothing says what the scale is for', '--packed-scale', model)
    check('--packed-scale multiply', same_as_floats(model, '--to', 'nntr', '--quant-type', 'f32',
                                                    '--packed-scale', 'multiply'))
    other = Packed(folder, 'bitlinear')
    check('--packed-scale is above config.json', lambda: 'it is not' if not same_as_floats(
        other, '--to', 'nntr', '--quant-type', 'f32', '--packed-scale', 'multiply')() else '')
    check('--packed-scale divide', same_as_floats(other, '--to', 'nntr', '--quant-type', 'f32',
                                                  '--packed-scale', 'divide'))


def test_refused(folder):
    name = 'model.layers.1.mlp.up_proj.weight'
    model = Packed(folder)
    _, packed = model.tensors[name]
    bad = packed.copy()
    bad[5, 7] |= 3
    model.write(**{name: ('U8', bad)})
    refused('a code that is no value', "tensor '%s' has the code 3 in row 5" % name, model)
    for text, scales in (('no number', [np.nan]), ('zero', [0]), ('negative', [-1]), ('infinite', [np.inf])):
        model.write(**{name + '_scale': ('BF16', blocks.bf16(np.array(scales, F)))})
        refused('a scale that is %s' % text, "tensor '%s_scale' is no scale" % name, model)
    model.write(**{name + '_scale': ('BF16', blocks.bf16(np.ones(2, F)))})
    refused('two scales', 'has 2 values, but packed tensors have one scale', model)
    model.write(**{name: ('U8', packed.reshape(-1))})
    refused('a packed vector', "tensor '%s' is not packed" % name, model)
    model.write(**{name: ('U8', packed[1:])})
    refused('too few rows', "tensor '%s'" % name, model)
    del model.tensors[name + '_scale']
    model.write()
    refused('no scale', "tensor '%s'" % name, model)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for test in (test_formats, test_options, test_refused):
            test(folder)
    return finish()


if __name__ == '__main__':
    sys.exit(main())
