from typing import Any

import pytest

from codemill.metadata.licences import Licence, LicenceClass
from codemill.metadata.limits import licence_limits, personal_limits, process_limits
from schemas.config import BuildConfig
from schemas.manifest import Manifest

pytestmark = pytest.mark.slow


def changed(manifest: Manifest, **parts: Any) -> BuildConfig:
    return BuildConfig.model_validate(manifest.config | parts)


def test_licences_that_are_not_known_are_told(manifest: Manifest) -> None:
    rows = [
        Licence("", LicenceClass.NONE, 3, 1, 1, 0.75),
        Licence("mit", LicenceClass.PERMISSIVE, 1, 1, 1, 0.25),
    ]
    found = licence_limits(rows, changed(manifest))
    assert found[0] == "For 75.0 % of the documents (75.0 % of the tokens) no licence was named or found."
    assert not any("copyleft" in sentence for sentence in found)
    assert (
        "source tree were told by program" in found[1] and "source github are those that the input states" in found[2]
    )


def test_what_was_off_is_told_and_what_was_on_is_not(manifest: Manifest) -> None:
    off = " ".join(process_limits(manifest, changed(manifest)))
    assert "Decontamination was off" in off and "Near-duplicates were not" not in off
    assert "within each stage" in off and "by their weights" in off
    on = changed(manifest, decontaminate={"problems": ["p.jsonl"]}, dedup={"scope": "corpus", "near": None})
    told = " ".join(process_limits(manifest, on))
    assert "Decontamination was off" not in told and "Near-duplicates were not searched for" in told
    assert "within each stage" not in told


def test_sources_without_rules_and_damaged_files_are_told(manifest: Manifest) -> None:
    told = " ".join(process_limits(manifest, changed(manifest)))
    assert "Documents of sources pile, tree were not filtered by any rule." in told
    assert "1 input file could not be read, or not to the end" in told


def test_redaction_is_told_source_by_source(manifest: Manifest) -> None:
    told = personal_limits(changed(manifest), manifest)
    assert told[0].startswith("Redaction was off for sources") and "tree" not in told[0]
    assert told[2] == "fingerprints/ holds the full texts of the kept documents."
    assert len(personal_limits(changed(manifest), manifest.model_copy(update={"band_parts": 0}))) == 2
