"""The sizes of a CodeGen model, and the published sizes by name."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ModelConfig(BaseModel):
    """Sizes of one model; hashable, so that compiled functions are keyed by it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layers: int = Field(gt=0)
    heads: int = Field(gt=0)
    head_dim: int = Field(gt=0)
    rotary_dim: int = Field(gt=0)
    """Leading channels of each head that carry the position, in adjacent pairs."""
    vocabulary_rows: int = Field(default=51200, gt=0)
    """Rows of the embedding and of the head; at least the tokenizer's size."""
    context_length: int = Field(default=2048, gt=0)

    @property
    def width(self) -> int:
        """Channels of the residual stream."""
        return self.heads * self.head_dim

    @property
    def mlp_width(self) -> int:
        """Channels inside the MLP."""
        return 4 * self.width

    @model_validator(mode="after")
    def _rotary_channels_are_pairs_of_a_head(self) -> ModelConfig:
        if self.rotary_dim % 2 or self.rotary_dim > self.head_dim:
            raise ValueError(f"rotary_dim {self.rotary_dim} must be even and at most head_dim {self.head_dim}")
        return self


PRESETS = {
    "tiny": ModelConfig(layers=3, heads=4, head_dim=32, rotary_dim=16, vocabulary_rows=8192, context_length=256),
    "350M": ModelConfig(layers=20, heads=16, head_dim=64, rotary_dim=32),
    "1B": ModelConfig(layers=16, heads=16, head_dim=128, rotary_dim=64),
    "2.7B": ModelConfig(layers=32, heads=32, head_dim=80, rotary_dim=64),
    "6.1B": ModelConfig(layers=33, heads=16, head_dim=256, rotary_dim=64),
    "16.1B": ModelConfig(layers=34, heads=24, head_dim=256, rotary_dim=64),
}
"""CodeGen's sizes by the paper's names (1B was released, not published), and `tiny` for demonstrations."""
