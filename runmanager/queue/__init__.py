"""The queue of measurements: what shall run, what runs, and what came of it. Survives the process that runs it."""
