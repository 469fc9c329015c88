"""The HDF5 run file: the one place that knows its layout. Imports nothing else of solotron."""
