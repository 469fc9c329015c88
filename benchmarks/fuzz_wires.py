"""Send random and mutated bytes into every wire of the twin: no crash, no hang, state still consistent.

python benchmarks/fuzz_wires.py [--messages 100000] [--seed 1] [--only MODEL]

Messages are whole commands learnt from the protocol's own words, the same with bytes flipped, cut, doubled or
joined, and plain noise; time passes between some of them. Each wire must not raise, must answer within a second of
real time, must keep its input buffer bounded, and after every hundred messages the whole table must still be one that
can be looked at. At the end the instrument must still know who it is.
"""

import argparse
import math
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from sims import twin as twins
from sims.bench.illumination import TableError
from sims.twin import Twin
from sims.wire.id900_data_link import DataLink
from sims.wire.id900_scpi import Id900Scpi
from sims.wire.line import Port

SLOWEST_S = 5.0
LOOK_EVERY = 100
ENDS = (b"\r\n", b"\n", b"\r", b"", b";", b";\n")
SEEDS: dict[str, tuple[bytes, ...]] = {
    "chameleon": (
        b"?VW",
        b"VW=820",
        b"WAVELENGTH=800",
        b"SHUTTER=1",
        b"?S",
        b"L=1",
        b"L=0",
        b"HBR=5",
        b"?F",
        b"ECHO=0",
    ),
    "opo-vis": (b"OPO WAVELENGTH=12000", b"OPO WAVELENGTH?", b"OPO OUT SHUTTER=1", b"STATUS?", b"*ID?", b"OPO POWER?"),
    "ell14": (
        b"0in",
        b"0gs",
        b"0gp",
        b"1ma00004600",
        b"2mr00000100",
        b"0ho0",
        b"0sv32",
        b"0so00000000",
        b"0st",
        b"1gj",
    ),
    "sc10": (b"id?", b"ens?", b"ens", b"mode=1", b"mode=4", b"closed?", b"open=200", b"rep=3", b"interlock?"),
    "spectrapro": (
        b"600 GOTO",
        b"650.0 >NM",
        b"?NM",
        b"MONO-?DONE",
        b"2 GRATING",
        b"?GRATINGS",
        b"SIDE-EXIT-SLIT 3000 MICRONS",
    ),
    "cwave": (
        b"info?",
        b"opo_lambda:57000",
        b"opo_rlambda:10",
        b"shtter_shg_out:1",
        b"get_log?",
        b"regopo_on:2",
        b"laser_en:1",
    ),
    "cryostation": (b"03GST", b"03GAS", b"06STSP10", b"03GTSP", b"03SWU", b"03SCD", b"03STP", b"04GS1T"),
    "ami430": (
        b"*IDN?",
        b"CONF:FIELD:TARG 0.5",
        b"RAMP",
        b"PAUSE",
        b"ZERO",
        b"STATE?",
        b"CONF:RAMP:RATE:FIELD 1,0.01,1",
        b"PS 1",
        b"QU?",
    ),
    "smb100a": (
        b"*IDN?",
        b"SOUR:FREQ 5 GHz",
        b"SOUR:POW -3",
        b":OUTP:STAT ON",
        b"SOUR:PULM:STAT ON;SOUR EXT",
        b"SYST:ERR?",
        b"*RST",
    ),
    "dg645": (
        b"DLAY 2,0,1e-6",
        b"DLAY? 3",
        b"TSRC 1",
        b"TRAT 1000",
        b"PRES 1,5",
        b"LAMP 1,3.3",
        b"LERR?",
        b"*RST",
        b"ADVT 1",
    ),
    "pm100d": (
        b"*IDN?",
        b"SENS:CORR:WAV 600",
        b"MEAS:POW?",
        b"SYST:SENSOR:IDN?",
        b"AVER:COUN 5",
        b"SYST:ERR?",
        b"*CLS",
    ),
    "superk": (
        bytes.fromhex("0d0f4204305db40a"),
        bytes.fromhex("0d104204665db40a"),
        b"\r\x10B\x05\x33\xd4\x17\n",
    ),
    "maitai": (
        b"*IDN?",
        b"WAV 800",
        b"READ:WAV?",
        b"SHUT 1",
        b"SHUT?",
        b"ON",
        b"OFF",
        b"TIM:WATC 5",
        b"READ:PCTW?",
        b"SYST:ERR?",
    ),
    "esp301": (b"1PA45", b"1TP?", b"1MD?", b"2MO", b"2MF", b"3OR", b"TB?", b"1WS;1TP", b"1SL-90", b"AB", b"1SN7"),
    "pem200": (b"*IDN?;", b":MOD:AMP 150;", b":MOD:AMPR?;", b":SYS:PEMO 1;", b":MOD:STABLE?;", b":MOD:FREQ?;"),
    "sr400": (b"CM 0", b"CI 0,1", b"CP 2,1e5", b"NP 10", b"DL 0,-0.01", b"GW 0,1e-6", b"CR;CS", b"QA", b"QB 3", b"FA"),
    "mercury-itc": (b"READ:DEV:MB1.T1:TEMP:SIG:TEMP", b"SET:DEV:MB1.T1:TEMP:LOOP:TSET:5", b"READ:SYS:CAT", b"*IDN?"),
    "cryomagnetics-4g": (
        b"*IDN?",
        b"UNITS T",
        b"ULIM 5",
        b"SWEEP UP",
        b"SWEEP PAUSE",
        b"IMAG?",
        b"*STB?",
        b"RATE 0 0.05",
        b"QRESET",
    ),
    "sg384": (
        b"*IDN?",
        b"FREQ 2.5 GHz",
        b"AMPR -3",
        b"ENBR 1",
        b"LSTC? 3",
        b"LSTP 0,1e9,N,N,N,N,N,N,N,N,N,N,N,N,N,N",
        b"LERR?",
    ),
    "sr830": (
        b"*IDN?",
        b"SNAP?1,2,3",
        b"SENS 10",
        b"OFLT8",
        b"FREQ 123",
        b"OUTP? 1",
        b"TRCA?1,0,5",
        b"STRT",
        b"REST",
        b"DDEF1,1,0",
    ),
    "anc300": (
        b"123456",
        b"echo off",
        b"getm 1",
        b"setm 1 stp",
        b"setv 1 30",
        b"stepu 1 5",
        b"stepd 2 c",
        b"stop 1",
        b"stepw 1",
        b"ver",
    ),
    "id900": (
        b"*IDN?",
        b"INPU1:ENAB ON",
        b"INPU1:COUN?",
        b"HIST1:DATA?",
        b"HIST1:BCOU 100",
        b"REC:PLAY",
        b"REC:STOP",
        b"REC:DUR 1000",
        b"REC:STAG?",
    ),
    "id900 data link": (
        b"list",
        b"start-save --address 1 --channel 1 --filename x",
        b"stop --id 1",
        b"status --id 1",
        b"start-stream --channel 9",
    ),
}
"""Whole messages of each protocol, without their ends."""
IDENTITIES: dict[str, bytes] = {"ell14": b"0gs", "cryostation": b"03GST", "superk": bytes.fromhex("0d0f4204305db40a")}
LOW_BIT = 1


@dataclass(frozen=True)
class Tally:
    """What a wire got and gave."""

    model: str
    messages: int
    replies: int
    looks: int
    slowest_s: float


def fuzz(model: str, n_messages: int, seed: int) -> Tally:
    """Fuzz one wire of a fresh twin. AssertionError names the last messages when something must not be."""
    if model.startswith("id900"):
        return _fuzz_id900(model, n_messages, seed)
    rng = np.random.default_rng((seed, sorted(SEEDS).index(model)))
    with twins.start("mn-cdse-cds", seed=seed) as lab:
        talk = lab.ports[model].open()
        last: list[bytes] = []
        replies, looks, slowest_s = 0, 0, 0.0
        for k in range(n_messages):
            sent = message(rng, SEEDS[model])
            last = [*last[-9:], sent]
            began = time.perf_counter()
            try:
                talk.write(sent)
                if rng.random() < 0.1:
                    lab.clock.sleep_s(float(rng.choice([0.01, 1.0, 30.0])))
                data, _ = talk.read()
                if k % LOOK_EVERY == LOOK_EVERY - 1:
                    look(lab)
                    looks += 1
            except Exception as error:
                raise AssertionError(f"{model}, message {k}: {type(error).__name__}: {error}; last: {last}") from error
            replies += bool(data)
            slowest_s = max(slowest_s, time.perf_counter() - began)
            assert slowest_s < SLOWEST_S, f"{model}, message {k} took {slowest_s:.1f} s; last: {last}"
            assert len(talk._input) <= 1 << 16, f"{model}: the input buffer grows without bound"
            if k % 1000 == 999:
                talk = lab.ports[model].open()  # an unfinished message ends with its connection
        require_life(lab.ports[model], lab, model)
        return Tally(model, n_messages, replies, looks, slowest_s)


def message(rng: np.random.Generator, seeds: tuple[bytes, ...]) -> bytes:
    """One message: a whole one, a spoilt one, or noise; with some end or none."""
    kind = rng.random()
    if kind < 0.15:
        text = rng.bytes(int(rng.integers(1, 40)))
    else:
        text = bytes(seeds[int(rng.integers(len(seeds)))])
        if kind > 0.4:
            text = _spoilt(rng, text, seeds)
    return text + ENDS[int(rng.integers(len(ENDS)))]


def _spoilt(rng: np.random.Generator, text: bytes, seeds: tuple[bytes, ...]) -> bytes:
    numbers = (
        b"-1",
        b"0",
        b"1e99",
        b"nan",
        b"inf",
        b"99999999999999999999",
        b"1e-300",
        b"0x10",
        b"\xd9\xa3",
        b"1_0",
        b"",
    )
    spoilt = bytearray(text)
    for _ in range(int(rng.integers(1, 4))):
        place = int(rng.integers(len(spoilt) + 1))
        way = int(rng.integers(6))
        if way == 0 and place < len(spoilt):
            spoilt[place] ^= LOW_BIT << int(rng.integers(8))
        elif way == 1:
            del spoilt[place:]
        elif way == 2:
            spoilt[place:place] = rng.bytes(int(rng.integers(1, 5)))
        elif way == 3:
            spoilt += b" " + seeds[int(rng.integers(len(seeds)))]
        elif way == 4:
            spoilt[place:] = numbers[int(rng.integers(len(numbers)))]
        else:
            spoilt *= int(rng.integers(1, 4))
    return bytes(spoilt[:4096])


def look(lab: Twin) -> None:
    """Look at the whole table: every number finite and possible. Raises AssertionError or whatever goes wrong."""
    models = lab.models
    try:
        state = lab.table.look().state
    except TableError:
        return  # settings the physics refuses by name: a consistent state
    assert math.isfinite(state.field_t)
    assert abs(state.field_t) < 20.0
    assert 1.0 < state.temperature_k <= 350.0
    assert math.isfinite(lab.table.incident_power_w())
    assert 100e3 <= models.smb100a.frequency_hz <= 20e9
    assert all(gate.delay_s >= 0.0 and gate.width_s >= 0.0 for gate in models.dg645.gates().values())
    assert 0.0 <= models.anc300.coupling() <= 1.0
    assert isinstance(models.sc10.is_open(), bool)


def require_life(port: Port, lab: Twin, model: str) -> None:
    """A new connection gets an answer to a plain question. AssertionError otherwise."""
    talk = port.open()
    talk.read()
    for question in (IDENTITIES.get(model), *SEEDS[model]):
        if question is None:
            continue
        for end in ENDS:
            talk.write(question + end)
            lab.clock.sleep_s(2.0)
            if talk.read()[0]:
                return
    raise AssertionError(f"{model} answers nothing any more")


def _fuzz_id900(model: str, n_messages: int, seed: int) -> Tally:
    """The time controller's two text ports, below their sockets."""
    import tempfile

    import zmq

    from sims.bench.time_controller import TimeController

    rng = np.random.default_rng((seed, sorted(SEEDS).index(model)))
    with twins.start("mn-cdse-cds", seed=seed) as lab, tempfile.TemporaryDirectory() as folder:
        controller = TimeController(lab.table)
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        link = DataLink(controller, context, Path(folder))
        execute = link.execute if model.endswith("link") else Id900Scpi(controller).execute
        replies, slowest_s = 0, 0.0
        try:
            for k in range(n_messages):
                sent = message(rng, SEEDS[model]).decode("utf-8", "replace").strip()
                began = time.perf_counter()
                try:
                    replies += bool(execute(sent))
                except Exception as error:
                    raise AssertionError(f"{model}, message {k} {sent!r}: {type(error).__name__}: {error}") from error
                slowest_s = max(slowest_s, time.perf_counter() - began)
                assert slowest_s < SLOWEST_S, f"{model}, message {k} {sent!r} took {slowest_s:.1f} s"
        finally:
            link.close()
            context.term()
        return Tally(model, n_messages, replies, 0, slowest_s)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=sorted(SEEDS))
    options = parser.parse_args()
    failed = 0
    for model in [options.only] if options.only else sorted(SEEDS):
        began = time.perf_counter()
        try:
            tally = fuzz(model, options.messages, options.seed)
        except AssertionError as error:
            failed += 1
            print(f"FAILED {model:<18} {error}", flush=True)
            continue
        print(
            f"passed {model:<18} {tally.messages} messages, {tally.replies} answered, slowest {tally.slowest_s:.2f} s, "
            f"{time.perf_counter() - began:.0f} s in all",
            flush=True,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
