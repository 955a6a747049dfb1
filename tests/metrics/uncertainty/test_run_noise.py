import math

import numpy as np
import pytest
from scipy import stats

from sambench.metrics.uncertainty.run_noise import run_noise, within_range


def test_the_spread_between_runs_is_pooled():
    baselines, candidates = [{"m": 1.0}, {"m": 3.0}], [{"m": 5.0}] * 4
    found = run_noise(baselines, candidates)
    # pooled variance 2 / 4 on four degrees of freedom, times 1/2 + 1/4
    assert found.freedom == 4
    assert found.variances["m"] == pytest.approx(2 / 4 * (1 / 2 + 1 / 4))
    assert found.draws("m", 20_000, 0).std() == pytest.approx(0.375**0.5, rel=0.02)
    assert run_noise([{"m": 1.0}], [{"m": 2.0}]) is None


def test_of_few_runs_the_spread_may_be_larger_than_seen():
    found = run_noise([{"m": 1.0}, {"m": 3.0}], [{"m": 5.0}])
    # variance 2 on one degree of freedom, times 3/2; a squared normal number is below .0158 one time in ten
    assert found.variances["m"] == pytest.approx(3 / stats.norm.ppf(0.55) ** 2)
    assert run_noise([{"m": 1.0}, {"m": 1.0}], [{"m": 5.0}]).variances["m"] == 0


def test_units_are_those_of_the_larger_spread():
    found = run_noise([{"m": 0.0}, {"m": 2.0}] * 3, [{"m": 1.0}])  # variance 6 / 5 * 7 / 6 on 5 degrees of freedom
    same = np.array([-1.0, 1.0]) * 1.4**0.5  # images vary as much
    assert found.units("m", same, 21) == int(4 / (1 / 20 + 1 / 5)) + 1
    assert found.units("m", 1e-6 * same, 21) == 6
    assert found.units("m", 1e6 * same, 21) == 21
    assert found.units("m", same, 1) == 1
    assert run_noise([{"m": 1.0}] * 2, [{"m": 1.0}]).units("m", same, 21) == 21


def test_what_is_told_stays_in_the_range():
    assert within_range(-13996.6, 11.4, 170.0, 0.7, (0, 1), True) == ((-1, 1), math.inf)
    assert within_range(-0.1, 0.2, 0.3, 0.7, (0, 1), True) == ((-0.1, 0.2), 0.3)
    assert within_range(-0.1, 0.2, 0.4, 0.7, (0, 1), False) == ((-0.1, 0.2), math.inf)
    assert within_range(-9.0, 9.0, 4.0, 0.7, (0, math.inf), False) == ((-9.0, 9.0), 4.0)
    ends, drop = within_range(math.nan, math.nan, math.nan, 0.7, (0, 1), True)
    assert math.isnan(ends[0])
    assert math.isnan(drop)
