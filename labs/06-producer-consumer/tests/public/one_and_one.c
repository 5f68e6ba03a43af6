/* A producer puts three items into a buffer with room for two; a consumer takes three. The end is for other
 * tests. */
#include "buffer.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ITEMS 3

static int produce(bb *b)
{
    for (int64_t i = 0; i < ITEMS; i++)
        if (bb_put(b, 10 + i) != 0)
            return 1;
    return 0;
}

static int consume(bb *b)
{
    for (int i = 0; i < ITEMS; i++) {
        int64_t item = -1;
        int got = bb_get(b, &item);
        if (got != 1 || item != 10 + i) {
            fprintf(stderr, "bb_get returned %d, and item %d is %d\n", got, 10 + i, (int)item);
            return 1;
        }
    }
    return 0;
}

int main(void)
{
    int status;
    bb *b = bb_create(2, 1);
    if (b == NULL) {
        fprintf(stderr, "bb_create(2, 1) returned NULL\n");
        return 1;
    }
    pid_t producer = fork();
    if (producer == 0)
        _exit(produce(b));
    int bad = consume(b);
    if (waitpid(producer, &status, 0) != producer || status != 0) {
        fprintf(stderr, "bb_put failed in the producer\n");
        return 1;
    }
    return bb_destroy(b) == 0 ? bad : 1;
}
