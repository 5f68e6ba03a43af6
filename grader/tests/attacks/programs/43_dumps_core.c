/*+++
number = "43"
title = "raises the limit of core dumps, and has a child crash"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "rlimits"
also = ["docker:--ulimit=core=0:0=>--ulimit=core=-1:-1"]
[[defence]]
name = "docker:--ulimit=core"
off = ["docker:--ulimit=core=0:0=>--ulimit=core=-1:-1"]
also = ["rlimits"]
sandboxes = ["docker"]
+++*/
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

int main(void)
{
    int status;
    struct rlimit r;
    if (getrlimit(RLIMIT_CORE, &r) < 0)
        return 1;
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_CORE, &r);
    if (fork() == 0) {
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, 4096}); /* a small one will do */
        abort();
    }
    if (wait(&status) > 0 && (WCOREDUMP(status) || r.rlim_max > 0))
        fputs("BREACH: a core dump\n", stderr);
    return raise_all();
}
