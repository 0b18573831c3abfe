import pytest

from codemill.explain.question import UNDERSTOOD, Content, Identity, Name, Question, Step, Token, parse_question
from schemas.errors import CodemillError

HASH = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("what", "question"),
    [
        ("numpy/core.py", Name("numpy/core.py")),
        ("/numpy/core.py", Name("numpy/core.py")),
        ("core.py:3", Name("core.py:3")),
        (HASH[:32], Identity(bytes.fromhex(HASH[:32]))),
        (HASH, Content(HASH)),
        (HASH.upper(), Content(HASH)),
        (f"sha256:{HASH}", Content(HASH)),
        ("sha256:01234567", Content("01234567")),
        (HASH[:31], Name(HASH[:31])),
        ("shards/mono/train-00000-of-00001.tfrecord:3:4", Token("shards/mono/train-00000-of-00001.tfrecord", 3, 4)),
        ("step:120", Step(120)),
        ("step:120:5", Step(120, 5)),
        ("step:120:5:100", Step(120, 5, 100)),
    ],
)
def test_forms_are_told_apart(what: str, question: Question) -> None:
    assert parse_question(what) == question


@pytest.mark.parametrize(
    "what",
    [
        "",
        "/",
        "step:",
        "step:x",
        "step:1:2:3:4",
        "sha256:0123456",
        "sha256:xyz",
        "shards/a.tfrecord:1",
        f"sha256:{HASH}0",
    ],
)
def test_what_is_none_of_them_names_them_in_one_line(what: str) -> None:
    with pytest.raises(CodemillError) as raised:
        parse_question(what)
    assert raised.value.remedy == UNDERSTOOD and "\n" not in UNDERSTOOD
