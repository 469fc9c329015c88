"""The dot as the optical table sees it: lines, and the light that one repeated cycle brings out."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sims.basics.spins import FloatArray, dimension, place
from sims.dot.blinking import exposure_brightness, mean_brightness
from sims.dot.detections import Detections, detections
from sims.dot.levels import WEAKEST_LINE, LevelScheme, level_scheme
from sims.dot.microwave import microwave_map
from sims.dot.photons import draw_photons
from sims.dot.propagation import Propagation, propagate
from sims.dot.pulses import mean_pairs, pulse_map
from sims.dot.rates import dark_generator, emission_rates_per_ns, segment_generator
from sims.dot.sample import Sample
from sims.dot.stimulus import Cycle, Environment, PulsedLight, Segment

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Transitions:
    """Every emission line, arrays of length n.

    ``stokes`` (n, 4): S0 is the relative weight (1 = a bright heavy-hole exciton without phonon replica).
    ``kind``: "exciton", "biexciton" (zero-phonon lines) or "replica" (one longitudinal-optical phonon below).
    ``rate_per_ns`` is the photon rate per unit population of state ``upper``.
    """

    energy_mev: FloatArray
    fwhm_mev: FloatArray
    stokes: FloatArray
    kind: npt.NDArray[np.str_]
    upper: IntArray
    lower: IntArray
    rate_per_ns: FloatArray

    def __len__(self) -> int:
        return self.energy_mev.size


class Dot:
    """One dot at one temperature and field.

    Left out, for later work: memory of the dopant spin from cycle to cycle beyond the periodic mean, optical
    coherence, slow spectral jumps, transfer to the dopant's own levels.
    """

    def __init__(self, sample: Sample, environment: Environment) -> None:
        self.sample = sample
        self.environment = environment
        self.scheme: LevelScheme = level_scheme(sample, environment)
        self._dark = dark_generator(self.scheme)

    @cached_property
    def transitions(self) -> Transitions:
        """All emission lines stronger than ``WEAKEST_LINE``, replicas last."""
        return _transitions(self.scheme)

    @property
    def absorption_edge_mev(self) -> float:
        """Light above this energy is non-resonant."""
        return self.scheme.absorption_edge_mev

    def mean_pairs(self, pulse: PulsedLight) -> float:
        """<N> of a non-resonant pulse."""
        return mean_pairs(self.scheme, pulse)

    def respond(self, cycle: Cycle, step_ns: float = 1.0) -> "Response":
        """Periodic steady state of the cycle. ``step_ns`` is the longest bin; shorter ones follow every edge."""
        propagation = propagate(cycle, step_ns, self._generator, self._pulse_map, self._end_map)
        return Response(self, cycle, propagation)

    def spin_populations(self, response: "Response", dopant: int = 0) -> FloatArray:
        """Probability of each projection m = +S ... -S of one dopant, shape (n_bins, 2S+1), at bin starts."""
        weights = self._projection_weights(dopant)
        return np.asarray(response.propagation.start @ weights.T, dtype=np.float64)

    def _projection_weights(self, dopant: int) -> FloatArray:
        """Weight of each projection in each state, (2S+1, n_states)."""
        scheme = self.scheme
        spins = [d.spin for d in self.sample.dopants]
        if not 0 <= dopant < len(spins):
            raise ValueError(f"dopant {dopant}: sample {self.sample.name} has {len(spins)} dopants")
        dimensions = tuple(dimension(spin) for spin in spins)
        rows = []
        for number in range(dimensions[dopant]):
            projector = np.zeros(2 * (dimensions[dopant],), dtype=np.complex128)
            projector[number, number] = 1
            in_ground = np.real(np.diag(place(projector, dopant, dimensions)))
            ground = in_ground @ np.abs(scheme.ground.vectors) ** 2
            exciton = np.tile(in_ground, 8) @ np.abs(scheme.exciton_vectors) ** 2
            rows.append(np.concatenate([ground, exciton, ground]))
        return np.array(rows)

    def _generator(self, segment: Segment) -> FloatArray:
        return segment_generator(self.scheme, self.environment, segment, self._dark)

    def _pulse_map(self, pulse: PulsedLight) -> FloatArray:
        return pulse_map(self.scheme, pulse)

    def _end_map(self, segment: Segment) -> FloatArray | None:
        if segment.microwave is None or segment.lights or not self.sample.dopants:
            return None
        result = np.eye(self.scheme.n_states)
        result[self.scheme.ground_slice, self.scheme.ground_slice] = microwave_map(
            self.sample, self.environment, segment.microwave, segment.duration_ns
        )
        return result


@dataclass(frozen=True)
class Response:
    """What a dot does under one cycle, repeated for ever. Rates are those of the on state of a blinking dot."""

    dot: Dot
    cycle: Cycle
    propagation: Propagation
    _latest: dict[bytes, Detections] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def edges_ns(self) -> FloatArray:
        """Borders of the time bins, (N+1,); bins are not all of one length."""
        return self.propagation.edges_ns

    @property
    def time_ns(self) -> FloatArray:
        """Start of each bin, (N,)."""
        return self.propagation.edges_ns[:-1]

    @property
    def populations(self) -> FloatArray:
        """Populations (ground | exciton | biexciton) at the start of each bin, (N, n_states)."""
        return self.propagation.start

    @property
    def mean_brightness(self) -> float:
        """Long-time mean of the emission relative to the on state."""
        return mean_brightness(self.dot.sample.blinking)

    def exposure_brightness(self, duration_s: float, rng: np.random.Generator) -> float:
        """Emission over one exposure relative to a dot that is always on; drawn from the blinking statistics."""
        return exposure_brightness(self.dot.sample.blinking, duration_s, rng)

    def rates(self) -> FloatArray:
        """Cycle-averaged photon emission of each transition, photons/s, shape (n_transitions,)."""
        lines = self.dot.transitions
        mean_population = self.propagation.integral.sum(axis=0) / self.edges_ns[-1]
        return np.asarray(1e9 * lines.rate_per_ns * mean_population[lines.upper], dtype=np.float64)

    def intensity(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Emission against time, each transition counted with its weight.

        Returns bin starts in ns and the mean rate in each bin in photons/s, both (N,); the last bin ends at
        ``edges_ns[-1]``.
        """
        lines = self.dot.transitions
        row = np.zeros(self.propagation.start.shape[1])
        np.add.at(row, lines.upper, np.asarray(weights, dtype=np.float64) * lines.rate_per_ns)
        return self.time_ns, 1e9 * (self.propagation.integral @ row) / np.diff(self.edges_ns)

    def detections(self, detection: FloatArray) -> Detections:
        """First and second moments of the detections in one cycle.

        ``detection`` (n_detectors, n_transitions): probability that a photon of the transition is detected.
        """
        probability = np.ascontiguousarray(detection, dtype=np.float64)
        key = probability.tobytes() + bytes(str(probability.shape), "ascii")
        if key not in self._latest:  # a run draws many records with one setting: keep the latest moments
            lines = self.dot.transitions
            moments = detections(self.propagation, lines.upper, lines.lower, lines.rate_per_ns, probability)
            self._latest.clear()
            self._latest[key] = moments
        return self._latest[key]

    def expected_g2_zero(self, detection: FloatArray) -> float:
        """Coincidences within a cycle over the product of the singles, on the two (or the one) detectors."""
        return self.detections(detection).g2_zero

    def sample_photons(
        self, detection: FloatArray, duration_s: float, rng: np.random.Generator, start_ps: int = 0
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
        """Detected photons: sorted timestamps (ps) and detector index, cycles starting at start_ps + k period.

        ``detection`` as in :meth:`detections`. Exact to second order within a cycle; cycles are independent.
        ValueError when a cycle holds too many detections for that.
        """
        return draw_photons(self.detections(detection), self.dot.sample.blinking, duration_s, rng, start_ps)


def _transitions(scheme: LevelScheme) -> Transitions:
    replica = scheme.sample.replica
    parts = []
    rates = emission_rates_per_ns(scheme)
    for kind, lines, rate in zip(
        ("exciton", "biexciton"), (scheme.exciton_lines, scheme.biexciton_lines), rates, strict=True
    ):
        keep = lines.stokes[:, 0] >= WEAKEST_LINE
        parts.append(
            Transitions(
                energy_mev=lines.energy_mev[keep],
                fwhm_mev=np.full(keep.sum(), scheme.line_fwhm_mev),
                stokes=lines.stokes[keep],
                kind=np.full(keep.sum(), kind),
                upper=lines.upper[keep],
                lower=lines.lower[keep],
                rate_per_ns=rate[keep],
            )
        )
    zero_phonon = _concatenate(parts)
    share = replica.huang_rhys / (1 + replica.huang_rhys)
    main = _scaled(zero_phonon, 1 - share)
    if share == 0:
        return main
    side = replace(
        _scaled(zero_phonon, share),
        energy_mev=zero_phonon.energy_mev - replica.lo_energy_mev,
        fwhm_mev=np.hypot(zero_phonon.fwhm_mev, replica.fwhm_mev),
        kind=np.full(len(zero_phonon), "replica"),
    )
    return _concatenate([main, side])


def _scaled(lines: Transitions, factor: float) -> Transitions:
    return replace(lines, stokes=lines.stokes * factor, rate_per_ns=lines.rate_per_ns * factor)


def _concatenate(parts: list[Transitions]) -> Transitions:
    return Transitions(
        energy_mev=np.concatenate([part.energy_mev for part in parts]),
        fwhm_mev=np.concatenate([part.fwhm_mev for part in parts]),
        stokes=np.concatenate([part.stokes for part in parts]),
        kind=np.concatenate([part.kind for part in parts]),
        upper=np.concatenate([part.upper for part in parts]),
        lower=np.concatenate([part.lower for part in parts]),
        rate_per_ns=np.concatenate([part.rate_per_ns for part in parts]),
    )
