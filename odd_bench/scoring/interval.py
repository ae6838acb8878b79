"""Confidence intervals and p-values from a cluster bootstrap, corrected for a small number of base shapes.

The standard deviation of the bootstrap over m clusters is too small by a factor of sqrt((m - 1) / m), and with few clusters it is
itself uncertain. The intervals therefore multiply it by the inverse factor, and use Student's t with m - 1 degrees of freedom
instead of the normal distribution. Metrics in [0, 1] are handled as log-odds: their distribution near 0 and 1 is less skewed, and
no bound leaves [0, 1]. The log-odds of 0 and 1 are infinite, so the odds of a resample are limited to the range from 1 / ODDS to
ODDS times those of the value. `benchmarks/coverage.py` simulates how often such an interval contains the true value;
docs/reference/protocol.md has the table.
"""

from __future__ import annotations

import numpy as np

from odd_bench.counted import counted

LEVEL = 0.95
FEWEST = 10  # base shapes; with fewer, no interval would be reliable
ODDS = 10.0
ROUNDING = 1e-12  # resamples that differ by less count as equal
POWER_SPREADS = 2.80  # 1.96 + 0.84: the test detects a difference of this many standard errors with probability 0.8
CONSTANT = "every resample gives this value"
AT_AN_END = "exactly 0 or 1, where the log-odds are infinite"

Bounds = tuple[float | None, float | None]


def too_few(shapes: int) -> str:
    """The reason why there is no interval and no p-value. shapes: number of base shapes."""
    return f"{counted(shapes, 'base shape')}, an interval needs {FEWEST}"


def interval(value: float, replicates: np.ndarray, shapes: int, share: bool = True) -> tuple[Bounds, str | None]:
    """The interval (low, high) of a value; if there is none, both are None and the second result gives the reason.

    replicates: resampled values, NaN if undefined. shapes: number of base shapes, the clusters, that contribute to the value.
    share: whether the value lies in [0, 1]; otherwise it is only known to be at least 0.
    """
    if shapes < FEWEST:
        return (None, None), too_few(shapes)
    finite = replicates[np.isfinite(replicates)]
    if len(finite) < max(len(replicates) / 2, 2):
        return (None, None), "undefined in most resamples"
    if np.ptp(finite) < ROUNDING:
        return (None, None), CONSTANT
    if share and value in (0, 1):
        return (None, None), AT_AN_END
    if not share:
        reach = half_width(finite, shapes)
        return (max(0.0, float(value) - reach), float(value) + reach), None
    middle = float(log_odds(value))
    near = np.clip(log_odds(finite), middle - np.log(ODDS), middle + np.log(ODDS))
    reach = half_width(near, shapes)
    low, high = (from_log_odds(middle + step) for step in (-reach, reach))
    return ((low, high), None) if low < high else ((None, None), CONSTANT)


def half_width(replicates: np.ndarray, shapes: int) -> float:
    """Half the width of the interval: the corrected standard error times the quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(shapes - 1, (1 + LEVEL) / 2)) * standard_error(replicates, shapes)


def standard_error(replicates: np.ndarray, shapes: int) -> float:
    """Standard deviation of the replicates, corrected for the number of clusters."""
    return float(np.std(replicates, ddof=1)) * float(np.sqrt(shapes / (shapes - 1)))


def difference_test(value: float, replicates: np.ndarray, shapes: int) -> dict[str, float | str | None]:
    """Test a paired difference: its interval (low, high), its two-sided p-value and `resolves`, or the reason why there are none.

    replicates: the resampled differences. The interval excludes 0 exactly if p < 0.05. resolves: the smallest true difference
    that this split would detect with probability 0.8.
    """
    from scipy.special import stdtr

    if shapes < FEWEST:
        return {"value": value, "reason": too_few(shapes)}
    finite = replicates[np.isfinite(replicates)]
    if len(finite) < max(len(replicates) / 2, 2):
        return {"value": value, "reason": "undefined in most resamples"}
    error, reach = standard_error(finite, shapes), half_width(finite, shapes)
    p = float(value == 0) if error == 0 else 2 * float(stdtr(shapes - 1, -abs(value) / error))
    return {"value": value, "low": value - reach, "high": value + reach, "p": p, "resolves": POWER_SPREADS * error}


def log_odds(share: np.ndarray | float) -> np.ndarray:
    """Log-odds of values in [0, 1]; infinite at 0 and 1."""
    with np.errstate(divide="ignore"):
        return np.log(share) - np.log1p(-np.asarray(share, float))


def from_log_odds(value: float) -> float:
    """The value in [0, 1] with these log-odds; 0 if it is too small for a float."""
    with np.errstate(over="ignore"):
        return float(1 / (1 + np.exp(-value)))
