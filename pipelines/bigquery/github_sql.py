"""GoogleSQL over the github_repos tables: one row per blob, at the first of its paths that is asked for."""

from __future__ import annotations

from itertools import product

from filtering.languages import EXTENSIONS, FILE_NAMES
from schemas.sources import BigQuerySource

_REGULAR_FILES = (0o100644, 0o100755)
"""What git calls them; the others in `files` are links."""


def github_query(config: BigQuerySource) -> str:
    """The query of a source: its own, or codemill's.

    Codemill's takes texts that BigQuery holds (not binary, at most 1 MiB) and that are not empty. Of the paths of a
    blob that lie in a repository with one of the licences and are of one of the languages, the first by repository,
    path, revision and licence stands for all. `copies` is how many paths the blob has anywhere.
    """
    if config.query is not None:
        return config.query
    taken, left = path_patterns(config.languages)
    unwanted = f"\n    AND NOT REGEXP_CONTAINS(files.path, {_quoted(left)})" if left else ""
    names = ", ".join(_quoted(name) for name in sorted({name.lower() for name in config.licenses}))
    return f"""\
WITH licensed AS (
  SELECT repo_name, LOWER(license) AS license
  FROM `{config.dataset}.licenses`
  WHERE LOWER(license) IN ({names})
), chosen AS (
  SELECT files.id AS id, ARRAY_AGG(
    STRUCT(files.repo_name AS repo_name, files.path AS path, files.ref AS ref, licensed.license AS license)
    ORDER BY files.repo_name, files.path, files.ref, licensed.license
    LIMIT 1
  )[OFFSET(0)] AS file
  FROM `{config.dataset}.files` AS files
  JOIN licensed ON licensed.repo_name = files.repo_name
  WHERE files.mode IN ({", ".join(map(str, _REGULAR_FILES))})
    AND REGEXP_CONTAINS(files.path, {_quoted(taken)}){unwanted}
  GROUP BY files.id
)
SELECT
  chosen.file.repo_name AS repo_name,
  chosen.file.path AS path,
  chosen.file.ref AS ref,
  chosen.file.license AS license,
  contents.copies AS copies,
  contents.content AS content
FROM `{config.dataset}.contents` AS contents
JOIN chosen ON chosen.id = contents.id
WHERE NOT contents.binary AND contents.content IS NOT NULL
  AND contents.size BETWEEN 1 AND {config.max_document_bytes}
"""


def path_patterns(languages: tuple[str, ...]) -> tuple[str, str]:
    """(RE2 pattern of paths to take, pattern of those to leave again or ""): what `language_of` says, in SQL.

    Both match the end of the path; the second is there for names such as CMakeLists.txt, which are of another language
    than their extension says.
    """
    wanted = frozenset(languages)
    names = [name for name, language in FILE_NAMES.items() if language in wanted]
    others = [name for name, language in FILE_NAMES.items() if language not in wanted and _extension(name) in wanted]
    endings = [spelling for extension in EXTENSIONS for spelling in _spellings(extension, wanted)]
    parts = []
    if endings:
        parts.append(rf"[^/]\.(?:{'|'.join(sorted(endings))})$")
    if names:
        parts.append(_of_names(names))
    return "|".join(parts), _of_names(others) if others else ""


def _extension(name: str) -> str:
    return EXTENSIONS.get(name.rpartition(".")[2], "") if "." in name else ""


def _of_names(names: list[str]) -> str:
    return rf"(?:^|/)(?i:{'|'.join(_escaped(name) for name in sorted(names))})$"


def _spellings(extension: str, wanted: frozenset[str]) -> list[str]:
    """Patterns of an extension in the cases that mean a wanted language."""
    if EXTENSIONS[extension] not in wanted:
        return []
    if extension != extension.lower():
        return [_escaped(extension)]
    cases = {"".join(letters) for letters in product(*({c, c.upper()} for c in extension))}
    own = {case for case in cases if case == extension or case not in EXTENSIONS}
    return [f"(?i:{_escaped(extension)})"] if own == cases else sorted(_escaped(case) for case in own)


def _escaped(name: str) -> str:
    return "".join(c if c.isalnum() else f"[{c}]" for c in name)


def _quoted(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
