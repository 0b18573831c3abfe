"""The snippets of docs/loaders.md run as they stand."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loaders.ordered import OrderedRecords
from tests.loaders.data import write_training_data
from tests.trainer.snapshots import CONTEXT

PAGE = Path(__file__).resolve().parents[2] / "docs" / "loaders.md"
SNIPPETS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
LIBRARIES = ("grain", "tensorflow", "torch")


def run(snippet: str) -> dict[str, Any]:
    for library in LIBRARIES:
        if re.search(rf"^(import|from) (loaders\.)?{library}", snippet, re.MULTILINE):
            pytest.importorskip(library)
    names: dict[str, Any] = {}
    exec(compile(snippet.replace("records[1000]", "records[10]"), str(PAGE), "exec"), names)
    return names


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OrderedRecords:
    monkeypatch.chdir(tmp_path)
    return OrderedRecords.open(write_training_data(tmp_path / "snapshot"), "mono", epochs=4)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("snippet", SNIPPETS)
def test_a_snippet_runs(records: OrderedRecords, snippet: str) -> None:
    names = run(snippet)
    if "mine" in names:
        assert np.array_equal(names["mine"], records.read(np.arange(16, 20)))
    if "state" in names:
        assert names["state"] == {"next_index": 1}
    batch = names.get("batch")
    if isinstance(batch, dict):
        assert {value.shape for value in batch.values()} == {(8, CONTEXT)}
        assert np.array_equal(batch["inputs"], records.read(np.arange(8))[:, :-1])
    elif batch is not None:
        assert tuple(batch.shape) == (8, CONTEXT + 1)
