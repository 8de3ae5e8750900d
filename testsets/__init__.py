"""Synthetic test sets: truth is drawn first, then a text is written from it. `python -m testsets`."""
