"""`python3 -m ipclab`: the command line (cli.py)."""

import signal
import sys

try:
    # The launcher holds SIGINT back while Python starts, which would answer it with a traceback.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    from ipclab.cli import main

    code = main()
except KeyboardInterrupt:  # before or after main() could say so
    print("ipclab: interrupted", file=sys.stderr)
    code = 130
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # all has been said: Python's own end would answer with a traceback too
sys.exit(code)
