"""The plain walk: every jump of every cycle, one after the other (Gillespie's direct method).

Nothing is tabulated: this is the reference that :class:`sims.photons.source.PhotonSource` is held against, and slow.
"""

import numpy as np

from sims.photons.events import PhotonEvents
from sims.photons.process import FloatArray, IntArray, JumpProcess, Kick, check_detection


def plain_stream(
    process: JumpProcess,
    detection: FloatArray,
    begin: FloatArray,
    n_cycles: int,
    rng: np.random.Generator,
    most_photons: int = 10_000_000,
) -> PhotonEvents:
    """Detections in ``n_cycles`` by the plain walk; arguments as for PhotonSource, ``begin`` (n_states,).

    ValueError when more than ``most_photons`` are emitted.
    """
    cycle, time_ns, transition = _emitted(process, begin, n_cycles, rng, most_photons)
    probability = check_detection(detection, process.n_transitions)
    borders = np.cumsum(probability, axis=0)
    drawn = rng.random(transition.size)
    detector = np.sum(drawn >= borders[:, transition], axis=0)
    seen = detector < len(borders)
    stamps = np.rint(1e3 * (cycle * process.period_ns + time_ns)).astype(np.int64)
    return PhotonEvents(stamps[seen], detector[seen].astype(np.uint8), transition[seen].astype(np.uint16))


def _emitted(
    process: JumpProcess, begin: FloatArray, n_cycles: int, rng: np.random.Generator, most_photons: int
) -> tuple[IntArray, FloatArray, IntArray]:
    """Cycle, time in the cycle (ns) and transition of every emitted photon."""
    from sims.photons.trajectory_kernel import walk

    n = process.n_states
    generators: list[FloatArray] = []
    maps: list[FloatArray] = []
    step, duration_ns = [], []
    for item in process.steps:
        if isinstance(item, Kick):
            step.append(-1 - len(maps))
            maps.append(item.matrix)
            duration_ns.append(0.0)
        else:
            step.append(len(generators))
            generators.append(item.generator)
            duration_ns.append(item.duration_ns)
    photon_rate = np.zeros((process.n_transitions, n, n))
    photon_rate[np.arange(process.n_transitions), process.lower, process.upper] = process.rate_per_ns
    cycle, time_ns = np.empty(most_photons, dtype=np.int64), np.empty(most_photons)
    transition = np.empty(most_photons, dtype=np.int64)
    number = walk(
        np.array(generators), np.array(maps).reshape(-1, n, n), np.array(step), np.array(duration_ns), photon_rate,
        n_cycles, int(rng.choice(n, p=begin)), rng, cycle, time_ns, transition,
    )  # fmt: skip
    if number == most_photons:
        raise ValueError(f"the walk emits more than most_photons = {most_photons}: ask for fewer cycles")
    return cycle[:number], time_ns[:number], transition[:number]
