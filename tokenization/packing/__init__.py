"""Documents to records: concatenated or fitted, rewritten for filling in the middle, ordered by what imports what.

Whatever the way, every id of every document is predicted exactly once, its separator too, and the ids before it in the
document are its context as far as the record reaches back.
"""
