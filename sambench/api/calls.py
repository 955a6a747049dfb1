"""The Python interface: the same runs as on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sambench.config.compose import compose, resolve
from sambench.config.ranges import RESAMPLES, SHARED, check_range
from sambench.config.spelling import choose_value
from sambench.engine.launch import launch
from sambench.errors import UsageError
from sambench.files.storage.locations import join
from sambench.gates.compare import gate as judge
from sambench.gates.policy import CHANCE, load_policy
from sambench.gates.ranking import compare_runs
from sambench.gates.sides import open_side
from sambench.runs.open import load_run
from sambench.runs.run import Run
from sambench.tables.collect import BuiltTable, build_named, chosen_runs

if TYPE_CHECKING:
    from sambench.gates.result import GateResult
    from sambench.gates.standings import CompareResult

__all__ = ["compare", "compose", "gate", "load_run", "resolve", "run", "score", "table"]


def run(
    task: str,
    model: str = "hierarchy",
    data: str = "mini",
    overrides: Sequence[str] = (),
    **settings: Any,
) -> Run:
    """Run a task, or go on with it where it was interrupted; a finished run is returned as it is.

    Args:
        task: As in `task=NAME`.
        model: As in `model=NAME`.
        data: As in `data=NAME`.
        overrides: Whatever else could stand on the command line, as in `["task.nms_iou=0.9", "data.root=/data"]`.
        settings: Top-level keys of the configuration (`limit=10`, `device="cpu"`) or groups (`run={"dir": "out"}`).

    Returns:
        The finished run: `.metrics`, `.rows()`, `.record`, `.folder`.

    Raises:
        SambenchError: Something given cannot be used.

    Scoring uses worker processes: in a script, call it under `if __name__ == "__main__":`, or pass `workers=0`.
    """
    words = [f"task={task}", f"model={model}", f"data={data}", *overrides]
    return launch(compose(words, settings)).run


def score(task: str, data: str, predictions: str | Path, overrides: Sequence[str] = (), **settings: Any) -> Run:
    """Score predictions made elsewhere; see `run` for the other arguments.

    Args:
        task: As in `task=NAME`.
        data: As in `data=NAME`.
        predictions: Folder of predictions in the task's format.
        overrides: As for `run`.
        settings: As for `run`.
    """
    return run(task, data=data, overrides=overrides, predictions=str(predictions), **settings)


def gate(
    baseline: str | Path | Run | Sequence[str | Path | Run],
    candidate: str | Path | Run | Sequence[str | Path | Run],
    policy: str | Path = "default",
    *,
    compare: Sequence[str] = (),
    samples: str = "same",
    replicates: int = 2000,
    seed: int = 0,
) -> GateResult:
    """Judge a candidate against a baseline on the images both have, as `sambench gate` does.

    Args:
        baseline, candidate: A finished run, its folder or a frozen baseline; several are averaged.
        policy: A YAML file, or a name in `configs/gate/`.
        compare: Patterns of switches that may differ, as "task.nms_iou" or "task.nms_*".
        samples: "same" refuses other sets of samples, "common" compares the samples both sides have.
        replicates: Resamples of the images.
        seed: Of the resampling.

    Returns:
        The verdict: `.verdict`, `.exit_code`, `.judgements` metric by metric, `.frame()` as a table. Runs that are not
        comparable are no error: `.forbidding` says why they are not.

    Raises:
        SambenchError: Something given cannot be used.
    """
    _check_resampling(samples, replicates, seed)
    chosen = load_policy(str(policy))
    sides = {"baseline": run_paths(baseline), "candidate": run_paths(candidate)}
    for key, paths in sides.items():
        if not paths:
            raise UsageError(f"no {key} was given", where="sambench gate", mend=f"add {key}=RUN")
    return judge(
        [open_side(path) for path in sides["baseline"]],
        [open_side(path) for path in sides["candidate"]],
        chosen,
        compare=compare,
        common=samples == "common",
        replicates=replicates,
        seed=seed,
        policy_name=str(policy),
    )


def compare(
    runs: Sequence[str | Path | Run],
    *,
    metrics: Sequence[str] = (),
    alpha: float = 0.05,
    compare: Sequence[str] = (),
    samples: str = "same",
    replicates: int = 2000,
    seed: int = 0,
) -> CompareResult:
    """Hold every two of several runs against each other and rank them, as `sambench compare` does.

    Args:
        runs: Finished runs, their folders or frozen baselines; two or more, called A, B, C in this order.
        metrics: Names or patterns; those that the default policy of `gate` judges if left out.
        alpha: Chance that any of the intervals, over all pairs and metrics, misses its true difference.
        compare, samples, replicates, seed: As for `gate`.

    Returns:
        `.pairs` and `.frame()` with a row a pair and metric, `.ranking` and `.ranking_frame()` with a row a run and
        metric. Runs that are not comparable are no error: `.forbidding` says why they are not.

    Raises:
        SambenchError: Something given cannot be used.
    """
    _check_resampling(samples, replicates, seed)
    check_range(alpha, CHANCE, "alpha")
    return compare_runs(
        [open_side(path) for path in run_paths(runs)],
        metrics=metrics,
        alpha=alpha,
        compare=compare,
        common=samples == "common",
        replicates=replicates,
        seed=seed,
    )


def table(
    name: str, runs: str | Path | Run | Sequence[str | Path | Run] = (), *, results: str | Path = "results"
) -> BuiltTable:
    """Build a table of published rows beside measured ones, as `sambench table` does.

    Args:
        name: A table, or a sweep; `sambench ls tables` lists them.
        runs: Finished runs of the table's task, or their folders; those below `results` where none is given.
        results: Where runs are looked for, a path or URL.

    Returns:
        `.table` as a DataFrame of texts, `.notes`, `.title`, `.runs`; printed it is markdown, `.render("latex")` and so
        on gives the other forms.

    Raises:
        SambenchError: There is no such table, or a run does not belong into it.
    """
    chosen = chosen_runs([str(one) for one in run_paths(runs)], [name])
    return build_named(name, chosen, join(str(results)))


def _check_resampling(samples: str, replicates: int, seed: int) -> None:
    if samples not in ("same", "common"):
        raise choose_value("samples", samples, ("same", "common"))
    check_range(replicates, RESAMPLES, "replicates")
    check_range(seed, SHARED["seed"], "seed")


def run_paths(runs: str | Path | Run | Sequence[str | Path | Run]) -> list[str | Path]:
    """Return where one or several runs are."""
    several = [runs] if isinstance(runs, str | Path | Run) else runs
    return [(one.url or one.folder) if isinstance(one, Run) else one for one in several]
