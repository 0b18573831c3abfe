"""How a Beam job runs: where, what goes from step to step, and how far it is."""
