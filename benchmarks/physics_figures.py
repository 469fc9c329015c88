"""The figures of docs/physics.md, each drawn from the engine. Called by physics_page.py."""

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl  # noqa: TID253
import matplotlib.pyplot as plt  # noqa: TID253
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure  # noqa: TID253

from sims.basics.spins import FloatArray
from sims.coherence.geometry import median_surface_inverse_sixth_per_nm4, surface_inverse_sixth_per_nm4
from sims.coherence.inputs import DotGeometry
from sims.coherence.inputs import Environment as SpinEnvironment
from sims.coherence.noise_sources import SurfaceSpins
from sims.coherence.scans import t2_against_shell
from sims.dot.core_shell_zeeman import bussian_series, znse_cdse_pair
from sims.dot.exciton import exciton_hamiltonian, ground_manifold, heavy_bright_states
from sims.dot.field_sweep import field_lines, field_swept_spectrum, powder_spectrum
from sims.dot.levels import level_scheme
from sims.dot.line_lists import absorption_lines
from sims.dot.magnetisation import giant_zeeman_of, giant_zeeman_splitting_mev, mean_spin
from sims.dot.sample import Sample
from sims.dot.stimulus import Environment
from sims.dynamics.pumping import (
    efficiency_against_transverse_field,
    outer_line,
    pumping_transient,
    recovery_against_delay,
    resonant_segment,
)
from sims.dynamics.switching import Pulse, PulseTrain, switching_model, trajectory
from sims.photons.source import PhotonSource
from sims.validation import photon_rows, pumping_rows, resonance_rows, switching_rows
from sims.validation.dots import HOT_K, average_cdse, axial_cdte, cdte, centred_cdse, resonance_dopant

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, BLACK = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000",
)  # fmt: skip
"""Colours that colour-blind readers tell apart (Okabe and Ito)."""
STYLE = {
    "figure.dpi": 110, "savefig.dpi": 110, "font.size": 10, "axes.titlesize": 10, "legend.fontsize": 8.5,
    "legend.frameon": False, "axes.spines.top": False, "axes.spines.right": False,
    "figure.constrained_layout.use": True,
}  # fmt: skip
TagArray = npt.NDArray[np.int64]
PROJECTIONS = np.arange(2.5, -3, -1)


def draw_all(folder: Path) -> None:
    """Write every physics-*.png."""
    mpl.use("Agg")
    figures: dict[str, Callable[[], Figure]] = {
        "levels": levels, "six-lines": six_lines, "pumping": pumping, "brillouin": brillouin, "esr": esr,
        "t2-shell": t2_shell, "switching": switching, "envelopes": envelopes, "photons": photons,
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(STYLE):
        for name, draw in figures.items():
            figure = draw()
            figure.savefig(folder / f"physics-{name}.png", metadata={"Software": None})
            plt.close(figure)


def levels() -> Figure:
    """Exciton levels of Mn:CdTe against field, coloured by their bright share; sigma- lines at the anticrossings."""
    sample = cdte(heavy_holes_only=True, crystal_field=False)
    fields = np.linspace(0.0, 12.0, 241)
    zero = exciton_hamiltonian(sample, (0.0, 0.0, 0.0))
    slope = exciton_hamiltonian(sample, (0.0, 0.0, 1.0)) - zero
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 4.2))
    bright = heavy_bright_states()
    for field in fields:
        energies, vectors = np.linalg.eigh(zero + field * slope)
        share = (np.abs(vectors.reshape(8, 6, -1)[bright]) ** 2).sum(axis=(0, 1))
        image = left.scatter(
            np.full(24, field), energies[:24], c=share[:24], s=2.0, cmap="viridis", vmin=0, vmax=1, rasterized=True
        )
        ground = ground_manifold(sample, (0.0, 0.0, field)).energies_mev
        minus = np.abs(vectors.reshape(8, 6, -1)[bright[1]]) ** 2
        line = energies[None, :24] - ground[:, None]
        strong = minus[:, :24] > 0.03
        right.scatter(np.full(strong.sum(), field), line[strong], s=6 * minus[:, :24][strong], color=BLUE)
    figure.colorbar(image, ax=left, label="bright share")
    for number, field in enumerate((7.5, 8.0, 8.45, 8.95, 9.45)):
        right.axvline(field, color=ORANGE, lw=0.8, ls="--", label=None if number else "bright–dark crossings")
    left.set(xlabel="field (T)", ylabel="energy (meV)", title="Mn in CdTe: 24 heavy-hole exciton levels")
    right.set(xlabel="field (T)", ylabel="photon energy − undoped line (meV)", title="σ⁻ lines")
    right.legend(loc="lower left")
    return figure


def six_lines() -> Figure:
    """Absorption of three dots behind both circular polarisers, at zero field and at 5 T."""
    cases: tuple[tuple[str, Sample, tuple[float, float], float], ...] = (
        ("CdTe: 6 lines over 1.3 meV", cdte(heavy_holes_only=False, crystal_field=False), (-1.1, 1.1), 0.06),
        ("CdSe, Mn at the volume-average place:\n6 lines over 8.7 meV", average_cdse(), (-7.0, 7.0), 0.3),
        ("CdSe, R = 2 nm, Mn at the centre:\n17 lines over 80 meV", centred_cdse(), (-42.0, 55.0), 1.0),
    )
    figure, axes = plt.subplots(2, 3, figsize=(9.4, 4.8), sharex="col", sharey=True)
    for column, (title, sample, span, width) in enumerate(cases):
        energy = np.linspace(*span, 3000)
        for number, field_t in enumerate((0.0, 5.0)):
            scheme = level_scheme(sample, Environment(HOT_K, (0.0, 0.0, field_t)), keep_light_holes=True)
            lines = absorption_lines(scheme, np.full(scheme.n_ground, 1 / scheme.n_ground))
            curves = [
                _lorentzians(lines.energy_mev - scheme.emission_mev, lines.strength(name), energy, width)
                for name in ("sigma+", "sigma-")
            ]
            axis, top = axes[number, column], max(curve.max() for curve in curves)
            axis.plot(energy, curves[0] / top, color=RED, lw=1.2, label="σ⁺")
            axis.plot(energy, curves[1] / top, color=BLUE, lw=1.2, ls="--", label="σ⁻")
            axis.set(ylim=(0, 1.28), xlim=span)
            axis.text(0.02, 0.96, f"{field_t:g} T", transform=axis.transAxes, va="top")
        axes[0, column].set_title(title)
        axes[1, column].set_xlabel("photon energy − undoped line (meV)")
    for number in (0, 1):
        axes[number, 0].set_ylabel("absorption (strongest = 1)")
    axes[0, 0].legend(loc="upper right", ncols=2)
    return figure


def _lorentzians(centres: FloatArray, weights: FloatArray, energy: FloatArray, fwhm: float) -> FloatArray:
    """Sum of Lorentzians of these heights."""
    half, strong = fwhm / 2, weights > 1e-6
    shape = half**2 / ((energy - centres[strong, None]) ** 2 + half**2)
    return np.asarray(weights[strong] @ shape)


def pumping() -> Figure:
    """Fluorescence transients, efficiency against transverse field, recovery in the dark."""
    model = pumping_rows.model()
    line = outer_line(model).detuning_mev
    figure, (first, second, third) = plt.subplots(1, 3, figsize=(9.4, 3.4))
    for saturation, colour, style in ((0.3, BLUE, "-"), (1.0, ORANGE, "--"), (3.0, GREEN, "-.")):
        run = pumping_transient(model, resonant_segment(model, saturation, line, 400.0), n_times=1601)
        label = f"s = {saturation:g}: {100 * run.efficiency:.0f} %, {run.time_ns:.0f} ns"
        first.plot(run.times_ns, run.rate_per_ns / run.rate_per_ns.max(), color=colour, ls=style, label=label)
    fields = np.linspace(0.0, 0.08, 17)
    efficiency = efficiency_against_transverse_field(axial_cdte(), Environment(4.0), list(fields), 1.5, 500.0)
    second.plot(1e3 * fields, 100 * efficiency, "o-", color=BLUE, ms=3)
    delays = np.logspace(1.7, 7.7, 25)
    segment = resonant_segment(model, 1.5, line, 600.0)
    third.semilogx(1e-3 * delays, recovery_against_delay(model, segment, list(delays)), "s-", color=RED, ms=3)
    first.set(
        xlabel="time (ns)", ylabel="fluorescence / its start", ylim=(0, 1.05), title="pump on the highest σ⁺ line"
    )
    second.set(xlabel="transverse field (mT)", ylabel="pumping efficiency (%)", ylim=(0, 100), title="s = 1.5")
    third.set(
        xlabel="dark delay (µs)", ylabel="start of 2nd pump / 1st", ylim=(0, 1.05), title="memory (T₁ is an input)"
    )
    first.legend(loc="upper right")
    return figure


def brillouin() -> Figure:
    """<S_z> of Mn2+ and giant Zeeman splittings."""
    fields = np.linspace(-8, 8, 401)
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.6))
    for temperature, colour, style in ((2.0, BLUE, "-"), (4.2, ORANGE, "--"), (20.0, GREEN, "-."), (300.0, BLACK, ":")):
        left.plot(fields, mean_spin(fields, temperature), color=colour, ls=style, label=f"{temperature:g} K")
    left.plot([1, 1, 1], [-1.5643, -0.8788, -0.0131], "kx", label="separate script, 1 T")
    cases = (("Mn", "ZnSe", BLUE, "-"), ("Mn", "CdS", SKY, "--"), ("Co", "CdSe", RED, "-."), ("Cr", "ZnSe", GREEN, ":"))
    for element, host, colour, style in cases:
        splitting = giant_zeeman_splitting_mev(giant_zeeman_of(element, host, 0.004), fields, 2.0)
        right.plot(fields, splitting, color=colour, ls=style, label=f"{element}²⁺:{host}")
    left.set(xlabel="field (T)", ylabel="⟨S_z⟩", title="Mn²⁺, eq. (4)")
    right.set(xlabel="field (T)", ylabel="E(σ⁺) − E(σ⁻) (meV)", title="giant Zeeman splitting, x = 0.4 %, 2 K")
    left.legend()
    right.legend()
    return figure


def esr() -> Figure:
    """X band of Mn:CdSe along the axis, a powder of Mn:ZnS dots with D and E, optical detection at zero field."""
    figure, (first, second, third) = plt.subplots(1, 3, figsize=(9.4, 3.4))
    fields = np.linspace(0.305, 0.365, 1500)
    single = field_swept_spectrum(field_lines(resonance_dopant(2.003, -62.2e-4), 9.4, 0.45), fields, 1.5)
    first.plot(1e3 * fields, single / np.abs(single).max(), color=BLUE, lw=1.0)
    for field in resonance_rows.CDSE_FIELDS_MT:
        first.axvline(field, color=ORANGE, lw=0.8, ls="--")
    strained = resonance_dopant(2.0064, -64.0e-4).model_copy(
        update={"zero_field_d_uev": 37.4e-4 * 123.9841984, "zero_field_e_uev": 12.5e-4 * 123.9841984}
    )
    powder = powder_spectrum(strained, 9.4, fields, 1.5, n_orientations=200)
    second.plot(1e3 * fields, powder / np.abs(powder).max(), color=BLUE, lw=1.0)
    seen = resonance_rows.optical_spectrum()
    third.plot(seen.frequencies_ghz, seen.gain, "o-", ms=3, color=RED)
    third.axhline(seen.bound, color=BLACK, ls=":")
    third.text(6.6, seen.bound - 0.15, "bound 1/(1 − efficiency)", va="top", fontsize=8.5)
    third.axvline(6.77, color=ORANGE, lw=0.8, ls="--")
    third.text(6.775, 5.6, "4 D₀/h", fontsize=8.5)
    first.set(xlabel="field (mT)", ylabel="derivative (norm.)", title="Mn:CdSe, 9.4 GHz (dashed: script)")
    second.set(xlabel="field (mT)", title="Mn:ZnS with D and E, powder")
    third.set(xlabel="microwave (GHz)", ylabel="gain of 2nd pump", ylim=(0, None), title="ODMR, CdTe (prediction)")
    return figure


def t2_shell() -> Figure:
    """Surface noise against shell thickness and echo times of an off-centre dopant."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.6))
    shells = np.linspace(0.15, 3.0, 30)
    median = np.array([median_surface_inverse_sixth_per_nm4(2.0, float(s)) for s in shells])
    centre = np.array([surface_inverse_sixth_per_nm4(2.0 + float(s)) for s in shells])
    left.semilogy(shells, median / median[0], color=BLUE, label="random dopant (median)")
    left.semilogy(shells, centre / centre[0], color=ORANGE, ls="--", label="dopant at the centre, R⁻⁴")
    left.plot([1.0, 1.5], [1 / 28, 1 / 83], "kx", label="separate script: 28×, 83×")
    place = SpinEnvironment(ligand=None, surface=SurfaceSpins(0.02, 1e-3))
    thicknesses = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
    for place_nm, colour, marker in ((0.0, ORANGE, "s"), (1.2, BLUE, "o")):
        dot = DotGeometry("CdSe", 2.0, dopant_nm=(place_nm, 0.0, 0.0))
        budgets = t2_against_shell(dot, place, "CdS", thicknesses, n_baths=2)
        right.semilogy(
            thicknesses,
            [1e6 * b.t2_s for b in budgets],
            marker + "-",
            color=colour,
            label="echo, centred dopant" if place_nm == 0 else f"echo, dopant {place_nm:g} nm off centre",
        )
        surface = [1e6 * b.channel("surface spins").t2_s for b in budgets]
        right.semilogy(thicknesses, surface, marker + ":", color=colour, mfc="none", label="  surface spins alone")
    left.set(xlabel="shell thickness (nm)", ylabel="squared surface noise (rel.)", title="CdSe core R = 2 nm: Σ 1/r⁶")
    right.set(xlabel="CdS shell thickness (nm)", ylabel="T₂ (µs)", title="0.02 surface spins/nm², memory 1 ms")
    left.legend()
    right.set_yticks([1, 2, 3, 5, 10], ["1", "2", "3", "5", "10"])
    right.minorticks_off()
    right.legend(fontsize=7.5)
    return figure


def switching() -> Figure:
    """Dopant populations during the five-pulse train at zero field and the flip at 9.45 T."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.6))
    train = switching_rows.train(5)
    course = trajectory(switching_rows.zero_field(), train.train, -2.5, after_ps=5.0)
    model = switching_model(switching_rows.sample(), (0.0, 0.0, 9.45), heavy_only=True)
    flip = trajectory(model, PulseTrain((Pulse("heavy", "sigma-"),), ()), -2.5, after_ps=30.0)
    colours, styles = (BLACK, PURPLE, GREEN, ORANGE, SKY, BLUE), (":", ":", "--", "-", "-.", "-")
    for axis, run in ((left, course), (right, flip)):
        for number, m in enumerate(PROJECTIONS):
            if run.dopant[:, number].max() > 0.01:
                axis.plot(
                    run.times_ps,
                    run.dopant[:, number],
                    color=colours[number],
                    ls=styles[number],
                    label=f"m = {2 * m:+.0f}/2",
                )
        axis.set(xlabel="time (ps)", ylabel="dopant population", ylim=(0, 1.18))
        axis.legend(loc="upper center", ncols=3)
    for centre in train.train.centres_ps:
        left.vlines(centre, 0, 1.05, color=RED, lw=0.8, ls="--")
    left.set_title(f"B = 0: 5 light-hole pulses (dashed), P = {train.probability:.3f}")
    right.set_title("9.45 T: one heavy-hole σ⁻ pulse, heavy holes only")
    return figure


def envelopes() -> Figure:
    """Densities in ZnSe/CdSe and the Zeeman splitting that does not change its sign."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.6))
    radius = np.linspace(0.005, 3.6, 600)
    for shell, style in ((0.0, ":"), (0.4, "--"), (1.0, "-")):
        pair = znse_cdse_pair(1.7, shell)
        for state, colour, name in ((pair.electron, BLUE, "electron"), (pair.hole, RED, "hole")):
            density = 4 * np.pi * radius**2 * state.densities_per_nm3(radius)
            left.plot(radius, density, color=colour, ls=style, label=f"{name}, shell {shell:g} nm")
    left.vlines(1.7, 0, 1.12, color=BLACK, lw=0.8)
    shells = np.linspace(0.0, 3.0, 25)
    rows = bussian_series(list(shells))
    right.plot(
        shells,
        [-14 * row.normalised_splitting / rows[0].normalised_splitting for row in rows],
        color=GREEN,
        label="model, −14 meV at the start",
    )
    right.plot([3.0], [7.0], "x", color=BLACK, ms=8, label="measured for thick shells: about +7 meV")
    right.axhline(0, color=BLACK, lw=0.8)
    left.set(xlabel="radius (nm)", ylabel="4πr²|ψ|² (1/nm)", title="ZnSe core 1.7 nm, CdSe shell", ylim=(0, 1.5))
    right.set(xlabel="CdSe shell (nm)", ylabel="ΔE_Z (meV)", title="Bussian's sign change: not reproduced")
    left.legend(ncols=2, fontsize=7.5)
    right.legend(loc="upper left", bbox_to_anchor=(0.0, 0.95))
    return figure


def photons() -> Figure:
    """Correlations of single lines: regression and drawn photons."""
    process, high, low = photon_rows.cdte()
    edges_ns = np.arange(0.0, 301.0, 4.0)
    middle = (edges_ns[1:] + edges_ns[:-1]) / 2
    delays = np.linspace(0.0, 300.0, 1201)
    duration_s = 4e-3
    events = PhotonSource(process, np.stack([0.5 * high, 0.5 * low])).stream(duration_s, np.random.default_rng(4))
    trains = [events.time_ps[events.detector == number] for number in (0, 1)]
    figure, axis = plt.subplots(figsize=(7.0, 3.8))
    cases = (("highest line with itself", 0, photon_rows.auto_correlation, BLUE, "o", "-"),
             ("highest, then lowest line", 1, photon_rows.cross_correlation, RED, "s", "--"))  # fmt: skip
    for name, second, expected, colour, marker, style in cases:
        axis.plot(delays, expected(delays), color=colour, ls=style, label=f"{name}: regression")
        counted = _pairs(trains[0], trains[second], edges_ns)
        norm = trains[0].size * trains[second].size * np.diff(edges_ns) * 1e-9 / duration_s
        axis.plot(middle, counted / norm, marker, color=colour, ms=3, mfc="none", label=f"{name}: drawn photons, 4 ms")
    axis.axhline(1, color=BLACK, lw=0.6)
    axis.set(xlabel="delay (ns)", ylabel="g²", title="Mn:CdTe, 5 K, σ⁺ lines, 0.3 pairs per ns", ylim=(0, None))
    axis.legend()
    return figure


def _pairs(first_ps: TagArray, second_ps: TagArray, edges_ns: FloatArray) -> FloatArray:
    """Pairs of photons by positive delay, in bins."""
    edges = 1e3 * edges_ns
    counts = np.zeros(edges.size - 1)
    for start in first_ps:
        near = second_ps[
            np.searchsorted(second_ps, start, side="right") : np.searchsorted(second_ps, start + edges[-1])
        ]
        counts += np.histogram(near - start, edges)[0]
    return counts
