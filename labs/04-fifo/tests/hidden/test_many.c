/* Both programs of the student's, several clients at the same time. */
#include "../public/serving.h"

TK_TEST(fserver_serves_many_fclients)
{
    enum { CLIENTS = 12 };
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path), *fclient[CLIENTS];
    tk_bytes words[CLIENTS];
    tk_settles(fserver);
    /* Has both ends open: a server that opens its FIFO anew leaves no gap in which a request could be lost.
     */
    must(ask(tester, "open", 0, "rwn", path, NO_DATA));
    for (int i = 0; i < CLIENTS; i++) {
        words[i] = random_word(i % 2 ? 20 : 3000);
        const char *const args[] = {path, (const char *)words[i].data, NULL};
        fclient[i] = tk_spawn(&(struct tk_how){.program = "fclient", .args = args, .in = TK_NULL});
    }
    for (int i = 0; i < CLIENTS; i++) {
        tk_bytes reply = upper_cased(words[i]);
        tk_assert_bytes(tk_receive_all(fclient[i]), reply.data, reply.size,
                        tk_string("what client %d of %d printed", i + 1, CLIENTS));
        tk_assert_exit(fclient[i], 0);
    }
}

TK_SUITE(tk_test(fserver_serves_many_fclients))
