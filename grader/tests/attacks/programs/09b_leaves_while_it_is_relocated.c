/*+++
number = "9"
title = "an IFUNC resolver leaves with 0 before anything has begun"
file = "sum.c"
succeeds = "marks"
score = 30
[[defence]]
name = "separation"
+++*/
#include "sum.h"

#include <sys/syscall.h>

static int wrong(int a, int b)
{
    (void)a, (void)b;
    return 0;
}

/* The dynamic loader calls it: no function of the C library can be called yet. */
static int (*resolve(void))(int, int)
{
    __asm__ volatile("syscall" : : "a"(SYS_exit_group), "D"(0) : "rcx", "r11", "memory");
    return wrong;
}

int sum(int a, int b) __attribute__((ifunc("resolve")));

void greet(const char *name, char *to, size_t room)
{
    (void)name, (void)to, (void)room;
}
