"""A first build config, and a plan, for a folder of data: what lies in it, what of it is taken, and why."""
