"""One level for several metrics: exact where they are one or independent, and p its inverse."""

import numpy as np
import pytest

from sambench.metrics.family import Family, family_of


def test_one_metric_alone_leaves_out_half_of_alpha_a_side():
    family = family_of([np.random.default_rng(0).normal(size=500)])
    assert (family.size, family.tail(0.05), family.corrected(0.025)) == (1, 0.025, 0.05)
    assert family.corrected(0.9) == 1.0


def test_independent_metrics_have_sidaks_level_and_equal_ones_that_of_one():
    rng = np.random.default_rng(0)
    apart = family_of(list(rng.normal(size=(4, 20_000))))
    assert apart.tail(0.05) == pytest.approx((1 - 0.95**0.25) / 2, rel=0.1)
    same = rng.normal(size=2000)
    assert family_of([same, 3 * same + 1, -same]).tail(0.05) == pytest.approx(0.025, rel=0.1)


def test_what_does_not_move_widens_nothing():
    drawn = np.random.default_rng(0).normal(size=500)
    assert family_of([drawn, np.zeros(500), np.full(500, 0.3), np.full(500, np.nan)]).size == 1
    assert family_of([]).tail(0.05) == 0.025


def test_undefined_resamples_are_left_out():
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(2, 1000))
    drawn[0, :300] = np.nan
    assert 0.0125 <= family_of(list(drawn)).tail(0.05) < 0.025


@pytest.mark.parametrize("alpha", [0.3, 0.05, 0.001])
def test_the_corrected_chance_rises_and_is_the_inverse_of_the_level(alpha):
    rng = np.random.default_rng(1)
    family = family_of(list(rng.normal(size=(6, 800)) + rng.normal(size=800)))
    tails = np.geomspace(1e-9, 0.5, 400)
    chances = [family.corrected(tail) for tail in tails]
    assert (np.diff(chances) >= 0).all()
    assert chances[0] == pytest.approx(2 * 6 * tails[0])  # Bonferroni far out
    assert family.corrected(family.tail(alpha)) == pytest.approx(alpha, rel=1e-6)
    assert isinstance(family, Family)
