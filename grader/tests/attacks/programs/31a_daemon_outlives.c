/*+++
number = "31"
title = "a daemon by setsid and two forks that is still there in the next test"
file = "up.c"
succeeds = "says"
score = 50
findings = ["orphan"]
[[defence]]
name = "end"
+++*/
#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

#define NAME "outlives"

static int is_there(void)
{
    DIR *proc = opendir("/proc");
    char path[300], name[32];
    for (struct dirent *e; proc && (e = readdir(proc));) {
        snprintf(path, sizeof path, "/proc/%s/comm", e->d_name);
        FILE *comm = fopen(path, "r");
        const int found = comm && fgets(name, sizeof name, comm) && strcmp(name, NAME "\n") == 0;
        if (comm)
            fclose(comm);
        if (found)
            return 1;
    }
    return 0;
}

static void leave_daemon(void)
{
    const pid_t child = fork();
    if (child > 0) {
        waitpid(child, NULL, 0);
        return;
    }
    setsid();
    if (fork() > 0)
        _exit(0);
    prctl(PR_SET_NAME, NAME);
    close(0), close(1), close(2);
    for (;;)
        pause();
}

int main(void)
{
    if (is_there())
        fputs("BREACH: the daemon of the last test\n", stderr);
    else
        leave_daemon();
    return raise_all();
}
