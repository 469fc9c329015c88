"""Whatever bytes a client sends to the second magnet, cryostat, generator, to lock-in or steppers, they stay sane."""

import math

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from sims.bench.clock import VirtualClock
from sims.bench.models import Models, build_models
from sims.wire.bench import connect
from sims.wire.library import RESOURCES

WORDS = {
    "cryomagnetics-4g": "UNITS ,A,kG,T,ULIM ,LLIM ,IMAG,?,RANGE ,RATE ,0 ,5 ,1e9,-3,SWEEP ,UP,DOWN,ZERO,PAUSE,FAST,"
    "PSHTR ,ON,OFF,QRESET,*STB?,NAME,;, ",
    "mercury-itc": "READ:,SET:,DEV:MB1.T1:TEMP,DEV:MB0.H1:HTR,:LOOP:,TSET,ENAB,RSET,RENA,HSET,VLIM,RES,:,ON,OFF,5,1e9,"
    "-1,nan,K,SYS:ALRM,*IDN?",
    "sg384": "FREQ,AMPR,ENBR,TYPE,PFNC,MODL,LSTC?,LSTP ,LSTE,LSTI,*TRG,*RST, ,?,1,4,5,N,1e99,2 GHz,-5,LERR?,;",
    "sr830": "FMOD,SENS,OFLT,OFSL,FREQ,HARM,PHAS,SNAP?,OUTP?,STRT,SPTS?,SRAT,TRCA?,TRCB?,AGAN,APHS,OEXP,LIAS?, ,1,2,26,"
    "99,-1,1e99,;",
    "anc300": "123456\r\n,echo ,on,off,setm ,getm ,setv ,getv ,setf ,stepu ,stepd ,stepw ,stop ,capw ,setpu ,1 ,2 ,9 ,"
    "stp,gnd,cap,c,5,-5,1e9,nan, ",
}


def is_consistent(models: Models) -> bool:
    supply, itc, generator = models.cryomagnetics_4g, models.mercury_itc, models.sg384
    return (
        abs(supply.supply_current_a()) <= 100.0 + 1e-6
        and abs(supply.magnet_current_a()) <= 100.0 + 1e-6
        and all(0.0 < supply.rate_a_per_s(i) <= 10.0 for i in range(6))
        and 3.0 < itc.sample_temperature_k() <= 350.0 + 1e-6
        and 0.0 <= itc.setpoint_k <= 2000.0
        and 0.0 <= generator.settings.frequency_hz <= 4.05e9
        and -110.0 <= generator.settings.rf_power_dbm <= 16.5
        and math.isfinite(abs(models.sr830.output_v()))
        and 0.0 <= models.anc300.coupling() <= 1.0
        and all(0.0 <= models.anc300.output_v(n) <= 150.0 for n in (1, 2, 3))
    )


@pytest.mark.parametrize("model", sorted(WORDS))
@seed(20240607)
@settings(max_examples=40, deadline=None, database=None)
@given(data=st.data())
def test_any_bytes_leave_a_device_alive_and_consistent(model: str, data: st.DataObject) -> None:
    clock = VirtualClock()
    models = build_models(clock, np.random.default_rng(1), lambda: 1e-6)
    models.cryomagnetics_4g.fit_switch()
    talk = connect(models)[RESOURCES[model]].open()
    word = st.sampled_from([*WORDS[model].split(","), ","]).map(str.encode)
    line = st.lists(word, max_size=6).map(b"".join)
    ends = st.sampled_from([b"\r\n", b"\n", b"\r", b"", b";"])
    message = st.tuples(st.one_of(line, st.binary(max_size=12)), ends).map(b"".join)
    if model == "anc300":
        talk.write(b"123456\r\n")
    for sent in data.draw(st.lists(message, max_size=15)):
        talk.write(sent)
        clock.sleep_s(data.draw(st.sampled_from([0.0, 0.5, 20.0])))
        talk.read()
        assert is_consistent(models)


def test_two_thousand_random_messages_to_each() -> None:
    rng = np.random.default_rng(7)
    clock = VirtualClock()
    models = build_models(clock, rng, lambda: 1e-6)
    ports = connect(models)
    for model, words in WORDS.items():
        talk = ports[RESOURCES[model]].open()
        vocabulary = [*words.split(","), ",", "\n", "\r\n", "\x00", "\xff"]
        for _ in range(2000):
            picked = rng.choice(len(vocabulary), size=rng.integers(1, 8))
            talk.write("".join(vocabulary[i] for i in picked).encode("latin-1") + b"\n")
            talk.read()
        assert is_consistent(models), model
