"""What a run measures of itself, and where it writes it."""
