"""A bench of plain fakes that writes down every call, in order, as (role, call, arguments)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from instruments.roles import TimeTags
from instruments.station_file import Conditions, Limits, Wiring
from procedures.experiment import Experiment
from procedures.units import HC_MEV_NM
from runfile.reader import RunFile
from runfile.writer import Parameter, RunWriter

LASER_RATE_HZ = 80e6
SAMPLE: dict[str, object] = {
    "emission_mev": 2045.0,
    "dopants": [{"spin": 2.5, "nuclear_spin": 2.5, "g_factor": 2.0, "zero_field_d_uev": 5.0, "hyperfine_uev": 0.7}],
}
SHORT: dict[str, dict[str, object]] = {
    "g2": {"duration": 6.0, "batch": 1.0},
    "polarised-pl": {"repeats": 3, "exposure_time": 1.0},
    "spin-pumping": {"duration": 4.0, "batches": 4},
    "esr": {"frequency_points": 8, "counting_time": 3.0, "sweeps": 3},
}
"""Settings of runs that take no time and can be interrupted in the middle."""
LINES_MEV = tuple(2040.8 + 1.7 * k for k in range(6))

Call = tuple[Any, ...]


@dataclass
class FakeBench:
    """Roles, clock and limits of a bench; ``calls`` is what was asked of it. Reading queries are not written down."""

    calls: list[Call] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)
    conditions: Conditions = field(default_factory=Conditions)
    wiring: Wiring = field(default_factory=Wiring)
    players: dict[str, Any] = field(default_factory=dict)
    time_s: float = 0.0

    @property
    def clock(self) -> "FakeBench":
        return self

    def now_s(self) -> float:
        return self.time_s

    def role(self, name: str) -> Any:
        return self.players[name]

    def has_role(self, name: str) -> bool:
        return name in self.players

    def instrument_name(self, role: str) -> str:
        return f"the_{role}"

    def did(self, *call: Any) -> None:
        self.calls.append(call)


@dataclass
class FakeLaser:
    bench: FakeBench
    name: str
    width_nm: float = 1e-6
    range_nm: tuple[float, float] = (500.0, 650.0)
    is_open: bool = False
    shifted_nm: float = 0.0

    def wavelength_range_nm(self) -> tuple[float, float]:
        return self.range_nm

    def spectral_width_nm(self) -> float:
        return self.width_nm

    def wavelength_nm(self) -> float:
        return 605.0

    def tune(self, wavelength_nm: float) -> float:
        self.is_open, self.shifted_nm = False, 0.0
        self.bench.did(self.name, "tune", wavelength_nm)
        return wavelength_nm

    def open_output(self) -> None:
        self.is_open = True
        self.bench.did(self.name, "open")

    def close_output(self) -> None:
        self.is_open = False
        self.bench.did(self.name, "close")

    def output_is_open(self) -> bool:
        return self.is_open

    def repetition_rate_hz(self) -> float:
        return LASER_RATE_HZ

    def assert_mode_locked(self) -> None:
        pass


class FakeFineLaser(FakeLaser):
    def shift(self, delta_nm: float) -> float:
        self.shifted_nm = round(self.shifted_nm + delta_nm, 3)  # whole picometres
        self.bench.did(self.name, "shift", delta_nm)
        return self.shifted_nm


@dataclass
class FakeShutter:
    bench: FakeBench

    def open(self) -> None:
        self.bench.did("shutter", "open")

    def close(self) -> None:
        self.bench.did("shutter", "close")


@dataclass
class FakeRotator:
    bench: FakeBench
    name: str

    def rotate_to(self, angle_deg: float) -> float:
        self.bench.did(self.name, "rotate", angle_deg)
        return angle_deg


@dataclass
class FakeSpectrograph:
    bench: FakeBench
    centre_nm: float = 0.0

    def select_grating(self, groove_per_mm: int) -> int:
        self.bench.did("spectrograph", "grating", groove_per_mm)
        return groove_per_mm

    def set_centre_wavelength(self, wavelength_nm: float) -> float:
        self.centre_nm = wavelength_nm
        return wavelength_nm

    def select_exit(self, name: str) -> None:
        self.bench.did("spectrograph", "exit", name)

    def set_exit_slit_um(self, width_um: float) -> float:
        return width_um

    def wavelength_axis_nm(self, n_pixels: int, pixel_um: float) -> np.ndarray:
        return self.centre_nm + (np.arange(n_pixels) - n_pixels / 2) * 0.012


@dataclass
class FakeCamera:
    """Sees six Lorentzian lines, whatever is asked."""

    bench: FakeBench

    def n_pixels(self) -> int:
        return 1024

    def pixel_um(self) -> float:
        return 20.0

    def read_noise_counts(self) -> float:
        return 4.0

    def expose(self, exposure_s: float) -> np.ndarray:
        self.bench.did("camera", "expose", exposure_s)
        axis_nm = self.bench.players["spectrograph"].wavelength_axis_nm(1024, 20.0)
        energies = HC_MEV_NM / axis_nm
        clean = sum(2000.0 / (1.0 + ((energies - line) / 0.08) ** 2) for line in LINES_MEV)
        return np.random.default_rng(len(self.bench.calls)).poisson(clean + 5.0).astype(float)


@dataclass
class FakeTagger:
    """Counts flat reset light and, in pump and probe, a resonance 40 pm wide at a shift of 20 pm."""

    bench: FakeBench
    rate_hz: float = 1e4

    def count_rates_hz(self, channels: Sequence[int], integration_s: float = 0.1) -> dict[int, float]:
        self.bench.did("time_tagger", "rates")
        return dict.fromkeys(channels, self.rate_hz)

    def record_histogram(
        self, start_channel: int, stop_channels: Sequence[int], bin_width_ps: int, n_bins: int, duration_s: float
    ) -> np.ndarray:
        self.bench.did("time_tagger", "histogram", duration_s)
        self.bench.time_s += duration_s
        laser = self.bench.players["resonant_laser"]
        counts = np.full((len(stop_channels), n_bins), 2)
        resonant = round(60.0 / (1.0 + ((laser.shifted_nm - 0.02) / 0.02) ** 2))
        for gate, level in (("CD", 20), ("AB", resonant), ("GH", resonant)):
            delay_s, width_s = self.bench.players["gates"].windows_s[gate]
            first, last = (round(t * 1e12 / bin_width_ps) for t in (delay_s, delay_s + width_s))
            counts[:, first:last] += level
        return counts

    def record_tags(self, duration_s: float, channels: Sequence[int]) -> TimeTags:
        self.bench.did("time_tagger", "tags", duration_s)
        self.bench.time_s += duration_s + 0.01
        stamps = np.arange(1, 31, dtype=np.int64) * 200_000
        return TimeTags(stamps, np.resize(np.array(channels, dtype=np.uint8), 30), duration_s * 0.9)


@dataclass
class FakeMagnet:
    bench: FakeBench
    at_t: float = 0.0

    def field_t(self) -> float:
        return self.at_t

    def set_field(self, target_t: float) -> float:
        self.bench.did("magnet", "ramp", target_t)
        self.at_t = target_t
        return target_t


@dataclass
class FakeCryostat:
    bench: FakeBench

    def temperature_k(self) -> float:
        return 4.0


@dataclass
class FakeMicrowave:
    bench: FakeBench
    range_hz: tuple[float, float] = (1e5, 20e9)

    def frequency_range_hz(self) -> tuple[float, float]:
        return self.range_hz

    def set_frequency(self, frequency_hz: float) -> float:
        self.bench.did("microwave", "frequency", frequency_hz)
        return frequency_hz

    def set_power(self, power_dbm: float) -> float:
        self.bench.did("microwave", "power", power_dbm)
        return power_dbm

    def set_output(self, on: bool, *, gated: bool = True) -> None:
        self.bench.did("microwave", "rf", on, gated)


@dataclass
class FakeGates:
    bench: FakeBench
    windows_s: dict[str, tuple[float, float]] = field(default_factory=dict)

    def trigger_on_laser(self, divider: int) -> None:
        self.bench.did("gates", "trigger", divider)

    def set_gate(
        self, gate: str, delay_s: float, width_s: float, level_v: float = 5.0, divider: int = 1
    ) -> tuple[float, float]:
        self.bench.did("gates", "set", gate, delay_s, width_s)
        self.windows_s[gate] = (delay_s, width_s)
        return delay_s, width_s

    def disable_gate(self, gate: str) -> None:
        self.bench.did("gates", "off", gate)


@dataclass
class FakeTable:
    rows: list[dict[str, Any]] = field(default_factory=list)

    def append(self, **row: Any) -> None:
        self.rows.append(row)


@dataclass
class FakeRecorder:
    """A run file in memory."""

    tables: dict[str, FakeTable] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    tag_metadata: dict[str, Any] = field(default_factory=dict)
    path: Path = Path("nowhere.h5")

    def table(self, group: str, **_: Any) -> FakeTable:
        return self.tables.setdefault(group, FakeTable())

    def note(self, name: str, value: Any) -> None:
        self.notes[name] = value

    def append_tags(self, timestamps_ps: np.ndarray, channel: np.ndarray) -> None:
        pass

    def set_tag_metadata(self, **metadata: Any) -> None:
        self.tag_metadata = metadata


@pytest.fixture
def bench() -> FakeBench:
    """A bench on which everything works: six lines, a resonance, quiet counters."""
    made = FakeBench()
    made.players |= {name: FakeLaser(made, name) for name in ("readout_laser", "pulse_source")}
    made.players |= {
        "resonant_laser": FakeFineLaser(made, "resonant_laser"),
        "shutter": FakeShutter(made),
        "spectrograph": FakeSpectrograph(made),
        "camera": FakeCamera(made),
        "time_tagger": FakeTagger(made),
        "magnet": FakeMagnet(made),
        "cryostat": FakeCryostat(made),
        "microwave": FakeMicrowave(made),
        "gates": FakeGates(made),
    }
    plates = ("excitation_quarter_wave", "analyser_quarter_wave", "analyser_half_wave")
    made.players |= {name: FakeRotator(made, name) for name in plates}
    return made


@pytest.fixture
def perform(bench: FakeBench) -> Callable[..., FakeRecorder]:
    """Check and execute an experiment on the fake bench; returns what it recorded."""

    def run(experiment: Experiment, sample: Mapping[str, object] = SAMPLE, stop: Any = lambda: False) -> FakeRecorder:
        recorder = FakeRecorder()
        experiment.check(bench, sample)  # type: ignore[arg-type]
        assert bench.calls == [], "a check must not move anything"
        experiment.attach(bench, recorder, sample, stop_requested=stop, report=lambda fraction, what: None)  # type: ignore[arg-type]
        experiment.execute()
        return recorder

    return run


@pytest.fixture
def short() -> dict[str, dict[str, object]]:
    """Settings by procedure, for runs that can be interrupted in the middle."""
    return SHORT


class RunEndedError(Exception):
    """Where the test wanted the run to end."""


@pytest.fixture
def record_run(bench: FakeBench, tmp_path: Path) -> Iterator[Callable[..., RunFile]]:
    """``record_run(experiment, rows=n, earlier=run)``: check and execute into a real run file, open for reading.

    ``rows``: the process ends when the table "data" holds so many; ``end_at``: at the first checkpoint of this text.
    """
    opened: list[RunFile] = []

    def record(
        experiment: Experiment,
        *,
        rows: int | None = None,
        end_at: str = "",
        earlier: RunFile | None = None,
        sample: Mapping[str, object] = SAMPLE,
        **hooks: Any,
    ) -> RunFile:
        path = tmp_path / f"{experiment.NAME}-{len(list(tmp_path.iterdir()))}.h5"
        if earlier is not None:
            experiment.prepare_to_continue(earlier)
        experiment.check(bench, sample)  # type: ignore[arg-type]
        values = {
            name: Parameter(getattr(experiment, name), unit) for name, unit in experiment.parameter_units().items()
        }
        writer = RunWriter.create(
            path,
            procedure=experiment.NAME,
            title="a run",
            parameters=values,
            station="",
            snapshot={},
            sample_sheet="",
            sample=sample,
            conditions=experiment.conditions(bench).model_dump(),  # type: ignore[arg-type]
            versions={},
            seed=1,
        )
        made: dict[str, Any] = {}
        plain_table = writer.table

        def table(group: str, **options: Any) -> Any:
            made[group] = plain_table(group, **options)
            return made[group]

        def report(fraction: float, what: str) -> None:
            if (rows is not None and "data" in made and made["data"].n_points >= rows) or (end_at and end_at in what):
                raise RunEndedError

        writer.table = table  # type: ignore[method-assign]
        experiment.attach(
            bench,  # type: ignore[arg-type]
            writer,
            sample,
            stop_requested=lambda: False,
            report=report,
            continues=earlier,
            **hooks,
        )
        status = "completed"
        try:
            experiment.execute()
        except RunEndedError:
            status = "aborted"
        finally:
            writer.finish(status, 1.0)
        opened.append(RunFile(path))
        return opened[-1]

    yield record
    for run in opened:
        run.close()
