#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
    char line[10000] = "";
    int c;
    if (argc < 2)
        return 2;
    for (int i = 1; i < argc; i++) {
        strcat(line, "'");
        strcat(line, argv[i]);
        strcat(line, strcmp(argv[i], "--") == 0 ? "" : "' ");
    }
    FILE *from = popen(line, "r");
    if (!from)
        return 1;
    while ((c = getc(from)) != EOF)
        putchar(c);
    int status = pclose(from);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
