"""Hyperfine-split spin resonances of one dopant: exact lines, search, likelihood fit.

Spin Hamiltonian (frequency units, field along the axis z):

    H/h = D [S_z² − S(S+1)/3] + E (S_x² − S_y²) + (a/6) Σ S_i⁴ + A S·I + (g μ_B/h) B S_z

D, E, a, A signed; the nuclear Zeeman term (10 MHz/T, the same for both levels of an electron transition) is left out.
H → −H does not change a frequency, so at zero field only the sign of A relative to D can be seen; D > 0 is taken there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import constants

from analysis.likelihood import Model, PoissonFit, fit_poisson, significance

FloatArray = npt.NDArray[np.float64]

BOHR_GHZ_PER_T = constants.value("Bohr magneton in Hz/T") * 1e-9
GHZ_PER_UEV = constants.e * 1e-6 / constants.h * 1e-9
_WEAKEST_STICK = 0.02
LORENTZIAN, GAUSSIAN = "Lorentzian", "Gaussian"


@dataclass(frozen=True)
class DopantSpin:
    """What is known of the dopant beforehand: spins, g factor, and small terms held fixed (GHz)."""

    spin: float = 2.5
    nuclear_spin: float = 2.5
    g_factor: float = 2.0
    rhombic_ghz: float = 0.0
    cubic_ghz: float = 0.0
    expected_d_ghz: float = 1.0
    """Only to choose among the solutions that the frequency alone cannot tell apart."""

    @property
    def n_lines(self) -> int:
        """Hyperfine lines of one electron transition."""
        return round(2 * self.nuclear_spin) + 1


@dataclass(frozen=True)
class Sticks:
    """Resonances of one transition: ``frequency_ghz`` and ``share`` (n,), ``line`` (n,) the index of m_I, −I first.

    The shares of each m_I add up to 1; mixing of states can split a line into several.
    """

    frequency_ghz: FloatArray
    share: FloatArray
    line: npt.NDArray[np.intp]


@dataclass(frozen=True)
class Sweep:
    """A resonance sweep; all (n_points,). ``on``, ``off``: counts with and without microwave, of equal exposure."""

    frequency_ghz: FloatArray
    on: FloatArray
    off: FloatArray
    field_t: FloatArray


@dataclass(frozen=True)
class ResonanceFit:
    """Six-line (2I + 1) fit. Order of ``fit.values``: see the module's indices.

    ``line_contrast``, ``line_error`` (n_lines,): each line's own peak contrast, m_I = −I first, positions from the
    joint fit. ``line_frequency_ghz``: where each line lies, at the mean field. ``significance``: of all lines
    against none. ``centre_ghz``: frequency of the transition without hyperfine coupling. ``peak_contrast``: height of
    the fitted lines above the baseline, mean over the lines. ``error_scale``: by how much errors were scaled because
    the counts scatter more than Poisson (blinking, drift); it is already in every error of this class, not in ``fit``.
    ``deviance`` over ``dof`` is the goodness of fit, given the total counts of each point.
    """

    fit: PoissonFit
    shape: str
    target: float
    centre_ghz: float
    centre_error_ghz: float
    line_frequency_ghz: FloatArray
    line_contrast: FloatArray
    line_error: FloatArray
    significance: float
    error_scale: float
    peak_contrast: float
    peak_contrast_error: float
    deviance: float
    dof: int


BASELINE, CONTRAST, D_GHZ, A_GHZ, WIDTH_GHZ = range(5)


@lru_cache(maxsize=16)
def spin_matrices(spin: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(S_z, S₊, S₋), each (2S+1, 2S+1), real, states in the order m = S … −S."""
    m = spin - np.arange(round(2 * spin) + 1)
    plus = np.diag(np.sqrt(spin * (spin + 1) - m[1:] * (m[1:] + 1)), k=1)
    return np.diag(m), plus, np.asarray(plus.T)


def hamiltonian_ghz(dopant: DopantSpin, d_ghz: float, a_ghz: float, field_t: float) -> FloatArray:
    """H/h in GHz, real symmetric, electron ⊗ nucleus, both with the highest projection first."""
    sz, plus, minus = spin_matrices(dopant.spin)
    iz, nuclear_plus, nuclear_minus = spin_matrices(dopant.nuclear_spin)
    one, nuclear_one = np.eye(sz.shape[0]), np.eye(iz.shape[0])
    square = sz @ sz
    x2 = (plus + minus) @ (plus + minus) / 4.0
    y2 = -(plus - minus) @ (plus - minus) / 4.0
    electron = d_ghz * (square - dopant.spin * (dopant.spin + 1) / 3.0 * one)
    electron = electron + dopant.rhombic_ghz * (x2 - y2)
    electron = electron + dopant.cubic_ghz / 6.0 * (square @ square + x2 @ x2 + y2 @ y2)
    electron = electron + dopant.g_factor * BOHR_GHZ_PER_T * field_t * sz
    coupling = np.kron(sz, iz) + 0.5 * (np.kron(plus, nuclear_minus) + np.kron(minus, nuclear_plus))
    return np.asarray(np.kron(electron, nuclear_one) + a_ghz * coupling, dtype=np.float64)


def sticks(
    dopant: DopantSpin, d_ghz: float, a_ghz: float, field_t: float, start: float, target: float
) -> Sticks:
    """Microwave resonances from m_S = ``start`` to the neighbouring ``target``, by exact diagonalisation.

    Weight of i → j for a nuclear projection: |⟨j|P_target S_x P_start,m_I|i⟩|², which does not depend on how a
    degenerate pair of states is mixed.
    """
    energy, states = np.linalg.eigh(hamiltonian_ghz(dopant, d_ghz, a_ghz, field_t))
    n_nuclear = dopant.n_lines
    lower, upper = (round(dopant.spin - m) for m in (start, target))
    from_start = states[lower * n_nuclear : (lower + 1) * n_nuclear]  # (m_I, state), m_I = +I first
    to_target = states[upper * n_nuclear : (upper + 1) * n_nuclear]
    frequency, share, line = [], [], []
    distance = np.abs(energy[:, None] - energy[None, :])
    for k in range(n_nuclear):
        weight = np.outer(from_start[k] ** 2, to_target[k] ** 2)
        weight = np.where(weight > _WEAKEST_STICK * np.max(weight), weight, 0.0)
        i, j = np.nonzero(weight)
        frequency.append(distance[i, j])
        share.append(weight[i, j] / np.sum(weight))
        line.append(np.full(i.size, n_nuclear - 1 - k))
    return Sticks(np.concatenate(frequency), np.concatenate(share), np.concatenate(line).astype(np.intp))


def centre_ghz(dopant: DopantSpin, d_ghz: float, field_t: float, start: float, target: float) -> float:
    """Frequency of the transition without hyperfine coupling (A → 0), GHz."""
    bare = DopantSpin(
        dopant.spin, 0.0, dopant.g_factor, dopant.rhombic_ghz, dopant.cubic_ghz, dopant.expected_d_ghz
    )
    found = sticks(bare, d_ghz, 0.0, field_t, start, target)
    return float(np.sum(found.share * found.frequency_ghz))


def neighbours(dopant: DopantSpin, start: float) -> tuple[float, ...]:
    """Projections next to ``start`` whose distance depends on D: those of another |m|."""
    return tuple(
        m for m in (start - 1.0, start + 1.0) if abs(m) <= dopant.spin and abs(abs(m) - abs(start)) > 1e-9
    )


def d_from_centre(dopant: DopantSpin, centre: float, field_t: float, start: float, target: float) -> float:
    """D (GHz) for which the transition lies at ``centre``, axial; of the two roots the one nearest the expected D."""
    zeeman = dopant.g_factor * BOHR_GHZ_PER_T * field_t * (start - target)
    factor = start**2 - target**2
    roots = [(sign * centre - zeeman) / factor for sign in (1.0, -1.0)]
    return min(roots, key=lambda d: abs(d - abs(dopant.expected_d_ghz)))


def line_shape(offset_ghz: FloatArray, fwhm_ghz: float, shape: str) -> FloatArray:
    """Line of unit height."""
    u = 2.0 * offset_ghz / fwhm_ghz
    if shape == GAUSSIAN:
        return np.asarray(np.exp(-np.log(2.0) * u**2), dtype=np.float64)
    return np.asarray(1.0 / (1.0 + u**2), dtype=np.float64)


def multiplet(
    sweep: Sweep, dopant: DopantSpin, d_ghz: float, a_ghz: float, width: float, ends: tuple[float, float], shape: str
) -> FloatArray:
    """Every hyperfine line on the points of the sweep, unit height each: (n_points, n_lines)."""
    lines = np.zeros((sweep.frequency_ghz.size, dopant.n_lines))
    fields = [float(np.mean(sweep.field_t))] if _one_field(sweep) else sorted({float(b) for b in sweep.field_t})
    for field in fields:
        rows = np.arange(lines.shape[0]) if len(fields) == 1 else np.flatnonzero(sweep.field_t == field)
        found = sticks(dopant, d_ghz, a_ghz, field, *ends)
        heights = line_shape(sweep.frequency_ghz[rows, None] - found.frequency_ghz, width, shape) * found.share
        for k in range(dopant.n_lines):
            lines[rows, k] = heights[:, found.line == k].sum(axis=1)
    return lines


def _one_field(sweep: Sweep) -> bool:
    """True when the field's spread moves a line by less than 1 MHz: then it is read-back noise."""
    return float(np.ptp(sweep.field_t)) * 2.0 * BOHR_GHZ_PER_T < 1e-3


def contrast(sweep: Sweep) -> tuple[FloatArray, FloatArray]:
    """on/off − 1 and its standard error at each point (n_points,); for plots and the search, not for the fit."""
    off = np.maximum(sweep.off, 1.0)
    ratio = sweep.on / off
    return ratio - 1.0, ratio * np.sqrt(1.0 / np.maximum(sweep.on, 1.0) + 1.0 / off)


def _counts_model(sweep: Sweep, shape_of: Callable[[FloatArray], tuple[FloatArray, FloatArray]]) -> Model:
    """Expected (on, off) counts, (2 n,), given each point's total: the reference rate drops out, drifts do no harm."""
    total = sweep.on + sweep.off

    def model(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        excess, slopes = shape_of(theta)
        ratio = np.maximum(1.0 + excess, 1e-6)
        on = total * ratio / (1.0 + ratio)
        rise = (total / (1.0 + ratio) ** 2)[:, None] * slopes
        return np.concatenate((on, total - on)), np.vstack((rise, -rise))

    return model


def fit_multiplet(sweep: Sweep, dopant: DopantSpin, start: float) -> ResonanceFit:
    """Fit D, A, common width and contrast of the hyperfine multiplet of transitions from m_S = ``start``.

    Tries both signs of A, Lorentzian and Gaussian lines, and every neighbouring projection; the likelihood decides.
    Raises ValueError when the sweep is too short or no transition from ``start`` depends on D.
    """
    if sweep.frequency_ghz.size < 8:
        raise ValueError(f"the sweep has {sweep.frequency_ghz.size} points: a fit of a multiplet needs at least 8")
    targets = neighbours(dopant, start)
    if not targets:
        raise ValueError(f"no transition from m_S = {start:g} depends on D for a spin of {dopant.spin:g}")
    flat = _flat(sweep)
    best: tuple[PoissonFit, str, float] | None = None
    for target in targets:
        guesses = _search(sweep, dopant, start, target)
        for theta in guesses:
            trial = _fit_from(sweep, dopant, theta, (start, target), LORENTZIAN, 12)
            if best is None or trial.deviance < best[0].deviance:
                best = (trial, LORENTZIAN, target)
    assert best is not None  # noqa: S101 - targets and guesses are never empty
    coarse, _, target = best
    finals = [
        (_fit_from(sweep, dopant, coarse.values, (start, target), shape, 60), shape) for shape in (LORENTZIAN, GAUSSIAN)
    ]
    fit, shape = min(finals, key=lambda pair: pair[0].deviance)
    return _describe(sweep, dopant, fit, shape, (start, target), flat)


def _flat(sweep: Sweep) -> PoissonFit:
    """No resonance: the microwave changes the counts by the same factor everywhere."""
    ones = np.ones((sweep.on.size, 1))
    model = _counts_model(sweep, lambda theta: (np.full(sweep.on.size, theta[0]), ones))
    data = np.concatenate((sweep.on, sweep.off))
    return fit_poisson(model, data, [0.0], [-0.99], [100.0])


def _fit_from(
    sweep: Sweep, dopant: DopantSpin, theta: FloatArray, ends: tuple[float, float], shape: str, steps: int
) -> PoissonFit:
    span = float(np.ptp(sweep.frequency_ghz)) or 1.0
    spacing = span / max(sweep.frequency_ghz.size - 1, 1)

    def excess(p: FloatArray) -> FloatArray:
        lines = multiplet(sweep, dopant, float(p[D_GHZ]), float(p[A_GHZ]), float(p[WIDTH_GHZ]), ends, shape)
        return np.asarray(p[BASELINE] + p[CONTRAST] * lines.sum(axis=1), dtype=np.float64)

    def with_slopes(p: FloatArray) -> tuple[FloatArray, FloatArray]:
        value = excess(p)
        slopes = np.empty((value.size, p.size))
        slopes[:, BASELINE] = 1.0
        slopes[:, CONTRAST] = (value - p[BASELINE]) / (p[CONTRAST] or 1e-12)
        for k, size in ((D_GHZ, 1e-5), (A_GHZ, 1e-5), (WIDTH_GHZ, 1e-3 * float(p[WIDTH_GHZ]))):
            step = np.zeros(p.size)
            step[k] = size
            slopes[:, k] = (excess(p + step) - excess(p - step)) / (2.0 * size)
        return value, slopes

    low = np.array([-0.9, -0.95, theta[D_GHZ] - 0.5 * span, theta[A_GHZ] - 0.1, 0.3 * spacing])
    high = np.array([5.0, 50.0, theta[D_GHZ] + 0.5 * span, theta[A_GHZ] + 0.1, max(span / 2, spacing)])
    data = np.concatenate((sweep.on, sweep.off))
    return fit_poisson(_counts_model(sweep, with_slopes), data, np.clip(theta, low, high), low, high, max_steps=steps)


def _search(sweep: Sweep, dopant: DopantSpin, start: float, target: float) -> list[FloatArray]:
    """Start values: best matches of a coarse grid of centre, A (both signs) and width, by weighted least squares.

    Lines on the grid are placed by second-order perturbation theory, good to a few MHz.
    """
    value, error = contrast(sweep)
    weight = 1.0 / error**2
    signal = value - np.sum(weight * value) / np.sum(weight)
    frequency, field = sweep.frequency_ghz, float(np.mean(sweep.field_t))
    span = float(np.ptp(frequency))
    spacing = span / (frequency.size - 1)
    centres = np.arange(frequency.min() - 0.1 * span, frequency.max() + 0.1 * span, max(spacing, 0.004))
    couplings = np.arange(0.03, 0.42, 0.006) if dopant.nuclear_spin > 0 else np.array([0.0])
    widths = sorted({max(0.012, spacing), max(0.03, 1.5 * spacing)})
    found: list[tuple[float, FloatArray]] = []
    for sign in (1.0, -1.0) if dopant.nuclear_spin > 0 else (1.0,):
        for coupling in sign * couplings:
            d = np.array([d_from_centre(dopant, float(c), field, start, target) for c in centres])
            places = second_order_lines(dopant, d, float(coupling), field, start, target)  # (centres, lines)
            for width in widths:
                lines = line_shape(frequency[:, None, None] - places, width, LORENTZIAN).sum(axis=2)
                lines = lines - (weight @ lines) / np.sum(weight)
                power = (weight * signal) @ lines
                norm = np.maximum(weight @ lines**2, 1e-300)
                best = int(np.argmax(power**2 / norm))
                theta = np.array([0.0, power[best] / norm[best], d[best], coupling, width])
                found.append((float(power[best] ** 2 / norm[best]), theta))
    found.sort(key=lambda pair: -pair[0])
    chosen: list[FloatArray] = []
    for sign in (1.0, -1.0):
        same = [theta for _, theta in found if theta[A_GHZ] * sign >= 0]
        chosen += same[:3]
    return chosen


def second_order_lines(
    dopant: DopantSpin, d_ghz: FloatArray, a_ghz: float, field_t: float, start: float, target: float
) -> FloatArray:
    """Frequencies (n, n_lines) for many D (n,), to second order in A; E and a ignored. Only for the search."""
    m_nuclear = -dopant.nuclear_spin + np.arange(dopant.n_lines)

    def level(m: float, nuclear: FloatArray) -> FloatArray:
        zeeman = dopant.g_factor * BOHR_GHZ_PER_T * field_t
        energy = d_ghz[:, None] * m**2 + zeeman * m + a_ghz * m * nuclear
        for step in (1.0, -1.0):
            if abs(m + step) > dopant.spin:
                continue
            gap = d_ghz[:, None] * (m**2 - (m + step) ** 2) - zeeman * step
            gap = np.where(np.abs(gap) < 0.05, np.inf, gap)
            raising = dopant.spin * (dopant.spin + 1) - m * (m + step)
            lowering = dopant.nuclear_spin * (dopant.nuclear_spin + 1) - nuclear * (nuclear - step)
            energy = energy + 0.25 * a_ghz**2 * raising * np.maximum(lowering, 0.0) / gap
        return np.asarray(energy, dtype=np.float64)

    return np.abs(level(start, m_nuclear) - level(target, m_nuclear))


def _describe(
    sweep: Sweep, dopant: DopantSpin, fit: PoissonFit, shape: str, ends: tuple[float, float], flat: PoissonFit
) -> ResonanceFit:
    d, a, width = (float(fit.values[k]) for k in (D_GHZ, A_GHZ, WIDTH_GHZ))
    field = float(np.mean(sweep.field_t))
    centre = centre_ghz(dopant, d, field, *ends)
    slope = (centre_ghz(dopant, d + 1e-4, field, *ends) - centre_ghz(dopant, d - 1e-4, field, *ends)) / 2e-4
    dof = sweep.on.size - 5
    scale = float(np.sqrt(max(1.0, fit.deviance / dof))) if dof > 0 else 1.0
    lines = multiplet(sweep, dopant, d, a, width, ends, shape)
    n = dopant.n_lines

    def separate(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        return lines @ theta[1:] + theta[0], np.column_stack((np.ones(sweep.on.size), lines))

    data = np.concatenate((sweep.on, sweep.off))
    heights = np.clip(np.append(fit.values[BASELINE], np.full(n, fit.values[CONTRAST])), -0.15, 50.0)
    each = fit_poisson(_counts_model(sweep, separate), data, heights, np.full(n + 1, -0.16), np.full(n + 1, 60.0))
    found = sticks(dopant, d, a, field, *ends)
    offsets = found.frequency_ghz[:, None] - found.frequency_ghz
    peaks = [
        float(np.max(line_shape(offsets[:, found.line == k], width, shape) @ found.share[found.line == k]))
        for k in range(n)
    ]
    peak = float(np.mean(peaks))
    places = [float(np.sum((found.share * found.frequency_ghz)[found.line == k])) for k in range(n)]
    return ResonanceFit(
        fit=fit,
        shape=shape,
        target=ends[1],
        centre_ghz=centre,
        centre_error_ghz=abs(slope) * float(fit.errors[D_GHZ]) * scale,
        line_frequency_ghz=np.array(places),
        line_contrast=each.values[1:],
        line_error=each.errors[1:] * scale,
        significance=significance((flat.deviance - fit.deviance) / scale**2, 4),
        error_scale=scale,
        peak_contrast=float(fit.values[CONTRAST]) * peak,
        peak_contrast_error=float(fit.errors[CONTRAST]) * peak * scale,
        deviance=fit.deviance,
        dof=dof,
    )
