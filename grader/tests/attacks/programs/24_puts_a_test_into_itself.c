/*+++
number = "24"
title = ".incbin of a hidden test, printed by the program that it is in"
file = "up.c"
succeeds = "says"
score = 40
findings = ["build_error"]
[[defence]]
name = "separate_build"
+++*/
#include <stdio.h>
#include <string.h>

__asm__(".section .rodata\nstolen: .incbin \"test_secret.c\"\n.byte 0\n.previous\n");
extern const char stolen[];

int main(void)
{
    if (strstr(stolen, "TK_TEST"))
        fprintf(stderr, "BREACH\n%s", stolen);
    return 0;
}
