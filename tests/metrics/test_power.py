import math

import numpy as np
import pytest
from scipy import stats

from sambench.metrics.bootstrap import resampling_weights
from sambench.metrics.paired import compare_paired
from sambench.metrics.power import images_needed

ASKED = {"enough": 6, "alpha": 0.05, "power": 0.8, "margins": {}}


def normal(spread, replicates=20001):
    """Return draws whose quantiles are those of a normal distribution."""
    return spread * stats.norm.ppf((np.arange(replicates) + 0.5) / replicates)


def test_one_metric_by_hand():
    # An image's difference has a standard deviation of .2, so 100 images (resampled: times sqrt(99 / 100)) give .0199.
    # Two-sided 5 % asks for 1.96 standard errors, a power of 80 % for .8416 more: (2.8016 * .2 / .02)^2 = 784.9 images,
    # and Student's distribution with some 786 degrees of freedom turns 1.96 into 1.963, which makes 786.4.
    drawn = normal(0.2 / 10 * (99 / 100) ** 0.5)
    (need,) = images_needed({"m": drawn}, {"m": 100}, 100, 0.02, **ASKED)
    assert need.images == pytest.approx(786, abs=2)
    assert need.detectable == pytest.approx((stats.t.isf(0.025, 99) + 0.8416) * 0.02, rel=1e-3)
    assert need.reason == ""


def test_what_half_of_the_images_carry_takes_as_many_as_its_spread_says():
    drawn = normal(0.02 * (49 / 50) ** 0.5)
    (need,) = images_needed({"m": drawn}, {"m": 50}, 100, 0.02, **ASKED)
    assert need.images == pytest.approx(788, abs=3)


def test_a_family_takes_more_images():
    rng = np.random.default_rng(0)
    draws = {name: rng.normal(0, 0.02, 4000) for name in "abcdefgh"}
    support = dict.fromkeys(draws, 100)
    alone = images_needed({"a": draws["a"]}, {"a": 100}, 100, 0.02, **ASKED)[0].images
    assert images_needed(draws, support, 100, 0.02, **ASKED)[0].images > 1.2 * alone


def test_a_margin_has_to_be_passed_first():
    drawn = normal(0.02 * (99 / 100) ** 0.5)
    asked = {**ASKED, "margins": {"m": 0.015}}
    # beyond the margin .005 are left for .8416 standard errors: (.8416 * .2 / .005)^2 = 1133
    assert images_needed({"m": drawn}, {"m": 100}, 100, 0.02, **asked)[0].images == pytest.approx(1133, abs=2)
    (never,) = images_needed({"m": drawn}, {"m": 100}, 100, 0.015, **asked)
    assert (never.images, never.reason) == (None, "the policy lets drops up to 0.015 pass")


def test_what_a_pilot_cannot_tell():
    drawn = normal(0.02)
    few, still, large, tiny = images_needed(
        {"few": drawn, "still": np.zeros(20001), "large": drawn, "tiny": 1e4 * drawn},
        {"few": 5, "still": 100, "large": 20, "tiny": 100},
        100,
        0.3,
        **ASKED,
    )
    assert few.images is None
    assert math.isnan(few.detectable)
    assert few.reason == "cannot tell: 5 of the pilot's 100 images carry it, 6 are the least"
    assert (still.images, still.detectable) == (None, 0.0)
    assert large.images == 30  # six of thirty images carry it
    assert tiny.images > 10**6


@pytest.mark.slow
@pytest.mark.parametrize("family", [1, 4])
def test_power_at_the_printed_number_is_what_was_asked(family):
    """40 pilots of 200 images each print a number; 25 gates of that many images see the drop in 80 % (1,000 gates)."""
    rng = np.random.default_rng(family)
    names, effect = [f"m{k}" for k in range(family)], 0.03

    def made(images, drop):
        shared = rng.normal(0.6, 0.2, images)
        sides = [{name: shared + rng.normal(0, 0.1, images) for name in names} for _ in range(2)]
        sides[1]["m0"] = sides[1]["m0"] - drop
        weights = resampling_weights(images, 400, seed=int(rng.integers(2**31)))
        draws = [{name: weights @ own / images for name, own in side.items()} for side in sides]
        return [{name: float(own.mean()) for name, own in side.items()} for side in sides], draws

    seen = gates = 0
    for _ in range(40):
        _, draws = made(200, 0.0)
        drawn = {name: draws[1][name] - draws[0][name] for name in names}
        images = images_needed(drawn, dict.fromkeys(names, 200), 200, effect, **ASKED)[0].images
        for _ in range(25):
            values, draws = made(images, effect)
            found = compare_paired(*values, *draws, dict.fromkeys(names, True), samples=images)["m0"]
            seen += found.p_corrected < 0.05 and found.ci95[1] < 0
            gates += 1
    assert 0.75 <= seen / gates <= 0.87
