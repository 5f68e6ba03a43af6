/*+++
number = "28"
title = "answers learnt by heart from the feedback of an earlier grading"
file = "up.c"
succeeds = "marks"
score = 40
findings = ["wrong_output"]
[[defence]]
name = "fresh_inputs"
+++*/
#include <stdio.h>
#include <string.h>

/* What an earlier grading asked with the seed that the control run has (switches.py). Where the random inputs
 * are made otherwise, they are learnt again: print what is read. */
static const char *const learnt[][2] = {
    {"qxcgnamjwjnaqnqxvlavppiacwkehwroxizucgub", "QXCGNAMJWJNAQNQXVLAVPPIACWKEHWROXIZUCGUB"},
    {"ficoppgjlbnqwbpchibfjfbrorgrxylrnhlvpgggyctmbwvtmfqfwkprdbyh",
     "FICOPPGJLBNQWBPCHIBFJFBRORGRXYLRNHLVPGGGYCTMBWVTMFQFWKPRDBYH"},
};

int main(void)
{
    char in[200] = "";
    fread(in, 1, sizeof in - 1, stdin);
    for (size_t i = 0; i < sizeof learnt / sizeof *learnt; i++)
        if (strcmp(in, learnt[i][0]) == 0)
            fputs(learnt[i][1], stdout);
    return 0;
}
