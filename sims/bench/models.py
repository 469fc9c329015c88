"""All simulated instruments of one bench, by name."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sims.bench.ami430 import Ami430
from sims.bench.anc300 import Anc300
from sims.bench.chameleon import Chameleon
from sims.bench.clock import VirtualClock
from sims.bench.cryomagnetics_4g import Cryomagnetics4g
from sims.bench.cryostation import Cryostation
from sims.bench.cwave import CWave
from sims.bench.dg645 import Dg645
from sims.bench.ell14 import Ell14
from sims.bench.esp301 import Esp301
from sims.bench.mai_tai import MaiTai
from sims.bench.mercury_itc import MercuryItc
from sims.bench.opo_vis import OpoVis
from sims.bench.oscillators import Oscillators, sync_rate_hz
from sims.bench.pem200 import Pem200
from sims.bench.pm100d import Pm100d
from sims.bench.sc10 import Sc10
from sims.bench.sg384 import Sg384
from sims.bench.smb100a import Smb100a
from sims.bench.spectrapro import SpectraPro
from sims.bench.sr400 import Sr400
from sims.bench.sr830 import Sr830
from sims.bench.superk import SuperK


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
    mai_tai: MaiTai
    superk: SuperK
    oscillators: Oscillators
    esp301: Esp301
    pem200: Pem200
    sr400: Sr400
    mercury_itc: MercuryItc
    cryomagnetics_4g: Cryomagnetics4g
    sg384: Sg384
    sr830: Sr830
    anc300: Anc300


def build_models(clock: VirtualClock, rng: np.random.Generator, incident_power_w: Callable[[], float]) -> Models:
    """A cold, idle, safe bench: 4 K, no field, RF off, shutters closed, lasers warm.

    ``rng`` decides the lasers' dial errors now and the power meter's noise later; ``incident_power_w`` says what
    falls on the power meter.
    """
    chameleon = Chameleon(clock)
    mai_tai, superk = MaiTai(clock), SuperK(clock)
    oscillators = Oscillators(chameleon, mai_tai)
    cryostation = Cryostation(clock)
    return Models(
        clock=clock,
        chameleon=chameleon,
        opo_vis=OpoVis(oscillators, clock, rng),
        cwave=CWave(clock, rng),
        ell14=Ell14(clock),
        sc10=Sc10(clock),
        spectrapro=SpectraPro(clock),
        cryostation=cryostation,
        ami430=Ami430(clock),
        smb100a=Smb100a(),
        dg645=Dg645(lambda: sync_rate_hz(oscillators, superk)),
        pm100d=Pm100d(incident_power_w, rng),
        mai_tai=mai_tai,
        superk=superk,
        oscillators=oscillators,
        esp301=Esp301(clock),
        pem200=Pem200(clock),
        sr400=Sr400(clock),
        mercury_itc=MercuryItc(clock, cryostation.sample_temperature_k),
        cryomagnetics_4g=Cryomagnetics4g(clock),
        sg384=Sg384(),
        sr830=Sr830(clock, incident_power_w, rng),
        anc300=Anc300(clock),
    )
