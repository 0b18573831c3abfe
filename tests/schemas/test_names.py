from schemas.names import document_name, printable


def test_names_are_one_line() -> None:
    assert printable("a\nb\x1b[31m") == r"a\nb\x1b[31m"
    assert document_name("github", "owner/repo", "src/ü\r.py") == r"github: owner/repo/src/ü\r.py"
