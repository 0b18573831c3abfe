import pytest

from tokenization.packing.imports import MOST_NAMES, provided_names, required_names


def imports(path: str, text: str, other: str, language: str, other_language: str | None = None) -> bool:
    """Whether the file at `path` with this text imports the file at `other`."""
    wanted = set(required_names(path, language, text.encode()).tolist())
    return bool(wanted & set(provided_names(other, other_language or language).tolist()))


PYTHON = [
    ("a.py", "import b", "b.py", True),
    ("a.py", "import b as c, d", "d.py", True),
    ("a.py", "    import x.y  # why", "src/x/y.py", True),
    ("a.py", "from x import y", "x/y.py", True),
    ("a.py", "from x import (\n    w,\n    y as z,\n)", "x/y.py", True),
    ("a.py", "from x import y", "x/__init__.py", True),
    ("p/q/a.py", "from . import b", "p/q/b.py", True),
    ("p/q/a.py", "from .b import c", "p/q/b.py", True),
    ("p/q/a.py", "from ..r import c", "p/r.py", True),
    ("p/q/a.py", "from ..r import c", "p/q/r.py", False),
    ("a.py", "# import b", "b.py", False),
    ("a.py", "text = 'import b'", "b.py", False),
    ("a.py", "import b", "c.py", False),
]
SCRIPT = [
    ("src/a.js", "import x from './b'", "src/b.js", True),
    ("src/a.js", 'const x = require("../lib/b.js")', "lib/b.js", True),
    ("src/a.ts", "export * from './b'", "src/b/index.ts", True),
    ("src/a.js", "import React from 'react'", "src/react.js", False),
    ("src/a.js", "import('./b')", "src/b.jsx", True),
]
OTHERS = [
    ("java", "A.java", "import org.x.B;", "src/main/java/org/x/B.java", True),
    ("java", "A.java", "import static org.x.B.f;", "org/x/B/f.java", True),
    ("java", "A.java", "import org.x.*;", "src/org/x/C.java", True),
    ("java", "A.java", "import org.x.B;", "org/y/B.java", False),
    ("c", "src/a.c", '#include "a.h"', "src/a.h", True),
    ("cpp", "a.cc", "#  include <base/log.h>", "lib/base/log.h", True),
    ("cpp", "a.cc", '#include "../b/c.h"', "b/c.h", True),
    ("c", "a.c", "#include <stdio.h>", "studio.h", False),
    ("go", "m/a.go", 'import (\n\t"fmt"\n\tx "example.org/o/r/pkg/b" // why\n)', "pkg/b/c.go", True),
    ("go", "m/a.go", 'import "example.org/o/r/pkg/b"', "b/c.go", True),
    ("go", "m/a.go", 'import "example.org/o/r/pkg/b"', "other/b/c.go", False),
    ("rust", "src/lib.rs", "pub mod b;", "src/b.rs", True),
    ("rust", "src/x/mod.rs", "mod b;", "src/x/b/mod.rs", True),
    ("rust", "src/a.rs", "use crate::b::C;", "src/b.rs", True),
    ("ruby", "lib/x/a.rb", "require_relative '../b'", "lib/b.rb", True),
    ("ruby", "test/a.rb", 'require "x/b"', "lib/x/b.rb", True),
]


@pytest.mark.parametrize(("path", "text", "other", "expected"), PYTHON)
def test_python(path: str, text: str, other: str, expected: bool) -> None:
    assert imports(path, text, other, "python") == expected


@pytest.mark.parametrize(("path", "text", "other", "expected"), SCRIPT)
def test_javascript_and_typescript(path: str, text: str, other: str, expected: bool) -> None:
    assert imports(path, text, other, "javascript", "typescript") == expected


@pytest.mark.parametrize(("language", "path", "text", "other", "expected"), OTHERS)
def test_other_languages(language: str, path: str, text: str, other: str, expected: bool) -> None:
    assert imports(path, text, other, language) == expected


def test_languages_do_not_import_each_other() -> None:
    assert not imports("a.py", "import b", "b.rb", "python", "ruby")


def test_a_language_without_a_rule_has_no_names() -> None:
    assert not required_names("a.sql", "sql", b"import b").size and not provided_names("b.sql", "sql").size


def test_names_are_capped() -> None:
    text = "".join(f"import m{i}\n" for i in range(10_000))
    assert required_names("a.py", "python", text.encode()).size == MOST_NAMES


@pytest.mark.parametrize("language", ["python", "javascript", "java", "c", "go", "rust", "ruby"])
@pytest.mark.parametrize("unit", [b" ", b"\t", b"import ", b"from .", b"'", b"(", b"\xc3\xa9", b'"', b"use crate::"])
def test_hostile_texts_end_soon(language: str, unit: bytes) -> None:
    required_names("a/b", language, unit * 50_000)
