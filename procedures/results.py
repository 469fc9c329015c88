"""Names and units of what the analyses give: what a target may be set for, and what a window can offer.

For a sample with one Mn2+ (six lines); a sample with other dopants gives as many ``line_K`` results as it has lines.
"""

from typing import NamedTuple

from procedures.controls import HELICITY_SWAPPED, LASER_BLOCKED, MEANING, MICROWAVE_OFF, NO_CONTROL, OFF_RESONANCE

LINES = range(1, 7)
PROJECTIONS = ("m5_2", "m3_2", "m1_2", "p1_2", "p3_2", "p5_2")


class ResultName(NamedTuple):
    """A result an analysis can give: its name, its unit ("1": a pure number) and what it is, in one line."""

    name: str
    unit: str
    meaning: str


_SPIN_PUMPING = (
    ResultName("pumping_efficiency", "1", "1 − F_end/F_0 of the pumped line's fluorescence"),
    ResultName("pumping_time", "ns", "1/e time of the fading fluorescence"),
    ResultName("memory", "1", "fluorescence at the start of the probe over that at the end of the pump"),
    ResultName(
        "detuned_fluorescence", "1", "control: fluorescence under a pump beside the line, relative to that on it"
    ),
    ResultName("linear_orientation", "1", "control: σ⁺/σ⁻ asymmetry after a linearly polarised pump"),
)
_POLARISED_PL = (
    ResultName("n_lines", "1", "zero-phonon lines of the exciton"),
    ResultName("total_splitting", "meV", "last minus first line"),
    *(ResultName(f"line_{k}_energy", "meV", f"photon energy of line {k} in vacuum") for k in LINES),
    ResultName("circular_polarisation", "1", "(I₊ − I₋)/(I₊ + I₋) of all lines together"),
    *(ResultName(f"line_{k}_circular_polarisation", "1", f"(I₊ − I₋)/(I₊ + I₋) of line {k}") for k in LINES),
    *(ResultName(f"sz_population_{p}", "1", f"share of the emission from S_z = {p[0]}{p[1]}/2") for p in PROJECTIONS),
    ResultName("zeeman_splitting", "meV", "field sweep: σ⁺ minus σ⁻ energy at the largest field"),
    ResultName("exciton_g_factor", "1", "field sweep: slope of the splitting against field"),
)
_G2 = (
    ResultName("g2_zero", "1", "centre peak over the nearest side peaks, 68 % interval"),
    ResultName("g2_zero_95", "1", "the same with an exact 95 % interval"),
    ResultName("g2_zero_95_calibrated", "1", "the same with a 95 % interval right on average"),
    ResultName("g2_zero_poisson", "1", "centre peak over N1·N2/number of pulses"),
    ResultName("g2_zero_long_delay", "1", "centre peak over peaks far from the centre"),
    ResultName("g2_zero_uncorrected", "1", "centre peak over the nearest side peaks, background left in"),
    ResultName("centre_counts", "1", "pairs in the centre peak"),
    ResultName("side_counts", "1", "mean pairs in a side peak"),
    ResultName("long_delay_counts", "1", "mean pairs in a peak far from the centre"),
    ResultName("poisson_counts", "1", "pairs a peak would have without memory"),
    ResultName("lifetime", "ns", "decay time of the fluorescence"),
    ResultName("cable_delay", "ns", "arrival at detector 2 minus arrival at detector 1"),
    ResultName("live_time", "s", "duration of the record without pauses"),
    ResultName("count_rate_1", "1/s", "tags of detector 1 over the live time"),
    ResultName("count_rate_2", "1/s", "tags of detector 2 over the live time"),
)
_ESR = (
    ResultName("resonance_frequency", "GHz", "the transition without hyperfine interaction"),
    ResultName("contrast", "1", "on/off − 1 at the top of a line, mean over the lines"),
    ResultName("hyperfine_constant", "MHz", "|A|/h"),
    ResultName("zero_field_splitting", "MHz", "D/h"),
    ResultName("linewidth", "MHz", "full width at half maximum, power broadening included"),
    *(ResultName(f"line_{k}_frequency", "GHz", f"frequency of hyperfine line {k}") for k in LINES),
    *(ResultName(f"line_{k}_contrast", "1", f"height of hyperfine line {k}") for k in LINES),
)
RESULTS: dict[str, tuple[ResultName, ...]] = {
    "spin-pumping": _SPIN_PUMPING,
    "polarised-pl": _POLARISED_PL,
    "g2": _G2,
    "esr": _ESR,
}

_BLOCKED = (
    ResultName("residual_signal", "1/s", "count rate with the laser blocked beyond that with all lasers shut"),
    ResultName("dark_rate", "1/s", "count rate with all lasers shut"),
)
CONTROL_RESULTS: dict[tuple[str, str], tuple[ResultName, ...]] = {
    **{(name, LASER_BLOCKED): _BLOCKED for name in RESULTS},
    ("esr", MICROWAVE_OFF): (
        ResultName("residual_signal", "1", "mean of on/off − 1 over the sweep, the microwave being off in both"),
    ),
    ("esr", OFF_RESONANCE): (ResultName("residual_signal", "1", "mean of on/off − 1 over the shifted sweep"),),
    ("esr", HELICITY_SWAPPED): (
        ResultName("residual_signal", "1", "mean of on/off − 1 at the transition that the real run sees"),
    ),
    ("spin-pumping", OFF_RESONANCE): (
        ResultName("residual_signal", "1", "fluorescence under the shifted pump over that at the top of the scan"),
    ),
    ("spin-pumping", HELICITY_SWAPPED): (
        ResultName("helicity_asymmetry", "1", "(σ⁺ − σ⁻)/(σ⁺ + σ⁻) of the fluorescence under the swapped pump"),
    ),
}
"""Results that a control run has beside (a blocked laser: instead of) those of the real run."""


def results_of(procedure: str, control: str) -> tuple[ResultName, ...]:
    """Results of a procedure's run with this control ("none": the real run); KeyError for unknown names."""
    usual = RESULTS[procedure]
    if control == NO_CONTROL:
        return usual
    if control not in MEANING:
        raise KeyError(control)
    own = CONTROL_RESULTS[procedure, control]
    return own if control == LASER_BLOCKED else (*usual, *own)
