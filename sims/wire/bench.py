"""The wiring cabinet: which device listens under which VISA resource name."""

import threading

from sims.bench.models import Models
from sims.wire.ami430 import Ami430Wire
from sims.wire.anc300 import Anc300Wire
from sims.wire.chameleon import ChameleonWire
from sims.wire.cryomagnetics_4g import Cryomagnetics4gWire
from sims.wire.cryostation import CryostationWire
from sims.wire.cwave import CWaveWire
from sims.wire.dg645 import Dg645Wire
from sims.wire.ell14 import Ell14Wire
from sims.wire.esp301 import Esp301Wire
from sims.wire.library import RESOURCES
from sims.wire.line import Device, Port
from sims.wire.mai_tai import MaiTaiWire
from sims.wire.mercury_itc import MercuryItcWire
from sims.wire.opo_vis import OpoVisWire
from sims.wire.pem200 import Pem200Wire
from sims.wire.pm100d import Pm100dWire
from sims.wire.sc10 import Sc10Wire
from sims.wire.sg384 import Sg384Wire
from sims.wire.smb100a import Smb100aWire
from sims.wire.spectrapro import SpectraProWire
from sims.wire.sr400 import Sr400Wire
from sims.wire.sr830 import Sr830Wire
from sims.wire.superk import SuperKWire


def connect(models: Models, bench_lock: "threading.RLock | None" = None) -> dict[str, Port]:
    """A port for every instrument that speaks VISA, keyed by resource name: what ``library.register`` takes.

    ``bench_lock`` is held while any of them answers (None: a lock each, enough for one thread).
    """
    devices: dict[str, Device] = {
        "chameleon": ChameleonWire(models.chameleon),
        "opo-vis": OpoVisWire(models.opo_vis),
        "ell14": Ell14Wire(models.ell14),
        "sc10": Sc10Wire(models.sc10),
        "spectrapro": SpectraProWire(models.spectrapro),
        "cwave": CWaveWire(models.cwave),
        "cryostation": CryostationWire(models.cryostation),
        "ami430": Ami430Wire(models.ami430),
        "smb100a": Smb100aWire(models.smb100a),
        "dg645": Dg645Wire(models.dg645),
        "pm100d": Pm100dWire(models.pm100d),
        "superk": SuperKWire(models.superk),
        "maitai": MaiTaiWire(models.mai_tai),
        "esp301": Esp301Wire(models.esp301),
        "pem200": Pem200Wire(models.pem200),
        "sr400": Sr400Wire(models.sr400),
        "mercury-itc": MercuryItcWire(models.mercury_itc),
        "cryomagnetics-4g": Cryomagnetics4gWire(models.cryomagnetics_4g),
        "sg384": Sg384Wire(models.sg384),
        "sr830": Sr830Wire(models.sr830),
        "anc300": Anc300Wire(models.anc300),
    }
    return {RESOURCES[model]: Port(device, models.clock, bench_lock) for model, device in devices.items()}
