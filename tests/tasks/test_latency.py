"""What an answer costs: the task, the table, two models in turn, on a tiny model of known size."""

import pytest
import torch
from sambench.tasks.latency import LatencyTask
from tiny_sams import tiny_model

from sambench.cli import dispatch
from sambench.engine.latency_steps import StepSettings, in_turn
from sambench.errors import UsageError
from sambench.models.anatomy import multiply_adds, parameter_counts
from sambench.models.sam.loading import load
from sambench.runs.open import load_run

QUICK = ["task.prompts=[1,3]", "task.batches=[1,2]", "task.generate=2", "task.repeats=3", "task.warmup=0"]
QUICK += ["task.seconds=1000"]
QUIET = ["workers=0", "progress=off", "illustrate=0", "device=cpu"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sam")
    tiny_model("sam").save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def run(checkpoint, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "one"
    words = [
        "run",
        "task=latency",
        "data=mini",
        "limit=2",
        "model=sam",
        f"model.checkpoint={checkpoint}",
        *QUICK,
        *QUIET,
    ]
    assert dispatch([*words, f"run.dir={folder}"]) == 0
    return load_run(folder)


def test_every_step_of_every_image_is_timed_and_nothing_is_cached(run):
    steps = [("encode", 1), ("encode", 2), ("decode", 1), ("decode", 3), ("first_mask", 1), ("next_mask", 1)]
    rows = run.rows()
    for image in {row["sample_id"] for row in rows}:
        own = [row for row in rows if row["sample_id"] == image]
        assert [(row["step"], row["number"]) for row in own] == [*steps, ("generate", 1), ("model", 1)]
        assert all(len(row["seconds"]) == 3 and min(row["seconds"]) > 0 for row in own[:-1])
    assert (run.record.cache.hits, run.record.cache.misses) == (0, 0)
    assert run.record.timings.keys() >= {"post"}


def test_parameters_are_those_of_the_module(run, checkpoint):
    module = tiny_model("sam")
    counted = parameter_counts(load(checkpoint, device="cpu"))
    parts = {"encoder": module.vision_encoder, "prompt_encoder": module.prompt_encoder, "decoder": module.mask_decoder}
    assert {part: counted[part] for part in parts} == {
        part: sum(parameter.numel() for parameter in own.parameters()) for part, own in parts.items()
    }
    assert run.metrics["parameters_model"].value == counted["model"] / 1e6
    assert run.metrics["multiply_adds_encode"].value > run.metrics["multiply_adds_decode"].value > 0


def test_multiply_adds_by_hand():
    linear, convolution = torch.nn.Linear(7, 5), torch.nn.Conv2d(3, 4, 3, padding=1)
    assert multiply_adds(lambda: linear(torch.ones(2, 7))) == (2 * 7 * 5, None)
    assert multiply_adds(lambda: convolution(torch.ones(1, 3, 6, 6))) == (6 * 6 * 4 * 3 * 9, None)
    query = torch.ones(1, 2, 10, 8)  # attention: queries by keys, then weights by values
    total, _ = multiply_adds(lambda: torch.nn.functional.scaled_dot_product_attention(query, query, query))
    assert total == 2 * 2 * 10 * 10 * 8
    assert multiply_adds(lambda: None) == (0, None)


class _Windowed(torch.nn.Module):
    """Two layers of attention on 16 tokens: within windows of 4, and among all."""

    class Layer(torch.nn.Module):
        def __init__(self, window):
            super().__init__()
            self.window, self.qkv = window, torch.nn.Linear(8, 24)

        def forward(self, tokens):
            query, key, value = self.qkv(tokens.reshape(-1, self.window, 8)).chunk(3, dim=-1)
            return torch.nn.functional.scaled_dot_product_attention(query, key, value).reshape(-1, 16, 8)

    def __init__(self):
        super().__init__()
        self.local_attn, self.attn = self.Layer(4), self.Layer(16)

    def forward(self, tokens):
        return self.attn(self.local_attn(tokens))


def test_attention_within_windows_against_attention_among_all():
    encoder = _Windowed()
    total, ratio = multiply_adds(lambda: encoder(torch.ones(1, 16, 8)), encoder)
    windows, among_all = 2 * 4 * 4 * 4 * 8, 2 * 16 * 16 * 8
    assert total == 2 * 16 * 8 * 24 + windows + among_all
    assert ratio == among_all / windows == 4


def test_the_table_and_its_figure_show_a_run(run, tmp_path, capsys):
    assert dispatch(["table", "latency", f"runs=[{run.folder}]", f"out={tmp_path}", "format=csv"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert "encode, ms" in header
    assert any("200" in line and "image encoder" in line for line in lines)  # the article's, published
    assert (tmp_path / "latency" / "cost_curves.png").stat().st_size > 5000


def test_two_runs_are_no_matter_for_a_gate(run, checkpoint, tmp_path):
    words = ["task=latency", "data=mini", "limit=2", "model=sam", f"model.checkpoint={checkpoint}"]
    assert dispatch(["run", *words, *QUICK, "task.seed=1", *QUIET, f"run.dir={tmp_path / 'b'}"]) == 0
    with pytest.raises(UsageError, match="sambench latency baseline=NAME candidate=NAME"):
        dispatch(["gate", f"baseline={run.folder}", f"candidate={tmp_path / 'b'}", "compare=[task.seed]"])


def test_a_model_without_answers_to_points_is_refused_before_any_image(tmp_path):
    with pytest.raises(UsageError, match="cannot answer what the task asks"):
        dispatch(["run", "task=latency", "data=mini", "model=sobel", *QUIET, f"run.dir={tmp_path / 'c'}"])


def test_switches_are_held_against_their_ranges():
    with pytest.raises(UsageError, match="repeats"):
        LatencyTask(repeats=0)


def test_models_are_timed_in_turn():
    called, clock = [], iter(range(100))
    sides = [{("encode", 1): lambda name=name: called.append(name)} for name in "AB"]

    def once(call):
        call()
        return float(next(clock))

    found = in_turn(sides, ("encode", 1), once, StepSettings(warmup=1, repeats=3, seconds=100))
    assert "".join(called) == "ABABABAB"
    assert found == [[0, 2, 4], [1, 3, 5]]
    short = in_turn(sides, ("encode", 1), once, StepSettings(warmup=0, repeats=3, seconds=0))
    assert [len(own) for own in short] == [1, 1]


def test_the_command_prints_ratios_and_judges_them(checkpoint, tmp_path, capsys, monkeypatch):
    def in_a_tenth(call, device):
        call()
        return 0.1

    monkeypatch.setattr("sambench.engine.costs.timed", in_a_tenth)
    model = [f"{side}{word}" for side in ("baseline", "candidate") for word in ("=sam", f".checkpoint={checkpoint}")]
    words = ["latency", *model, *QUICK, "limit=10", "task.generate=0", "device=cpu", f"out={tmp_path}"]
    code = dispatch([*words, "most=1000", "format=csv"])
    out = capsys.readouterr().out
    assert code == 0
    assert [line.split(",")[0] for line in out.splitlines()[1:7]] == [
        "encode", "encode@2", "decode@1", "decode@3", "first_mask", "next_mask"
    ]  # fmt: skip
    assert {path.name for path in tmp_path.iterdir()} == {
        f"latency.{ending}" for ending in ("md", "csv", "tex", "html")
    }
    assert dispatch([*words, "most=0.9"]) == 1
    assert "slower than 0.9 times: encode, encode@2" in capsys.readouterr().err
    assert dispatch([*(word for word in words if word != "limit=10"), "limit=2", "most=0.9"]) == 3
    assert "cannot tell encode, encode@2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["baseline=hierarchy"], "no candidate was given"),
        (["baseline=hierarchy", "candidate=hierarchy", "task=points"], "task points is not timed step by step"),
        (["baseline=hierarchy", "candidate=sobel"], "cannot answer what the task asks"),
        (["baseline=hierarchy", "candidate=hierarchy", "most=0"], "most"),
    ],
)
def test_what_cannot_be_timed_is_told(words, said):
    with pytest.raises(UsageError, match=said):
        dispatch(["latency", *words])
