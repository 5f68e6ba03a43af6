// Clients and a server on one System V queue: requests have type 1, replies the client's own type. The long
// texts lie in shared memory, one place for each client.
// OUTPUT: gnirts a | gnol rehtona
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#define REQUEST       1L
#define REPLY(client) (10L + (client))

struct message {
    long type;
    int client;
};
#define BODY (sizeof(struct message) - sizeof(long))

typedef char text_t[32];

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void server(int q, text_t *text, int requests)
{
    struct message m;
    while (requests-- > 0) {
        if (msgrcv(q, &m, BODY, REQUEST, 0) < 0)
            die("msgrcv");
        char *s = text[m.client];
        for (size_t i = 0, j = strlen(s) - 1; i < j; i++, j--) {
            char c = s[i];
            s[i] = s[j];
            s[j] = c;
        }
        m.type = REPLY(m.client);
        if (msgsnd(q, &m, BODY, 0) < 0)
            die("msgsnd");
    }
    exit(0);
}

static void client(int q, text_t *text, int me, const char *s)
{
    struct message m = {.type = REQUEST, .client = me};
    strcpy(text[me], s);
    if (msgsnd(q, &m, BODY, 0) < 0 || msgrcv(q, &m, BODY, REPLY(me), 0) < 0)
        die("client");
    exit(strlen(text[me]) == strlen(s) && text[me][0] == s[strlen(s) - 1] ? 0 : 1);
}

int main(void)
{
    int q = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    int shm = shmget(IPC_PRIVATE, 2 * sizeof(text_t), IPC_CREAT | 0600);
    text_t *text = shmat(shm, NULL, 0);
    if (q < 0 || shm < 0 || text == (void *)-1)
        die("setup");
    if (fork() == 0)
        server(q, text, 2);
    if (fork() == 0)
        client(q, text, 0, "a string");
    if (fork() == 0)
        client(q, text, 1, "another long");
    int status, bad = 0;
    while (wait(&status) > 0)
        bad |= status;
    printf("%s | %s\n", text[0], text[1]);
    msgctl(q, IPC_RMID, NULL);
    shmctl(shm, IPC_RMID, NULL);
    return bad != 0;
}
