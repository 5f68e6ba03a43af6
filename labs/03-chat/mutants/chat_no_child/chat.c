#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    while ((n = getline(&line, &room, stdin)) > 0) {
        if (line[n - 1] == '\n')
            line[n - 1] = '\0';
        if (strcmp(line, "How are you") == 0)
            puts("I am fine thank you");
        else if (strcmp(line, "bye") == 0)
            puts("bye");
        else
            printf("You said: %s\n", line);
        fflush(stdout);
        if (strcmp(line, "bye") == 0)
            break;
    }
    free(line);
    return 0;
}
