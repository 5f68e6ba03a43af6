/*
 * One of two consumers is killed, wherever it is just then: in bb_get, perhaps with the lock. The others have
 * to go on, or to fail; they must not wait for ever. Only after the kill do the producers come to their end.
 */
#include "buffer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define CAP    2
#define BEFORE 2 /* items that are put before the kill, perhaps */
#define ITEMS  4

static _Noreturn void the_victim(bb *b)
{
    int64_t item;
    while (bb_get(b, &item) == 1)
        ;
    _exit(0);
}

static _Noreturn void produce(bb *b, int killed)
{
    char word;
    for (int i = 0; i < ITEMS; i++) {
        if (i == BEFORE && read(killed, &word, 1) != 1)
            _exit(9);
        if (bb_put(b, i) != 0)
            _exit(1); /* it says that it cannot go on: that is right, too */
    }
    bb_done(b);
    _exit(0);
}

/* What comes after the kill is in order, and the victim took at most one item more than it can have said. */
static int consume(bb *b)
{
    int64_t item, last = -1;
    int got, missing = 0;
    while ((got = bb_get(b, &item)) == 1) {
        if (item <= last || item >= ITEMS) {
            fprintf(stderr, "after a consumer was killed, item %lld came after item %lld\n", (long long)item,
                    (long long)last);
            return 1;
        }
        for (int64_t i = last + 1; i < item; i++)
            missing += i >= BEFORE;
        last = item;
    }
    for (int64_t i = last + 1; got == 0 && i < ITEMS; i++)
        missing += i >= BEFORE;
    if (missing > 0) {
        fprintf(stderr, "%d items that were put after a consumer had been killed were lost\n", missing);
        return 1;
    }
    return 0;
}

int main(void)
{
    int ends[2], status;
    bb *b = bb_create(CAP, 1);
    if (b == NULL || pipe(ends) < 0)
        return 9;
    pid_t victim = fork();
    if (victim == 0)
        the_victim(b);
    pid_t producer = fork();
    if (producer == 0)
        produce(b, ends[0]);
    kill(victim, SIGKILL);
    if (waitpid(victim, &status, 0) != victim || write(ends[1], "k", 1) != 1)
        return 9;
    int bad = consume(b);
    if (waitpid(producer, &status, 0) != producer || (status != 0 && status != 1 << 8))
        bad = 9;
    bb_destroy(b);
    return bad;
}
