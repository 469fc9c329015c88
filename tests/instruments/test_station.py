"""From a station file to a bench, on pyvisa resources of our own."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from instruments.errors import LimitError, StationError
from instruments.station import load

Handle = Callable[..., Any]
IDENTITY = (b"*IDN?\n", b"Rohde&Schwarz,SMB100A,1406.6000k03/1,3.1\n")
SC10_IDENTITY = (b"id?\r", b"id?\rTHORLABS SC10 VERSION 1.07\r> ")


def station(**sections: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "instruments": {
            "smb": {"type": "instruments.rohde_schwarz_smb100a.Smb100a"},
            "sc10": {"type": "instruments.thorlabs_sc10.Sc10"},
        },
        "roles": {"microwave": "smb", "shutter": "sc10.shutter"},
    }
    return content | sections


def only_microwave(**entry: Any) -> dict[str, Any]:
    return station(
        instruments={"smb": {"type": "instruments.rohde_schwarz_smb100a.Smb100a", **entry}},
        roles={"microwave": "smb"},
    )


def refused(content: dict[str, Any], **keywords: Any) -> str:
    with pytest.raises(StationError) as caught:
        load(content, **keywords)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_roles_clock_and_identities(handle: Handle, clock: Any) -> None:
    smb, sc10 = handle([IDENTITY, IDENTITY]), handle([SC10_IDENTITY, SC10_IDENTITY])
    overrides = {"smb": {"resource": smb}, "sc10": {"resource": sc10}}
    with load(station(), clock=clock, overrides=overrides) as bench:
        assert bench.role("microwave").clock is clock
        assert bench.instrument_name("shutter") == "sc10.shutter"
        assert bench.identities()["smb"]["model"] == "SMB100A"
    assert smb.session is None
    assert sc10.session is None


def test_connecting_sends_nothing_but_the_question_who_it_is(handle: Handle) -> None:
    smb = handle([IDENTITY])
    with load(only_microwave(), overrides={"smb": {"resource": smb}}):
        assert smb.sent == [b"*IDN?\n"]


def test_only_what_is_needed_is_connected(handle: Handle) -> None:
    content = station()
    content["instruments"]["pm"] = {"type": "instruments.thorlabs_pm100d.Pm100d"}
    content["roles"]["power_meter"] = "pm"
    overrides = {"smb": {"resource": handle([IDENTITY])}, "sc10": {"resource": handle([SC10_IDENTITY])}}
    with load(content, overrides=overrides, needs=["shutter"]) as bench:
        assert set(bench.roles()) == {"microwave", "shutter"}  # the microwave for the sake of safety
        with pytest.raises(StationError, match="role 'power_meter' is not connected"):
            bench.role("power_meter")
    with load(content, overrides={"smb": {"resource": handle([IDENTITY])}}, needs=["microwave"], safety=False) as bench:
        assert bench.roles() == ("microwave",)


def test_site_limits_reach_the_driver_and_the_narrower_wins(handle: Handle) -> None:
    content = only_microwave(init={"power_limits_dbm": [-20.0, 20.0]}) | {
        "limits": {"highest_microwave_power_dbm": 5.0}
    }
    with (
        load(content, overrides={"smb": {"resource": handle([IDENTITY])}}) as bench,
        pytest.raises(LimitError, match="-20 to 5 dBm"),
    ):
        bench.role("microwave").set_power(6.0)


def test_two_benches_may_be_open_at_once(handle: Handle) -> None:
    with (
        load(only_microwave(), overrides={"smb": {"resource": handle([IDENTITY])}}) as first,
        load(only_microwave(), overrides={"smb": {"resource": handle([IDENTITY])}}) as second,
    ):
        assert first.role("microwave") is not second.role("microwave")


def test_a_snapshot_is_json_even_when_a_parameter_cannot_be_read(handle: Handle) -> None:
    with load(only_microwave(), overrides={"smb": {"resource": handle([IDENTITY])}}) as bench:
        bench.role("microwave").frequency.cache.set(float("nan"))
        text = json.dumps(bench.snapshot(update=False), allow_nan=False)
    parameters = json.loads(text)["instruments"]["smb"]["parameters"]
    assert parameters["frequency"]["value"] is None
    assert parameters["power"]["unit"] == "dBm"


def test_a_silent_instrument_is_named_with_its_address_and_closed(handle: Handle) -> None:
    smb = handle([(b"*IDN?\n", None)])
    message = refused(only_microwave(), overrides={"smb": {"resource": smb}})
    assert "instrument 'smb'" in message
    assert "cannot be reached" in message
    assert "cable" in message
    assert smb.session is None


def test_what_was_connected_before_a_failure_is_closed(handle: Handle) -> None:
    smb, sc10 = handle([IDENTITY]), handle([(b"id?\r", None)])
    refused(station(), overrides={"smb": {"resource": smb}, "sc10": {"resource": sc10}})
    assert smb.session is None


def test_an_address_that_does_not_exist_is_named() -> None:
    content = only_microwave(address="ASRL/dev/does_not_exist::INSTR", init={"visalib": "@py"})
    message = refused(content)
    assert "'smb' at ASRL/dev/does_not_exist::INSTR cannot be reached" in message


@pytest.mark.parametrize("driver", ["instruments.smb200a.Smb200a", "instruments.station.load", "os.path.join"])
def test_an_unknown_driver_is_named(driver: str) -> None:
    assert driver in refused(only_microwave(type=driver))


def test_a_wrong_keyword_of_a_driver_is_named() -> None:
    message = refused(only_microwave(init={"power_limit": 3.0}))
    assert "'smb'" in message
    assert "power_limit" in message


def test_a_role_without_instrument_is_named() -> None:
    assert "role 'magnet' is needed" in refused(station(), needs=["magnet"])
    assert "role 'magnets' is unknown" in refused(station(), needs=["magnets"])


def test_a_role_an_instrument_cannot_play_is_named(handle: Handle) -> None:
    content = only_microwave() | {"roles": {"gates": "smb"}}
    message = refused(content, overrides={"smb": {"resource": handle([IDENTITY])}})
    assert "role 'gates': smb cannot play it, it lacks" in message
    assert "set_gate" in message


def test_the_controller_itself_is_no_shutter(handle: Handle) -> None:
    content = station(roles={"shutter": "sc10"})
    message = refused(content, overrides={"sc10": {"resource": handle([SC10_IDENTITY])}})
    assert "lacks is_open, open" in message


def test_a_submodule_that_does_not_exist_is_named(handle: Handle) -> None:
    content = station(roles={"shutter": "sc10.blade"})
    message = refused(content, overrides={"sc10": {"resource": handle([SC10_IDENTITY])}})
    assert "'sc10.blade' does not exist; submodules of sc10 are shutter" in message


def test_overrides_for_nobody_are_refused() -> None:
    assert "['nobody']" in refused(station(), overrides={"nobody": {}})


def test_limits_a_driver_cannot_keep_are_refused() -> None:
    content = only_microwave() | {"roles": {"magnet": "smb"}}
    assert "takes no 'field_limit_t'" in refused(content)


def test_reading_a_station_file_does_not_import_qcodes() -> None:
    code = "import sys, instruments.station as s; s.read_station(s.TEMPLATE); sys.exit('qcodes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_backend_that_raises_a_bare_exception_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """As pyvisa-py does for a host name that cannot be resolved."""

    def unresolved(*arguments: object, **keywords: object) -> None:
        raise Exception("could not connect: Name or service not known")  # noqa: TRY002 - what pyvisa-py raises

    monkeypatch.setattr("instruments.visa.VisaInstrument.__init__", unresolved)
    message = refused(only_microwave(address="TCPIP0::no.such.host::5025::SOCKET"))
    assert "'smb' at TCPIP0::no.such.host::5025::SOCKET cannot be reached (could not connect" in message
