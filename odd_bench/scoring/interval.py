"""Intervals and p-values from a cluster bootstrap, with the correction that few shapes need.

The spread of the bootstrap over m clusters is too small by sqrt((m - 1) / m), and few clusters estimate their spread badly:
hence that factor, and Student's t with m - 1 degrees of freedom instead of the normal distribution. Shares are handled on the
scale of log-odds, where the spread near 0 and 1 is not lopsided and no bound leaves [0, 1]; a resample whose odds are more than
ODDS times as high or as low as those of the value counts as that far off, because the log-odds of 0 and 1 are infinite.
`benchmarks/coverage.py` simulates how often such an interval holds the true value; docs/reference/protocol.md has the table.
"""

from __future__ import annotations

import numpy as np

from odd_bench.counted import counted

LEVEL = 0.95
FEWEST = 10  # base shapes; below it no interval that could be trusted
ODDS = 10.0
ROUNDING = 1e-12  # resamples that differ by less are equal
POWER_SPREADS = 2.80  # 1.96 + 0.84: a true difference of this many standard errors is found 8 times in 10
CONSTANT = "every resample gives this value"
AT_AN_END = "exactly 0 or 1, where the log-odds are infinite"

Bounds = tuple[float | None, float | None]


def too_few(shapes: int) -> str:
    """Why there is no interval and no p-value."""
    return f"{counted(shapes, 'base shape')}, an interval needs {FEWEST}"


def interval(value: float, replicates: np.ndarray, shapes: int, share: bool = True) -> tuple[Bounds, str | None]:
    """(low, high) of a value, both None with a reason where there is none.

    replicates: resampled values, NaN where undefined. shapes: how many clusters the value rests on. share: it lies in [0, 1];
    otherwise it is at least 0.
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
    """Half the interval's width: the corrected standard error times Student's quantile."""
    from scipy.special import stdtrit

    return float(stdtrit(shapes - 1, (1 + LEVEL) / 2)) * standard_error(replicates, shapes)


def standard_error(replicates: np.ndarray, shapes: int) -> float:
    return float(np.std(replicates, ddof=1)) * float(np.sqrt(shapes / (shapes - 1)))


def difference_test(value: float, replicates: np.ndarray, shapes: int) -> dict[str, float | str | None]:
    """A paired difference: low, high, two-sided p and what the split resolves, or the reason why there are none.

    replicates: the resampled differences. The interval excludes 0 exactly where p < 0.05. resolves: the smallest true
    difference that the split would show 8 times in 10.
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
    """Log-odds of shares in [0, 1]; infinite at the ends."""
    with np.errstate(divide="ignore"):
        return np.log(share) - np.log1p(-np.asarray(share, float))


def from_log_odds(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))
