// A ticket office on System V IPC: customers send requests in a message queue, clerks sell seats from a plan
// in a segment under a semaphore and answer by type; SEM_UNDO everywhere, keys from ftok, everything removed
// at the end.
// ARGS: 4 2 3
// OUTPUT: seats 8, sold 8, refused 4, each seat sold once: yes
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROWS  2
#define SEATS 4

struct request {
    long type; /* 1 */
    pid_t customer;
    int row; /* -1: the office closes */
};
struct answer {
    long type;     /* the customer's pid */
    int row, seat; /* -1: sold out */
};
#define SIZE(s) (sizeof(s) - sizeof(long))

struct plan {
    pid_t owner[ROWS][SEATS];
    int sold, refused;
};

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static int queue, plan_id, lock_id;
static struct plan *plan;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void lock(void)
{
    struct sembuf op = {0, -1, SEM_UNDO};
    while (semop(lock_id, &op, 1) == -1)
        if (errno != EINTR)
            die("semop");
}

static void unlock(void)
{
    struct sembuf op = {0, 1, SEM_UNDO};
    if (semop(lock_id, &op, 1) == -1)
        die("semop");
}

static void open_office(void)
{
    char name[] = "office-XXXXXX";
    int fd = mkstemp(name);
    if (fd == -1)
        die("mkstemp");
    key_t key = ftok(name, 'T');
    if (key == -1)
        die("ftok");
    queue = msgget(key, IPC_CREAT | IPC_EXCL | 0600);
    plan_id = shmget(key, sizeof(struct plan), IPC_CREAT | IPC_EXCL | 0600);
    lock_id = semget(key, 1, IPC_CREAT | IPC_EXCL | 0600);
    close(fd);
    unlink(name);
    union semun one = {.val = 1};
    if (queue == -1 || plan_id == -1 || lock_id == -1 || semctl(lock_id, 0, SETVAL, one) == -1)
        die("open_office");
    plan = shmat(plan_id, NULL, 0);
    if (plan == (void *)-1)
        die("shmat");
}

static int sell(pid_t customer, int row, int *seat)
{
    for (int r = 0; r < ROWS; r++) { /* the wished row first */
        int look = (row + r) % ROWS;
        for (*seat = 0; *seat < SEATS; ++*seat)
            if (plan->owner[look][*seat] == 0) {
                plan->owner[look][*seat] = customer;
                plan->sold++;
                return look;
            }
    }
    plan->refused++;
    *seat = -1;
    return -1;
}

static void clerk(void)
{
    struct request r;
    for (;;) {
        if (msgrcv(queue, &r, SIZE(r), 1, 0) == -1)
            die("msgrcv");
        if (r.row < 0)
            exit(0);
        struct answer a = {.type = r.customer};
        lock();
        a.row = sell(r.customer, r.row, &a.seat);
        unlock();
        if (msgsnd(queue, &a, SIZE(a), 0) == -1)
            die("msgsnd");
    }
}

static void customer(int n, int wishes)
{
    int wrong = 0;
    for (int i = 0; i < wishes; i++) {
        struct request r = {.type = 1, .customer = getpid(), .row = (n + i) % ROWS};
        struct answer a;
        if (msgsnd(queue, &r, SIZE(r), 0) == -1)
            die("msgsnd");
        if (msgrcv(queue, &a, SIZE(a), getpid(), 0) == -1)
            die("msgrcv");
        if (a.seat >= 0) {
            lock();
            wrong += plan->owner[a.row][a.seat] != getpid();
            unlock();
        }
    }
    exit(wrong != 0);
}

int main(int argc, char **argv)
{
    int customers = argc > 1 ? atoi(argv[1]) : 3, clerks = argc > 2 ? atoi(argv[2]) : 1,
        wishes = argc > 3 ? atoi(argv[3]) : 2;
    if (argc > 4 || customers < 1 || clerks < 1 || wishes < 1 || customers + clerks > 40) {
        fprintf(stderr, "usage: %s [CUSTOMERS [CLERKS [WISHES]]]\n", argv[0]);
        return 2;
    }
    open_office();
    pid_t pid[40];
    for (int i = 0; i < customers + clerks; i++) {
        pid[i] = fork();
        if (pid[i] == -1)
            die("fork");
        if (pid[i] == 0 && i < clerks)
            clerk();
        if (pid[i] == 0)
            customer(i - clerks, wishes);
    }
    int bad = 0;
    for (int i = clerks; i < clerks + customers; i++) {
        int status;
        if (waitpid(pid[i], &status, 0) == -1)
            die("waitpid");
        bad |= status;
    }
    for (int i = 0; i < clerks; i++) {
        struct request close_down = {.type = 1, .row = -1};
        if (msgsnd(queue, &close_down, SIZE(close_down), 0) == -1)
            die("msgsnd");
    }
    while (wait(NULL) > 0)
        ;
    printf("seats %d, sold %d, refused %d, each seat sold once: %s\n", ROWS * SEATS, plan->sold,
           plan->refused, bad ? "no" : "yes");
    if (shmdt(plan) == -1 || shmctl(plan_id, IPC_RMID, NULL) == -1 || semctl(lock_id, 0, IPC_RMID) == -1 ||
        msgctl(queue, IPC_RMID, NULL) == -1)
        die("closing");
    return 0;
}
