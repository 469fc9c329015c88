"""The read-only status page: what runs, how long still, what came of the last runs, whether the bench is safe."""
