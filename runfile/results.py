"""What an analysis states: values with uncertainties, and a verdict made of checks."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Result:
    """One number. ``stderr`` is one standard error; ``interval`` a two-sided interval if asymmetric.

    ``value`` and ``stderr`` are in ``unit`` ("1" for pure numbers). NaN means: could not be determined.
    """

    value: float
    stderr: float
    unit: str
    method: str
    interval: tuple[float, float] | None = None
    confidence: float | None = None  # of ``interval``, e.g. 0.68


@dataclass(frozen=True)
class Check:
    """One question with its answer; ``detail`` is a sentence a physicist can read."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class Verdict:
    """Passed when every check passed. ``reason`` is the first failed check's sentence, or a short praise."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """True when there is at least one check and none failed."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def reason(self) -> str:
        """One sentence: why it failed, or that all checks passed."""
        failed = [check for check in self.checks if not check.passed]
        if failed:
            return "; ".join(check.detail for check in failed)
        return f"all {len(self.checks)} checks passed" if self.checks else "nothing was checked"


@dataclass(frozen=True)
class Analysis:
    """All that an analysis returns: named results, the verdict, warnings for the reader."""

    results: dict[str, Result]
    verdict: Verdict
    warnings: tuple[str, ...] = field(default=())
