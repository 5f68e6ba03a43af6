/* What the tests of boardd -f share. */
#ifndef FAMILY_H
#define FAMILY_H

#include "boards.h"

static inline tk_process *spawn_family(size_t size, bool watch, bool refuse_fork)
{
    const char *const args[] = {"-f", tk_string("%zu", size), NULL};
    return tk_spawn(
        &(struct tk_how){.program = "boardd", .args = args, .watch_data = watch, .refuse_fork = refuse_fork});
}

/* The input ends; what comes now are the notes. */
static inline void assert_family_prints(tk_process *boardd, tk_bytes expected)
{
    tk_close_stdin(boardd);
    tk_bytes out = tk_receive_all(boardd);
    if (out.size == 0)
        tk_cause("memory_not_shared");
    tk_assert_bytes(out, expected.data, expected.size, "what is printed after the last ok");
    tk_cause(NULL);
}

#endif
