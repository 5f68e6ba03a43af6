/*+++
number = "3b"
title = "an answer of a mebibyte, all of it quotes and control bytes"
file = "sum.c"
succeeds = "marks"
score = 50
findings = ["wrong_output"]
[[defence]]
name = "hostile link"
why = "the caps and types of the judge's decoder are its very code: there is no judge without them"
+++*/
#include "sum.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINK 200       /* where a driver has its end of the link to the judge */
#define SIZE (1 << 20) /* the most that a message may have */

int sum(int a, int b)
{
    return a + b;
}

/* What the judge quotes in its record, and the record in an event, grows each time. */
void greet(const char *name, char *to, size_t room)
{
    static unsigned char answer[4 + SIZE];
    const unsigned char heads[] = {0, 16, 0, 0, 'b', 0, 15, 255, 251};
    (void)name, (void)to, (void)room;
    memcpy(answer, heads, sizeof heads);
    for (size_t i = sizeof heads; i < sizeof answer; i++)
        answer[i] = "\"\\\x1b\xff"[i % 4];
    for (size_t sent = 0; sent < sizeof answer;) {
        ssize_t n = send(LINK, answer + sent, sizeof answer - sent, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        sent += (size_t)n;
    }
    _exit(0);
}
