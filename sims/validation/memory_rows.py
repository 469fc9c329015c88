"""What the dopant remembers in the dark, and for how long."""

import math
from functools import cache, partial

from sims.basics.spins import FloatArray
from sims.dot.stimulus import Environment
from sims.dynamics.chromium import Chromium, dark_relaxation, projection_populations
from sims.dynamics.model import build_model
from sims.dynamics.paramagnetisation import PUBLISHED_FIT, return_rate_per_s
from sims.dynamics.pumping import outer_line, recovery_against_delay, resonant_segment
from sims.validation.check import Check, at_least, at_most, between, within
from sims.validation.dots import axial_cdte
from sims.validation.sources import GORYCA, LE_GALL, PANDEY, PAPER

row = partial(Check, "Dark memory")

ZERO = (0.0, 0.0, 0.0)
INPUT = "T1 = 1 ms in the dark is an input; the row guards that nothing else shortens the memory"


@cache
def recovery(field_z_t: float) -> FloatArray:
    """Start of a second pump over that of the first, after 50 ns, 10 us and 1 ms of dark."""
    model = build_model(axial_cdte(), Environment(4.0, (0.0, 0.0, field_z_t)), heavy_holes_only=True)
    segment = resonant_segment(model, 1.5, outer_line(model).detuning_mev, 600.0)
    return recovery_against_delay(model, segment, (50.0, 1e4, 1e6))


def memory_us(field_z_t: float) -> float:
    """1/e time of the orientation between 50 ns and 1 ms of dark."""
    early, _, late = recovery(field_z_t)
    return 1e3 / math.log((1 - early) / (1 - late))


def lost_in_ten_us() -> float:
    """Growth of the recovery from 50 ns to 10 us of dark, in per cent of the first pump's start."""
    early, middle, _ = recovery(0.0)
    return 100 * float(middle - early)


def chromium_t1_us() -> float:
    """Slowest dark relaxation of Cr2+, D0 = 2 meV, E = 0.1 meV, 5 K."""
    return dark_relaxation(Chromium(2.0, 0.1), ZERO, 5.0).t1_us


def chromium_outer_percent() -> float:
    """Thermal population of S_z = +-2 at 5 K, D0 = 2 meV."""
    populations = projection_populations(Chromium(2.0), ZERO, 5.0)
    return 100 * float(populations[0] + populations[-1])


def copper_hours(temperature_k: float) -> float:
    """Mean time of return of the light-made Cu2+."""
    return 1 / return_rate_per_s(PUBLISHED_FIT, temperature_k) / 3600.0


CHECKS: tuple[Check, ...] = (
    row("Mn2+, B = 0: memory", "us", at_least(10.0), "calibrated", LE_GALL, partial(memory_us, 0.0), INPUT),
    row("Mn2+, B = 0: lost in 10 us of dark", "%", at_most(2.0), "calibrated", LE_GALL, lost_in_ten_us, INPUT),
    row(
        "Mn2+, 1 T: memory", "us", at_least(100.0), "calibrated", f"{GORYCA}: hundreds of us", partial(memory_us, 1.0),
        INPUT,
    ),
    row(
        "Cr2+, 5 K: T1", "us", within(2.0, 0.5), "calibrated",
        "Lafuente-Sampietro et al., resonant pumping of a Cr spin", chromium_t1_us,
        "the prefactor is set by hand to this number",
    ),
    row(
        "Cr2+, 5 K: population of S_z = +-2", "%", at_most(1.0), "published", f"{PAPER}: S_z = 0, +-1 are populated",
        chromium_outer_percent, "D0 = 2 meV",
    ),
    row(
        "Cu:ZnSe-CdSe, 5 K: time in which the photomagnetisation goes", "h", between(1.0, 10.0), "calibrated",
        f"{PANDEY}: hours", partial(copper_hours, 5.0), "tunnelling time set by hand",
    ),
    row(
        "Cu:ZnSe-CdSe, 90 K: the same", "h", at_most(0.1), "calibrated", f"{PANDEY}: seen up to 80 K",
        partial(copper_hours, 90.0), "barrier set by hand",
    ),
)  # fmt: skip
