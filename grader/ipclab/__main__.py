"""`python3 -m ipclab`: the command line (cli.py)."""

import sys

from ipclab.cli import main

sys.exit(main())
