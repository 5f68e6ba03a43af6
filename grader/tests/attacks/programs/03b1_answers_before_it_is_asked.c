/*+++
number = "3b"
title = "an answer before the question"
file = "sum.c"
succeeds = "marks"
score = 30
[[defence]]
name = "hostile link"
why = "the caps and types of the judge's decoder are its very code: there is no judge without them"
+++*/
#include "sum.h"

#include <sys/socket.h>

#define LINK 200 /* where a driver has its end of the link to the judge */

/* Whether the judge has asked by then or not: this number is the sum of nothing that it asks for. */
__attribute__((constructor)) static void answer(void)
{
    static const unsigned char minus_one[] = {0, 0, 0, 9, 'i', 255, 255, 255, 255, 255, 255, 255, 255};
    send(LINK, minus_one, sizeof minus_one, MSG_NOSIGNAL);
}

int sum(int a, int b)
{
    return a + b;
}

void greet(const char *name, char *to, size_t room)
{
    (void)name, (void)to, (void)room;
}
