"""The notebook of examples/ runs from an empty directory, and shows what it says."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parent.parent / "examples" / "explore_snapshot.ipynb"


def load() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]


def shown(notebook: Any) -> str:
    """All text that the cells print or give back."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert all(output.output_type != "error" for output in outputs)
    return "\n".join(output.get("text") or output.data["text/plain"] for output in outputs)


def pictures(notebook: Any) -> list[str]:
    """The SVG pictures that the cells give back."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.data["image/svg+xml"] for output in outputs if "image/svg+xml" in output.get("data", {})]


def test_the_committed_notebook_has_outputs_and_no_place_of_a_machine() -> None:
    notebook = load()
    nbformat.validate(notebook)
    assert "json/decoder_old.py is like json/decoder.py" in shown(notebook)
    assert len(pictures(notebook)) == 1
    content = NOTEBOOK.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.])/(home|root|tmp|usr|Users|work|opt|var)/", content)
    assert len(content) < 100_000


@pytest.mark.slow
def test_the_notebook_runs(tmp_path: Path) -> None:
    notebook = load()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=240, kernel_name="python3", resources=resources).execute()

    text = shown(notebook)
    read = int(re.search(r"library: read ([\d,]+) documents", text)[1].replace(",", ""))  # type: ignore[index]
    outcomes = re.findall(r"^  [a-z_:]+ +([\d,]+) +[\d,]+$", text, re.MULTILINE)
    assert read > 50
    assert sum(int(count.replace(",", "")) for count in outcomes) == read
    assert "\n[]\n" in text  # no equation of the ledger is broken
    assert re.search(r"json/decoder_old\.py is like json/decoder\.py: Jaccard 0\.9\d\d", text)
    assert re.search(r"\('library: json/decoder\.py', 0\.9\d+, 1\.0\)", text)
    assert "int32 (4, 257)" in text
    (picture,) = pictures(notebook)
    assert picture.startswith("<svg") and "comment_share" in picture
