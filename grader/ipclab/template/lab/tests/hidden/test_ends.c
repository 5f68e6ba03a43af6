/* How relay ends, and what it leaves. */
#define _GNU_SOURCE
#include "testkit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What it leaves behind is for the supervisor to see: the test only lets it end. */
TK_TEST(relay_waits_for_its_child)
{
    tk_process *relay = tk_start("relay");
    tk_exchange(relay, "some bytes\n", 11);
    tk_wait(relay);
}

static int file_of(size_t size)
{
    tk_bytes data = tk_random_text(size, TK_WORD);
    int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data.data, data.size) != (ssize_t)data.size || lseek(fd, 0, SEEK_SET) != 0)
        tk_error("cannot make an input: %s", strerror(errno));
    return fd;
}

TK_TEST(relay_ends_when_its_reader_is_gone)
{
    int input = file_of(200000); /* more than a pipe holds */
    tk_process *relay = tk_spawn(&(struct tk_how){.program = "relay", .in = TK_GIVEN, .given_in = input});
    close(input);
    tk_close_stdout(relay);
    tk_wait(relay);
}

/* Starts relay on two descriptors of ours, which we do not keep. */
static tk_process *relay_between(int in, const char *out)
{
    int to = open(out, O_WRONLY | O_CLOEXEC);
    if (in < 0 || to < 0)
        tk_error("cannot open an input, or %s: %s", out, strerror(errno));
    tk_process *relay = tk_spawn(&(struct tk_how){
        .program = "relay", .in = TK_GIVEN, .given_in = in, .out = TK_GIVEN, .given_out = to});
    close(in);
    close(to);
    return relay;
}

/* What fails for every way of writing and reading: a fault in write(2) would miss who uses splice(2). */
TK_TEST(relay_reports_a_failed_write)
{
    tk_cause("error_ignored");
    tk_assert_exit(relay_between(file_of(1), "/dev/full"), 1);
}

TK_TEST(relay_reports_a_failed_read)
{
    tk_cause("error_ignored");
    tk_assert_exit(relay_between(open("/", O_RDONLY | O_CLOEXEC), "/dev/null"), 1);
}

TK_TEST(relay_reports_a_failed_pipe)
{
    const struct tk_fault *none = TK_FAULTS({.call = "pipe", .action = TK_ERRNO, .value = EMFILE});
    tk_process *relay = tk_spawn(&(struct tk_how){.program = "relay", .faults = none});
    tk_exchange(relay, "x", 1);
    tk_cause("error_ignored");
    tk_assert_exit(relay, 1);
}

TK_TEST(relay_reports_a_failed_fork)
{
    tk_process *relay = tk_spawn(&(struct tk_how){.program = "relay", .refuse_fork = true});
    tk_exchange(relay, "x", 1);
    tk_cause("error_ignored");
    tk_assert_exit(relay, 1);
}

TK_SUITE(tk_test(relay_waits_for_its_child), tk_test(relay_ends_when_its_reader_is_gone),
         tk_test(relay_reports_a_failed_write), tk_test(relay_reports_a_failed_read),
         tk_test(relay_reports_a_failed_pipe), tk_test(relay_reports_a_failed_fork))
