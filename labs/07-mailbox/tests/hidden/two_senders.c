/* Two senders and a receiver at a mailbox with room for two: whatever the order of events, nothing is lost,
 * nothing is doubled, and the two messages of each sender come in order. */
#include "mailbox.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME    "two-senders"
#define SENDERS 2
#define EACH    2
#define ROOM    8

static int send_all(char who)
{
    mb *m = mb_open(NAME);
    if (m == NULL)
        return 1;
    for (int i = 0; i < EACH; i++) {
        char text[2] = {who, (char)('0' + i)};
        if (mb_send(m, text, sizeof text, -1) != 0)
            return 1;
    }
    return mb_close(m) == 0 ? 0 : 1;
}

static int receive_all(mb *m)
{
    int next[SENDERS] = {0};
    for (int i = 0; i < SENDERS * EACH; i++) {
        char text[ROOM];
        pid_t from;
        ssize_t n = mb_recv(m, text, sizeof text, &from, -1);
        int who = n == 2 ? text[0] - 'a' : -1;
        if (who < 0 || who >= SENDERS || text[1] != '0' + next[who]) {
            fprintf(stderr, "a message was lost, came twice, or in the wrong order\n");
            return 1;
        }
        next[who]++;
    }
    return 0;
}

int main(void)
{
    int status, bad = 0;
    if (mb_create(NAME, 2, ROOM) != 0) {
        fprintf(stderr, "mb_create failed\n");
        return 1;
    }
    for (int i = 0; i < SENDERS; i++)
        if (fork() == 0)
            _exit(send_all((char)('a' + i)));
    mb *m = mb_open(NAME);
    if (m == NULL) {
        fprintf(stderr, "mb_open returned NULL\n");
        return 1;
    }
    bad = receive_all(m);
    for (int i = 0; i < SENDERS; i++)
        if (wait(&status) < 0 || status != 0)
            bad = 1;
    mb_close(m);
    return mb_delete(NAME) == 0 ? bad : 1;
}
