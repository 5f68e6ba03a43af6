/*+++
number = "3b"
title = "a child answers while its parent does so too"
file = "sum.c"
succeeds = "marks"
score = 30
[[defence]]
name = "hostile link"
why = "the caps and types of the judge's decoder are its very code: there is no judge without them"
+++*/
#include "sum.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINK 200 /* where a driver has its end of the link to the judge */

int sum(int a, int b)
{
    static const unsigned char one[] = {0, 0, 0, 9, 'i', 0, 0, 0, 0, 0, 0, 0, 1};
    pid_t child = fork();
    if (child == 0)
        _exit(send(LINK, one, sizeof one, MSG_NOSIGNAL) < 0);
    waitpid(child, NULL, 0);
    return a + b;
}

void greet(const char *name, char *to, size_t room)
{
    (void)name, (void)to, (void)room;
}
