"""What a file's path says of its origin: copied in from elsewhere, or written by a program."""

from __future__ import annotations

import re

_VENDORED_FOLDERS = (
    "node_modules|bower_components|jspm_packages|vendor|vendors|_vendor|_vendored_packages|third[-_]?party|3rd[-_]?party"
    "|external|externals|extern|deps|site-packages|dist-packages|Pods|Carthage|Godeps|\\.yarn|\\.venv|venv|virtualenv"
)
_VENDORED_FILES = (
    r"jquery(?:[-.](?:ui|\d)[^/]*)?(?:\.min)?\.js|bootstrap(?:\.bundle)?(?:\.min)?\.(?:js|css)|gradlew(?:\.bat)?"
    r"|configure|config\.(?:guess|sub)|ltmain\.sh|aclocal\.m4|install-sh|depcomp|missing"
)
_VENDORED = re.compile(rf"(?:^|/)(?:(?:{_VENDORED_FOLDERS})/|(?:{_VENDORED_FILES})$)", re.IGNORECASE)

_GENERATED_FILES = (
    r"[^/]*[._-]min\.(?:js|css)|[^/]*\.bundle\.js|[^/]*\.(?:js|css)\.map"
    r"|[^/]*_pb2(?:_grpc)?\.pyi?|[^/]*\.pb(?:\.gw)?\.go|[^/]*\.pb\.(?:cc|h)|[^/]*_pb\.(?:js|d\.ts)|[^/]*\.g\.dart"
    r"|[^/]*\.designer\.(?:cs|vb)|[^/]*\.g\.cs|zz_generated\.[^/]*|[^/]*_(?:generated|gen)\.(?:go|py|h|rs|ts|js)"
    r"|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|composer\.lock|cargo\.lock|poetry\.lock"
    r"|pipfile\.lock|go\.sum|gopkg\.lock|[^/]*\.tab\.[ch]|lex\.yy\.c|moc_[^/]*\.cpp|ui_[^/]*\.(?:h|py)|[^/]*_rc\.py"
)
_GENERATED = re.compile(rf"(?:^|/)(?:(?:__generated__|generated)/|(?:{_GENERATED_FILES})$)", re.IGNORECASE)


def is_vendored(path: str) -> bool:
    """Whether a path lies in a folder for other people's code, or is a file that projects copy from elsewhere."""
    return _VENDORED.search(path) is not None


def is_generated_path(path: str) -> bool:
    """Whether a path names what compilers, bundlers and package managers write."""
    return _GENERATED.search(path) is not None
