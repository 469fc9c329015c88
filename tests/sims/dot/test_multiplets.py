"""Level names and bright-dark crossings."""

import numpy as np
import pytest

from sims.dot.multiplets import bright_dark_crossings, exciton_multiplets
from sims.dot.sample import Sample


def heavy_only(sample: Sample) -> Sample:
    free = sample.dopants[0].model_copy(update={"zero_field_d_uev": 0.0, "cubic_a_uev": 0.0})
    return sample.model_copy(update={"hh_lh_splitting_mev": 1e6, "dopants": (free,)})


def test_sigma_minus_crossings_and_gaps(cdte_sample: Sample) -> None:
    crossings = bright_dark_crossings(heavy_only(cdte_sample))
    assert [c.field_t for c in crossings] == pytest.approx([7.5, 8.0, 8.45, 8.95, 9.45], abs=0.025)
    assert [c.dopant_projection for c in crossings] == pytest.approx([1.5, 0.5, -0.5, -1.5, -2.5], abs=0.02)
    # |I_e| sqrt(S(S+1) - m(m+1)): sqrt 5, sqrt 8, 3, sqrt 8, sqrt 5
    expected = 0.07 * np.sqrt([5, 8, 9, 8, 5])
    assert [c.gap_mev for c in crossings] == pytest.approx(expected, abs=1e-3)


def test_sigma_plus_does_not_cross_in_a_positive_field(cdte_sample: Sample) -> None:
    assert bright_dark_crossings(heavy_only(cdte_sample), helicity=1) == ()


def test_sphere_has_eight_levels_named_by_total_spin(default_sample: Sample) -> None:
    dopant = default_sample.dopants[0].model_copy(
        update={"zero_field_d_uev": 0.0, "electron_exchange_mev": -2.53, "hole_exchange_mev": 6.65}
    )
    sphere = default_sample.model_copy(update={"hh_lh_splitting_mev": 0.0, "dopants": (dopant,)})
    levels = exciton_multiplets(sphere)
    assert len(levels) == 8
    assert sorted(level.total_spin for level in levels) == pytest.approx([0.5, 1.5, 1.5, 2.5, 2.5, 3.5, 3.5, 4.5])
    assert [level.degeneracy for level in levels] == [round(2 * level.total_spin + 1) for level in levels]
    assert sum(level.energy_mev * level.degeneracy for level in levels) / 48 == pytest.approx(-1.5, abs=1e-9)


def test_impossible_requests_are_refused(cdte_sample: Sample) -> None:
    with pytest.raises(ValueError, match="helicity = 0"):
        bright_dark_crossings(cdte_sample, helicity=0)
    with pytest.raises(ValueError, match="maximum_field_t"):
        bright_dark_crossings(cdte_sample, maximum_field_t=-1.0)
    with pytest.raises(ValueError, match="tolerance_mev"):
        exciton_multiplets(cdte_sample, tolerance_mev=0.0)
