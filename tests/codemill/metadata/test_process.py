import pytest

from codemill.metadata import process
from codemill.metadata.kept import Kept
from schemas.config import BuildConfig
from schemas.manifest import Against, Manifest
from schemas.reasons import Outcome


@pytest.mark.slow
def test_what_is_lost_is_that_of_the_ledger(manifest: Manifest) -> None:
    assert process.lost(manifest, Outcome.EXACT_DUPLICATE, "github").documents == 1
    assert process.lost(manifest, Outcome.REJECTED, "pile").documents == 3
    every = process.lost(manifest, Outcome.FILTERED).documents
    assert every == sum(process.lost(manifest, Outcome.FILTERED, s).documents for s in ("pile", "github", "tree")) > 0


@pytest.mark.slow
def test_steps_that_were_not_taken_are_not_told(manifest: Manifest, kept: Kept) -> None:
    config = BuildConfig.model_validate(manifest.config)
    assert process.decontamination(manifest, config) == []
    (told,) = process.redaction(kept, config)
    assert told == "Source tree: email replaced by placeholders, 1 place in 1 kept document."
    assert len(process.deduplication(manifest, config)) == 2
    exact = BuildConfig.model_validate(manifest.config | {"dedup": {"near": None}})
    earlier = manifest.model_copy(update={"against": (Against(name="before", digest="ab", tables=1),)})
    (_, against) = process.deduplication(earlier, exact)
    assert against == "What the earlier snapshot before (digest ab) holds was left out."
    on = BuildConfig.model_validate(manifest.config | {"decontaminate": {"problems": ["p.jsonl"]}})
    assert process.decontamination(manifest, on)[0].endswith("of p.jsonl were dropped: 0 documents.")
