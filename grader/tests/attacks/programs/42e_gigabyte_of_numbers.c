/*+++
number = "42"
title = "an array of 2 GB with its last number given"
file = "up.c"
succeeds = "marks"
score = 40
findings = ["build_error"]
[[defence]]
name = "build:file_size + the size of a program"
why = "a program of that size is no program for the run, which takes 16 MB at most; 42d proves the limit"
+++*/
#include <ctype.h>
#include <stdio.h>

static char numbers[2000000000] = {[1999999999] = 1};

int main(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c) + numbers[0]);
    return 0;
}
