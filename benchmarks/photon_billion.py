"""A file of 10⁹ photons through ``solotron analyze``: time and peak memory, measured from outside.

    python benchmarks/photon_files.py --billion [--photons 1000000000] [--file big.ptu]

Writes a PTU file (T3, one emitter that never sends two photons a pulse, 5 % background) once, four bytes a photon, and
analyses it in a process of its own.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

_OVERFLOW = np.uint32(1 << 31 | 63 << 25)
_CHUNK = 5_000_000
_PULSES_A_PHOTON = 50.0
_PERIOD_S, _TICK_PS, _LIFETIME_PS = 50e-9, 16, 4000.0
_WATCH_S = 0.2


def write_ptu(path: Path, n_photons: int, header: Callable[[int], bytes]) -> None:
    """Write ``n_photons`` photons, written as a whole or not at all; ``header(n_records)`` of constant length."""
    rng = np.random.default_rng(5)
    unfinished = path.with_suffix(".part")
    last, n_records = 0, 0
    with unfinished.open("wb") as file:
        file.write(header(0))
        for begin in range(0, n_photons, _CHUNK):
            size = min(_CHUNK, n_photons - begin)
            pulse = last + np.cumsum(1 + rng.exponential(_PULSES_A_PHOTON, size).astype(np.int64))
            records = _records(rng, pulse, last >> 10)
            records.tofile(file)
            last, n_records = int(pulse[-1]), n_records + records.size
        file.seek(0)
        file.write(header(n_records))
    unfinished.replace(path)


def _records(rng: np.random.Generator, pulse: npt.NDArray[np.int64], overflows: int) -> npt.NDArray[np.uint32]:
    """T3 records of photons at ``pulse``, with an overflow record wherever the 10-bit counter has gone round."""
    size = pulse.size
    delay_ps = 3000.0 + rng.exponential(_LIFETIME_PS, size) + rng.normal(0.0, 150.0, size)
    flat = rng.random(size) < 0.05
    delay_ps[flat] = rng.uniform(0.0, 1e12 * _PERIOD_S, int(flat.sum()))
    ticks = ((delay_ps % (1e12 * _PERIOD_S)) / _TICK_PS).astype(np.uint32)
    photons = rng.integers(0, 2, size, dtype=np.uint32) << np.uint32(25) | ticks << np.uint32(10)
    photons |= (pulse & 1023).astype(np.uint32)
    rounds = np.diff(pulse >> 10, prepend=overflows)
    place = np.flatnonzero(rounds)
    return np.insert(photons, place, _OVERFLOW | rounds[place].astype(np.uint32))


def analyse(path: Path, more: list[str]) -> str:
    """One sentence: time, peak memory and results of ``solotron analyze`` on ``path``."""
    command = [sys.executable, "-m", "runmanager", "analyze", str(path), "--json", *more]
    begin = time.perf_counter()
    answer = path.with_suffix(".answer.json")
    with answer.open("wb") as out:
        pid = os.posix_spawn(
            sys.executable,
            command,
            {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
            file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1)],
        )
        peak_kib, status, usage = 0, 0, None
        while usage is None:
            peak_kib = max(peak_kib, _peak_kib(pid))
            done, status, ended = os.wait4(pid, os.WNOHANG)
            usage = ended if done else None
            if usage is None:
                time.sleep(_WATCH_S)
    seconds = time.perf_counter() - begin
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        raise SystemExit(f"solotron analyze ended with code {code}")
    results = json.loads(answer.read_text(encoding="utf-8"))["results"]
    n_bytes = path.stat().st_size
    told = ", ".join(f"{name} {results[name]['value']:.4g}" for name in ("g2_zero", "lifetime"))
    return (
        f"{n_bytes / 1e9:.2f} GB ({n_bytes / 4:.3g} records) in {seconds:.0f} s wall-clock, "
        f"{usage.ru_utime + usage.ru_stime:.0f} s processor time, peak memory {peak_kib / 2**20:.2f} GiB; {told} "
        f"(drawn: at most one photon a pulse and 5 % background; lifetime {_LIFETIME_PS / 1e3:g} ns)."
    )


def _peak_kib(pid: int) -> int:
    """The most memory the process has held so far, KiB; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
