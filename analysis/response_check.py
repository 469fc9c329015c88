"""Whether lifetimes through a measured response can be believed: the check ``response fit``."""

from collections.abc import Mapping
from math import isfinite

from analysis.decay_data import bounds
from analysis.reconvolution import DecayFit
from runfile.results import Check

_WORST_P = 1e-3
_WORST_CHI2 = 3.0
"""Per degree of freedom: shapes off by less are usual with bright light, and the errors are enlarged for them."""
_AT_EDGE = 1.5
_WEAK = 0.02


def response_check(fits: Mapping[str, DecayFit], bin_ns: float) -> Check:
    """One check of the chosen fits, by detector; its sentence is that of the first fit that fails.

    ``bin_ns``: widest bin of response and decays; shorter lifetimes are not determined.
    """
    faults = [f"{name}: {fault}" for name, fit in fits.items() if (fault := _fault(fit, bin_ns))]
    if faults:
        return Check(
            "response fit", False, f"{faults[0]}; is the response that of this measurement, its bin width right?"
        )
    worst = max(_chi2_per_dof(fit) for fit in fits.values())
    return Check("response fit", True, f"chi2/dof of the decay seen through the response is at most {worst:.3g}")


def _fault(fit: DecayFit, bin_ns: float) -> str:
    """Why the fit tells no lifetime; "" if it does."""
    chi2 = _chi2_per_dof(fit)
    if fit.p_value < _WORST_P and chi2 > _WORST_CHI2:
        return f"the response does not describe the decay, chi2/dof {chi2:.3g} (at most {_WORST_CHI2:g})"
    lower, upper = bounds(fit.data, fit.model)
    first = fit.model.n_components
    shortest_ns, longest_ns = max(_AT_EDGE * float(lower[first]), bin_ns), float(upper[first]) / _AT_EDGE
    parts = zip(fit.lifetimes_ns, fit.stderrs_ns, fit.fractions, strict=True)
    for number, (lifetime_ns, stderr_ns, share) in enumerate(parts, start=1):
        if share < _WEAK:
            continue  # a trace of scattered light has no lifetime to be told
        told = f"lifetime {number} ({lifetime_ns:.3g} ± {stderr_ns:.2g} ns, {share:.0%} of the light) is not determined"
        if not shortest_ns < lifetime_ns < longest_ns:
            return f"{told}: response and bins can tell {shortest_ns:.2g} to {longest_ns:.3g} ns"
        if not (isfinite(stderr_ns) and 0.0 < stderr_ns < lifetime_ns):
            return f"{told}: its error is no smaller than itself" if stderr_ns else f"{told}: the fit gives no error"
    return ""


def _chi2_per_dof(fit: DecayFit) -> float:
    return fit.chi2 / max(fit.chi2_dof, 1)
