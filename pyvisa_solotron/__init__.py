"""Lets pyvisa find the simulated bench as the backend ``"<twin id>@solotron"``."""

from sims.wire.library import SimulatedBenchLibrary

WRAPPER_CLASS = SimulatedBenchLibrary
