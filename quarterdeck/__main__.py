"""The command line as `python -m quarterdeck`."""

from quarterdeck.cli import main

main()
