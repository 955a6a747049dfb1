import math

import numpy as np
import pytest
from scipy import stats

from sambench.metrics.bootstrap import resampling_weights
from sambench.metrics.paired import compare_paired
from sambench.metrics.power import Pilot, images_needed
from sambench.metrics.uncertainty.spread import spread_of_units

ASKED = {"alpha": 0.05, "power": 0.8}


def pilot(spread, support=100, **options):
    """Return draws whose quantiles are those of a normal distribution, of a difference that so many images carry."""
    units = spread_of_units(support, 20001)
    drawn = spread / units.narrowness * stats.norm.ppf((np.arange(20001) + 0.5) / 20001)
    return Pilot(0.0, drawn, units, support, **options)


def needed(effect=0.02, **pilots):
    return images_needed(pilots, 100, effect, **ASKED)


def test_one_metric_by_hand():
    # An image's difference has a standard deviation of .2. Two-sided 5 % asks for 1.96 standard errors, a power of 80 %
    # for .8416 more: (2.8016 * .2 / .02)^2 = 784.9 images, and Student's distribution with some 786 degrees of freedom
    # turns 1.96 into 1.963, which makes 786.4.
    (need,) = needed(m=pilot(0.02))
    assert need.images == pytest.approx(786, rel=0.01)
    assert need.detectable == pytest.approx((stats.t.isf(0.025, 99) + 0.8416) * 0.02, rel=0.01)
    assert need.reason == ""


def test_what_half_of_the_images_carry_takes_as_many_as_its_spread_says():
    (need,) = needed(m=pilot(0.02, 50))
    assert need.images == pytest.approx(788, rel=0.015)


def test_a_family_takes_more_images():
    rng = np.random.default_rng(0)
    units = spread_of_units(100, 4000)
    pilots = {name: Pilot(0.0, rng.normal(0, 0.02, 4000), units, 100) for name in "abcdefgh"}
    alone = needed(a=pilots["a"])[0].images
    assert needed(**pilots)[0].images > 1.2 * alone


def test_a_margin_has_to_be_passed_first():
    # beyond the margin .005 are left for .8416 standard errors: (.8416 * .2 / .005)^2 = 1133
    assert needed(m=pilot(0.02, margin=0.015))[0].images == pytest.approx(1133, rel=5e-3)
    (never,) = needed(0.015, m=pilot(0.02, margin=0.015))
    assert (never.images, never.reason) == (None, "the policy lets drops up to 0.015 pass")


def test_what_a_pilot_cannot_tell():
    few, still, large, tiny, sets = needed(
        0.3,
        few=pilot(0.02, 5),
        still=pilot(0.0),
        large=pilot(0.02, 20),
        tiny=pilot(200.0, room=0.7),
        sets=Pilot(0.0, np.zeros(20001), spread_of_units(3, 20001), 100),
    )
    assert few.images is None
    assert math.isnan(few.detectable)
    assert few.reason == "cannot tell: 5 of the pilot's 100 images carry it, 10 are the least"
    assert (still.images, still.detectable) == (None, 0.0)
    assert large.images == 50  # ten of fifty images carry it
    assert tiny.images > 10**6
    assert tiny.detectable == math.inf  # it has .7 to fall
    assert sets.reason == "cannot tell: data sets that it averages hold too few images each"


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
        values, draws = made(200, 0.0)
        units = spread_of_units(200, 400)
        pilots = {
            name: Pilot(values[1][name] - values[0][name], draws[1][name] - draws[0][name], units, 200)
            for name in names
        }
        images = images_needed(pilots, 200, effect, **ASKED)[0].images
        for _ in range(25):
            values, draws = made(images, effect)
            spread = dict.fromkeys(names, spread_of_units(images, 400))
            found = compare_paired(*values, *draws, dict.fromkeys(names, True), spread)["m0"]
            seen += found.interval[1] < 0
            gates += 1
    assert 0.75 <= seen / gates <= 0.87
