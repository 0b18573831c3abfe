"""`codemill evaluate`: models and benchmarks brought together, with progress, tables and plots."""
