"""Whether this machine, and what a config names, are ready: each check by itself, with a remedy for each fault."""
