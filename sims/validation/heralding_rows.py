"""Preparation of the qubit by a click, and heralded entanglement of two dots."""

from functools import cache, partial

import numpy as np

from sims.dot.sample import load_sample
from sims.dynamics.heralding import Herald, double_click, single_click, visibility, visibility_from_times
from sims.dynamics.heralding_simulation import HeraldTrials, simulate_double_click
from sims.dynamics.qubit import Preparation, click_posterior, emit_qubit, prepare_by_click
from sims.validation.check import Check, at_least, within
from sims.validation.dots import cdte, circular_lines
from sims.validation.sources import CLOSED, PAPER, SCRIPT

row = partial(Check, "Heralding")


def herald(seen: float) -> Herald:
    """Two clicks at eta = 0.05, dark probability 1e-6, 1 MHz."""
    return double_click(0.05, 0.05, 1e-6, seen, 1e6)


def fidelity(seen: float) -> float:
    """Its fidelity."""
    return herald(seen).fidelity


@cache
def drawn() -> HeraldTrials:
    """Half a million drawn attempts with visibility 0.8, a coin for every photon, seed 11."""
    return simulate_double_click(500_000, 0.3, 0.0, 1.0, 0.125, np.random.default_rng(11))


def drawn_deviation_sigma() -> float:
    """Drawn minus expected fidelity in standard errors."""
    return (drawn().fidelity - (1 + visibility(1.0, 0.125)) / 2) / drawn().fidelity_error


def drawn_probability_sigma() -> float:
    """Drawn minus expected herald probability in binomial standard errors; expected eta^2/2 = 0.045."""
    expected = 0.045
    return (drawn().probability - expected) / float(np.sqrt(expected * (1 - expected) / drawn().attempts))


@cache
def preparation() -> Preparation:
    """Sigma+ click at the +5/2 line of Mn:CdTe behind a filter of 30 ueV, line of 50 ueV."""
    return prepare_by_click(
        load_sample("mn-cdte-znte"), (0.0, 0.0, 0.0), 2.5, line_fwhm_mev=0.05, filter_fwhm_mev=0.03, efficiency=0.05,
        dark_probability=1e-6,
    )  # fmt: skip


def bayes_by_hand() -> float:
    """Library minus eta_k/(sum eta_j + dark) for transmissions 0.5, 0.02, 0.005, 0.002, 0.001, 0."""
    passed = np.array([0.5, 0.02, 0.005, 0.002, 0.001, 0.0])
    posterior, _ = click_posterior(np.full(6, 1 / 6), np.full(6, 0.05), passed, 1e-4)
    return float(posterior[0]) - (0.025 + 1e-4) / (0.05 * 0.528 + 6e-4)


def degeneracy_mev() -> float:
    """Energy of the (sigma+, +5/2) line minus that of (sigma-, -5/2) at zero field: the highest of both helicities."""
    sample = cdte(heavy_holes_only=True, crystal_field=False)
    plus, minus = (circular_lines(sample, sigma_plus=up, least_share=0.5)[0].max() for up in (True, False))
    return float(plus - minus)


def qubit_overlap() -> float:
    """Fidelity of the spin-photon state with a|+5/2, sigma+> + b|-5/2, sigma->, a = 0.6, b = 0.8i."""
    return emit_qubit(cdte(heavy_holes_only=False, crystal_field=False), 0.6, 0.8j).fidelity(0.6, 0.8j)


CHECKS: tuple[Check, ...] = (
    row(
        "Two clicks, V = 0.2: fidelity", "", within(0.60, 2e-3), "independent computation", SCRIPT,
        partial(fidelity, 0.2),
    ),
    row(
        "Two clicks, V = 0.9: fidelity", "", within(0.95, 2e-3), "independent computation", SCRIPT,
        partial(fidelity, 0.9),
    ),
    row(
        "Two clicks, eta = 0.05: probability", "1e-3", within(1.25, 1e-3), "independent computation", SCRIPT,
        lambda: 1e3 * herald(0.9).true_probability,
    ),
    row("Visibility from T1 = 2 ns, T2 = 1 ns", "", within(0.25, 1e-12), "analytic", "V = T2/2T1",
        lambda: visibility_from_times(2.0, 1.0)),
    row(
        "One click, alpha = 0.01, V = 0.81: fidelity", "", within(0.9405, 1e-6), "analytic", CLOSED,
        lambda: single_click(0.01, 0.05, 0.0, 0.81, 1e6).fidelity,
    ),
    row(
        "Drawn attempts: fidelity minus (1 + V)/2", "sigma", within(0.0, 3.0), "analytic", "Monte Carlo, seed 11",
        drawn_deviation_sigma,
    ),
    row(
        "Drawn attempts: herald probability minus eta^2/2", "sigma", within(0.0, 3.0), "analytic",
        "Monte Carlo, seed 11", drawn_probability_sigma,
    ),
    row(
        "Click at the +5/2 line of CdTe, 30 ueV filter: posterior", "", at_least(0.95), "calibrated",
        f"{PAPER}, section 2.4: the click prepares the spin", lambda: preparation().fidelity,
        "the filter's width was chosen to pass the criterion of 0.95; the prior is 1/6",
    ),
    row("Posterior minus Bayes' rule by hand", "", within(0.0, 1e-12), "analytic", CLOSED, bayes_by_hand),
    row(
        "B = 0: line (sigma+, +5/2) minus line (sigma-, -5/2)", "meV", within(0.0, 1e-6), "independent computation",
        SCRIPT, degeneracy_mev,
    ),
    row(
        "Linear light on it: fidelity of the spin-photon state", "", at_least(0.98), "independent computation",
        SCRIPT, qubit_overlap, "ideal dot, light holes 30 meV above",
    ),
)  # fmt: skip
