// A calculator that is asked through one FIFO and answers through another; the two programs make them,
// whoever comes first.
// START: calculator ask-{unique} answer-{unique}
// START: asker ask-{unique} answer-{unique}
// SORTED
// OUTPUT: calculator: 3 questions
// OUTPUT: 2 + 3 = 5
// OUTPUT: 10 - 4 = 6
// OUTPUT: 6 * 7 = 42
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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
    if (argc != 3)
        return 2;
    FILE *in = open_fifo(argv[1], "r"), *out = open_fifo(argv[2], "w");
    int a, b, questions = 0;
    char op;
    while (fscanf(in, "%d %c %d", &a, &op, &b) == 3) {
        fprintf(out, "%d\n", op == '+' ? a + b : op == '-' ? a - b : a * b);
        fflush(out);
        questions++;
    }
    fclose(in);
    fclose(out);
    unlink(argv[1]);
    unlink(argv[2]);
    printf("calculator: %d questions\n", questions);
    return 0;
}
