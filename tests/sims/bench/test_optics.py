"""Mueller calculus: signs of the circular polarisations, symmetries, energy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.bench import optics
from sims.bench.spectrometer import FloatArray

ANGLES = st.floats(-360.0, 360.0)
RETARDANCES = st.floats(0.01, 0.99)
TRAVELS = st.sampled_from([1, -1])


@st.composite
def stokes_vectors(draw: st.DrawFn) -> FloatArray:
    polarisation = np.array([draw(st.floats(-1.0, 1.0)) for _ in range(3)])
    length = np.linalg.norm(polarisation)
    degree = draw(st.floats(0.0, 1.0))
    return np.concatenate([[1.0], degree * polarisation / length if length > 1e-3 else np.zeros(3)])


def test_excitation_quarter_wave_at_plus_45_makes_sigma_plus_from_horizontal() -> None:
    light = optics.wave_plate(45.0, 0.25, 1) @ optics.HORIZONTAL
    np.testing.assert_allclose(light, optics.SIGMA_PLUS, atol=1e-12)


def test_excitation_quarter_wave_at_minus_45_makes_sigma_minus() -> None:
    light = optics.wave_plate(-45.0, 0.25, 1) @ optics.HORIZONTAL
    np.testing.assert_allclose(light, optics.SIGMA_MINUS, atol=1e-12)


@pytest.mark.parametrize(
    ("angle_deg", "passed", "blocked"),
    [(45.0, optics.SIGMA_PLUS, optics.SIGMA_MINUS), (-45.0, optics.SIGMA_MINUS, optics.SIGMA_PLUS)],
)
def test_analyser_quarter_wave_selects_one_circular_polarisation(
    angle_deg: float, passed: FloatArray, blocked: FloatArray
) -> None:
    analyser = optics.polariser(0.0) @ optics.wave_plate(angle_deg, 0.25, -1)
    assert optics.transmission(analyser, passed) == pytest.approx(1.0)
    assert optics.transmission(analyser, blocked) == pytest.approx(0.0, abs=1e-12)


@given(angle=ANGLES, retardance=RETARDANCES, travel=TRAVELS, stokes=stokes_vectors())
def test_turning_light_and_plate_together_turns_the_result(
    angle: float, retardance: float, travel: optics.Travel, stokes: FloatArray
) -> None:
    turned = optics.wave_plate(angle, retardance, travel) @ optics.rotation(angle) @ stokes
    plain = optics.rotation(angle) @ optics.wave_plate(0.0, retardance, travel) @ stokes
    np.testing.assert_allclose(turned, plain, atol=1e-9)


@given(angle=ANGLES, retardance=RETARDANCES, travel=TRAVELS, stokes=stokes_vectors())
def test_a_plate_keeps_power_and_degree_of_polarisation(
    angle: float, retardance: float, travel: optics.Travel, stokes: FloatArray
) -> None:
    after = optics.wave_plate(angle, retardance, travel) @ stokes
    assert after[0] == pytest.approx(stokes[0])
    assert np.linalg.norm(after[1:]) == pytest.approx(np.linalg.norm(stokes[1:]), abs=1e-9)


@given(angle=ANGLES, retardance=RETARDANCES, stokes=stokes_vectors())
def test_a_plate_passed_back_undoes_itself(angle: float, retardance: float, stokes: FloatArray) -> None:
    there_and_back = optics.wave_plate(angle, retardance, -1) @ optics.wave_plate(angle, retardance, 1)
    np.testing.assert_allclose(there_and_back @ stokes, stokes, atol=1e-9)


@given(angle=ANGLES, retardance=RETARDANCES)
def test_turning_a_quarter_wave_by_90_degrees_swaps_the_circular_polarisations(angle: float, retardance: float) -> None:
    def analyser(extra_deg: float) -> optics.Mueller:
        return optics.polariser(0.0) @ optics.wave_plate(45.0 + extra_deg, retardance, -1)

    swapped = optics.transmission(analyser(90.0), optics.SIGMA_MINUS)
    assert swapped == pytest.approx(optics.transmission(analyser(0.0), optics.SIGMA_PLUS))


@given(angle=ANGLES, extinction=st.floats(0.0, 1.0), stokes=stokes_vectors())
def test_a_polariser_creates_no_energy_and_no_polarisation_above_one(
    angle: float, extinction: float, stokes: FloatArray
) -> None:
    after = optics.polariser(angle, extinction) @ stokes
    assert -1e-12 <= after[0] <= 1 + 1e-12
    assert np.linalg.norm(after[1:]) <= after[0] + 1e-9


def test_a_crossed_polariser_passes_its_extinction() -> None:
    assert optics.transmission(optics.polariser(90.0, 1e-4), optics.HORIZONTAL) == pytest.approx(1e-4)


def test_an_impossible_extinction_is_refused() -> None:
    with pytest.raises(ValueError, match="extinction"):
        optics.polariser(0.0, 1.5)


def test_transmission_of_no_light_is_zero() -> None:
    assert optics.transmission(optics.polariser(0.0), np.zeros((1, 4))) == pytest.approx([0.0])
