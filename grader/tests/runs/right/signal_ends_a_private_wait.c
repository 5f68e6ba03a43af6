/*
 * A semaphore in shared memory, made for the threads of one process only: its post wakes nobody in another
 * process. But a handler with SA_RESTART makes sem_wait() look again, and then it has to see the new value.
 * EXPECT: no finding
 * OUTPUT: posted, and seen after the signal
 */
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_signal(int number)
{
    (void)number;
}

/* The state letter of a process, or the first of where it sleeps. */
static char read_one(const char *what, pid_t pid, const char *format)
{
    char path[64], text[64] = "", letter = '?';
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, what);
    FILE *f = fopen(path, "r");
    if (f && fgets(text, sizeof text, f))
        sscanf(text, format, &letter);
    if (f)
        fclose(f);
    return letter;
}

static void until_it_sleeps_in_futex(pid_t pid)
{
    while (read_one("stat", pid, "%*d %*s %c") != 'S' || read_one("wchan", pid, "%c") != 'f')
        ;
}

int main(void)
{
    const pid_t parent = getpid();
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sem_t *done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sigaction(SIGUSR1, &action, NULL);
    if (done == MAP_FAILED || sem_init(done, 0, 0) < 0)
        return 1;
    const pid_t posts = fork();
    if (posts == 0) {
        until_it_sleeps_in_futex(parent);
        sem_post(done);
        _exit(0);
    }
    const pid_t signals = fork();
    if (signals == 0) {
        while (read_one("stat", posts, "%*d %*s %c") != 'Z')
            ;
        until_it_sleeps_in_futex(parent);
        kill(parent, SIGUSR1);
        _exit(0);
    }
    if (sem_wait(done) < 0)
        return 1;
    puts("posted, and seen after the signal");
    waitpid(posts, NULL, 0);
    waitpid(signals, NULL, 0);
    return 0;
}
