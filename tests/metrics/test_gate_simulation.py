"""A gate is wrong as seldom as it says: a small version of `tests/benchmarks/simulate_gate.py`."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from simulated_pairs import FAMILIES

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "simulate_gate.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("simulate_gate", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("family", FAMILIES)
def test_a_large_shift_is_a_drop_of_every_metric(script, family):
    found = script.simulate(family, 40, 3.0, 100, 0)
    assert all(one.difference < 0 for one in found.values())
    assert max(one.interval[1] for one in found.values()) < 0


@pytest.mark.slow
@pytest.mark.parametrize("family", ["points", "edges", "proposals"])
def test_false_alarms_and_coverage(script, family):
    found = [script.simulate(family, 100, 0.0, 200, seed) for seed in range(200)]
    alarms = sum(any(one.interval[1] < 0 or one.interval[0] > 0 for one in pair.values()) for pair in found)
    assert alarms <= 20  # 99.8 % quantile of 200 draws at 5 %
    for name in found[0]:
        covered = np.mean([pair[name].interval[0] <= 0 <= pair[name].interval[1] for pair in found])
        assert covered > 0.885, name  # four standard deviations of 200 draws at 95 %
