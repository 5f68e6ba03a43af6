/* Processes that wait for each other, over the object that argv[1] names: each scenario ends in a deadlock
 * (or in a hang: the last ones) that a post-mortem has to name. The first line of stdout says that all are in
 * place or about to be. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void *shared(size_t size)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* Parent and child meet here once each has what the other will want. */
struct meeting {
    sem_t a, b;
};

static struct meeting *meeting(void)
{
    struct meeting *m = shared(sizeof *m);
    sem_init(&m->a, 1, 0);
    sem_init(&m->b, 1, 0);
    return m;
}

static void meet(struct meeting *m, int child)
{
    sem_post(child ? &m->a : &m->b);
    sem_wait(child ? &m->b : &m->a);
}

static void two_semaphores(void)
{
    sem_t *s = shared(2 * sizeof *s);
    sem_init(&s[0], 1, 0);
    sem_init(&s[1], 1, 0);
    if (fork() == 0) {
        sem_wait(&s[0]);
        sem_post(&s[1]);
        _exit(0);
    }
    sem_wait(&s[1]);
    sem_post(&s[0]);
}

static void named_semaphores(void)
{
    char one[64], two[64];
    snprintf(one, sizeof one, "/knots-one-%d", getpid());
    snprintf(two, sizeof two, "/knots-two-%d", getpid());
    sem_t *a = sem_open(one, O_CREAT, 0600, 0), *b = sem_open(two, O_CREAT, 0600, 0);
    if (fork() == 0) {
        sem_wait(a);
        _exit(0);
    }
    sem_wait(b);
}

static pthread_mutex_t *shared_mutexes(int count)
{
    pthread_mutex_t *m = shared((size_t)count * sizeof *m);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    for (int i = 0; i < count; i++)
        pthread_mutex_init(&m[i], &attributes);
    return m;
}

static void mutexes(int count)
{
    pthread_mutex_t *m = shared_mutexes(count);
    sem_t *all = shared(2 * sizeof *all);
    sem_init(&all[0], 1, 0);
    sem_init(&all[1], 1, 0);
    int me = 0;
    for (int i = 1; i < count && me == 0; i++)
        if (fork() == 0)
            me = i;
    pthread_mutex_lock(&m[me]);
    if (me == 0) { /* everybody has one now, and takes the next one's */
        for (int i = 1; i < count; i++)
            sem_wait(&all[0]);
        for (int i = 1; i < count; i++)
            sem_post(&all[1]);
    } else {
        sem_post(&all[0]);
        sem_wait(&all[1]);
    }
    pthread_mutex_lock(&m[(me + 1) % count]);
}

static void mutex_twice(void)
{
    pthread_mutex_t *m = shared_mutexes(1);
    pthread_mutex_lock(m);
    pthread_mutex_lock(m);
}

static void mutex_of_the_dead(void)
{
    pthread_mutex_t *m = shared_mutexes(1);
    pid_t pid = fork();
    if (pid == 0) {
        pthread_mutex_lock(m);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    pthread_mutex_lock(m);
}

static void private_semaphore(void)
{
    sem_t *s = malloc(sizeof *s);
    sem_init(s, 1, 0);
    pid_t pid = fork();
    if (pid == 0) {
        sem_post(s);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    sem_wait(s);
}

static void system_v_semaphores(void)
{
    int id = semget(IPC_PRIVATE, 2, 0600);
    struct sembuf take[] = {{0, -1, 0}, {1, -2, 0}};
    if (fork() == 0) {
        semop(id, &take[1], 1);
        _exit(0);
    }
    semop(id, &take[0], 1);
}

static void system_v_queues(void)
{
    int one = msgget(IPC_PRIVATE, 0600), two = msgget(IPC_PRIVATE, 0600);
    struct {
        long type;
        char text[8];
    } m = {5, "x"};
    msgsnd(one, &m, sizeof m.text, 0); /* of another type than is waited for */
    if (fork() == 0) {
        msgrcv(one, &m, sizeof m.text, 7, 0);
        _exit(0);
    }
    msgrcv(two, &m, sizeof m.text, 0, 0);
}

static void posix_queues(void)
{
    char one[64], two[64], buffer[64];
    struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = 16};
    snprintf(one, sizeof one, "/knots-one-%d", getpid());
    snprintf(two, sizeof two, "/knots-two-%d", getpid());
    mqd_t a = mq_open(one, O_RDWR | O_CREAT, 0600, &attributes),
          b = mq_open(two, O_RDWR | O_CREAT, 0600, &attributes);
    if (fork() == 0) {
        mq_receive(a, buffer, sizeof buffer, NULL);
        _exit(0);
    }
    mq_receive(b, buffer, sizeof buffer, NULL);
}

static void fifos(void)
{
    mkfifo("one", 0600);
    mkfifo("two", 0600);
    if (fork() == 0) {
        int fd = open("one", O_WRONLY);
        _exit(fd < 0);
    }
    int fd = open("two", O_WRONLY);
    close(fd);
}

static void socket_pair(void)
{
    int s[2];
    char byte;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, s) < 0)
        exit(1);
    if (fork() == 0) {
        close(s[0]);
        _exit(recv(s[1], &byte, 1, 0) < 0);
    }
    close(s[1]);
    recv(s[0], &byte, 1, 0);
}

static void tcp(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char byte;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 1) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) < 0)
        exit(1);
    if (fork() == 0) {
        close(listener);
        int s = socket(AF_INET, SOCK_STREAM, 0);
        _exit(connect(s, (struct sockaddr *)&address, size) < 0 || recv(s, &byte, 1, 0) < 0);
    }
    int s = accept(listener, NULL, NULL);
    recv(s, &byte, 1, 0);
}

static void pipes_of_three(void)
{
    int p[3][2], me = 0;
    char byte;
    for (int i = 0; i < 3; i++)
        if (pipe(p[i]) < 0)
            exit(1);
    for (int i = 1; i < 3 && me == 0; i++)
        if (fork() == 0)
            me = i;
    for (int i = 0; i < 3; i++) { /* reads from its own pipe, writes into the next one's */
        if (i != me)
            close(p[i][0]);
        if (i != (me + 1) % 3)
            close(p[i][1]);
    }
    if (read(p[me][0], &byte, 1) == 1 && write(p[(me + 1) % 3][1], &byte, 1) == 1)
        _exit(0);
}

static void file_locks(int posix)
{
    struct meeting *m = meeting();
    const char *const names[] = {"one", "two"};
    int child = fork() == 0, fds[2];
    for (int i = 0; i < 2; i++)
        fds[i] = open(names[i], O_RDWR | O_CREAT, 0600);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (posix)
        fcntl(fds[child], F_SETLKW, &lock);
    else
        flock(fds[child], LOCK_EX);
    meet(m, child);
    if (posix && child)
        pause(); /* fcntl(2) itself would see the circle: EDEADLK */
    else if (posix)
        fcntl(fds[!child], F_SETLKW, &lock);
    else
        flock(fds[!child], LOCK_EX);
}

static void waits_for_child_that_waits(void)
{
    sem_t *s = shared(sizeof *s);
    sem_init(s, 1, 0);
    pid_t pid = fork();
    if (pid == 0) {
        sem_wait(s);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    sem_post(s);
}

static void one_semaphore(void)
{
    sem_t *s = shared(sizeof *s);
    sem_init(s, 1, 0);
    sem_wait(s);
}

static void one_queue(void)
{
    char name[64], buffer[64];
    struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = 16};
    snprintf(name, sizeof name, "/knots-%d", getpid());
    mqd_t q = mq_open(name, O_RDWR | O_CREAT, 0600, &attributes);
    mq_send(q, "a", 1, 0);
    mq_send(q, "b", 1, 0);
    mq_send(q, "c", 1, 0);
    mq_receive(q, buffer, sizeof buffer, NULL);
}

static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "address"};

static int listener(int queue)
{
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(s, (const struct sockaddr *)&address, sizeof address) < 0 || listen(s, queue) < 0)
        exit(1);
    return s;
}

static void one_listener(void)
{
    accept(listener(1), NULL, NULL);
}

/* The queue has room for one, who is there and not accepted. */
static void one_connector(void)
{
    listener(0);
    for (int i = 0; i < 2; i++)
        connect(socket(AF_UNIX, SOCK_STREAM, 0), (const struct sockaddr *)&address, sizeof address);
}

static void one_datagram(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char byte;
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(s, (struct sockaddr *)&address, sizeof address) < 0)
        exit(1);
    recv(s, &byte, 1, 0);
}

static void condition(void)
{
    struct shared {
        pthread_mutex_t mutex;
        pthread_cond_t changed;
    } *s = shared(sizeof *s);
    pthread_mutexattr_t m;
    pthread_condattr_t c;
    pthread_mutexattr_init(&m);
    pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
    pthread_condattr_init(&c);
    pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&s->mutex, &m);
    pthread_cond_init(&s->changed, &c);
    pthread_mutex_lock(&s->mutex);
    pthread_cond_wait(&s->changed, &s->mutex);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    static const struct {
        const char *name;
        void (*run)(void);
    } all[] = {{"two_semaphores", two_semaphores},
               {"named_semaphores", named_semaphores},
               {"mutex_twice", mutex_twice},
               {"mutex_of_the_dead", mutex_of_the_dead},
               {"private_semaphore", private_semaphore},
               {"system_v_semaphores", system_v_semaphores},
               {"system_v_queues", system_v_queues},
               {"posix_queues", posix_queues},
               {"fifos", fifos},
               {"socket_pair", socket_pair},
               {"tcp", tcp},
               {"pipes_of_three", pipes_of_three},
               {"waits_for_child_that_waits", waits_for_child_that_waits},
               {"one_semaphore", one_semaphore},
               {"one_queue", one_queue},
               {"one_listener", one_listener},
               {"one_connector", one_connector},
               {"one_datagram", one_datagram},
               {"condition", condition}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(what, all[i].name) == 0)
            all[i].run();
    if (strcmp(what, "two_mutexes") == 0)
        mutexes(2);
    if (strcmp(what, "three_mutexes") == 0)
        mutexes(3);
    if (strcmp(what, "flock") == 0)
        file_locks(0);
    if (strcmp(what, "fcntl") == 0)
        file_locks(1);
    return 0;
}
