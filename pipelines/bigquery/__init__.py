"""Rows of BigQuery as files: a source's query run once, before the harvest reads what it gave."""
