"""Two snapshots side by side: what differs in settings, inputs, documents, tokens and shards."""
