/* Both programs of the student's. */
#include "serving.h"

TK_TEST(fserver_and_fclient_work_together)
{
    const char *path = tk_random_name("server");
    tk_process *fserver = ready_fserver(path);
    tk_bytes word = random_word(20), reply = upper_cased(word);
    tk_settles(fserver);
    const char *const args[] = {path, (const char *)word.data, NULL};
    tk_process *fclient = tk_spawn(&(struct tk_how){.program = "fclient", .args = args, .in = TK_NULL});
    tk_assert_bytes(tk_receive_all(fclient), reply.data, reply.size, "what fclient printed");
    tk_assert_exit(fclient, 0);
}

TK_SUITE(tk_test(fserver_and_fclient_work_together))
