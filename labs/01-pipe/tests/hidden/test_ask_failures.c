/* What can go wrong: the child says nothing, there is no pipe, there is no child. */
#include "../public/asking.h"

#include <signal.h>

TK_TEST(ask_reports_a_killed_child)
{
    static const int signals[] = {SIGKILL, SIGSEGV, SIGTERM};
    struct caller c = start_caller();
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct outcome o = ask(&c, 5, 6, (struct order_to_f){DIE, signals[i]});
        tk_assert_int(o.returned, -1, "what ask_child returned after a signal had killed its child");
    }
}

TK_TEST(ask_leaves_result_untouched)
{
    static const struct order_to_f orders[] = {{EXIT, 0}, {EXIT, 7}, {DIE, SIGKILL}};
    struct caller c = start_caller();
    tk_cause("result_set_on_failure");
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        int64_t before = (int64_t)tk_random();
        struct outcome o = ask(&c, 5, before, orders[i]);
        tk_assert_int(o.result, before, "*result after a call without an answer");
    }
}

TK_TEST(ask_reports_a_failed_pipe)
{
    struct caller c = start_caller();
    if (tell(&c, "use_up_descriptors") != 1)
        tk_error("RLIMIT_NOFILE does not keep the driver from opening descriptors");
    int64_t before = (int64_t)tk_random();
    tk_hint("pipe() returns -1 when no descriptor is left (EMFILE): return -1 then, before anything else "
            "happens.");
    struct outcome o = ask(&c, 5, before, (struct order_to_f){ANSWER, 6});
    tk_assert_int(o.returned, -1, "what ask_child returned without a free descriptor");
    tk_assert_int(o.result, before, "*result after a call without a free descriptor");
    tk_assert_int(o.calls, 0, "how often f was called without a free descriptor");

    tk_hint("A failed call must not spoil the next one.");
    if (tell(&c, "give_descriptors_back") != 1)
        tk_error("the driver cannot raise RLIMIT_NOFILE again");
    tk_assert_int(ask_for(&c, 5, 6).returned, 0, "what ask_child returned when there were descriptors again");
}

TK_TEST(ask_reports_a_failed_fork)
{
    struct caller c = start_caller();
    if (tell(&c, "forbid_processes") != 1)
        tk_error("RLIMIT_NPROC does not keep the driver from forking: it must not run as the superuser");
    int64_t before = (int64_t)tk_random();
    tk_hint("fork() returns -1 when no process can be made (EAGAIN): neither branch must run then.");
    struct outcome o = ask(&c, 5, before, (struct order_to_f){ANSWER, 6});
    tk_assert_int(o.returned, -1, "what ask_child returned when fork had failed");
    tk_assert_int(o.result, before, "*result after fork had failed");
    tk_assert_int(o.calls, 0, "how often f was called after fork had failed");
}

TK_SUITE(tk_test(ask_reports_a_killed_child), tk_test(ask_leaves_result_untouched),
         tk_test(ask_reports_a_failed_pipe), tk_test(ask_reports_a_failed_fork))
