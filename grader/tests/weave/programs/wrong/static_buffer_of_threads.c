// A function that returns a static buffer is called by two threads.
// RACE: FORMAT FORMAT
// RACE: FORMAT USE
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static char *price_text(int cents)
{
    static char text[32];
    sprintf(text, "%d.%02d", cents / 100, cents % 100); /* FORMAT */
    return text;
}

static void *run(void *arg)
{
    char mine[32];
    strcpy(mine, price_text(*(int *)arg)); /* USE */
    return strlen(mine) == 4 ? NULL : arg;
}

int main(void)
{
    int price[2] = {199, 250};
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&t[i], NULL, run, &price[i]) != 0)
            return 1;
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    puts("done");
    return 0;
}
