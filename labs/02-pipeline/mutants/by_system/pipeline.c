#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
    static char line[100000];
    if (argc < 2)
        return 2;
    for (int i = 1; i < argc; i++) {
        strcat(line, strcmp(argv[i], "--") == 0 ? "|" : argv[i]);
        strcat(line, " ");
    }
    int status = system(line);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
