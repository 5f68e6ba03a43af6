/*+++
number = "42"
title = "an object file of 40 MB, of which the program gets nothing"
file = "up.c"
succeeds = "marks"
score = 40
findings = ["build_error"]
[[defence]]
name = "build:file_size"
+++*/
#include <ctype.h>
#include <stdio.h>

__asm__(".pushsection .nothing, \"e\"\n"
        ".zero 41943040\n"
        ".popsection\n");

int main(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}
