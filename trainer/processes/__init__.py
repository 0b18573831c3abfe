"""A run on several processes: how they meet, agree and stop."""
