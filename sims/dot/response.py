"""The dot as the optical table sees it: lines, and the light that one repeated cycle brings out."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sims.basics.spins import ComplexArray, FloatArray, dimension, place
from sims.dot.blinking import exposure_brightness, mean_brightness
from sims.dot.detections import Detections, detections
from sims.dot.exciton import ground_dimensions, space_dimensions
from sims.dot.levels import WEAKEST_LINE, LevelScheme, level_scheme
from sims.dot.microwave import microwave_map
from sims.dot.photons import draw_photons
from sims.dot.propagation import Propagation, propagate
from sims.dot.pulses import mean_pairs, pulse_map
from sims.dot.rates import (
    dark_generator,
    emission_rates_per_ns,
    inner_emission_rate_per_ns,
    segment_generator,
)
from sims.dot.sample import Sample, SampleError
from sims.dot.stimulus import Cycle, Environment, PulsedLight, Segment

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Transitions:
    """Every emission line, arrays of length n.

    ``stokes`` (n, 4): S0 is the relative weight (1 = a bright heavy-hole exciton without phonon replica).
    ``kind``: "exciton", "biexciton" (zero-phonon lines), "replica" (one longitudinal-optical phonon below) or
    "dopant" (the ion's own transition after energy transfer).
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


MAX_STATES = 1500
"""Ground, exciton and biexciton states of the largest rate model: its propagators then take some hundred MB."""


class Dot:
    """One dot at one temperature and field. SampleError when the sample has too many states for the rate model.

    Elsewhere: memory of the spin from cycle to cycle in single photons (sims.photons), optical coherence
    (sims.dynamics), spectral jumps along the clock (sims.bench.fluctuations).
    """

    def __init__(self, sample: Sample, environment: Environment) -> None:
        _check_size(sample)
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
            on_dopants = np.real(np.diag(place(projector, dopant, dimensions)))
            ground = _dopant_weight(on_dopants, scheme.ground.vectors)
            exciton = _dopant_weight(on_dopants, scheme.exciton_vectors)
            inner = np.full(scheme.n_inner, 1 / dimensions[dopant])
            rows.append(np.concatenate([ground, exciton, ground, inner]))
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


def _check_size(sample: Sample) -> None:
    n_states = int(np.prod(space_dimensions(sample)) + 2 * np.prod(ground_dimensions(sample)))
    if n_states > MAX_STATES:
        raise SampleError(
            f"sample {sample.name}: {len(sample.dopants)} dopants give {n_states} states; the rate model holds at most "
            f"{MAX_STATES}: use fewer dopants (levels and spectra take three, see sims/dot/spectra.py)"
        )


def _dopant_weight(on_dopants: FloatArray, vectors: ComplexArray) -> FloatArray:
    """Expectation of a diagonal operator of the dopants in states that may hold carriers too (first factors)."""
    carriers = vectors.shape[0] // on_dopants.size
    return np.asarray(np.tile(on_dopants, carriers) @ np.abs(vectors) ** 2, dtype=np.float64)


def _dopant_light(scheme: LevelScheme) -> Transitions:
    """Light of the dopant's inner transition after energy transfer: unpolarised, to every ground state alike.

    Its S0 states its photon rate relative to that of a bright exciton.
    """
    inner, n = scheme.sample.inner_emission, scheme.n_ground * scheme.n_inner
    rate = np.full(n, inner_emission_rate_per_ns(scheme) / scheme.n_ground)
    stokes = np.zeros((n, 4))
    stokes[:, 0] = rate / scheme.radiative_rate_per_ns
    return Transitions(
        energy_mev=np.full(n, inner.energy_mev if inner else 0.0),
        fwhm_mev=np.full(n, inner.fwhm_mev if inner else 1.0),
        stokes=stokes,
        kind=np.full(n, "dopant"),
        upper=np.full(n, scheme.inner_slice.start, dtype=np.int64),
        lower=np.arange(n, dtype=np.int64),
        rate_per_ns=rate,
    )


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
    if scheme.n_inner:
        main = _concatenate([main, _dopant_light(scheme)])
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
