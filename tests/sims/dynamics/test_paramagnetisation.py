from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from sims.basics.checks import UnphysicalInputError
from sims.dynamics.paramagnetisation import (
    PUBLISHED_FIT,
    Exposure,
    Sourced,
    dichroism,
    enhancement,
    light_rate_per_s,
    paramagnetic_share,
    return_rate_per_s,
    steady_share,
    zeeman_splitting_mev,
)

STRONG, HOUR = 1e20, 3600.0


def test_light_raises_the_splitting_by_up_to_100_percent() -> None:
    share = steady_share(PUBLISHED_FIT, STRONG, 5.0)
    assert enhancement(PUBLISHED_FIT, share, 5.0, 5.0) == pytest.approx(1.0, abs=0.01)
    assert enhancement(PUBLISHED_FIT, PUBLISHED_FIT.dark_share.value, 5.0, 5.0) == pytest.approx(0.0)


def test_memory_lasts_hours_when_cold_and_is_lost_around_80_k() -> None:
    lifetimes = {t: 1 / return_rate_per_s(PUBLISHED_FIT, t) for t in (5.0, 60.0, 80.0, 120.0)}
    assert HOUR < lifetimes[5.0] < 10 * HOUR
    assert lifetimes[60.0] > HOUR
    assert lifetimes[80.0] < 300.0
    assert lifetimes[120.0] < 1.0


def test_exposures_follow_the_rate_equation() -> None:
    p = PUBLISHED_FIT
    exposures = [Exposure(1000.0, 3e18, 5.0), Exposure(5000.0, 0.0, 5.0), Exposure(500.0, 0.0, 75.0)]

    def change(time: float, n: np.ndarray) -> np.ndarray:
        now = exposures[0] if time < 1000 else exposures[1] if time < 6000 else exposures[2]
        light = light_rate_per_s(p, now.photon_flux_per_cm2_s) * (p.largest_share.value - n)
        return light - return_rate_per_s(p, now.temperature_k) * (n - p.dark_share.value)

    times = np.array([0.0, 300.0, 1000.0, 3000.0, 6000.0, 6200.0, 6500.0])
    expected = solve_ivp(change, (0, 6500), [0.5], t_eval=times, max_step=10.0, rtol=1e-8).y[0]
    assert paramagnetic_share(p, exposures, times) == pytest.approx(expected, abs=1e-4)


def test_no_light_changes_nothing() -> None:
    dark = paramagnetic_share(PUBLISHED_FIT, [Exposure(1e5, 0.0, 40.0)], np.linspace(0, 1e5, 5))
    assert dark == pytest.approx(np.full(5, 0.5), abs=1e-12)


def test_splitting_is_positive_odd_in_field_and_saturates_as_tanh() -> None:
    fields = np.array([1.0, 3.0, 6.0])
    no_intrinsic = replace(PUBLISHED_FIT, intrinsic_g=Sourced(0.0, "test", fitted=False))
    found = [float(zeeman_splitting_mev(no_intrinsic, 0.5, b, 2.0)) for b in fields]
    expected = np.tanh(2.1 * 5.788381806e-2 * fields / (2 * 8.617333262e-2 * 2.0))
    assert found == pytest.approx(expected, rel=1e-9)
    assert float(zeeman_splitting_mev(PUBLISHED_FIT, 0.5, -3.0, 2.0)) == pytest.approx(
        -float(zeeman_splitting_mev(PUBLISHED_FIT, 0.5, 3.0, 2.0))
    )


def test_dichroism_is_derivative_shaped_and_linear_in_a_small_splitting() -> None:
    energies = np.linspace(-100, 100, 401)
    small, double = dichroism(energies, 0.1, 60.0), dichroism(energies, 0.2, 60.0)
    assert double == pytest.approx(2 * small, abs=1e-7)
    assert small[200] == pytest.approx(0.0)
    assert small[190] > 0 > small[210]  # sigma-minus absorbs below when Delta E_Z > 0


def test_every_parameter_names_its_source_and_the_fitted_ones_are_flagged() -> None:
    assert all(entry.source for entry in vars(PUBLISHED_FIT).values())
    assert set(PUBLISHED_FIT.fitted()) >= {"tunnelling_s", "barrier_mev", "dark_share", "largest_share"}
    assert "g_factor" not in PUBLISHED_FIT.fitted()


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: replace(PUBLISHED_FIT, dark_share=Sourced(0.0, "", fitted=False)), "dark_share"),
        (lambda: replace(PUBLISHED_FIT, barrier_mev=Sourced(-1.0, "", fitted=False)), "barrier_mev"),
        (lambda: Exposure(0.0, 1.0, 5.0), "duration_s"),
        (lambda: Exposure(1.0, 1.0, float("nan")), "temperature_k"),
        (lambda: paramagnetic_share(PUBLISHED_FIT, [Exposure(1.0, 0, 5)], np.array([2.0])), "times_s"),
        (lambda: paramagnetic_share(PUBLISHED_FIT, [], np.array([2.0])), "times_s"),
        (lambda: zeeman_splitting_mev(PUBLISHED_FIT, 1.5, 1.0, 4.0), "share"),
        (lambda: enhancement(PUBLISHED_FIT, 0.6, 0.0, 4.0), "field_t"),
        (lambda: dichroism(np.array([0.0]), 1.0, 0.0), "line_fwhm_mev"),
    ],
)
def test_unphysical_copper_input_is_refused_by_name(action, message: str) -> None:
    with pytest.raises(UnphysicalInputError, match=message):
        action()
