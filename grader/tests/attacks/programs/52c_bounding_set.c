/*+++
number = "52"
title = "looks for more capabilities than warden has, which a program could bring back"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "docker:--cap-drop"
off = ["docker:--cap-drop=ALL"]
sandboxes = ["docker"]
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

int main(void)
{
    int more = 0;
    for (int i = 0; i <= CAP_LAST_CAP; i++)
        more += i != CAP_SETUID && i != CAP_SETGID && i != CAP_KILL && i != CAP_SYS_PTRACE &&
                prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1;
    if (more > 0)
        fprintf(stderr, "BREACH: %d capabilities\n", more);
    return raise_all();
}
