/* Two pipes, one child, one thread, two processes that move data. */
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static void *thread(void *arg)
{
    return arg;
}
int main(void)
{
    int one[2], two[2];
    char buf[64];
    pthread_t t;
    if (pipe(one) < 0 || pipe(two) < 0 || pthread_create(&t, NULL, thread, NULL))
        return 1;
    pthread_join(t, NULL);
    pid_t child = fork();
    if (child == 0) {
        close(one[1]);
        ssize_t n;
        while ((n = read(one[0], buf, sizeof buf)) > 0)
            if (write(1, buf, (size_t)n) != n)
                _exit(1);
        _exit(0);
    }
    close(one[0]);
    ssize_t n;
    while ((n = read(0, buf, sizeof buf)) > 0)
        if (write(one[1], buf, (size_t)n) != n)
            return 1;
    close(one[1]);
    return waitpid(child, NULL, 0) != child;
}
