"""What a bench fault does to the simulated instruments."""

from collections.abc import Callable

from sims.bench.models import Models
from sims.bench.table import OpticalTable
from sims.faults.plan import FaultError

FLOOD_HZ = 4e6
"""Count rate of each detector in an overload (light through an open door): twice what a station usually allows."""

Strike = Callable[[Models, OpticalTable], None]


def bench_fault(fault: str, instrument: str) -> Strike:
    """The deed of a bench fault at an instrument; FaultError when that instrument cannot suffer it."""
    known = _STRIKES[fault]
    if instrument not in known:
        raise FaultError(f"fault {fault!r} cannot happen to {instrument!r}; it can to {', '.join(known)}")
    return known[instrument]


def _open_interlock_of_chameleon(models: Models, _: OpticalTable) -> None:
    models.chameleon.set_faults(2)  # external interlock


def _open_interlock_of_sc10(models: Models, _: OpticalTable) -> None:
    models.sc10.interlock_tripped = True


def _quench_ami430(models: Models, _: OpticalTable) -> None:
    models.ami430.quench()


def _warm_cryostation(models: Models, _: OpticalTable) -> None:
    models.cryostation.alarm = True
    models.cryostation.warm_up()


def _unlock_chameleon(models: Models, _: OpticalTable) -> None:
    models.chameleon.lose_mode_lock()


def _stick_chameleon(models: Models, _: OpticalTable) -> None:
    models.chameleon.stick()


def _stick_cwave(models: Models, _: OpticalTable) -> None:
    models.cwave.stick()


def _stick_ell14(models: Models, _: OpticalTable) -> None:
    for mount in models.ell14.mounts.values():
        mount.jammed = True


def _stick_spectrapro(models: Models, _: OpticalTable) -> None:
    models.spectrapro.stick()


def _stick_ami430(models: Models, _: OpticalTable) -> None:
    models.ami430.stick()


def _flood(_: Models, table: OpticalTable) -> None:
    table.stray_light_hz = FLOOD_HZ


_STRIKES: dict[str, dict[str, Strike]] = {
    "quench": {"ami430": _quench_ami430},
    "interlock": {"chameleon": _open_interlock_of_chameleon, "sc10": _open_interlock_of_sc10},
    "warming": {"cryostation": _warm_cryostation},
    "mode_lock_lost": {"chameleon": _unlock_chameleon},
    "stuck_busy": {
        "chameleon": _stick_chameleon,
        "cwave": _stick_cwave,
        "ell14": _stick_ell14,
        "spectrapro": _stick_spectrapro,
        "ami430": _stick_ami430,
    },
    "overload": {"id900": _flood},
}

BENCH_FAULT_PLACES: dict[str, tuple[str, ...]] = {fault: tuple(places) for fault, places in _STRIKES.items()}
"""Which instruments each bench fault can strike."""
