"""Absorption, PL and PLE."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.basics.spins import FloatArray
from sims.dot.levels import level_scheme
from sims.dot.response import Dot
from sims.dot.sample import Sample, SpectralDiffusion, load_sample, parse_sample
from sims.dot.spectra import (
    STOKES,
    LineList,
    absorption,
    absorption_lines,
    copper_mixture,
    emission_lines,
    field_map,
    photoluminescence,
    photoluminescence_excitation,
    thermal_populations,
)
from sims.dot.stimulus import Cycle, Environment, PulsedLight, Segment

COLD = Environment(4.0)


def exchanged(sample: Sample, electron_mev: float, hole_mev: float, splitting_mev: float) -> Sample:
    dopant = sample.dopants[0].model_copy(
        update={"electron_exchange_mev": electron_mev, "hole_exchange_mev": hole_mev, "zero_field_d_uev": 0.0}
    )
    return sample.model_copy(update={"dopants": (dopant,), "hh_lh_splitting_mev": splitting_mev})


def plus_lines(sample: Sample, least: float) -> FloatArray:
    """Distinct energies of the sigma-plus absorption lines stronger than ``least`` of a bright exciton."""
    lines = absorption_lines(level_scheme(sample, Environment(300.0), keep_light_holes=True))
    strength = 6 * lines.strength("sigma+")
    return np.unique(np.round(lines.energy_mev[strength > least], 3))


def test_centred_ion_in_a_small_dot_gives_many_lines(default_sample: Sample) -> None:
    lines = plus_lines(exchanged(default_sample, -2.53, 6.65, 20.0), 0.05)
    assert 15 <= lines.size <= 19
    assert 70 <= np.ptp(lines) <= 80


def test_ion_at_the_volume_average_gives_six_lines(default_sample: Sample) -> None:
    lines = plus_lines(exchanged(default_sample, -2.53 / 6.58, 6.65 / 6.58, 20.0), 0.5)
    heavy = lines[lines < lines[0] + 12]
    assert heavy.size == 6
    assert np.diff(heavy).min() == pytest.approx(1.60, abs=0.01)
    assert np.diff(heavy).max() == pytest.approx(1.89, abs=0.01)
    assert np.ptp(heavy) == pytest.approx(8.7, abs=0.1)


def test_absorption_has_the_area_of_three_quarters_heavy_and_a_quarter_light(cdte_sample: Sample) -> None:
    lines = absorption_lines(level_scheme(cdte_sample, COLD, keep_light_holes=True))
    heavy = lines.energy_mev < 2015
    assert lines.strength()[heavy].sum() == pytest.approx(2.0, rel=0.03)
    assert lines.strength()[~heavy].sum() == pytest.approx(2 / 3, rel=0.1)
    grid = np.linspace(1900, 2150, 50001)
    curve = absorption(cdte_sample, COLD, grid, "sigma+")
    assert np.trapezoid(curve, grid) == pytest.approx(lines.strength("sigma+").sum(), rel=2e-3)


@pytest.mark.parametrize("pair", [("sigma+", "sigma-"), ("x", "y"), ("d", "a")])
def test_two_orthogonal_polarisations_make_the_whole(cdte_sample: Sample, pair: tuple[str, str]) -> None:
    lines = emission_lines(level_scheme(cdte_sample, Environment(4.0, (1.0, 0.5, 2.0))))
    one, other = (lines.strength(name) for name in pair)  # type: ignore[arg-type]
    assert one + other == pytest.approx(lines.strength(), rel=1e-9, abs=1e-15)


def test_pl_thermalises_to_the_low_lines_when_cold(default_sample: Sample) -> None:
    """Spacing 1.7 meV against kT: at 2 K everything sits in the lowest pair of states, at 60 K it is spread."""

    def centre(temperature_k: float) -> float:
        lines = emission_lines(level_scheme(default_sample, Environment(temperature_k)), "boltzmann")
        own = lines.kind == "exciton"
        return (
            float(np.average(lines.energy_mev[own], weights=lines.strength()[own]))
            - level_scheme(default_sample, Environment(temperature_k)).emission_mev
        )

    cold, warm = centre(2.0), centre(60.0)
    assert cold < -3.5
    assert cold + 1.5 < warm < 0.5


def test_frozen_spins_emit_from_all_six_lines(default_sample: Sample) -> None:
    lines = emission_lines(level_scheme(default_sample, Environment(300.0)), "none")
    strong = (lines.kind == "exciton") & (lines.strength("sigma+") > 0.02)
    assert np.unique(np.round(lines.energy_mev[strong], 2)).size >= 6


def test_the_rate_model_and_the_spectrum_agree_on_the_photon_number(default_sample: Sample) -> None:
    """Weak pulses: photons per pair from the periodic rate model equal the integrated PL with the sample's rates."""
    dot = Dot(default_sample, COLD)
    one = dot.mean_pairs(PulsedLight(0.0, 2214.0, 8.0, 1.0, (0, 0, 0)))
    cycle = Cycle((Segment(5000.0),), (PulsedLight(0.0, 2214.0, 8.0, 1e-4 / one, (0, 0, 0)),))
    rates = dot.respond(cycle, 5.0).rates()
    per_pair = rates[dot.transitions.kind != "biexciton"].sum() * 5000e-9 / 1e-4
    lines = emission_lines(dot.scheme, "rates")
    assert lines.strength().sum() == pytest.approx(per_pair, rel=0.02)


def test_photons_never_outnumber_the_pairs(cdte_sample: Sample) -> None:
    for how in ("boltzmann", "rates", "none"):
        total = emission_lines(level_scheme(cdte_sample, COLD), how).strength().sum()  # type: ignore[arg-type]
        assert 0.2 < total < 1.0


def test_spectral_jumps_widen_the_line_and_keep_its_area(cdte_sample: Sample) -> None:
    jumpy = cdte_sample.model_copy(update={"spectral_diffusion": SpectralDiffusion(jump_mev=2.0)})
    grid = np.linspace(1900, 2100, 20001)
    sharp, wide = (photoluminescence(one, COLD, grid) for one in (cdte_sample, jumpy))
    assert np.trapezoid(wide, grid) == pytest.approx(np.trapezoid(sharp, grid), rel=5e-3)
    assert wide.max() < 0.2 * sharp.max()
    moment = [np.average((grid - np.average(grid, weights=c)) ** 2, weights=c) for c in (sharp, wide)]
    assert moment[1] - moment[0] == pytest.approx(4.0, rel=0.05)


def test_linewidth_follows_the_temperature(default_sample: Sample) -> None:
    narrow, broad = (emission_lines(level_scheme(default_sample, Environment(t))) for t in (4.0, 300.0))
    assert narrow.lorentz_fwhm_mev[0] == pytest.approx(0.1, abs=0.01)
    assert 45 < broad.lorentz_fwhm_mev[0] < 65


def test_field_reversal_swaps_the_helicities(cdte_sample: Sample) -> None:
    grid = np.linspace(1995, 2005, 400)
    up = photoluminescence(cdte_sample, Environment(4.0, (0.5, 0.2, 3.0)), grid, "sigma+")
    down = photoluminescence(cdte_sample, Environment(4.0, (-0.5, -0.2, -3.0)), grid, "sigma-")
    assert up == pytest.approx(down, rel=1e-4, abs=1e-6)


@settings(max_examples=5, deadline=None)
@given(angle=st.floats(0, 2 * np.pi), field_t=st.floats(0.1, 5))
def test_turning_an_in_plane_field_changes_nothing_in_an_axial_dot(angle: float, field_t: float) -> None:
    sample = load_sample("mn-cdte-znte")
    free = sample.dopants[0].model_copy(update={"cubic_a_uev": 0.0})
    axial = sample.model_copy(update={"dopants": (free,)})
    grid = np.linspace(1998, 2002, 200)
    fields = [(field_t, 0.0, 1.0), (field_t * np.cos(angle), field_t * np.sin(angle), 1.0)]
    one, other = (absorption(axial, Environment(4.0, field), grid, "sigma+") for field in fields)
    assert one == pytest.approx(other, rel=1e-5, abs=1e-7)


def test_ple_of_the_lowest_line_shows_the_lines_above(cdte_sample: Sample) -> None:
    lines = absorption_lines(level_scheme(cdte_sample, COLD))
    bright = np.unique(np.round(lines.energy_mev[lines.strength("sigma+") > 0.05], 3))
    grid = np.linspace(bright[0] - 0.5, bright[-1] + 0.5, 2000)
    args = (float(bright[0]), 0.05, "sigma+", "none")
    flips = photoluminescence_excitation(cdte_sample, COLD, grid, *args, "rates")
    frozen = photoluminescence_excitation(cdte_sample, COLD, grid, *args, "none")
    top = np.argmin(np.abs(grid - bright[-1]))
    assert flips[top] > 2 * frozen[top]
    assert np.argmax(frozen) == pytest.approx(np.argmin(np.abs(grid - bright[0])), abs=3)


def test_thermalised_ple_is_the_absorption(cdte_sample: Sample) -> None:
    grid = np.linspace(1997, 2003, 300)
    ple = photoluminescence_excitation(cdte_sample, COLD, grid, 1999.0, 0.5, "sigma+", thermalisation="boltzmann")
    curve = absorption(cdte_sample, COLD, grid, "sigma+")
    assert ple / ple.max() == pytest.approx(curve / curve.max(), rel=1e-6)


def blue(sample: Sample) -> Sample:
    return sample.model_copy(update={"emission_mev": 2400.0})


def test_above_its_own_level_the_dopant_takes_the_energy(default_sample: Sample) -> None:
    scheme = level_scheme(blue(default_sample), COLD)
    lines = emission_lines(scheme)
    own = lines.strength()[lines.kind == "dopant"].sum()
    assert scheme.n_states == 2 * scheme.n_ground + scheme.n_exciton + 1
    assert own == pytest.approx(0.5, abs=0.01)  # its quantum yield
    assert lines.strength()[lines.kind == "exciton"].sum() < 0.01
    assert lines.energy_mev[lines.kind == "dopant"] == pytest.approx([2100.0])


def test_light_of_the_dopant_forgets_the_pump_and_lasts_for_milliseconds(default_sample: Sample) -> None:
    dot = Dot(blue(default_sample), COLD)
    edge = dot.absorption_edge_mev

    def light(helicity: float) -> tuple[float, FloatArray]:
        pulse = PulsedLight(0.0, edge + 100.0, 8.0, 1e-13, (0.0, 0.0, helicity))
        response = dot.respond(Cycle((Segment(2000.0),), (pulse,)), 50.0)
        kind = dot.transitions.kind == "dopant"
        _, curve = response.intensity(kind.astype(np.float64))
        return float(np.abs(dot.transitions.stokes[kind, 1:]).max()), curve

    (plus, curve), (minus, other) = light(1.0), light(-1.0)
    assert plus == minus == 0.0
    assert curve == pytest.approx(other)
    assert curve[-1] > 0.9 * curve.max()  # 2 us is nothing against 500 us


def test_below_its_own_level_nothing_is_transferred(default_sample: Sample) -> None:
    scheme = level_scheme(default_sample, COLD)
    assert scheme.n_inner == 0
    assert scheme.transfer_rate_per_ns == 0.0


def test_transfer_can_be_switched_off(default_sample: Sample) -> None:
    still = blue(default_sample).model_copy(update={"energy_transfer_ps": None})
    assert level_scheme(still, COLD).n_inner == 0


def test_copper_mixture_weights_the_two_charge_states() -> None:
    fields = load_sample("undoped-cdse-cds").model_dump() | {
        "dopants": [
            {"element": "Cu", "position_nm": 1.0, "electron_exchange_mev": 0.0, "hole_exchange_mev": -0.3,
             "hyperfine_uev": 0.0}
        ]
    }  # fmt: skip
    (on, magnetic), (off, silent) = copper_mixture(parse_sample(fields, "test"), 0.3)
    assert (on, off) == pytest.approx((0.3, 0.7))
    assert level_scheme(magnetic, COLD).n_ground == 2
    assert level_scheme(silent, COLD).n_ground == 1
    with pytest.raises(ValueError, match=r"paramagnetic_fraction = 1\.5"):
        copper_mixture(magnetic, 1.5)
    with pytest.raises(ValueError, match="no Cu2"):
        copper_mixture(silent, 0.5)


def test_field_map_is_one_spectrum_a_field(cdte_sample: Sample) -> None:
    grid = np.linspace(1998, 2002, 50)
    fields = [(0.0, 0.0, 0.0), (0.0, 0.0, 5.0)]
    rows = field_map(cdte_sample, 4.0, fields, grid, "sigma+")
    assert rows.shape == (2, 50)
    assert rows[1] == pytest.approx(photoluminescence(cdte_sample, Environment(4.0, fields[1]), grid, "sigma+"))


def test_thermal_populations_of_two_levels() -> None:
    assert thermal_populations(np.array([0.0, 0.34469]), 4.0)[1] == pytest.approx(1 / (1 + np.e), rel=1e-3)


def test_names_of_polarisations_are_unit_vectors() -> None:
    assert all(np.linalg.norm(vector) == (0 if name == "none" else 1) for name, vector in STOKES.items())
    assert isinstance(emission_lines(level_scheme(load_sample("undoped-cdse-cds"), COLD)), LineList)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"energy_mev": np.array([2000.0, np.nan])}, "energy_mev"),
        ({"analyser": "circular"}, "polarisation 'circular'"),
        ({"thermalisation": "magic"}, "thermalisation 'magic'"),
        ({"ground": np.full(6, 0.5)}, "populations"),
        ({"ground": np.full(5, 0.2)}, "ground"),
    ],
)
def test_unphysical_requests_are_refused_by_name(cdte_sample: Sample, changes: dict[str, object], words: str) -> None:
    arguments: dict[str, object] = {"energy_mev": np.array([2000.0])}
    with pytest.raises(ValueError, match=words):
        photoluminescence(cdte_sample, COLD, **(arguments | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("temperature_k", "field_t", "words"),
    [(-1.0, (0, 0, 0), "temperature_k"), (np.nan, (0, 0, 0), "temperature_k"), (4.0, (0, np.inf, 0), "field_t")],
)
def test_impossible_surroundings_are_refused(temperature_k: float, field_t: tuple[float, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Environment(temperature_k, field_t)  # type: ignore[arg-type]
