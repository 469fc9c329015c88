"""Speed of the correlators beside their peers, in one run, on the same tags.

    python benchmarks/correlation.py [--tags 10000000] [--billion] [--out docs/reference/correlation-speed.md]

Peers (pycorrelate, tttrlib, PicoQuant's snAPI) are optional: what is absent is named in the report. They are
no dependencies of ours; give them an environment of their own:

    python -m venv peers && peers/bin/pip install numpy numba pycorrelate tttrlib snapi
    PYTHONPATH=. peers/bin/python benchmarks/correlation.py

Each contestant runs several times, in turn with the others; the shortest wall-clock and the shortest processor time
count. On a machine that others use too, compare processor times (they do not reward a second thread).
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

for _library in ("OPENBLAS", "MKL", "OMP"):  # before numpy is imported
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import correlation_peers as peers
import numpy as np
import numpy.typing as npt

from analysis.correlation import coincidences
from analysis.decay_histogram import decay_histogram
from analysis.multitau import cross_correlation, log_edges_ps, pairs_by_delay
from analysis.multitau_coarse import coarse_correlation, octave_edges_ps
from analysis.tag_times import t3_to_t2

IntArray = npt.NDArray[np.int64]
SPACING_PS = 1_000_000.0  # 1 MHz a channel
WIDTH_PS = 1_000
LOG_FIRST_PS, LOG_LAST_PS = 10_000, 300_000_000_000
CHUNK = 10_000_000


@dataclass(frozen=True)
class Contestant:
    """A name, how to run it on the first ``n`` tags of each channel (or photons), and the most it is given."""

    name: str
    run: Callable[[int], Any]
    most: int = 1 << 62
    repeats: int = 5
    reference: bool = False


@dataclass(frozen=True)
class Timing:
    """Millions of tags (both channels) or photons a second."""

    name: str
    wall: float
    processor: float


def measure(contestants: list[Contestant], n: int, channels: int) -> list[Timing]:
    """Every contestant in turn, as often as its ``repeats`` say; the best of each."""
    for one in contestants:
        one.run(1000)  # compiled and warm
    wall: dict[str, list[float]] = {one.name: [] for one in contestants}
    processor: dict[str, list[float]] = {one.name: [] for one in contestants}
    for turn in range(max(one.repeats for one in contestants)):
        for one in (one for one in contestants if turn < one.repeats):
            size = min(n, one.most)
            begin, used = time.perf_counter(), time.process_time()
            one.run(size)
            million = channels * size / 1e6
            processor[one.name].append(million / (time.process_time() - used))
            wall[one.name].append(million / (time.perf_counter() - begin))
    return [Timing(one.name, max(wall[one.name]), max(processor[one.name])) for one in contestants]


def table(title: str, timings: list[Timing], unit: str, against: list[str]) -> list[str]:
    """A Markdown table of speeds and of our ratio (wall-clock, processor) to each of ``against``."""
    ours = timings[0]
    lines = [
        f"## {title}",
        "",
        f"| | {unit}, wall-clock | {unit}, processor | ours is faster by |",
        "|---|---|---|---|",
    ]
    for one in timings:
        ratio = f"{ours.wall / one.wall:.1f}× ({ours.processor / one.processor:.1f}× by processor time)"
        shown = ratio if any(one.name.startswith(name) for name in against) else ""
        lines.append(f"| {one.name} | {one.wall:.3g} | {one.processor:.3g} | {shown} |")
    return [*lines, ""]


def poisson_times(seed: int, n: int) -> IntArray:
    """Ascending arrival times of Poisson light, ps."""
    return np.cumsum(np.random.default_rng(seed).exponential(SPACING_PS, n).astype(np.int64))


def read_bandwidth(a: IntArray, b: IntArray) -> float:
    """Bytes a second at which two threads read the tags: the fastest a correlator could be."""
    best = 0.0
    for _ in range(7):
        begin = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(peers.read_all, (a, b)))
        best = max(best, (a.nbytes + b.nbytes) / (time.perf_counter() - begin))
    return best


def coincidence_section(a: IntArray, b: IntArray, reach: int, bandwidth: float) -> list[str]:
    """All pairs within ± ``reach`` (ps), 1 ns bins: counts compared bin by bin, then the speeds."""
    bins = (WIDTH_PS, reach)
    ours = coincidences(a, b, *bins)
    plain = peers.two_pointer(a, b, WIDTH_PS, reach, 1)
    part = slice(0, 3000)
    brute = peers.brute_force(a[part], b[part], WIDTH_PS, reach)
    if not (np.array_equal(ours, plain) and np.array_equal(coincidences(a[part], b[part], WIDTH_PS, reach), brute)):
        raise SystemExit(f"the counts at ±{reach} ps differ from the reference: no speed is worth reporting")
    runs = [
        Contestant("solotron, two threads", lambda n: coincidences(a[:n], b[:n], *bins), repeats=9),
        Contestant("solotron, one thread", lambda n: coincidences(a[:n], b[:n], *bins, threads=1)),
        Contestant("numba two-pointer, two threads", lambda n: peers.two_pointer(a[:n], b[:n], *bins, 2), repeats=9),
        Contestant("numba two-pointer, one thread", lambda n: peers.two_pointer(a[:n], b[:n], *bins, 1)),
        Contestant("numpy searchsorted + bincount", lambda n: peers.by_numpy(a[:n], b[:n], *bins), 2_000_000, 3),
    ]
    runs += peers.linear_peers(a, b, WIDTH_PS, reach, Contestant)
    timings = measure(runs, a.size, 2)
    bound = bandwidth / 8e6
    lines = table(
        f"All pairs within ±{reach // 1000} ns, 1 ns bins", timings, "Mtags/s", ["numba", "numpy", "tttr", "pyc"]
    )
    share = (
        f"Counts identical to the plain loop on all tags, and to a double loop on {part.stop} + {part.stop}. Reading "
        f"the tags alone with two threads: {bound:.0f} Mtags/s, solotron reaches {timings[0].wall / bound:.0%} of that."
    )
    return [*lines, share, ""]


def log_section(a: IntArray, b: IntArray) -> list[str]:
    """Logarithmic bins: every pair counted, and with a sampling time that grows with the delay."""
    edges = log_edges_ps(LOG_FIRST_PS, LOG_LAST_PS, 8)
    part = slice(0, 3000)
    if not np.array_equal(pairs_by_delay(a[part], b[part], edges), peers.brute_force_log(a[part], b[part], edges)):
        raise SystemExit("the logarithmic counts differ from the reference: no speed is worth reporting")
    others = peers.log_peers(a, b, edges, Contestant)
    runs = [
        Contestant("solotron, two threads", lambda n: pairs_by_delay(a[:n], b[:n], edges), repeats=3),
        Contestant("solotron, one thread", lambda n: pairs_by_delay(a[:n], b[:n], edges, threads=1), repeats=2),
        *(one for one in others if "felekyan" not in one.name),
    ]
    lines = table("Logarithmic bins, 10 ns to 0.3 s, 8 an octave", measure(runs, a.size, 2), "Mtags/s", ["tttr", "pyc"])
    note = (
        "Every pair counted, in its bin, by solotron and pycorrelate; tttrlib's `wahl` widens the sampling time with "
        "the delay. tttrlib's `laurence` returned zeros and is not shown."
    )
    return [*lines, note, "", *coarse_section(a, b, others)]


def coarse_section(a: IntArray, b: IntArray, others: list[Contestant]) -> list[str]:
    """Sampling time that grows with the delay, as tttrlib's correlators have it."""
    edges = octave_edges_ps(LOG_FIRST_PS, LOG_LAST_PS)
    part = slice(0, 1_000_000)
    exact, coarse = cross_correlation(a[part], b[part], edges).g2, coarse_correlation(a[part], b[part], edges).g2
    scatter = float(np.abs(coarse / exact - 1.0)[exact > 0].max())
    runs = [
        Contestant("solotron, two threads", lambda n: coarse_correlation(a[:n], b[:n], edges)),
        Contestant("solotron, one thread", lambda n: coarse_correlation(a[:n], b[:n], edges, threads=1)),
        *(one for one in others if one.name.startswith("tttrlib")),
    ]
    title = "Logarithmic bins with a sampling time that grows with the delay"
    lines = table(title, measure(runs, a.size, 2), "Mtags/s", ["tttr"])
    first_merged = np.flatnonzero(coarse != exact)
    until_us = float(edges[first_merged[0]]) * 1e-6 if first_merged.size else float("inf")
    note = (
        f"`analysis.multitau_coarse`: same range, 8 bins an octave (clock 10 ns for tttrlib). Every pair is counted up "
        f"to {until_us:.3g} µs, bins are merged beyond; on a million tags a channel g2 differs from the exact count by "
        f"{scatter:.1%} at most, less than its counting error."
    )
    return [*lines, note, ""]


def single_sections(n: int) -> list[str]:
    """Decay histogram of uint16 nanotimes, and T3 to T2."""
    rng = np.random.default_rng(3)
    nano = np.minimum(rng.exponential(800.0, 2 * n), 4095).astype(np.uint16)
    index = np.cumsum(rng.integers(1, 160, 2 * n))
    if not np.array_equal(decay_histogram(nano, 4096), np.bincount(nano, minlength=4096)):
        raise SystemExit("the decay histogram differs from numpy's: no speed is worth reporting")
    if not np.array_equal(t3_to_t2(index, nano, 12_499.7), peers.t3_by_numpy(index, nano, 12_499.7)):
        raise SystemExit("the arrival times differ from numpy's: no speed is worth reporting")
    decays = [
        Contestant("solotron, two threads", lambda n: decay_histogram(nano[:n], 4096)),
        Contestant("solotron, one thread", lambda n: decay_histogram(nano[:n], 4096, threads=1)),
        Contestant("np.bincount", lambda n: np.bincount(nano[:n], minlength=4096)),
    ]
    times = [
        Contestant("solotron, two threads", lambda n: t3_to_t2(index[:n], nano[:n], 12_499.7)),
        Contestant("solotron, one thread", lambda n: t3_to_t2(index[:n], nano[:n], 12_499.7, threads=1)),
        Contestant("numpy", lambda n: peers.t3_by_numpy(index[:n], nano[:n], 12_499.7)),
    ]
    lines = table(f"Decay histogram of {2 * n:.0e} uint16", measure(decays, 2 * n, 1), "M/s", ["np"])
    return lines + table("T3 to T2", measure(times, 2 * n, 1), "M/s", ["numpy"])


def stream(n: int) -> Iterator[tuple[IntArray, npt.NDArray[np.uint8]]]:
    """``n`` tags of two channels, 2 MHz together, in chunks: a file that nobody could hold in memory."""
    rng, last = np.random.default_rng(4), 0
    for _ in range(0, n, CHUNK):
        steps = rng.standard_exponential(CHUNK, dtype=np.float32)
        steps *= SPACING_PS / 2
        times = steps.astype(np.int64)
        times[0] += last
        np.cumsum(times, out=times)
        last = int(times[-1])
        yield times, rng.integers(1, 3, CHUNK, dtype=np.uint8)


def peak_memory_gib() -> float:
    """The most memory this process has held, GiB; NaN where the system does not tell.

    Not ru_maxrss: a child process inherits that of its parent.
    """
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 2**20 for line in lines if line.startswith("VmHWM")), float("nan"))


def correlate_billion(n: int) -> str:
    """The streaming correlators on ``n`` tags; peak memory of this process."""
    from analysis.live_correlation import Correlator
    from analysis.multitau_stream import LogCorrelator

    linear, decades = Correlator(WIDTH_PS, 100_000), LogCorrelator(log_edges_ps(LOG_FIRST_PS, LOG_LAST_PS, 8))
    spent = [0.0, 0.0]
    for times, channel in stream(n):
        for k, correlator in enumerate((linear, decades)):
            begin = time.perf_counter()
            if k == 0 or linear.n_start + linear.n_stop <= n // 10:  # the slower one gets a tenth of the tags
                correlator.add(times, channel)
                spent[k] += time.perf_counter() - begin
    peak = peak_memory_gib()
    g2 = decades.result().g2
    return (
        f"{n:.0e} tags in chunks of {CHUNK:.0e} through `Correlator` (±100 ns) and the first tenth of them through "
        f"`LogCorrelator`: peak memory {peak:.2f} GiB; {n / spent[0] / 1e6:.0f} and "
        f"{n / 10 / spent[1] / 1e6:.1f} Mtags/s; mean g2 {linear.g2.mean():.5f} and {g2.mean():.5f}."
    )


def vendor_sentence() -> str:
    """What ``correlation_snapi.py`` says, run by itself because the vendor's library talks and lingers."""
    script = Path(__file__).with_name("correlation_snapi.py")
    answer = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=300)
    return answer.stderr.strip().splitlines()[-1] if answer.stderr.strip() else "PicoQuant snAPI gave no answer."


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="Speed of the correlators beside their peers, in one run.")
    parser.add_argument("--tags", type=int, default=10_000_000, help="tags of each of the two channels")
    parser.add_argument("--billion", action="store_true", help="also stream 1e9 tags (some minutes)")
    parser.add_argument("--only-log", action="store_true", help="the logarithmic correlators only; nothing is written")
    parser.add_argument("--stream-only", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.stream_only:
        print(correlate_billion(arguments.stream_only))
        return
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    a, b = poisson_times(1, arguments.tags), poisson_times(2, arguments.tags)
    if arguments.only_log:
        print("\n".join(log_section(a, b)))
        return
    bandwidth = read_bandwidth(a, b)
    lines = [
        "# How fast are the correlators?",
        "",
        "Made by `python benchmarks/correlation.py`. "
        f"{a.size:.0e} + {b.size:.0e} tags of Poisson light at 1 MHz a channel (int64 ps); speeds count the tags of "
        f"both channels. {platform.machine()}, {os.cpu_count()} cores, load {load:.1f} before the run, "
        f"Python {platform.python_version()}, numpy {np.__version__}. {peers.versions()}",
        "Ratios are the point: absolute numbers are this machine's. Processor time adds up both threads; on a loaded "
        "machine it is the fairer column, and it gives no credit for a second thread.",
        "",
        *coincidence_section(a, b, 100_000, bandwidth),
        *coincidence_section(a, b, 1_000_000, bandwidth),
        *log_section(a, b),
        *single_sections(arguments.tags),
    ]
    if peers.installed("snAPI"):
        lines += ["## The vendor's library", "", vendor_sentence(), ""]
    if arguments.billion:
        command = [sys.executable, __file__, "--stream-only", "1000000000"]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        lines += ["## A file larger than memory", "", answer.stdout.strip(), ""]
    text = "\n".join(lines)
    print(text)
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
