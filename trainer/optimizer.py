"""AdamW as JaxFormer chains it: clip, Adam moments, decoupled decay; the caller multiplies by minus the rate."""

from __future__ import annotations

import optax

from schemas.model_config import ModelConfig
from trainer.model.parameters import parameter_table


def make_optimizer(config: ModelConfig, weight_decay: float, clip: float) -> optax.GradientTransformation:
    """The chain up to the learning rate, which changes every step and is therefore an argument of the step.

    Args:
        config: its table says which parameters decay.
        weight_decay: share of a decaying parameter added to its update (decoupled, Loshchilov and Hutter 2019).
        clip: largest global norm of the gradient.
    """
    decays = {name: parameter.decay for name, parameter in parameter_table(config).items()}
    return optax.chain(
        optax.clip_by_global_norm(clip),
        optax.scale_by_adam(b1=0.9, b2=0.999, eps=1e-8),
        optax.add_decayed_weights(weight_decay, mask=decays),
    )
