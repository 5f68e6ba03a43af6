/*
 * The end of input is not tested: the same prompt for ever.
 * OPTIONS: --timeout 3
 * EXPECT: busy_wait/spins or busy_wait/stdin_eof_ignored or output_flood/stdout_flood or resource_limit/output or output_flood/output or output_flood/stdin_eof_ignored
 */
#include <stdio.h>
#include <string.h>

int main(void)
{
    char text[64] = "";
    while (strcmp(text, "quit\n") != 0) {                                                 /* HERE */
        printf("Please type quit, and press the key that is called Return or Enter: "); /* HERE */
        fgets(text, sizeof text, stdin);                                                /* HERE */
    }
    return 0;
}
