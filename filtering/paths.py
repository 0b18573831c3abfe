"""What a file's path says of its origin: copied in from elsewhere, or written by a program."""

from __future__ import annotations

import re

VENDORED_FOLDERS = frozenset(
    (
        "node_modules bower_components jspm_packages vendor vendors _vendor _vendored_packages third_party third-party "
        "thirdparty 3rd_party 3rd-party 3rdparty external externals extern deps site-packages dist-packages pods "
        "carthage godeps .yarn .venv venv virtualenv"
    ).split()
)
"""Names of folders, in lower case, that hold other people's code."""

GENERATED_FOLDERS = frozenset(("__generated__", "generated"))
"""Names of folders, in lower case, whose files programs write."""

_VENDORED_FILE = re.compile(
    r"jquery(?:[-.](?:ui|\d).*)?(?:\.min)?\.js|bootstrap(?:\.bundle)?(?:\.min)?\.(?:js|css)|gradlew(?:\.bat)?"
    r"|configure|config\.(?:guess|sub)|ltmain\.sh|aclocal\.m4|install-sh|depcomp|missing"
)
_GENERATED_FILE = re.compile(
    r".*(?:[._-]min\.(?:js|css)|\.bundle\.js|\.(?:js|css)\.map|_pb2(?:_grpc)?\.pyi?|\.pb(?:\.gw)?\.go|\.pb\.(?:cc|h)"
    r"|_pb\.(?:js|d\.ts)|\.g\.(?:dart|cs)|\.designer\.(?:cs|vb)|_(?:generated|gen)\.(?:go|py|h|rs|ts|js)|\.tab\.[ch]"
    r"|_rc\.py)|zz_generated\..*|package-lock\.json|npm-shrinkwrap\.json|(?:yarn|composer|cargo|poetry|pipfile|gopkg)\.lock"
    r"|pnpm-lock\.yaml|go\.sum|lex\.yy\.c|moc_.*\.cpp|ui_.*\.(?:h|py)"
)


def is_vendored(path: str) -> bool:
    """Whether a path lies in a folder for other people's code, or is a file that projects copy from elsewhere."""
    *folders, name = path.lower().split("/")
    return not VENDORED_FOLDERS.isdisjoint(folders) or _VENDORED_FILE.fullmatch(name) is not None


def is_generated_path(path: str) -> bool:
    """Whether a path names what compilers, bundlers and package managers write."""
    *folders, name = path.lower().split("/")
    return not GENERATED_FOLDERS.isdisjoint(folders) or _GENERATED_FILE.fullmatch(name) is not None
