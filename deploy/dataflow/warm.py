"""Run once while the image is built: a small build compiles the kernels, and workers then find them in the cache."""

import tempfile
from pathlib import Path

import storage
from codemill.building.build import build_snapshot
from schemas.config import BuildConfig

CODE = Path(storage.__file__).parents[1]
CONFIG = {
    "name": "warm",
    "sources": {
        "code": {"kind": "directory", "paths": [str(CODE / "storage")], "repositories": "root", "languages": ["python"]}
    },
    "stages": {"mono": {"sources": ["code"], "packing": "best_fit"}},
    "shards": {"context_length": 64},
}


def main() -> None:
    """Build with each kind of tokenizer that trains on the corpus, and forget the snapshots."""
    for model in ("bpe", "unigram"):
        tokenizer = {"kind": "sentencepiece", "model": model, "vocabulary_size": 400, "sample_bytes": 100_000}
        with tempfile.TemporaryDirectory() as directory:
            build_snapshot(
                BuildConfig.model_validate({**CONFIG, "tokenizer": tokenizer}), f"{directory}/snapshot", workers=1
            )


if __name__ == "__main__":
    main()
