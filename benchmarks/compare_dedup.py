"""Measures near deduplication beside rensa, datasketch, datatrove, text-dedup and BigCode's way; writes dedup.md.

    python -m benchmarks.compare_dedup --corpus CORPUS --peer-python PEER/bin/python

CORPUS is what `benchmarks.corpus` writes. Each measurement runs in a process of its own, all on the same single core,
one after another. Linux only, for it alone lets a process choose its core and start its peak of memory again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.compare_build import HERE, measure, processor
from benchmarks.measure_dedup import (
    BODY,
    GIANT_BYTES,
    HEADER,
    NEAR,
    PAIRS_OF_A_TENTH,
    STUB,
    Result,
    apart,
    measure_giant,
    measure_hot,
    measure_signatures,
    measure_synthetic,
    read_code,
    spread,
    write_synthetic,
    write_texts,
)
from benchmarks.planted import EDITS, NEGATIVES, Pair


def table(head: str, rows: Iterator[list[str]] | list[list[str]]) -> list[str]:
    """A table in Markdown; the columns are aligned to the right but for the first, or the first two before a `||`."""
    left, _, right = head.partition(" || ")
    names = [*left.split(" | "), *right.split(" | ")]
    rule = ["---"] * (left.count(" | ") + 1) + ["---:"] * (right.count(" | ") + 1)
    return [f"| {' | '.join(row)} |" for row in [names, rule, *rows]] + [""]


def scores(decided: NDArray[np.bool_], true: NDArray[np.bool_]) -> list[str]:
    """Precision, recall and F1."""
    hits = int((decided & true).sum())
    parts = (hits, decided.sum()), (hits, true.sum()), (2 * hits, decided.sum() + true.sum())
    return [f"{part / whole:.3f}" if whole else "-" for part, whole in parts]


def of_signatures(work: Path, found: Result, pairs: list[Pair]) -> list[str]:
    """The tables on signatures and on the planted pairs."""
    exact = np.array([pair.jaccard for pair in pairs])
    kinds = np.array([pair.kind for pair in pairs])
    chosen = spread(pairs, PAIRS_OF_A_TENTH)
    tenths = np.bincount(np.minimum((exact[chosen] * 10).astype(int), 9), minlength=10)
    planted, true = kinds != "real", exact >= NEAR.jaccard
    first = found["codemill"]
    speeds, bands = [], []
    for name, result in found.items():
        speed = result["bytes"] / 1e6 / result["seconds"]
        ratio = first["bytes"] / 1e6 / first["seconds"] / speed
        errors = ["", ""]
        if "file" in result and (work / f"{result['file']}.npz").exists():
            seen = np.load(work / f"{result['file']}.npz")
            own = seen["own"] if seen["own"].size else exact
            errors = [f"{np.sqrt(((seen['estimate'] - j)[chosen] ** 2).mean()):.4f}" for j in (exact, own)]
            bands.append([name, *scores(seen["bands"][planted], true[planted])])
        rate = f"{result['documents'] / result['seconds']:,.0f}"
        speeds.append([name, f"{speed:,.1f}", rate, f"{ratio:,.1f}", *errors])
    seen = np.load(work / "codemill.npz")
    kept = []
    for kind in [*EDITS, *NEGATIVES, "all"]:
        here = planted & ((kinds == kind) | (kind == "all"))
        counted = [f"{here.sum():,}", f"{(true & here).sum():,}"]
        kept.append([kind, *counted, *(v for n in ("dropped", "bands") for v in scores(seen[n][here], true[here]))])
    return [
        "## Signatures",
        "",
        f"256 bins or permutations of 5-token shingles, from text in memory. RMSE: of the estimated Jaccard, "
        f"over {len(chosen):,} pairs of real files ({', '.join(map(str, tenths))} by "
        "tenths), planted edits and files of one name. The first is against the exact similarity by codemill's "
        "tokens, counted in plain Python; the second against that of the system's own shingles, where it cuts its own: "
        "the error of the sketch alone. rensa and datasketch are handed codemill's shingles, made by a regular "
        "expression in Python; that is in their time. Ready hashes: the sketch alone, of sets made by codemill, "
        "so without tokens, hashes and repetitions. The ratio is codemill's speed over the row's.",
        "",
        *table("system || MB/s | documents/s | ratio | RMSE | RMSE, own shingles", speeds),
        "## Planted edits",
        "",
        f"A pair is a duplicate when its true Jaccard reaches {NEAR.jaccard}. Verified: codemill's decision. "
        "Bands alone: what a system that drops whatever shares a band would say.",
        "",
        *table(
            "edit || pairs | duplicates | precision, verified | recall | F1 | precision, bands alone | recall | F1",
            kept,
        ),
        *table(f"{NEAR.bands} bands of {NEAR.rows}, no verification || precision | recall | F1", bands),
    ]


def of_runs(head: str, rows: list[tuple[list[str], Result]]) -> list[str]:
    """A table of runs over many documents."""
    lines = []
    for names, run in rows:
        rate, each = run["documents"] / run["seconds"], run["memory"] / run["documents"]
        counts = [f"{run[key]:,}" if key in run else "" for key in ("pairs", "verified", "left")]
        ratio = f"{run['ratio']:,.1f}" if "ratio" in run else ""
        lines.append([*names, f"{run['seconds']:,.2f}", f"{rate:,.0f}", ratio, f"{each:,.0f}", *counts])
    rest = "seconds | documents/s | ratio | extra bytes a document | pairs | verified | left"
    return table(f"{head} || {rest}", lines)


def peer(python: Path, work: Path, *arguments: str) -> Result:
    """What `dedup_peers.py` prints."""
    command = [str(python), str(HERE / "dedup_peers.py"), arguments[0], str(work), *arguments[1:]]
    found: Result = json.loads(measure(command, work / "peers.log").output.splitlines()[-1])
    return found


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser(description="Compare codemill's near deduplication with other libraries'.")
    parser.add_argument("--corpus", type=Path, required=True, help="a directory that benchmarks.corpus wrote")
    parser.add_argument("--peer-python", type=Path, required=True, help="Python of the peers' environment")
    parser.add_argument("--megabytes", type=float, default=100, help="of text for the signatures")
    parser.add_argument("--files", type=int, default=250, help="that edits are planted in")
    parser.add_argument("--seconds", type=float, default=20, help="for the signatures of each peer")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 300_000, 1_000_000, 3_000_000])
    parser.add_argument("--peer-sizes", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--verified", type=int, default=1_000_000, help="documents that have shingle sets, at most")
    parser.add_argument("--peers", nargs="*", default=["datasketch", "bigcode", "rensa"], help="for candidates")
    parser.add_argument("--hot", type=float, default=1, help="scales the hot buckets")
    parser.add_argument("--work", type=Path, default=HERE / "work")
    parser.add_argument("--output", type=Path, default=HERE / "dedup.md")
    arguments = parser.parse_args()

    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    work, python = arguments.work / "dedup", arguments.peer_python
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    pairs = write_texts(work, read_code(arguments.corpus), arguments.megabytes, arguments.files)
    found = {"codemill": apart(measure_signatures, work)}
    answer = peer(python, work, "signatures", "--seconds", str(arguments.seconds))
    signatures = of_signatures(work, found | answer["result"], pairs)
    runs = []
    for size in arguments.sizes:
        with_sets = size <= arguments.verified
        apart(write_synthetic, work, size, with_sets)
        ours = apart(measure_synthetic, work, False)
        runs.append(([f"{size:,}", "codemill"], ours))
        if with_sets:
            runs.append(([f"{size:,}", "codemill, verified"], apart(measure_synthetic, work, True)))
        for system in arguments.peers if size in arguments.peer_sizes and with_sets else []:
            result = peer(python, work, "candidates", "--system", system, "--documents", str(size))["result"]
            ratio = result["seconds"] / ours["seconds"]
            runs.append(([f"{size:,}", system], result | {"documents": size, "ratio": ratio}))
    hot = []
    for name, documents, tokens, own in (
        ("one licence header", 100_000, HEADER + BODY, np.arange(HEADER, HEADER + BODY)),
        ("generated stubs", 50_000, STUB, np.array([20, 80])),
    ):
        run = apart(measure_hot, int(documents * arguments.hot), tokens, own)
        hot.append(([f"{name}, {run['documents']:,}", f"{run['largest']:,}", f"{run['capped']:,}"], run))
    giants = []
    for distinct in (GIANT_BYTES // 4, 1_000):
        run = apart(measure_giant, distinct)
        sizes = [f"{value:,}" for value in (run["shingles"], run["set"]["size"])]
        clocks = [v for part in (run, run["set"]) for v in (f"{part['seconds']:.2f}", f"{part['memory'] / 1e6:,.0f}")]
        giants.append([*sizes, *clocks])
    page = "\n".join(
        [
            "# Near deduplication",
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, {processor()}, one core, "
            f"Python {'.'.join(map(str, sys.version_info[:3]))}; "
            f"{', '.join(map(' '.join, answer['versions'].items()))}; written by `benchmarks/compare_dedup.py`. "
            "MB are 10^6 bytes. Memory is the peak beyond what was resident before.",
            "",
            *signatures,
            "## Candidates and survivors",
            "",
            f"From signatures in memory; {NEAR.bands} bands of {NEAR.rows}; made-up documents of 300 shingles, "
            "two fifths of them in clusters of 2 to 50. datasketch: each document is asked for, and inserted unless it "
            "has a neighbour. bigcode: dictionaries and union-find, which drops whole chains. rensa: signatures of its "
            "own, and only a flag for each document that has a neighbour, no survivors. "
            "The ratio is a row's seconds over codemill's.",
            "",
            *of_runs("documents | system", runs),
            "## Hot buckets",
            "",
            f"From text to survivors, verified, cap {NEAR.bucket_cap}: documents that share {HEADER} words and have "
            f"{BODY} of their own; and stubs that differ in two words.",
            "",
            *of_runs("documents | largest bucket | capped", hot),
            "## One document of 50 MB",
            "",
            *table(" || ".join(["shingles", "set | sketch, s | extra MB | set, s | extra MB"]), giants),
        ]
    )
    arguments.output.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
