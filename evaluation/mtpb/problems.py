"""MTPB's problems: templates of prompts, and cases that fill them."""

from __future__ import annotations

from typing import Any, NamedTuple

from evaluation.benchmark_file import BenchmarkFile, PublicFile, field
from schemas.errors import CodemillError

PUBLIC = PublicFile(
    "MTPB",
    "https://raw.githubusercontent.com/salesforce/CodeGen/main/codegen1/benchmark/mtpb.jsonl",
    "3ab79ddb160f484a63491330ba72204930d56cc946f7c0c5fb469622a941f89c",
)
TOKENS = 256
"""New tokens of a turn where a problem does not say."""


class Case(NamedTuple):
    """One filling of a problem's prompts, and the value that the program is to print last."""

    input: dict[str, Any]
    expected: Any


class Problem(NamedTuple):
    """One problem of several turns."""

    id: str
    name: str
    category: str
    prompts: tuple[str, ...]
    """Format strings, one a turn."""
    cases: tuple[Case, ...]
    tokens: int
    """New tokens of a turn at most."""

    def turns(self, case: Case) -> list[str]:
        """The prompts, filled with a case's values: lists as Python writes them, texts bare.

        Raises:
            CodemillError: a prompt names a value that the case lacks.
        """
        try:
            return [prompt.format(**case.input) for prompt in self.prompts]
        except (LookupError, ValueError, AttributeError) as error:
            raise CodemillError(
                f"MTPB problem {self.id}: a prompt cannot be filled with {sorted(case.input)} ({error})",
                "give every case each value that the prompts name in braces",
            ) from None


def problems_of(file: BenchmarkFile) -> list[Problem]:
    """The problems of a file, in its order. Outputs beyond the inputs are left out, as the published script does.

    Raises:
        CodemillError: a field is missing, an id comes twice, or an input has no output.
    """
    problems: list[Problem] = []
    for number, row in enumerate(file.rows, 1):
        where = f"{file.shown}, problem {number}"
        prompts, inputs, outputs = (field(row, name, list, where) for name in ("prompts", "inputs", "outputs"))
        if len(outputs) < len(inputs):
            raise CodemillError(f"{where}: has {len(inputs)} inputs and {len(outputs)} outputs", "give one for each")
        problem = Problem(
            field(row, "id", str, where),
            str(row.get("name", "")),
            str(row.get("category", "")),
            tuple(prompts),
            tuple(map(Case, inputs, outputs)),
            row.get("max_gen_length", TOKENS),
        )
        if any(problem.id == other.id for other in problems):
            raise CodemillError(f"{where}: id {problem.id} comes twice", "give each problem an id of its own")
        for case in problem.cases:
            problem.turns(case)
        problems.append(problem)
    return problems
