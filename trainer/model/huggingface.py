"""Weights in and out of Hugging Face's CodeGen format.

Its linear weights are [out, in], ours [in, out]. Its fused projection has groups of heads (4 in the released models,
8 in JaxFormer's own class), and in each group query, value, key, in this order; ours has [query | key | value, head].
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from schemas.errors import CheckFailed, CodemillError
from schemas.model_config import ModelConfig
from storage.errors import explained
from storage.files import TEMPORARY_PREFIX, join, make_directory, write_atomic
from trainer.model.parameters import Parameters, parameter_table

Weight = NDArray[np.float32]
_GROUPS_KEY = "qkv_groups"
"""Our addition to config.json; Hugging Face ignores it and always reads 4."""
_RELEASED_GROUPS = 4


def load_pretrained(directory: str) -> tuple[ModelConfig, Parameters]:
    """Read `config.json` and the safetensors files of a local directory.

    Returns:
        Sizes, and weights in float32.

    Raises:
        CodemillError: not a CodeGen model, or no safetensors.
        CheckFailed: a weight is missing or of another shape.
    """
    config, groups = _read_config(Path(directory))
    weights = dict(_read_weights(Path(directory)))

    def weight(name: str, shape: tuple[int, ...]) -> Weight:
        if name not in weights or weights[name].size != np.prod(shape):
            found = list(weights[name].shape) if name in weights else "nothing"
            raise CheckFailed(f"{directory}: {name} is {found}, expected the values of {list(shape)}", "fetch it again")
        return weights[name]

    params: Parameters = {}
    for name, parameter in parameter_table(config).items():
        layers = range(config.layers) if parameter.stacked else (0,)
        shape = parameter.shape[1:] if parameter.stacked else parameter.shape
        theirs = [weight(parameter.hugging_face.format(layer=layer), shape) for layer in layers]
        parts = [_from_theirs(name, part, shape, groups) for part in theirs]
        params[name] = jnp.asarray(np.stack(parts) if parameter.stacked else parts[0])
    return config, params


def export_pretrained(
    config: ModelConfig, params: Parameters, directory: str, groups: int = 4, separator_id: int = 50256
) -> None:
    """Write `config.json` and `model.safetensors`, float32, to a local directory.

    Args:
        config: the model's sizes.
        params: its weights.
        directory: made if missing.
        groups: of the fused projection: 4 for Hugging Face's class, 8 for JaxFormer's.
        separator_id: the tokenizer's document separator, which generation begins and ends with.

    Raises:
        CodemillError: the heads do not split into the groups.
        StorageError: the directory cannot be written to.
    """
    if config.heads % groups:
        raise CodemillError(f"{config.heads} heads do not split into {groups} groups", "choose a divisor of the heads")
    weights: dict[str, Weight] = {}
    for name, parameter in parameter_table(config).items():
        values = np.asarray(params[name], np.float32)
        for layer, part in enumerate(values if parameter.stacked else [values]):
            weights[parameter.hugging_face.format(layer=layer)] = _to_theirs(name, part, groups)
    make_directory(directory)
    temporary = Path(directory, f"{TEMPORARY_PREFIX}model.safetensors")
    try:
        save_file(weights, temporary, metadata={"format": "pt"})
        temporary.replace(Path(directory, "model.safetensors"))
    except (OSError, SafetensorError) as error:
        temporary.unlink(missing_ok=True)
        raise explained(join(directory, "model.safetensors"), "write", error) from None
    theirs = _their_config(config, groups, separator_id)
    write_atomic(join(directory, "config.json"), json.dumps(theirs, indent=2, sort_keys=True).encode() + b"\n")


def _from_theirs(name: str, weight: Weight, shape: tuple[int, ...], groups: int) -> Weight:
    if name == "query_key_value":
        width, _, heads, head_dim = shape
        grouped = weight.reshape(groups, 3, heads // groups, head_dim, width)[:, [0, 2, 1]]
        return grouped.transpose(4, 1, 0, 2, 3).reshape(shape)
    # The embedding is a table of rows, not a linear map.
    return weight.reshape(shape) if name == "embedding" or weight.ndim == 1 else weight.T.reshape(shape)


def _to_theirs(name: str, value: Weight, groups: int) -> Weight:
    if name == "query_key_value":
        width, _, heads, head_dim = value.shape
        grouped = value.reshape(width, 3, groups, heads // groups, head_dim)[:, [0, 2, 1]]
        return np.ascontiguousarray(grouped.transpose(2, 1, 3, 4, 0).reshape(3 * heads * head_dim, width))
    if name == "embedding" or value.ndim == 1:
        return value
    return np.ascontiguousarray(value.reshape(-1, value.shape[-1]).T)


def _read_config(directory: Path) -> tuple[ModelConfig, int]:
    path = directory / "config.json"
    try:
        theirs = json.loads(path.read_bytes())
        if theirs.get("model_type") != "codegen":
            raise CodemillError(f"{path}: model_type is {theirs.get('model_type')!r}", "give a CodeGen 1 model")
        config = ModelConfig(
            layers=theirs["n_layer"],
            heads=theirs["n_head"],
            head_dim=theirs["n_embd"] // theirs["n_head"],
            rotary_dim=theirs["rotary_dim"],
            vocabulary_rows=theirs["vocab_size"],
            context_length=theirs["n_positions"],
        )
    except OSError:
        raise CodemillError(f"{path}: cannot be read", "give a directory with a Hugging Face model") from None
    except (ValueError, KeyError) as error:
        raise CodemillError(f"{path}: not a CodeGen config ({error})", "fetch it again") from None
    return config, int(theirs.get(_GROUPS_KEY, _RELEASED_GROUPS))


def _their_config(config: ModelConfig, groups: int, separator_id: int) -> dict[str, object]:
    return {
        "activation_function": "gelu_new",
        "architectures": ["CodeGenForCausalLM"],
        "attn_pdrop": 0.0,
        "bos_token_id": separator_id,
        "dtype": "float32",
        "embd_pdrop": 0.0,
        "eos_token_id": separator_id,
        "layer_norm_epsilon": 1e-05,
        "model_type": "codegen",
        "n_ctx": config.context_length,
        "n_embd": config.width,
        "n_head": config.heads,
        "n_inner": None,
        "n_layer": config.layers,
        "n_positions": config.context_length,
        _GROUPS_KEY: groups,
        "resid_pdrop": 0.0,
        "rotary_dim": config.rotary_dim,
        "tie_word_embeddings": False,
        "vocab_size": config.vocabulary_rows,
    }


def _read_weights(directory: Path) -> Iterator[tuple[str, Weight]]:
    files = sorted(directory.glob("*.safetensors"))
    if not files:
        raise CodemillError(
            f"{directory}: holds no .safetensors file", "save the model with transformers' save_pretrained() first"
        )
    for file in files:
        try:
            # The JAX reader knows bfloat16, which plain numpy does not.
            with safe_open(file, framework="flax") as tensors:
                for name in sorted(tensors.keys()):
                    yield name, np.asarray(tensors.get_tensor(name), np.float32)
        except SafetensorError as error:
            raise CheckFailed(f"{file}: damaged ({error})", "fetch it again") from None
