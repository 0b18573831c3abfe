"""The demo: the installed packages become a verified snapshot, and a small model learns from it in three stages.

It takes the road of any other corpus: it writes a config and a plan, then builds, verifies, trains and samples.
"""

from __future__ import annotations

import json
import os
import sysconfig
import time
from importlib.resources import files
from string import Template

from rich.console import Console

from codemill.building.build import build_snapshot
from codemill.curves import draw_curve
from codemill.explain.answer import explain
from codemill.report.write import write_run_page
from codemill.screen.progress import make_console
from codemill.verify.snapshot import verify_snapshot
from pipelines.jobs.runner import default_workers
from schemas.config import load_config
from schemas.errors import CheckFailed
from schemas.manifest import REPORT_NAME, Manifest
from schemas.plan import load_plan
from storage.files import join, read_bytes, write_atomic

PROMPT = "def __init__(self, name"
SAMPLE_TOKENS = 80


def run_demo(output: str, steps: int, workers: int | None) -> None:
    """Run the whole demo into `output`; run again, it reuses what is there.

    Raises:
        CheckFailed: the snapshot does not verify.
    """
    started = time.monotonic()
    console = make_console()
    snapshot, run = join(output, "snapshot"), join(output, "run")
    config_path, plan_path = join(output, "build.yaml"), join(output, "plan.yaml")
    packages = os.path.relpath(sysconfig.get_paths()["purelib"])
    _write(config_path, "demo-build.yaml", packages=packages)
    _write(plan_path, "demo-plan.yaml", snapshot=snapshot, steps=steps, anneal=steps - 10)
    console.rule("build: files to shards")
    console.print(f"input: {packages}    config: {config_path}", highlight=False)
    manifest = build_snapshot(load_config(config_path), snapshot, workers=workers)
    _verify(console, snapshot, workers or default_workers())
    console.rule("train: natural language, several languages, Python")
    from trainer.train import train  # JAX starts threads: not before the build's worker processes are done

    train(load_plan(plan_path), run, report=lambda line: console.print(line, highlight=False, markup=False))
    _show_curves(console, run, manifest)
    write_run_page(run, run)
    console.rule("sample")
    _sample(console, run)
    console.rule("where to look")
    shard = manifest.stages["mono"].splits["train"].shards[0].name
    for line in (
        f"{join(snapshot, REPORT_NAME)} and {join(run, REPORT_NAME)}: open them in a browser",
        f"codemill report {snapshot}",
        f"codemill verify {snapshot}",
        f"codemill explain {snapshot} {shard}:0:100",
        f"codemill explain {snapshot} numpy/__init__.py",
        f"codemill chat {run}",
        f"{config_path} and {plan_path}: change them and run `codemill build` and `codemill train`",
    ):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print("for example, where token 100 of that shard's first record comes from:", highlight=False)
    for line in explain(snapshot, f"{shard}:0:100"):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(f"demo finished in {time.monotonic() - started:.0f} s", highlight=False)


def _write(path: str, template: str, **values: object) -> None:
    text = files("codemill.templates").joinpath(template).read_text(encoding="utf-8")
    write_atomic(path, Template(text).substitute(values).encode())


def _verify(console: Console, snapshot: str, workers: int) -> None:
    result = verify_snapshot(snapshot, workers)
    if result.problems:
        raise CheckFailed(f"{snapshot}: {result.problems[0]}", "delete it and run the demo again")
    console.print(
        f"verified: {result.files} files, {result.records:,} records, {result.bytes / 1e6:,.1f} MB read again",
        highlight=False,
    )


def _show_curves(console: Console, run: str, manifest: Manifest) -> None:
    entries = [json.loads(line) for line in read_bytes(join(run, "metrics.jsonl")).splitlines()]
    console.rule("loss by stage")
    for stage in manifest.stages:
        losses = [e["loss"] for e in entries if e["kind"] == "training" and e["stage"] == stage]
        console.print(f"{stage:<6} {draw_curve(losses)}  {losses[0]:.3f} -> {losses[-1]:.3f}", highlight=False)
        held_out = [e["losses"][stage] for e in entries if e["kind"] == "evaluation" and e["stage"] == stage]
        for language in held_out[0]:
            first, last = held_out[0][language], held_out[-1][language]
            console.print(f"       held-out {language:<18} {first:.3f} -> {last:.3f}", highlight=False)


def _sample(console: Console, run: str) -> None:
    from evaluation.sampling.model import load_model
    from evaluation.sampling.sampler import Sampler
    from evaluation.sampling.settings import Settings

    ((written,),) = Sampler(load_model(run)).sample([PROMPT], Settings(SAMPLE_TOKENS, temperature=0.7, top_p=1.0))
    console.print(PROMPT + written.text, highlight=False, markup=False, soft_wrap=True)
