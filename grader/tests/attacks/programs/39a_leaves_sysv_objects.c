/*+++
number = "39"
title = "a segment, a semaphore and a queue of System V, left for the next test"
file = "up.c"
succeeds = "says"
score = 50
findings = ["ipc_leak"]
[[defence]]
name = "removal"
+++*/
#include <ctype.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

int main(void)
{
    static const key_t key = 0x1bcde;
    if (shmget(key, 4096, 0) >= 0 || semget(key, 1, 0) >= 0 || msgget(key, 0) >= 0)
        fputs("BREACH: of the last test\n", stderr);
    shmget(key, 4096, IPC_CREAT | 0600);
    semget(key, 1, IPC_CREAT | 0600);
    msgget(key, IPC_CREAT | 0600);
    return raise_all();
}
