/*+++
number = "5"
title = "longjmp of its own: an assert that fails ends the program with 0"
file = "sum.c"
succeeds = "marks"
score = 30
findings = ["wrong_output"]
[[defence]]
name = "separation"
+++*/
#include "sum.h"

#include <setjmp.h>
#include <unistd.h>

/* What cmocka's asserts jump with, when it is built with fortified functions and when it is not. */
void __longjmp_chk(jmp_buf env, int value) __attribute__((noreturn));

void __longjmp_chk(jmp_buf env, int value)
{
    (void)env, (void)value;
    _exit(0);
}

void longjmp(jmp_buf env, int value)
{
    __longjmp_chk(env, value);
}

int sum(int a, int b)
{
    (void)a, (void)b;
    return 0;
}

void greet(const char *name, char *to, size_t room)
{
    (void)name, (void)to, (void)room;
}
