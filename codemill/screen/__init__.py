"""What a terminal shows: progress, pace, and errors in one line."""
