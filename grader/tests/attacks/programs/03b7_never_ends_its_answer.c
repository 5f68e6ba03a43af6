/*+++
number = "3b"
title = "an answer that says it has a mebibyte, and bytes without end"
file = "sum.c"
succeeds = "marks"
score = 30
findings = ["tamper"]
[[defence]]
name = "hostile link"
why = "the caps and types of the judge's decoder are its very code: there is no judge without them"
+++*/
#include "sum.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINK 200 /* where a driver has its end of the link to the judge */

int sum(int a, int b)
{
    static const unsigned char header[] = {0, 16, 0, 0};
    static unsigned char zeros[65536];
    (void)a, (void)b;
    send(LINK, header, sizeof header, MSG_NOSIGNAL);
    while (send(LINK, zeros, sizeof zeros, MSG_NOSIGNAL) > 0) /* until the judge has gone */
        ;
    _exit(0);
}

void greet(const char *name, char *to, size_t room)
{
    (void)name, (void)to, (void)room;
}
