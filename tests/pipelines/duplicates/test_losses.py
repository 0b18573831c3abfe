from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.documents.block import Block
from pipelines.duplicates.drops import duplicates_path, losses_path
from pipelines.duplicates.losses import Loss, biggest_clusters, losses
from pipelines.tables import write_table
from pipelines.workspace import Dataset, write_json
from schemas.documents import DUPLICATE_SCHEMA, document_key


@pytest.fixture
def made(tmp_path: Path) -> tuple[list[Block], Dataset]:
    """Two blocks of two sources: three C files and one of Python fall to a/0, one of Python to b/0."""
    dataset = Dataset(str(tmp_path / "dataset"))
    blocks = []
    for ordinal, source in enumerate(("a", "b")):
        path = str(tmp_path / f"{source}.parquet")
        columns = {
            "source": [source] * 4,
            "repository": [""] * 4,
            "path": [f"{source}/{row}" for row in range(4)],
            "language": ["c", "c", "python", "python"],
        }
        write_table(path, pa.table(columns))
        blocks.append(Block(ordinal, path, source, "stage", 4, 100))
    drops = [[(1, (0, 0))], [(0, (0, 0)), (1, (0, 0)), (2, (0, 0)), (3, (1, 0))]]
    for block, dropped in zip(blocks, drops, strict=True):
        rows = [
            {
                "key": document_key(block.ordinal, row),
                "kept_key": document_key(*kept),
                "kept_id": bytes(16),
                "kind": "near_duplicate",
                "jaccard": 1.0,
                "containment": 1.0,
            }
            for row, kept in dropped
        ]
        write_table(duplicates_path(dataset, block.ordinal), pa.Table.from_pylist(rows, DUPLICATE_SCHEMA))
    write_json(losses_path(dataset, 0), {"c": [2, 1], "python": [2, 0]})
    write_json(losses_path(dataset, 1), {"c": [2, 2], "python": [2, 2]})
    return blocks, dataset


def test_losses_are_counted_by_source_and_by_language(made: tuple[list[Block], Dataset]) -> None:
    found = {loss.name: (loss.dropped, loss.documents, loss.share) for loss in losses(*made)}
    assert found == {
        "source 'a'": (1, 4, 0.25),
        "source 'b'": (4, 4, 1.0),
        "language 'c'": (3, 4, 0.75),
        "language 'python'": (2, 4, 0.5),
    }


def test_clusters_are_those_of_the_loss(made: tuple[list[Block], Dataset]) -> None:
    blocks, dataset = made
    assert biggest_clusters(Loss("b", None, 4, 4), blocks, (), dataset) == [("a: /a/0", 3), ("b: /b/0", 1)]
    assert biggest_clusters(Loss(None, "c", 4, 3), blocks, (), dataset) == [("a: /a/0", 3)]
    assert biggest_clusters(Loss(None, "python", 4, 2), blocks, (), dataset) == [("a: /a/0", 1), ("b: /b/0", 1)]
