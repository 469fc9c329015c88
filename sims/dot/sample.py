"""The sample file: everything the simulator knows of one dot.

Field names carry their unit. Every number has limits, so that a slip of a digit is one clear line and not
a strange spectrum.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

SAMPLE_FOLDER = Path(__file__).resolve().parent.parent / "samples"

MN_ACCEPTOR_MEV = 2100.0
"""Energy of the 4T1 level of Mn2+; above it the exciton hands its energy to the dopant (not modelled)."""

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Energy = Annotated[float, Field(ge=0.0, le=500.0)]
FlipTime = Annotated[float, Field(ge=0.01, le=1e9)]
HalfInteger = Annotated[float, Field(ge=0.0, le=4.5, multiple_of=0.5)]


class SampleError(ValueError):
    """A sample file that cannot be used; the message is one line: file, field, value, limit."""


class _Sheet(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Dopant(_Sheet):
    """One magnetic ion.

    Spin Hamiltonian: g mu_B B.S + D0 [Sz^2 - S(S+1)/3] + E (Sx^2 - Sy^2) + (a/6) sum Si^4 + A I.S.
    ``n0_alpha_mev`` > 0 and ``n0_beta_mev`` < 0 for Mn in II-VI hosts. An exchange override is the constant I
    of I S.s (electron) or I S.J (hole); null computes it from the envelope functions at ``position_nm``.
    """

    element: Literal["Mn"]
    position_nm: float = Field(ge=0.0, le=50.0, description="distance from the centre")
    spin: HalfInteger = 2.5
    g_factor: float = Field(default=2.0, ge=0.1, le=20.0)
    n0_alpha_mev: float = Field(default=230.0, ge=-1000.0, le=1000.0)
    n0_beta_mev: float = Field(default=-1270.0, ge=-5000.0, le=5000.0)
    zero_field_d_uev: float = Field(default=0.0, ge=-500.0, le=500.0)
    zero_field_e_uev: float = Field(default=0.0, ge=-170.0, le=170.0)
    cubic_a_uev: float = Field(default=0.0, ge=-50.0, le=50.0)
    hyperfine_uev: float = Field(default=0.0, ge=-50.0, le=50.0)
    nuclear_spin: HalfInteger = 2.5
    nuclear_g_factor: float = Field(
        default=1.3819, ge=-10.0, le=10.0, description="55Mn: 3.4532 nuclear magnetons over 5/2"
    )
    electron_exchange_mev: float | None = Field(default=None, ge=-20.0, le=20.0)
    hole_exchange_mev: float | None = Field(default=None, ge=-20.0, le=20.0)


class Linewidth(_Sheet):
    """FWHM(T) = gamma0 + acoustic T + lo / (exp(lo_energy/kT) - 1)."""

    gamma0_mev: float = Field(gt=0.0, le=100.0)
    acoustic_mev_per_k: float = Field(default=0.0, ge=0.0, le=1.0)
    lo_mev: float = Field(default=0.0, ge=0.0, le=500.0)
    lo_energy_mev: float = Field(default=26.0, gt=0.0, le=100.0)


class Replica(_Sheet):
    """First longitudinal-optical phonon replica: strength ``huang_rhys`` relative to the zero-phonon line."""

    huang_rhys: float = Field(default=0.0, ge=0.0, le=1.0)
    lo_energy_mev: float = Field(default=26.0, gt=0.0, le=100.0)
    fwhm_mev: float = Field(default=1.0, gt=0.0, le=100.0)


class Blinking(_Sheet):
    """Two-state telegraph. ``off_brightness`` is the emission of the off state relative to the on state."""

    on_to_off_per_s: float = Field(default=0.0, ge=0.0, le=1e5)
    off_to_on_per_s: float = Field(default=1.0, gt=0.0, le=1e5)
    off_brightness: Fraction = 0.0


class Sample(_Sheet):
    """One dot. See the shipped files for the origin of every number.

    ``emission_mev`` is the centre of the bright heavy-hole multiplet at 4 K; null derives it from gap,
    confinement and Coulomb energy. Lifetimes: ``lifetime_ns`` total decay of the bright exciton (emitting with
    ``quantum_yield``), ``dark_lifetime_ns`` total decay of the dark one (its photons are not in the spectrum).
    A ``*_flip_ns`` of null switches the channel off.
    """

    name: str = Field(min_length=1, max_length=80)
    description: str = ""
    host: Literal["CdSe", "CdS", "ZnSe", "ZnS", "CdTe"]
    shell: Literal["none", "CdSe", "CdS", "ZnSe", "ZnS", "CdTe", "ZnTe"] = "none"
    core_radius_nm: float = Field(ge=0.5, le=20.0)
    shell_thickness_nm: float = Field(default=0.0, ge=0.0, le=30.0)
    emission_mev: float | None = Field(default=None, ge=300.0, le=4500.0)
    dopants: tuple[Dopant, ...] = Field(default=(), max_length=2)

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
    esr_inhomogeneous_width_mhz: float = Field(default=10.0, ge=0.01, le=1000.0, description="Gaussian FWHM")
    spin_t2_us: float = Field(default=1.0, ge=1e-3, le=1e6)

    @model_validator(mode="after")
    def _consistent(self) -> "Sample":
        outer = self.core_radius_nm + self.shell_thickness_nm
        for number, dopant in enumerate(self.dopants):
            if dopant.position_nm > outer:
                raise ValueError(
                    f"dopants.{number}.position_nm = {dopant.position_nm}: outside the dot "
                    f"(core_radius_nm + shell_thickness_nm = {outer:g})"
                )
        if self.dopants and self.emission_mev is not None and self.emission_mev >= MN_ACCEPTOR_MEV:
            raise ValueError(
                f"emission_mev = {self.emission_mev}: must be below {MN_ACCEPTOR_MEV:g} with Mn; "
                "above it the exciton transfers its energy to the Mn, which is not modelled"
            )
        return self


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
