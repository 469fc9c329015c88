"""Spin resonance of one dopant: X band, zero field, nutation, optical detection."""

from functools import cache, partial

import numpy as np

from sims.dot.field_sweep import resonance_fields_t
from sims.dot.sample import Dopant
from sims.dot.stimulus import Environment
from sims.dynamics.model import build_model
from sims.dynamics.odmr import OdmrExperiment, OdmrSpectrum
from sims.dynamics.pumping import outer_line, resonant_segment
from sims.dynamics.resonance import SpinModel, rabi, spin_model
from sims.dynamics.segments import MicrowaveDrive
from sims.validation.check import Check, at_most, within
from sims.validation.dots import axial_cdte, resonance_dopant
from sims.validation.sources import CLOSED, SCRIPT, SCRIPT_IN_TESTS

row = partial(Check, "Spin resonance")

BOHR_MAGNETON_MEV_PER_T, PLANCK_MEV_PER_GHZ, MEV_PER_INVERSE_CM = 0.05788381806, 4.135667696e-3, 0.1239841984
X_BAND_GHZ, Q_BAND_GHZ = 9.400, 34.0
CDSE_FIELDS_MT = (318.53, 324.91, 331.42, 338.07, 344.84, 351.74)
PREDICTION = "no single-Mn ODMR has been published: a prediction"


@cache
def fields_mt(g_factor: float, hyperfine_per_cm: float, frequency_ghz: float) -> tuple[float, ...]:
    """The six fields of the central transition, rising."""
    dopant = resonance_dopant(g_factor, hyperfine_per_cm)
    return tuple(1e3 * float(field) for field in resonance_fields_t(dopant, frequency_ghz, 1.5))


def cdse_field_mt(number: int) -> float:
    """One of them for Mn in CdSe at 9.400 GHz."""
    return fields_mt(2.003, -62.2e-4, X_BAND_GHZ)[number]


def outer_field_mt(g_factor: float, hyperfine_per_cm: float, frequency_ghz: float, *, highest: bool) -> float:
    """The lowest or highest of the six, from the 36 states."""
    return fields_mt(g_factor, hyperfine_per_cm, frequency_ghz)[-1 if highest else 0]


def second_order_mt(g_factor: float, hyperfine_per_cm: float, frequency_ghz: float, m_i: float) -> float:
    """B0 - a m_I - a^2/(2 B0) (I(I+1) - m_I^2) for -1/2 to +1/2, I = 5/2 (Abragam and Bleaney, section 3.4)."""
    centre = 1e3 * frequency_ghz * PLANCK_MEV_PER_GHZ / (g_factor * BOHR_MAGNETON_MEV_PER_T)
    a = 1e3 * hyperfine_per_cm * MEV_PER_INVERSE_CM / (g_factor * BOHR_MAGNETON_MEV_PER_T)
    return centre - a * m_i - a**2 / (2 * centre) * (8.75 - m_i**2)


@cache
def zero_field() -> SpinModel:
    """Mn in CdTe with D0 = 7 ueV, electron spin alone."""
    return spin_model(axial_cdte().dopants[0], Environment(4.0))


@cache
def with_nucleus() -> SpinModel:
    """The same with its nucleus, at 1 T."""
    return spin_model(axial_cdte().dopants[0], Environment(4.0, (0.0, 0.0, 1.0)), nuclear=True)


@cache
def in_field(spin: float = 2.5) -> SpinModel:
    """Electron spin at 0.34 T; spin 1/2 for comparison."""
    dopant = axial_cdte().dopants[0] if spin == 2.5 else Dopant(element="Mn", position_nm=0.0, spin=spin)
    return spin_model(dopant, Environment(4.0, (0.0, 0.0, 0.34)))


def zero_field_line_ghz(m: float) -> float:
    """Frequency from m to m + 1 at zero field."""
    model = zero_field()
    return model.frequency_ghz(model.level(m), model.level(m + 1))


def fine_spacing_ghz() -> float:
    """Mean distance of neighbouring fine-structure lines at 0.34 T along the axis."""
    model = in_field()
    lines = [model.frequency_ghz(model.level(m), model.level(m + 1)) for m in (-2.5, -1.5, -0.5, 0.5, 1.5)]
    return float(np.diff(lines).mean())


def hyperfine_spacing_mhz() -> float:
    """Mean distance of the six hyperfine lines of the central transition at 1 T."""
    model = with_nucleus()
    lines = [model.frequency_ghz(model.level(-0.5, m), model.level(0.5, m)) for m in np.arange(-2.5, 3.0)]
    return 1e3 * float(np.ptp(lines)) / 5


def nutation_ratio(m: float) -> float:
    """Nutation frequency of m to m + 1 over that of a spin 1/2 in the same microwave field."""
    model, half = in_field(), in_field(0.5)
    one = half.nutation_ghz(half.level(-0.5), half.level(0.5), 1.0)
    return model.nutation_ghz(model.level(m), model.level(m + 1), 1.0) / one


def half_turn_ns() -> float:
    """First minimum of |-1/2> under a resonant microwave of 0.1 mT, from the simulated nutation."""
    model = in_field()
    lower, upper = model.level(-0.5), model.level(0.5)
    drive = MicrowaveDrive(model.frequency_ghz(lower, upper), 0.1)
    times = np.linspace(80.0, 160.0, 801)
    population = rabi(model, model.pure(lower), drive, times, model.population(-0.5))
    return float(times[np.argmin(population)])


@cache
def optical_spectrum() -> OdmrSpectrum:
    """Gain of the second pump against microwave frequency about 4 D0, heavy holes only."""
    model = build_model(axial_cdte(), Environment(4.0), heavy_holes_only=True)
    pump = resonant_segment(model, 1.5, outer_line(model).detuning_mev, 500.0)
    return OdmrExperiment(model, pump, 300.0).spectrum(np.linspace(6.6, 6.94, 35), 0.5, 32.0)


def odmr_peak_ghz() -> float:
    """Frequency of the largest gain."""
    seen = optical_spectrum()
    return float(seen.frequencies_ghz[np.argmax(seen.gain)])


def odmr_gain_over_bound() -> float:
    """Largest gain over 1/(1 - efficiency)."""
    return float(optical_spectrum().gain.max() / optical_spectrum().bound)


X_BAND = tuple(
    row(
        f"CdSe, 9.400 GHz: line {number + 1} of 6", "mT", within(expected, 0.05), "independent computation",
        SCRIPT_IN_TESTS, partial(cdse_field_mt, number), "36 states, g = 2.003, A = -62.2e-4 cm^-1",
    )
    for number, expected in enumerate(CDSE_FIELDS_MT)
)  # fmt: skip

OTHER_HOSTS = tuple(
    row(
        f"{host}, {frequency:g} GHz: {name} line", "mT",
        within(round(second_order_mt(g, hyperfine, frequency, m_i), 2), 0.05), "analytic",
        "second-order perturbation theory, Abragam and Bleaney, section 3.4",
        partial(outer_field_mt, g, hyperfine, frequency, highest=name == "highest"),
        f"g = {g}, A = {1e4 * hyperfine:g}e-4 cm^-1",
    )
    for host, g, hyperfine, frequency in (
        ("ZnS", 2.0064, -64.0e-4, X_BAND_GHZ),
        ("ZnSe", 2.0055, -60.4e-4, Q_BAND_GHZ),
        ("CdS", 2.0029, -65.0e-4, X_BAND_GHZ),
    )
    for name, m_i in (("lowest", -2.5), ("highest", 2.5))
)  # fmt: skip

NUTATION = tuple(
    row(
        f"Nutation of m = {m:+g} to {m + 1:+g} against a spin 1/2", "", within(expected, 1e-6), "analytic",
        "sqrt(S(S+1) - m(m+1))", partial(nutation_ratio, m),
    )
    for m, expected in ((-2.5, 5**0.5), (-1.5, 8**0.5), (-0.5, 3.0))
)  # fmt: skip

CHECKS: tuple[Check, ...] = (
    *X_BAND,
    *OTHER_HOSTS,
    row(
        "CdTe, B = 0, D0 = 7 ueV: 2 D0", "GHz", within(3.39, 0.01), "independent computation", SCRIPT,
        partial(zero_field_line_ghz, 0.5),
    ),
    row(
        "CdTe, B = 0, D0 = 7 ueV: 4 D0", "GHz", within(6.77, 0.01), "independent computation", SCRIPT,
        partial(zero_field_line_ghz, 1.5),
    ),
    row(
        "CdTe, 0.34 T along the axis: fine-structure spacing 2 D0/h", "GHz", within(3.3852, 1e-3), "analytic", CLOSED,
        fine_spacing_ghz,
    ),
    row(
        "CdTe, 1 T: hyperfine spacing A/h, A = 0.68 ueV", "MHz", within(164.4, 0.5), "analytic", CLOSED,
        hyperfine_spacing_mhz,
    ),
    *NUTATION,
    row(
        "Central transition, B1 = 0.1 mT peak: half turn", "ns", within(119.1, 0.5), "analytic",
        "h/(3 g mu_B B1)", half_turn_ns, "integrated with the counter-rotating part dropped",
    ),
    row(
        "ODMR, CdTe, B = 0: strongest line", "GHz", within(6.77, 0.015), "independent computation", SCRIPT,
        odmr_peak_ghz, PREDICTION,
    ),
    row(
        "ODMR: largest gain over its bound 1/(1 - efficiency)", "", at_most(1.0), "analytic", "populations",
        odmr_gain_over_bound, PREDICTION,
    ),
)  # fmt: skip
