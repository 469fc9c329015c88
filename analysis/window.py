"""Where in a spectrum the zero-phonon lines of the exciton are."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

BELOW, ABOVE = 0.55, 0.9
DEFAULT_LO_MEV = 26.0


def zero_phonon_window(
    energy_mev: FloatArray, counts: FloatArray, lo_energy_mev: float = DEFAULT_LO_MEV
) -> npt.NDArray[np.bool_]:
    """Pixels that belong to the exciton's zero-phonon multiplet; shape as ``energy_mev``.

    Phonon replicas lie one longitudinal-optical phonon below, biexciton lines a binding energy of the same order:
    from 0.55 phonon energies below the strongest pixel to 0.9 above it only zero-phonon lines are expected.
    """
    strongest_mev = float(energy_mev[int(np.argmax(counts))])
    mask: npt.NDArray[np.bool_] = (energy_mev > strongest_mev - BELOW * lo_energy_mev) & (
        energy_mev < strongest_mev + ABOVE * lo_energy_mev
    )
    return mask
