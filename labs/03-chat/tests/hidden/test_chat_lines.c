/* Which lines, how long, and in which pieces they come. */
#include "../public/chatting.h"

static struct talk nothing(void)
{
    static const char *const lines[] = {NULL};
    return talk_of(lines);
}

static void assert_talk(const struct talk *t)
{
    tk_assert_exit(talk_all(t), 0);
}

TK_TEST(chat_compares_whole_lines)
{
    static const char *const lines[] = {"How are you?", "How are you ", " How are you",
                                        "how are you",  "How",          "How are you today?",
                                        "bye bye",      "bye ",         "Bye",
                                        "by",           "goodbye",      "I am fine thank you",
                                        "You said: x",  "%s%d%%",       NULL};
    const struct talk t = talk_of(lines);
    assert_talk(&t);
}

TK_TEST(chat_takes_an_empty_line)
{
    static const char *const lines[] = {"", "", "x", "", "How are you", NULL};
    const struct talk t = talk_of(lines);
    tk_hint("An empty line is a message of length 0: not the end, and not to be passed over.");
    assert_talk(&t);
}

TK_TEST(chat_takes_a_last_line_without_newline)
{
    static const char *const lines[] = {"Hello", "last", NULL}, *const two[] = {"Hello", "How are you", NULL},
                             *const bye[] = {"Hello", "bye", NULL};
    struct talk talks[] = {talk_of(lines), talk_of(two), talk_of(bye)};
    for (int i = 0; i < 3; i++) {
        talks[i].lines.size--;
        assert_talk(&talks[i]);
    }
}

TK_TEST(chat_takes_many_lines_at_once)
{
    struct talk t = nothing();
    for (int i = 0; i < 300; i++)
        say(&t, i % 7 == 3 ? tk_bytes_of("How are you") : random_line((size_t)tk_random_between(1, 60)));
    assert_talk(&t);
}

/* Every read, of each process, brings three bytes at most. Not where there are sockets: recv() with
 * MSG_WAITALL may count on all that it asks for. */
static void talk_with_short_reads(void)
{
    static const char *const lines[] = {"Hello", "How are you", "a longer line than the others", "x", NULL};
    const struct talk t = talk_of(lines);
    tk_process *chat = talk_all(&t);
    if (tk_calls(chat, "socketpair") > 0)
        return;
    chat = tk_spawn(&(struct tk_how){
        .program = "chat", .faults = TK_FAULTS({.call = "read", .nth = 0, .action = TK_SHORT, .value = 3})});
    tk_cause("short_read_ignored");
    tk_bytes out = tk_exchange(chat, t.lines.data, t.lines.size);
    tk_assert_bytes(out, t.replies.data, t.replies.size,
                    "what chat printed when each read brought 3 bytes at most");
    tk_assert_exit(chat, 0);
    tk_cause(NULL);
}

TK_TEST(chat_takes_lines_in_pieces)
{
    talk_with_short_reads();
    tk_process *chat = tk_start("chat");
    const char *in = tk_object(tk_stdin_fd(chat));
    tk_wait_blocked(chat, "read", in);
    tk_send(chat, "How a", 5);
    tk_wait_blocked(chat, "read", in);
    tk_send(chat, "re you\nHel", 10);
    tk_bytes out = tk_receive(chat, 20, "the reply to a line that came in two pieces");
    tk_assert_bytes(out, "I am fine thank you\n", 20, "the reply to a line that came in two pieces");
    tk_send(chat, "lo\n", 3);
    tk_close_stdin(chat);
    out = tk_receive_all(chat);
    tk_assert_bytes(out, SAID "Hello\n", 16, "the reply to the next line");
    tk_assert_exit(chat, 0);
}

static void talk_of_length(size_t size)
{
    struct talk t = nothing();
    say(&t, random_line(size));
    say(&t, tk_bytes_of("Hello"));
    assert_talk(&t);
}

/* Every length up to 600, and some more: whoever sends in pieces has a border somewhere. */
TK_TEST(chat_takes_long_lines)
{
    static const size_t sizes[] = {1013, 1014, 1023, 1024, 1025, 2048, 4085,
                                   4086, 4087, 4095, 4096, 4097, 5000};
    for (size_t first = 1; first <= 600; first += 100) {
        struct talk t = nothing();
        for (size_t size = first; size < first + 100; size++)
            say(&t, random_line(size));
        assert_talk(&t);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        talk_of_length(sizes[i]);
}

TK_TEST(chat_takes_lines_larger_than_a_pipe)
{
    talk_of_length(65536);
    talk_of_length(200000);
    talk_of_length(1048566);
}

/* In lines of 50 bytes, so that their length is no matter; the first byte is 255. */
TK_TEST(chat_keeps_every_byte)
{
    unsigned char data[50];
    size_t size = 0;
    struct talk t = nothing();
    for (int i = 0; i < 512; i++) {
        unsigned char byte = (unsigned char)(i * 7 + 255);
        if (byte == 0 || byte == '\n')
            continue;
        data[size++] = byte;
        if (size == sizeof data) {
            say(&t, tk_copy(data, size));
            size = 0;
        }
    }
    say(&t, tk_copy(data, size));
    say(&t, tk_bytes_of("\tHello\r"));
    tk_process *chat = tk_start("chat");
    tk_bytes out = tk_exchange(chat, t.lines.data, t.lines.size);
    tk_cause(out.size == t.replies.size ? "bytes_changed" : NULL);
    tk_assert_bytes(out, t.replies.data, t.replies.size, "what chat printed");
    tk_assert_exit(chat, 0);
}

TK_TEST(chat_has_clean_memory)
{
    static const char *const lines[] = {"Hello", "How are you", "", NULL};
    struct talk t = talk_of(lines);
    say(&t, random_line(3000));
    say(&t, tk_bytes_of("bye"));
    tk_process *chat = tk_start("chat");
    tk_exchange(chat, t.lines.data, t.lines.size);
    tk_wait(chat);
}

TK_SUITE(tk_test(chat_compares_whole_lines), tk_test(chat_takes_an_empty_line),
         tk_test(chat_takes_a_last_line_without_newline), tk_test(chat_takes_many_lines_at_once),
         tk_test(chat_takes_lines_in_pieces), tk_test(chat_takes_long_lines),
         tk_test(chat_takes_lines_larger_than_a_pipe), tk_test(chat_keeps_every_byte),
         tk_test(chat_has_clean_memory))
