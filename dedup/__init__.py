"""Exact and near duplicates: sketches, candidates, verification and survivors; pure functions over arrays."""
