"""How code is compiled for weave; apart from all else, for both that compile it: the kit and the build of a submission."""

LEVEL = "weave"
# Places are addresses of 32 bits, so the program lies at its own address; -fno-builtin keeps memcpy and its like calls,
# which have hooks. -Og moves no access to another line and takes none out of a loop, as -O1 does.
FLAGS = (
    "-Og",
    "-g",
    "-fno-omit-frame-pointer",
    "-fno-builtin",
    "-fno-pie",
    "-fsanitize=thread",
    "-U__SANITIZE_THREAD__",  # the source shall not know that it is looked at
    "--param=tsan-distinguish-volatile=1",
    "--param=tsan-instrument-func-entry-exit=0",
    "-fmax-errors=20",
    "-fdiagnostics-color=never",
    "-fno-diagnostics-show-caret",
)
