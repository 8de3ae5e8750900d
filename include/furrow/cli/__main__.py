"""`python -m furrow.cli`: the same as the command `furrow`."""

from furrow.cli import main

main()
