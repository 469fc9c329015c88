"""The g2 analysis of photons under constant light: results and verdict from the tags of two detectors."""

from math import sqrt

import numpy as np

from analysis.errors import AnalysisError
from analysis.g2_cw import CwFit, JitterDifference, correlate_cw, fit_cw, no_jitter
from analysis.tags import PhotonRecord
from runfile.results import Analysis, Check, Result, Verdict

_WORST_GOODNESS = 1e-3
_UNSTEADY = 5.0
_DIP_BEYOND_DOUBT = 25.0


def analyse_cw(
    record: PhotonRecord,
    *,
    jitter: JitterDifference | None = None,
    bin_ps: int = 500,
    reach_ps: int = 100_000,
    signal_share: float = 1.0,
    signal_share_stderr: float = 0.0,
    centre_ns: float | None = None,
) -> Analysis:
    """g2(0) of continuously excited light; the two busiest channels are the detectors, in ascending order.

    ``jitter``: from :func:`analysis.g2_cw.jitter_difference`; without it the detectors are taken as perfect, which
    makes g2(0) too large, and a warning says so. ``signal_share``: as :func:`analysis.g2_cw.fit_cw`. Raises
    AnalysisError when there are not two detectors or the pairs do not allow a fit.
    """
    numbers, counts = np.unique(record.channel, return_counts=True)
    if numbers.size < 2:
        raise AnalysisError(f"the file holds photons of {numbers.size} channel; g2 needs two detectors")
    first, second = sorted(int(n) for n in numbers[np.argsort(counts)[-2:]])
    times = [record.timestamps_ps[record.channel == number] for number in (first, second)]
    try:
        data = correlate_cw(times[0], times[1], record.duration_s, bin_ps, reach_ps)
        fit = fit_cw(
            data,
            no_jitter() if jitter is None else jitter,
            signal_share=signal_share,
            signal_share_stderr=signal_share_stderr,
            centre_ns=centre_ns,
        )
    except ValueError as error:
        raise AnalysisError(f"no cw g2 can be told from this record: {error}") from error
    warnings = list(record.warnings)
    if jitter is None:
        warnings.append("no detector response was given: jitter fills the dip, so g2(0) is an upper limit")
    if abs(fit.level_ratio - 1.0) > _UNSTEADY * max(fit.level_ratio_stderr, 1e-3):
        warnings.append(
            f"the light was not steady: pairs far from the centre are {fit.level_ratio:.3g} times N1·N2·bin/T "
            "(blinking, drift); g2 is relative to the level within the histogram"
        )
    if fit.deviance_drop < _DIP_BEYOND_DOUBT:
        warnings.append(
            f"no dip is seen beyond doubt (deviance gain {fit.deviance_drop:.0f}, {_DIP_BEYOND_DOUBT:.0f} needed): "
            "its place and depth may be noise; measure longer"
        )
    results = _results(fit)
    for number, detected in enumerate(times, start=1):
        rate = detected.size / record.duration_s
        results[f"count_rate_{number}"] = Result(rate, rate / sqrt(detected.size), "1/s", "tags over the live time")
    return Analysis(results, Verdict((_antibunched(fit), _fits(fit))), tuple(warnings))


def _results(fit: CwFit) -> dict[str, Result]:
    half = (fit.g2_zero_68[1] - fit.g2_zero_68[0]) / 2.0
    nothing = f"{fit.method}; background left in"
    return {
        "g2_zero": Result(fit.g2_zero, half, "1", fit.method, fit.g2_zero_68, 0.68),
        "g2_zero_95": Result(fit.g2_zero, half, "1", fit.method, fit.g2_zero_95, 0.95),
        "g2_zero_uncorrected": Result(fit.g2_zero_uncorrected, half, "1", nothing),
        "antibunching_time": Result(
            fit.antibunching_ns, fit.antibunching_stderr_ns, "ns", fit.method, fit.antibunching_68_ns, 0.68
        ),
        "shelving": Result(fit.shelving, fit.shelving_stderr, "1", fit.method),
        "shelf_time": Result(fit.shelf_time_ns, fit.shelf_time_stderr_ns, "ns", fit.method),
        "cable_delay": Result(
            fit.centre_ns, fit.centre_stderr_ns, "ns", "t(detector 2) − t(detector 1), centre of the dip; " + fit.method
        ),
        "level_ratio": Result(
            fit.level_ratio, fit.level_ratio_stderr, "1", "fitted level over N1·N2·bin/T, 1 for steady light"
        ),
    }


def _antibunched(fit: CwFit) -> Check:
    low, high = fit.g2_zero_95
    value = f"g2(0) = {fit.g2_zero:.3g} (95 % interval {low:.2g} to {high:.3g})"
    if high < 0.5:
        return Check("antibunched", True, f"{value} lies below 1/2: a single emitter")
    if low > 0.5:
        return Check("antibunched", False, f"{value} lies above 1/2: not a single emitter, or too much background")
    return Check("antibunched", False, f"{value} includes 1/2: more photons are needed to call it a single emitter")


def _fits(fit: CwFit) -> Check:
    text = f"deviance/dof of the fit is {fit.deviance / max(fit.dof, 1):.2f}"
    if fit.goodness > _WORST_GOODNESS or fit.deviance < 1.2 * fit.dof:
        return Check("g2 fit", True, text)
    return Check("g2 fit", False, f"{text}: the three-level model does not describe the pairs")
