"""Sampling from a model, and programs that it writes: run in a sandbox, counted as the papers do."""
