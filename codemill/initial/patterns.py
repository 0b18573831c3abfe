"""From files that were found to the globs that name them and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple

from storage.listing import compile_glob
from storage.uris import join


def escape(path: str) -> str:
    """A path as a glob that matches it alone.

    `*`, `?` and `[` become sets of one; a scheme such as gs:// is left as it is.
    """
    return "".join(f"[{character}]" if character in "*?[" else character for character in path)


class Named(NamedTuple):
    """Files of one source, and the globs that name them."""

    paths: tuple[str, ...]
    names: tuple[str, ...]


def globs(top: str, chosen: Sequence[str], others: Iterable[str], repositories: Sequence[str]) -> list[Named]:
    """Globs for files, as few as can be; one entry for each source.

    A source's files are told apart by their names from a glob's first wildcard on. So all are named from one folder
    where that takes in nothing else, otherwise folder by folder, with a new source where two names would be the same.

    Args:
        top: the folder that was looked at.
        chosen: names of the files, from the top on.
        others: names of the other files there.
        repositories: names of repositories there, whose files are not known.
    """
    folders = sorted({_folder(name) for name in chosen})
    base = _common(folders)
    inside = [name for name in others if below(name, base)]
    if len(folders) > 1 and not any(below(repository, base) for repository in repositories):
        patterns = [f"**/*{escape(ending)}" for ending in sorted({ending_of(name) for name in chosen})]
        expressions = [compile_glob(pattern) for pattern in patterns]
        takes_more = any(e.fullmatch(name[len(base) :].lstrip("/")) for name in inside for e in expressions)
        # A pattern that is the name of a file means that file.
        if not takes_more and {*chosen, *inside}.isdisjoint(join(base, pattern) for pattern in patterns):
            root = escape(place(top, base))
            return [Named(tuple(join(root, pattern) for pattern in patterns), tuple(chosen))]
    return _folder_by_folder(top, chosen, inside)


def place(top: str, name: str) -> str:
    """The path of something below the top; "" is the top itself."""
    return join(top, name) if name else top


def ending_of(name: str) -> str:
    """A file's ending with its packing, such as `.jsonl.zst`."""
    stem, dot, ending = name.rpartition("/")[2].rpartition(".")
    if ending in ("gz", "zst") and "." in stem:
        return f".{stem.rpartition('.')[2]}.{ending}"
    return dot + ending if dot else ""


def below(name: str, folder: str) -> bool:
    """Whether a name lies in a folder, at any depth, or is it; all lies in ""."""
    return not folder or name == folder or name.startswith(f"{folder}/")


def _folder_by_folder(top: str, chosen: Sequence[str], others: Iterable[str]) -> list[Named]:
    mixed = {(_folder(name), ending_of(name)) for name in others}
    groups: dict[tuple[str, str], list[str]] = {}
    for name in chosen:
        groups.setdefault((_folder(name), ending_of(name)), []).append(name)
    pieces = []
    for (folder, ending), names in sorted(groups.items()):
        if (folder, ending) in mixed or place(folder, f"*{ending}") in names:
            pieces += [Named((escape(place(top, name)),), (name,)) for name in names]
        else:
            pieces.append(Named((join(escape(place(top, folder)), f"*{escape(ending)}"),), tuple(names)))
    return without_namesakes(pieces, lambda name: name.rpartition("/")[2])


def without_namesakes(pieces: Iterable[Named], called: Callable[[str], str]) -> list[Named]:
    """Put pieces together into as few sources as can be, none with two files or repositories of one name.

    Args:
        pieces: in order.
        called: from a name to what a source calls it, at its shortest.
    """
    sources: list[tuple[Named, set[str]]] = []
    for piece in pieces:
        short = {called(name) for name in piece.names}
        for number, (source, taken) in enumerate(sources):
            if taken.isdisjoint(short):
                sources[number] = (Named(source.paths + piece.paths, source.names + piece.names), taken | short)
                break
        else:
            sources.append((piece, short))
    return [source for source, _ in sources]


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _common(folders: Sequence[str]) -> str:
    """The deepest folder that all of these lie in, themselves included; "" for the top."""
    split = [folder.split("/") for folder in folders]
    return "/".join(names[0] for names in takewhile(lambda names: len(set(names)) == 1, zip(*split, strict=False)))
