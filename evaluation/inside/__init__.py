"""What runs beside a generated program in its sandbox: standard library only, and no imports of each other."""
