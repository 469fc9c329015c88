import numpy as np
import pytest

from sims.coherence.sequences import Sequence, cpmg, hahn_echo, ramsey, xy8


def test_ramsey_keeps_a_static_phase_and_echoes_refocus_it():
    assert ramsey().static_phase_fraction == 1.0
    assert [s.static_phase_fraction for s in (hahn_echo(), cpmg(3), cpmg(8), xy8(2))] == [0.0] * 4


def test_cpmg_pulses_sit_at_odd_multiples_of_half_a_spacing():
    assert cpmg(4).pulses == (0.125, 0.375, 0.625, 0.875)
    np.testing.assert_allclose(cpmg(4).durations, [0.125, 0.25, 0.25, 0.25, 0.125])


def test_xy8_dephases_as_cpmg_with_eight_pulses_a_block():
    assert xy8(2).pulses == cpmg(16).pulses


@pytest.mark.parametrize("pulses", [(0.5, 0.5), (0.0,), (0.7, 0.3), (1.0,), (float("nan"),)])
def test_pulses_out_of_order_or_outside_are_refused(pulses):
    with pytest.raises(ValueError, match="must increase and lie inside"):
        Sequence("odd", pulses)


def test_no_pulses_is_not_cpmg():
    with pytest.raises(ValueError, match="n_pulses is 0"):
        cpmg(0)
    with pytest.raises(ValueError, match="n_repeats is 0"):
        xy8(0)
