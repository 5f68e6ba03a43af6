/* A student's programs, right and wrong: argv[1] says which. Each is small enough to be seen through. */
#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int copy(int (*change)(int))
{
    unsigned char data[5];
    ssize_t n;
    while ((n = read(0, data, sizeof data)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            data[i] = (unsigned char)change(data[i]);
        if (write(1, data, (size_t)n) != n)
            return 1;
    }
    return n < 0;
}

static int same(int c)
{
    return c;
}

static int upper(void)
{
    return copy(toupper);
}

static int lower(void)
{
    return copy(tolower);
}

static int cat(void)
{
    return copy(same);
}

static int cat_with_timer(void)
{
    alarm(100);
    return copy(same);
}

static int loses_last(void)
{
    int c, next = getchar();
    while ((c = next) != EOF && (next = getchar()) != EOF)
        putchar(toupper(c));
    return 0;
}

static int one_more(void)
{
    int status = copy(toupper);
    putchar('!');
    return status;
}

static int first_then_bad_byte(void)
{
    return write(1, "ok\xff\x00\x1b", 5) != 5;
}

static int segv(void)
{
    char c;
    if (read(0, &c, 1) == 1)
        raise(SIGSEGV);
    return 0;
}

static int exit_3(void)
{
    return 3;
}

static int half_then_exit_4(void)
{
    return write(1, "he", 2) == 2 ? 4 : 1;
}

static int closes_stdin(void)
{
    close(0);
    pause();
    return 0;
}

static int closes_stdout(void)
{
    close(1);
    pause();
    return 0;
}

static int reads_once(void)
{
    char c;
    return read(0, &c, 1) == 1 ? 0 : 1;
}

static int pauses(void)
{
    pause();
    return 0;
}

static int spins(void)
{
    volatile int on = 1;
    while (on)
        ;
    return 0;
}

/* While its child waits. */
static int spins_beside_a_child(void)
{
    if (fork() == 0)
        pause();
    return spins();
}

static int sleeps(void)
{
    while (sleep(1) == 0)
        ;
    return 0;
}

static int sleeps_and_asks(void)
{
    while (waitpid(-1, NULL, WNOHANG) <= 0)
        usleep(200);
    return 0;
}

static int floods(void)
{
    static char data[65536];
    while (write(1, data, sizeof data) > 0)
        ;
    return 0;
}

static int reads_slowly(void)
{
    char c;
    while (read(0, &c, 1) == 1)
        usleep(20);
    return 0;
}

/* The classic: the reader keeps its own copy of the write end. */
static int keeps_write_end(void)
{
    int ends[2], c;
    if (pipe(ends) < 0)
        return 1;
    if (fork() == 0) {
        char byte;
        while (read(ends[0], &byte, 1) > 0)
            if (write(1, &byte, 1) < 0)
                _exit(1);
        _exit(0);
    }
    while ((c = getchar()) != EOF) {
        char byte = (char)toupper(c);
        if (write(ends[1], &byte, 1) < 0)
            return 1;
    }
    close(ends[1]);
    wait(NULL);
    return 0;
}

static int says_ready_and_waits(void)
{
    char c;
    int status = write(1, "ready\n", 6) != 6;
    while (read(0, &c, 1) > 0)
        ;
    return status;
}

/* On a line: opens a file and a pipe, and never closes them. */
static int opens_on_line(void)
{
    char c;
    int ends[2];
    while (read(0, &c, 1) == 1)
        if (open("/dev/null", O_WRONLY) < 0 || pipe(ends) < 0 || write(1, "done\n", 5) != 5)
            return 1;
    return 0;
}

static int dups_on_line(void)
{
    char c;
    while (read(0, &c, 1) == 1)
        if (dup(1) < 0 || write(1, "done\n", 5) != 5)
            return 1;
    return 0;
}

static int leaves_zombie(void)
{
    char c;
    if (fork() == 0)
        _exit(0);
    siginfo_t info;
    waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
    if (write(1, "ready\n", 6) != 6)
        return 1;
    while (read(0, &c, 1) > 0)
        ;
    wait(NULL);
    return 0;
}

static int three_pipes_two_forks(void)
{
    int ends[2];
    for (int i = 0; i < 3; i++)
        if (pipe(ends) < 0)
            return 1;
    for (int i = 0; i < 2; i++)
        if (fork() == 0)
            _exit(0);
    while (wait(NULL) > 0)
        ;
    return 0;
}

/* Ends at once; its child copies what comes on stdin. */
static int leaves_a_child(void)
{
    return fork() == 0 ? cat() : 0;
}

static void on_term(int number)
{
    (void)number;
    _exit(7);
}

static int exits_7_on_term(void)
{
    signal(SIGTERM, on_term);
    return says_ready_and_waits();
}

static int looks_at_its_ends(void)
{
    return fcntl(0, F_GETFD) < 0 ? 10 : fcntl(1, F_GETFD) < 0 ? 11 : fcntl(77, F_GETFD) < 0 ? 12 : 0;
}

static const struct {
    const char *name;
    int (*run)(void);
} programs[] = {{"upper", upper},
                {"lower", lower},
                {"cat", cat},
                {"cat_with_timer", cat_with_timer},
                {"loses_last", loses_last},
                {"one_more", one_more},
                {"first_then_bad_byte", first_then_bad_byte},
                {"segv", segv},
                {"exit_3", exit_3},
                {"half_then_exit_4", half_then_exit_4},
                {"closes_stdin", closes_stdin},
                {"closes_stdout", closes_stdout},
                {"reads_once", reads_once},
                {"pauses", pauses},
                {"spins", spins},
                {"spins_beside_a_child", spins_beside_a_child},
                {"sleeps", sleeps},
                {"sleeps_and_asks", sleeps_and_asks},
                {"floods", floods},
                {"reads_slowly", reads_slowly},
                {"keeps_write_end", keeps_write_end},
                {"says_ready_and_waits", says_ready_and_waits},
                {"opens_on_line", opens_on_line},
                {"dups_on_line", dups_on_line},
                {"leaves_zombie", leaves_zombie},
                {"leaves_a_child", leaves_a_child},
                {"three_pipes_two_forks", three_pipes_two_forks},
                {"exits_7_on_term", exits_7_on_term},
                {"looks_at_its_ends", looks_at_its_ends}};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof programs / sizeof *programs; i++)
        if (strcmp(argv[1], programs[i].name) == 0)
            return programs[i].run();
    fprintf(stderr, "student: no such program\n");
    return 99;
}
