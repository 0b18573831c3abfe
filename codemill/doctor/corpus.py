"""What a build config names: does it load, are the sources there, can they be read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from codemill.doctor.finding import Finding, broken, ok, warning
from codemill.doctor.guard import guarded, within
from codemill.initial.words import counted, size_words
from filtering.languages import language_of
from pipelines.bigquery.fetch import check_scan
from pipelines.documents.document_table import treatment_of
from pipelines.sources import Unit, plan
from schemas.config import BuildConfig, CodegenTokenizerConfig, PinnedFile, TokenizerJsonConfig
from schemas.sources import BigQuerySource, DirectorySource, GitSource
from storage.files import exists
from storage.listing import split_pattern
from storage.objects import objects_below
from storage.uris import is_remote

ANSWER_SECONDS = 20.0
"""To wait for a first answer of gs://."""
LIST_SECONDS = 120.0
"""To wait for all names of a source on gs://, or for BigQuery."""
_UNPACKED = 3
"""Bytes of text that a byte of a packed file comes to, about."""
_PACKED = (".gz", ".zst", ".parquet", ".avro")


def is_far(config: BuildConfig) -> bool:
    """Whether gs:// or BigQuery is asked for any of the sources."""
    return any(
        isinstance(source, BigQuerySource) or any(map(is_remote, source.paths)) for source in config.sources.values()
    )


def sources(config: BuildConfig, sizes: dict[str, int | None]) -> Iterator[Finding]:
    """Look for each source, list it and count.

    Args:
        config: the build's.
        sizes: receives each source's bytes of text, about; None where they cannot be told.
    """
    for name in config.sources:
        sizes[name] = None
        yield from guarded(f"source {name}", partial(_source, config, name, sizes))
    for file in _tokenizer_files(config):
        yield from guarded("tokenizer", partial(_is_there, file))


def _source(config: BuildConfig, name: str, sizes: dict[str, int | None]) -> Iterator[Finding]:
    source, check = config.sources[name], f"source {name}"
    treatment_of(config, name)  # rules and problem files that a build would refuse
    if isinstance(source, BigQuerySource):
        found = within(LIST_SECONDS, lambda: check_scan(name, source))
        yield ok(check, f"BigQuery would read {size_words(found.bytes)} for ${found.dollars:,.2f}")
        return
    far = [path for path in source.paths if is_remote(path)]
    try:
        for path in far:
            within(ANSWER_SECONDS, partial(_first, split_pattern(path)[0]))
    except TimeoutError as error:
        yield broken(check, f"{path}: {error}", "check the network and the bucket's name")
        return
    try:
        units = within(LIST_SECONDS, partial(plan, name, source)) if far else plan(name, source)
    except TimeoutError as error:
        remedy = "codemill build CONFIG --dry-run lists them, however long it takes"
        yield warning(check, f"not all names could be listed: {error}", remedy)
        return
    match source:
        case GitSource():
            yield _repositories(check, source, units)
        case DirectorySource():
            files = {file.uri: file for unit in units for file in unit.files[unit.start : unit.end]}
            taken = [file.size for file in files.values() if language_of(file.relative) in source.languages]
            sizes[name] = sum(taken)
            told = f"{len(taken):,} of {counted(len(files), 'file')} are in its languages, {size_words(sum(taken))}"
            yield ok(check, told) if taken else warning(check, told, "name other languages or another path")
        case _:
            files = {file.uri: file for unit in units for file in unit.files}
            sizes[name] = sum(
                file.size * (_UNPACKED if file.relative.endswith(_PACKED) else 1) for file in files.values()
            )
            yield ok(check, f"{counted(len(files), 'file')}, {size_words(sum(file.size for file in files.values()))}")


def _first(root: str) -> object:
    return next(objects_below(root, limit=1), None)


def _repositories(check: str, source: GitSource, units: list[Unit]) -> Finding:
    commits = {file.uri: file.version for unit in units for file in unit.files}
    unread = sorted(uri for uri, commit in commits.items() if not commit)
    if unread:
        what = f"{len(unread):,} of {counted(len(commits), 'repository', 'repositories')} have no readable commit"
        remedy = "name another revision, or take them out of the path"
        return warning(check, f"{what} {source.revision!r}, such as {unread[0]}", remedy)
    files = counted(sum(unit.end - unit.start for unit in units), "file")
    return ok(check, f"{counted(len(commits), 'repository', 'repositories')}, {files}")


def _tokenizer_files(config: BuildConfig) -> list[PinnedFile]:
    match config.tokenizer:
        case TokenizerJsonConfig(path=file):
            return [file]
        case CodegenTokenizerConfig(vocabulary=vocabulary, merges=merges):
            return [file for file in (vocabulary, merges) if file is not None]
    return []


def _is_there(file: PinnedFile) -> Iterator[Finding]:
    if file.path.startswith("https://"):
        yield ok("tokenizer", f"{file.path}: is fetched when a build begins")
    elif within(ANSWER_SECONDS, partial(exists, file.path)):
        yield ok("tokenizer", f"{file.path}: there")
    else:
        yield broken("tokenizer", f"{file.path}: no such file", "check the path, or train one: kind: sentencepiece")
