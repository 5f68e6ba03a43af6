/*+++
number = "3b"
title = "an answer that is 4 GiB long, by its own words"
file = "sum.c"
succeeds = "marks"
score = 30
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
    static const unsigned char answer[] = {255, 255, 255, 255, 'i', 0, 0, 0, 0, 0, 0, 0, 5};
    (void)a, (void)b;
    send(LINK, answer, sizeof answer, MSG_NOSIGNAL);
    _exit(0);
}

void greet(const char *name, char *to, size_t room)
{
    (void)name, (void)to, (void)room;
}
