"""`codemill sample` and `codemill chat` on an exported model, without a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from codemill.cli import app
from evaluation.sampling.sampler import Sampler
from evaluation.sampling.settings import Settings
from schemas.errors import CodemillError
from tests.evaluation.sampling.tiny import tiny_model
from trainer.model.huggingface import export_pretrained

PROMPT = "def f(x):\n"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = str(tmp_path_factory.mktemp("exported"))
    config, params, tokenizer = tiny_model()
    export_pretrained(config, params, place, separator_id=tokenizer.separator_id)
    tokenizer.save(place)
    return place


def said(*arguments: str, typed: str | None = None) -> str:
    result = CliRunner().invoke(app, arguments, input=typed)
    if result.exception is not None:
        raise result.exception
    return result.output


def test_a_text_is_continued(exported: str, tmp_path: Path) -> None:
    ((done,),) = Sampler(tiny_model()).sample([PROMPT], Settings(20, temperature=0.0))
    options = ["sample", exported, "--tokens", "20", "--temperature", "0"]
    assert said(*options, "--prompt", PROMPT) == f"{PROMPT}{done.text}\n"
    (tmp_path / "prompt.py").write_text(PROMPT)
    stop = done.text[4:6]
    options += ["--file", str(tmp_path / "prompt.py"), "--stop", stop.replace("\n", "\\n").replace("\t", "\\t")]
    assert said(*options) == f"{PROMPT}{done.text.partition(stop)[0]}\n"


def test_samples_are_told_apart(exported: str) -> None:
    output = said("sample", exported, "--prompt", PROMPT, "--tokens", "4", "--samples", "2", "--temperature", "1")
    first, second = output.removeprefix("--- 1 of 2 ---\n").split("--- 2 of 2 ---\n")
    assert first != second and first.startswith(PROMPT) and second.startswith(PROMPT)


def test_there_must_be_one_text(exported: str) -> None:
    for given in ((), ("--prompt", "x", "--file", "y")):
        with pytest.raises(CodemillError, match="there must be one text to continue"):
            said("sample", exported, *given)


def test_a_program_is_written_from_lines(exported: str, tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    output = said("chat", exported, "--tokens", "8", typed=f"Set x.\n/save {file}\n/quit\n")
    assert output.endswith(f"saved: {file}\n")
    assert file.read_text().startswith("# Import libraries.\n\nimport numpy as np\n\n# Set x.\n")
