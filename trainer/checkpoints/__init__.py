"""Checkpoints: written, read again, kept or removed, and where their weights come from."""
