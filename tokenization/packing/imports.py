"""By which names a file can be imported, and which names it imports itself.

No grammar and no build system: lines that look like imports, and paths. A name that stands for several files of a
repository means all of them, one that stands for none means nothing; what comes of it is an order of files, never
a loss.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_NAMES = 256
"""Names of a file beyond these are left out: a generated index of a thousand imports says little about order."""

_PYTHON = re.compile(
    rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#;]*)|import[ \t]+([\w.][^\n#;]*))", re.MULTILINE
)
_SCRIPT = re.compile(rb"""(?:\bfrom|\bimport|\brequire[ \t]*\(|\bimport[ \t]*\()[ \t]*["'](\.[^"'\n]*)["']""")
_JVM = re.compile(rb"^[ \t]*import[ \t]+(?:static[ \t]+)?([\w.]+\*?)", re.MULTILINE)
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*(?:include|import)[ \t]*["<]([^">\n]+)[">]', re.MULTILINE)
_GO = re.compile(rb'^[ \t]*(?:import[ \t]+)?(?:[\w.]+[ \t]+)?"([\w.\-/~]+)"[ \t]*(?://.*)?$', re.MULTILINE)
_RUST = re.compile(
    rb"^[ \t]*(?:pub(?:\([^)\n]*\))?[ \t]+)?(?:mod[ \t]+(\w+)[ \t]*;|use[ \t]+crate::([\w:]+))", re.MULTILINE
)
_RUBY = re.compile(rb"""^[ \t]*require(_relative)?[ \t(]+["']([^"'\n]+)["']""", re.MULTILINE)
_NAME = re.compile(rb"[\w.]+")


class _Language(NamedTuple):
    """How a family of languages names files; only files of one family import each other."""

    family: str
    provides: Callable[[str], Iterator[str]]
    requires: Callable[[str, bytes], Iterator[str]]


def provided_names(path: str, language: str) -> NDArray[np.uint64]:
    """Hashes of the names that other files may import a file by, uint64 [at most `MOST_NAMES`]."""
    how = _LANGUAGES.get(language)
    return _hashes(how.family, how.provides(path)) if how else np.empty(0, np.uint64)


def required_names(path: str, language: str, text: bytes) -> NDArray[np.uint64]:
    """Hashes of the names that a file imports, uint64 [at most `MOST_NAMES`]."""
    how = _LANGUAGES.get(language)
    return _hashes(how.family, how.requires(path, text)) if how else np.empty(0, np.uint64)


def _hashes(family: str, names: Iterator[str]) -> NDArray[np.uint64]:
    found = dict.fromkeys(f"{family}:{name}".encode() for name in islice(names, MOST_NAMES))
    return np.frombuffer(b"".join(hashlib.blake2b(name, digest_size=8).digest() for name in found), "<u8")


def _suffixes(path: str) -> Iterator[str]:
    """A path, and what is left of it without its first directory, its first two, and so on."""
    parts = path.split("/")
    return ("/".join(parts[start:]) for start in range(len(parts)))


def _module(path: str, packages: tuple[str, ...]) -> str:
    """A path without its extension, and without its last part where that stands for the directory itself."""
    stem = posixpath.splitext(path)[0]
    directory, name = posixpath.split(stem)
    return directory if name in packages and directory else stem


def _relative(path: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))


def _python_requires(path: str, text: bytes) -> Iterator[str]:
    for source, names, modules in _PYTHON.findall(text):
        if modules:
            for part in modules.decode("utf-8", "replace").split(","):
                yield part.split(" as ")[0].strip().replace(".", "/")
            continue
        base = source.decode("utf-8", "replace")
        dots = len(base) - len(base.lstrip("."))
        base = base.lstrip(".").replace(".", "/")
        if dots:
            base = _relative(path, posixpath.join("../" * (dots - 1) or ".", base))
        yield base
        for part in names.strip(b"() \t\r\n").split(b","):
            if name := _NAME.match(part.strip()):
                yield posixpath.join(base, name[0].decode("utf-8", "replace"))


def _script_provides(path: str) -> Iterator[str]:
    yield posixpath.splitext(path)[0]
    yield path
    yield _module(path, ("index",))


def _script_requires(path: str, text: bytes) -> Iterator[str]:
    for target in _SCRIPT.findall(text):
        yield _relative(path, target.decode("utf-8", "replace"))


def _jvm_provides(path: str) -> Iterator[str]:
    yield from _suffixes(_module(path, ()))
    yield from (f"{suffix}/*" for suffix in _suffixes(posixpath.dirname(path)))


def _jvm_requires(_: str, text: bytes) -> Iterator[str]:
    return (name.decode("utf-8", "replace").replace(".", "/") for name in _JVM.findall(text))


def _include_requires(_: str, text: bytes) -> Iterator[str]:
    for target in _INCLUDE.findall(text):
        yield posixpath.normpath(target.decode("utf-8", "replace")).removeprefix("../")


def _go_provides(path: str) -> Iterator[str]:
    yield posixpath.dirname(path)


def _go_requires(_: str, text: bytes) -> Iterator[str]:
    for target in _GO.findall(text):
        yield from _suffixes(target.decode("utf-8", "replace"))


def _rust_requires(path: str, text: bytes) -> Iterator[str]:
    owner = _module(path, ("mod", "lib", "main"))
    for module, used in _RUST.findall(text):
        if module:
            yield posixpath.join(owner, module.decode())
        else:
            parts = used.decode().strip(":").split("::")
            yield from ("/".join(parts[:end]) for end in range(len(parts), 0, -1))


def _ruby_requires(path: str, text: bytes) -> Iterator[str]:
    for relative, target in _RUBY.findall(text):
        name = target.decode("utf-8", "replace").removesuffix(".rb")
        yield _relative(path, name) if relative else name


_PYTHON_FILES = _Language("python", lambda path: _suffixes(_module(path, ("__init__",))), _python_requires)
_SCRIPT_FILES = _Language("script", _script_provides, _script_requires)
_JVM_FILES = _Language("jvm", _jvm_provides, _jvm_requires)
_C_FILES = _Language("c", _suffixes, _include_requires)
_LANGUAGES = {
    **dict.fromkeys(("python", "cython"), _PYTHON_FILES),
    **dict.fromkeys(("javascript", "typescript"), _SCRIPT_FILES),
    **dict.fromkeys(("java", "kotlin", "scala", "groovy"), _JVM_FILES),
    **dict.fromkeys(("c", "cpp", "cuda", "objective-c", "objective-cpp"), _C_FILES),
    "go": _Language("go", _go_provides, _go_requires),
    "rust": _Language("rust", lambda path: _suffixes(_module(path, ("mod", "lib", "main"))), _rust_requires),
    "ruby": _Language("ruby", lambda path: _suffixes(_module(path, ())), _ruby_requires),
}
