import os
import signal
import time
from types import SimpleNamespace

import pytest

from sambench.engine import scoring
from sambench.engine.executors import deaths
from sambench.engine.scoring import Scorer
from sambench.errors import RunError


class Kills:
    """Scores a sample as its prediction; the process that scores one of `deadly` for the first time is killed."""

    def __init__(self, folder, deadly=(), always=False):
        self.folder, self.deadly, self.always = folder, deadly, always

    def score(self, sample, prediction):
        mark = self.folder / sample.id
        if sample.id in self.deadly and (self.always or not mark.exists()):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return [{"sample_id": sample.id, "value": prediction}]


def run(task, workers, count=12):
    scorer = Scorer(task, workers)
    found = []
    try:
        for number in range(count):
            found += scorer.submit(SimpleNamespace(id=f"s{number}"), number)
        found += scorer.drain()
    finally:
        scorer.close()
    return found


@pytest.mark.slow
def test_scoring_processes_that_die_are_replaced_and_nothing_is_scored_twice(tmp_path):
    found = run(Kills(tmp_path, ("s2", "s3", "s9", "s11")), workers=2)
    assert sorted(key for key, _, _ in found) == sorted(f"s{number}" for number in range(12))
    assert all(rows == [{"sample_id": key, "value": int(key[1:])}] for key, rows, _ in found)


@pytest.mark.slow
def test_a_sample_that_always_kills_its_scorer_ends_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(deaths, "DEATHS", 2)
    with pytest.raises(RunError, match="died 2 times") as caught:
        run(Kills(tmp_path, ("s4",), always=True), workers=1, count=5)
    assert "s4" in caught.value.where


def test_without_processes_scoring_happens_here(tmp_path):
    assert [key for key, _, _ in run(Kills(tmp_path), workers=0, count=3)] == ["s0", "s1", "s2"]


class Waits:
    """Scores when it is told to, and not before a minute has passed otherwise."""

    def __init__(self, told):
        self.told = told

    def score(self, sample, prediction):
        until = time.monotonic() + 60
        while not self.told.exists():
            assert time.monotonic() < until
            time.sleep(0.01)
        return [{"sample_id": sample.id}]


@pytest.mark.slow
def test_the_next_sample_is_predicted_while_the_last_is_scored(tmp_path):
    scorer = Scorer(Waits(tmp_path / "told"), workers=1)
    try:
        for key in ("s0", "s1"):
            assert list(scorer.submit(SimpleNamespace(id=key), None)) == []
        (tmp_path / "told").touch()
        assert sorted(key for key, _, _ in scorer.drain()) == ["s0", "s1"]
    finally:
        scorer.close()


@pytest.mark.parametrize(
    ("seconds", "samples", "started_after"), [(0.5, 6, None), (0.5, 7, 2), (3.0, 3, 2), (9.0, 1, None), (9.0, 2, None)]
)
def test_processes_that_may_wait_are_started_once_they_pay(tmp_path, monkeypatch, seconds, samples, started_after):
    started = []
    monkeypatch.setattr(Scorer, "_open", lambda scorer: started.append(len(found)))
    monkeypatch.setattr(scoring, "timed_score", lambda task, sample, prediction: (sample.id, [], seconds))
    found = []
    scorer = Scorer(Kills(tmp_path), workers=2, samples=samples)
    for number in range(samples):
        for scored in scorer.submit(SimpleNamespace(id=f"s{number}"), number):
            found.append(scored)
    assert [key for key, _, _ in found] == [f"s{number}" for number in range(samples)]
    assert started == ([] if started_after is None else [started_after - 1])


@pytest.mark.slow
def test_rows_are_the_same_where_processes_start_late(tmp_path, monkeypatch):
    monkeypatch.setattr(scoring, "START", 0.0)
    scorer = Scorer(Kills(tmp_path), workers=1, samples=4)
    found = [scored for number in range(4) for scored in scorer.submit(SimpleNamespace(id=f"s{number}"), number)]
    found += scorer.drain()
    assert scorer.workers == 1
    assert os.getpid() not in (scorer._pool._processes or {})
    scorer.close()
    assert sorted((key, rows[0]["value"]) for key, rows, _ in found) == [(f"s{number}", number) for number in range(4)]
