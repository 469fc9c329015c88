"""Speed of the photon stream with spin memory and of the detectors, on one process.

    python benchmarks/photon_stream.py [--seconds 100] [--out docs/reference/photon-stream.md]

Two questions: how many detected photons a second when there are many (jitter, dead time, two detectors), and how many
simulated seconds a second at 25 000 detections/s from an 80 MHz pulse train. The plain walk, pulse by pulse, stands
beside them. The best of five, wall-clock and processor time (the one that counts on a shared machine); "two threads":
the stream is drawn ahead of the detectors, so only its wall-clock time is shorter. At the end the peak memory of the
process after the tables of a sequence of 96 pulses, for a dot with one ion and for one with two.
"""

import argparse
import os
import resource
import time
from collections.abc import Callable, Iterable
from pathlib import Path

for _library in ("OPENBLAS", "MKL", "OMP"):  # before numpy is imported
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import numpy as np

from sims.dot.response import Dot
from sims.dot.sample import load_sample
from sims.dot.stimulus import ContinuousLight, Cycle, Environment, PulsedLight, Segment
from sims.photons.ahead import ahead
from sims.photons.events import PhotonEvents
from sims.photons.from_dot import jump_process
from sims.photons.presets import EXCELITAS
from sims.photons.source import PhotonSource
from sims.photons.spads import clicks
from sims.photons.trajectory import plain_stream

PERIOD_NS = 12.5
WANTED_HZ = 25_000.0
Row = tuple[str, int, float, float, float]
"""Name, photons, wall, processor and simulated time of one measurement."""

SPADS = (EXCELITAS, EXCELITAS)


def source(detection: float | None) -> PhotonSource:
    """The default Mn dot under 0.2 pairs a pulse; ``detection`` a photon and detector, None: 25 kcps in all."""
    dot = Dot(load_sample("mn-cdse-cds"), Environment(4.0))
    one = dot.mean_pairs(PulsedLight(0.0, 2214.0, 8.0, 1.0, (0.0, 0.0, 1.0)))
    pulse = PulsedLight(0.0, 2214.0, 8.0, 0.2 / one, (0.0, 0.0, 1.0))
    process = jump_process(dot, Cycle((Segment(PERIOD_NS),), (pulse,)))
    shape = np.ones((2, process.n_transitions))
    if detection is None:
        faint = PhotonSource(process, 1e-4 * shape)
        detection = 1e-4 * WANTED_HZ / float(faint.expected_rates_hz().sum())
    return PhotonSource(process, detection * shape)


def best_of_five(make: Callable[[], Iterable[PhotonEvents]]) -> tuple[int, float, float]:
    """Number of events, the shortest wall-clock and the shortest processor time in seconds."""
    wall, processor, number = [], [], 0
    for _ in range(5):
        start, used = time.perf_counter(), time.process_time()
        number = sum(len(piece) for piece in make())
        wall.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    return number, min(wall), min(processor)


def rows(seconds: float) -> list[Row]:
    """Name, photons, wall, processor and simulated time of every measurement."""
    result: list[Row] = []
    for name, detection, duration_s in (("many photons", 0.45, seconds / 400), ("25 kcps, 80 MHz", None, seconds)):
        light = source(detection)
        list(clicks(light.chunks(1e-4, np.random.default_rng(0)), SPADS, 1e-4, np.random.default_rng(0)))  # compiles

        def stream(light: PhotonSource = light, duration_s: float = duration_s) -> Iterable[PhotonEvents]:
            return light.chunks(duration_s, np.random.default_rng(1))

        def chain(
            photons: Callable[[], Iterable[PhotonEvents]] = stream, duration_s: float = duration_s
        ) -> Iterable[PhotonEvents]:
            return clicks(photons(), SPADS, duration_s, np.random.default_rng(2))

        photons, wall, cpu = best_of_five(stream)
        result.append((f"{name}: stream", photons, wall, cpu, duration_s))
        _, wall, cpu = best_of_five(chain)
        result.append((f"{name}: + detectors", photons, wall, cpu, duration_s))
        _, wall, cpu = best_of_five(lambda chain=chain, stream=stream: chain(lambda: ahead(stream())))  # type: ignore[misc]
        result.append((f"{name}: + detectors, two threads", photons, wall, cpu, duration_s))
        if detection is None:
            n_cycles = 400_000
            plain_stream(light.process, light.detection, light.begin, 10, np.random.default_rng(3))
            start, used = time.perf_counter(), time.process_time()
            plain = plain_stream(light.process, light.detection, light.begin, n_cycles, np.random.default_rng(3))
            wall, cpu = time.perf_counter() - start, time.process_time() - used
            result.append((f"{name}: plain walk", len(plain), wall, cpu, n_cycles * PERIOD_NS * 1e-9))
    return result


def peak_megabytes(sample: str) -> float:
    """Highest memory of this process after the tables of 96 reset pulses, darkness and a probe were made."""
    dot = Dot(load_sample(sample), Environment(4.0))
    one = dot.mean_pairs(PulsedLight(0.0, 2214.0, 8.0, 1.0, (0.0, 0.0, 1.0)))
    probe = ContinuousLight(float(dot.transitions.energy_mev[0]), 1e-6, 1e-7, (0.0, 0.0, 1.0))
    segments = (Segment(1300.0), Segment(200.0), Segment(1000.0, (probe,)), Segment(500.0), Segment(300.0))
    pulses = tuple(PulsedLight(PERIOD_NS * k + 1.0, 2214.0, 8.0, 0.2 / one, (0.0, 0.0, 1.0)) for k in range(96))
    process = jump_process(dot, Cycle(segments, pulses))
    light = PhotonSource(process, np.full((2, process.n_transitions), 0.01))
    light.stream(1e-3, np.random.default_rng(1))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(measured: list[Row]) -> str:
    """Markdown table."""
    lines = [
        "| what | detected photons | wall s | CPU s | M photons / wall s | / CPU s | simulated s / wall s | / CPU s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, photons, wall, cpu, simulated in measured:
        rate = f"{photons / wall * 1e-6:.3g} | {photons / cpu * 1e-6:.3g}"
        lines.append(
            f"| {name} | {photons} | {wall:.3f} | {cpu:.3f} | {rate} | {simulated / wall:.3g} | {simulated / cpu:.3g} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write when asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=100.0, help="simulated seconds at 25 kcps")
    parser.add_argument("--out", type=Path, default=None)
    arguments = parser.parse_args()
    text = table(rows(arguments.seconds))
    text += "\n\n| tables of a sequence of 96 pulses | peak memory, MiB |\n|---|---|"
    for name in ("mn-cdse-cds", "two-mn-cdse-cds"):
        text += f"\n| {name} | {peak_megabytes(name):.0f} |"
    print(text)
    if arguments.out is not None:
        arguments.out.write_text(f"# Speed of the photon stream\n\n{__doc__.strip()}\n\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
