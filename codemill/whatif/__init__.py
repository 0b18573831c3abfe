"""Other thresholds on the signals that a snapshot holds."""
