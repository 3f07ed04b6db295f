#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""akida matvec, verify and merge: products with every format's matrices are
those that NumPy finds with the numbers of the format's rule, errors those that
NumPy computes, and merged archives hold the arrays of their members. Speaks TAP."""
import json
import os
import shutil
import sys
import tempfile
import zipfile

try:
    import numpy as np
except ImportError:
    print('ok 1 - quantised weights # SKIP there is no python3-numpy\n1..1')
    sys.exit(0)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'convert'))
sys.dont_write_bytecode = True
import blocks
import make_models
import make_tokenizers
from checks import Model, check, convert, finish, run

F = np.float32


def de_q8_0(b):
    return b[..., 2:].copy().view(np.int8).astype(F) * b[..., :2].copy().view('<f2').astype(F)


def de_script_q4_0(b):
    """Neighbours share a byte."""
    q = np.stack([b[..., 2:] & 15, b[..., 2:] >> 4], axis=-1).reshape(b.shape[:2] + (32,)).astype(F) - 8
    return q * b[..., :2].copy().view('<f2').astype(F)


def de_script_q6_k(b):
    """Neighbours share a byte; scales of groups are stored and not used."""
    low = np.stack([b[..., :128] & 15, b[..., :128] >> 4], axis=-1).reshape(b.shape[:2] + (256,))
    high = np.stack([b[..., 128:192] >> s & 3 for s in (0, 2, 4, 6)], axis=-1).reshape(b.shape[:2] + (256,))
    q = (low | high << 4).astype(F) - 32
    return q * b[..., 208:].copy().view('<f2').astype(F)


def whole(blocks_of_rows, w):
    return blocks_of_rows.reshape(w.shape).astype(F)


def ternary(parts, per_tensor=False):
    if per_tensor:
        return np.concatenate([q * s for q, s in (blocks.ms_ternary(w) for w in parts)]).astype(F)
    q, scales = blocks.row_ternary(np.concatenate(parts))
    return q.astype(F) * scales[:, None]


def bf16(a):
    return make_models.from_bf16(blocks.bf16(a))


def affine(folder, base, bits, group=0):
    """Numbers of an archive, as NumPy reads it."""
    path = [os.path.join(folder, n) for n in os.listdir(folder) if n.endswith('.npz')][0]
    z = np.load(path)
    if bits == 1 and base + '_1bit' in z.files:
        cols = z[base + '_shape'][1]
        sign = np.unpackbits(z[base + '_1bit'], axis=1)[:, :cols]
        return np.where(sign, 1, -1).astype(F) * z[base + '_scales'][:, None]
    q, s, zero = (z['%s_q%d%s' % (base, bits, k)] for k in ('', '_scales', '_zero_point'))
    if group:
        s, zero = (np.repeat(a, group, axis=1)[:, :q.shape[1]] for a in (s, zero))
    else:
        s, zero = s[:, None], zero[:, None]
    return (q.astype(F) - zero.astype(F)) * s


# ---------------------------------------------------------------------------- matvec

def matvec(path, tensor, x, *options):
    np.save(path + '.x.npy', x)
    done = run('matvec', path, tensor, '-i', path + '.x.npy', '-o', path + '.y.npy', *options)
    if done.returncode:
        raise ValueError('status %d: %s' % (done.returncode, done.stderr))
    return np.load(path + '.y.npy')


def compare_product(path, tensor, w):
    x = np.random.RandomState(3).standard_normal((2, w.shape[1])).astype(F)
    y = matvec(path, tensor, x)
    want = x.astype(np.float64) @ w.astype(np.float64).T
    if y.dtype != np.float32 or y.shape != want.shape:
        return '%s: %s of %s' % (tensor, y.dtype, y.shape)
    bound = 1e-6 * np.sqrt(np.sum(want ** 2, axis=1, keepdims=True) / want.shape[1])
    if np.any(np.abs(y - want) > bound + 1e-6 * np.abs(want)):
        return '%s: products are off by %g of %g' % (tensor, np.max(np.abs(y - want)), np.max(np.abs(want)))
    return ''


def products(text, model, options, want):
    """want: tensor -> numbers, or a function of the output for that"""
    def compare():
        convert(model.path, model.out, '--to', *options.split())
        tensors = want(model.out) if callable(want) else want
        for tensor, w in tensors.items():
            why = compare_product(model.out, tensor, w)
            if why:
                return why
        return ''
    check('matvec: %s' % text, compare)


def test_nntr(folder):
    model = Model(folder, 'llama', 'small')
    name = 'model.layers.1.mlp.gate_proj.weight'
    w = model.arrays[name]
    rules = {
        'q4_0': lambda: blocks.de_q4_0(blocks.q4_0(w)), 'q8_0': lambda: de_q8_0(blocks.q8_0(w)),
        'q6_k': lambda: blocks.de_q6_k(blocks.q6_k(w)), 'f32': lambda: w,
        'q4_0 --repack-format q4_0_4': lambda: blocks.de_q4_0(blocks.q4_0(w)),
        'q4_0 --repack-format q4_0_8': lambda: blocks.de_q4_0(blocks.q4_0(w)),
        'q4_0 --compat script': lambda: de_script_q4_0(blocks.script_q4_0(w)),
        'q4_0 --compat script --repack-format q4_0_4': lambda: de_script_q4_0(blocks.script_q4_0(w)),
        'q4_0 --compat script --repack-format q4_0_8': lambda: de_script_q4_0(blocks.script_q4_0(w)),
        'q6_k --compat script': lambda: de_script_q6_k(blocks.script_q6_k(w)),
    }
    for options, rule in rules.items():
        products('nntr ' + options, model, 'nntr --quant-type ' + options, {name: whole(rule(), w)})
    up = model.arrays['model.layers.0.mlp.up_proj.weight']
    rules = {'fp32': up, 'fp16': up.astype(np.float16).astype(F), 'q4_0': blocks.de_q4_0(blocks.q4_0(up)),
             'q4_0 --isa arm': blocks.de_q4_0(blocks.q4_0(up)), 'q6_k': blocks.de_q6_k(blocks.q6_k(up))}
    for options, rule in rules.items():
        products('nntr-safetensors ' + options, model, 'nntr-safetensors --fc-dtype ' + options,
                 {'layer0_ffn_up:weight': whole(rule, up)})
    table = model.arrays['model.embed_tokens.weight']
    products('nntr-safetensors, the embedding', model, 'nntr-safetensors --embd-dtype q4_0',
             {'embedding0:Embedding': whole(blocks.de_q4_0(blocks.q4_0(table)), table)})


def test_bitnet(folder):
    model = Model(folder, 'bitnet', 'small', 'BF16')
    a, p = model.arrays, 'model.layers.1.self_attn.'
    qkv = [a[p + c + '_proj.weight'] for c in 'qkv']
    down = [a['model.layers.1.mlp.down_proj.weight']]
    for generation in (1, 2, 3):
        products('bitnet, generation %d' % generation, model, 'bitnet --generation %d' % generation, {
            'layers.1.attention.wqkv.weight': ternary(qkv), 'layers.1.feed_forward.w2.weight': ternary(down),
            'tok_embeddings.weight': a['model.embed_tokens.weight']})
    products('bitnet, a scale per tensor', model, 'bitnet --scale tensor',
             {'layers.1.attention.wqkv.weight': ternary(qkv, True)})
    # Scales are bfloat16 here.
    q, scales = blocks.row_ternary(np.concatenate(qkv))
    products('bitnet packed', model, 'bitnet --layout safetensors',
             {'layers.1.attention.wqkv.weight': q.astype(F) * bf16(scales)[:, None]})
    q, scale = blocks.ms_ternary(down[0])
    products('bitnet for transformers', model, 'bitnet --layout hf',
             {'model.layers.1.mlp.down_proj.weight': q.astype(F) * bf16(np.array([scale], F))[0]})


def test_apl(folder):
    model = Model(folder, 'llama', change={'hidden_size': 76, 'intermediate_size': 101, 'head_dim': 18})
    base, name = 'layer_1_mlp_gate_proj_weight', 'layer_1.mlp.gate_proj'
    for bits in (1, 2, 4, 8):
        products('apl, %d bits' % bits, model, 'apl --bits %d' % bits,
                 lambda out, b=bits: {name: affine(out, base, b), 'embedding.weight': affine(
                     out, 'layer_0_embedding_weight', b)})
        products('apl, the exporter at %d bits' % bits, model, 'apl --compat exporter --bits %d' % bits,
                 lambda out, b=bits: {base: affine(out, base, b)})
    products('apl, channels', model, 'apl --granularity channel', lambda out: {name: affine(out, base, 4).T})
    products('apl, groups', model, 'apl --granularity group --group-size 32',
             lambda out: {name: affine(out, base, 4, 32)})


def test_sources(folder):
    for form in ('safetensors', 'sharded', 'bin', 'npz', 'npz-packed'):
        model = Model(folder, 'llama', dtype='F16' if 'npz' not in form else 'F32', form=form)
        name = 'model.layers.0.self_attn.k_proj.weight'
        check('matvec: a source, %s' % form,
              lambda m=model: compare_product(m.path, name, m.arrays[name]))


def refused(text, pattern, status, *args):
    def failed():
        done = run(*args)
        lines = done.stderr.splitlines()
        if done.returncode != status or pattern not in done.stderr or done.stdout:
            return 'status %d: %s' % (done.returncode, done.stderr)
        return '' if len(lines) == (1 if status == 1 else 2) else done.stderr
    check('refused: ' + text, failed)


def test_matvec(folder):
    model = Model(folder, 'llama')
    convert(model.path, model.out, '--to', 'nntr')
    name, path = 'model.layers.0.mlp.up_proj.weight', os.path.join(folder, 'x.npy')
    w = whole(blocks.de_q4_0(blocks.q4_0(model.arrays[name])), model.arrays[name]).astype(np.float64)
    x = np.random.RandomState(4).standard_normal(w.shape[1])

    def double():
        y = matvec(model.out, name, x)
        want = w @ x.astype(F)
        return '' if y.shape == (len(w),) and np.allclose(y, want, rtol=1e-6, atol=1e-7) else str(y - want)
    check('matvec: one vector, of doubles', double)

    def report():
        np.save(path, x.astype(F))
        done = run('matvec', model.out, name, '-i', path, '--json')
        got = json.loads(done.stdout)
        values = np.array(got.pop('values'), F)
        if got != {'file': model.out, 'tensor': name, 'type': 'Q4_0', 'rows': len(w), 'columns': w.shape[1]}:
            return str(got)
        return '' if np.array_equal(values, matvec(model.out, name, x.astype(F))) else 'other values'
    check('matvec --json has all values', report)
    many = np.random.RandomState(4).standard_normal((5, w.shape[1])).astype(F)
    check('matvec: the same numbers by any threads', lambda: '' if all(np.array_equal(
        matvec(model.out, name, many), matvec(model.out, name, many, '-t', t)) for t in '137') else 'no')
    np.save(path, x.astype(F))
    refused('a tensor that is not there', "there is no tensor 'gone' among its 21", 1,
            'matvec', model.out, 'gone', '-i', path)
    refused('a vector in place of a matrix', 'is a vector and no matrix', 1,
            'matvec', model.out, 'model.norm.weight', '-i', path)
    refused('no such file', 'gone', 1, 'matvec', os.path.join(folder, 'gone'), name, '-i', path)
    refused('no such vector', 'gone.npy', 1, 'matvec', model.out, name, '-i', os.path.join(folder, 'gone.npy'))
    refused('no vector', '-i X is missing', 2, 'matvec', model.out, name)
    refused('an output that cannot be written', 'no/y.npy', 1,
            'matvec', model.out, name, '-i', path, '-o', os.path.join(folder, 'no/y.npy'))
    for bad, why in ((np.zeros(63, F), 'but x is 63'), (np.zeros((2, 3, 64), F), 'but x is 2x3x64'),
                     (np.zeros(64, np.int32), 'float'), (np.zeros((3, 60), F), 'but x is 3x60'), (np.float32(1), 'but x is a scalar')):
        np.save(path, bad)
        refused('x of %s %s' % (np.asarray(bad).dtype, np.shape(bad)), why, 1, 'matvec', model.out, name, '-i', path)


# ---------------------------------------------------------------------------- verify

def errors(w, back):
    w, back = w.astype(np.float64), back.astype(np.float64)
    out = {'relative_rmse': np.sqrt(np.sum((w - back) ** 2) / np.sum(w ** 2)), 'max_abs': np.max(np.abs(w - back))}
    if w.ndim == 2:
        x = np.random.RandomState(42).standard_normal(w.shape[1]).astype(F).astype(np.float64)
        y = w @ x
        out['relative_error'] = np.linalg.norm(y - back @ x) / np.linalg.norm(y)
    return out


def verify(source, out, *options):
    done = run('verify', source, out, '--json', *options)
    if done.returncode:
        raise ValueError('status %d: %s' % (done.returncode, done.stderr))
    return json.loads(done.stdout)


def compare_errors(model, options, want, missing=(), extra=()):
    """want: name in the output -> tensor of the source, its numbers, the output's numbers"""
    convert(model.path, model.out, '--to', *options.split())
    report = verify(model.path, model.out)
    if report['in'] != model.path or report['out'] != model.out:
        return 'in %s, out %s' % (report['in'], report['out'])
    if sorted(report['missing']) != sorted(missing) or sorted(report['extra']) != sorted(extra):
        return 'missing %s, extra %s' % (report['missing'], report['extra'])
    found = {t['out']: t for t in report['tensors']}
    want = want(model.out) if callable(want) else want
    if set(found) != set(want):
        return 'tensors differ: %s' % (set(found) ^ set(want))
    for name, (source, w, back) in want.items():
        t = found[name]
        if t['name'] != source or t['matrix'] != (w.ndim == 2):
            return '%s is %s' % (name, t)
        for key, value in errors(w, back).items():
            # Reports have nine digits, and sums of floats another order.
            if abs(t[key] - value) > 1e-6 * value + 1e-9:
                return '%s: %s is %g instead of %g' % (name, key, t[key], value)
    pairs = [v for v in want.values() if v[1].ndim == 2]
    squares = np.sum([[np.sum((w.astype(np.float64) - b) ** 2), np.sum(w.astype(np.float64) ** 2)]
                      for _, w, b in pairs], axis=0)
    total = report['total']
    if abs(total['relative_rmse'] - np.sqrt(squares[0] / squares[1])) > 1e-6:
        return 'in total %s instead of %g' % (total, np.sqrt(squares[0] / squares[1]))
    largest = max(errors(w, b)['max_abs'] for _, w, b in pairs)
    return '' if abs(total['max_abs'] - largest) <= 1e-6 * largest else 'at most %s' % total


def apl_want(model, transposed=False):
    def want(out):
        tensors = {}
        for name, w in model.arrays.items():
            short = name.replace('model.layers.', 'layer_').replace('model.', '')
            short = {'embed_tokens.weight': 'embedding.weight'}.get(short, short)
            base = 'layer_0_embedding_weight' if 'embed' in short else short.replace('.', '_')
            entry = short[:-7] if '_proj.weight' in short or 'layernorm.weight' in short else short
            if w.ndim == 1:
                if not transposed:
                    tensors[entry] = (name, w, w)
            elif transposed:
                if 'embed' not in name:
                    tensors[base] = (name, w.T, affine(out, base, 4))
            else:
                tensors[entry] = (name, w, affine(out, base, 4))
        return tensors
    return want


def test_verify(folder):
    llama = Model(folder, 'llama', 'small')
    rule = lambda w: w if w.ndim == 1 else whole(blocks.de_q4_0(blocks.q4_0(w)), w)
    check('verify: nntr', lambda: compare_errors(llama, 'nntr', {n: (n, w, rule(w)) for n, w in llama.arrays.items()}))
    check('verify: nntr with blocks of rows', lambda: compare_errors(
        llama, 'nntr --repack-format q4_0_8', {n: (n, w, rule(w)) for n, w in llama.arrays.items()}))
    check('verify: apl', lambda: compare_errors(llama, 'apl', apl_want(llama)))
    plain = [n for n, w in llama.arrays.items() if w.ndim == 1] + ['model.embed_tokens.weight']
    check('verify: apl of the exporter, transposed, without embedding and norms',
          lambda: compare_errors(llama, 'apl --compat exporter', apl_want(llama, True), plain))
    bitnet = Model(folder, 'bitnet', 'small')

    def fused():
        a, want = bitnet.arrays, {}

        def put(out, names, make=lambda w: w[0]):
            w = [a[n] for n in names]
            want[out] = (names[0], np.concatenate(w), make(w))
        put('tok_embeddings.weight', ['model.embed_tokens.weight'])
        put('output.weight', ['model.embed_tokens.weight'], ternary)
        put('norm.weight', ['model.norm.weight'])
        for i in range(2):
            p, out = 'model.layers.%d.' % i, 'layers.%d.' % i
            put(out + 'attention.wqkv.weight', ['%sself_attn.%s_proj.weight' % (p, c) for c in 'qkv'], ternary)
            put(out + 'attention.wo.weight', [p + 'self_attn.o_proj.weight'], ternary)
            put(out + 'feed_forward.w13.weight', ['%smlp.%s_proj.weight' % (p, c) for c in ('gate', 'up')], ternary)
            put(out + 'feed_forward.w2.weight', [p + 'mlp.down_proj.weight'], ternary)
            put(out + 'attention_norm.weight', [p + 'input_layernorm.weight'])
            put(out + 'ffn_norm.weight', [p + 'post_attention_layernorm.weight'])
            for n in ('self_attn.attn_sub_norm.weight', 'mlp.ffn_sub_norm.weight'):
                put(p + n, [p + n])
        return compare_errors(bitnet, 'bitnet', want)
    check('verify: bitnet, fused', fused)

    def gguf(name, quant, largest):
        model = Model(folder, name, 'small')
        make_tokenizers.save_spm(model.path, 320)
        convert(model.path, model.out, '--to', 'gguf', '--quant-type', quant)
        report = verify(model.path, model.out)
        total = report['total']
        if report['missing'] or report['extra'] or len(report['tensors']) != len(model.arrays):
            return str(report)
        # What was permuted and not put back would be off by 140 %.
        over = [t for t in report['tensors'] if not (t['relative_error'] if t['matrix'] else t['relative_rmse']) <= largest]
        return str(over[:3]) if over or not 0 <= total['relative_error'] <= largest else ''
    for name in ('llama', 'llama-bias', 'mistral', 'gemma'):
        check('verify: gguf of %s is exact in f32' % name, lambda n=name: gguf(n, 'f32', 1e-7))
        check('verify: gguf of %s in q8_0' % name, lambda n=name: gguf(n, 'q8_0', 0.01))
    same = verify(llama.path, llama.path)
    check('verify: a model is itself', lambda: '' if same['total'] == {
        'relative_rmse': 0, 'max_abs': 0, 'relative_error': 0} else str(same['total']))
    out = [verify(llama.path, bitnet.path, '-t', t) for t in '15']
    check('verify: the same numbers by any threads', lambda: '' if out[0] == out[1] else 'they differ')
    check('verify: another model is another', lambda: '' if out[0]['total']['relative_rmse'] > 0.5 or
          out[0]['extra'] else str(out[0]['total']))


def test_limits(folder):
    model = Model(folder, 'llama', 'small')
    convert(model.path, model.out, '--to', 'nntr')
    worst = 100 * max(t['relative_error'] or 0 for t in verify(model.path, model.out)['tensors'])

    def limit(value, status):
        done = run('verify', model.path, model.out, '--max-error', '%.6f' % value)
        lines = len(done.stdout.splitlines())
        said = 'tensors are off by more than' in done.stderr
        return '' if done.returncode == status and said == (status == 1) and lines == len(model.arrays) + 2 else \
            'status %d: %s%s' % (done.returncode, done.stdout, done.stderr)
    check('--max-error above the worst', lambda: limit(worst + 1e-4, 0))
    check('--max-error below it', lambda: limit(worst - 1e-4, 1))
    check('--max-error 0', lambda: limit(0, 1))
    convert(model.path, model.out + '.e', '--to', 'apl', '--compat', 'exporter')
    done = run('verify', model.path, model.out + '.e', '--max-error', '100')
    check('--max-error counts what is missing', lambda: '' if done.returncode == 1 and
          '0 tensors are off by more than 100 %, 6 have no counterpart' in done.stderr and
          '6 without a counterpart in OUT:\n  model.embed_tokens.weight\n' in done.stdout else done.stderr + done.stdout)
    refused('a limit that is none', "--max-error: 'x'", 2, 'verify', model.path, model.out, '--max-error', 'x')
    refused('one file', 'OUT is missing', 2, 'verify', model.path)
    other = os.path.join(folder, 'other.npz')
    np.savez(other, other=np.zeros((2, 2), F))
    refused('nothing in common', 'no', 1, 'verify', model.path, other)
    shape = os.path.join(folder, 'shape.npz')
    np.savez(shape, **{'model.norm.weight': np.zeros(7, F)})
    refused('another shape', '7', 1, 'verify', model.path, shape)
    broken = os.path.join(folder, 'nan.npz')
    np.savez(broken, **{'model.norm.weight': np.full(256, np.nan, F)})
    done_nan = run('verify', model.path, broken, '--max-error', '100')
    check('what is no number is above any limit', lambda: '' if done_nan.returncode == 1 and
          '1 tensors are off' in done_nan.stderr else done_nan.stderr)

    # The length of this header, 0x280 bytes, begins like a pickle's mark.
    def header():
        path = os.path.join(folder, 'pickle.safetensors')
        w = np.arange(8, dtype='<f4').reshape(2, 4)
        text = json.dumps({'a': {'dtype': 'F32', 'shape': [2, 4], 'data_offsets': [0, 32]}}).encode()
        with open(path, 'wb') as f:
            f.write((0x280).to_bytes(8, 'little') + text + b' ' * (0x280 - len(text)) + w.tobytes())
        return compare_product(path, 'a', w)
    check('a safetensors file that begins like a pickle', header)


# ----------------------------------------------------------------------------- merge

def archive(folder):
    names = sorted(os.listdir(folder))
    manifest = [n for n in names if n.endswith('.json')][0]
    with open(os.path.join(folder, manifest), encoding='utf-8') as f:
        return dict(np.load(os.path.join(folder, [n for n in names if n.endswith('.npz')][0]))), json.load(f), names


def members(folder, count):
    """Converted models that share the embedding and the norms."""
    base, out = Model(folder, 'llama'), []
    kept = {n: w for n, w in base.arrays.items() if 'layers.1' not in n}
    for i in range(count):
        arrays = dict(kept)
        for n, w in base.arrays.items():
            if n not in kept:
                arrays[n] = w if w.ndim == 1 else (w + F(0.001 * i)).astype(F)
        model = Model(folder, 'llama', arrays=arrays)
        model.out = os.path.join(folder, 'member%d' % i)
        convert(model.path, model.out, '--to', 'apl', '--name', 'm%d' % i)
        out.append(model)
    return out


def files_of(entry):
    return [k for k in ('q', 'q_scales', 'q_zero_point', 'packed', 'scales', 'fp32') if k in entry]


def compare_merged(models, out, report):
    arrays, manifest, names = archive(out)
    if names != ['both_manifest.json', 'both_quantized.npz'] or manifest['format_version'] != '2':
        return 'files are %s' % names
    used, total, distinct, shared_bytes = set(), 0, {}, 0
    for model, part in zip(models, manifest['models']):
        own, alone, _ = archive(model.out)
        if part['model'] != alone['model'] or len(part['weights']) != len(alone['weights']):
            return '%s: %s' % (model.out, part['model'])
        for a, b in zip(part['weights'], alone['weights']):
            for key in files_of(b):
                if a[key] not in {k + '.npy' for k in arrays}:
                    return '%s: %s is not in the archive' % (a['name'], a[key])
                got, want = arrays[a[key][:-4]], own[b[key][:-4]]
                if got.dtype != want.dtype or got.tobytes() != want.tobytes() or got.shape != want.shape:
                    return '%s: another array' % a[key]
                used.add(a[key][:-4])
            if {k: v for k, v in a.items() if k not in files_of(b)} != {
                    k: v for k, v in b.items() if k not in files_of(b)}:
                return '%s: %s' % (a['name'], a)
        for w in own.values():
            total += 1
            key = (w.dtype.str, w.shape, w.tobytes())
            shared_bytes += w.nbytes if key in distinct else 0
            distinct[key] = True
    if len(arrays) != len(distinct) or not used <= set(arrays):
        return '%d arrays instead of %d' % (len(arrays), len(distinct))
    want = {'models': len(models), 'arrays': len(distinct), 'shared_arrays': total - len(distinct)}
    if {k: report[k] for k in want} != want:
        return '%s instead of %s' % (report, want)
    if manifest['metadata']['shared_arrays'] != want['shared_arrays'] or not want['shared_arrays']:
        return str(manifest['metadata'])
    # Headers of arrays, 128 bytes each, may count or not.
    if not shared_bytes <= report['shared_bytes'] <= shared_bytes + 128 * want['shared_arrays']:
        return '%d bytes are shared, not %d' % (shared_bytes, report['shared_bytes'])
    return ''


def merge(*args):
    done = run('merge', *args, '--json')
    if done.returncode:
        raise ValueError('status %d: %s' % (done.returncode, done.stderr))
    return json.loads(done.stdout)


def test_merge(folder):
    models = members(folder, 3)
    paths, out = [m.out for m in models], os.path.join(folder, 'both')
    check('merge: two models', lambda: compare_merged(models[:2], out, merge(*paths[:2], '-o', out)))
    check('merge: a matrix of each is its own', lambda: compare_product(
        out, 'm1/layer_1.mlp.up_proj', affine(paths[1], 'layer_1_mlp_up_proj_weight', 4)) or compare_product(
            out, 'm0/layer_1.mlp.up_proj', affine(paths[0], 'layer_1_mlp_up_proj_weight', 4)))
    refused('a folder that exists', 'both', 1, 'merge', *paths, '-o', out)
    check('merge: three models, with --force', lambda: compare_merged(models, out, merge(*paths, '-o', out, '--force')))
    with zipfile.ZipFile(os.path.join(out, 'both_quantized.npz')) as z:
        check('merge: the archive is sound', lambda: z.testzip() or '')
        check('merge: no entry is there twice', lambda: '' if len(set(z.namelist())) == len(z.namelist()) else 'twice')
    size = sum(os.path.getsize(os.path.join(out, n)) for n in os.listdir(out) if n.endswith('npz'))
    alone = sum(os.path.getsize(os.path.join(p, n)) for p in paths for n in os.listdir(p) if n.endswith('npz'))
    check('merge: it is smaller than its members', lambda: '' if size < 0.75 * alone else '%d of %d' % (size, alone))

    def manifests():
        names = [os.path.join(p, n) for p in paths[:2] for n in os.listdir(p) if n.endswith('.json')]
        archives = [os.path.join(p, n) for p in paths[:2] for n in os.listdir(p) if n.endswith('.npz')]
        for n in 'xy':
            os.makedirs(os.path.join(folder, n))
        first = merge(*names, '-o', os.path.join(folder, 'x', 'both'))
        second = merge(*archives, '-o', os.path.join(folder, 'y', 'both'))
        return compare_merged(models[:2], os.path.join(folder, 'x', 'both'), first) or \
            compare_merged(models[:2], os.path.join(folder, 'y', 'both'), second)
    check('merge: manifests, and archives', manifests)

    def twice():
        report = merge(paths[0], paths[0], '-o', os.path.join(folder, 'twice'))
        arrays, manifest, _ = archive(os.path.join(folder, 'twice'))
        names = [m['model']['name'] for m in manifest['models']]
        own = {(w.dtype.str, w.shape, w.tobytes()) for w in archive(paths[0])[0].values()}
        return '' if names == ['m0', 'm0_quantized_q4'] and len(arrays) == len(own) == report['arrays'] else \
            '%s %s' % (report, names)
    check('merge: the same model twice takes no more room', twice)

    def other_forms():
        model = models[0]
        for i, options in enumerate((['--bits', '1'], ['--compat', 'exporter'], ['--granularity', 'channel'])):
            convert(model.path, os.path.join(folder, 'form%d' % i), '--to', 'apl', '--name', 'f%d' % i, *options)
        forms = [os.path.join(folder, 'form%d' % i) for i in range(3)]
        merge(*forms, '-o', os.path.join(folder, 'forms'))
        base = 'layer_0_self_attn_v_proj_weight'
        out = os.path.join(folder, 'forms')
        return compare_product(out, 'f0/layer_0.self_attn.v_proj', affine(forms[0], base, 1)) or \
            compare_product(out, 'f1/' + base, affine(forms[1], base, 4)) or \
            compare_product(out, 'f2/layer_0.self_attn.v_proj', affine(forms[2], base, 4).T)
    check('merge: signs, the exporter and channels', other_forms)

    test_merge_refused(folder, paths)


def test_merge_refused(folder, paths):
    out = os.path.join(folder, 'refused')
    refused('nothing', 'missing', 2, 'merge', '-o', out)
    refused('no output', 'missing', 2, 'merge', paths[0])
    refused('what is not there', 'gone', 1, 'merge', paths[0], os.path.join(folder, 'gone'), '-o', out)
    refused('a folder without a manifest', 'manifest', 1, 'merge', paths[0], os.path.join(folder, 'x'), '-o', out)
    def flip(f):
        # In the middle of a packed array.
        f.seek(3000)
        byte = f.read(1)
        f.seek(3000)
        f.write(bytes([byte[0] ^ 0x10]))

    refused('a merged model', 'is a merged model already', 1, 'merge', os.path.join(folder, 'both'), '-o', out)
    for text, change in (('a cut archive', lambda f: f.truncate(5000)), ('a damaged array', flip),
                         ('a damaged directory', lambda f: (f.seek(-100, 2), f.write(b'\xff' * 60)))):
        broken = os.path.join(folder, 'broken')
        shutil.rmtree(broken, ignore_errors=True)
        shutil.copytree(paths[0], broken)
        with open(os.path.join(broken, 'm0_quantized_q4.npz'), 'r+b') as f:
            change(f)
        refused(text, 'm0_quantized_q4.npz', 1, 'merge', broken, paths[1], '-o', out)
    shutil.rmtree(broken)
    shutil.copytree(paths[0], broken)
    os.remove(os.path.join(broken, 'm0_quantized_q4.npz'))
    refused('a manifest without its archive', 'archive that belongs to this manifest', 1, 'merge', broken, '-o', out)
    shutil.rmtree(broken)
    shutil.copytree(paths[0], broken)
    with open(os.path.join(broken, 'm0_manifest_q4.json'), 'w', encoding='utf-8') as f:
        f.write('{"format_version": "2", "weights": 3}')
    refused('a manifest of something else', 'm0_manifest_q4.json', 1, 'merge', broken, '-o', out)
    check('none of that made anything', lambda: 'it exists' if os.path.exists(out) else '')


def test_inspect(folder):
    model = Model(folder, 'llama')
    convert(model.path, model.out, '--to', 'apl')
    manifest = [n for n in os.listdir(model.out) if n.endswith('.json')][0]

    def listed(path):
        done = run('inspect', '--json', path)
        tensors = {t['name']: (t['type'], tuple(t['shape'])) for t in json.loads(done.stdout)['tensors']}
        want = {'layer_1.mlp.down_proj': ('4-bit perrow_int', (64, 160)), 'norm.weight': ('F32', (64,))}
        return '' if len(tensors) == len(model.arrays) and want.items() <= tensors.items() else str(tensors)
    check('inspect: the weights of a manifest', lambda: listed(os.path.join(model.out, manifest)))
    check('inspect: of its folder', lambda: listed(model.out))

    def statistics():
        tensors = json.loads(run('inspect', '--json', '--stats', model.out).stdout)['tensors']
        got = [t['stats'] for t in tensors if t['name'] == 'layer_1.mlp.down_proj'][0]
        w = affine(model.out, 'layer_1_mlp_down_proj_weight', 4).astype(np.float64)
        want = {'min': w.min(), 'max': w.max(), 'rms': np.sqrt(np.mean(w * w))}
        return '' if all(abs(got[k] - v) <= 1e-6 * abs(v) for k, v in want.items()) else '%s, not %s' % (got, want)
    check('inspect: statistics of them', statistics)


def test_headerless(folder):
    """nntr-bin says nothing of itself: config.json and the size do."""
    cases = [('llama', ''), ('llama', '--isa arm'), ('llama', '--embd-dtype q4_0 --lmhead-dtype fp32'),
             ('llama', '--lmhead-dtype q4_0'), ('llama', '--fc-dtype fp16 --embd-dtype q6_k'),
             ('llama', '--fc-dtype fp32 --lmhead-dtype q6_k'), ('qwen2', '--fc-dtype q6_k'), ('qwen3', '--isa arm'),
             ('llama-bias', '--embd-dtype q4_0')]
    for name, options in cases:
        model = Model(folder, name, 'small')

        def equal(m=model, o=options):
            """To what the same options make with a header."""
            reports = []
            for form in ('nntr-bin', 'nntr-safetensors'):
                convert(m.path, m.out, '--to', form, *o.split())
                reports.append(verify(m.path, m.out))
            return '' if reports[0] == reports[1] and reports[0]['tensors'] else str(reports[0]['total'])
        check('verify: nntr-bin of %s %s' % (name, options), equal)
    model = Model(folder, 'llama', 'small')
    up, path = model.arrays['model.layers.1.mlp.up_proj.weight'], os.path.join(model.path, 'weights.bin')
    for options, w in (('', whole(blocks.de_q4_0(blocks.q4_0(up)), up)),
                       ('--isa arm', whole(blocks.de_q4_0(blocks.q4_0(up)), up)), ('--fc-dtype fp32', up)):
        def product(o=options, w=w):
            convert(model.path, path, '--to', 'nntr-bin', *o.split())
            return compare_product(path, 'layer1_ffn_up:weight', w)
        check('matvec: nntr-bin %s' % options, product)

    def listed():
        got = json.loads(run('inspect', path, '--json').stdout)
        types = {t['name']: (t['type'], t['shape']) for t in got['tensors']}
        return '' if got['format'] == 'nntr-bin' and len(types) == len(model.arrays) and types[
            'layer0_wk:weight'] == ('F32', [128, 256]) else str(got)[:500]
    check('inspect: nntr-bin', listed)
    with open(path, 'ab') as f:
        f.write(b'x')
    refused('a byte too many', 'is of no known format', 1, 'verify', model.path, path)
    with open(path, 'r+b') as f:
        f.truncate(os.path.getsize(path) - 2)
    refused('a byte too few', 'is of no known format', 1, 'inspect', path)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for test in (test_nntr, test_bitnet, test_apl, test_sources, test_headerless, test_matvec, test_verify,
                     test_limits, test_merge, test_inspect):
            test(folder)
    return finish()


if __name__ == '__main__':
    sys.exit(main())
