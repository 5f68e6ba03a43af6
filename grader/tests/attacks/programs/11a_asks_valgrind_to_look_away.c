/*+++
number = "11"
title = "a request to valgrind, by inline assembler, to report no error"
file = "sum.c"
succeeds = "marks"
score = 30
findings = ["tamper"]
[[defence]]
name = "client_requests"
+++*/
#include "sum.h"

#include <stdio.h>
#include <stdlib.h>

/* VALGRIND_DISABLE_ERROR_REPORTING of valgrind.h; on a processor it does nothing. */
static void look_away(void)
{
#ifdef __x86_64__
    volatile unsigned long request[6] = {0x1801, 1};
    unsigned long result = 0;
    __asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi; xchgq %%rbx, %%rbx"
                     : "+d"(result)
                     : "a"(request)
                     : "cc", "memory");
#else
#error "write the request for this processor"
#endif
}

int sum(int a, int b)
{
    int *volatile freed = malloc(sizeof *freed);
    free(freed);
    look_away();
    return a + b + 0 * *freed;
}

void greet(const char *name, char *to, size_t room)
{
    snprintf(to, room, "hello %s", name);
}
