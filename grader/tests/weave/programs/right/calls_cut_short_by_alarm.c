// Which calls a handler ends with EINTR, with SA_RESTART and without.
// PLAIN: it sleeps for half a minute
// OUTPUT: without SA_RESTART:
// OUTPUT: read: EINTR
// OUTPUT: sem_wait: EINTR
// OUTPUT: wait: EINTR
// OUTPUT: poll: EINTR
// OUTPUT: nanosleep: EINTR
// OUTPUT: with SA_RESTART:
// OUTPUT: read: went on
// OUTPUT: sem_wait: went on
// OUTPUT: wait: went on
// OUTPUT: poll: EINTR
// OUTPUT: nanosleep: EINTR
// OUTPUT: 10 handlers ran
#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t runs;

static void handler(int signo)
{
    (void)signo;
    runs++;
}

static const char *word(long result)
{
    return result >= 0 ? "went on" : errno == EINTR ? "EINTR" : "another error";
}

static void install(int flags)
{
    struct sigaction sa = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&sa.sa_mask);
    sigaction(SIGALRM, &sa, NULL);
}

int main(void)
{
    sem_t *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int fds[2];
    char c;
    if (s == MAP_FAILED || sem_init(s, 1, 0) != 0 || pipe(fds) != 0)
        return 2;
    for (int i = 0; i < 2; i++) {
        install(i ? SA_RESTART : 0);
        printf("%s SA_RESTART:\n", i ? "with" : "without");
        fflush(stdout);
        if (fork() == 0) {
            sleep(5);
            if (write(fds[1], "x", 1) != 1)
                return 3;
            sleep(5);
            sem_post(s);
            sleep(5);
            return 0;
        }
        alarm(1);
        long r = read(fds[0], &c, 1);
        printf("read: %s\n", word(r));
        if (r < 0 && read(fds[0], &c, 1) != 1)
            return 4;
        alarm(1);
        r = sem_wait(s);
        printf("sem_wait: %s\n", word(r));
        if (r < 0)
            sem_wait(s);
        alarm(1);
        r = wait(NULL);
        printf("wait: %s\n", word(r));
        if (r < 0)
            wait(NULL);
        alarm(1);
        printf("poll: %s\n", word(poll(&(struct pollfd){.fd = fds[0], .events = POLLIN}, 1, 3000)));
        alarm(1);
        printf("nanosleep: %s\n", word(nanosleep(&(struct timespec){.tv_sec = 3}, NULL)));
    }
    printf("%d handlers ran\n", (int)runs);
    return 0;
}
