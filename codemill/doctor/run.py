"""All checks, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from codemill.doctor import accelerators, cgroups, corpus, credentials, disk, kernels, machine, python, sandbox, tools
from codemill.doctor.finding import Finding, ok
from codemill.doctor.guard import Check, guarded
from codemill.doctor.output import output as try_output
from codemill.initial.words import counted
from pipelines.jobs.runner import default_workers
from schemas.config import BuildConfig, load_config
from storage.uris import is_remote, local_path


def examine(config: str | None, output: str | None) -> Iterator[Finding]:
    """Look at this machine, and at what a config and an output name.

    Args:
        config: path of a build config.
        output: snapshot directory.
    """
    workers = default_workers()
    checks: list[tuple[str, Check]] = [
        ("Python", python.python_version),
        ("libraries", python.dependencies),
        ("kernels", kernels.compiles),
        ("kernels", kernels.kept),
        ("cores", lambda: machine.cores(workers, cgroups.cores())),
        ("memory", lambda: machine.memory(workers, machine.available_memory())),
        ("open files", machine.open_files),
        ("temporary files", disk.temporary),
        ("devices", accelerators.devices),
        ("libtpu", accelerators.tpu_library),
        ("sandbox", sandbox.sandbox),
        ("Java", tools.java),
        ("Docker", tools.docker),
        ("gcloud", tools.gcloud),
    ]
    for name, check in checks:
        yield from guarded(name, check)
    loaded: list[BuildConfig] = []
    if config is not None:
        yield from guarded("config", lambda: _load(config, loaded))
    far = any(map(corpus.is_far, loaded)) or any(path is not None and is_remote(path) for path in (config, output))
    yield from guarded("credentials", lambda: credentials.credentials(far))
    sizes: dict[str, int | None] = {}
    for build in loaded:
        yield from corpus.sources(build, sizes)
    if output is not None:
        yield from guarded("output", lambda: try_output(output))
        if not is_remote(output):
            known = [size for size in sizes.values() if size is not None]
            text, whole = sum(known) if known else None, len(known) == len(sizes)
            yield from guarded("room", lambda: disk.room(Path(local_path(output)), text, whole=whole))


def _load(path: str, loaded: list[BuildConfig]) -> Iterator[Finding]:
    build = load_config(path)
    loaded.append(build)
    yield ok("config", f"{path}: {counted(len(build.sources), 'source')}, stages {', '.join(build.stages)}")
