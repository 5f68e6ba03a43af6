/*
 * fopen() fails and its result is used.
 * EXPECT: crash/killed_by_signal
 */
#include <stdio.h>

int main(void)
{
    char text[8];
    FILE *f = fopen("/none/such", "r");
    return fgets(text, sizeof text, f) == NULL; /* HERE */
}
