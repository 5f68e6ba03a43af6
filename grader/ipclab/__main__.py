"""`python3 -m ipclab`: the command line (cli.py)."""

import sys

try:
    from ipclab.cli import main
except KeyboardInterrupt:  # so early that nobody could say so yet
    print("ipclab: interrupted", file=sys.stderr)
    sys.exit(130)

sys.exit(main())
