/*+++
number = "30"
title = "as many threads, where no limit of its own holds it back"
file = "up.c"
succeeds = "says"
score = 40
findings = ["resource_limit"]
[[defence]]
name = "cgroup"
also = ["rlimits"]
sandboxes = ["local"]
+++*/
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

static int gate[2];

static void *wait_at_gate(void *unused)
{
    char c;
    (void)unused;
    return read(gate[0], &c, 1) < 0 ? &gate : NULL;
}

int main(void)
{
    enum { MANY = 300 };
    static pthread_t threads[MANY];
    pthread_attr_t small;
    int made = 0;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    if (pipe(gate) < 0)
        return 1;
    while (made < MANY && pthread_create(&threads[made], &small, wait_at_gate, NULL) == 0)
        made++;
    if (made == MANY)
        fputs("BREACH: 300 threads\n", stderr);
    if (made < MANY)
        sleep(60); /* some were refused: until the limit ends us */
    close(gate[1]);
    for (int i = 0; i < made; i++)
        pthread_join(threads[i], NULL);
    return raise_all();
}
