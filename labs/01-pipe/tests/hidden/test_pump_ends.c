/* How pump ends: with which status, and without leaving a process behind. */
#define _GNU_SOURCE
#include "../public/pumping.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* A file with random letters, at its beginning. No other bytes: what pump makes of a NUL is judged elsewhere,
 * and must not cost a point here whenever the draw happens to begin with one. */
static int file_of(size_t size)
{
    tk_bytes data = tk_random_bytes(size);
    for (size_t i = 0; i < size; i++)
        data.data[i] = (unsigned char)('a' + data.data[i] % 26);
    int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data.data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
        tk_error("cannot make an input of %zu bytes: %s", size, strerror(errno));
    return fd;
}

static int open_or_error(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        tk_error("cannot open %s: %s", path, strerror(errno));
    return fd;
}

/* Starts pump on two descriptors of ours, which we do not keep. */
static tk_process *pump_between(int in, int out)
{
    const struct tk_how how = {
        .program = "pump", .in = TK_GIVEN, .given_in = in, .out = TK_GIVEN, .given_out = out};
    tk_process *pump = tk_spawn(&how);
    close(in);
    close(out);
    return pump;
}

/* Its input is a file of that size, and nobody reads what it prints. */
static tk_process *pump_without_reader(size_t size)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        tk_error("cannot make a pipe: %s", strerror(errno));
    close(ends[0]);
    return pump_between(file_of(size), ends[1]);
}

TK_TEST(pump_ends_when_its_reader_is_gone)
{
    tk_hint("Who writes into a pipe must not hold its read end: only then write() fails once the reader has "
            "ended.");
    tk_wait(pump_without_reader(256 << 10));
}

TK_TEST(pump_reports_that_its_reader_is_gone)
{
    tk_hint("The process that writes knows of the error; the one that was started has to learn it: see "
            "waitpid(2).");
    int status = tk_wait(pump_without_reader(1));
    bool by_sigpipe = WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE;
    tk_cause("error_ignored");
    tk_assert(by_sigpipe || (WIFEXITED(status) && WEXITSTATUS(status) != 0),
              "nobody could read what pump printed, but pump %s", tk_describe_status(status));
}

TK_TEST(pump_leaves_no_process)
{
    tk_hint("Every process of pump has to end when there is nothing more to do: close the pipe ends that it "
            "does not use.");
    tk_wait(pump_without_reader(256 << 10));
}

TK_TEST(pump_leaves_no_zombie)
{
    tk_process *pump = tk_start("pump");
    tk_exchange(pump, "some bytes\n", 11);
    tk_wait(pump);
}

TK_TEST(pump_reports_unreadable_input)
{
    tk_hint("read() returns -1 on an error, and 0 only at the end of the input. Exit with 1 then.");
    tk_cause("error_ignored");
    tk_assert_exit(pump_between(open_or_error("/", O_RDONLY), open_or_error("/dev/null", O_WRONLY)), 1);
    tk_assert_exit(pump_between(open_or_error("/dev/null", O_WRONLY), open_or_error("/dev/null", O_WRONLY)),
                   1);
}

TK_TEST(pump_reports_a_full_disk)
{
    tk_hint("write() returns -1 when the disk is full (ENOSPC), and stdio tells it in fflush() or fclose(). "
            "Exit with 1 then.");
    tk_cause("error_ignored");
    /* One byte: whoever reads stdin is done before anybody can be ended by SIGPIPE. */
    tk_assert_exit(pump_between(file_of(1), open_or_error("/dev/full", O_WRONLY)), 1);
}

TK_TEST(pump_reports_a_failed_fork)
{
    tk_hint("fork() returns -1 when no process can be made: say so on stderr and exit with 1.");
    tk_cause("error_ignored");
    /* With input: a pump that finds none at once may have no use for a child. */
    const struct tk_how how = {
        .program = "pump", .in = TK_GIVEN, .given_in = file_of(10), .refuse_fork = true};
    int status = tk_wait(tk_spawn(&how));
    tk_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1,
              "no process could be made, but pump %s, not with 1", tk_describe_status(status));
}

TK_SUITE(tk_test(pump_reports_a_failed_fork), tk_test(pump_ends_when_its_reader_is_gone),
         tk_test(pump_reports_that_its_reader_is_gone), tk_test(pump_leaves_no_process),
         tk_test(pump_leaves_no_zombie), tk_test(pump_reports_unreadable_input),
         tk_test(pump_reports_a_full_disk))
