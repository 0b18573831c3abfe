"""What a manifest tells about a file that is not in it: whether its name alone keeps it out, unread."""

from __future__ import annotations

from collections.abc import Iterator

from filtering.languages import language_of
from schemas.manifest import Manifest
from schemas.sources import VERSION_CONTROL


def passed_over(manifest: Manifest, name: str) -> Iterator[str]:
    """Reasons, in words, for which no source read a file of this name; none where names decide nothing."""
    sources = {source: config for source, config in manifest.config["sources"].items() if "languages" in config}
    folders = VERSION_CONTROL.intersection(name.split("/"))
    if folders and any(config["kind"] == "directory" for config in sources.values()):
        yield f"{min(folders)} folders are passed over unread"
    language = language_of(name)
    taking = sorted(source for source, config in sources.items() if language in config["languages"])
    if len(taking) == 1:
        yield f"source {taking[0]} takes {language} files, and this was not among them"
    elif taking:
        yield f"sources {', '.join(taking)} take {language} files, and this was not among them"
    elif sources:
        taken = sorted({taken for config in sources.values() for taken in config["languages"]})
        kind = f"its name says {language}" if language else "its name tells no language"
        yield f"every source passes such a file over unread: {kind}, taken are {', '.join(taken)}"
