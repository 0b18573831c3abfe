"""What every test shares: quiet libraries, and hypothesis examples that are the same on every run."""

import os

from hypothesis import settings

# TensorFlow and JAX write their start-up notes from C++, where no Python log level reaches.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

# Times differ between machines, so no deadline; what fails on one must fail on all, so no random draw.
settings.register_profile("codemill", deadline=None, derandomize=True)
settings.load_profile("codemill")
