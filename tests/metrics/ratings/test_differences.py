import numpy as np
import pytest
from scipy import stats

from sambench.errors import SambenchError
from sambench.metrics.ratings.differences import rating_difference, rating_mean

TABLE_8 = {  # Segment Anything, Table 8: SAM - baseline, 99 % interval and p
    "LVIS v0.5": (1.40, 1.84, 4e-69),
    "VISOR": (1.81, 2.24, 7e-98),
    "DRAM": (1.54, 2.00, 1e-76),
    "IBD": (1.03, 1.39, 2e-57),
    "NDD20": (1.88, 2.37, 2e-86),
    "OVIS": (1.38, 1.84, 2e-64),
    "iShape": (1.97, 2.47, 2e-88),
    "LVIS v1": (0.11, 0.42, 2e-5),
}


def drawn(low, high, n=1000):
    """Ratings whose paired differences have the published mean and, by the interval's width, the published spread."""
    generator = np.random.default_rng(8)
    noise = generator.normal(size=n)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    spread = (high - low) / 2 / stats.norm.ppf(0.995) * np.sqrt(n)
    second = generator.normal(6, 1, n)
    return second + (low + high) / 2 + spread * noise, second


@pytest.mark.parametrize("dataset", TABLE_8)
def test_table_8_comes_back_from_ratings_drawn_from_it(dataset):
    low, high, p = TABLE_8[dataset]
    found = rating_difference(*drawn(low, high))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.03)
    # The printed bounds are rounded to .01, so the exponent is known to within some per cent.
    assert np.log10(found.p) == pytest.approx(np.log10(p), rel=0.15)


def test_the_statistics_equal_scipys():
    generator = np.random.default_rng(1)
    first, second = generator.integers(1, 11, (2, 200)).astype(float)
    found = rating_difference(first, second)
    assert found.p == stats.ttest_rel(first, second).pvalue
    other = stats.bootstrap((first - second,), np.mean, n_resamples=10_000, confidence_level=0.99, method="percentile")
    assert (found.low, found.high) == pytest.approx(tuple(other.confidence_interval), abs=0.06)
    mean = rating_mean(first)
    interval = stats.ttest_1samp(first, 0).confidence_interval(0.95)
    assert (mean.low, mean.high) == pytest.approx((interval.low, interval.high))


def test_equal_differences_have_no_p():
    found = rating_difference(np.array([3.0, 4]), np.array([2.0, 3]))
    assert (found.mean, found.low, found.high) == (1, 1, 1)
    assert np.isnan(found.p)
    assert np.isnan(rating_mean(np.array([4.0])).low)


def test_what_does_not_pair_is_refused():
    with pytest.raises(SambenchError, match="3 and 2 ratings"):
        rating_difference(np.ones(3), np.ones(2))
    with pytest.raises(SambenchError, match="no ratings"):
        rating_mean(np.ones(0))
