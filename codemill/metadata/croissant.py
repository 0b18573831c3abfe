"""`croissant.json`: a snapshot in the Croissant format, version 1.0, with its responsible-AI properties."""

from __future__ import annotations

import json
from typing import Any

from codemill.metadata import limits, process
from codemill.metadata.composition import composition, language_codes
from codemill.metadata.distribution import LISTED, distribution
from codemill.metadata.kept import Kept
from codemill.metadata.licences import Licence, LicenceClass, licence_summary
from codemill.metadata.record_sets import attribution_records, document_records
from codemill.metadata.words import count, names, share, size
from schemas.config import BuildConfig
from schemas.ledger import add_amounts
from schemas.manifest import ATTRIBUTION_NAME, TRAIN_SPLIT, File, Manifest
from schemas.reasons import Outcome

_CONFORMS_TO = ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"]
_OWN_TERMS = (
    "citeAs column equivalentProperty extract field fileProperty fileObject fileSet format includes isLiveDataset "
    "jsonPath key md5 parentField path recordSet references regex repeated replace samplingRate separator source "
    "subField transform"
)
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    **{term: f"cr:{term}" for term in _OWN_TERMS.split()},
}


def croissant(kept: Kept, manifest: Manifest, own: dict[str, File], listed: int = LISTED) -> bytes:
    """The bytes of `croissant.json`.

    There is no date in it, no creator and no address, for a snapshot knows none.

    Args:
        kept: counts of the kept documents.
        manifest: the snapshot's.
        own: size and sum of the manifest and of `attribution.csv` by their names.
        listed: the largest number of files that are listed one by one.
    """
    config = BuildConfig.model_validate(manifest.config)
    parts, licences = composition(kept, manifest), licence_summary(kept)
    dataset = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": manifest.name,
        "description": summary(kept, manifest),
        "conformsTo": _CONFORMS_TO,
        "citeAs": citation(manifest),
        "inLanguage": [code for code in language_codes(parts) if code != "code"],
        "keywords": ["language model", "pretraining", *dict.fromkeys(part.language for part in parts if part.language)],
        "license": [_licence(row) for row in licences if row.url] + _unnamed(licences),
        "version": version(manifest),
        **{f"rai:{name}": value for name, value in _responsible(kept, manifest, config).items()},
        "distribution": distribution(manifest, own, listed),
        "recordSet": [*([document_records(kept.schema)] if manifest.tables else []), attribution_records()],
    }
    content = json.dumps({key: value for key, value in dataset.items() if value}, indent=1, ensure_ascii=False)
    # The file may be put into a web page, where a name must not end the script.
    return content.replace("<", "\\u003c").encode() + b"\n"


def summary(kept: Kept, manifest: Manifest) -> str:
    """What the snapshot is, in a sentence."""
    documents = sum(kept.groups["documents"].to_pylist())
    text = sum(kept.groups["bytes"].to_pylist())
    stages = dict.fromkeys(row.stage for row in manifest.ledger.sources)
    return (
        f"{count(documents, 'documents')} ({size(text)} of text, {count(kept.tokens, 'tokens')}) as shards of token "
        f"ids for training a language model in {count(len(stages), 'stages')}: {names(stages)}."
    )


def citation(manifest: Manifest) -> str:
    """The snapshot as a BibTeX entry: its digest is what names it."""
    return (
        f"@misc{{{manifest.name}-{manifest.digest[:16]}, title = {{{manifest.name}}}, "
        f"note = {{codemill snapshot, digest {manifest.digest}}}}}"
    )


def version(manifest: Manifest) -> str:
    """A semantic version whose build part is the digest; snapshots are not numbered."""
    return f"0.0.0+{manifest.digest[:16]}"


def _licence(row: Licence) -> str:
    assert row.url is not None
    return row.url


def _unnamed(licences: list[Licence]) -> list[dict[str, str]]:
    """What has no page at SPDX, as one work: SPDX's word for a licence that nothing is said about is NOASSERTION."""
    rows = [row for row in licences if row.url is None]
    if not rows:
        return []
    none = sum(row.share for row in rows if row.kind is LicenceClass.NONE)
    other = sum(row.share for row in rows if row.kind is not LicenceClass.NONE)
    return [
        {
            "@type": "sc:CreativeWork",
            "name": "NOASSERTION",
            "description": f"No licence is known for {share(none)} of the tokens, and {share(other)} are under "
            f"licences with other names: see {ATTRIBUTION_NAME}.",
        }
    ]


def _responsible(kept: Kept, manifest: Manifest, config: BuildConfig) -> dict[str, Any]:
    """The properties of Croissant's RAI vocabulary that there are facts for."""
    parts, licences = composition(kept, manifest), licence_summary(kept)
    collected = process.collection(manifest, config)
    left_out = add_amounts(
        amount
        for row in manifest.ledger.sources
        for name, amount in row.outcomes.items()
        if name not in (Outcome.KEPT, Outcome.NOT_SELECTED)
    )
    uses = [
        f"{'Training' if split == TRAIN_SPLIT else 'Validation'}: split {names([split])} of stage {names([stage])}"
        for stage, entry in manifest.stages.items()
        for split in entry.splits
    ]
    found = {
        "dataCollection": " ".join(collected),
        "dataCollectionMissingData": f"Left out: {count(left_out.documents, 'documents')}, {size(left_out.bytes)}; "
        "the manifest's ledger and rejects.parquet say why.",
        "dataPreprocessingProtocol": [
            *process.filtering(manifest),
            *process.decontamination(manifest, config),
            *process.redaction(kept, config),
            *process.deduplication(manifest, config),
            *process.tokenisation(manifest),
        ],
        "dataUseCases": uses,
        "dataLimitations": [*limits.licence_limits(licences, config), *limits.process_limits(manifest, config)],
        "dataBiases": limits.biases(parts, kept),
        "personalSensitiveInformation": limits.personal_limits(config, manifest),
    }
    return {name: value for name, value in found.items() if value}
