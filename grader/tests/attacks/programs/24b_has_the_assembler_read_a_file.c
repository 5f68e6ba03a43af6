/*+++
number = "24"
title = ".incbin in assembler"
file = "sum.c"
succeeds = "refused"
status = "rejected"
score = 0
findings = ["rejected"]
[[defence]]
name = "source_checks"
sandboxes = ["local"]
+++*/
#include "sum.h"

#include <stdio.h>

__asm__(".section .rodata\n.incbin \"/etc/hostname\"\n.text");

int sum(int a, int b)
{
    return a + b;
}

void greet(const char *name, char *to, size_t room)
{
    snprintf(to, room, "hello %s", name);
}
