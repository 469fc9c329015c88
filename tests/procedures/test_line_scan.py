"""Finding the line in a scan of a blinking dot."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procedures.errors import RefusedError
from procedures.line_scan import lorentzian_centre

SHIFT_NM = np.linspace(-0.1, 0.1, 21)


def scan(seed: int, centre_nm: float, width_nm: float, height: float) -> tuple[np.ndarray, np.ndarray]:
    """Counts and monitor of a dot that blinks: on average bright nine tenths of each point."""
    rng = np.random.default_rng(seed)
    brightness = rng.beta(4.0, 0.5, SHIFT_NM.size)
    peak = height / (1.0 + (2.0 * (SHIFT_NM - centre_nm) / width_nm) ** 2)
    return rng.poisson(150 + brightness * (100 + peak)).astype(float), rng.poisson(8000 * brightness).astype(float)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), centre=st.floats(-0.06, 0.06), width=st.floats(0.02, 0.06))
def test_centre_is_found_in_spite_of_blinking(seed: int, centre: float, width: float) -> None:
    assert lorentzian_centre(SHIFT_NM, *scan(seed, centre, width, 1000.0)) == pytest.approx(centre, abs=0.005)


def test_without_reset_light_the_counts_alone_decide() -> None:
    counts = np.random.default_rng(1).poisson(200 + 900 / (1 + (2 * (SHIFT_NM - 0.02) / 0.03) ** 2)).astype(float)
    assert lorentzian_centre(SHIFT_NM, counts, np.zeros(21)) == pytest.approx(0.02, abs=0.003)


@pytest.mark.parametrize("seed", range(20))
def test_flat_scan_is_refused(seed: int) -> None:
    with pytest.raises(RefusedError, match="no resonance in a scan of ±100 pm"):
        lorentzian_centre(SHIFT_NM, *scan(seed, 0.0, 0.03, 0.0))


def test_line_outside_the_scan_is_refused() -> None:
    with pytest.raises(RefusedError, match="widen scan_half_width"):
        lorentzian_centre(SHIFT_NM, *scan(3, 0.15, 0.05, 3000.0))


def test_laser_that_does_not_move_is_refused() -> None:
    with pytest.raises(RefusedError, match="did not move"):
        lorentzian_centre(np.zeros(21), np.ones(21), np.ones(21))
