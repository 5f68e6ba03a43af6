/*+++
number = "42"
title = "a warning and where it comes from, 512 times: 2 MB"
file = "up.c"
succeeds = "marks"
score = 40
findings = ["build_error"]
[[defence]]
name = "build:output"
+++*/
#include <ctype.h>
#include <stdio.h>

#define W0 (void)(0 == 1u - x), x < -1 ? x : -1u, x;
#define W1 W0 W0
#define W2 W1 W1
#define W3 W2 W2
#define W4 W3 W3
#define W5 W4 W4
#define W6 W5 W5
#define W7 W6 W6
#define W8 W7 W7
#define W9 W8 W8

int main(void)
{
    int x = 0;
    W9 for (int c; (c = getchar()) != EOF;) putchar(toupper(c));
    return x;
}
