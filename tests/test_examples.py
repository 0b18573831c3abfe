from pathlib import Path

import pytest

from schemas.config import load_config
from schemas.plan import load_plan

EXAMPLES = Path(__file__).parent.parent / "examples"
PLANS = sorted(EXAMPLES.glob("*-plan.yaml"))
CONFIGS = sorted(set(EXAMPLES.glob("*.yaml")) - set(PLANS))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_build_examples_are_valid(path: Path) -> None:
    assert load_config(str(path)).stages


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.name)
def test_plan_examples_are_valid(path: Path) -> None:
    assert load_plan(str(path)).stages


def test_there_are_examples_of_both() -> None:
    assert CONFIGS and PLANS
