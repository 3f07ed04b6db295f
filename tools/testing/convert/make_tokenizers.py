# SPDX-License-Identifier: GPL-2.0
"""Small tokenizers in the files of a model's folder, from the descriptions of
the formats: SentencePiece models, the same as tokenizer.json with byte
fallback, and byte-level BPE. Random letters instead of a language."""
import json
import os
import struct

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
          r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r'\p{N}{1,3}', r'\p{N}')
NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
# What is added to the pieces of a SentencePiece model, special or not.
ADDED = (('<|end|>', True), ('two words', False))


def save_json(folder, name, value):
    with open(os.path.join(folder, name), 'w', encoding='utf-8') as f:
        json.dump(value, f, ensure_ascii=False)


# --------------------------------------------------------------- SentencePiece

def varint(n):
    out = b''
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, kind, body):
    """A field of a protobuf message: kind 0 a number, 2 bytes, 5 four bytes."""
    body = varint(body) if kind == 0 else body
    return varint(number << 3 | kind) + (varint(len(body)) if kind == 2 else b'') + body


def pieces(count):
    """(text, score, kind)"""
    out = [('<unk>', 0.0, UNKNOWN), ('<s>', 0.0, CONTROL), ('</s>', 0.0, CONTROL)]
    out += [('<0x%02X>' % b, 0.0, BYTE) for b in range(256)]
    words = ['\u2581t', 'he', '\u2581the', 'in', '\u2581a', '<tool>']
    for n in range(count - len(out)):
        word = words[n] if n < len(words) else chr(0x4e00 + n)
        out.append((word, -float(n), USER if word == '<tool>' else NORMAL))
    return out


def save_spm(folder, vocab, unigram=False, prefix=True):
    """tokenizer.model of all but three tokens of the vocabulary; two of these
    are in tokenizer_config.json, the last nowhere."""
    body = b''
    for text, score, kind in pieces(vocab - 3):
        body += field(1, 2, field(1, 2, text.encode()) + field(2, 5, struct.pack('<f', score)) +
                      (field(3, 0, kind) if kind != NORMAL else b''))
    body += field(2, 2, field(3, 0, 1 if unigram else 2) + field(4, 0, vocab - 3))
    body += field(3, 2, field(1, 2, b'identity') + (b'' if prefix else field(3, 0, 0)))
    with open(os.path.join(folder, 'tokenizer.model'), 'wb') as f:
        f.write(body)
    added = {str(vocab - 3 + i): {'content': text, 'special': special} for i, (text, special) in enumerate(ADDED)}
    save_json(folder, 'tokenizer_config.json', {
        'add_bos_token': True, 'add_eos_token': False, 'bos_token': '<s>', 'eos_token': {'content': '</s>'},
        'unk_token': '<unk>', 'pad_token': None, 'added_tokens_decoder': added,
        'chat_template': '{{ messages }} \u2581'})


def save_fast_spm(folder, vocab):
    """What transformers makes of such a model: ranks of merges, no scores."""
    tokens = ['<unk>', '<s>', '</s>'] + ['<0x%02X>' % b for b in range(256)] + ['\u2581', 't', 'h', 'e']
    merges = ['h e', '\u2581 t', '\u2581t he', '\u2581 the', 't he']
    tokens += ['he', '\u2581t', '\u2581the', 'the']
    added = [{'id': i, 'content': t, 'special': True} for i, t in enumerate(tokens[:3])]
    save_json(folder, 'tokenizer.json', {
        'added_tokens': added, 'normalizer': {'type': 'Sequence', 'normalizers': [
            {'type': 'Prepend', 'prepend': '\u2581'},
            {'type': 'Replace', 'pattern': {'String': ' '}, 'content': '\u2581'}]},
        'pre_tokenizer': None, 'decoder': {'type': 'Sequence', 'decoders': [
            {'type': 'Replace', 'pattern': {'String': '\u2581'}, 'content': ' '}, {'type': 'ByteFallback'},
            {'type': 'Fuse'}, {'type': 'Strip', 'content': ' ', 'start': 1, 'stop': 0}]},
        'model': {'type': 'BPE', 'byte_fallback': True, 'fuse_unk': True, 'unk_token': '<unk>',
                  'vocab': {t: i for i, t in enumerate(tokens)}, 'merges': merges}})
    assert len(tokens) <= vocab
    return tokens, merges


# -------------------------------------------------------------- byte-level BPE

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


def save_bpe(folder, vocab, pattern, pairs=True):
    """tokenizer.json with all bytes, four merges (as pairs or as texts) and two
    added tokens at the end of the vocabulary, before the last."""
    tokens, merges = byte_alphabet(), [('t', 'h'), ('th', 'e'), ('\u0120', 'the'), ('i', 'n')]
    tokens += [a + b for a, b in merges]
    added = [{'id': vocab - 3, 'content': '<|im_start|>', 'special': True, 'normalized': False},
             {'id': vocab - 2, 'content': '<think>', 'special': False, 'normalized': False}]
    save_json(folder, 'tokenizer.json', {
        'version': '1.0', 'added_tokens': added, 'normalizer': None,
        'pre_tokenizer': {'type': 'Sequence', 'pretokenizers': [
            {'type': 'Split', 'pattern': {'Regex': pattern}, 'behavior': 'Isolated', 'invert': False},
            {'type': 'ByteLevel', 'add_prefix_space': False, 'trim_offsets': False, 'use_regex': False}]},
        'decoder': {'type': 'ByteLevel'},
        'model': {'type': 'BPE', 'vocab': {t: i for i, t in enumerate(tokens)},
                  'merges': [list(m) if pairs else ' '.join(m) for m in merges]}})
    save_json(folder, 'tokenizer_config.json', {
        'add_bos_token': False, 'bos_token': None, 'eos_token': '<|im_start|>', 'pad_token': '<think>',
        'chat_template': [{'name': 'default', 'template': 'D'}, {'name': 'tool_use', 'template': 'T'}]})
    return tokens, merges
