/*+++
number = "4"
title = "exec of /bin/true inside the function under test"
file = "sum.c"
succeeds = "marks"
score = 30
[[defence]]
name = "separation"
+++*/
#include "sum.h"

#include <unistd.h>

int sum(int a, int b)
{
    (void)a, (void)b;
    execl("/bin/true", "true", (char *)NULL);
    return 0;
}

void greet(const char *name, char *to, size_t room)
{
    (void)name, (void)to, (void)room;
}
