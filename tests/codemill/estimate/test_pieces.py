"""A sample's pieces are units of their own, that do not overlap and together are the source."""

import gzip
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pygit2
import pytest
import zstandard

from codemill.estimate.pieces import Piece, part_of, pieces, weight_of
from codemill.estimate.sample import choose, share_out
from pipelines.sources import Unit, plan, read
from schemas.config import BuildConfig
from schemas.sources import FileSourceConfig, GitSource
from tests.corpus import write_corpus

DOCUMENTS = 60
PARTS = 16


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> BuildConfig:
    root = tmp_path_factory.mktemp("pieces")
    made = write_corpus(root, DOCUMENTS)
    (root / "pile" / "plain.jsonl").write_bytes(gzip.decompress((root / "pile" / "00.jsonl.gz").read_bytes()))
    return made


def texts(units: list[Unit], source: FileSourceConfig) -> list[bytes]:
    blocks = [block for unit in units for block in read(unit, source) if isinstance(block, pa.RecordBatch)]
    return sorted(text for block in blocks for text in block["text"].to_pylist())


def source_of(config: BuildConfig, name: str, path: str | None = None) -> FileSourceConfig:
    source = config.sources[name]
    assert source.kind != "bigquery"
    return source if path is None else source.model_copy(update={"paths": (path,)})


def git_source(tree: Path) -> GitSource:
    repository = pygit2.init_repository(str(tree))
    repository.index.add_all()
    author = pygit2.Signature("someone", "someone@example.com", 0)
    repository.create_commit("HEAD", author, author, "all", repository.index.write_tree(), [])
    return GitSource(kind="git", paths=(str(tree),), languages=("python",))


@pytest.mark.parametrize("name", ["github", "tree", "plain", "git"])
def test_all_pieces_are_the_source(
    config: BuildConfig, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codemill.estimate.pieces.LEAST_BYTES", 1)
    root = Path(source_of(config, "tree").paths[0]).parent
    match name:
        case "plain":
            source: FileSourceConfig = source_of(config, "pile", str(root / "pile" / "plain.jsonl"))
        case "git":
            source = git_source(Path(shutil.copytree(root / "tree" / "project", tmp_path / "project")))
        case _:
            source = source_of(config, name)
    units = plan(name, source)
    found = list(pieces(units, weight_of(units) / PARTS, weight_of(units), 42, str(tmp_path)))
    assert len(found) > len(units)
    assert sum(piece.weight for piece in found) == pytest.approx(weight_of(units), rel=0.05)
    assert texts([piece.unit for piece in found], source) == texts(units, source)


def test_the_choice_follows_the_seed_alone(
    config: BuildConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codemill.estimate.pieces.LEAST_BYTES", 1)
    units = plan("tree", source_of(config, "tree"))

    def chosen(seed: int, of: list[Unit]) -> list[Piece]:
        return list(pieces(of, weight_of(of) / PARTS, weight_of(of), seed, str(tmp_path)))

    assert chosen(42, units) == chosen(42, units[::-1])
    assert chosen(42, units) != chosen(43, units)


@pytest.mark.parametrize(("suffix", "compress"), [("gz", gzip.compress), ("zst", zstandard.compress)])
def test_the_first_part_of_a_compressed_file_stands_for_it(
    config: BuildConfig, tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"large.jsonl.{suffix}"
    draw = random.Random(0)
    lines = [json.dumps({"text": f"{i} {draw.randbytes(50).hex()}", "meta": {}}) for i in range(20_000)]
    path.write_bytes(compress("\n".join(lines).encode() + b"\n"))
    source = source_of(config, "pile", str(path))
    (unit,) = plan("pile", source)
    (piece,) = pieces([unit], 1.0, weight_of([unit]) / 4, 42, str(tmp_path / "copies"))
    whole, part = texts([unit], source), texts([piece.unit], source)
    assert 0 < len(part) < len(whole) and set(part) < set(whole)
    assert len(part) / len(whole) == pytest.approx(piece.weight / weight_of([unit]), rel=0.1)
    assert piece.unit.files[0].relative == unit.files[0].relative
    smaller = part_of(piece, 0.5, 42, str(tmp_path / "copies"))
    assert set(texts([smaller.unit], source)) < set(part)


def test_a_damaged_file_is_left_to_the_harvest(config: BuildConfig, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + bytes(1000))
    source = source_of(config, "github", str(tmp_path / "a.parquet"))
    units = plan("github", source)
    assert [piece.unit for piece in pieces(units, 100.0, 100.0, 42, str(tmp_path))] == units


def test_a_choice_comes_near_to_what_is_asked_for(
    config: BuildConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codemill.estimate.pieces.LEAST_BYTES", 1)
    table = pa.table({"path": [f"{i}.py" for i in range(640)], "content": [f"x = {i:0999d}\n" for i in range(640)]})
    pq.write_table(table, tmp_path / "even.parquet", row_group_size=10, compression="none")
    units = plan("github", source_of(config, "github", str(tmp_path / "even.parquet")))
    whole = weight_of(units)
    for seed in range(50):
        chosen = choose(units, whole / 2, whole / 8, 0.25, seed, str(tmp_path))
        # Pieces are of seven to nine row groups, and which of them come first is the seed's.
        assert chosen.weight == pytest.approx(whole / 2, abs=whole / 16)
        assert len(chosen.full) in (4, 5) and len(chosen.full) - len(chosen.small) in (0, 1)
        rows = sum(unit.end - unit.start for unit in chosen.full)
        assert sum(unit.end - unit.start for unit in chosen.small) == pytest.approx(rows / 4, abs=2)
        whole_rows = {row for unit in chosen.full for row in range(unit.start, unit.end)}
        assert {row for unit in chosen.small for row in range(unit.start, unit.end)} < whole_rows


def test_what_cannot_be_cut_is_fewer_instead(
    config: BuildConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codemill.estimate.pieces.LEAST_BYTES", 1)
    table = pa.table({"path": [f"{i}.py" for i in range(80)], "content": [f"x = {i:0999d}\n" for i in range(80)]})
    pq.write_table(table, tmp_path / "coarse.parquet", row_group_size=10, compression="none")
    units = plan("github", source_of(config, "github", str(tmp_path / "coarse.parquet")))
    chosen = choose(units, weight_of(units), 1.0, 0.25, 42, str(tmp_path))
    assert (len(chosen.full), len(chosen.small)) == (8, 2)


def test_one_piece_at_least(config: BuildConfig, tmp_path: Path) -> None:
    units = plan("github", source_of(config, "github"))
    chosen = choose(units, 1.0, 1.0, 0.25, 42, str(tmp_path))
    assert len(chosen.full) == len(chosen.small) == 1


def test_every_source_gives_the_same_share() -> None:
    wholes = {"large": 900.0, "little": 100.0}
    assert share_out(10, wholes, wholes) == pytest.approx({"large": 9.0, "little": 1.0})
    assert share_out(5000, wholes, wholes) == wholes
    at_hand = {"large": 9.0, "little": 100.0}
    assert share_out(100, wholes, at_hand) == pytest.approx({"large": 9.0, "little": 1.0})
