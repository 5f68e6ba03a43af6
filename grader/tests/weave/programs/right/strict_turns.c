// Ping and pong: two semaphores pass the turn to and fro; what they print is written by the parent at the
// end.
// OUTPUT: ping pong ping pong ping pong ping pong
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct table {
    sem_t ping, pong;
    char text[64];
    size_t length;
};

static void player(struct table *t, sem_t *mine, sem_t *other, const char *word)
{
    for (int i = 0; i < 4; i++) {
        sem_wait(mine);
        strcpy(t->text + t->length, word);
        t->length += strlen(word);
        sem_post(other);
    }
    exit(0);
}

int main(void)
{
    struct table *t =
        mmap(NULL, sizeof(struct table), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (t == MAP_FAILED || sem_init(&t->ping, 1, 1) || sem_init(&t->pong, 1, 0)) {
        perror("setup");
        return 1;
    }
    if (fork() == 0)
        player(t, &t->ping, &t->pong, "ping ");
    if (fork() == 0)
        player(t, &t->pong, &t->ping, "pong ");
    wait(NULL);
    wait(NULL);
    t->text[t->length - 1] = '\0';
    printf("%s\n", t->text);
    return 0;
}
