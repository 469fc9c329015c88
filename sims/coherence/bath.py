"""A bath of spins round the dopant: where they sit, what they are, how strongly they touch the electron by contact."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sims.basics import checks
from sims.matter.isotopes import Isotope

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SpinBath:
    """N spins seen from the dopant.

    ``positions_nm`` (N, 3) relative to the dopant; ``spins`` (N,) multiples of 1/2; ``gammas_rad_per_s_per_t`` (N,)
    gyromagnetic ratios; ``names`` N isotope names (only equal names flip-flop in the secular model);
    ``contact_rad_per_s`` (N,) isotropic couplings a of a S.I, default 0 (ligand and transferred hyperfine: declared,
    never computed). ValueError for other shapes, NaN, a spin at the dopant's place or not half-integer.
    """

    positions_nm: FloatArray
    spins: FloatArray
    gammas_rad_per_s_per_t: FloatArray
    names: tuple[str, ...]
    contact_rad_per_s: FloatArray = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        count = len(self.names)
        if self.contact_rad_per_s.size == 0:
            object.__setattr__(self, "contact_rad_per_s", np.zeros(count))
        if self.positions_nm.shape != (count, 3):
            raise ValueError(f"positions_nm has shape {self.positions_nm.shape}: needed ({count}, 3), one row a spin")
        for name in ("spins", "gammas_rad_per_s_per_t", "contact_rad_per_s"):
            if getattr(self, name).shape != (count,):
                raise ValueError(f"{name} has shape {getattr(self, name).shape}: needed ({count},), one a spin")
            if not np.all(np.isfinite(getattr(self, name))):
                raise ValueError(f"{name} holds NaN or infinity")
        if not np.all(np.isfinite(self.positions_nm)):
            raise ValueError("positions_nm holds NaN or infinity")
        if count and np.min(np.linalg.norm(self.positions_nm, axis=1)) < 1e-3:
            raise ValueError("positions_nm: a spin sits at the dopant itself (closer than 0.001 nm)")
        for spin in np.unique(self.spins):
            checks.half_integer_spin("spins", float(spin))

    def __len__(self) -> int:
        return len(self.names)

    def subset(self, indices: npt.ArrayLike) -> "SpinBath":
        """Spins of an index array or a boolean mask, in that order."""
        chosen = np.arange(len(self))[np.asarray(indices)]
        return SpinBath(
            self.positions_nm[chosen],
            self.spins[chosen],
            self.gammas_rad_per_s_per_t[chosen],
            tuple(self.names[int(k)] for k in chosen),
            self.contact_rad_per_s[chosen],
        )

    def within(self, radius_nm: float) -> "SpinBath":
        """Spins closer to the dopant than ``radius_nm``."""
        return self.subset(np.linalg.norm(self.positions_nm, axis=1) < radius_nm)

    def rotated(self, rotation: FloatArray) -> "SpinBath":
        """Positions turned by a (3, 3) rotation matrix; ValueError when it is not orthogonal."""
        if rotation.shape != (3, 3) or not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-9):
            raise ValueError("rotation: needed an orthogonal (3, 3) matrix")
        return SpinBath(
            self.positions_nm @ rotation.T,
            self.spins,
            self.gammas_rad_per_s_per_t,
            self.names,
            self.contact_rad_per_s,
        )


def empty_bath() -> SpinBath:
    """No spins at all: an isotopically pure host."""
    return SpinBath(np.zeros((0, 3)), np.zeros(0), np.zeros(0), ())


def of_one_isotope(positions_nm: FloatArray, isotope: Isotope) -> SpinBath:
    """Every position (N, 3) holds the same isotope."""
    count = len(positions_nm)
    return SpinBath(
        np.asarray(positions_nm, dtype=np.float64).reshape(count, 3),
        np.full(count, isotope.spin),
        np.full(count, isotope.gyromagnetic_ratio_rad_per_s_per_t),
        (isotope.name,) * count,
    )


def joined(*baths: SpinBath) -> SpinBath:
    """All spins of several baths in one."""
    if not baths:
        return empty_bath()
    return SpinBath(
        np.concatenate([bath.positions_nm for bath in baths]),
        np.concatenate([bath.spins for bath in baths]),
        np.concatenate([bath.gammas_rad_per_s_per_t for bath in baths]),
        tuple(name for bath in baths for name in bath.names),
        np.concatenate([bath.contact_rad_per_s for bath in baths]),
    )
