"""Calibrated inputs: numbers set so that one published measurement comes out. They predict nothing about that sample.

Mn2+ in PbS dots in a proton-free matrix: phase memory about 8 us and T1 about 10 ms at 4.5 K, phase memory about 1 us
near room temperature (Moro et al., Sci. Rep. 5, 10855 (2015), abstract). Lattice nuclei alone would allow a fraction
of a millisecond, so the 8 us is given to surface spins; the fall towards room temperature to T1.
"""

from math import log

from sims.basics import checks
from sims.coherence.dipolar import Qubit
from sims.coherence.noise import decay_exponent
from sims.coherence.noise_sources import SurfaceSpins, surface_magnetic_noise
from sims.coherence.relaxation import SpinLatticeRelaxation
from sims.coherence.sequences import hahn_echo

MN_PBS_COLD_K = 4.5
MN_PBS_PHASE_MEMORY_S = 8e-6
MN_PBS_T1_S = 10e-3
MN_PBS_WARM_K = 295.0
MN_PBS_WARM_PHASE_MEMORY_S = 1e-6
MN_PBS_RADIUS_NM = 2.3
"""Assumed; the calibrated density goes with the fourth power of it."""


def power_law_relaxation(
    cold_k: float, cold_t1_s: float, warm_k: float, warm_t1_s: float, origin: str
) -> SpinLatticeRelaxation:
    """1/T1 = a T^n through two points (K, s); ValueError unless T and 1/T1 both rise."""
    for name, value in (("cold_k", cold_k), ("cold_t1_s", cold_t1_s), ("warm_k", warm_k), ("warm_t1_s", warm_t1_s)):
        checks.positive(name, value)
    if warm_k <= cold_k or warm_t1_s >= cold_t1_s:
        raise ValueError(f"T1 {cold_t1_s} s at {cold_k} K, {warm_t1_s} s at {warm_k} K: T1 must fall as T rises")
    exponent = log(cold_t1_s / warm_t1_s) / log(warm_k / cold_k)
    return SpinLatticeRelaxation(raman_per_s=1 / (cold_t1_s * cold_k**exponent), raman_exponent=exponent, origin=origin)


def mn_pbs_relaxation() -> SpinLatticeRelaxation:
    """Relaxation of Mn:PbS, calibrated: 10 ms at 4.5 K; at 295 K the T1 whose limit 2 T1 is the 1 us phase memory.

    The warm T1 (0.5 us) is inferred, not measured: the phase memory bounds it from below.
    """
    warm_t1 = MN_PBS_WARM_PHASE_MEMORY_S / 2
    origin = "calibrated on Moro et al., Sci. Rep. 5, 10855 (2015); warm T1 inferred from the phase memory"
    return power_law_relaxation(MN_PBS_COLD_K, MN_PBS_T1_S, MN_PBS_WARM_K, warm_t1, origin)


def surface_spins_for_memory(
    phase_memory_s: float, correlation_time_s: float, surface_radius_nm: float, qubit: Qubit | None = None
) -> SurfaceSpins:
    """Surface spins whose noise alone gives a centred dopant this Hahn-echo 1/e time (s); the density is solved for.

    An echo fixes only density/(correlation time) when the noise is slow; the correlation time is declared.
    """
    checks.positive("phase_memory_s", phase_memory_s)
    one = SurfaceSpins(1.0, correlation_time_s)
    noise = surface_magnetic_noise(one, surface_radius_nm, 0.0, qubit or Qubit())
    exponent = float(decay_exponent(noise, hahn_echo(), phase_memory_s)[0])
    return SurfaceSpins(1 / exponent, correlation_time_s)


def mn_pbs_surface_spins() -> SurfaceSpins:
    """Surface spins of Mn:PbS, calibrated to 8 us at 4.5 K; memory assumed to be Mn's own T1 there, 10 ms.

    About 0.02 nm^-2, one or two spins a dot; kept the same at every temperature.
    """
    return surface_spins_for_memory(MN_PBS_PHASE_MEMORY_S, MN_PBS_T1_S, MN_PBS_RADIUS_NM)
