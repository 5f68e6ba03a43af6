#include "testkit.h"

#include <signal.h>
#include <sys/wait.h>

TK_TEST(litter_costs_nobody)
{
    int status = tk_wait(tk_start("litter"));
    tk_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "the peer %s", tk_describe_status(status));
    const char *const three[] = {"3", NULL};
    tk_assert_exit(tk_spawn(&(struct tk_how){.program = "litter", .args = three}), 3);
}

TK_SUITE(tk_test(litter_costs_nobody))
