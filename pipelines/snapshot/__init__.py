"""What a finished build publishes, beside its shards."""
