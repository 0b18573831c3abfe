"""From token ids to shards: how many, what goes into which, and their bytes."""
