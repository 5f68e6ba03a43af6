/*+++
number = "27"
title = "reads the supervisor's plan, in which each test's seed stands"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "unprivileged"
sandboxes = ["docker"]
+++*/
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* In a container it comes as a file. Elsewhere it has no name, and is closed before any test. */
int main(void)
{
    char line[400];
    FILE *plan = fopen("/work/plan", "r");
    while (plan && fgets(line, sizeof line, plan))
        if (strncmp(line, "seed ", 5) == 0)
            fprintf(stderr, "BREACH: %s", line);
    if (plan)
        fclose(plan);
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}
