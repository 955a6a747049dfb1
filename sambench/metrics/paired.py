"""Two sets of scores over the same images: differences, intervals, p values over several metrics, what could be seen.

Sources: Efron and Tibshirani 1993 (bootstrap tests and intervals); Westfall and Young 1993, algorithm 2.8 (step-down
maxima over resamples, which keep the rate of false alarms over metrics that rise and fall together).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from sambench.metrics.intervals import Spread, interval95

ALPHA, POWER = 0.05, 0.8


@dataclass(frozen=True)
class Comparison:
    """One metric of two checkpoints over the same images.

    Attributes:
        name: The metric.
        baseline, candidate: Its two values.
        difference: candidate - baseline.
        ci95: Low and high end of the difference's 95 % interval.
        p_drop: One-sided p value of a drop (a worsening, whatever the metric's direction), for this metric alone.
        p_corrected: The same, corrected over all metrics that were compared.
        p_gain_corrected: One-sided p value of an improvement, corrected.
        se: Standard error of the difference.
        mde: Smallest true drop that would be called a regression with the stated power: seen at the corrected level and
            by the interval.
        higher_is_better: The metric's direction.
    """

    name: str
    baseline: float
    candidate: float
    difference: float
    ci95: tuple[float, float]
    p_drop: float
    p_corrected: float
    p_gain_corrected: float
    se: float
    mde: float
    higher_is_better: bool


def compare_paired(
    baseline: Mapping[str, float],
    candidate: Mapping[str, float],
    baseline_draws: Mapping[str, np.ndarray],
    candidate_draws: Mapping[str, np.ndarray],
    higher_is_better: Mapping[str, bool],
    margins: Mapping[str, float] | None = None,
    alpha: float = ALPHA,
    power: float = POWER,
    samples: int | Mapping[str, int] | None = None,
    spreads: Mapping[str, Spread] | None = None,
) -> dict[str, Comparison]:
    """Compare two checkpoints, metric by metric.

    The differences of the resamples, moved to mean zero, stand for what chance does when nothing has changed. Each is
    divided by its standard error, and the corrected p value counts the resamples whose largest one over the metrics
    not yet rejected reaches the observed one.

    Args:
        baseline, candidate: Metric -> its value over all images.
        baseline_draws, candidate_draws: Metric -> (B,) values over resamples, the same resamples on both sides.
        higher_is_better: Metric -> its direction.
        margins: Metric -> the drop that is let pass; 0 where it is not named. It enters the minimum detectable effect.
        alpha: Chance of a false alarm over all metrics together.
        power: Power of the minimum detectable effect.
        samples: Images that carry a metric (of the smallest stratum), of all metrics alike or by name. A bootstrap of n
            images is too narrow by sqrt(n / (n - 1)) and knows nothing of Student's distribution; intervals and p
            values are widened for it. None widens nothing.
        spreads: Metric -> what leaving images out says of its difference, for intervals made as those of single runs
            are (`sambench.metrics.intervals`); without them they are expanded percentiles for `samples`.

    Returns:
        Metric -> what was found. A metric that is undefined on either side (NaN) has p values of 1.
    """
    names = list(baseline)
    carried = {name: samples.get(name) if isinstance(samples, Mapping) else samples for name in names}
    drops, ses, chance = [], [], []
    for name in names:
        sign = -1.0 if higher_is_better[name] else 1.0
        drawn = sign * (np.asarray(candidate_draws[name], np.float64) - baseline_draws[name])
        narrowness, student = _widening(carried[name], alpha)
        se = _spread(drawn) * narrowness
        drops.append(sign * (candidate[name] - baseline[name]))
        ses.append(se)
        chance.append(student * narrowness * np.where(np.isnan(drawn), np.nan, drawn - _mean(drawn)) / (se or 1.0))
    observed = np.array([_scaled(drop, se) for drop, se in zip(drops, ses, strict=True)])
    null = np.array(chance).reshape(len(names), -1)
    falls, rises = step_down(observed, null), step_down(-observed, -null)
    largest = _largest(null)
    critical = _quantile(largest[np.isfinite(largest)], 1 - alpha)
    found = {}
    for k, name in enumerate(names):
        differences = np.asarray(candidate_draws[name], np.float64) - baseline_draws[name]
        margin = (margins or {}).get(name, 0.0)
        difference = candidate[name] - baseline[name]
        if spreads is None:
            low, high = expanded_interval(differences, carried[name])
        else:
            low, high = interval95(difference, differences, spreads[name])
        reach = high - difference if higher_is_better[name] else difference - low
        seen = max(critical, _quantile(null[k], 0.975)) * ses[k]
        found[name] = Comparison(
            name=name,
            baseline=baseline[name],
            candidate=candidate[name],
            difference=difference,
            ci95=(low, high),
            p_drop=_tail(observed[k], null[k]),
            p_corrected=float(falls[k]),
            p_gain_corrected=float(rises[k]),
            se=ses[k],
            mde=max(seen, np.nan_to_num(reach), margin) + _quantile(null[k], power) * ses[k],
            higher_is_better=higher_is_better[name],
        )
    return found


def _widening(samples: int | None, alpha: float) -> tuple[float, float]:
    """Return by how much resamples of n images are too narrow, and Student's one-sided quantile over the normal's."""
    if samples is None or samples < 2:
        return 1.0, 1.0
    student = stats.t.isf(alpha, samples - 1) / stats.norm.isf(alpha)
    return (samples / (samples - 1)) ** 0.5, float(student)


def expanded_interval(draws: np.ndarray, samples: int | None) -> tuple[float, float]:
    """Return the 95 % percentile interval of (B,) replicates, with the percentiles moved out for few samples.

    Source: Hesterberg 2015, What Teachers Should Know About the Bootstrap, section 5.3 (expanded percentile interval).

    Args:
        draws: (B,) replicates; undefined ones (NaN) are left out.
        samples: Number n of units resampled; the lower level is that of -sqrt(n / (n - 1)) t(.975, n - 1) under a
            normal distribution. None or fewer than 2 takes 2.5 % and 97.5 %.
    """
    defined = draws[~np.isnan(draws)]
    if not len(defined):
        return float("nan"), float("nan")
    level = 0.025
    if samples is not None and samples > 1:
        level = stats.norm.sf((samples / (samples - 1)) ** 0.5 * stats.t.isf(0.025, samples - 1))
    low, high = np.quantile(defined, [level, 1 - level])
    return float(low), float(high)


def step_down(observed: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Correct one-sided p values over several statistics by step-down maxima.

    Args:
        observed: (K,) float64 statistics, large ones against chance; NaN where undefined.
        null: (K, B) float64 the same statistics under chance alone, NaN where undefined.

    Returns:
        (K,) float64 corrected p values, (1 + resamples that reach it) / (1 + B); 1 where undefined.
    """
    corrected = np.ones(len(observed))
    order = [k for k in np.argsort(-observed, kind="stable").tolist() if not np.isnan(observed[k])]
    largest = 0.0
    for place, k in enumerate(order):
        reached = _tail(observed[k], _largest(null[order[place:]]))
        largest = max(largest, reached)
        corrected[k] = largest
    return corrected


def _largest(null: np.ndarray) -> np.ndarray:
    """Return (B,) maxima over the metrics of (K, B), undefined ones left out."""
    return np.where(np.isnan(null), -np.inf, null).max(axis=0)


def _tail(observed: float, null: np.ndarray) -> float:
    """Return the share of (B,) that reaches the observed value, itself counted in; rounding of sums does not matter."""
    if np.isnan(observed):
        return 1.0
    return float((1 + np.count_nonzero(null >= observed - 1e-9)) / (1 + len(null)))


def _scaled(drop: float, se: float) -> float:
    """Divide a drop by its standard error; without any spread it is either nothing or beyond chance."""
    if se > 0:
        return drop / se
    return drop if drop == 0 or np.isnan(drop) else float(np.copysign(np.inf, drop))


def _spread(drawn: np.ndarray) -> float:
    """Return the standard deviation of the defined draws, 0 where it is rounding only."""
    defined = drawn[~np.isnan(drawn)]
    if len(defined) < 2:
        return 0.0
    spread = float(defined.std(ddof=1))
    return spread if spread > 1e-12 else 0.0


def _mean(drawn: np.ndarray) -> float:
    defined = drawn[~np.isnan(drawn)]
    return float(defined.mean()) if len(defined) else 0.0


def _quantile(null: np.ndarray, power: float) -> float:
    defined = null[~np.isnan(null)]
    return float(np.quantile(defined, power)) if len(defined) else 0.0
