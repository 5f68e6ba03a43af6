#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static FILE *open_fifo(const char *name, const char *mode)
{
    if (mkfifo(name, 0600) < 0 && errno != EEXIST) {
        perror(name);
        exit(1);
    }
    FILE *f = fopen(name, mode);
    if (!f) {
        perror(name);
        exit(1);
    }
    return f;
}

int main(int argc, char **argv)
{
    static const char *const questions[] = {"2 + 3", "10 - 4", "6 * 7"};
    if (argc != 3)
        return 2;
    FILE *out = open_fifo(argv[1], "w"), *in = open_fifo(argv[2], "r");
    for (int i = 0; i < 3; i++) {
        char line[32];
        fprintf(out, "%s\n", questions[i]);
        fflush(out);
        if (!fgets(line, sizeof line, in))
            return 1;
        printf("%s = %s", questions[i], line);
    }
    fclose(out);
    fclose(in);
    return 0;
}
