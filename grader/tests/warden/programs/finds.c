/* How many System V segments there are, and whether /tmp holds a folder `deep`: 0 if nothing of another is
 * left. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(void)
{
    char line[1000];
    int lines = 0;
    FILE *list = fopen("/proc/sysvipc/shm", "r");
    while (list && fgets(line, sizeof line, list))
        lines += strchr(line, '\n') != NULL;
    return 2 * (lines > 1) + (access("/tmp/deep", F_OK) == 0);
}
