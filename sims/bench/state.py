"""The instruments as they stand at one moment: all that the optical table knows of them."""

from dataclasses import dataclass

from sims.bench.dg645 import Gate
from sims.bench.lasers import LaserOutput
from sims.bench.models import Models
from sims.bench.oscillators import sync_rate_hz
from sims.bench.smb100a import MicrowaveOutput

EXCITATION_QUARTER_WAVE = "0"
ANALYSER_QUARTER_WAVE = "1"
ANALYSER_HALF_WAVE = "2"
"""Addresses of the rotation mounts on their common bus."""


@dataclass(frozen=True)
class BenchState:
    """A snapshot. ``trigger_period_s`` is None when nothing triggers the gates; lasers are None when dark."""

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
    modulator_nm: float = 0.0
    coupling: float = 1.0

    def gate(self, name: str) -> Gate:
        """The gate of that name."""
        return dict(self.gates)[name]

    def opens(self, gate: Gate) -> bool:
        """True when the gate switches at all: a trigger arrives and its width is not zero."""
        return self.trigger_period_s is not None and gate.width_s > 0


def read_state(models: Models) -> BenchState:
    """Look at every instrument now."""
    laser_rate_hz = sync_rate_hz(models.oscillators, models.superk)
    return BenchState(
        trigger_period_s=models.dg645.trigger_period_s(laser_rate_hz),
        gates=tuple(models.dg645.gates().items()),
        opo=models.superk.output() or models.opo_vis.output(),  # a flip mirror lets a lit SuperK in
        cwave=models.cwave.output(),
        beam_open=models.sc10.is_open(),
        microwave=models.smb100a.output() or models.sg384.output(),  # whichever is on
        excitation_quarter_deg=models.ell14.angle_deg(EXCITATION_QUARTER_WAVE) + models.esp301.angle_deg(1),
        analyser_quarter_deg=models.ell14.angle_deg(ANALYSER_QUARTER_WAVE) + models.esp301.angle_deg(2),
        analyser_half_deg=models.ell14.angle_deg(ANALYSER_HALF_WAVE) + models.esp301.angle_deg(3),
        centre_nm=models.spectrapro.centre_nm,
        grooves_per_mm=models.spectrapro.groove_per_mm,
        exit=models.spectrapro.exit,
        side_slit_um=models.spectrapro.side_slit_um,
        temperature_k=models.mercury_itc.sample_temperature_k(),  # the Cryostation's until the Mercury takes over
        field_t=models.ami430.field_t() + models.cryomagnetics_4g.field_t(),  # the idle supply's is 0
        modulator_nm=models.pem200.modulation_nm(),
        coupling=models.anc300.coupling(),
    )
