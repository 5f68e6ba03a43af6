/*+++
number = "42"
title = "#include of a terminal that nobody types into"
file = "up.c"
succeeds = "marks"
score = 40
findings = ["build_error"]
args.build = {wall_ms = 3000}
[[defence]]
name = "build:wall_ms"
why = "the compiler would wait for ever; 41 proves the limit, which is the same for all that runs"
+++*/
#include <ctype.h>

#include "/dev/ptmx"
int main(void)
{
    return 0;
}
