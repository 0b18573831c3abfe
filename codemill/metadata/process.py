"""How a snapshot was made, in sentences without markup; the card and the Croissant file both say them."""

from __future__ import annotations

from codemill.metadata.kept import Kept
from codemill.metadata.words import count, names, share, size
from pipelines.documents.document_table import BENCHMARK_RULE
from schemas.config import BuildConfig, StageConfig
from schemas.ledger import Amount, add_amounts, amount_of
from schemas.manifest import Manifest, Packing
from schemas.reasons import Outcome
from schemas.sources import BigQuerySource, SourceConfig

KINDS = {
    "pile_jsonl": "JSON lines as in The Pile",
    "github_parquet": "Parquet files of GitHub's files",
    "github_avro": "Avro files of GitHub's files",
    "github_json": "JSON files of GitHub's files",
    "bigquery": "a BigQuery query on GitHub's files",
    "directory": "directory trees",
    "git": "Git repositories",
}


def read_from(source: SourceConfig) -> str:
    """Where a source's text was read."""
    return source.dataset if isinstance(source, BigQuerySource) else names(source.paths)


def lost(manifest: Manifest, prefix: str, source: str | None = None) -> Amount:
    """What was left out for an outcome, or for those that begin with it and a colon; of one source or of all."""
    rows = [row for row in manifest.ledger.sources if source is None or row.source == source]
    return add_amounts(amount_of(row.outcomes, prefix) for row in rows)


def collection(manifest: Manifest, config: BuildConfig) -> list[str]:
    """What was read, a sentence for each source."""
    rows = {row.source: row for row in manifest.ledger.sources}
    return [
        f"Source {names([name])} (stage {names([rows[name].stage])}): {KINDS[source.kind]}, read from "
        f"{read_from(source)}; {count(rows[name].read.documents, 'documents')}, {size(rows[name].read.bytes)}."
        for name, source in config.sources.items()
        if name in rows
    ]


def filtering(manifest: Manifest) -> list[str]:
    """The rules, a sentence for each source that has any."""
    return [
        f"Source {names([source])}: a document was kept if {names(rule.condition for rule in rules)}; "
        f"{count(lost(manifest, Outcome.FILTERED, source).documents, 'documents')} failed."
        for source, rules in manifest.rules.items()
        if rules
    ]


def deduplication(manifest: Manifest, config: BuildConfig) -> list[str]:
    """What counted as a duplicate, and how many there were."""
    where = "across all stages" if config.dedup.scope == "corpus" else "within each stage"
    exact = lost(manifest, Outcome.EXACT_DUPLICATE).documents
    sentences = [f"Of documents with equal bytes one was kept, {where}: {count(exact, 'documents')} dropped."]
    near = config.dedup.near
    if near is not None:
        contained = f", or {share(near.containment)} of its shingles lie in a longer one" if near.containment else ""
        dropped = lost(manifest, Outcome.NEAR_DUPLICATE).documents
        sentences.append(
            f"Near-duplicates: a document was dropped if the Jaccard similarity of its {_shingle(manifest)} with those "
            f"of a kept document is at least {near.jaccard:g}{contained}: {count(dropped, 'documents')} dropped. Pairs "
            f"were found by sketches ({near.bands} bands of {near.rows} rows) and each was verified on the shingles "
            f"({count(manifest.deduplication.get('verified_pairs', 0), 'pairs')})."
        )
    sentences += [
        f"What the earlier snapshot {names([earlier.name])} (digest {earlier.digest}) holds was left out."
        for earlier in manifest.against
    ]
    return sentences


def _shingle(manifest: Manifest) -> str:
    length = manifest.fingerprint.get("shingle_tokens")
    return f"shingles of {length} words" if length else "shingles"


def decontamination(manifest: Manifest, config: BuildConfig) -> list[str]:
    """Which benchmarks were looked for; nothing if none was."""
    if config.decontaminate is None:
        return []
    dropped = lost(manifest, Outcome.FILTERED.because(BENCHMARK_RULE.name)).documents
    return [
        f"Documents that share ten words in a row with a problem of {names(config.decontaminate.problems)} were "
        f"dropped: {count(dropped, 'documents')}."
    ]


def redaction(kept: Kept, config: BuildConfig) -> list[str]:
    """What was replaced; nothing for sources where nothing was looked for."""
    counted = {row["source"]: row for row in kept.by("source").to_pylist()}
    sentences = []
    for name, source in config.sources.items():
        if source.redact:
            row = counted.get(name, {"redactions": 0, "redacted_documents": 0})
            sentences.append(
                f"Source {names([name])}: {names(source.redact)} replaced by placeholders, "
                f"{count(row['redactions'], 'places')} in {count(row['redacted_documents'], 'kept documents')}."
            )
    return sentences


def tokenisation(manifest: Manifest) -> list[str]:
    """The tokenizer and the records."""
    tokenizer = manifest.tokenizer
    return [
        f"Tokenizer {names([tokenizer.kind])} with {count(tokenizer.size)} ids (SHA-256 of its files "
        f"{tokenizer.identity}); separator {tokenizer.separator_id}. Its files are in tokenizer/.",
        f"Records hold {count(manifest.context_length + 1)} ids: {count(manifest.context_length)} to predict, and the "
        "one before them.",
    ]


def packing(stage: str, config: StageConfig, packed: Packing) -> str:
    """How a stage's documents became records."""
    parts = ["concatenated" if packed.kind == "concatenate" else "packed by best fit, without cutting what fits"]
    parts.append("shuffled" if packed.order == "shuffled" else "each repository's together, what is imported first")
    if packed.fill_in_the_middle is not None:
        middle = packed.fill_in_the_middle
        parts.append(
            f"{count(middle.rewritten_pieces)} of {count(middle.pieces, 'pieces')} rewritten for filling in the middle"
        )
    if config.prefix:
        parts.append(f"before each one {config.prefix!r}")
    return f"Stage {names([stage])}: documents {', '.join(parts)}."
