"""The build config: one YAML file that, with its inputs, determines a snapshot to the last byte."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.errors import MisplacedValue
from schemas.sources import SourceConfig
from schemas.suggest import did_you_mean
from schemas.yaml_file import load_model


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FillInTheMiddleConfig(_Frozen):
    """A share of a stage's text is rewritten so that its middle stands last."""

    rate: float = Field(default=0.5, gt=0, le=1)
    """Share of the pieces, a document's part in a record each, that are rewritten; a keyed hash chooses them."""
    spm_share: float = Field(default=0.5, ge=0, le=1)
    """Share of these that are arranged suffix, prefix, middle; the others prefix, suffix, middle."""
    tokens: tuple[str, str, str] = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
    """Special tokens before prefix, suffix and middle. A given `tokenizer.json` must have them; others get them."""

    @model_validator(mode="after")
    def _tokens_differ(self) -> FillInTheMiddleConfig:
        if len(set(self.tokens)) < len(self.tokens):
            raise ValueError(f"tokens {', '.join(self.tokens)} are not three different ones")
        return self


class StageConfig(_Frozen):
    """One training stage's corpus, and how its documents become records.

    Held-out documents are always concatenated as they are, so that losses on them can be compared.
    """

    sources: tuple[str, ...] = Field(min_length=1)
    prefix: str = ""
    """Text put before each document; `{language}` and `{path}` are filled in. Its tokens are counted."""
    packing: Literal["concatenate", "best_fit"] = "concatenate"
    """`concatenate`: back to back, cut where a record ends; `best_fit`: a document that fits a record is not cut."""
    order: Literal["shuffled", "repository"] = "shuffled"
    """`repository`: a repository's documents follow each other, what a document imports before it."""
    fill_in_the_middle: FillInTheMiddleConfig | None = None

    @model_validator(mode="after")
    def _order_survives_packing(self) -> StageConfig:
        if self.order == "repository" and self.packing == "best_fit":
            raise ValueError("best_fit packing would undo the repository order: set one of them")
        return self


class NearConfig(_Frozen):
    """Verified near-duplicates: 256-bin sketches of 5-token shingles choose candidates, shingle sets decide."""

    jaccard: float = Field(default=0.8, gt=0, le=1)
    """Drop when the shingle sets' Jaccard similarity with a surviving document reaches this."""
    containment: float | None = Field(default=0.95, gt=0, le=1)
    """Also drop when this share of a document's shingles lies in a longer surviving one; null switches it off."""
    bands: int = Field(default=32, gt=0)
    rows: int = Field(default=8, gt=0)
    bucket_cap: int = Field(default=64, gt=0)
    """In a bucket with more documents, each is compared with the best `bucket_cap` only (counted and reported)."""
    pairs_in_memory: int = Field(default=20_000_000, ge=0)
    """Verified pairs that one worker may hold, at about 150 bytes each; with more, survivors are chosen in rounds. The
    result is the same."""

    @model_validator(mode="after")
    def _fits_the_sketch(self) -> NearConfig:
        if self.bands * self.rows > 256:
            raise ValueError(f"bands * rows = {self.bands * self.rows} exceeds the sketch's 256 bins")
        return self


class DedupConfig(_Frozen):
    """What counts as a duplicate, and of what."""

    scope: Literal["stage", "corpus"] = "stage"
    """`stage`: each stage is deduplicated by itself; `corpus`: across stages too, earlier sources win."""
    near: NearConfig | None = NearConfig()
    """Null leaves exact deduplication alone, as CodeGen did."""
    largest_loss: float | None = Field(default=None, gt=0, le=1)
    """The build fails when a source or a language loses a larger share of its documents to deduplication."""

    def decisive(self) -> dict[str, Any]:
        """The settings that decide what is a duplicate of what, JSON-able."""
        return self.model_dump(mode="json", exclude={"largest_loss": True, "near": {"pairs_in_memory"}})


class SentencePieceConfig(_Frozen):
    """A SentencePiece model trained on a keyed sample of the corpus itself."""

    kind: Literal["sentencepiece"] = "sentencepiece"
    vocabulary_size: int = Field(default=51200, gt=300)
    model: Literal["bpe", "unigram"] = "bpe"
    sample_bytes: int = Field(default=256 << 20, gt=0)


class PinnedFile(_Frozen):
    """A file by its name, and the hash that its content must have; YAML may give the name alone."""

    path: str = Field(min_length=1)
    """Local, gs:// or https://."""
    sha256: str | None = Field(default=None, pattern="^[0-9a-fA-F]{64}$")
    """Hexadecimal; an https:// address must have it."""

    @model_validator(mode="before")
    @classmethod
    def _a_name_alone(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _an_address_is_safe_and_pinned(self) -> PinnedFile:
        if self.path.startswith("http://"):
            raise ValueError("http:// is not read; use an https:// address, gs:// or a local copy")
        if self.path.startswith("https://"):
            if "@" in self.path.removeprefix("https://").partition("/")[0]:
                raise ValueError("the address holds a user or password, which would be published with the snapshot")
            if "?" in self.path:
                raise ValueError("the address holds a query, which may be a key and would be published too")
            if self.sha256 is None:
                raise ValueError("an https:// address needs the sha256 of its content")
        return self


class CodegenTokenizerConfig(_Frozen):
    """GPT-2's ranks plus CodeGen's 30 space runs and 8 tab runs."""

    kind: Literal["codegen"]
    vocabulary: PinnedFile
    """`vocab.json`, a `.tiktoken` file or `tokenizer.json`: the tokenizer is the same."""
    merges: PinnedFile | None = None
    """`merges.txt`, beside a `vocab.json`."""


class TokenizerJsonConfig(_Frozen):
    """Any Hugging Face `tokenizer.json`."""

    kind: Literal["tokenizer_json"]
    path: PinnedFile
    separator: str = "<|endoftext|>"


TokenizerConfig = Annotated[
    SentencePieceConfig | CodegenTokenizerConfig | TokenizerJsonConfig, Field(discriminator="kind")
]


class ShardConfig(_Frozen):
    """Shape of the TFRecord shards."""

    context_length: int = Field(default=2048, gt=1)
    hosts: int = Field(default=32, gt=0)
    """TPU hosts that read the snapshot; the shard count is a multiple of it where the corpus allows."""
    shard_bytes: int = Field(default=150 << 20, gt=0)
    """Aimed size of a shard."""
    validation_share: float = Field(default=0.002, ge=0, lt=1)
    """Share of documents held out, chosen by a keyed hash of their content."""


class DecontaminateConfig(_Frozen):
    """Benchmarks that must not be learned: a document that shares ten words in a row with a problem is dropped."""

    problems: tuple[str, ...] = Field(min_length=1)
    """JSON lines, plain or compressed, one problem a line: every string in it counts (prompt, solution, tests)."""


class BuildConfig(_Frozen):
    """A whole corpus: sources, stages, and how they become shards."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    seed: int = 42
    sources: dict[str, SourceConfig] = Field(min_length=1)
    """In order of priority: among duplicates the earlier source's document survives."""
    stages: dict[str, StageConfig] = Field(min_length=1)
    decontaminate: DecontaminateConfig | None = None
    dedup: DedupConfig = DedupConfig()
    tokenizer: TokenizerConfig = SentencePieceConfig()
    shards: ShardConfig = ShardConfig()

    @model_validator(mode="after")
    def _each_source_feeds_one_stage(self) -> BuildConfig:
        used: dict[str, str] = {}
        for stage, config in self.stages.items():
            for place, source in enumerate(config.sources):
                if source not in self.sources:
                    raise MisplacedValue(
                        f"there is no source {source!r}, the sources are {', '.join(self.sources)}"
                        f"{did_you_mean(source, self.sources)}",
                        *("stages", stage, "sources", place),
                    )
                if source in used:
                    raise MisplacedValue(
                        f"source {source!r} feeds both stage {used[source]!r} and stage {stage!r}",
                        *("stages", stage, "sources", place),
                    )
                used[source] = stage
        unused = [source for source in self.sources if source not in used]
        if unused:
            raise MisplacedValue(f"no stage uses source {', '.join(map(repr, unused))}", "sources", unused[0])
        return self

    def special_tokens(self) -> tuple[str, ...]:
        """Names of the special tokens, beside the separator, that the build's tokenizer must have."""
        wanted = [stage.fill_in_the_middle for stage in self.stages.values()]
        return tuple(dict.fromkeys(name for middle in wanted if middle is not None for name in middle.tokens))

    def stage_of(self, source: str) -> str:
        """The one stage that a source feeds."""
        return next(stage for stage, config in self.stages.items() if source in config.sources)


def load_config(path: str) -> BuildConfig:
    """Read and validate a build config; errors name the file, the key and the remedy."""
    return load_model(path, BuildConfig)
