"""Noun phrases as the token ids that SAM 3's text encoder reads."""

from __future__ import annotations

import html
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sambench.errors import ModelError

log = logging.getLogger("sambench.models")

MEND = "copy tokenizer.json, or vocab.json and merges.txt, from where the checkpoint is from into the folder"


def clean(phrase: str) -> str:
    """Return a phrase as SAM 3 reads it: HTML entities resolved, white space single, lower case.

    Source: `_clean_lower` of sam3's tokenizer, without its repair of wrongly decoded text (ftfy).
    """
    return " ".join(html.unescape(html.unescape(phrase)).split()).lower()


class PhraseTokens:
    """CLIP's tokenizer as a folder holds it; phrases become a fixed number of tokens.

    Args:
        folder: Holds tokenizer.json, or vocab.json and merges.txt.
        length: Tokens a phrase, start and end included.
        vocabulary: How many tokens the text encoder knows.

    Attributes:
        files: What it was read from.
        notes: What a reader of the numbers must know, filled when it happens.

    Raises:
        ModelError: The folder holds no tokenizer, or one of another vocabulary.
    """

    def __init__(self, folder: Path, length: int, vocabulary: int) -> None:
        from transformers import CLIPTokenizer

        sets = [folder / "tokenizer.json"], [folder / "vocab.json", folder / "merges.txt"]
        found = next((files for files in sets if all(file.is_file() for file in files)), None)
        if found is None:
            what = "the folder holds no tokenizer: phrases cannot become tokens"
            raise ModelError(what, where=folder, mend=MEND)
        try:
            self._tokenizer: Any = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
        except Exception as error:  # a damaged file may fail anywhere in the readers
            what = f"the tokenizer cannot be read: {error}"
            raise ModelError(what, where=found[0], mend=MEND) from error
        if len(self._tokenizer) > vocabulary:
            what = f"the tokenizer has {len(self._tokenizer)} tokens, but the text encoder knows {vocabulary}"
            raise ModelError(what, where=found[0], mend=MEND)
        self.files, self.length = found, length
        self.notes: list[str] = []

    def __call__(self, phrases: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return (N, length) int64 ids, on the CPU, and (N, length) int64 that is 1 on a phrase's own tokens.

        A phrase that is too long keeps its beginning and ends with the end's token, as in SAM 3's own tokenizer.
        """
        ids = torch.zeros(len(phrases), self.length, dtype=torch.int64)
        mask = torch.zeros_like(ids)
        for row, phrase in enumerate(phrases):
            tokens = self._tokenizer(clean(phrase))["input_ids"]
            if len(tokens) > self.length:
                self._note(phrase, len(tokens))
                tokens = [*tokens[: self.length - 1], self._tokenizer.eos_token_id]
            ids[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = 1
        return ids, mask

    def _note(self, phrase: str, tokens: int) -> None:
        """Say of the first phrase that is too long that such are cut."""
        if not self.notes:
            self.notes.append(f"phrases of more than {self.length} tokens are cut")
            log.warning("phrases of more than %d tokens are cut: %r has %d", self.length, phrase, tokens)
