/*+++
number = "8"
title = "printf, fputs and write of its own: FAILED is printed as PASSED"
file = "sum.c"
succeeds = "marks"
score = 30
[args]
verdict = "stdout"
[[defence]]
name = "separation"
+++*/
#include "sum.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char passed[] = "[  PASSED  ] 2 test(s).\n";

/* cmocka's ways to stdout and to stderr */
int __printf_chk(int flag, const char *format, ...)
{
    (void)flag, (void)format;
    return (int)syscall(SYS_write, STDOUT_FILENO, passed, sizeof passed - 1);
}

int fputs(const char *text, void *stream)
{
    (void)text, (void)stream;
    return 0;
}

/* The driver's, for what it says when a call is malformed. */
ssize_t write(int fd, const void *data, size_t size)
{
    (void)data;
    return syscall(SYS_write, fd, passed, sizeof passed - 1) < 0 ? -1 : (ssize_t)size;
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
