"""What a build will cost: measured on a sample of its input, scaled to all of it.

`pieces` cuts sources, `sample` chooses from them, `measure` builds, `model` scales, `prices` says what that costs (both
are pure), `run` does all of it in order, `report` prints.
"""
