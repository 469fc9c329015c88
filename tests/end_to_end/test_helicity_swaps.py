"""Through the drivers: turning the analyser by 90 degrees, or reversing the field, swaps sigma-plus and sigma-minus."""

import numpy as np
import pytest

from instruments import station
from sims import twin

pytestmark = pytest.mark.end_to_end


def measured_spectrum(bench: station.Bench, analyser_deg: float, field_t: float) -> np.ndarray:
    """One exposure behind the analyser, at the field, by the bench's own drivers."""
    bench.role("magnet").set_field(field_t)
    bench.role("analyser_quarter_wave").rotate_to(analyser_deg)
    return np.asarray(bench.role("camera").expose(2.0))


def lit_bench(lab: twin.Twin) -> station.Bench:
    """The twin's bench with the pulsed laser on the dot and the spectrograph on its emission."""
    config = station.read_station(station.TEMPLATE)
    overrides = {name: lab.connection(model) for name, model in station.models(config).items()}
    bench = station.load(config, clock=lab.clock, overrides=overrides)
    bench.role("spectrograph").select_grating(1800)
    bench.role("spectrograph").set_centre_wavelength(605.0)
    bench.role("spectrograph").select_exit("front")
    bench.role("pulse_source").open_output()
    bench.role("readout_laser").tune(560.0)
    bench.role("readout_laser").open_output()
    bench.role("gates").trigger_on_laser(10)
    bench.role("gates").set_gate("CD", 0.0, 6e-9)
    bench.role("shutter").open()
    return bench


def test_rotating_the_analyser_and_reversing_the_field_swap_the_helicities() -> None:
    with twin.start("mn-cdse-cds", seed=1) as lab, lit_bench(lab) as bench:
        plus = measured_spectrum(bench, 45.0, 3.0)
        minus = measured_spectrum(bench, -45.0, 3.0)
        turned = measured_spectrum(bench, 135.0, 3.0)
        reversed_field = measured_spectrum(bench, 45.0, -3.0)

    def alike(one: np.ndarray, other: np.ndarray) -> float:
        return float(np.corrcoef(one, other)[0, 1])

    assert alike(plus, minus) < 0.9
    assert alike(turned, minus) > 0.99
    assert alike(reversed_field, minus) > 0.99
