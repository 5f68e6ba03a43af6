/*
 * The first thread waits for a signal with a timeout, and an ignored signal comes; then another thread executes a program,
 * which takes over the process. Nothing of the interrupted call may be put into the new program.
 * It is linked statically, and has nothing between its first instruction and its first calls that would cover that up.
 * EXPECT: no finding
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_t first;

/* Until the first thread sleeps in its wait, as /proc tells. */
static void until_it_waits(void)
{
    char path[64], text[64];
    do {
        text[0] = '\0';
        snprintf(path, sizeof path, "/proc/self/task/%d/wchan", (int)getpid());
        FILE *f = fopen(path, "r");
        if (!f || !fgets(text, sizeof text, f))
            text[0] = '\0';
        if (f)
            fclose(f);
    } while (!strstr(text, "sigtimedwait"));
}

static void *execute(void *unused)
{
    until_it_waits();
    pthread_kill(first, SIGWINCH);
    until_it_waits();
    dup2(open("/dev/null", O_WRONLY), 1);
    execl("/sbin/ldconfig", "ldconfig", "--version", (char *)NULL);
    return unused;
}

int main(void)
{
    pthread_t thread;
    sigset_t set;
    struct timespec long_enough = {60, 0};
    first = pthread_self();
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    pthread_create(&thread, NULL, execute, NULL);
    sigtimedwait(&set, NULL, &long_enough);
    return 9;
}
