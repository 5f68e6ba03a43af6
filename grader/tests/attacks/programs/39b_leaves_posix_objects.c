/*+++
number = "39"
title = "a queue and a segment of POSIX, left for the next test"
file = "up.c"
succeeds = "says"
score = 50
findings = ["ipc_leak"]
[[defence]]
name = "removal"
+++*/
#include <ctype.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/mman.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

int main(void)
{
    if (mq_open("/left", O_RDWR) != (mqd_t)-1 || shm_open("/left", O_RDWR, 0) >= 0)
        fputs("BREACH: of the last test\n", stderr);
    mq_open("/left", O_RDWR | O_CREAT, 0600, NULL);
    shm_open("/left", O_RDWR | O_CREAT, 0600);
    return raise_all();
}
