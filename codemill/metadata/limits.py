"""Limits and risks that follow from facts of the manifest and the tables; sentences without markup."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.compute as pc

from codemill.metadata.composition import Part
from codemill.metadata.kept import Kept
from codemill.metadata.licences import Licence, LicenceClass
from codemill.metadata.process import lost
from codemill.metadata.words import count, names, share
from schemas.config import BuildConfig
from schemas.manifest import TRAIN_SPLIT, Manifest
from schemas.reasons import Outcome, Reject
from schemas.sources import DirectorySource, GitSource, PileSource

_DAMAGED = (Reject.UNREADABLE_FILE, Reject.TRUNCATED_FILE, Reject.CORRUPT_FILE)
_CONCENTRATED = 0.1
"""A repository with a larger share of the tokens is named."""
_NO_REPOSITORY = ("", ".")
"""The latter for files of a directory tree that lie beside its repositories."""


def licence_limits(licences: list[Licence], config: BuildConfig) -> list[str]:
    """What is not known about licences, and what they may ask."""
    total = sum(row.documents for row in licences)
    words = {
        LicenceClass.NONE: "no licence was named or found",
        LicenceClass.UNKNOWN: "the licence is one that codemill cannot class",
        LicenceClass.STRONG_COPYLEFT: "the licence is a strong copyleft",
        LicenceClass.WEAK_COPYLEFT: "the licence is a weak copyleft",
    }
    found = [
        f"For {share(sum(row.documents for row in rows) / max(1, total))} of the documents "
        f"({share(sum(row.share for row in rows))} of the tokens) {said}."
        for kind, said in words.items()
        if (rows := [row for row in licences if row.kind is kind])
    ]
    told = [n for n, source in config.sources.items() if isinstance(source, DirectorySource | GitSource)]
    if told:
        found.append(f"Licences of {_sources(told)} were told by program from licence files; nobody has checked them.")
    stated = [n for n, s in config.sources.items() if not isinstance(s, DirectorySource | GitSource | PileSource)]
    if stated:
        found.append(f"Licences of {_sources(stated)} are those that the input states; nobody has checked them.")
    return found


def process_limits(manifest: Manifest, config: BuildConfig) -> Iterator[str]:
    """What was not done, or not done fully."""
    unfiltered = [name for name, rules in manifest.rules.items() if not rules]
    if unfiltered:
        yield f"Documents of {_sources(unfiltered)} were not filtered by any rule."
    if config.decontaminate is None:
        yield "Decontamination was off: problems of benchmarks may be among the documents, with their solutions."
    else:
        yield "Only benchmarks that were named were looked for; a problem in other words is not found."
    if config.dedup.near is None:
        yield "Near-duplicates were not searched for: only documents with equal bytes were dropped."
    if config.dedup.scope == "stage" and len(config.stages) > 1:
        yield "Duplicates were searched for within each stage: a document may be in several stages."
    capped = manifest.deduplication.get("capped_buckets", 0)
    if capped and config.dedup.near is not None:
        yield (
            f"In {count(capped, 'buckets')} of the near-duplicate search, each document was compared with the best "
            f"{config.dedup.near.bucket_cap} only."
        )
    damaged = sum(lost(manifest, Outcome.REJECTED.because(reason)).documents for reason in _DAMAGED)
    if damaged:
        yield f"{count(damaged, 'input files')} could not be read, or not to the end; rejects.parquet names them."
    for stage, entry in manifest.stages.items():
        for split_name, split in entry.splits.items():
            if split_name == TRAIN_SPLIT and split.feeds_hosts < manifest.hosts:
                yield (
                    f"The train split of stage {names([stage])} feeds {count(split.feeds_hosts, 'hosts')} evenly, not "
                    f"the {manifest.hosts} that were asked for."
                )
    weighted = [name for name, s in config.sources.items() if isinstance(s, PileSource) and s.weights]
    if weighted:
        yield f"Some sets of {_sources(weighted)} are in the shards several times or in part, by their weights."


def personal_limits(config: BuildConfig, manifest: Manifest) -> list[str]:
    """What is known of personal data and secrets."""
    off = [name for name, source in config.sources.items() if not source.redact]
    found = []
    if off:
        found.append(f"Redaction was off for {_sources(off)}: personal data and secrets were not looked for there.")
    if len(off) < len(config.sources):
        found.append(
            "Where redaction was on, the forms that codemill knows were replaced: names of people, and secrets that "
            "look like words, were not."
        )
    if manifest.band_parts:
        found.append("fingerprints/ holds the full texts of the kept documents.")
    return found


def biases(parts: list[Part], kept: Kept) -> list[str]:
    """What the text is mostly made of."""
    found = []
    for stage in dict.fromkeys(part.stage for part in parts):
        shares: dict[str, float] = {}
        for part in parts:
            if part.stage == stage:
                shares[part.language] = shares.get(part.language, 0.0) + part.share
        best = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:3]
        told = ", ".join(f"{names([language]) or 'no language'} {share(part)}" for language, part in best)
        found.append(f"Languages of stage {names([stage])} by tokens: {told}.")
    repositories = kept.by("source", "repository")
    large = repositories.filter(pc.greater(repositories["tokens"], _CONCENTRATED * kept.tokens)).to_pylist()
    found += [
        f"The repository {names([row['repository']])} of source {names([row['source']])} holds "
        f"{share(row['tokens'] / kept.tokens)} of the tokens."
        for row in sorted(large, key=lambda row: -row["tokens"])
        if row["repository"] not in _NO_REPOSITORY
    ]
    return found


def _sources(which: list[str]) -> str:
    return f"source {names(which)}" if len(which) == 1 else f"sources {names(which)}"
