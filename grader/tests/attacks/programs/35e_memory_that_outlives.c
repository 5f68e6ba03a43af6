/*+++
number = "35"
title = "300 MB in segments that stay when their maker is killed: who is ended next?"
file = "up.c"
succeeds = "says"
score = 40
[[defence]]
name = "limit:memory"
sandboxes = ["local"]
+++*/
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

/* A child for each, so that as many go on as there are left when one is ended. */
static int fill(void)
{
    const int id = shmget(IPC_PRIVATE, 30 << 20, 0600);
    char *memory = shmat(id, NULL, 0);
    if (id < 0 || memory == (char *)-1)
        return 1;
    memset(memory, 1, 30 << 20);
    return 0;
}

int main(void)
{
    int status, filled = 0;
    for (int i = 0; i < 10; i++) {
        if (fork() == 0)
            _exit(fill());
        filled += wait(&status) > 0 && status == 0;
    }
    if (filled == 10)
        fputs("BREACH: 300 MB\n", stderr);
    return raise_all();
}
