/*+++
number = "59"
title = "burns its time in many short lives that the kernel counts for nobody: their parent said SA_NOCLDWAIT"
file = "up.c"
succeeds = "marks"
score = 40
findings = ["resource_limit"]
args.limits = {cpu_ms = 200}
[[defence]]
name = "limit:cpu_ms"
also = ["limit:wall_ms"]
+++*/
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

static void burn(void)
{
    struct timespec now;
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    while (now.tv_nsec < 12000000);
}

int main(void)
{
    struct sigaction alone = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
    sigaction(SIGCHLD, &alone, NULL);
    for (int i = 0; i < 40; i++) {
        if (fork() == 0) {
            burn();
            _exit(0);
        }
        while (wait(NULL) > 0)
            ;
    }
    return raise_all();
}
