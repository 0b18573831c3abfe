from __future__ import annotations

import pickle

from pipelines.sources.elements import FileRejected
from schemas.reasons import Reject


def test_file_rejected_crosses_process_borders() -> None:
    error = pickle.loads(pickle.dumps(FileRejected(Reject.TRUNCATED_FILE, "line 3", "cut off")))
    assert (error.reason, error.place, error.detail) == (Reject.TRUNCATED_FILE, "line 3", "cut off")
    assert str(error) == "truncated_file at line 3: cut off"
    assert str(FileRejected(Reject.CORRUPT_FILE, "", "bad")) == "corrupt_file: bad"
