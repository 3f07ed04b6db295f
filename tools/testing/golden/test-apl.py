#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""akida convert --to apl: archives are read by NumPy, every array is compared
with NumPy's own arithmetic of the rules in Documentation/formats/apl.rst (which
is checked with vectors of the project's scripts), every entry of the manifests
with the documented forms, every error that is reported with one computed here.
Speaks TAP."""
import io
import json
import os
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print('ok 1 - APL weights # SKIP there is no python3-numpy\n1..1')
    sys.exit(0)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'convert'))
sys.dont_write_bytecode = True
from checks import Model, check, convert, digest, finish, golden_matrix, run, same

F = np.float32
TOLERANCE = {1: 0.5, 2: 0.2, 4: 0.1, 8: 0.02}
FAMILY = {'llama': 'llama', 'qwen2': 'qwen', 'qwen3': 'qwen', 'gemma': 'gemma', 'mistral': 'mistral',
          'bitnet': 'bitnet'}

# sha256[:32] of what the project's scripts make of golden_matrix(): codes, scales, zero points.
GOLDEN = {
    1: ('f7db998ef4685537478e5cc7e3faaa01', '405cd9083b9ce8ca6c88d712acbe864b', 'aac1a79aa169e9786fcdb96245abd711'),
    2: ('3b9fc2561f488c2175e18e84d57fe312', 'a652706a8f7813c16b7e2b3ec34df26a', 'bc430f1335655064842bb2b053b6645a'),
    4: ('81c7bfc0301cae4f352ef1b58815f1f8', '02f9a18105a6650b60a5ff9ea0a953c8', 'dacbe1c256f113ade16f7fc52360f297'),
    8: ('2a543dd69d543984a591f461ef1bb03c', '812d92ad1fb4dd387b29f44ea61937e5', '001a00912443c94ff72337c318bfbaee'),
}
BINARY = ('d71121f2585778e09c58ea73d5218267', 'f3664348f2dad0b9dc7b8c78ac019552')


# ----------------------------------------------------------------- the rules, in NumPy

def affine(w, bits, group=0, symmetric=False):
    """codes, scales, zero points, and the numbers that they stand for"""
    top = 2 ** bits - 1
    rows, cols = w.shape
    grouped, group = bool(group), group or cols
    count = -(-cols // group)
    q, back = np.zeros(w.shape, np.uint8), np.zeros(w.shape, F)
    scales, zeros = np.ones((rows, count), F), np.zeros((rows, count), np.int32)
    for r in range(rows):
        for g in range(count):
            part = slice(g * group, (g + 1) * group)
            x = w[r, part]
            low, high = float(x.min()), float(x.max())
            if symmetric:
                scale, zero = max(abs(low), abs(high)) / (2 ** (bits - 1) - 1), 2 ** (bits - 1)
            elif low == high:
                continue
            else:
                scale = (high - low) / top
                zero = int(round(-low / scale))
            scales[r, g], zeros[r, g] = scale, zero
            q[r, part] = np.clip(np.round(x / F(scale) + F(zero)), 0, top)
            back[r, part] = (q[r, part].astype(F) - F(zero)) * F(scale)
    if not grouped:
        scales, zeros = scales[:, 0], zeros[:, 0]
    return q, scales, zeros, back


def binary(w):
    scales = np.mean(np.abs(w), axis=1, dtype=F)
    sign = w >= 0
    return np.packbits(sign, axis=1), scales, np.where(sign, 1, -1).astype(F) * scales[:, None]


def sums(w, back):
    """Squares of the products with the documented x, and of their errors."""
    x = np.random.RandomState(42).standard_normal(w.shape[1]).astype(F).astype(np.float64)
    y, z = w.astype(np.float64) @ x, back.astype(np.float64) @ x
    return np.array([y @ y, (y - z) @ (y - z)])


def error(pair):
    return float(np.sqrt(pair[1]) / (np.sqrt(pair[0]) + 1e-10))


def near(a, b):
    # The manifest has eight digits.
    return abs(a - b) <= 2e-7 * abs(b)


# ------------------------------------------------------------------------- the files

class Apl:
    """A conversion, read back by NumPy and json."""

    def __init__(self, model, bits, *options):
        self.model, self.bits = model, bits
        self.said = convert(model.path, model.out, '--to', 'apl', '--bits', str(bits), *options)
        name = os.path.basename(model.path)
        files = ['%s_manifest_q%d.json' % (name, bits), '%s_quantized_q%d.npz' % (name, bits)]
        if sorted(os.listdir(model.out)) != files:
            raise ValueError('files are %s' % os.listdir(model.out))
        self.text = open(os.path.join(model.out, files[0]), encoding='utf-8').read()
        self.manifest = json.loads(self.text)
        self.archive = os.path.join(model.out, files[1])
        self.arrays = dict(np.load(self.archive))
        self.used = set()

    def take(self, key, dtype, shape):
        self.used.add(key)
        a = self.arrays[key]
        if a.dtype != dtype or a.shape != tuple(shape) or not a.flags.c_contiguous:
            raise ValueError('%s is %s of %s' % (key, a.dtype, a.shape))
        return a


def base_of(name):
    """Keys of a tensor; its name in the guide's manifest."""
    if name == 'model.embed_tokens.weight':
        return 'layer_0_embedding_weight', 'embedding.weight'
    short = name.replace('model.layers.', 'layer_').replace('model.', '')
    entry = short[:-7] if short.startswith('layer_') and short.endswith('.weight') else short
    return short.replace('.', '_'), entry


def made(w, bits, granularity, group, symmetric):
    """stored matrix, arrays in order, numbers"""
    stored = np.ascontiguousarray(w.T) if granularity == 'channel' else w
    if bits == 1:
        packed, scales, back = binary(stored)
        return stored, [packed, scales], back
    q, scales, zeros, back = affine(stored, bits, group if granularity == 'group' else 0, symmetric)
    return stored, [q, scales, zeros], back


def compare_matrix(apl, entry, name, granularity, group, symmetric):
    w = apl.model.arrays[name]
    base, shown = base_of(name)
    bits, stem = apl.bits, base + ('_1bit' if apl.bits == 1 else '_q%d' % apl.bits)
    stored, arrays, back = made(w, bits, granularity, group, symmetric)
    keys = [stem, base + '_scales'] if bits == 1 else [stem, stem + '_scales', stem + '_zero_point']
    dtypes = [np.uint8, np.float32, np.int32]
    for key, dtype, want in zip(keys, dtypes, arrays):
        got = apl.take(key, dtype, want.shape)
        # Sums for a mean may be in any order.
        if not (np.allclose(got, want, rtol=1e-6, atol=0) if bits == 1 and dtype is np.float32 else
                np.array_equal(got, want)):
            return '%s differs' % key
    if list(apl.take(base + '_shape', np.int32, (2,))) != list(stored.shape):
        return '%s_shape' % base
    want = {'name': shown, 'shape': list(w.shape), 'bit_width': bits}
    if bits == 1:
        want.update({'packed': keys[0] + '.npy', 'scales': keys[1] + '.npy',
                     'packed_format': 'numpy.packbits(msb_first,row-major)',
                     'quantization': {'type': 'binarized', 'bits': 1}})
    else:
        want.update({'q': keys[0] + '.npy', 'q_scales': keys[1] + '.npy', 'q_zero_point': keys[2] + '.npy',
                     'quantization': {'type': {'row': 'perrow_int', 'channel': 'perchannel_int',
                                               'group': 'pergroup_int'}[granularity], 'bits': bits,
                                      'method': 'symmetric' if symmetric else 'asymmetric'}})
    want['scale_axis'] = {'index': 0, 'name': 'out_features'}
    if granularity == 'channel':
        want['scale_axis'] = {'index': 0, 'name': 'in_features'}
        want['transposed'] = True
    if granularity == 'group':
        want['quantization']['group_size'] = group
    entry = dict(entry)
    accuracy = entry.pop('accuracy')
    if entry != want:
        return 'entry is %s instead of %s' % (entry, want)
    pair = sums(stored, back)
    if not near(accuracy['relative_error'], error(pair)):
        return '%s: an error of %s instead of %g' % (name, accuracy, error(pair))
    if accuracy['tolerance'] != TOLERANCE[bits] or accuracy['passed'] != (error(pair) <= TOLERANCE[bits]):
        return '%s: %s' % (name, accuracy)
    apl.sums[shown] = pair
    return ''


def compare(model, bits, granularity='row', group=64, symmetric=False):
    options = ['--granularity', granularity] if granularity != 'row' else []
    options += ['--group-size', str(group)] if granularity == 'group' else []
    options += ['--scheme', 'symmetric'] if symmetric else []
    apl = Apl(model, bits, *options)
    apl.sums = {}
    m, c = apl.manifest, model.config
    entries = list(m['weights'])
    if m['format_version'] != '2' or list(m) != ['format_version', 'model', 'weights', 'metadata']:
        return 'the manifest has %s' % list(m)
    if m['model'] != {'name': os.path.basename(model.path), 'family': FAMILY[c['model_type']],
                      'context_length': c['max_position_embeddings'], 'hidden_dim': c['hidden_size'],
                      'num_layers': c['num_hidden_layers'], 'num_heads': c['num_attention_heads']}:
        return 'model is %s' % m['model']
    for name, w in model.arrays.items():
        entry = entries.pop(0)
        if w.ndim == 2:
            why = compare_matrix(apl, entry, name, granularity, group, symmetric)
            if why:
                return why
            continue
        base, shown = base_of(name)
        if entry != {'name': shown, 'shape': list(w.shape), 'fp32': base + '_fp32.npy', 'dtype': 'fp32'}:
            return 'entry is %s' % entry
        if not np.array_equal(apl.take(base + '_fp32', np.float32, w.shape), w):
            return '%s differs' % name
    if 'lm_head.weight' not in model.arrays:
        last = entries.pop(0)
        if last['name'] != 'lm_head.weight' or last['tied_to'] != 'embedding.weight':
            return 'the output is %s' % last
    if entries or apl.used != set(apl.arrays):
        return 'left over: %s %s' % (entries, set(apl.arrays) - apl.used)
    return compare_report(apl)


def compare_report(apl):
    report = apl.manifest['metadata']['accuracy']
    layers = {}
    for name, pair in apl.sums.items():
        layers.setdefault(name.split('.')[0] if name.startswith('layer_') else name, {})[name] = pair
    above = 0
    if [l['layer'] for l in report['layers']] != list(layers):
        return 'layers are %s' % report['layers']
    for l in report['layers']:
        pairs = layers[l['layer']]
        want = error(sum(pairs.values()))
        worst = max(pairs, key=lambda n: error(pairs[n]))
        above += want > TOLERANCE[apl.bits]
        if not near(l['relative_error'], want) or l['worst'] != worst or not near(l['worst_error'], error(pairs[worst])):
            return '%s instead of %g, worst %s' % (l, want, worst)
    whole = error(sum(apl.sums.values()))
    if not near(report['model']['relative_error'], whole) or report['layers_above_tolerance'] != above:
        return '%s instead of %g, %d above' % (report['model'], whole, above)
    if (whole > TOLERANCE[apl.bits]) != (': %.2f %% for the model' % (100 * whole) in apl.said):
        return 'said: %s' % apl.said
    return ''


# ------------------------------------------------------------------ the exporter's form

def exporter_entry(base, bits, shape):
    stem = '%s_q%d' % (base, bits)
    return {'q': stem + '.npy', 'shape': list(shape), 'q_scales': stem + '_scales.npy',
            'q_scales_txt': stem + '_scales.txt', 'q_zero_point': stem + '_zero_point.npy', 'bit_width': bits,
            'scale_axis': {'index': 0, 'name': 'out_features'},
            'quantization': {'type': 'perrow_int', 'bits': bits, 'scales': stem + '_scales.npy',
                             'zero_point': stem + '_zero_point.npy'}}


def exported(model):
    """What the scripts export: matrices of 12 blocks, then the output."""
    for name, w in model.arrays.items():
        layer = int(name.split('.')[2]) if '.layers.' in name else 0
        if w.ndim == 2 and layer < 12 and 'embed_tokens' not in name and name != 'lm_head.weight':
            yield base_of(name)[0], w
    yield 'lm_head_weight', model.arrays.get('lm_head.weight', model.arrays['model.embed_tokens.weight'])


def compare_exporter(model, bits, family):
    apl = Apl(model, bits, '--compat', 'exporter')
    weights = {}
    for base, w in exported(model):
        q, scales, zeros, _ = affine(np.ascontiguousarray(w.T), bits)
        stem = '%s_q%d' % (base, bits)
        for key, want in ((stem, q), (stem + '_scales', scales), (stem + '_zero_point', zeros),
                          (base + '_shape', np.array(q.shape, np.int32))):
            if not np.array_equal(apl.take(key, want.dtype, want.shape), want):
                return '%s differs' % key
        weights[base] = exporter_entry(base, bits, q.shape)
    if apl.used != set(apl.arrays):
        return 'left over: %s' % (set(apl.arrays) - apl.used)
    source = os.path.basename(apl.archive)
    want = {
        'format_version': 2, 'model': {'primary_family': family, 'families': [family], 'source_npz': source},
        'architecture': {'families': [family], 'attention': {'variant': 'full'}, 'activation': 'relu',
                         'norm': 'layernorm'},
        'quantization': {
            'bit_width': bits, 'supported_bit_widths': [bits], 'zero_point': 0 if bits == 1 else None,
            'scale': {'type': 'per-row', 'dtype': 'float32'}, 'activation_dtype': 'float32',
            'packing': {'1bit': {'layout': 'row-major', 'endianness': 'msb_first', 'library': 'numpy.packbits',
                                 'bits_per_chunk': 8},
                        'integer': {'layout': 'row-major', 'dtype': 'numpy.npy', 'bits': 'variable'}}},
        'weights': weights}
    want.update(weights)
    if apl.text != json.dumps(want, indent=2):
        return 'the manifest begins %s' % apl.text[:1000]
    # The whole container, if NumPy and Python here write headers as those of the
    # exporter did: later ones ask for ZIP 4.5 where 2.0 will do.
    out = io.BytesIO()
    np.savez_compressed(out, **apl.arrays)
    head = io.BytesIO()
    np.save(head, np.zeros((3, 5), np.uint8))
    plain = head.getvalue()[:128].rstrip(b'\n ').endswith(
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 5), }")
    if plain and out.getvalue()[4:6] == b'\x14\0':
        with open(apl.archive, 'rb') as f:
            return same('the archive', f.read(), out.getvalue())
    return ''


# ----------------------------------------------------------------------------- tests

def test_golden(folder):
    """Arrays of the project's own scripts, in converted files."""
    matrix = golden_matrix()
    change = {'hidden_size': 1024, 'intermediate_size': 256, 'num_hidden_layers': 1, 'num_attention_heads': 16,
              'head_dim': 16, 'num_key_value_heads': 1, 'vocab_size': 32}
    model = Model(folder, 'llama', 'tiny', change=change, arrays={'model.layers.0.mlp.up_proj.weight': matrix})
    change.update({'hidden_size': 256, 'intermediate_size': 1024})
    turned = Model(folder, 'llama', 'tiny', change=change, arrays={'model.layers.0.mlp.up_proj.weight': matrix.T})
    base = 'layer_0_mlp_up_proj_weight'

    def hashes(apl, keys, want):
        got = tuple(digest(apl.arrays[base + k]) for k in keys)
        return '' if got == want else '%s instead of %s' % (got, want)

    for bits, want in GOLDEN.items():
        keys = ['_q%d%s' % (bits, k) for k in ('', '_scales', '_zero_point')]
        if bits > 1:
            check('golden vector: %d bits' % bits, lambda b=bits, k=keys, w=want: hashes(Apl(model, b), k, w))
        check('golden vector: %d bits of the exporter' % bits,
              lambda b=bits, k=keys, w=want: hashes(Apl(turned, b, '--compat', 'exporter'), k, w))
    check('golden vector: 1 bit', lambda: hashes(Apl(model, 1), ['_1bit', '_scales'], BINARY))


def test_arrays(folder):
    llama = Model(folder, 'llama', dtype='BF16')
    odd = Model(folder, 'llama', change={'hidden_size': 76, 'intermediate_size': 101, 'head_dim': 18})
    qwen = Model(folder, 'qwen2')
    for bits in (1, 2, 4, 8):
        check('%d bits per row' % bits, lambda b=bits: compare(llama, b))
        check('%d bits per row, columns that nothing divides' % bits, lambda b=bits: compare(odd, b))
        if bits > 1:
            check('%d bits, symmetric' % bits, lambda b=bits: compare(llama, b, symmetric=True))
            check('%d bits per channel' % bits, lambda b=bits: compare(odd, b, 'channel'))
            check('%d bits per group' % bits, lambda b=bits: compare(odd, b, 'group', 32))
    check('groups larger than rows', lambda: compare(llama, 4, 'group', 128))
    check('symmetric groups', lambda: compare(llama, 4, 'group', 32, True))
    check('symmetric channels', lambda: compare(odd, 8, 'channel', symmetric=True))
    check('biases, and an output that is tied', lambda: compare(qwen, 4))
    for name in ('gemma', 'mistral', 'qwen3', 'bitnet', 'llama-bias', 'llama-mha'):
        check('another family: %s' % name, lambda n=name: compare(Model(folder, n), 8))

    def constant():
        arrays = {'model.layers.1.mlp.up_proj.weight': np.array(llama.arrays['model.layers.1.mlp.up_proj.weight'])}
        arrays['model.layers.1.mlp.up_proj.weight'][3] = 0.25
        model = Model(folder, 'llama', arrays=arrays)
        why = compare(model, 8)
        said = Apl(model, 8).said
        return why or ('' if 'layer_1.mlp.up_proj: 1 rows or groups of equal weights' in said else said)
    check('a row of equal weights is zero, and said to be', constant)


def test_exporter(folder):
    for bits in (1, 2, 4, 8):
        model = Model(folder, 'llama')
        check('the exporter at %d bits: arrays, manifest, archive' % bits,
              lambda m=model, b=bits: compare_exporter(m, b, 'llama'))
    check('the exporter with an output that is tied', lambda: compare_exporter(Model(folder, 'qwen2'), 4, 'qwen'))
    deep = Model(folder, 'llama', change={'num_hidden_layers': 13, 'hidden_size': 8, 'intermediate_size': 16,
                                          'vocab_size': 8})
    check('the exporter of 13 blocks', lambda: compare_exporter(deep, 4, 'llama'))

    def count():
        m = Apl(deep, 4, '--compat', 'exporter').manifest
        return '' if (len(m['weights']), len(m)) == (85, 90) else '%d weights, %d keys' % (len(m['weights']), len(m))
    check('has 85 weights and 90 keys, as published manifests have', count)
    check('which the guide has all', lambda: compare(deep, 4))


def normal_model(folder):
    model = Model(folder, 'llama', 'small')
    random = np.random.RandomState(5)
    arrays = {n: random.standard_normal(w.shape).astype(F) for n, w in model.arrays.items() if w.ndim == 2}
    return Model(folder, 'llama', 'small', arrays=arrays)


def test_accuracy(folder):
    model = normal_model(folder)

    def model_error(bits, *options):
        return Apl(model, bits, *options).manifest['metadata']['accuracy']['model']

    def within(low, high, bits, *options):
        a = model_error(bits, *options)
        good = low <= a['relative_error'] <= high and a['passed'] == (a['relative_error'] <= TOLERANCE[bits])
        return '' if good else str(a)
    check('normal weights: 8 bits are off by 0.6 %', lambda: within(0.005, 0.007, 8))
    check('4 bits per row by 11 %, a miss', lambda: within(0.1001, 0.12, 4))
    check('4 bits in groups of 32 by 8 %, a pass', lambda: within(0.07, 0.0999, 4, '--granularity', 'group',
                                                                 '--group-size', '32'))
    check('4 bits in groups of 64 by 9 %, a pass', lambda: within(0.08, 0.0999, 4, '--granularity', 'group'))
    check('2 bits by half, a miss', lambda: within(0.4, 0.7, 2))
    check('1 bit by 60 %, a miss', lambda: within(0.55, 0.65, 1))

    def strict(bits, status):
        done = run('convert', model.path, model.out + '.strict', '--to', 'apl', '--bits', str(bits), '--strict')
        made = os.path.exists(model.out + '.strict')
        good = done.returncode == status and made == (status == 0) and (status == 0) == (done.stderr == '')
        return '' if good else 'status %d, %s %s' % (done.returncode, made, done.stderr)
    check('--strict fails on a miss and writes nothing', lambda: strict(4, 1))
    check('--strict does nothing else', lambda: strict(8, 0))

    def calibrated(bits, *options):
        before, after = Apl(model, bits, *options), Apl(model, bits, '--calibrate', 'mse', *options)
        for e in after.manifest['weights']:
            if 'q' not in e:
                continue
            name = [n for n in model.arrays if base_of(n)[1] == e['name']][0]
            w = model.arrays[name].astype(np.float64)
            squares = []
            for apl in (before, after):
                q, s, z = (apl.arrays[e[k][:-4]] for k in ('q', 'q_scales', 'q_zero_point'))
                if s.ndim == 2:
                    s, z = (np.repeat(a, 64, axis=1) for a in (s, z))
                else:
                    s, z = s[:, None], z[:, None]
                squares.append(np.sum((w - (q.astype(F) - z.astype(F)) * s) ** 2, axis=1))
            # No row may lose.
            if np.any(squares[1] > squares[0] * (1 + 1e-6)):
                return '%s: %d rows are worse' % (name, np.sum(squares[1] > squares[0]))
            gain = 1 - np.sqrt(np.sum(squares[1]) / np.sum(squares[0]))
            if abs(e['accuracy']['calibration_gain'] - gain) > 1e-6 or gain <= 0:
                return '%s: %s instead of %g' % (name, e['accuracy'], gain)
        return '' if after.manifest['metadata']['calibration'] == 'mse' else 'metadata'
    for bits in (2, 4, 8):
        check('a search for less error at %d bits finds it, and says how much' % bits, lambda b=bits: calibrated(b))
    check('the same in groups', lambda: calibrated(4, '--granularity', 'group'))


def test_same(folder):
    """The same bytes by any division of the work."""
    for form in ((), ('--bits', '1'), ('--compat', 'exporter'), ('--granularity', 'channel'), ('--calibrate', 'mse')):
        model = Model(folder, 'llama', 'small', 'BF16')
        options = ['--to', 'apl', '--name', 'x', *form]

        def files(m=model):
            return {n: open(os.path.join(m.out, n), 'rb').read() for n in sorted(os.listdir(m.out))}

        def equal(m=model, o=options):
            convert(m.path, m.out, *o)
            want = files(m)
            for more in (('--threads', '1'), ('--threads', '7', '--memory', '12M')):
                convert(m.path, m.out, *o, *more)
                if files(m) != want:
                    return 'other bytes with %s' % ' '.join(more)
            for i in (2, 3, 1):
                if run('convert', m.path, m.out + '.p', *o, '--part', '%d/3' % i).returncode:
                    return 'part %d' % i
            convert(m.path, m.out, *o)
            os.rename(m.out, m.out + '.whole')
            done = run('convert', m.path, m.out + '.p', *o, '--join')
            if done.returncode:
                return done.stderr
            os.rename(m.out + '.p', m.out)
            return '' if files(m) == want else 'other bytes of parts'
        check('the same bytes by any threads, memory and parts: %s' % ' '.join(form), equal)


def main():
    with tempfile.TemporaryDirectory() as folder:
        test_golden(folder)
        test_arrays(folder)
        test_exporter(folder)
        test_accuracy(folder)
        test_same(folder)
    return finish()


if __name__ == '__main__':
    sys.exit(main())
