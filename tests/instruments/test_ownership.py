import subprocess
import sys
from pathlib import Path

import pytest

from instruments.errors import InUseError, StationError
from instruments.ownership import Ownership

HOLD = """
import sys
from pathlib import Path
from instruments.ownership import Ownership
owner = Ownership(Path(sys.argv[1]))
owner.claim(["ASRL/dev/ttyUSB0::INSTR"])
print("held", flush=True)
sys.stdin.readline()
"""


def test_an_address_has_one_owner_and_the_message_names_it(tmp_path: Path) -> None:
    first, second = Ownership(tmp_path), Ownership(tmp_path)
    first.claim(["tcp://192.168.1.30:5555"])
    with pytest.raises(InUseError, match=r"TCP://192\.168\.1\.30:5555 is in use by process \d+ of .*since"):
        second.claim(["TCP://192.168.1.30:5555"])
    first.release()
    second.claim(["tcp://192.168.1.30:5555"])
    second.release()


def test_a_refused_claim_holds_nothing(tmp_path: Path) -> None:
    first, second, third = Ownership(tmp_path), Ownership(tmp_path), Ownership(tmp_path)
    first.claim(["B"])
    with pytest.raises(StationError):
        second.claim(["A", "B", "C"])
    third.claim(["A", "C"])
    third.release()
    first.release()


def test_different_addresses_do_not_get_in_each_others_way(tmp_path: Path) -> None:
    first, second = Ownership(tmp_path), Ownership(tmp_path)
    first.claim(["A"])
    second.claim(["B"])
    first.release()
    second.release()
    assert not list(tmp_path.glob("*.holder"))


def test_a_link_to_a_serial_port_is_the_same_port(tmp_path: Path) -> None:
    port, link = tmp_path / "ttyUSB0", tmp_path / "by-id-laser"
    port.touch()
    link.symlink_to(port)
    first, second = Ownership(tmp_path), Ownership(tmp_path)
    first.claim([f"ASRL{port}::INSTR"])
    with pytest.raises(StationError, match="by-id-laser"):
        second.claim([f"ASRL{link}::INSTR"])
    first.release()


def test_a_killed_owner_leaves_the_instrument_free(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(StationError, match=f"process {process.pid} of"):
            Ownership(tmp_path).claim(["asrl/dev/ttyusb0::instr"])
    finally:
        process.kill()
        process.communicate()
    owner = Ownership(tmp_path)
    owner.claim(["ASRL/dev/ttyUSB0::INSTR"])
    owner.release()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StationError, match="folder of instrument locks"):
        Ownership(tmp_path / "file" / "locks").claim(["A"])
