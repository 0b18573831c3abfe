"""A shard of what the blocks gave to it: records, provenance and a marker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa

from pipelines.jobs.exchange import Exchange
from pipelines.shards.contribution import DOCUMENT, Contribution
from pipelines.shards.packing import Packer, packing_of
from pipelines.shards.plan import PlannedSplit
from pipelines.tables import write_table
from pipelines.tokens.corpus_tokenizer import id_bytes
from pipelines.tokens.links import NO_LINKS, from_bytes, repository_order
from pipelines.workspace import Dataset, write_json
from schemas.config import BuildConfig
from schemas.documents import ID_TYPE, PROVENANCE_SCHEMA
from schemas.keyed_hash import copy_ids
from schemas.record_layout import RecordLayout
from schemas.shard_file import write_shard
from storage.files import join
from tokenization.packing.records import Documents, Form, record_order


class WriteShard(beam.DoFn):
    """(shard number, contributions) -> shard, provenance and marker on storage; emits nothing."""

    def __init__(
        self,
        config: BuildConfig,
        planned: tuple[PlannedSplit, ...],
        layout: RecordLayout,
        packer: Packer,
        dtype: np.dtype[Any],
        output: str,
        dataset: Dataset,
    ) -> None:
        self._config = config
        self._planned = planned
        self._layout = layout
        self._packer = packer
        self._dtype = dtype
        self._output = output
        self._dataset = dataset

    def process(self, element: tuple[int, Iterable[Contribution]]) -> Iterator[None]:
        number, contributions = element
        split = next(s for s in self._planned if s.first <= number < s.first + s.shards)
        index = number - split.first
        packing = packing_of(self._config, split.stage, split.split)
        parts = list(contributions)
        documents = np.frombuffer(b"".join(Exchange.get(part.documents) for part in parts), DOCUMENT)
        ids, copies, lengths = (np.ascontiguousarray(documents[name]) for name in ("id", "copy", "tokens"))
        tokens = np.frombuffer(b"".join(Exchange.get(part.tokens) for part in parts), self._dtype)
        keyed = copy_ids(ids, copies)
        if packing.by_repository:
            links = pa.concat_tables([NO_LINKS, *(from_bytes(Exchange.get(part.links)) for part in parts)])
            places = split.order_of(self._config.seed, copy_ids(id_bytes(links["group"]), copies))
            order = repository_order(places, ids, copies, links)
        else:
            words = ids.view(">u8")
            order = np.lexsort((copies, words[:, 1], words[:, 0], split.order_of(self._config.seed, keyed)))
        del parts
        packed = self._packer.pack(packing, Documents(tokens, np.r_[0, np.cumsum(lengths)], order), keyed)
        name = split.name(index)
        order_in_file = record_order(self._config.seed, name, len(packed.records))
        written = write_shard(join(self._output, name), self._layout, packed.records, order_in_file)
        pieces = packed.pieces
        document = pieces.document
        provenance = pa.table(
            [
                pa.FixedSizeBinaryArray.from_buffers(ID_TYPE, document.size, [None, pa.py_buffer(ids[document])]),
                copies[document],
                documents["key"][document],
                pieces.first,
                pieces.tokens,
                pieces.start,
                pieces.ids,
                pieces.form,
            ],
            PROVENANCE_SCHEMA,
        )
        write_table(join(self._output, split.provenance_name(index)), provenance)
        rewritten = pieces.form != Form.PLAIN
        ends = pieces.first + pieces.tokens == lengths[document]
        write_json(
            self._dataset.path("shards", f"{number:06d}.json"),
            {
                "name": name,
                "records": written.records,
                "bytes": written.bytes,
                "sha256": written.sha256,
                "documents": len(order),
                "document_tokens": int(lengths.sum()),
                "rewritten": int((pieces.ids - pieces.tokens).sum()),
                "separators": packed.separators,
                "padding": packed.padding,
                "pieces": int(document.size),
                "rewritten_pieces": int(rewritten.sum()),
                "cut_rewritten": int((rewritten & ~ends).sum()),
            },
        )
        yield from ()
