/*+++
number = "59"
title = "burns its time in grandchildren that nobody waits for"
file = "up.c"
succeeds = "marks"
score = 40
findings = ["resource_limit"]
args.limits = {cpu_ms = 400}
[[defence]]
name = "limit:cpu_ms"
also = ["limit:wall_ms"]
+++*/
#include <ctype.h>
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
    while (now.tv_sec == 0 && now.tv_nsec < 200000000);
}

int main(void)
{
    int alive[2];
    char c;
    if (pipe(alive) < 0)
        return 1;
    for (int i = 0; i < 6; i++) {
        const pid_t child = fork();
        if (child == 0) {
            setsid();
            if (fork() == 0)
                burn();
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
    close(alive[1]);
    if (read(alive[0], &c, 1) != 0) /* the end of them all */
        return 1;
    return raise_all();
}
