"""Jobs on an engine: Dataflow, or any other that Beam has a runner for."""
