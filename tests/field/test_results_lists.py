"""A results file is one list, whole: joined lists, missing commas and trailing text are told with their byte."""

import gzip
import json
import pickle

import pytest

from sambench.errors import PredictionError
from sambench.predictions import results_index
from sambench.predictions.results_index import ResultsIndex

ENTRIES = [{"image_id": number % 3, "score": number / 10, "bbox": [0, 0, 1, 1]} for number in range(7)]


def index(path, text):
    path.write_text(text, encoding="utf-8")
    return ResultsIndex(path, lambda entry: None)


def test_a_whole_list_is_read_however_it_is_spaced(tmp_path, monkeypatch):
    for chunk in (40, 64, 1 << 22):
        monkeypatch.setattr(results_index, "_CHUNK", chunk)
        for text in (
            json.dumps(ENTRIES),
            json.dumps(ENTRIES, indent=3) + "\n \n",
            "\ufeff" + json.dumps(ENTRIES),
            " [ " + " , ".join(map(json.dumps, ENTRIES)) + " ] ",
        ):
            found = index(tmp_path / "a.json", text)
            assert [entry for key in (0, 1, 2) for entry in found.read(key)] == sorted(
                ENTRIES, key=lambda entry: entry["image_id"]
            )
        assert len(index(tmp_path / "b.json", "[]")) == 0
        assert len(index(tmp_path / "b.json", " [ \n ] \n")) == 0


@pytest.mark.parametrize("chunk", [40, 1 << 22])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (json.dumps(ENTRIES[:3]) + json.dumps(ENTRIES[3:]), "goes on after its list has ended, at byte"),
        (json.dumps(ENTRIES) + "\n\n" + json.dumps(ENTRIES), "goes on after its list has ended, at byte"),
        (json.dumps(ENTRIES) + " x", "goes on after its list has ended"),
        (json.dumps(ENTRIES).replace("}, {", "} {", 1), "a comma between two entries is missing"),
        (json.dumps(ENTRIES).replace("}, {", "},, {", 1), "cannot be read at byte"),
        ("[," + json.dumps(ENTRIES)[1:], "cannot be read at byte"),
        (json.dumps(ENTRIES)[:-1] + ",]", "cannot be read at byte"),
        (json.dumps(ENTRIES)[:-1], "cannot be read at byte|comma"),
        ('{"annotations": []}', "an object, not a list"),
        ("[" + "[" * 100_000, "nested too deeply|an entry"),
        ("", "is empty"),
    ],
)
def test_what_is_no_one_list_is_told(tmp_path, monkeypatch, chunk, text, message):
    monkeypatch.setattr(results_index, "_CHUNK", chunk)
    with pytest.raises(PredictionError, match=message):
        index(tmp_path / "a.json", text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_list_in_any_encoding_packed_or_not_is_read_as_the_truth_is(tmp_path, monkeypatch, encoding, pack):
    monkeypatch.setattr(results_index, "_CHUNK", 40)
    entries = [{**entry, "source": "stra\u00dfe \u65e5\u672c"} for entry in ENTRIES]
    path = tmp_path / "a.json"
    path.write_bytes(pack(json.dumps(entries, ensure_ascii=False).encode(encoding)))
    for found in (index := ResultsIndex(path, lambda entry: None), pickle.loads(pickle.dumps(index))):
        assert found.image_ids == [0, 1, 2]
        assert [entry["score"] for entry in found.read(0)] == [0.0, 0.3, 0.6]
        assert found.read(2) == [entries[2], entries[5]]
