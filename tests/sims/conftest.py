"""A simulated bench without wires: models, table and clock, with the moves a test needs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from sims.bench.clock import VirtualClock
from sims.bench.config import TableConfig, Wiring
from sims.bench.detectors import Times
from sims.bench.dg645 import TriggerSource
from sims.bench.ell14 import PULSES_PER_TURN
from sims.bench.models import build_models
from sims.bench.table import OpticalTable, Train
from sims.dot.sample import load_sample

HC_MEV_NM = 1239841.984
GATES = ("AB", "CD", "EF", "GH")


class Lab:
    """Hands on the simulated instruments, no bytes."""

    def __init__(self, sample: str = "mn-cdse-cds", seed: int = 1, config: Any = None, **sample_changes: Any) -> None:
        self.clock = VirtualClock()
        rng = np.random.default_rng(seed)
        self.models = build_models(self.clock, rng, lambda: self.table.incident_power_w())
        sheet = load_sample(sample).model_copy(update=sample_changes)
        self.table = OpticalTable(self.models, sheet, config or TableConfig(), Wiring(), rng, self.clock)

    def trigger(self, divider: int) -> None:
        generator = self.models.dg645
        generator.trigger_source = TriggerSource.EXTERNAL_RISING
        generator.advanced_triggering = True
        generator.prescalers[0] = divider

    def gate(self, name: str, delay_s: float, width_s: float, divider: int = 1, level_v: float = 5.0) -> None:
        number = GATES.index(name) + 1
        generator = self.models.dg645
        generator.set_delay(2 * number, 0, delay_s)
        generator.set_delay(2 * number + 1, 2 * number, width_s)
        generator.prescalers[number] = divider
        generator.outputs[number].amplitude_v = level_v

    def open_beam(self) -> None:
        if not self.models.sc10.is_open():
            self.models.sc10.toggle()

    def opo_on(self, wavelength_nm: float = 560.0) -> None:
        self.models.chameleon.set_shutter(True)
        self.models.opo_vis.opo_out_open = True
        self.models.opo_vis.set_signal_wavelength(2 * wavelength_nm)
        self.clock.advance(60.0)

    def cwave_on(self, wavelength_nm: float) -> None:
        laser = self.models.cwave
        laser.dial(wavelength_nm)
        laser.set_shutter("shg_out", True)
        self.clock.advance(100.0)
        laser.move(wavelength_nm - laser.output().wavelength_nm)
        self.clock.advance(30.0)

    def rotate(self, address: str, angle_deg: float) -> None:
        self.models.ell14.mounts[address].move_to(round(angle_deg / 360 * PULSES_PER_TURN))
        self.clock.advance(5.0)

    def field(self, field_t: float) -> None:
        magnet = self.models.ami430
        magnet.set_segment(1, 1.0, 80.0)
        magnet.set_target(field_t / magnet.coil_constant_t_per_a)
        magnet.ramp()
        self.clock.advance(200.0)

    def spectrograph(self, exit_name: str, centre_nm: float) -> None:
        self.models.spectrapro.select_exit(exit_name)
        self.models.spectrapro.go_to(centre_nm)
        self.clock.advance(30.0)

    def top_line_nm(self) -> float:
        """Wavelength of the highest bright line in sigma-plus."""
        lines = self.table.look().dot.transitions
        strong = (lines.kind == "exciton") & (lines.stokes[:, 3] > 0.5)
        return float(HC_MEV_NM / lines.energy_mev[strong].max())

    def pulsed(self) -> "Lab":
        """Single OPO pulses every 200 ns, photons to the detectors."""
        self.trigger(16)
        self.gate("CD", 0.0, 6e-9)
        self.opo_on()
        self.open_beam()
        self.spectrograph("side", 607.0)
        return self


@pytest.fixture
def lab() -> type[Lab]:
    return Lab


@dataclass
class FakeLook:
    trains: dict[int, Train]


class FakeTable:
    """Detector events given in advance, in ps of the clock; a trigger every microsecond on input 3."""

    def __init__(self, events: Any = None, period_ps: int = 1_000_000) -> None:
        self.clock = VirtualClock()
        self.events = events or {}
        self.trains = {3: Train(period_ps, 0.0)}
        self.records = []

    def now_ps(self) -> int:
        return self.clock.now_ns() * 1000

    def look(self) -> FakeLook:
        return FakeLook(dict(self.trains))

    def record(self, duration_s: float, look: Any = None, start_ps: int = 0) -> dict[int, Times]:
        duration_ps = round(duration_s * 1e12)
        self.records.append((start_ps, duration_ps))
        return {n: self._between(times, start_ps, duration_ps) for n, times in self.events.items()}

    @staticmethod
    def _between(times: list[int], start_ps: int, duration_ps: int) -> Times:
        shifted = np.asarray(times, dtype=np.int64) - start_ps
        return shifted[(shifted >= 0) & (shifted < duration_ps)]


@pytest.fixture
def fake_table() -> type[FakeTable]:
    return FakeTable
