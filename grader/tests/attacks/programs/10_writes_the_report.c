/*+++
number = "10"
title = "sends cmocka's report elsewhere, and writes one of its own"
file = "sum.c"
succeeds = "marks"
score = 30
findings = ["wrong_output"]
[args]
verdict = "xml"
[[defence]]
name = "separation"
+++*/
#include "sum.h"

#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void forge(void)
{
    setenv("CMOCKA_MESSAGE_OUTPUT", "XML", 1);
    setenv("CMOCKA_XML_FILE", "/dev/null", 1);
    FILE *out = fopen("out.xml", "w");
    if (!out)
        return;
    fputs("<testsuites><testsuite name=\"tests\" tests=\"2\" failures=\"0\" "
          "errors=\"0\"></testsuite></testsuites>\n",
          out);
    fclose(out);
}

int sum(int a, int b)
{
    (void)a, (void)b;
    return 0;
}

void greet(const char *name, char *to, size_t room)
{
    (void)name, (void)to, (void)room;
}
