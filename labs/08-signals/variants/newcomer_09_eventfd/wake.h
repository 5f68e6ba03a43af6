#ifndef WAKE_H
#define WAKE_H
/* Signals as a descriptor: the handler notes the signal and adds 1 to an eventfd. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static volatile sig_atomic_t wake_noted[32];
static int wake_fd = -1;

static void wake_handler(int sig)
{
        int saved = errno;
        uint64_t one = 1;
        wake_noted[sig] = 1;
        if (write(wake_fd, &one, sizeof one) < 0) { /* full: it is readable then */ }
        errno = saved;
}

static inline int wake_open(void)
{
        return wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static inline void wake_on(int sig)
{
        struct sigaction sa = { .sa_handler = wake_handler, .sa_flags = SA_RESTART };
        sigemptyset(&sa.sa_mask);
        sigaction(sig, &sa, NULL);
}

/* first empty it, then look at what has been noted */
static inline void wake_clear(void)
{
        uint64_t n;
        if (read(wake_fd, &n, sizeof n) < 0) { /* nothing in it */ }
}

static inline bool wake_has(int sig)
{
        if (!wake_noted[sig])
                return false;
        wake_noted[sig] = 0;
        return true;
}
#endif
