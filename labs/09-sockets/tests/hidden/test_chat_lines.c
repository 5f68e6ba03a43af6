#include "../public/talking.h"

#include <fcntl.h>

TK_TEST(chat_sends_lines_that_come_together)
{
    enum { MANY = 300 };
    static tk_bytes many[MANY];
    struct chat c = talking_at_path();
    about("lines_wait_in_buffer");
    type(&c, "one\ntwo\n\nfour\n");
    hear_line(&c, tk_bytes_of("one"));
    hear_line(&c, tk_bytes_of("two"));
    hear_line(&c, tk_bytes_of(""));
    hear_line(&c, tk_bytes_of("four"));
    about("pieces_not_joined");
    type(&c, "fi");
    tk_settles(c.p);
    about("waits_for_the_rest_of_a_line");
    tell(&c, word(7));
    about("pieces_not_joined");
    type(&c, "ve\nsix\nse");
    hear_line(&c, tk_bytes_of("five"));
    hear_line(&c, tk_bytes_of("six"));
    tk_settles(c.p);
    type(&c, "ven\n");
    hear_line(&c, tk_bytes_of("seven"));
    about("lines_wait_in_buffer");
    tk_bytes all = tk_zeros(0);
    for (int i = 0; i < MANY; i++)
        all = tk_join(all, tk_join(many[i] = word(1 + (size_t)i % 97), tk_bytes_of("\n")));
    tk_send(c.p, all.data, all.size);
    for (int i = 0; i < MANY; i++)
        hear_line(&c, many[i]);
    about("bytes_lost");
    type(&c, "the end"); /* without a newline */
    tk_close_stdin(c.p);
    hear_line(&c, tk_bytes_of("the end"));
}

TK_TEST(chat_takes_the_longest_line)
{
    struct chat c = talking_at_path();
    const tk_bytes text = word(FRAME_MAX), other = word(FRAME_MAX), last = word(FRAME_MAX);
    type(&c, tk_string("%s\n", (char *)text.data));
    hear_line(&c, text);
    tell(&c, other);
    type(&c, tk_string("%s\n%s", (char *)text.data, (char *)last.data));
    tk_close_stdin(c.p);
    hear_line(&c, text);
    hear_line(&c, last);
}

TK_TEST(chat_prints_while_it_cannot_send)
{
    enum { LINES = 1500, LENGTH = 999 };
    struct chat c = talking_at_path();
    tk_bytes all = word(LINES * (LENGTH + 1));
    for (size_t i = LENGTH; i < all.size; i += LENGTH + 1)
        all.data[i] = '\n';
    const size_t taken = tk_send_until_full(c.p, all.data, all.size);
    about("prints_only_when_it_can_send");
    for (int i = 0; i < 3; i++)
        tell(&c, word(20));
    about("bytes_lost");
    size_t at = 0;
    /* Of what waits to be sent only as much is heard as it takes for chat to read all of its input. */
    for (; at + LENGTH < taken && tk_input_unread(c.p) > 0; at += LENGTH + 1) {
        hear_line(&c, part_of(all, at, at + LENGTH));
        tk_settles(c.p);
    }
    /* Then its input ends, while the rest still waits. */
    tk_close_stdin(c.p);
    tk_settles(c.p);
    for (; at + LENGTH < taken; at += LENGTH + 1)
        hear_line(&c, part_of(all, at, at + LENGTH));
    if (at < taken)
        hear_line(&c, part_of(all, at, taken));
    tk_assert(tk_socket_comes(c.line.s) && tk_socket_next(c.line.s) == TK_SOCKET_EOF,
              "chat has sent all, and its end does not come");
}

TK_TEST(chat_reads_a_regular_file)
{
    char path[] = "/tmp/chat-input-XXXXXX";
    const char *lines = "good morning\n\ngoodbye\n";
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0 || unlink(path) < 0 || write(fd, lines, strlen(lines)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        tk_error("a file cannot be made: %s", strerror(errno));
    tk_socket *listener = tk_socket_listen(LOOPBACK);
    const char *const args[] = {tk_string("tcp:%s:%u", LOOPBACK, tk_socket_port(listener)), "anna", NULL};
    struct chat c = {
        .p = tk_spawn(&(struct tk_how){.program = "chat", .args = args, .in = TK_GIVEN, .given_in = fd})};
    c.line = (struct line){.p = c.p, .program = "chat", .waits = "idle", .nick = "anna"};
    about("regular_file_refused");
    c.line.s = tk_socket_accept(listener, c.p, "chat, which connects");
    hear_line(&c, tk_bytes_of("anna"));
    hear_line(&c, tk_bytes_of("good morning"));
    hear_line(&c, tk_bytes_of(""));
    hear_line(&c, tk_bytes_of("goodbye"));
    tk_socket_close(c.line.s);
    close(fd);
}

TK_SUITE(tk_test(chat_sends_lines_that_come_together), tk_test(chat_takes_the_longest_line),
         tk_test(chat_prints_while_it_cannot_send), tk_test(chat_reads_a_regular_file))
