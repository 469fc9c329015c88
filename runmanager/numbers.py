"""Numbers as people read them: value and error rounded together, with the unit."""

import math

from runfile.results import Result


def with_error(result: Result) -> str:
    """``0.748 ± 0.021``, rounded to two digits of the error; asymmetric intervals are added."""
    unit = "" if result.unit in {"1", ""} else f" {result.unit}"
    if math.isnan(result.value):
        return "could not be determined"
    if not math.isfinite(result.stderr) or result.stderr <= 0.0:
        text = f"{result.value:.6g}{unit}"
    else:
        digits = max(0, 1 - math.floor(math.log10(result.stderr)))
        text = f"{result.value:.{digits}f} ± {result.stderr:.{digits}f}{unit}"
    if result.interval is not None and result.confidence is not None:
        low, high = result.interval
        text += f"  [{low:.4g}, {high:.4g}] at {result.confidence:.0%}"
    return text


def duration(seconds: float) -> str:
    """``1 h 05 min``, ``3 min 20 s`` or ``4.2 s``; NaN, of a run that never ended, in words."""
    if not math.isfinite(seconds):
        return "unknown duration"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
