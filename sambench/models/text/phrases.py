"""Noun phrases as the token ids that text encoders read, and what was made of the last ones."""

from __future__ import annotations

import html
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import torch
from torch import Tensor

from sambench.errors import ModelError
from sambench.files.atomic import files_sha256

log = logging.getLogger("sambench.models")

TokenizerKind = Literal["clip", "bert"]

CLASSES = {"clip": "CLIPTokenizer", "bert": "BertTokenizer"}
PARTS = {"clip": ("vocab.json", "merges.txt"), "bert": ("vocab.txt",)}
"""Tokenizer -> its files where there is no tokenizer.json."""

KEPT_PHRASES = 2048
"""Of so many phrases what the text encoder made is kept, 64 MiB of SAM 3's."""

Made = TypeVar("Made")


def clean(phrase: str) -> str:
    """Return a phrase as SAM 3 reads it: HTML entities resolved, white space single, lower case.

    Source: `_clean_lower` of sam3's tokenizer, without its repair of wrongly decoded text (ftfy).
    """
    return " ".join(html.unescape(html.unescape(phrase)).split()).lower()


class PhraseTokens:
    """A tokenizer as a folder holds it; phrases become a fixed number of tokens.

    Args:
        folder: Holds tokenizer.json, or its parts.
        length: Tokens a phrase, start and end included.
        vocabulary: How many tokens the text encoder knows.
        kind: CLIP's or BERT's.
        template: What the phrase is put into, for "{}".

    Attributes:
        files: What it was read from.
        sha256: SHA-256 (hex) of these and of the template.
        notes: What a reader of the numbers must know, filled when it happens.

    Raises:
        ModelError: The folder holds no tokenizer, or one of another vocabulary.
    """

    def __init__(
        self, folder: Path, length: int, vocabulary: int, kind: TokenizerKind = "clip", template: str = "{}"
    ) -> None:
        import transformers

        sets = ["tokenizer.json"], PARTS[kind]
        chosen = next((names for names in sets if all((folder / name).is_file() for name in names)), None)
        mend = f"copy tokenizer.json, or {' and '.join(PARTS[kind])}, from where the checkpoint is from into the folder"
        if chosen is None:
            raise ModelError("the folder holds no tokenizer: phrases cannot become tokens", where=folder, mend=mend)
        self.files, self.length, self.template = [folder / name for name in chosen], length, template
        try:
            made: Any = getattr(transformers, CLASSES[kind]).from_pretrained(folder, local_files_only=True)
        except Exception as error:  # a damaged file may fail anywhere in the readers
            raise ModelError(f"the tokenizer cannot be read: {error}", where=self.files[0], mend=mend) from error
        if len(made) > vocabulary:
            what = f"the tokenizer has {len(made)} tokens, but the text encoder knows {vocabulary}"
            raise ModelError(what, where=self.files[0], mend=mend)
        self._tokenizer, self._end = made, made.eos_token_id if kind == "clip" else made.sep_token_id
        self.sha256 = files_sha256(self.files) + (f" {template}" if template != "{}" else "")
        self.notes: list[str] = []

    def __call__(self, phrases: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return (N, length) int64 ids, on the CPU, and (N, length) int64 that is 1 on a phrase's own tokens.

        A phrase that is too long keeps its beginning and ends with the end's token, as in SAM 3's own tokenizer.
        """
        ids = torch.zeros(len(phrases), self.length, dtype=torch.int64)
        mask = torch.zeros_like(ids)
        for row, phrase in enumerate(phrases):
            tokens = self._tokenizer(self.template.replace("{}", clean(phrase)))["input_ids"]
            if len(tokens) > self.length:
                self._note(phrase, len(tokens))
                tokens = [*tokens[: self.length - 1], self._end]
            ids[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = 1
        return ids, mask

    def _note(self, phrase: str, tokens: int) -> None:
        """Say of the first phrase that is too long that such are cut."""
        if not self.notes:
            self.notes.append(f"phrases of more than {self.length} tokens are cut")
            log.warning("phrases of more than %d tokens are cut: %r has %d", self.length, phrase, tokens)


class KeptTexts(Generic[Made]):
    """What a text encoder made of the phrases that were asked last.

    Args:
        make: Makes something of each of several phrases, in order.
    """

    def __init__(self, make: Callable[[list[str]], list[Made]]) -> None:
        self._make = make
        self._kept: OrderedDict[str, Made] = OrderedDict()

    def __call__(self, phrases: Sequence[str]) -> list[Made]:
        """Return what is made of phrases, in order, those met before as they were."""
        fresh = [phrase for phrase in dict.fromkeys(phrases) if phrase not in self._kept]
        if fresh:
            self._kept |= zip(fresh, self._make(fresh), strict=True)
        for phrase in phrases:
            self._kept.move_to_end(phrase)
        chosen = [self._kept[phrase] for phrase in phrases]
        while len(self._kept) > KEPT_PHRASES:
            self._kept.popitem(last=False)
        return chosen
