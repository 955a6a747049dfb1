"""`sambench export runs=[...]`: each form read back by its own reader, or held against its published schema."""

import json
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
import yaml
from fake_runs import EDGE_ROWS, edges_metrics, finished_run
from huggingface_hub import ModelCardData, parse_eval_result_entries
from huggingface_hub.repocard_data import model_index_to_eval_results
from resealed import reseal

from sambench.cli import dispatch
from sambench.errors import SambenchError
from sambench.types import Metric

SCHEMA = Path(__file__).parent / "every_eval_ever.schema.json"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs of one model, the second with a hostile name, another protocol, an undefined metric and a count."""
    folder = tmp_path_factory.mktemp("runs")
    home = {"home": "https://example.org/bsds"}
    finished_run(folder / "a", "edges", edges_metrics(), rows=EDGE_ROWS, card=home)
    nan = float("nan")
    odd = {"ap": Metric(nan, (nan, nan), 200), "proposals": Metric(31.5, None, 200, unit="masks")}
    finished_run(folder / "=b", "edges", {**edges_metrics(), **odd}, rows=EDGE_ROWS, nms_iou=0.9)
    for name in ("a", "=b"):
        reseal(folder / name, _whole)
    return [folder / "a", folder / "=b"]


def _whole(record):
    """Say what real runs say beside what tables need."""
    record["data"]["card"].setdefault("home", "")
    record["model"]["fingerprint"] = "f" * 64
    record["data"]["fingerprint"] = "d" * 64
    record["identity"]["data"] = {"keys_sha256": record["data"]["keys_sha256"]}
    record |= {"code": {"version": "0.1.0", "commit": "c" * 40}, "environment": {"device": "cpu", "packages": {}}}


def export(runs, out, to, *words):
    listed = ",".join(f"'{run}'" for run in runs)
    return dispatch(["export", f"runs=[{listed}]", f"to={to}", f"out={out}", *words])


def test_the_hub_reads_its_own_form(runs, tmp_path, capsys):
    assert export(runs, tmp_path, "hf", "dataset=org/bsds", "url=https://example.org/runs") == 0
    assert "1 metrics that are undefined" in capsys.readouterr().err
    first, second = sorted((tmp_path / ".eval_results").iterdir())
    entries = parse_eval_result_entries(yaml.safe_load(first.read_text()))
    assert (entries[0].dataset_id, entries[0].task_id, entries[0].value) == ("org/bsds", "edges_ods", 0.75)
    assert entries[0].source_url == "https://example.org/runs"
    assert entries[0].notes.startswith("95 % interval [.700, .800]; 200 images; protocol paper")
    others = {one.task_id: one for one in parse_eval_result_entries(yaml.safe_load(second.read_text()))}
    assert "edges_ap" not in others
    assert "departs: switches: nms_iou=0.9" in others["edges_ods"].notes
    told = yaml.safe_load((tmp_path / "model-index.yaml").read_text())
    name, results = model_index_to_eval_results(told["model-index"])
    assert (name, len(results)) == ("model", 4 + 4)
    assert results[0].metric_value == 0.75
    assert ModelCardData(eval_results=results, model_name=name).to_dict()["model-index"] == told["model-index"]


def test_every_eval_ever_holds_to_its_schema(runs, tmp_path):
    assert export(runs, tmp_path, "eee", "by=A. Lab", "relation=third_party", "url=https://example.org") == 0
    schema = json.loads(SCHEMA.read_text())
    check = jsonschema.Draft7Validator(schema)
    records = [json.loads(path.read_text()) for path in sorted((tmp_path / "data").rglob("*.json"))]
    assert len(records) == 2
    for record in records:
        check.validate(record)
        assert record["schema_version"] == schema["version"]
        by_name = {one["metric_config"]["metric_name"]: one for one in record["evaluation_results"]}
        own = by_name["ods"]
        assert own["score_details"]["score"] == 0.75
        assert own["score_details"]["uncertainty"]["confidence_interval"]["lower"] == 0.7
        if "proposals" in by_name:
            assert by_name["proposals"]["metric_config"]["max_score"] == "Infinity"
            assert "ap" not in by_name
            assert own["score_details"]["details"]["departs_from_published_protocol"] == "switches: nms_iou=0.9"
    broken = {**records[0], "eval_library": {"name": "sambench"}}
    with pytest.raises(jsonschema.ValidationError):
        check.validate(broken)


def test_flat_tables_say_what_runs_say(runs, tmp_path):
    assert export(runs, tmp_path, "csv") == 0
    assert export(runs, tmp_path, "parquet") == 0
    table = pd.read_parquet(tmp_path / "results.parquet")
    assert len(table) == 4 + 5
    own = table[(table["metric"] == "ods") & (table["departs"] == "")].iloc[0]
    assert (own["value"], own["low"], own["high"], own["n"], own["samples"]) == (0.75, 0.7, 0.8, 200, 200)
    assert table[(table["metric"] == "ap")]["value"].isna().tolist() == [False, True]
    told = pd.read_csv(tmp_path / "results.csv")
    pd.testing.assert_series_equal(told["value"], table["value"])
    assert set(told.columns) == set(table.columns)


def test_latex_has_a_row_a_run_and_says_what_departs(runs, tmp_path):
    assert export(runs, tmp_path, "latex") == 0
    text = (tmp_path / "results.tex").read_text()
    assert text.count(".750 [.700, .800]") == 2
    assert r"switches: nms\_iou=0.9" in text
    assert r"\toprule" in text


@pytest.mark.parametrize(
    ("to", "words", "what"),
    [
        ("hf", [], "needs dataset"),
        ("hf", ["dataset=bsds"], "dataset is 'bsds'"),
        ("hf", ["dataset=a/b", "url=ftp://a"], "no web address"),
        ("eee", [], "needs by"),
        ("eee", ["by=a", "relation=friend"], "relation"),
        ("xml", [], "to"),
    ],
)
def test_wrong_words_are_refused(runs, tmp_path, to, words, what):
    with pytest.raises(SambenchError, match=what):
        export(runs, tmp_path, to, *words)


def test_runs_of_several_models_have_no_one_model_card(runs, tmp_path):
    finished_run(tmp_path / "c", "edges", edges_metrics(), rows=EDGE_ROWS, name="other")
    reseal(tmp_path / "c", _whole)
    with pytest.raises(SambenchError, match="several models"):
        export([*runs, tmp_path / "c"], tmp_path / "out", "hf", "dataset=a/b")
