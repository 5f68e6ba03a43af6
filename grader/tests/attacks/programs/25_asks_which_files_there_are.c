/*+++
number = "25"
title = "__has_include says which tests lie beside it"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "separate_build"
+++*/
#include <ctype.h>
#include <stdio.h>

#if __has_include("test_secret.c") ||                                                                        \
                  __has_include("../tests/hidden/test_secret.c") ||                                          \
                                __has_include("/work/src/test_secret.c") ||                                  \
                                              __has_include("/work/judge/judge-hidden-test_secret")
#warning BREACH
#endif

int main(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}
