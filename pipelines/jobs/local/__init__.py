"""Jobs in worker processes of this machine."""
