/*+++
number = "54"
title = "the counters of the processor"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "calls"
also = ["docker:--security-opt=seccomp=>--security-opt=seccomp=unconfined"]
[[defence]]
name = "docker:--security-opt=seccomp"
off = ["docker:--security-opt=seccomp=>--security-opt=seccomp=unconfined"]
also = ["calls"]
sandboxes = ["docker"]
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/syscall.h>
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
    struct perf_event_attr clock = {.type = PERF_TYPE_SOFTWARE,
                                    .size = sizeof clock,
                                    .config = PERF_COUNT_SW_CPU_CLOCK,
                                    .exclude_kernel = 1,
                                    .exclude_hv = 1};
    if (syscall(SYS_perf_event_open, &clock, 0, -1, -1, 0) >= 0)
        fputs("BREACH: perf\n", stderr);
    return raise_all();
}
