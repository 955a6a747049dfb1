"""The figures of task=latency from rows that are known."""

import numpy as np
import pytest
from made_rows import latency_rows as rows

from sambench.errors import UsageError
from sambench.metrics.latency.figures import LatencyRows, latency_metrics, load_note, step_name


def test_figures_by_hand():
    found = latency_metrics(rows(), seed=0)
    value = {name: metric.value for name, metric in found.items()}
    assert value["encode_p50"] == pytest.approx(105)
    assert value["encode_p99"] == pytest.approx(111)
    assert value["encode_rate"] == pytest.approx(1 / 0.105)
    assert value["encode@4_rate"] == pytest.approx(20)
    assert (value["decode@1_p50"], value["decode@16_p90"]) == (pytest.approx(12), pytest.approx(42))
    assert (value["decode_call"], value["decode_prompt"]) == (pytest.approx(10), pytest.approx(2))
    assert value["saving@16"] == pytest.approx(16 * 117 / 147)
    assert (value["peak_host"], value["parameters_model"]) == (pytest.approx(500.000011), 3)
    assert value["multiply_adds_encode"] == 4
    assert value["attention_ratio"] == 16.5
    assert "multiply_adds_decode" not in value  # torch counted none: it was not torch that computed
    low, high = found["encode_p50"].ci95
    assert low <= 105 <= high
    assert not found["encode_p50"].higher_is_better
    assert found["encode_rate"].higher_is_better


def test_few_images_have_no_interval():
    low, high = latency_metrics(rows(9), seed=0)["encode_p50"].ci95
    assert np.isnan([low, high]).all()


def test_a_busy_machine_is_told():
    assert latency_metrics(rows(others=0.1), seed=0)["other_load"].note == ""
    assert "other processes kept 1.5 processors busy" in latency_metrics(rows(others=1.5), seed=0)["other_load"].note
    assert load_note(None) == ""


def test_times_of_two_moments_are_not_compared():
    class Timed(LatencyRows):
        name = "latency"

    with pytest.raises(UsageError, match="sambench latency baseline=NAME candidate=NAME"):
        Timed().replicates([], [], np.ones((1, 0)))
    assert Timed().support(rows()) == {}


def test_names_of_steps():
    assert [step_name("encode", 1), step_name("encode", 4), step_name("decode", 1)] == [
        "encode",
        "encode@4",
        "decode@1",
    ]
