import json

import pytest
from tiny_texts import END, START, write_tokenizer

from sambench.errors import ModelError
from sambench.models.text.phrases import PhraseTokens, clean


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("  A\tRed \n Car ", "a red car"),
        ("salt &amp;amp; pepper", "salt & pepper"),
        ("Café", "café"),
    ],
)
def test_phrases_are_cleaned(phrase, expected):
    assert clean(phrase) == expected


def test_tokens_are_those_of_the_folder_whatever_its_files(tmp_path):
    write_tokenizer(tmp_path)
    whole = PhraseTokens(tmp_path, 8, 600)(["Hi", "a much longer phrase"])
    # byte symbols begin with "!" as 0, those at the end of a word 256 later
    assert whole[0][0].tolist() == [START, ord("h") - 33, 256 + ord("i") - 33, END, 0, 0, 0, 0]
    assert whole[1].tolist() == [[1, 1, 1, 1, 0, 0, 0, 0], [1] * 8]
    assert whole[0][1, -1] == END
    model = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match="the folder holds no tokenizer") as caught:
        PhraseTokens(tmp_path, 8, 600)
    assert "tokenizer.json" in str(caught.value)
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]), encoding="utf-8")
    (tmp_path / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    parts = PhraseTokens(tmp_path, 8, 600)
    assert [file.name for file in parts.files] == ["vocab.json", "merges.txt"]
    assert parts(["Hi", "a much longer phrase"])[0].tolist() == whole[0].tolist()


def test_a_tokenizer_of_another_model_is_refused(tmp_path):
    write_tokenizer(tmp_path)
    with pytest.raises(ModelError, match="has 514 tokens, but the text encoder knows 500"):
        PhraseTokens(tmp_path, 8, 500)
    (tmp_path / "tokenizer.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="the tokenizer cannot be read"):
        PhraseTokens(tmp_path, 8, 600)
