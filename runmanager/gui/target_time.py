"""How long still until a result is as certain as asked for, if its error goes on falling as one over root time."""

import math

from runmanager.numbers import duration


def time_left_s(elapsed_s: float, stderr: float, target_stderr: float) -> float:
    """Bench time still needed, s: elapsed ((stderr / target)² - 1), 0 when met, NaN when it cannot be told.

    Holds when every second brings as much information as those before: shot noise, steady light.
    """
    if not (math.isfinite(elapsed_s) and elapsed_s > 0.0 and math.isfinite(stderr) and stderr > 0.0):
        return math.nan
    if not (math.isfinite(target_stderr) and target_stderr > 0.0):
        return math.nan
    return max(0.0, elapsed_s * ((stderr / target_stderr) ** 2 - 1.0))


def outlook(elapsed_s: float, stderr: float, target_stderr: float) -> tuple[str, str]:
    """How far off and how long still, as the results' table shows it: (``2.4 ×``, ``≈ 12 min 05 s if 1/√t``)."""
    if not math.isfinite(stderr) or stderr <= 0.0:
        return "no error yet", ""
    if stderr <= target_stderr:
        return "reached", ""
    left_s = time_left_s(elapsed_s, stderr, target_stderr)
    ratio = f"{stderr / target_stderr:.3g} ×"
    return (ratio, "") if math.isnan(left_s) else (ratio, f"≈ {duration(left_s)} if 1/√t")
