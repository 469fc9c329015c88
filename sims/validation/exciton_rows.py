"""Exciton and dopant in one dot: lines, spacings, crossings, names of levels."""

from functools import cache, partial

import numpy as np

from sims.basics.spins import FloatArray, eigenstates
from sims.dot.exciton import exciton_hamiltonian, ground_manifold, heavy_bright_states, heavy_dark_states
from sims.dot.levels import level_scheme
from sims.dot.line_lists import absorption_lines
from sims.dot.multiplets import Crossing, bright_dark_crossings, exciton_multiplets
from sims.dot.stimulus import Environment
from sims.validation.check import Check, between, exactly, within
from sims.validation.dots import HOT_K, average_cdse, axial_cdte, cdte, centred_cdse, circular_lines
from sims.validation.sources import BESOMBES_2004, CLOSED, SCRIPT, SCRIPT_IN_TESTS

row = partial(Check, "Exciton and one Mn2+")

NO_LIGHT_HOLES = {"heavy_holes_only": True, "crystal_field": False}
CROSSING_FIELDS_T = {1.5: 7.5, 0.5: 8.0, -0.5: 8.45, -1.5: 8.95, -2.5: 9.45}


@cache
def heavy_hole_lines_mev() -> tuple[float, ...]:
    """Energies of the sigma+ lines of Mn:CdTe at zero field, heavy holes alone."""
    energies, _ = circular_lines(cdte(**NO_LIGHT_HOLES), sigma_plus=True, least_share=0.1)
    return tuple(float(energy) for energy in energies)


def total_splitting_mev(*, heavy_holes_only: bool) -> float:
    """Distance of the outermost sigma+ heavy-hole lines at zero field."""
    sample = cdte(heavy_holes_only=heavy_holes_only, crystal_field=False)
    energies, _ = circular_lines(sample, sigma_plus=True, window_mev=15.0, least_share=0.5)
    return float(np.ptp(energies))


def spacing_mev(number: int) -> float:
    """Distance of neighbouring lines, number 0 at the high-energy end."""
    return float(np.diff(heavy_hole_lines_mev())[::-1][number])


def largest_dark_admixture() -> float:
    """Largest weight of the dark excitons in the eigenstates of the bright lines, in per cent."""
    _, vectors = eigenstates(exciton_hamiltonian(cdte(**NO_LIGHT_HOLES), (0.0, 0.0, 0.0)))
    weights = (np.abs(vectors.reshape(8, 6, -1)) ** 2).sum(axis=1)
    bright, dark = weights[heavy_bright_states()].sum(axis=0), weights[heavy_dark_states()].sum(axis=0)
    return 100 * float(dark[bright > 0.5].max())


def projection_of_lowest_line(*, sigma_plus: bool) -> float:
    """Dopant projection of the ground state from which the lowest line of that helicity starts."""
    scheme = level_scheme(cdte(**NO_LIGHT_HOLES), Environment(HOT_K))
    lines = absorption_lines(scheme, np.full(scheme.n_ground, 1 / scheme.n_ground))
    strength = lines.strength("sigma+" if sigma_plus else "sigma-")
    strong = np.flatnonzero(strength > 0.5 * strength.max())
    lowest = strong[np.argmin(lines.energy_mev[strong])]
    return float(2.5 - np.argmax(np.abs(scheme.ground.vectors[:, lines.lower[lowest]])))


@cache
def crossings() -> tuple[Crossing, ...]:
    """Bright-dark crossings of the sigma- lines, heavy holes alone."""
    return bright_dark_crossings(cdte(**NO_LIGHT_HOLES))


def crossing(m: float) -> Crossing:
    """The crossing of the line of that dopant projection."""
    return min(crossings(), key=lambda one: abs(one.dopant_projection - m))


def crossing_field_t(m: float) -> float:
    """Its field."""
    return crossing(m).field_t


@cache
def last_crossing_with_light_holes_t() -> float:
    """Field of the crossing from -5/2 when the light holes are 30 meV above."""
    return max(one.field_t for one in bright_dark_crossings(cdte(heavy_holes_only=False, crystal_field=False)))


def colloidal_lines() -> FloatArray:
    """Sigma+ lines of Mn at the centre of CdSe, R = 2 nm, Delta = 20 meV."""
    return circular_lines(centred_cdse(), sigma_plus=True, merge_mev=0.3, least_share=0.05)[0]


def average_lines() -> FloatArray:
    """The same with Mn at the volume-average position."""
    return circular_lines(average_cdse(), sigma_plus=True, window_mev=10.0, least_share=0.2)[0]


def sphere_levels() -> list[tuple[float, int]]:
    """(F, degeneracy) of the levels of a centred Mn without heavy-light splitting, rising in F."""
    levels = exciton_multiplets(centred_cdse(0.0), tolerance_mev=1e-3)
    return sorted((round(2 * level.total_spin) / 2, level.degeneracy) for level in levels)


def level_labels_agree() -> float:
    """How many of the levels have F of {1/2, 3/2, 3/2, 5/2, 5/2, 7/2, 7/2, 9/2} and 2F + 1 states."""
    expected = [0.5, 1.5, 1.5, 2.5, 2.5, 3.5, 3.5, 4.5]
    found = sphere_levels()
    return sum(level == (f, round(2 * f + 1)) for level, f in zip(found, expected, strict=False))


def mean_energy_of_states_mev() -> float:
    """Trace of the 48-state Hamiltonian over 48 at zero field, relative to the bright exciton without dopant."""
    hamiltonian = exciton_hamiltonian(axial_cdte(), (0.0, 0.0, 0.0))
    return float(np.trace(hamiltonian).real) / len(hamiltonian)


def charged_ground_splitting_mev() -> float:
    """Distance of J = 3 and J = 2 that the resident electron of X- makes with Mn in the dark."""
    sample = cdte(**NO_LIGHT_HOLES).model_copy(update={"charge": -1})
    return float(np.ptp(ground_manifold(sample, (0.0, 0.0, 0.0)).energies_mev))


SPACINGS = tuple(
    row(
        f"CdTe, B = 0: spacing {number + 1} of 5 from the top", "meV", within(expected, 6e-4),
        "independent computation", SCRIPT_IN_TESTS, partial(spacing_mev, number),
    )
    for number, expected in enumerate((0.257, 0.259, 0.260, 0.263, 0.266))
)  # fmt: skip

CROSSINGS = tuple(
    row(
        f"CdTe, sigma-: bright-dark crossing from m = {m:+g}", "T", within(expected, 0.05),
        "independent computation", SCRIPT_IN_TESTS, partial(crossing_field_t, m), "heavy holes only",
    )
    for m, expected in CROSSING_FIELDS_T.items()
)  # fmt: skip

CHECKS: tuple[Check, ...] = (
    row(
        "CdTe, B = 0: number of bright lines", "", exactly(6), "calibrated", BESOMBES_2004,
        lambda: len(heavy_hole_lines_mev()), "exchange constants were set so that the published spectrum comes out",
    ),
    row(
        "CdTe, B = 0: total splitting", "meV", within(1.30, 0.02), "calibrated", BESOMBES_2004,
        lambda: total_splitting_mev(heavy_holes_only=True), "I_e and I_h were set to give 1.3 meV",
    ),
    row(
        "CdTe, B = 0: total splitting, same constants", "meV", within(1.304, 6e-4), "independent computation",
        SCRIPT_IN_TESTS, lambda: total_splitting_mev(heavy_holes_only=True),
    ),
    row(
        "CdTe, B = 0: total splitting with light holes 30 meV above", "meV", within(1.306, 6e-4),
        "independent computation", SCRIPT_IN_TESTS, lambda: total_splitting_mev(heavy_holes_only=False),
    ),
    row(
        "CdTe, B = 0: first order 5(3 I_h + |I_e|)/2", "meV", within(1.300, 0.005), "analytic", CLOSED,
        lambda: total_splitting_mev(heavy_holes_only=True),
        "second order in I_e over delta_0 adds 0.004 meV, hence the tolerance",
    ),
    *SPACINGS,
    row(
        "CdTe, B = 0: largest dark admixture in a line", "%", within(0.7, 0.05), "independent computation", SCRIPT,
        largest_dark_admixture, "stated as at most 0.7 %, rounded",
    ),
    row(
        "CdTe: dopant projection of the lowest sigma+ line", "", exactly(-2.5), "independent computation", SCRIPT,
        lambda: projection_of_lowest_line(sigma_plus=True),
    ),
    row(
        "CdTe: dopant projection of the lowest sigma- line", "", exactly(2.5), "analytic", "time reversal",
        lambda: projection_of_lowest_line(sigma_plus=False),
    ),
    *CROSSINGS,
    row(
        "CdTe, sigma-: gap at the outermost crossings, sqrt(5) |I_e|", "meV", within(0.157, 0.003),
        "independent computation", SCRIPT_IN_TESTS, lambda: crossing(-2.5).gap_mev,
    ),
    row(
        "CdTe, sigma-: gap at the middle crossing, 3 |I_e|", "meV", within(0.21, 0.003), "analytic", CLOSED,
        lambda: crossing(-0.5).gap_mev,
    ),
    row(
        "CdTe, sigma-: lowest crossing against experiment", "T", within(7.0, 0.7), "published",
        f"{BESOMBES_2004}: anticrossings around 7 T, remembered", lambda: crossing(1.5).field_t,
        "g_e, kappa and delta_0 are textbook values, not fitted",
    ),
    row(
        "CdTe: the 9.45 T crossing with light holes 30 meV above (54 levels)", "T", within(9.45, 0.05),
        "independent computation", SCRIPT, last_crossing_with_light_holes_t,
        "9.45 T belongs to heavy holes alone (30 levels); light-hole admixture lowers it by 0.08 T",
        reproducible=False,
    ),
    row(
        "CdSe, R = 2 nm, Mn at the centre: number of lines", "", within(17, 1), "independent computation", SCRIPT,
        lambda: len(colloidal_lines()), "exchange exceeds the splitting of the holes: six lines are not automatic",
    ),
    row(
        "CdSe, R = 2 nm, Mn at the centre: range of the lines", "meV", between(70, 80), "independent computation",
        SCRIPT, lambda: float(np.ptp(colloidal_lines())),
    ),
    row(
        "CdSe, Mn at the volume-average position: number of lines", "", exactly(6), "independent computation", SCRIPT,
        lambda: len(average_lines()),
    ),
    row(
        "CdSe, Mn at the volume-average position: smallest spacing", "meV", within(1.60, 0.02),
        "independent computation", SCRIPT, lambda: float(np.diff(average_lines()).min()),
    ),
    row(
        "CdSe, Mn at the volume-average position: largest spacing", "meV", within(1.89, 0.02),
        "independent computation", SCRIPT, lambda: float(np.diff(average_lines()).max()),
    ),
    row(
        "CdSe, Mn at the volume-average position: total splitting", "meV", within(8.7, 0.05),
        "independent computation", SCRIPT, lambda: float(np.ptp(average_lines())),
    ),
    row(
        "Sphere without heavy-light splitting: number of levels", "", exactly(8), "analytic",
        "coupling of 1/2, 3/2 and 5/2", lambda: len(sphere_levels()),
    ),
    row(
        "Sphere: levels with the right total spin F and 2F + 1 states", "", exactly(8), "analytic",
        "coupling of 1/2, 3/2 and 5/2", level_labels_agree,
    ),
    row(
        "CdTe: mean of the 48 exciton states, (Delta - delta_0)/2", "meV",
        within(14.5, 1e-9), "analytic", "trace of the Hamiltonian", mean_energy_of_states_mev,
    ),
    row(
        "X-, CdTe: dark J = 3 to J = 2 splitting, 3 |I_e|", "meV", within(0.21, 1e-3), "analytic", CLOSED,
        charged_ground_splitting_mev,
    ),
)  # fmt: skip
