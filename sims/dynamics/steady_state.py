"""Stationary states by a bordered real linear solve, and their sweeps.

L x = 0 with Tr x = 1: the populations' equations sum to zero, so one of them is replaced by the trace. Along a
sweep L(v) = L₀ + v L₁ only the equations that L₁ touches change; one factorisation at the middle of the sweep and a
small matrix for each point (Sherman–Morrison–Woodbury) give every point, which is then refined against the full
equations. A point that does not meet the tolerance is solved on its own.
"""

import warnings

import numpy as np
import numpy.typing as npt
from scipy import linalg
from scipy.linalg import lapack

from sims.basics.spins import FloatArray

BoolArray = npt.NDArray[np.bool_]

SMALLEST_RECIPROCAL_CONDITION = 1e-15
"""Below this the equations do not fix the stationary state in double precision."""

RESIDUAL_TOLERANCE = 1e-14
"""Largest |L x| accepted, relative to the largest entry of L."""

REFINEMENTS = 3
LAST_STEP = 1e-13
"""Refinement of a sweep ends when nothing of a state of unit trace moves by more than this."""


def solve_steady_state(matrix: FloatArray, populations: BoolArray) -> FloatArray:
    """Stationary vector (k,) of a generator (k, k) with unit sum over the ``populations`` (k,).

    ValueError when there is more than one stationary state within double precision.
    """
    bordered, right = _bordered(matrix, populations)
    factors = _factor(bordered)
    x = linalg.lu_solve(factors, right)
    for _ in range(REFINEMENTS):
        # The residual in extended precision makes the answer good to the last digits although L is stiff.
        residual = right - np.asarray(bordered.astype(np.longdouble) @ x, dtype=np.longdouble)
        step = linalg.lu_solve(factors, residual.astype(np.float64))
        x = x + step
        if np.max(np.abs(step)) < 1e-15:
            break
    return np.asarray(x, dtype=np.float64)


def solve_sweep(matrix: FloatArray, change: FloatArray, values: FloatArray, populations: BoolArray) -> FloatArray:
    """Stationary vectors (n_v, k) of ``matrix + v * change`` for every v in ``values`` (n_v,).

    ValueError as solve_steady_state.
    """
    replaced = _replaced_row(populations)
    changed = np.flatnonzero(np.any(change != 0, axis=1))
    changed = changed[changed != replaced]
    middle = float((np.min(values) + np.max(values)) / 2)
    centre, right = _bordered(matrix + middle * change, populations)
    factors = _factor(centre)
    rows = change[changed]
    response = linalg.lu_solve(factors, np.eye(centre.shape[0])[:, changed])
    coupling = rows @ response
    offsets = values - middle
    # Woodbury's small matrices 1 + v C for all v from the eigenvectors of C: what that costs in digits the refinement
    # below brings back, and what it cannot bring back is solved by itself.
    poles, vectors = np.linalg.eig(coupling)
    try:
        inverse_vectors = np.linalg.inv(vectors)
    except np.linalg.LinAlgError:  # C has too few eigenvectors
        return np.array([solve_steady_state(matrix + value * change, populations) for value in values])
    with np.errstate(divide="ignore", invalid="ignore"):  # 1 + v C singular: that value is solved by itself below
        weights = 1 / (1 + poles[:, None] * offsets)

    def solve(columns: FloatArray) -> FloatArray:
        """Approximate solutions (k, n_v), one column for each value."""
        plain = linalg.lu_solve(factors, columns)
        inner = (vectors @ (weights * (inverse_vectors @ (rows @ plain)))).real
        return np.asarray(plain - response @ (inner * offsets), dtype=np.float64)

    targets = np.repeat(right[:, None], values.size, axis=1)
    x = solve(targets)
    scale = float(np.max(np.abs(centre)))
    for _ in range(REFINEMENTS):
        residual = targets - centre @ x
        residual[changed] -= (rows @ x) * offsets
        step = solve(residual)
        x = x + step
        if np.max(np.abs(step)) < LAST_STEP:
            break
    residual = targets - centre @ x
    residual[changed] -= (rows @ x) * offsets
    good = np.max(np.abs(residual), axis=0) <= RESIDUAL_TOLERANCE * scale * np.sqrt(len(x))
    for index in np.flatnonzero(~good):
        x[:, index] = solve_steady_state(matrix + values[index] * change, populations)
    return np.ascontiguousarray(x.T)


def _replaced_row(populations: BoolArray) -> int:
    return int(np.flatnonzero(populations)[0])


def _bordered(matrix: FloatArray, populations: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Equations and right-hand side; the trace is weighted like the largest entry so that pivoting is fair."""
    scale = float(np.max(np.abs(matrix), initial=0.0)) or 1.0
    bordered = matrix.copy()
    row = _replaced_row(populations)
    bordered[row] = np.where(populations, scale, 0.0)
    right = np.zeros(matrix.shape[0])
    right[row] = scale
    return bordered, right


def _factor(bordered: FloatArray) -> tuple[FloatArray, npt.NDArray[np.int32]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", linalg.LinAlgWarning)  # an exactly singular matrix is refused below, by name
        lu, pivots = linalg.lu_factor(bordered)
    reciprocal, _ = lapack.dgecon(lu, np.linalg.norm(bordered, 1))
    if not reciprocal > SMALLEST_RECIPROCAL_CONDITION:
        raise ValueError(
            f"the stationary state is not unique in double precision (reciprocal condition {reciprocal:.1g}): "
            "some states exchange no population, or so slowly that it is lost beside the fastest rate; "
            "add the relaxation that joins them"
        )
    return lu, pivots
