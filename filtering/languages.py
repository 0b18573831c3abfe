"""The language of a file, told from its path."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.errors import CodemillError
from schemas.suggest import did_you_mean

CODEGEN_EXTENSIONS: dict[str, str] = {
    "c": "c",
    "h": "c",
    "cpp": "cpp",
    "hpp": "cpp",
    "c++": "cpp",
    "h++": "cpp",
    "cc": "cpp",
    "hh": "cpp",
    "C": "cpp",
    "H": "cpp",
    "go": "go",
    "java": "java",
    "js": "javascript",
    "py": "python",
}
"""The six languages of CodeGen's multi-lingual stage by file extension, as in the public BigQuery data."""

EXTENSIONS: dict[str, str] = CODEGEN_EXTENSIONS | {
    "cxx": "cpp",
    "hxx": "cpp",
    "mjs": "javascript",
    "cjs": "javascript",
    "jsx": "javascript",
    "pyi": "python",
    "pyw": "python",
    "pyx": "cython",
    "pxd": "cython",
    "pxi": "cython",
    "ts": "typescript",
    "mts": "typescript",
    "cts": "typescript",
    "tsx": "typescript",
    "rs": "rust",
    "rb": "ruby",
    "rake": "ruby",
    "gemspec": "ruby",
    "sh": "shell",
    "bash": "shell",
    "zsh": "shell",
    "ksh": "shell",
    "css": "css",
    "scss": "scss",
    "less": "less",
    "html": "html",
    "htm": "html",
    "xhtml": "html",
    "f": "fortran",
    "for": "fortran",
    "f77": "fortran",
    "f90": "fortran",
    "f95": "fortran",
    "f03": "fortran",
    "f08": "fortran",
    "cu": "cuda",
    "cuh": "cuda",
    "proto": "protobuf",
    "cs": "csharp",
    "php": "php",
    "pl": "perl",
    "pm": "perl",
    "lua": "lua",
    "r": "r",
    "jl": "julia",
    "kt": "kotlin",
    "kts": "kotlin",
    "swift": "swift",
    "scala": "scala",
    "hs": "haskell",
    "ml": "ocaml",
    "mli": "ocaml",
    "clj": "clojure",
    "ex": "elixir",
    "exs": "elixir",
    "erl": "erlang",
    "hrl": "erlang",
    "dart": "dart",
    "groovy": "groovy",
    "zig": "zig",
    "m": "objective-c",
    "mm": "objective-cpp",
    "asm": "assembly",
    "s": "assembly",
    "sql": "sql",
    "tex": "tex",
    "ps1": "powershell",
    "bat": "batch",
    "cmake": "cmake",
    "mk": "makefile",
    "dockerfile": "dockerfile",
    "json": "json",
    "yaml": "yaml",
    "yml": "yaml",
    "toml": "toml",
    "xml": "xml",
    "ini": "ini",
    "cfg": "ini",
    "md": "markdown",
    "markdown": "markdown",
    "rst": "restructuredtext",
    "txt": "text",
    "text": "text",
}
"""Language by extension. Looked up as written first (`.C` is C++, `.c` is C), then in lower case."""

FILE_NAMES: dict[str, str] = {
    "makefile": "makefile",
    "gnumakefile": "makefile",
    "dockerfile": "dockerfile",
    "cmakelists.txt": "cmake",
    "rakefile": "ruby",
    "gemfile": "ruby",
    "sconstruct": "python",
    "readme": "text",
    "metadata": "text",
    "license": "text",
    "licence": "text",
    "copying": "text",
    "notice": "text",
    "authors": "text",
    "contributors": "text",
    "changelog": "text",
    "changes": "text",
    "news": "text",
    "history": "text",
    "install": "text",
    "todo": "text",
}
"""Language by the whole name of the file in lower case; looked up before the extension."""


KNOWN = frozenset({*EXTENSIONS.values(), *FILE_NAMES.values()})
"""What `language_of` answers."""


def check_languages(languages: Iterable[str]) -> None:
    """Refuse languages that no file can have.

    Raises:
        CodemillError: one is not known.
    """
    for language in languages:
        if language not in KNOWN:
            raise CodemillError(
                f"languages: {language!r} is not known{did_you_mean(language, sorted(KNOWN))}",
                f"known are {', '.join(sorted(KNOWN))}",
            )


def language_of(path: str) -> str:
    """The language of a file by its name and extension.

    Args:
        path: with "/" between folders; only the last part counts.

    Returns:
        A lower-case name such as "python", "cpp", "markdown" or "text"; "" when it is not known.
    """
    name = path.rpartition("/")[2]
    known = FILE_NAMES.get(name.lower())
    if known is not None:
        return known
    stem, _, extension = name.rpartition(".")
    if not stem:  # no dot, or a hidden file such as ".py", which has no extension
        return ""
    return EXTENSIONS.get(extension) or EXTENSIONS.get(extension.lower(), "")
