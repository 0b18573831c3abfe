"""Configs that the demo fills in."""
