#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""akida convert --to gguf: files are parsed by a reader of its own
(tools/testing/convert/gguf.py); every tensor is compared with NumPy models of
its type after the permutations and offsets of the architecture are undone, and
every key with what Documentation/formats/gguf-models.rst says. Speaks TAP."""
import json
import math
import os
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print('ok 1 - GGUF models # SKIP there is no python3-numpy\n1..1')
    sys.exit(0)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'convert'))
sys.dont_write_bytecode = True
import blocks
import gguf
import make_models
import make_tokenizers as mt
from checks import Model, check, convert, digest, finish, golden_matrix, run, same

U32, F32, BOOL, STRING, ARRAY = 4, 6, 7, 8, 9
FTYPE = {'f32': 0, 'f16': 1, 'q4_0': 2, 'q8_0': 7, 'q6_k': 18, 'bf16': 32, 'tq1_0': 36, 'tq2_0': 37, 'i2_s': 40}
BLOCK = {'F32': 1, 'F16': 1, 'BF16': 1, 'Q8_0': 32, 'Q4_0': 32, 'Q6_K': 256, 'TQ1_0': 256, 'TQ2_0': 256, 'I2_S': 128}
SPM = ('llama', 'mistral', 'gemma')
PLACES = {
    'self_attn.q_proj': 'attn_q', 'self_attn.k_proj': 'attn_k', 'self_attn.v_proj': 'attn_v',
    'self_attn.o_proj': 'attn_output', 'self_attn.q_norm': 'attn_q_norm', 'self_attn.k_norm': 'attn_k_norm',
    'self_attn.attn_sub_norm': 'attn_sub_norm', 'mlp.gate_proj': 'ffn_gate', 'mlp.up_proj': 'ffn_up',
    'mlp.down_proj': 'ffn_down', 'mlp.ffn_sub_norm': 'ffn_sub_norm', 'input_layernorm': 'attn_norm',
    'post_attention_layernorm': 'ffn_norm',
}


def place(name):
    """The name in GGUF."""
    whole = {'model.embed_tokens.weight': 'token_embd.weight', 'model.norm.weight': 'output_norm.weight',
             'lm_head.weight': 'output.weight'}
    if name in whole:
        return whole[name]
    _, _, layer, rest = name.split('.', 3)
    rest, kind = rest.rsplit('.', 1)
    return 'blk.%s.%s.%s' % (layer, PLACES[rest], kind)


def permuted(w, heads):
    """Rows of a head, halves side by side: 0, n/2, 1, n/2 + 1, ..."""
    half = len(w) // heads // 2
    order = [h * 2 * half + j + s * half for h in range(heads) for j in range(half) for s in (0, 1)]
    return w[order]


def unpermuted(w, heads):
    """The reverse, found another way."""
    half = len(w) // heads // 2
    return w.reshape((heads, half, 2) + w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


class Gguf(Model):
    def __init__(self, folder, name, size='small', *args, tokenizer=True, **kw):
        Model.__init__(self, folder, name, size, *args, **kw)
        self.arch = self.config['model_type']
        self.vocab = self.config['vocab_size']
        if tokenizer:
            if self.arch in SPM:
                mt.save_spm(self.path, self.vocab)
            else:
                mt.save_bpe(self.path, self.vocab, mt.LLAMA3 if self.arch == 'bitnet' else mt.QWEN2)
        self.head = self.config.get('head_dim', self.config['hidden_size'] // self.config['num_attention_heads'])
        self.kv = self.config.get('num_key_value_heads', self.config['num_attention_heads'])
        self.saved_config()

    def saved_config(self):
        make_models.save_config(self.path, self.config)

    def heads(self, name):
        """Of how many heads are rows permuted?"""
        if self.arch not in ('llama', 'mistral'):
            return 0
        return self.config['num_attention_heads'] if '.q_proj.' in name else self.kv if '.k_proj.' in name else 0

    def convert(self, quant, *options):
        said = convert(self.path, self.out, '--to', 'gguf', '--quant-type', quant, *options)
        return gguf.File(self.out), said

    def output(self):
        return 'model.embed_tokens.weight' if 'lm_head.weight' not in self.arrays else 'lm_head.weight'


def wanted(model, name, quant):
    """The types that a tensor should have and may have to have."""
    w = model.arrays[name]
    if w.ndim == 1:
        return 'F32', 'F32'
    kind = quant.upper()
    if quant in ('tq1_0', 'tq2_0', 'i2_s') and '_proj.' not in name:
        kind = 'F16'
    if quant == 'q4_0' and name == model.output():
        kind = 'Q6_K'
    if w.shape[1] % BLOCK[kind]:
        return kind, 'Q8_0' if w.shape[1] % 32 == 0 else 'F16'
    return kind, kind


def tq(w):
    """ggml's ternary blocks, as numbers"""
    x = w.reshape(-1, 256)
    d = np.max(np.abs(x), axis=1)
    with np.errstate(divide='ignore'):
        y = x * np.where(d > 0, np.float32(1) / d, np.float32(0)).astype(np.float32)[:, None]
    q = np.trunc(y.astype(np.float64) + np.copysign(0.5, y)).astype(np.float32)
    return (q * d.astype(np.float16).astype(np.float32)[:, None]).reshape(w.shape)


def compare_tensor(model, name, kind, data, got):
    """got: what the reader makes of data"""
    w = model.arrays[name]
    if model.arch == 'gemma' and name.endswith('norm.weight'):
        w = w + np.float32(1)
    heads = model.heads(name)
    if heads:
        if not np.array_equal(unpermuted(permuted(w, heads), heads), w):
            return 'the permutation has another reverse'
        w = permuted(w, heads)
    q = None
    if model.arch == 'bitnet' and '_proj.' in name:
        q, scale = blocks.ms_ternary(w)
        w = q * scale
    if kind in ('TQ1_0', 'TQ2_0'):
        return '' if np.array_equal(got, tq(w)) else name + ': numbers differ'
    if kind == 'I2_S':
        return '' if np.array_equal(got, w) else name + ': numbers differ'
    make = {'F32': lambda: w.astype('<f4'), 'F16': lambda: w.astype('<f2'), 'BF16': lambda: blocks.bf16(w),
            'Q8_0': lambda: blocks.q8_0(w), 'Q4_0': lambda: blocks.q4_0(w), 'Q6_K': lambda: blocks.q6_k(w)}
    return same(name, data, make[kind]())


def compare(model, quant, *options):
    file, said = model.convert(quant, *options)
    names = {place(n): n for n in model.arrays}
    if list(file.tensors) != list(names):
        return 'tensors are %s' % list(file.tensors)
    for name in model.arrays:
        kind, shape, data = file.tensors[place(name)]
        want, have = wanted(model, name, quant)
        if kind != have or shape != model.arrays[name].shape:
            return '%s: %s of %s instead of %s' % (name, shape, kind, have)
        why = compare_tensor(model, name, kind, data, file.array(place(name)))
        if why:
            return why
        if (want != have) != ("'%s'" % name in said or name in said):
            return '%s: a warning is missing or too many: %s' % (name, said)
    if file.keys['general.file_type'] != FTYPE[quant]:
        return 'general.file_type is %s' % file.keys['general.file_type']
    if (quant in ('f32', 'f16', 'bf16')) != ('general.quantization_version' not in file.keys):
        return 'general.quantization_version'
    return ''


def test_types(folder):
    for name in make_models.MODELS:
        model = Gguf(folder, name)
        for quant in ('f32', 'q4_0'):
            check('%s as %s' % (name, quant), lambda m=model, q=quant: compare(m, q))
    llama, bitnet = Gguf(folder, 'llama', dtype='BF16'), Gguf(folder, 'bitnet', dtype='BF16')
    for quant in ('f16', 'bf16', 'q8_0', 'q6_k', 'tq1_0', 'tq2_0'):
        check('llama as %s, from BF16' % quant, lambda q=quant: compare(llama, q))
        check('bitnet as %s, from BF16' % quant, lambda q=quant: compare(bitnet, q))
    check('bitnet as i2_s', lambda: compare(bitnet, 'i2_s'))
    check('it says who can read that', lambda: '' if 'bitnet.cpp' in bitnet.convert('i2_s')[1] else 'no')
    odd = Gguf(folder, 'llama', 'tiny', tokenizer=False, change={
        'intermediate_size': 100, 'vocab_size': 320, 'num_attention_heads': 4, 'num_key_value_heads': 1, 'head_dim': 18})
    mt.save_spm(odd.path, 320)
    for quant in ('q4_0', 'q6_k', 'q8_0', 'tq2_0'):
        check('columns that do not divide, %s' % quant, lambda q=quant: compare(odd, q))
    check('the same of Mistral, whose o has 192 columns', lambda: compare(Gguf(folder, 'mistral'), 'q6_k'))
    sharded = Gguf(folder, 'llama', dtype='BF16', form='sharded')
    check('a model in three files', lambda: compare(sharded, 'q8_0'))

    def equal():
        for quant in ('q4_0', 'tq1_0'):
            llama.convert(quant)
            with open(llama.out, 'rb') as f:
                want = f.read()
            for options in (('--threads', '1'), ('--threads', '7', '--memory', '12M')):
                llama.convert(quant, *options)
                with open(llama.out, 'rb') as f:
                    why = same(' '.join(options), f.read(), want)
                if why:
                    return why
            for i in (3, 1, 2):
                convert(llama.path, llama.out + '.p', '--to', 'gguf', '--quant-type', quant, '--part', '%d/3' % i)
            convert(llama.path, llama.out + '.p', '--to', 'gguf', '--quant-type', quant, '--join')
            with open(llama.out + '.p', 'rb') as f:
                why = same('parts', f.read(), want)
            if why:
                return why
        return ''
    check('the same bytes by any threads, memory and parts', equal)


def test_golden(folder):
    """Vectors of ggml's and Microsoft's code, in converted files."""
    matrix = golden_matrix()
    change = {'hidden_size': 1024, 'intermediate_size': 256, 'num_hidden_layers': 1, 'num_attention_heads': 16,
              'head_dim': 64, 'num_key_value_heads': 1}
    arrays = {'model.layers.0.mlp.up_proj.weight': matrix}
    hashes = {'q4_0': 'b943d393fe1de7b2a53dc5ccac24ca7f', 'q6_k': '7569c75ba8d77d026964cd15969c5116'}
    llama = Gguf(folder, 'llama', change=change, arrays=arrays)
    for quant, want in hashes.items():
        check('golden vector: %s' % quant, lambda q=quant, w=want: '' if digest(np.frombuffer(
            llama.convert(q)[0].tensors['blk.0.ffn_up.weight'][2], np.uint8)) == w else 'another hash')
    bitnet = Gguf(folder, 'bitnet', change=change, arrays=arrays)

    def i2_s():
        data = bitnet.convert('i2_s')[0].tensors['blk.0.ffn_up.weight'][2]
        if digest(np.frombuffer(data[:65536], np.uint8)) != 'de714144f65bf86aee017510babd0a4a':
            return 'another hash'
        return '' if data[65536:] == b'\xbc\x33\xef\x3e' + bytes(28) else 'tail %s' % data[65536:]
    check('golden vector: i2_s', i2_s)


# ---------------------------------------------------------------------------- keys

def model_keys(model, arch):
    """name -> (type, value) under the architecture"""
    c = model.config
    f = lambda v: float(np.float32(v))
    keys = {
        'block_count': (U32, c['num_hidden_layers']), 'context_length': (U32, c['max_position_embeddings']),
        'embedding_length': (U32, c['hidden_size']), 'feed_forward_length': (U32, c['intermediate_size']),
        'attention.head_count': (U32, c['num_attention_heads']), 'attention.head_count_kv': (U32, model.kv),
        'attention.layer_norm_rms_epsilon': (F32, f(c['rms_norm_eps'])), 'rope.freq_base': (F32, f(c['rope_theta'])),
        'vocab_size': (U32, c['vocab_size']),
    }
    if 'head_dim' in c or model.arch == 'gemma':
        keys['attention.key_length'] = keys['attention.value_length'] = (U32, model.head)
    if model.arch in ('llama', 'mistral', 'bitnet'):
        keys['rope.dimension_count'] = (U32, model.head)
    if arch == 'bitnet':
        keys['rope.scaling.type'] = (STRING, 'linear')
        keys['rope.scaling.factor'] = (F32, 1.0)
    return {'%s.%s' % (arch, k): v for k, v in keys.items()}


def label(count):
    for unit, letter in ((1e12, 'T'), (1e9, 'B'), (1e6, 'M'), (1e3, 'K')):
        if count >= unit:
            return '%.*f%s' % (1 if count / unit < 9.5 else 0, count / unit, letter)
    return '?'


def compare_keys(model, arch, more=None):
    file, _ = model.convert('q8_0')
    want = {'general.architecture': (STRING, arch), 'general.type': (STRING, 'model'),
            'general.name': (STRING, os.path.basename(model.path)),
            'general.size_label': (STRING, label(sum(a.size for a in model.arrays.values()))),
            'general.file_type': (U32, 7), 'general.quantization_version': (U32, 2)}
    want.update(model_keys(model, arch))
    want.update({'%s.%s' % (arch, k): v for k, v in (more or {}).items()})
    got = {k: (file.types[k], v) for k, v in file.keys.items() if not k.startswith('tokenizer.')}
    return '' if got == want else 'keys differ: %s' % sorted(set(got.items()) ^ set(want.items()))


def test_keys(folder):
    arch = {'mistral': 'llama'}
    for name in make_models.MODELS:
        model = Gguf(folder, name)
        check('keys of %s' % name, lambda m=model: compare_keys(m, arch.get(m.arch, m.arch)))
    model = Gguf(folder, 'bitnet', change={'hidden_act': 'relu2'})
    check('keys of BitNet b1.58 2B4T', lambda: compare_keys(model, 'bitnet-b1.58'))
    check('it says who can read that', lambda: '' if 'bitnet.cpp' in model.convert('tq2_0')[1] else 'no')
    yarn = Gguf(folder, 'qwen3', change={'rope_scaling': {
        'rope_type': 'yarn', 'factor': 4.0, 'original_max_position_embeddings': 32}})
    check('keys of YaRN', lambda: compare_keys(yarn, 'qwen3', {
        'rope.scaling.type': (STRING, 'yarn'), 'rope.scaling.factor': (F32, 4.0),
        'rope.scaling.original_context_length': (U32, 32)}))
    linear = Gguf(folder, 'llama', change={'rope_scaling': {'type': 'linear', 'factor': 2.0}})
    check('keys of linear scaling', lambda: compare_keys(linear, 'llama', {
        'rope.scaling.type': (STRING, 'linear'), 'rope.scaling.factor': (F32, 2.0)}))
    window = Gguf(folder, 'mistral', change={'sliding_window': 64})
    check('a window is warned about', lambda: '' if 'looks back 64 tokens' in window.convert('q8_0')[1] else 'no')
    long = Gguf(folder, 'mistral', change={'sliding_window': 128})
    check('unless it is the context', lambda: 'said' if 'looks back' in long.convert('q8_0')[1] else '')

    def factors():
        c = {'rope_type': 'llama3', 'factor': 32.0, 'low_freq_factor': 1.0, 'high_freq_factor': 4.0,
             'original_max_position_embeddings': 64}
        llama3 = Gguf(folder, 'llama', change={'rope_scaling': c, 'rope_theta': 500000.0})
        file, _ = llama3.convert('q8_0')
        kind, shape, _ = file.tensors['rope_freqs.weight']
        want = []
        for i in range(0, 32, 2):
            freq = 500000.0 ** (-i / 32)
            wave = 2 * math.pi / freq
            # transformers: the frequency that results; the file has what divides.
            smooth = min(1.0, max(0.0, (64 / wave - 1) / 3))
            want.append(freq / ((1 - smooth) * freq / 32 + smooth * freq))
        if (kind, shape) != ('F32', (16,)) or 'llama.rope.scaling.type' in file.keys:
            return '%s %s' % (kind, shape)
        return '' if np.allclose(file.array('rope_freqs.weight'), want, rtol=1e-6, atol=0) else str(want)
    check('frequencies of Llama 3.1', factors)


# ---------------------------------------------------------------------- tokenizers

def compare_tokenizer(model, want):
    file, _ = model.convert('q8_0')
    got = {k[10:]: (file.types[k], v) for k, v in file.keys.items() if k.startswith('tokenizer.')}
    for key in sorted(set(got) | set(want)):
        if got.get(key) != want.get(key):
            return '%s is %s instead of %s' % (key, got.get(key), want.get(key))
    return ''


def spm_keys(vocab):
    tokens = mt.pieces(vocab - 3) + [('<|end|>', -1000.0, mt.CONTROL), ('two words', -1000.0, mt.USER),
                                     ('[PAD%d]' % (vocab - 1), -10000.0, mt.UNUSED)]
    return {
        'ggml.model': (STRING, 'llama'), 'ggml.pre': (STRING, 'default'),
        'ggml.tokens': (ARRAY, [t[0] for t in tokens]), 'ggml.scores': (ARRAY, [t[1] for t in tokens]),
        'ggml.token_type': (ARRAY, [t[2] for t in tokens]), 'ggml.bos_token_id': (U32, 1), 'ggml.eos_token_id': (U32, 2),
        'ggml.unknown_token_id': (U32, 0), 'ggml.add_bos_token': (BOOL, True), 'ggml.add_eos_token': (BOOL, False),
        'chat_template': (STRING, '{{ messages }} \u2581'),
    }


def bpe_keys(vocab, pre):
    tokens = mt.byte_alphabet() + ['th', 'the', '\u0120the', 'in']
    kinds = [mt.NORMAL] * len(tokens)
    for i in range(len(tokens), vocab):
        name, kind = {vocab - 3: ('<|im_start|>', mt.CONTROL), vocab - 2: ('<think>', mt.USER)}.get(
            i, ('[PAD%d]' % i, mt.UNUSED))
        tokens.append(name)
        kinds.append(kind)
    # config.json has the beginning, since the tokenizer names none.
    return {
        'ggml.model': (STRING, 'gpt2'), 'ggml.pre': (STRING, pre), 'ggml.tokens': (ARRAY, tokens),
        'ggml.token_type': (ARRAY, kinds), 'ggml.merges': (ARRAY, ['t h', 'th e', '\u0120 the', 'i n']),
        'ggml.bos_token_id': (U32, 1), 'ggml.eos_token_id': (U32, vocab - 3), 'ggml.padding_token_id': (U32, vocab - 2),
        'ggml.add_bos_token': (BOOL, False), 'chat_templates': (ARRAY, ['tool_use']), 'chat_template': (STRING, 'D'),
        'chat_template.tool_use': (STRING, 'T'),
    }


def test_tokenizers(folder):
    llama = Gguf(folder, 'llama')
    check('SentencePiece', lambda: compare_tokenizer(llama, spm_keys(320)))
    gemma = Gguf(folder, 'gemma')
    check('SentencePiece of Gemma', lambda: compare_tokenizer(
        gemma, dict(spm_keys(320), **{'ggml.add_space_prefix': (BOOL, False)})))
    plain = Gguf(folder, 'llama', tokenizer=False)
    mt.save_spm(plain.path, 320, prefix=False)
    check('SentencePiece without a space before texts', lambda: compare_tokenizer(
        plain, dict(spm_keys(320), **{'ggml.add_space_prefix': (BOOL, False)})))
    qwen, bitnet = Gguf(folder, 'qwen2'), Gguf(folder, 'bitnet')
    check('BPE of Qwen', lambda: compare_tokenizer(qwen, bpe_keys(320, 'qwen2')))
    check('BPE of Llama 3', lambda: compare_tokenizer(bitnet, bpe_keys(320, 'llama-bpe')))
    texts = Gguf(folder, 'qwen3', tokenizer=False)
    mt.save_bpe(texts.path, 320, mt.QWEN2, pairs=False)
    check('merges as texts', lambda: compare_tokenizer(texts, bpe_keys(320, 'qwen2')))

    def fast():
        model = Gguf(folder, 'llama', tokenizer=False)
        tokens, _ = mt.save_fast_spm(model.path, 320)
        file, _ = model.convert('q8_0')
        keys = {k[15:]: v for k, v in file.keys.items() if k.startswith('tokenizer.ggml.')}
        scores = dict(zip(keys['tokens'], keys['scores']))
        if keys['model'] != 'llama' or keys['tokens'][:len(tokens)] != tokens or len(keys['tokens']) != 320:
            return 'tokens are %s' % keys['tokens']
        kinds = [mt.UNKNOWN, mt.CONTROL, mt.CONTROL] + [mt.BYTE] * 256 + [mt.NORMAL] * 8 + [mt.UNUSED] * (320 - 267)
        if keys['token_type'] != kinds:
            return 'types are %s' % keys['token_type']
        # Pieces in the order in which they are first made.
        made = [scores[p] for p in ('he', '\u2581t', '\u2581the', 'the')]
        if scores['[PAD319]'] != -10000.0 or [scores[t] for t in ('<unk>', '<0x00>')] != [-1000.0, 0.0]:
            return 'scores are %s' % keys['scores']
        return '' if sorted(made, reverse=True) == made and len(set(made)) == 4 else 'scores are %s' % made
    check('SentencePiece as tokenizer.json', fast)


def refused(text, model, pattern, change=None, quant='q8_0'):
    if change:
        model.config.update(change)
        model.saved_config()

    def failed():
        done = run('convert', model.path, model.out, '--to', 'gguf', '--quant-type', quant)
        if done.returncode != 1 or pattern not in done.stderr or done.stdout or os.path.exists(model.out):
            return 'status %d: %s' % (done.returncode, done.stderr)
        lines = [l for l in done.stderr.splitlines() if ': warning: ' not in l]
        return '' if len(lines) == 1 else done.stderr
    check('refused: ' + text, failed)


def test_left_out(folder):
    """Tokens beyond the embedding, which SentencePiece models of some finetunes have."""
    model = Gguf(folder, 'llama', tokenizer=False)
    mt.save_spm(model.path, 325)

    def left_out():
        file, said = model.convert('q8_0')
        if '4 tokens of the tokenizer have no row' not in said:
            return said
        return '' if file.keys['tokenizer.ggml.tokens'] == [p[0] for p in mt.pieces(320)] else 'tokens'
    check('tokens without a row are left out', left_out)


def test_refusals(folder):
    refused('another activation', Gguf(folder, 'llama'), "hidden_act is 'gelu'", {'hidden_act': 'gelu'})
    refused('another scaling', Gguf(folder, 'llama'), "rope_scaling of type 'longrope'",
            {'rope_scaling': {'rope_type': 'longrope', 'factor': 2}})
    refused('frequencies of Llama 3.1 in Qwen', Gguf(folder, 'qwen2'), "rope_scaling of type 'llama3'",
            {'rope_scaling': {'rope_type': 'llama3', 'factor': 2}})
    refused('impossible scaling', Gguf(folder, 'llama'), 'impossible', {'rope_scaling': {'type': 'linear', 'factor': 0}})
    refused('no tokenizer', Gguf(folder, 'llama', tokenizer=False), 'neither tokenizer.model nor tokenizer.json')
    unigram = Gguf(folder, 'llama', tokenizer=False)
    mt.save_spm(unigram.path, 320, unigram=True)
    refused('a unigram tokenizer', unigram, 'nigram')
    tekken = Gguf(folder, 'mistral', tokenizer=False)
    mt.save_json(tekken.path, 'tekken.json', {})
    refused('tekken.json alone', tekken, 'tekken.json')
    pattern = Gguf(folder, 'qwen2', tokenizer=False)
    mt.save_bpe(pattern.path, 320, mt.QWEN2 + 'x')
    refused('an unknown pattern', pattern, 'tokenizer.json')
    many = Gguf(folder, 'qwen2', tokenizer=False, change={'vocab_size': 262})
    mt.save_bpe(many.path, 266, mt.QWEN2)
    refused('more tokens than rows', many, 'the embedding has 262 rows')
    refused('I2_S of what is not ternary', Gguf(folder, 'llama'), 'which only BitNet models have', quant='i2_s')
    cut = Gguf(folder, 'llama')
    with open(os.path.join(cut.path, 'tokenizer.model'), 'r+b') as f:
        f.truncate(1000)
    refused('half a tokenizer', cut, 'tokenizer.model')


# -------------------------------------------------------------------------- matvec

def product(model, tensor, x):
    np.save(model.out + '.x.npy', x)
    done = run('matvec', model.out, tensor, '-i', model.out + '.x.npy', '-o', model.out + '.y.npy')
    if done.returncode:
        raise ValueError(done.stderr)
    return np.load(model.out + '.y.npy')


def test_products(folder):
    """W.x through the reversed permutation is the source's, whatever the grouping of heads."""
    shapes = [('llama', {'num_key_value_heads': kv}) for kv in (8, 4, 2, 1)]
    shapes += [('mistral', {}), ('qwen2', {}), ('qwen3', {}), ('gemma', {}), ('llama-bias', {'num_key_value_heads': 2})]
    for name, change in shapes:
        model = Gguf(folder, name, change=change)

        def equal(m=model):
            m.convert('f32')
            for letter in 'qkvo':
                source = 'model.layers.1.self_attn.%s_proj.weight' % letter
                w = m.arrays[source]
                x = np.random.RandomState(7).standard_normal(w.shape[1]).astype(np.float32)
                y = product(m, place(source), x)
                heads = m.heads(source)
                want = w.astype(np.float64) @ x
                if heads:
                    if heads * 2 < len(w) and np.allclose(y, want, rtol=1e-5, atol=1e-6):
                        return '%s: rows are not permuted' % source
                    y = unpermuted(y, heads)
                if not np.allclose(y, want, rtol=1e-5, atol=1e-6):
                    return '%s: products differ by %g' % (source, np.max(np.abs(y - want)))
            return ''
        check('products of %s, %d key-value heads' % (name, model.kv), equal)
    for quant in ('f16', 'bf16', 'q8_0', 'q4_0', 'q6_k', 'tq1_0', 'tq2_0', 'i2_s'):
        model = Gguf(folder, 'bitnet' if quant == 'i2_s' else 'llama')

        def reads(m=model, q=quant):
            file, _ = m.convert(q)
            for name in ('blk.0.attn_k.weight', 'blk.1.ffn_down.weight', 'token_embd.weight'):
                w = file.array(name).astype(np.float64)
                x = np.random.RandomState(8).standard_normal((3, w.shape[1])).astype(np.float32)
                y = product(m, name, x)
                if y.shape != (3, len(w)) or not np.allclose(y, x @ w.T, rtol=1e-5, atol=1e-5):
                    return '%s: products differ' % name
            return ''
        check('products of %s are those of its numbers' % quant, reads)


def main():
    with tempfile.TemporaryDirectory() as folder:
        test_types(folder)
        test_golden(folder)
        test_keys(folder)
        test_tokenizers(folder)
        test_left_out(folder)
        test_refusals(folder)
        test_products(folder)
    return finish()


if __name__ == '__main__':
    sys.exit(main())
