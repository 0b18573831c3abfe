"""The build: the passes in order, each skipped when its dataset is already there."""

from __future__ import annotations

from dataclasses import replace

from pipelines.build_lock import only_build_in
from pipelines.documents.harvest import harvest
from pipelines.duplicates import deduplicate
from pipelines.duplicates.earlier import load_earlier
from pipelines.jobs.beam_options import check_options
from pipelines.jobs.engines.dataflow import build_arguments, on_dataflow
from pipelines.jobs.runner import Runner
from pipelines.shards.shard import shard
from pipelines.snapshot.publish import publish
from pipelines.sources import Planner, plan
from pipelines.tokens.corpus_tokenizer import named_tokenizer, trained_tokenizer
from pipelines.tokens.tokenise import tokenise
from pipelines.workspace import Workspace, work_directory
from schemas.config import BuildConfig
from schemas.errors import CodemillError
from schemas.manifest import MANIFEST_NAME, Manifest
from storage.files import exists, join
from storage.leftovers import delete_unfinished
from storage.listing import list_files


def build(
    config: BuildConfig,
    output: str,
    runner: Runner,
    work: str | None = None,
    against: tuple[str, ...] = (),
    plan: Planner = plan,
) -> Manifest:
    """Build the snapshot that `config` describes into `output`; run again after a crash, it goes on.

    Args:
        config: the validated config.
        output: snapshot directory, local or gs://.
        runner: where the Beam jobs run, and how progress is shown.
        work: directory of intermediate datasets; by default `output` + ".work".
        against: earlier snapshots; what they hold is not taken in again.
        plan: cuts each source into units.

    Raises:
        CodemillError: bad input paths, an `output` that holds something else or in which another build is at work, or
            an earlier snapshot that cannot be compared with.
        CheckFailed: the ledger does not balance, or deduplication takes more than the config allows.
    """
    check_options(runner.beam_arguments)
    workspace = Workspace(work or work_directory(output))
    if on_dataflow(runner.beam_arguments):
        arguments = build_arguments(config, [output, workspace.root, *against], runner.beam_arguments)
        runner = replace(runner, beam_arguments=arguments)
    _refuse_foreign_directory(output, workspace)
    with only_build_in(workspace.root, output):
        delete_unfinished(workspace.root)
        delete_unfinished(output)
        earlier = load_earlier(config, against)
        named = named_tokenizer(config, workspace)
        found = harvest(config, workspace, runner, plan)
        runner = runner.for_parts(len(found.blocks))
        duplicates = deduplicate(config, found, earlier, workspace, runner)
        tokenizer = named or trained_tokenizer(config, found, duplicates, workspace, runner)
        tokens = tokenise(config, found, duplicates, tokenizer, workspace, runner)
        shards, planned = shard(config, found, tokens, tokenizer, output, workspace, runner)
        return publish(
            config, found, duplicates, tokenizer, tokens, shards, planned, earlier, output, workspace, runner
        )


def _refuse_foreign_directory(output: str, workspace: Workspace) -> None:
    if exists(join(output, MANIFEST_NAME)) or list_files(workspace.root):
        return
    if list_files(output):
        raise CodemillError(
            f"{output}: holds files, but neither a snapshot nor a build that could go on",
            "name a new or empty directory with --output",
        )
