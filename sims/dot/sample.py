"""The sample file: everything the simulator knows of one dot.

Field names carry their unit. Every number has limits, so that a slip of a digit is one clear line and not
a strange spectrum.
"""

import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from sims.dot.sample_defaults import NotEstablished, completed, nearest_cations_nm, place_nm
from sims.dot.sample_parts import (
    Blinking,
    Dopant,
    DopantPair,
    FlipTime,
    Fraction,
    InnerEmission,
    Linewidth,
    Replica,
    Sheet,
    ShellLayer,
    SpectralDiffusion,
)
from sims.matter.hosts import MATERIALS

__all__ = [
    "Blinking",
    "Dopant",
    "DopantPair",
    "InnerEmission",
    "Linewidth",
    "NotEstablished",
    "Replica",
    "Sample",
    "SampleError",
    "ShellLayer",
    "SpectralDiffusion",
    "builtin_samples",
    "load_sample",
    "parse_sample",
    "sample_path",
]

SAMPLE_FOLDER = Path(__file__).resolve().parent.parent / "samples"


class SampleError(ValueError):
    """A sample file that cannot be used; the message is one line: file, field, value, limit."""


def _known_host(name: str) -> str:
    if name not in MATERIALS:
        raise ValueError(f"unknown material; known are {', '.join(MATERIALS)}")
    return name


def _known_shell(name: str) -> str:
    return name if name == "none" else _known_host(name)


class Sample(Sheet):
    """One dot. See the shipped files for the origin of every number.

    ``emission_mev`` is the centre of the bright heavy-hole multiplet at 4 K; null derives it from gap,
    confinement and Coulomb energy. Lifetimes: ``lifetime_ns`` total decay of the bright exciton (emitting with
    ``quantum_yield``), ``dark_lifetime_ns`` total decay of the dark one (its photons are not in the spectrum).
    A ``*_flip_ns`` of null switches the channel off.

    Shells: either ``shell`` with ``shell_thickness_nm``, or the list ``shells`` from the core outwards.
    ``charge``: 0 exciton, -1 an extra electron (X-), +1 an extra hole (X+); all energies then belong to the trion.
    ``dopants`` are the ions with a free spin; ``silent_dopants`` are frozen in nearest-neighbour pairs (S = 0) or
    without spin (Cu+); neighbouring dopants whose directions are stated are moved there on loading.
    ``energy_transfer_ps``: the exciton hands its energy to the dopant in this time when the emission lies above
    ``inner_emission.energy_mev``; null: never.
    Raises pydantic.ValidationError; :func:`parse_sample` turns it into one line. Warns NotEstablished, once, about
    numbers of a dopant that nobody has published and the file leaves out.
    """

    name: str = Field(min_length=1, max_length=80)
    description: str = ""
    host: Annotated[str, AfterValidator(_known_host)]
    shell: Annotated[str, AfterValidator(_known_shell)] = "none"
    core_radius_nm: float = Field(ge=0.5, le=20.0)
    shell_thickness_nm: float = Field(default=0.0, ge=0.0, le=30.0)
    shells: tuple[ShellLayer, ...] = Field(default=(), max_length=8)
    envelope_model: Literal["infinite-walls", "effective-mass"] = "infinite-walls"
    charge: Literal[-1, 0, 1] = 0
    emission_mev: float | None = Field(default=None, ge=300.0, le=4500.0)
    dopants: tuple[Dopant, ...] = Field(default=(), max_length=3)
    silent_dopants: tuple[Dopant, ...] = Field(default=(), max_length=12)
    dopant_exchange: tuple[DopantPair, ...] = Field(default=(), max_length=3)

    hh_lh_splitting_mev: float = Field(ge=-100.0, le=500.0, description="Delta: light holes this far above heavy")
    hh_lh_mixing_mev: float = Field(default=0.0, ge=0.0, le=50.0, description="matrix element <+3/2|V|-1/2>")
    bright_dark_splitting_mev: float = Field(ge=0.0, le=50.0)
    anisotropic_splitting_mev: float = Field(
        default=0.0, ge=-10.0, le=10.0, description="y-polarised line this far above the x-polarised one"
    )
    electron_g: float = Field(ge=-10.0, le=10.0)
    hole_kappa: float = Field(ge=-10.0, le=10.0)

    lifetime_ns: float = Field(ge=0.05, le=1e5)
    dark_lifetime_ns: float = Field(default=1000.0, ge=0.05, le=1e7)
    quantum_yield: float = Field(gt=0.0, le=1.0)
    biexciton_quantum_yield: Fraction
    biexciton_lifetime_ns: float = Field(ge=0.001, le=1e4)
    biexciton_binding_mev: float = Field(default=0.0, ge=-200.0, le=200.0)
    linewidth: Linewidth
    replica: Replica = Replica()

    exciton_dopant_flip_ns: FlipTime | None = None
    electron_flip_ns: FlipTime | None = None
    hole_flip_ns: FlipTime | None = None
    light_on_mixing_ns: FlipTime | None = None
    dark_t1_us: float = Field(default=1000.0, ge=1e-3, le=1e12)
    dark_capture_fraction: Fraction = 0.5

    absorption_cross_section_cm2: float = Field(default=1e-15, ge=1e-18, le=1e-12)
    focus_diameter_um: float = Field(default=1.0, ge=0.1, le=1000.0)
    resonant_saturation_power_w: float = Field(gt=0.0, le=1.0)
    absorption_edge_above_top_line_mev: float = Field(default=20.0, ge=5.0, le=500.0)
    blinking: Blinking = Blinking()
    spectral_diffusion: SpectralDiffusion = SpectralDiffusion()
    energy_transfer_ps: float | None = Field(default=None, ge=0.01, le=1e6)
    inner_emission: InnerEmission | None = None
    esr_inhomogeneous_width_mhz: float = Field(default=10.0, ge=0.01, le=1000.0, description="Gaussian FWHM")
    spin_t2_us: float = Field(default=1.0, ge=1e-3, le=1e6)

    @model_validator(mode="before")
    @classmethod
    def _from_ion_table(cls, fields: object) -> object:
        if not isinstance(fields, Mapping):
            return fields
        complete, gaps = completed(fields)
        if gaps:
            # One line: the command line shows it as it stands.
            text = f"sample {fields.get('name', '')}: not established, taken as 0: {'; '.join(gaps)}"
            warnings.warn(NotEstablished(text), stacklevel=2)
        return complete

    @model_validator(mode="after")
    def _consistent(self) -> "Sample":
        _check_shells(self)
        _check_dopants(self)
        if self.energy_transfer_ps is not None and self.dopants and self.inner_emission is None:
            raise ValueError("energy_transfer_ps is given, but inner_emission is not established: state it")
        return self

    @property
    def layers(self) -> tuple[ShellLayer, ...]:
        """Shells from the core outwards, however the file gives them; empty for a bare core."""
        if self.shells or self.shell == "none" or self.shell_thickness_nm == 0:
            return self.shells
        return (ShellLayer(material=self.shell, thickness_nm=self.shell_thickness_nm),)

    @property
    def outer_radius_nm(self) -> float:
        """Radius of core and shells together, nm."""
        if self.shells:
            return self.core_radius_nm + sum(layer.thickness_nm for layer in self.shells)
        return self.core_radius_nm + self.shell_thickness_nm


def _check_shells(sample: Sample) -> None:
    if sample.shells and (sample.shell != "none" or sample.shell_thickness_nm > 0):
        raise ValueError("shells: give either shells or shell with shell_thickness_nm, not both")
    for number, layer in enumerate(sample.shells):
        if layer.material not in MATERIALS:
            raise ValueError(
                f"shells.{number}.material = {layer.material!r}: unknown material; known are {', '.join(MATERIALS)}"
            )
        if layer.interface_nm > layer.thickness_nm:
            raise ValueError(
                f"shells.{number}.interface_nm = {layer.interface_nm}: wider than the shell "
                f"(thickness_nm = {layer.thickness_nm:g})"
            )


def _check_dopants(sample: Sample) -> None:
    outer = sample.outer_radius_nm
    for name in ("dopants", "silent_dopants"):
        for number, dopant in enumerate(getattr(sample, name)):
            if dopant.position_nm > outer:
                raise ValueError(
                    f"{name}.{number}.position_nm = {dopant.position_nm}: outside the dot "
                    f"(core_radius_nm + shell_thickness_nm = {outer:g})"
                )
    for number, dopant in enumerate(sample.dopants):
        if dopant.oxidation_state == 1:
            raise ValueError(f"dopants.{number}.oxidation_state = 1: Cu+ has no spin; list it under silent_dopants")
        for other in range(number):
            places = place_nm(dopant), place_nm(sample.dopants[other])
            if None not in places and math.dist(*places) < nearest_cations_nm(sample.host) / 2:  # type: ignore[arg-type]
                raise ValueError(
                    f"dopants.{other} and dopants.{number}: on one lattice site; cations of {sample.host} are "
                    f"{nearest_cations_nm(sample.host):.2f} nm apart"
                )
    for number, pair in enumerate(sample.dopant_exchange):
        if pair.first == pair.second or max(pair.first, pair.second) >= len(sample.dopants):
            raise ValueError(
                f"dopant_exchange.{number}: joins dopants {pair.first} and {pair.second}; "
                f"give two different ones of the {len(sample.dopants)} listed, counted from 0"
            )


def builtin_samples() -> list[str]:
    """Names of the shipped samples, sorted."""
    return sorted(path.stem for path in SAMPLE_FOLDER.glob("*.yaml"))


def sample_path(path_or_name: str | Path) -> Path:
    """File of a shipped sample's name or of a path; SampleError when there is none."""
    text = str(path_or_name)
    if text in builtin_samples():
        return SAMPLE_FOLDER / f"{text}.yaml"
    path = Path(path_or_name)
    if path.is_file():
        return path
    raise SampleError(
        f"sample {text!r}: no such file and no shipped sample of that name (shipped: {', '.join(builtin_samples())})"
    )


def load_sample(path_or_name: str | Path) -> Sample:
    """Read a sample file or a shipped sample. SampleError, one line, when it cannot be used."""
    path = sample_path(path_or_name)
    try:
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SampleError(f"sample {path}: cannot be read ({error})") from error
    except YAMLError as error:
        first = " ".join(str(error).split())
        raise SampleError(f"sample {path}: not valid YAML ({first[:200]})") from error
    except RecursionError as error:
        raise SampleError(f"sample {path}: brackets or lists nested too deeply; close them") from error
    if not isinstance(content, Mapping):
        raise SampleError(f"sample {path}: holds no fields (expected 'name: value' lines)")
    return parse_sample(content, str(path))


def parse_sample(fields: Mapping[str, Any], origin: str) -> Sample:
    """Sample from fields already read; ``origin`` names them in the SampleError."""
    try:
        return Sample.model_validate(dict(fields))
    except ValidationError as error:
        raise SampleError(f"sample {origin}: {_one_line(error)}") from error


def _one_line(error: ValidationError) -> str:
    # A misspelt field also leaves the right one missing: name the misspelt one.
    details = sorted(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
    first = details[0]
    field = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        text = f"{field}: missing"
    elif first["type"] == "extra_forbidden":
        text = f"{field}: unknown field"
    elif field:
        text = f"{field} = {first['input']!r}: {message}"
    else:
        text = message
    more = len(details) - 1
    return text if more == 0 else f"{text} (and {more} more)"
