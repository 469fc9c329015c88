"""Eigen-decomposition of a real generator: one decomposition, and every time grid is free.

x(t) = Re Σ_m v_m e^{λ_m t} y_m with V y = x(0). Eigenvalues come in conjugate pairs, of which one is kept.
The generator is not normal, so the decomposition is checked before it is believed.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

from sims.basics.spins import ComplexArray, FloatArray

WORST_CONDITION = 1e8
"""Condition number of the eigenvectors (Frobenius norm) above which the decomposition is not used."""

WORST_RESIDUAL = 1e-12
"""Largest |L − V Λ V⁻¹| accepted, relative to the largest entry of L (both in the Frobenius norm)."""


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues (m,) in 1/ns with Im ≥ 0, right eigenvectors (k, m) as columns and dual rows (m, k).

    The rows of ``left`` carry the factor 2 that stands for the conjugate partner of a complex eigenvalue.
    """

    eigenvalues_per_ns: ComplexArray
    right: ComplexArray
    left: ComplexArray

    def project(self, rows: FloatArray, start: FloatArray, times_ns: FloatArray) -> FloatArray:
        """The product rows @ exp(L t) @ start for every time, (n_t, n_rows)."""
        amplitudes = (rows @ self.right) * (self.left @ start)
        phases = np.exp(np.multiply.outer(times_ns, self.eigenvalues_per_ns))
        # The real part of the product, without forming the imaginary one.
        result = phases.real @ amplitudes.real.T - phases.imag @ amplitudes.imag.T
        return np.asarray(result, dtype=np.float64)


def spectrum(matrix: FloatArray) -> Spectrum | None:
    """Eigen-decomposition of a real generator (k, k), 1/ns.

    None where it is close to defective, judged by the eigenvectors' condition and the residual.
    """
    values, vectors = np.linalg.eig(matrix)
    values, vectors = values.astype(np.complex128), vectors.astype(np.complex128)
    try:
        dual = np.linalg.inv(vectors)
    except np.linalg.LinAlgError:
        return None
    norm = float(linalg.norm(matrix))
    if not np.all(np.isfinite(dual)) or linalg.norm(vectors) * linalg.norm(dual) > WORST_CONDITION:
        return None
    kept: npt.NDArray[np.bool_] = values.imag >= 0
    values, right = values[kept], vectors[:, kept]
    left = dual[kept] * np.where(values.imag > 0, 2.0, 1.0)[:, None]
    scaled = right * values
    rebuilt = scaled.real @ left.real - scaled.imag @ left.imag
    if linalg.norm(rebuilt - matrix) > WORST_RESIDUAL * norm:
        return None
    # A Lindblad generator has no growing solutions: what lies above zero is rounding and would grow over long times.
    return Spectrum(np.minimum(values.real, 0.0) + 1j * values.imag, right, left)
