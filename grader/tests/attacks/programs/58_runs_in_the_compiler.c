/*+++
number = "58"
title = "asks the compiler to load a plugin, and to write files of its own"
file = "up.c"
succeeds = "marks"
score = 70
[[defence]]
name = "no options from a source"
why = "gcc takes no plugin and no file to write from a source; if it did: it runs with the student's uid, limits and filter"
+++*/
#include <ctype.h>
#include <stdio.h>

#pragma GCC optimize("plugin=./up.c")
#pragma GCC optimize("-fdump-tree-all=/work/BREACH")
__attribute__((optimize("-fplugin=/tmp/BREACH.so"))) int main(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}
