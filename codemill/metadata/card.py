"""`README.md`: the snapshot's data card, in the form that Hugging Face's hub reads."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from codemill.metadata import limits, process
from codemill.metadata.composition import composition
from codemill.metadata.croissant import citation, summary
from codemill.metadata.front_matter import front_matter
from codemill.metadata.kept import Kept
from codemill.metadata.licences import Licence, licence_summary
from codemill.metadata.markdown import Markdown, bullets, fenced, markdown, table
from codemill.metadata.words import count, names, share, size
from schemas.config import BuildConfig
from schemas.manifest import TRAIN_SPLIT, Manifest, canonical_json
from schemas.reasons import Outcome, Reject
from schemas.sources import PileSource

_LONGEST_TABLE = 40
"""Rows of the table of licences; what an input calls a licence may be anything."""
_REASONS = {
    Outcome.NOT_SELECTED: "not in a language that the source takes",
    Outcome.EXACT_DUPLICATE: "bytes equal to a kept document's",
    Outcome.NEAR_DUPLICATE: "verified to be like a kept document",
    Outcome.REJECTED.because(Reject.UNREADABLE_FILE): "the file could not be read",
    Outcome.REJECTED.because(Reject.TRUNCATED_FILE): "the file ends too early",
    Outcome.REJECTED.because(Reject.CORRUPT_FILE): "the file is damaged",
    Outcome.REJECTED.because(Reject.MISSING_REVISION): "the repository has no such revision",
    Outcome.REJECTED.because(Reject.WRONG_COLUMNS): "the file lacks columns",
    Outcome.REJECTED.because(Reject.MALFORMED_JSON): "not JSON",
    Outcome.REJECTED.because(Reject.MISSING_TEXT): "no text",
    Outcome.REJECTED.because(Reject.SYMBOLIC_LINK): "a symbolic link",
    Outcome.REJECTED.because(Reject.SUBMODULE): "another repository",
    Outcome.REJECTED.because(Reject.LFS_POINTER): "a pointer to a file in Git LFS",
    Outcome.REJECTED.because(Reject.NOT_UTF8): "not UTF-8",
    Outcome.REJECTED.because(Reject.NUL_BYTE): "holds a NUL byte",
    Outcome.REJECTED.because(Reject.LONE_SURROGATE): "holds half a character",
    Outcome.REJECTED.because(Reject.EMPTY_DOCUMENT): "empty",
    Outcome.REJECTED.because(Reject.TOO_LARGE): "longer than the source takes",
}


def card(kept: Kept, manifest: Manifest) -> bytes:
    """The bytes of `README.md`."""
    config = BuildConfig.model_validate(manifest.config)
    parts, licences = composition(kept, manifest), licence_summary(kept)
    # Whatever is put in is escaped, unless it says that it is Markdown: a new line of the template cannot forget to.
    environment = Environment(
        loader=PackageLoader("codemill", "templates/metadata"),
        undefined=StrictUndefined,
        finalize=markdown,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    text = environment.get_template("README.md.j2").render(
        front_matter=Markdown(front_matter(manifest, kept, parts, licences)),
        manifest=manifest,
        summary=summary(kept, manifest),
        stage_literal=Markdown(json.dumps(next(iter(manifest.stages), "STAGE"))),
        holds_texts=bool(manifest.band_parts),
        composition=table(
            ("Stage", "Source", "Language", "#Documents", "#Text", "#Tokens", "#Share of the stage's tokens"),
            (
                (p.stage, p.source, p.language, count(p.documents), size(p.bytes), count(p.tokens), share(p.share))
                for p in parts
            ),
        ),
        sources=_sources(manifest, config),
        filters=_filters(manifest, config),
        deduplication=bullets(process.deduplication(manifest, config)),
        decontamination=bullets(process.decontamination(manifest, config)),
        redaction=bullets(process.redaction(kept, config)),
        tokenisation=bullets(
            [
                *process.tokenisation(manifest),
                *(
                    process.packing(stage, config.stages[stage], entry.splits[TRAIN_SPLIT].packing)
                    for stage, entry in manifest.stages.items()
                    if TRAIN_SPLIT in entry.splits
                ),
            ]
        ),
        weights=_weights(manifest, config),
        left_out=_left_out(manifest),
        splits=_splits(manifest),
        licences=_licences(licences),
        licence_limits=bullets(limits.licence_limits(licences, config)),
        limits=bullets(
            [
                *limits.personal_limits(config, manifest),
                *limits.process_limits(manifest, config),
                *limits.biases(parts, kept),
            ]
        ),
        versions=table(
            ("What made the bytes", "Version"),
            [("codemill", manifest.code_version), *sorted(manifest.libraries.items())],
        ),
        inputs=_inputs(manifest),
        config=fenced(yaml.safe_dump(manifest.config, sort_keys=False, width=120), "yaml"),
        citation=fenced(citation(manifest), "bibtex"),
    )
    return text.encode()


def _sources(manifest: Manifest, config: BuildConfig) -> Markdown:
    rows = []
    for row in manifest.ledger.sources:
        source = config.sources[row.source]
        languages = source.language if isinstance(source, PileSource) else names(source.languages)
        where = f"{process.KINDS[source.kind]}: {process.read_from(source)}"
        rows.append((row.stage, row.source, where, languages, count(row.read.documents), size(row.read.bytes)))
    return table(("Stage", "Source", "Read from", "Languages taken", "#Documents read", "#Text read"), rows)


def _filters(manifest: Manifest, config: BuildConfig) -> Markdown:
    rows: list[tuple[Any, ...]] = []
    for row in manifest.ledger.sources:
        chosen = config.sources[row.source].filters
        for rule in manifest.rules.get(row.source, ()):
            failed = row.outcomes.get(Outcome.FILTERED.because(rule.name))
            rows.append(
                (
                    row.source,
                    chosen if isinstance(chosen, str) else "its own",
                    rule.name,
                    rule.condition,
                    "every" if rule.languages is None else names(rule.languages),
                    count(failed.documents if failed else 0),
                )
            )
    return table(("Source", "Rule set", "Rule", "Kept if", "Languages", "#Dropped by it first"), rows)


def _weights(manifest: Manifest, config: BuildConfig) -> Markdown:
    return table(
        ("Source", "Set", "#Placed so often"),
        (
            (row.source, name, f"{weight:g}")
            for row in manifest.ledger.sources
            for source in [config.sources[row.source]]
            if isinstance(source, PileSource)
            for name, weight in sorted(source.weights.items())
        ),
    )


def _left_out(manifest: Manifest) -> Markdown:
    rows = []
    for row in manifest.ledger.sources:
        for outcome, amount in row.outcomes.items():
            if outcome == Outcome.KEPT or not amount.documents:
                continue
            rule = outcome.removeprefix(f"{Outcome.FILTERED}:")
            why = _REASONS.get(outcome) or (f"fails the rule {rule}" if rule != outcome else outcome)
            part = share(amount.documents / max(1, row.read.documents))
            rows.append((row.source, outcome, why, count(amount.documents), part, size(amount.bytes)))
    return table(("Source", "Outcome", "Why", "#Documents", "#Share of those read", "#Text"), rows)


def _splits(manifest: Manifest) -> Markdown:
    rows = []
    for row in manifest.ledger.splits:
        split = manifest.stages[row.stage].splits[row.split]
        stored = sum(shard.bytes for shard in split.shards)
        rows.append(
            (
                row.stage,
                row.split,
                count(row.documents),
                count(row.document_tokens),
                count(row.records),
                count(row.padding),
                count(len(split.shards)),
                size(stored),
                count(split.feeds_hosts),
            )
        )
    head = ("Stage", "Split", "#Documents", "#Tokens", "#Records", "#Padding", "#Shards", "#Size", "#Feeds hosts")
    order = list(dict.fromkeys(row.stage for row in manifest.ledger.sources))
    return table(head, sorted(rows, key=lambda row: order.index(str(row[0]))))


def _licences(licences: list[Licence]) -> Markdown:
    rows: list[tuple[Any, ...]] = [
        (
            Markdown(f"[{row.spdx}]({row.url})") if row.url else row.license or "none found",
            row.kind,
            count(row.documents),
            size(row.bytes),
            count(row.tokens),
            share(row.share),
        )
        for row in licences[:_LONGEST_TABLE]
    ]
    if rest := licences[_LONGEST_TABLE:]:
        rows.append(
            (
                f"{count(len(rest), 'others')}",
                "",
                count(sum(row.documents for row in rest)),
                size(sum(row.bytes for row in rest)),
                count(sum(row.tokens for row in rest)),
                share(sum(row.share for row in rest)),
            )
        )
    return table(("Licence", "Class", "#Documents", "#Text", "#Tokens", "#Share of tokens"), rows)


def _inputs(manifest: Manifest) -> Markdown:
    """The inputs of each source, with one sum over those of its units."""
    rows = []
    for row in manifest.ledger.sources:
        units = [unit for unit in manifest.inputs if unit.source == row.source]
        digest = hashlib.sha256(canonical_json([unit.model_dump(mode="json") for unit in units])).hexdigest()
        rows.append((row.source, count(len(units)), count(sum(unit.documents for unit in units)), digest))
    return table(("Source", "#Units", "#Documents accepted", "SHA-256 over its `inputs` in the manifest"), rows)
