import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from made_rows import instance_rows, point_rows, proposal_rows

from sambench.config.registry import resolve
from sambench.metrics.boundary.resampled import boundary_replicates
from sambench.metrics.boundary.scores import levels_of
from sambench.metrics.uncertainty.support import BLOCKS, Support, run_support, support, with_support
from sambench.types import Metric


def mean_of(values):
    """Return replicates of a mean over defined values."""
    there = ~np.isnan(values)

    def replicates(weights):
        with np.errstate(invalid="ignore"):
            return {"m": (weights * there) @ np.nan_to_num(values) / (weights * there).sum(axis=1)}

    return replicates


@given(st.integers(1, 3 * BLOCKS), st.integers(0, 40), st.integers(0, 1000))
def test_every_image_that_has_a_value_carries_a_mean(n, carried, seed):
    rng = np.random.default_rng(seed)
    values = np.full(n, np.nan)
    chosen = rng.permutation(n)[:carried]
    values[chosen] = rng.integers(0, 3, len(chosen)) / 2  # many alike: leaving one out may change nothing
    blocks = {place * BLOCKS // n for place in chosen} if n > BLOCKS else set()
    wanted = len(chosen) if len(blocks) < BLOCKS else n
    assert support(mean_of(values), n) == {"m": wanted}


def test_a_metric_that_no_image_moves_is_carried_by_all():
    def constant_strata(weights):
        with np.errstate(invalid="ignore"):
            return {"m": sum(weights[:, k : k + 2].sum(axis=1) / weights[:, k : k + 2].sum(axis=1) for k in (0, 2)) / 2}

    assert support(constant_strata, 4) == {"m": 4}


def test_tasks_by_hand():
    counts = np.ones((3, 5, 4), np.int64)
    found = support(lambda weights: boundary_replicates(counts, levels_of(5), weights), 3)
    assert [found[name] for name in ("ods", "ois", "ap")] == [3, 3, 3]

    rows = proposal_rows(8)
    ids = [row["sample_id"] for row in rows]
    for row in rows[1:]:
        row["places_large"] = []
    rows[0]["places_large"] = [0] * 10
    task = resolve("tasks", "proposals")()
    found = support(lambda weights: task.replicates(rows, ids, weights), 8)
    assert found["ARl@1000"] == 1
    assert found["AR@1000"] == sum(bool(row["places_all"]) for row in rows)


def test_points_of_a_size_are_carried_by_the_images_that_have_one():
    rows = point_rows(6)
    ids = list(dict.fromkeys(row["sample_id"] for row in rows))
    rows = [{**row, "area": 1e5 if row["sample_id"] == ids[2] else 10.0} for row in rows]
    task = resolve("tasks", "points")()
    found = support(lambda weights: task.replicates(rows, ids, weights), len(ids))
    sizes = {name: count for name, count in found.items() if "large" in name or name.startswith("mIoUl")}
    assert sizes
    assert set(sizes.values()) == {1}
    assert found["mIoU@1"] == len(ids)


def test_false_alarms_of_a_category_carry_its_precision():
    rows = instance_rows(12)
    ids = [row["sample_id"] for row in rows]
    task = resolve("tasks", "instances")()
    found = support(lambda weights: task.replicates(rows, ids, weights), len(ids))
    with_truth = sum(any(row["truth_all"]) for row in rows)
    assert with_truth <= found["AP"] <= len(ids)


def test_a_run_tells_the_images_of_each_stratum():
    values = np.array([0.5, np.nan, 0.5, 0.5, np.nan])
    found = run_support(mean_of(values), ["b", "b", "a", "a", "a"])
    assert found == {"m": Support(3, {"b": 1, "a": 2})}
    assert run_support(mean_of(values), [""] * 5) == {"m": Support(3)}
    told = with_support({"m (SA-23)": Metric(0.5, None, 5), "n": Metric(0.5, None, 5)}, found)
    assert (told["m (SA-23)"].support, told["m (SA-23)"].strata) == (3, {"b": 1, "a": 2})
    assert told["n"].support is None


def test_points_tell_the_images_of_each_data_set():
    rows = point_rows(9, datasets=("one", "two", "three"))
    rows = [{**row, "area": 1e5 if row["sample_id"] == rows[0]["sample_id"] else 10.0} for row in rows]
    found = resolve("tasks", "points")().support(rows)
    assert found["mIoU@1"] == Support(9, {"one": 3, "two": 3, "three": 3})
    large = [own for name, own in found.items() if name.startswith("mIoU") and own.images == 1]
    assert large
    assert all(own.strata == {"one": 1, "two": 0, "three": 0} for own in large)
