/*
 * main of a driver: reads a call from the driver link, runs its handler, sends the answer, until
 * end-of-file. Runs with the student's rights, and the student's code may do to it what it likes.
 *
 * It must not be noticed by what watches the student's code: no heap (memcheck would list it), no
 * stdio, no signal handler, no descriptor besides the two that were passed, and those do not survive an
 * exec.
 */
#include "codec.h"
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EXIT_MALFORMED = 120, EXIT_RETURNED_IN_CHILD = 121 };

struct td_msg {
    struct td_codec_reader reader;
    struct td_codec_writer writer;
    unsigned char data[TD_CODEC_HEADER + TD_CODEC_MAX];
};

/* The judge reads how this ends from the wait status; the text is for the lab's author. */
__attribute__((format(printf, 1, 2))) static _Noreturn void malformed(const char *format, ...)
{
    char text[200] = "driver: ";
    va_list args;
    va_start(args, format);
    vsnprintf(text + 8, sizeof text - 10, format, args);
    va_end(args);
    strcat(text, "\n");
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        _exit(EXIT_MALFORMED);
    _exit(EXIT_MALFORMED);
}

/* ---- what handlers call ------------------------------------------------------------------------- */

int64_t td_get_int(td_msg *m)
{
    int64_t value;
    if (!td_codec_get_int(&m->reader, &value))
        malformed("the call has no integer here (at byte %zu of %zu)", m->reader.at, m->reader.size);
    return value;
}

const void *td_get_bytes(td_msg *m, size_t *size)
{
    const unsigned char *data;
    if (!td_codec_get_bytes(&m->reader, &data, size))
        malformed("the call has no bytes here (at byte %zu of %zu)", m->reader.at, m->reader.size);
    return data;
}

void td_put_int(td_msg *m, int64_t value)
{
    td_codec_put_int(&m->writer, value);
}

void td_put_bytes(td_msg *m, const void *data, size_t size)
{
    td_codec_put_bytes(&m->writer, data, size);
}

/* ---- the link ----------------------------------------------------------------------------------- */

/* Returns the bytes read: fewer than `size` at end-of-file. */
static size_t read_all(unsigned char *data, size_t size)
{
    size_t got = 0;
    while (got < size) {
        ssize_t n = read(TD_LINK_FD, data + got, size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    return got;
}

/* A judge that is gone ends the loop at the next read, so nothing is said here. */
static void send_message(struct td_msg *m)
{
    if (!td_codec_finish(&m->writer))
        malformed("an answer of more than %u bytes", TD_CODEC_MAX);
    size_t sent = 0;
    while (sent < m->writer.size) {
        ssize_t n = send(TD_LINK_FD, m->data + sent, m->writer.size - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return;
        sent += (size_t)n;
    }
}

/* False at end-of-file. */
static bool receive_call(struct td_msg *m)
{
    unsigned char header[TD_CODEC_HEADER];
    size_t length, got = read_all(header, sizeof header);
    if (got == 0)
        return false;
    if (got < sizeof header || !td_codec_length(header, &length) || read_all(m->data, length) < length)
        malformed("the call is cut short or too long");
    m->reader = (struct td_codec_reader){.data = m->data, .size = length};
    return true;
}

static const struct td_call *find(const char *name)
{
    for (size_t i = 0; i < td_calls_count; i++)
        if (strcmp(td_calls[i].name, name) == 0)
            return &td_calls[i];
    malformed("there is no function %s here", name);
}

size_t td_ask_judge(const void *question, size_t size, void *answer, size_t room)
{
    ssize_t n;
    while ((n = send(TD_BACK_FD, question, size, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        ;
    if (n < 0)
        return 0;
    while ((n = recv(TD_BACK_FD, answer, room, 0)) < 0 && errno == EINTR)
        ;
    return n < 0 ? 0 : (size_t)n;
}

int main(void)
{
    static struct td_msg in, out;
    char name[TD_CODEC_NAME + 1];
    const pid_t self = getpid();
    fcntl(TD_LINK_FD, F_SETFD, FD_CLOEXEC);
    fcntl(TD_BACK_FD, F_SETFD, FD_CLOEXEC); /* EBADF where the judge opened none */
    while (receive_call(&in)) {
        if (!td_codec_get_name(&in.reader, name))
            malformed("the call names no function");
        td_codec_start(&out.writer, out.data, sizeof out.data);
        find(name)->handler(&in, &out);
        if (getpid() != self) {
            /* A process that the function forked came back from it. Two processes on one link would be
             * a muddle, so this one says what happened and ends. */
            td_codec_start(&out.writer, out.data, sizeof out.data);
            td_codec_put_name(&out.writer, TD_CODEC_RETURNED_IN_CHILD);
            send_message(&out);
            _exit(EXIT_RETURNED_IN_CHILD);
        }
        if (!td_codec_at_end(&in.reader))
            malformed("the call of %s has fields that its handler did not read", name);
        send_message(&out);
    }
    return 0;
}
