"""Entry point for Beam, whose `--setup_file` builds the source package that workers install from this file.

All metadata is in pyproject.toml.
"""

from setuptools import setup

setup()
