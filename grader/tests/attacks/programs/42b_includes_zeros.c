/*+++
number = "42"
title = "#include of /dev/zero, which has no end"
file = "up.c"
succeeds = "marks"
score = 40
findings = ["build_error"]
args.build = {memory = 104857600}
[[defence]]
name = "build:memory + build:cpu_ms"
why = "the compiler would take all the memory there is; 42c and 42e prove the limits"
+++*/
#include <ctype.h>

#include "/dev/zero"
int main(void)
{
    return 0;
}
