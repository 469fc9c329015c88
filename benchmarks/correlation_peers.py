"""What :mod:`correlation` is measured against: plain loops, numpy, and other people's packages where installed."""

import importlib
import importlib.metadata
import importlib.util
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit  # noqa: TID253

IntArray = npt.NDArray[np.int64]
PACKAGES = {"tttrlib": "tttrlib", "pycorrelate": "pycorrelate", "snAPI": "snapi"}  # module: distribution


def installed(name: str) -> bool:
    """Whether the module can be imported."""
    return importlib.util.find_spec(name) is not None


def module(name: str) -> Any:  # noqa: ANN401 - packages without types
    """The imported package."""
    return importlib.import_module(name)


def versions() -> str:
    """Which peers take part."""
    present = [f"{name} {importlib.metadata.version(of)}" for name, of in PACKAGES.items() if installed(name)]
    absent = [of for name, of in PACKAGES.items() if not installed(name)]
    return f"Peers: {', '.join(present) or 'none'}." + (f" Not installed: {', '.join(absent)}." if absent else "")


@njit(nogil=True)
def read_all(values: IntArray) -> int:
    """Read every value once."""
    total = 0
    for value in values:
        total += value
    return total


@njit(nogil=True)
def _two_pointer(starts: IntArray, stops: IntArray, width: int, reach: int, counts: IntArray) -> None:
    first = 0
    for start in starts:
        while first < len(stops) and stops[first] - start < -reach:
            first += 1
        j = first
        while j < len(stops):
            delay = stops[j] - start
            if delay >= reach:
                break
            counts[(delay + reach) // width] += 1
            j += 1


def two_pointer(starts: IntArray, stops: IntArray, width: int, reach: int, threads: int) -> IntArray:
    """The loop everybody writes: both lists once, each start against the stops of its window."""
    parts = np.array_split(starts, threads)
    partial = [np.zeros(2 * reach // width, dtype=np.int64) for _ in parts]

    def work(part: IntArray, counts: IntArray) -> None:
        _two_pointer(part, stops[np.searchsorted(stops, part[0] - reach) :], width, reach, counts)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, parts, partial))
    return np.sum(partial, axis=0)


def by_numpy(starts: IntArray, stops: IntArray, width: int, reach: int) -> IntArray:
    """Windows by searchsorted, all pairs written out, bincount."""
    low, high = np.searchsorted(stops, starts - reach), np.searchsorted(stops, starts + reach)
    number = high - low
    offset = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
    delay = stops[np.repeat(low, number) + offset] - np.repeat(starts, number)
    return np.bincount((delay + reach) // width, minlength=2 * reach // width)


def brute_force(starts: IntArray, stops: IntArray, width: int, reach: int) -> IntArray:
    """Every start with every stop."""
    delay = np.subtract.outer(stops, starts).ravel()
    inside = delay[(delay >= -reach) & (delay < reach)]
    return np.bincount((inside + reach) // width, minlength=2 * reach // width)


def brute_force_log(starts: IntArray, stops: IntArray, edges: IntArray) -> IntArray:
    """Every start with every stop, bins with any edges."""
    delay = np.subtract.outer(stops, starts).ravel()
    return np.array([np.count_nonzero((delay >= low) & (delay < high)) for low, high in itertools.pairwise(edges)])


def t3_by_numpy(index: IntArray, nano: npt.NDArray[np.uint16], period_ps: float) -> IntArray:
    """The formula of ``analysis.tags.absolute_times_ps``."""
    whole = int(period_ps)
    return index * whole + np.rint(index * (period_ps - whole)).astype(np.int64) + nano


def _tttrlib(a: IntArray, b: IntArray, method: str, clock_ps: int, bins: int, cascades: int) -> Callable[[int], Any]:
    clock_a, clock_b = (a // clock_ps).astype(np.uint64), (b // clock_ps).astype(np.uint64)
    weights = np.ones(max(a.size, b.size))

    def run(n: int) -> object:
        correlator = module("tttrlib").Correlator(method=method, n_bins=bins, n_casc=cascades)
        correlator.set_macrotimes(clock_a[:n], clock_b[:n])
        correlator.set_weights(weights[:n], weights[:n])
        return np.array(correlator.correlation)

    return run


def linear_peers(a: IntArray, b: IntArray, width: int, reach: int, contestant: Callable[..., Any]) -> list[Any]:
    """Installed packages on a linear axis. tttrlib computes one sign of the delay only: half of the pairs."""
    found = []
    if installed("tttrlib"):
        for method in ("wahl", "felekyan"):
            run = _tttrlib(a, b, method, width, reach // width, 1)
            found.append(contestant(f"tttrlib `{method}` (one sign only)", run, repeats=3))
    if installed("pycorrelate"):
        edges = np.arange(-reach, reach + 1, width)
        found.append(contestant("pycorrelate", lambda n: _pycorrelate(a[:n], b[:n], edges), 500_000, 2))
    return found


def log_peers(a: IntArray, b: IntArray, edges: IntArray, contestant: Callable[..., Any]) -> list[Any]:
    """Installed packages on a logarithmic axis: 8 bins a cascade, as many cascades as reach the last edge."""
    found = []
    cascades = int(np.ceil(np.log2(edges[-1] / edges[0] / 8))) + 1
    if installed("tttrlib"):
        for method in ("wahl", "felekyan"):
            run = _tttrlib(a, b, method, int(edges[0]), 8, cascades)
            slow = method == "wahl"
            found.append(contestant(f"tttrlib `{method}`", run, 2_000_000 if slow else 1 << 62, 1 if slow else 2))
    if installed("pycorrelate"):
        found.append(contestant("pycorrelate", lambda n: _pycorrelate(a[:n], b[:n], edges), 500_000, 1))
    return found


def _pycorrelate(a: IntArray, b: IntArray, edges: IntArray) -> object:
    return module("pycorrelate").pcorrelate(a, b, edges)
