"""The harvest: from sources to blocks of documents, with signals, verdicts and sketches."""
