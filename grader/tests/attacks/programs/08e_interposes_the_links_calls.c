/*+++
number = "8"
title = "read and send of its own: the driver says what the attacker wants"
file = "sum.c"
succeeds = "marks"
score = 30
findings = ["wrong_output"]
[[defence]]
name = "hostile link"
why = "what the driver says is only data to the judge, who alone knows what is right"
+++*/
#include "sum.h"

#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Each answer is the largest integer, of which nobody has asked the sum. */
ssize_t send(int fd, const void *data, size_t size, int flags)
{
    static const unsigned char largest[] = {0, 0, 0, 9, 'i', 0x7f, 255, 255, 255, 255, 255, 255, 255};
    (void)data;
    return syscall(SYS_sendto, fd, largest, sizeof largest, flags, NULL, 0) < 0 ? -1 : (ssize_t)size;
}

int sum(int a, int b)
{
    return a + b;
}

void greet(const char *name, char *to, size_t room)
{
    (void)name, (void)to, (void)room;
}
