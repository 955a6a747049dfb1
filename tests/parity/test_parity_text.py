"""What SAM 3 reads: token ids against open_clip, whose tokenizer is SAM 3's, and pixels against transformers' own."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import transformers

from sambench.models.sam.preprocess import Square
from sambench.models.text.phrases import PhraseTokens

open_clip = pytest.importorskip("open_clip")  # and with it torchvision

PHRASES = [
    "cat",
    "the player's red-and-white jersey no. 12",
    "Café crème &amp; croissants",
    "person  wearing\ta HAT",
    "naïve façade",
    "2 dogs, 3 cats; 10 birds!",
    "it's Bob's",
    "日本語 の 本",
    "a cup with an emoji 😀",
    "bow_(weapon)",
    "İstanbul",
    "a very long phrase that has many many words in it so that it has to be cut because the encoder reads only"
    " thirty-two tokens of it at the most",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """CLIP's vocabulary and merges, from open_clip's file, as a folder in transformers' format has them."""
    path = tmp_path_factory.mktemp("clip")
    source = Path(open_clip.__file__).parent / "bpe_simple_vocab_16e6.txt.gz"
    merges = gzip.decompress(source.read_bytes()).decode().split("\n")[1 : 49152 - 256 - 2 + 1]
    special = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    words = {special.get(word, word): place for word, place in open_clip.SimpleTokenizer().encoder.items()}
    (path / "vocab.json").write_text(json.dumps(words), encoding="utf-8")
    (path / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), encoding="utf-8")
    return path


@pytest.mark.parametrize("phrase", PHRASES)
def test_phrases_become_the_same_tokens(folder, phrase):
    own = open_clip.SimpleTokenizer(context_length=32)([phrase])
    ids, mask = PhraseTokens(folder, 32, 49408)([phrase])
    assert ids.tolist() == own.tolist()
    assert mask.sum() == (own != 0).sum()


def test_pixels_are_within_one_step_of_eight_bits():
    image = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    own = transformers.Sam3ImageProcessor()(images=image, return_tensors="pt")["pixel_values"][0]
    found = Square(1008, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)).pixels(image)
    assert found.shape == own.shape
    assert (found - own).abs().max() < 1.02 * 2 / 255  # it rounds to 8 bits once it has resized
