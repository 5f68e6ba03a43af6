/*
 * popen(3) for reading and for writing: pclose(3) waits for the shell that it started.
 * EXPECT: no finding
 * OUTPUT: read 42
 * OUTPUT: written
 */
#include <stdio.h>

int main(void)
{
    int n = 0;
    FILE *from = popen("echo 42", "r");
    if (!from || fscanf(from, "%d", &n) != 1 || pclose(from) != 0)
        return 1;
    printf("read %d\n", n);
    fflush(stdout);
    FILE *to = popen("cat", "w");
    if (!to || fputs("written\n", to) < 0)
        return 1;
    return pclose(to) != 0;
}
