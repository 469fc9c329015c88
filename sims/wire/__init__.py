"""Bytes: each simulated instrument's protocol, behind pyvisa or ZeroMQ."""
