"""The text of a config and of a plan: templates, filled in so that no name can break out of its place."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from importlib.resources import files

import jinja2
import yaml

from codemill.initial.kinds import WORDS, Kind
from codemill.initial.sizes import BATCH, Sizes, schedule_of
from codemill.initial.stages import Stage
from codemill.initial.words import count_words, size_words
from schemas.errors import CodemillError
from schemas.model_config import PRESETS

_WHY_KIND: Mapping[Kind, str] = {
    Kind.PILE: "Lines of JSON with a key `text`, and perhaps `meta.pile_set_name`; other keys are passed over.",
    Kind.PARQUET: "Parquet with the columns `path` and `content`, as BigQuery exports its github_repos tables.",
    Kind.AVRO: "Avro with the fields `path` and `content`, as BigQuery exports its github_repos tables.",
    Kind.JSON: "Lines of JSON with the keys `path` and `content`, as BigQuery exports its github_repos tables.",
    Kind.GIT: "Repositories are read from their objects, bare or checked out, at one revision.",
    Kind.TREE: "Every file is a document; its name tells its language.",
}
_WHY_STAGE: Mapping[str, str] = {
    "nl": "Prose.",
    "multi": "Code.",
    "mono": "Python.",
}


def quoted(text: str) -> str:
    r"""Any text as a scalar of YAML in double quotes, on one line.

    Raises:
        CodemillError: it is the name of a file and not UTF-8.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise CodemillError(f"{text!r}: a name that is not UTF-8 cannot stand in a config", "rename it") from None
    # Without line breaks of its own, so that it can stand in a comment too.
    written: str = yaml.dump(text, default_style='"', allow_unicode=True, width=2**31)
    return written.strip()


def shell_word(text: str) -> str:
    """A text as one word of a command line, on one line."""
    return shlex.quote(text) if text.isprintable() else "$" + "'" + json.dumps(text)[1:-1].replace("'", "\\'") + "'"


def render_config(folder: str, name: str, config: str, snapshot: str, stages: Sequence[Stage], sizes: Sizes) -> str:
    """The text of a build config.

    Args:
        folder: what was looked at.
        name: of the build.
        config: where the text will lie.
        snapshot: where the snapshot will lie.
        stages: what was chosen.
        sizes: what goes with the amount of text.
    """
    return _fill(
        "initial-build.yaml",
        folder=folder,
        name=name,
        config=config,
        snapshot=snapshot,
        stages=stages,
        sizes=sizes,
        words=WORDS,
        why_kind=_WHY_KIND,
        why_stage=_WHY_STAGE,
        commands=_commands(
            (f"doctor {shell_word(config)}", "is this machine ready, and is the data there?"),
            (f"build {shell_word(config)} --dry-run", "what would be read"),
            (f"build {shell_word(config)} --output {shell_word(snapshot)}", "files to shards; run again, it goes on"),
            (f"report {shell_word(snapshot)}", "what was kept and dropped, and why"),
        ),
    )


def render_plan(plan: str, name: str, config: str, snapshot: str, stages: Sequence[Stage], sizes: Sizes) -> str:
    """The text of a training plan; the arguments are those of `render_config`, and where it will lie."""
    return _fill(
        "initial-plan.yaml",
        plan=plan,
        name=name,
        config=config,
        snapshot=snapshot,
        commands=_commands(
            (f"plan {shell_word(plan)}", "what this asks for, without training"),
            (f"train {shell_word(plan)} --output runs/{name}", "run again, it goes on"),
            (f"sample runs/{name} --prompt 'def '", "what the model makes of it"),
        ),
        stages=[(stage, schedule_of(stage.text_bytes, sizes.context_length)) for stage in stages],
        rows=sizes.vocabulary_size,
        context_length=sizes.context_length,
        batch=BATCH,
        presets=[preset for preset in PRESETS if preset != "tiny"],
    )


def _commands(*lines: tuple[str, str]) -> list[str]:
    """Commands with what they tell, one below the other."""
    width = max(len(command) for command, _ in lines)
    return [f"codemill {command:<{width}}  {what}" for command, what in lines]


def _fill(template: str, **values: object) -> str:
    environment = jinja2.Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # YAML, not HTML: `quoted` is what keeps names in their places
    )
    environment.filters |= {
        "quoted": quoted,
        "size": size_words,
        "count": count_words,
        "number": lambda number: f"{number:,}",
        "languages": lambda others: ", ".join(f"{name} ({size_words(size)})" for name, size in others),
        "weights": lambda names: ", ".join(f"{quoted(name)}: 1" for name in names),
    }
    text = files("codemill.templates").joinpath(template).read_text(encoding="utf-8")
    return environment.from_string(text).render(values)
