"""Beam: the passes of a build, thin wrappers over the pure rooms."""
