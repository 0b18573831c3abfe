import pytest

from evaluation.sampling.truncation import truncate


@pytest.mark.parametrize(
    ("completion", "kept"),
    [
        ("x = 1\ny = 2\n", "x = 1\ny = 2\n"),
        ("print(1)\nx = 2\nprint(2)\n", "print(1)\nx = 2\n"),
        ("def f():\n    pass\n\ndef g():\n    pass\n", "def f():\n    pass\n\n"),
        ("    print(1)\n    print(2)\n", "    print(1)\n    print(2)\n"),
        ("x = 1\n# what next\ny = 2", "x = 1\n"),
        ("x = 1  # not at the beginning\n", "x = 1  # not at the beginning\n"),
        ("# at once", ""),
        ("x = 1\n'''\ntext", "x = 1\n"),
        ('x = 1\n"""text', "x = 1\n"),
        ('x = """text"""\n', 'x = """text"""\n'),
        ("x = 1\n\n\ny = 2", "x = 1"),
        ("x = 1\n\ny = 2", "x = 1\n\ny = 2"),
        ("x<|endoftext|>y", "x"),
        # The rules come one after another: what an earlier one cut off ends nothing.
        ("print(1)\nprint(2)\n# comment", "print(1)\n"),
        ("# comment\nprint(1)\nprint(2)\n", ""),
        ("def f():\n    x\nprint(1)\nprint(2)\ndef g(): 0", "def f():\n    x\nprint(1)\n"),
        ("", ""),
    ],
)
def test_what_codegen_keeps(completion: str, kept: str) -> None:
    assert truncate(completion) == kept
