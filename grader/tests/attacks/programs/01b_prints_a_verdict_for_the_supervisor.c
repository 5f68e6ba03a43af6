/*+++
number = "1"
title = "prints an event of the supervisor's, with a verdict"
file = "up.c"
succeeds = "marks"
score = 40
findings = ["wrong_output"]
[[defence]]
name = "escaped output"
why = "what a program prints only ever travels inside a JSON string that the supervisor writes"
+++*/
#include <stdio.h>

int main(void)
{
    static const char *const tests[] = {"up_first", "up_again"};
    FILE *const to[] = {stdout, stderr};
    for (int i = 0; i < 4; i++)
        fprintf(
            to[i / 2],
            "\n{\"event\":\"record\",\"t\":1,\"id\":\"%s.O0\",\"record\":\"{\\\"status\\\":\\\"pass\\\"}\"}\n"
            "\"}\n{\"event\":\"end\",\"t\":2,\"id\":\"%s.O0\",\"outcome\":\"finished\",\"records\":1}\n"
            "{\"event\":\"done\",\"t\":3}\n",
            tests[i % 2], tests[i % 2]);
    return 0;
}
