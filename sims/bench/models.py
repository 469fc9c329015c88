"""All simulated instruments of one bench, by name."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sims.bench.ami430 import Ami430
from sims.bench.chameleon import Chameleon
from sims.bench.clock import VirtualClock
from sims.bench.cryostation import Cryostation
from sims.bench.cwave import CWave
from sims.bench.dg645 import Dg645
from sims.bench.ell14 import Ell14
from sims.bench.opo_vis import OpoVis
from sims.bench.pm100d import Pm100d
from sims.bench.sc10 import Sc10
from sims.bench.smb100a import Smb100a
from sims.bench.spectrapro import SpectraPro


@dataclass(frozen=True)
class Models:
    """The instruments' states and motions on one clock; bytes are the wires' business."""

    clock: VirtualClock
    chameleon: Chameleon
    opo_vis: OpoVis
    cwave: CWave
    ell14: Ell14
    sc10: Sc10
    spectrapro: SpectraPro
    cryostation: Cryostation
    ami430: Ami430
    smb100a: Smb100a
    dg645: Dg645
    pm100d: Pm100d


def build_models(clock: VirtualClock, rng: np.random.Generator, incident_power_w: Callable[[], float]) -> Models:
    """A cold, idle, safe bench: 4 K, no field, RF off, shutters closed, lasers warm.

    ``rng`` decides the lasers' dial errors now and the power meter's noise later; ``incident_power_w`` says what
    falls on the power meter.
    """
    chameleon = Chameleon(clock)
    return Models(
        clock=clock,
        chameleon=chameleon,
        opo_vis=OpoVis(chameleon, clock, rng),
        cwave=CWave(clock, rng),
        ell14=Ell14(clock),
        sc10=Sc10(clock),
        spectrapro=SpectraPro(clock),
        cryostation=Cryostation(clock),
        ami430=Ami430(clock),
        smb100a=Smb100a(),
        dg645=Dg645(lambda: chameleon.repetition_rate_hz),
        pm100d=Pm100d(incident_power_w, rng),
    )
