import pytest

from filtering.languages import CODEGEN_EXTENSIONS, EXTENSIONS, FILE_NAMES, language_of


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("src/main.c", "c"),
        ("include/a.h", "c"),
        ("A.C", "cpp"),
        ("A.H", "cpp"),
        ("a.c++", "cpp"),
        ("a.h++", "cpp"),
        ("a.hh", "cpp"),
        ("deep.er/x.tar/main.go", "go"),
        ("Main.java", "java"),
        ("app.min.js", "javascript"),
        ("setup.py", "python"),
        ("SETUP.PY", "python"),
        ("mod.pyx", "cython"),
        ("a.tsx", "typescript"),
        ("lib.rs", "rust"),
        ("a.rb", "ruby"),
        ("run.sh", "shell"),
        ("a.css", "css"),
        ("a.htm", "html"),
        ("solve.F90", "fortran"),
        ("k.cu", "cuda"),
        ("m.proto", "protobuf"),
        ("README.md", "markdown"),
        ("docs/index.rst", "restructuredtext"),
        ("notes.txt", "text"),
        ("CMakeLists.txt", "cmake"),
        ("README", "text"),
        ("pkg.dist-info/METADATA", "text"),
        ("LICENSE", "text"),
        ("Makefile", "makefile"),
        ("", ""),
        ("noextension", ""),
        (".py", ""),
        ("a/.c", ""),
        ("a.", ""),
        ("a.unknown", ""),
        ("python.d/", ""),
    ],
)
def test_language_of(path: str, language: str) -> None:
    assert language_of(path) == language


def test_codegens_extensions_give_its_six_languages() -> None:
    assert set(CODEGEN_EXTENSIONS.values()) == {"c", "cpp", "go", "java", "javascript", "python"}
    assert all(language_of(f"x.{extension}") == language for extension, language in CODEGEN_EXTENSIONS.items())


def test_the_tables_can_be_reached() -> None:
    # Names are looked up in lower case; an extension in capitals must differ from its small form, or it is redundant.
    assert all(name == name.lower() for name in FILE_NAMES)
    capitals = {extension for extension in EXTENSIONS if extension != extension.lower()}
    assert capitals == {"C", "H"}
