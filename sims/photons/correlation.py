"""What correlations must be: regression of the generator (Lax, Phys. Rev. 172, 350 (1968)), no random numbers.

With A_a the jump matrix of the photons of kind a, r_a its column sums and U the propagator,
    <a at t, later b at t + tau> = r_b U(t + tau, t) A_a p(t).
For continuous light p is stationary and g2(tau) is this over r_a p and r_b p: for the lines of a dot with a magnetic
ion the model of Besombes et al., PRB 78, 125324 (2008), sec. III. For a cycle the times are integrated over both
photons' cycles.
"""

import numpy as np
from scipy.linalg import expm

from sims.photons.process import FloatArray, JumpProcess, Kick

ROUNDING = 1e-13
"""Steady populations below this are rounding."""


def cycle_map(process: JumpProcess) -> FloatArray:
    """Populations after one cycle for each state at its start, (n, n), (to, from)."""
    return _ordered(process, ())[0]


def expected_detections(process: JumpProcess, weights: FloatArray) -> FloatArray:
    """Mean number of detections in one cycle for each state at its start, (n,); ``weights`` (n_transitions,)."""
    return np.asarray(_ordered(process, (weights,))[1].sum(axis=0), dtype=np.float64)


def expected_cycle_correlation(
    process: JumpProcess, begin: FloatArray, first: FloatArray, second: FloatArray, n_lags: int
) -> FloatArray:
    """g2 of photons ``first`` in a cycle and ``second`` k cycles later, k = 0 ... n_lags - 1, shape (n_lags,).

    Mean number of pairs over the product of the mean numbers. Lag 0 counts the pairs inside one cycle in either
    order. ``first`` and ``second`` (n_transitions,) are detection chances; ``begin`` (n,) the periodic populations at
    the start of a cycle. ValueError when one of them is never detected.
    """
    if n_lags < 1:
        raise ValueError(f"n_lags = {n_lags}: must be at least 1")
    whole, after_first = _ordered(process, (first,))
    per_cycle = _ordered(process, (second,))[1].sum(axis=0)
    mean_first, mean_second = float((after_first @ begin).sum()), float(per_cycle @ begin)
    _require_light(mean_first > 0 and mean_second > 0)
    inside = _ordered(process, (first, second))[2] + _ordered(process, (second, first))[2]
    pairs = [float((inside @ begin).sum())]
    state = after_first @ begin
    for _ in range(n_lags - 1):
        pairs.append(float(per_cycle @ state))
        state = whole @ state
    return np.array(pairs) / (mean_first * mean_second)


def expected_correlation(
    process: JumpProcess, first: FloatArray, second: FloatArray, delay_ns: FloatArray
) -> FloatArray:
    """g2(delay) = <second at t + delay, first at t> / product of the rates under continuous light, (n_delays,).

    ``first`` and ``second`` (n_transitions,) are detection chances; a negative delay means that ``second`` comes
    first. ValueError when the process is not continuous, a delay is not finite, or a line is dark.
    """
    step = process.steps[0]
    if not process.is_continuous or isinstance(step, Kick):
        raise ValueError(
            "expected_correlation needs continuous light (one stretch); for a cycle use expected_cycle_correlation"
        )
    delays = np.asarray(delay_ns, dtype=np.float64)
    if not np.all(np.isfinite(delays)):
        raise ValueError("delay_ns must be finite")
    populations = _steady(step.generator)
    result = np.empty(delays.size)
    for sign, (before, after) in ((1, (first, second)), (-1, (second, first))):
        chosen = np.flatnonzero(delays >= 0) if sign > 0 else np.flatnonzero(delays < 0)
        state: FloatArray = np.asarray(process.emission(before) @ populations, dtype=np.float64)
        row = process.emission(after).sum(axis=0)
        norm = float(state.sum() * (row @ populations))
        dimmest = ROUNDING * max(float(row.max()), 1e-300)
        _require_light(min(float(state.sum()), float(row @ populations)) > dimmest)
        order = chosen[np.argsort(np.abs(delays[chosen]), kind="stable")]
        passed, known = 0.0, dict[float, FloatArray]()
        for index in order:
            wait = round(float(abs(delays[index])) - passed, 9)
            if wait > 0:
                if wait not in known:
                    known[wait] = expm(step.generator * wait)
                state = np.asarray(known[wait] @ state, dtype=np.float64)
                passed += wait
            result[index] = row @ state / norm
    return result


def _ordered(process: JumpProcess, weights: tuple[FloatArray, ...]) -> list[FloatArray]:
    """Integrals over one cycle of U A_k ... A_2 U A_1 U, times in order, for k = 0 ... len(weights); (n, n) each.

    All come from one exponential of a block matrix with the generator on the diagonal and the jumps below it
    (Van Loan, IEEE Trans. Autom. Control 23, 395 (1978)).
    """
    n, size = process.n_states, len(weights) + 1
    jumps = [process.emission(w) for w in weights]
    known: dict[tuple[int, float], FloatArray] = {}
    total = np.eye(n * size)
    for step in process.steps:
        key = (id(step.matrix), 0.0) if isinstance(step, Kick) else (id(step.generator), step.duration_ns)
        if key not in known:
            if isinstance(step, Kick):
                known[key] = np.asarray(np.kron(np.eye(size), step.matrix), dtype=np.float64)
            else:
                block = np.kron(np.eye(size), step.generator)
                for k, jump in enumerate(jumps):
                    block[(k + 1) * n : (k + 2) * n, k * n : (k + 1) * n] = jump
                known[key] = np.asarray(expm(block * step.duration_ns), dtype=np.float64)
        total = known[key] @ total
    return [total[k * n : (k + 1) * n, :n] for k in range(size)]


def _steady(generator: FloatArray) -> FloatArray:
    n = generator.shape[0]
    system = np.vstack([generator, np.ones(n)])
    solution = np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)[0]
    return np.asarray(np.maximum(solution, 0.0) / np.maximum(solution, 0.0).sum(), dtype=np.float64)


def _require_light(is_seen: bool) -> None:
    if not is_seen:
        raise ValueError("one of the two lines is never detected: there is no correlation to normalise")
