/*+++
number = "3b"
title = "a field that is longer than the message that it is in"
file = "sum.c"
succeeds = "marks"
score = 50
findings = ["tamper"]
[[defence]]
name = "hostile link"
why = "the caps and types of the judge's decoder are its very code: there is no judge without them"
+++*/
#include "sum.h"

#include <sys/socket.h>
#include <unistd.h>

#define LINK 200 /* where a driver has its end of the link to the judge */

int sum(int a, int b)
{
    return a + b;
}

void greet(const char *name, char *to, size_t room)
{
    static const unsigned char answer[] = {0, 0, 0, 9, 'b', 255, 255, 255, 255, 'h', 'i', 0, 0};
    (void)name, (void)to, (void)room;
    send(LINK, answer, sizeof answer, MSG_NOSIGNAL);
    _exit(0);
}
