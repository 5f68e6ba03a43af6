/*
 * fork() while another thread has a mutex: the child gets a copy of the locked mutex and no thread that would unlock it.
 * EXPECT: hang/lock_not_shared or hang/lock_holder_gone or hang/waits_for_lock
 */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int has_it[2], go_on[2];

static void *holder(void *unused)
{
    char byte;
    pthread_mutex_lock(&lock);
    write(has_it[1], "x", 1);
    read(go_on[0], &byte, 1);
    pthread_mutex_unlock(&lock);
    return unused;
}

int main(void)
{
    pthread_t t;
    char byte;
    if (pipe(has_it) < 0 || pipe(go_on) < 0)
        return 1;
    pthread_create(&t, NULL, holder, NULL);
    read(has_it[0], &byte, 1);
    pid_t pid = fork();
    if (pid == 0) {
        pthread_mutex_lock(&lock); /* HERE */
        _exit(0);
    }
    write(go_on[1], "x", 1);
    pthread_join(t, NULL);
    waitpid(pid, NULL, 0);
    return 0;
}
