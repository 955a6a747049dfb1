"""JSON files that claim too much: nesting, sizes, packed bombs, keys given twice, numbers that are none."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sambench.datasets.coco import Coco
from sambench.errors import DatasetError, ModelError, PredictionError, RunError, UsageError
from sambench.files.json_files import read_json_file, unpacked
from sambench.files.json_text import BYTES_SWITCH, DEPTH_SWITCH, JsonError, number, parse_json, whole
from sambench.models.sam.checkpoint_folders import load_folder
from sambench.predictions.results_index import ResultsIndex
from sambench.runs.record import parse_record
from sambench.tables.ablations import members_path, read_members

MINE = {"text": 'brackets in text [[[{{{ and "quotes" \\ \\" stay text', "list": [1, 2.5, None, True, "ä€😀"]}


def nested(depth, inside="1"):
    return "[" * depth + inside + "]" * depth


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_file_is_read_in_all_of_jsons_encodings_plain_or_packed(tmp_path, encoding, ascii_only):
    path = tmp_path / "a.json"
    content = json.dumps(MINE, ensure_ascii=ascii_only).encode(encoding)
    path.write_bytes(content)
    assert read_json_file(path) == MINE
    path.write_bytes(gzip.compress(content[:10]) + gzip.compress(content[10:]))
    assert read_json_file(path) == MINE


def test_another_encoding_is_read_where_the_reader_knows_it():
    assert parse_json('{"a": "é"}'.encode("latin-1"), encoding="latin-1") == {"a": "é"}
    with pytest.raises(JsonError, match="no text"):
        parse_json('{"a": "é"}'.encode("latin-1"))


@pytest.mark.parametrize("depth", [101, 500, 900, 100_000])
@pytest.mark.parametrize("form", ["lists", "objects", "in an object", "after much text"])
def test_deep_nesting_is_told_and_never_a_recursion(depth, form):
    text = nested(depth)
    if form == "objects":
        text = '{"a":' * depth + "1" + "}" * depth
    elif form == "in an object":
        text = json.dumps({"a": 'text with [ and \\"'})[:-1] + f', "b": {text}}}'
    elif form == "after much text":
        text = '["' + "\\\\" * 3_000_000 + '\\"", ' + text + "]"
    with pytest.raises(JsonError, match="nested more than 100 deep") as error:
        parse_json(text)
    assert DEPTH_SWITCH in error.value.mend


def test_brackets_in_texts_and_beside_each_other_are_no_nesting():
    many = json.dumps(["[" * 500, '"[{' * 500, "\\" * 501, *([[]] * 5000)])
    assert parse_json(many)[3:] == [[]] * 5000
    assert parse_json(nested(100)) is not None


def test_the_limit_of_nesting_can_be_raised_but_not_beyond_what_is_read(monkeypatch):
    monkeypatch.setenv(DEPTH_SWITCH, "200")
    assert parse_json(nested(150)) is not None
    monkeypatch.setenv(DEPTH_SWITCH, "1000000")
    with pytest.raises(JsonError, match="nested more deeply than can be read"):
        parse_json(nested(500_000))
    monkeypatch.setenv(DEPTH_SWITCH, "many")
    with pytest.raises(UsageError, match=f"{DEPTH_SWITCH}=many"):
        parse_json("[]")


def test_a_large_file_and_a_small_one_that_unpacks_large_are_told_with_the_switch(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    text = json.dumps([" " * 100_000])
    monkeypatch.setenv(BYTES_SWITCH, "100000")
    for content, message in ((text.encode(), "larger than 100000"), (gzip.compress(text.encode()), "holds more than")):
        path.write_bytes(content)
        with pytest.raises(JsonError, match=message) as error:
            read_json_file(path)
        assert BYTES_SWITCH in error.value.mend
    monkeypatch.setenv(BYTES_SWITCH, "100004")
    assert read_json_file(path) == [" " * 100_000]


def test_a_bomb_of_half_a_gigabyte_is_refused_by_default():
    bomb = gzip.compress(bytes(1 << 26), compresslevel=1) * 9
    with pytest.raises(JsonError, match="holds more than 536870912 bytes"):
        unpacked(bomb)


@pytest.mark.parametrize("cut", [3, 15, -9, -4])
def test_a_packed_file_that_is_cut_or_damaged_is_told(cut):
    packed = gzip.compress(json.dumps(MINE).encode())
    with pytest.raises(JsonError, match="packed with gzip"):
        unpacked(packed[:cut])
    broken = bytearray(packed)
    broken[len(packed) // 2] ^= 0xFF
    with pytest.raises(JsonError):
        parse_json(unpacked(bytes(broken)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 2}', "'a' is there twice"),
        ('{"a": {"images": [1], "images": [2]}}', "'images' is there twice"),
        ("[1][2]", "goes on after its end, line 1, column 4"),
        ("[1]\n x", "goes on after its end, line 2, column 2"),
        ("", "Expecting value"),
        ("[" + "9" * 5000 + "]", "a number that cannot be read"),
        (r'["\ud800"]', "half a character"),
        (r'["\udc00\ud800"]', "half a character"),
        (r'["\\\ud83d"]', "half a character"),
    ],
)
def test_what_has_no_one_meaning_is_told(text, message):
    with pytest.raises(JsonError, match=message):
        parse_json(text)


def test_a_key_given_twice_with_one_value_and_whole_characters_pass():
    assert parse_json('{"a": [1], "a": [1]}') == {"a": [1]}
    assert parse_json(r'["\ud83d\ude00", "\\ud800"]') == ["😀", "\\ud800"]


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "1e999", "-1E+400", "9" * 400, "9" * 250 + "e99"])
def test_numbers_that_are_none_are_refused_in_records_and_seen_where_a_number_is_needed(text):
    with pytest.raises(JsonError, match="it holds"):
        parse_json(f'{{"a": [{text}]}}', strict=True)
    (value,) = parse_json(f"[{text}]")
    assert number(value) is None
    assert whole(value) is None


def test_numbers_keep_their_value():
    text = '[7, 7.0, 7.5, 1e300, 1e-999, true, "7", null, 9223372036854775807, 9223372036854775808, "e999"]'
    for values in (parse_json(text), parse_json(text, strict=True)):
        assert [number(value) for value in values[:9]] == [7, 7, 7.5, 1e300, 0, None, None, None, 2.0**63]
        assert [whole(value) for value in values] == [7, 7, None, None, 0, None, None, None, 2**63 - 1, None, None]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-1] + ', "status": "finished"}', "'status' is there twice"),
        (lambda text: text[:-1] + ', "x": NaN}', "NaN"),
        (lambda text: text[:-1] + ', "x": 1e999}', "1e999"),
        *(
            (lambda text, depth=depth: text[:-1] + f', "x": {nested(depth)}}}', "nested more")
            for depth in (500, 700, 900)
        ),
        (lambda text: text + text, "goes on after its end"),
    ],
)
def test_a_record_is_one_object_of_plain_numbers(change, message):
    text = '{"schema_version": 1, "status": "finished"}'
    assert parse_record(text, "run.json")["status"] == "finished"
    with pytest.raises(RunError, match=f"run.json cannot be read: .*{message}"):
        parse_record(change(text), "run.json")


def coco(tmp_path, text):
    path = tmp_path / "instances_val2017.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (tmp_path / "val2017").mkdir(exist_ok=True)
    Image.fromarray(np.zeros((12, 8, 3), np.uint8)).save(tmp_path / "val2017" / "a.png")
    return Coco(annotations=path, images=tmp_path / "val2017")


TRUTH = {
    "images": [{"id": 1, "file_name": "a.png", "height": 12, "width": 8}],
    "categories": [{"id": 1, "name": "box"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[2, 3, 5, 3, 5, 10, 2, 10]]}],
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_truth_with_a_byte_order_mark_or_packed_is_read(tmp_path, pack, encoding):
    dataset = coco(tmp_path, pack(json.dumps(TRUTH).encode(encoding)))
    (found,) = dataset.load(dataset.keys[0]).target.annotations
    assert found.area == 3 * 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (json.dumps(TRUTH)[:-1] + f', "info": {nested(100_000)}}}', "nested more than 100 deep"),
        (json.dumps(TRUTH)[:-1] + ', "annotations": []}', "'annotations' is there twice"),
        (json.dumps(TRUTH) * 2, "goes on after its end"),
        (gzip.compress(json.dumps(TRUTH).encode(), mtime=0)[:-20], "packed with gzip"),
    ],
)
def test_a_truth_that_no_parser_survives_is_told_with_its_file(tmp_path, text, message):
    with pytest.raises(DatasetError, match=message) as error:
        coco(tmp_path, text)
    assert "instances_val2017.json" in str(error.value)


def results(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    return ResultsIndex(path, lambda entry: None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b"[]" * 99, mtime=0)[:-9], "packed with gzip and ends early"),
        (gzip.compress(b"", mtime=0), "the results file is empty"),
        (gzip.compress(b"[]x", mtime=0), "goes on after its list has ended, at byte 2"),
        ("[]x".encode("utf-16")[:-1], "it is no text"),
        ("{}".encode("utf-16"), "an object, not a list"),
        (b'{"annotations": []}', "an object, not a list"),
        (b'[{"image_id": 1, "image_id": 2}]', "'image_id' is there twice"),
        (b'[{"image_id": "\xff"}]', "cannot be read at byte 1"),
        (b'[{"image_id": ' + b"9" * 5000 + b"}]", "cannot be read at byte 1"),
        (b'[{"image_id": 1, "x": ' + b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_results_file_of_another_form_is_told(tmp_path, content, message):
    with pytest.raises(PredictionError, match=message):
        results(tmp_path, content)


def test_a_packed_results_file_unpacks_up_to_a_limit(tmp_path, monkeypatch):
    packed = gzip.compress(b"[" + b" " * 10_000 + b"]", mtime=0)
    monkeypatch.setenv("SAMBENCH_JSON_MAX_BYTES", "10002")
    assert len(results(tmp_path, packed)) == 0
    monkeypatch.setenv("SAMBENCH_JSON_MAX_BYTES", "10001")
    with pytest.raises(PredictionError, match="packed with gzip and holds more than 10001 bytes") as error:
        results(tmp_path, packed)
    assert "SAMBENCH_JSON_MAX_BYTES" in error.value.mend


def test_a_results_file_may_name_its_images_in_any_script(tmp_path):
    entries = [{"image_id": name, "score": 1} for name in ("straße", "日本", "straße")]
    index = results(tmp_path, json.dumps(entries, ensure_ascii=False).encode())
    assert index.image_ids == ["straße", "日本"]
    assert len(index.read("straße")) == 2


@pytest.mark.parametrize("content", ["[" * 100_000, '[{"label": 1, "label": 2}]', "[3]", '[{"x": 1}]', "{", "7"])
def test_a_damaged_list_of_a_sweeps_runs_is_told(tmp_path, content):
    assert read_members("sweep", tmp_path) == []
    path = Path(members_path("sweep", tmp_path))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    with pytest.raises(RunError, match="list of the sweep's runs cannot be read"):
        read_members("sweep", tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[" * 100_000, "no JSON: it is nested more than 100 deep"),
        ('{"model_type": "sam", "model_type": "sam2"}', "no JSON: the key 'model_type' is there twice"),
        ("[]", "a model of type None"),
        ('{"model_type": ["sam"]}', "a model of type"),
    ],
)
def test_a_configuration_of_a_model_is_read_with_the_same_care(tmp_path, content, message):
    (tmp_path / "config.json").write_text(content)
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match=message):
        load_folder(tmp_path)
