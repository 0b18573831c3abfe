from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st
from identify.vendor.licenses import LICENSES

from pipelines.sources.licenses import detect_license, license_scope, most_similar

MIT = "MIT License\n\nPermission is hereby granted, free of charge, to any person ... without restriction, ..."
BSD2 = "Redistributions of source code must retain ...\nRedistributions in binary form must ..."


@pytest.mark.parametrize(
    ("relative", "scope"),
    [
        ("a/LICENSE", "a"),
        ("a/b/license.txt", "a/b"),
        ("LICENCE.md", ""),
        ("a/COPYING", "a"),
        ("a/COPYING.LESSER", "a"),
        ("a/LICENSE-MIT", "a"),
        ("a/UNLICENSE", "a"),
        ("a/MIT-LICENSE.txt", "a"),
        ("a/license_check.py", "a"),
        ("a/licenses.py", None),
        ("a/copyingutils.c", None),
        ("a/README", None),
        ("site/Foo_Bar-1.0.dist-info/METADATA", "site/foo_bar"),
        ("foo-1.0.dist-info/METADATA", "foo"),
        ("foo.egg-info/PKG-INFO", "foo"),
        ("a/METADATA", None),
    ],
)
def test_scope(relative: str, scope: str | None) -> None:
    assert license_scope(relative) == scope


@pytest.mark.parametrize(
    ("text", "license_"),
    [
        (MIT, "mit"),
        ("  Apache License\n      Version 2.0, January 2004", "apache-2.0"),
        (BSD2, "bsd-2-clause"),
        (BSD2 + "\nNeither the name of the copyright holder ...", "bsd-3-clause"),
        ("Mozilla Public License Version 2.0", "mpl-2.0"),
        ("GNU GENERAL PUBLIC LICENSE\n   Version 2, June 1991", "gpl-2.0"),
        ("GNU GENERAL PUBLIC LICENSE\n   Version 3, 29 June 2007", "gpl-3.0"),
        ("GNU LESSER GENERAL PUBLIC LICENSE Version 3 ... the GNU General Public License version 3", "lgpl-3.0"),
        ("GNU LESSER GENERAL PUBLIC LICENSE Version 2.1, February 1999", "lgpl-2.1"),
        ("GNU AFFERO GENERAL PUBLIC LICENSE Version 3", "agpl-3.0"),
        ("This is free and unencumbered software released into the public domain.", "unlicense"),
        ("Permission to use, copy, modify, and/or distribute this software for any purpose", "isc"),
        ("PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2", "psf-2.0"),
        ("All rights reserved.", ""),
        ("", ""),
    ],
)
def test_texts(text: str, license_: str) -> None:
    assert detect_license("a/LICENSE", text.encode()) == license_


@pytest.mark.parametrize(
    ("header", "license_"),
    [
        ("License-Expression: BSD-3-Clause", "bsd-3-clause"),
        ("License-Expression: MIT OR Apache-2.0", ""),
        ("Classifier: License :: OSI Approved :: MIT License", "mit"),
        ("Classifier: License :: OSI Approved :: BSD License", ""),
        ("Classifier: License :: OSI Approved :: MIT License\nClassifier: License :: OSI Approved :: BSD License", ""),
        ("Name: x\n\nClassifier: License :: OSI Approved :: MIT License", ""),
        ("Name: x", ""),
    ],
)
def test_metadata(header: str, license_: str) -> None:
    for ending in ("\n", "\r\n"):
        content = f"Metadata-Version: 2.4\n{header}\n\nwords".replace("\n", ending).encode()
        assert detect_license("x-1.dist-info/METADATA", content) == license_


@given(st.binary(max_size=200))
def test_any_bytes_are_looked_at_without_an_error(content: bytes) -> None:
    assert detect_license("LICENSE", content) == ""
    assert detect_license("x-1.dist-info/METADATA", content) == ""


@pytest.mark.parametrize("name", [name for name, _ in LICENSES])
def test_whole_texts_are_known_with_other_holders_and_line_breaks(name: str) -> None:
    text = dict(LICENSES)[name].replace("[year]", "1999-2024").replace("[fullname]", "The Jane Roe Foundation, Inc.")
    assert most_similar(text) == name.lower()
    paragraphs = [textwrap.fill(part, 50) for part in text.upper().split("\n\n")]
    wrapped = "Copyright (c) 2001 by A\nAll rights reserved.\n/*\n" + "\n\n".join(paragraphs) + "\n*/\n"
    assert most_similar(wrapped) == name.lower()


@pytest.mark.parametrize(
    "text",
    ["", "All rights reserved.", "def main():\n    pass\n" * 50, dict(LICENSES)["MIT"][:300]],
    ids=["empty", "reserved", "code", "a third of MIT"],
)
def test_other_texts_resemble_no_licence(text: str) -> None:
    assert most_similar(text) == ""
