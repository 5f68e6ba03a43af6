/*+++
number = "42"
title = "#include __FILE__ twice: two to the power of 12 files"
file = "up.c"
succeeds = "marks"
score = 40
findings = ["build_error"]
args.build = {cpu_ms = 300, memory = 536870912}
[[defence]]
name = "build:cpu_ms"
also = ["build:wall_ms"]
+++*/
#ifndef DEPTH
#include <ctype.h>
#include <stdio.h>
#define DEPTH 0

/* A number that a macro names cannot count itself, so each depth says what the next one is. */
#include __FILE__
int main(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}
#elif DEPTH == 0
#undef DEPTH
#define DEPTH 1
#include __FILE__
#undef DEPTH
#define DEPTH 1
#include __FILE__
#undef DEPTH
#define DEPTH 0
#elif DEPTH == 1
#undef DEPTH
#define DEPTH 2
#include __FILE__
#undef DEPTH
#define DEPTH 2
#include __FILE__
#undef DEPTH
#define DEPTH 1
#elif DEPTH == 2
#undef DEPTH
#define DEPTH 3
#include __FILE__
#undef DEPTH
#define DEPTH 3
#include __FILE__
#undef DEPTH
#define DEPTH 2
#elif DEPTH == 3
#undef DEPTH
#define DEPTH 4
#include __FILE__
#undef DEPTH
#define DEPTH 4
#include __FILE__
#undef DEPTH
#define DEPTH 3
#elif DEPTH == 4
#undef DEPTH
#define DEPTH 5
#include __FILE__
#undef DEPTH
#define DEPTH 5
#include __FILE__
#undef DEPTH
#define DEPTH 4
#elif DEPTH == 5
#undef DEPTH
#define DEPTH 6
#include __FILE__
#undef DEPTH
#define DEPTH 6
#include __FILE__
#undef DEPTH
#define DEPTH 5
#elif DEPTH == 6
#undef DEPTH
#define DEPTH 7
#include __FILE__
#undef DEPTH
#define DEPTH 7
#include __FILE__
#undef DEPTH
#define DEPTH 6
#elif DEPTH == 7
#undef DEPTH
#define DEPTH 8
#include __FILE__
#undef DEPTH
#define DEPTH 8
#include __FILE__
#undef DEPTH
#define DEPTH 7
#elif DEPTH == 8
#undef DEPTH
#define DEPTH 9
#include __FILE__
#undef DEPTH
#define DEPTH 9
#include __FILE__
#undef DEPTH
#define DEPTH 8
#elif DEPTH == 9
#undef DEPTH
#define DEPTH 10
#include __FILE__
#undef DEPTH
#define DEPTH 10
#include __FILE__
#undef DEPTH
#define DEPTH 9
#elif DEPTH == 10
#undef DEPTH
#define DEPTH 11
#include __FILE__
#undef DEPTH
#define DEPTH 11
#include __FILE__
#undef DEPTH
#define DEPTH 10
#elif DEPTH == 11
#undef DEPTH
#define DEPTH 12
#include __FILE__
#undef DEPTH
#define DEPTH 12
#include __FILE__
#undef DEPTH
#define DEPTH 11
#endif
