"""The instruments as they stand at one moment: all that the optical table knows of them."""

from dataclasses import dataclass

from sims.bench.dg645 import Gate
from sims.bench.lasers import LaserOutput
from sims.bench.models import Models

EXCITATION_QUARTER_WAVE = "0"
ANALYSER_QUARTER_WAVE = "1"
ANALYSER_HALF_WAVE = "2"
"""Addresses of the rotation mounts on their common bus."""


@dataclass(frozen=True)
class MicrowaveOutput:
    """What the generator sends: carrier, power, and whether it follows its gate input."""

    frequency_hz: float
    power_dbm: float
    gated: bool


@dataclass(frozen=True)
class BenchState:
    """The instruments as they stand at one moment."""

    trigger_period_s: float | None
    gates: tuple[tuple[str, Gate], ...]
    opo: LaserOutput | None
    cwave: LaserOutput | None
    beam_open: bool
    microwave: MicrowaveOutput | None
    excitation_quarter_deg: float
    analyser_quarter_deg: float
    analyser_half_deg: float
    centre_nm: float
    grooves_per_mm: float
    exit: str
    side_slit_um: float
    temperature_k: float
    field_t: float

    def gate(self, name: str) -> Gate | None:
        """The gate if it opens at all (trigger running, width above zero)."""
        gate = dict(self.gates).get(name)
        if gate is None or self.trigger_period_s is None or gate.width_s <= 0:
            return None
        return gate


def read_state(models: Models) -> BenchState:
    """Look at every instrument now."""
    raise NotImplementedError
