/* What the caller must find as it was: descriptors, children, stdio's buffers, memory. */
#include "../public/asking.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

TK_TEST(ask_leaves_no_descriptor)
{
    struct caller c = start_caller();
    struct tk_fds before = tk_fds(c.driver);
    tk_hint("Close both ends of the pipe in the parent, each as soon as it is not needed any more.");
    ask_for(&c, 5, 6);
    tk_assert_no_new_fd(before, c.driver, "one call of ask_child");
    for (int i = 0; i < 20; i++)
        ask_for(&c, 5, 6);
    tk_assert_no_new_fd(before, c.driver, "21 calls of ask_child");
}

TK_TEST(ask_leaves_no_descriptor_after_failures)
{
    struct caller c = start_caller();
    struct tk_fds before = tk_fds(c.driver);
    tk_hint("Close both ends on every way out of the function, those after an error among them.");
    ask(&c, 5, 6, (struct order_to_f){EXIT, 0});
    tk_assert_no_new_fd(before, c.driver, "a call whose child did not answer");
    if (tell(&c, "forbid_processes") != 1)
        tk_error("RLIMIT_NPROC does not keep the driver from forking: it must not run as the superuser");
    ask(&c, 5, 6, (struct order_to_f){ANSWER, 6});
    tk_assert_no_new_fd(before, c.driver, "a call in which fork failed");
}

TK_TEST(ask_leaves_no_child)
{
    struct caller c = start_caller();
    ask_for(&c, 5, 6);
    tk_assert_no_child(c.driver, "a call of ask_child");
    ask(&c, 5, 6, (struct order_to_f){EXIT, 3});
    tk_assert_no_child(c.driver, "a call whose child did not answer");
    leave(&c);
    tk_wait(c.driver);
}

/* Calls ask_child while the caller has another child. Returns what waitpid says of that one afterwards. */
static int status_of_other_child(const struct caller *c, bool lives, int code)
{
    tk_msg *m = tk_msg_new("start_child");
    tk_put_int(m, lives);
    tk_put_int(m, code);
    tk_call(c->driver, m);
    tk_hint("The caller has another child, which %s. Wait for your own: waitpid() with the pid that fork() "
            "gave you.",
            lives ? "goes on running" : "has ended before the call");
    ask_for(c, 5, 6);
    tk_msg *ended = tk_call(c->driver, tk_msg_new("end_child"));
    bool there = tk_get_int(ended) == 1;
    int status = (int)tk_get_int(ended);
    return there ? status : -1;
}

TK_TEST(ask_leaves_other_children_alone)
{
    for (int lives = 0; lives < 2; lives++) {
        struct caller c = start_caller();
        int code = (int)tk_random_between(1, 100), status = status_of_other_child(&c, lives, code);
        /* To its end, before any verdict: so what it leaves behind does not depend on who is faster. */
        leave(&c);
        tk_wait(c.driver);
        tk_assert(status != -1, "the caller cannot wait for its other child any more: ask_child has done so");
        tk_assert(WIFEXITED(status) && WEXITSTATUS(status) == code,
                  "the caller's other child %s, it should have exited with %d", tk_describe_status(status),
                  code);
    }
}

static int occurrences(tk_bytes in, const char *word)
{
    size_t size = strlen(word);
    int n = 0;
    for (size_t i = 0; i + size <= in.size; i++)
        n += memcmp(in.data + i, word, size) == 0;
    return n;
}

TK_TEST(ask_prints_buffered_text_once)
{
    char text[40];
    struct caller c = start_caller();
    snprintf(text, sizeof text, "<%016llx>", (unsigned long long)tk_random());
    tk_msg *m = tk_msg_new("print");
    tk_put_bytes(m, text, strlen(text));
    if (tk_get_int(tk_call(c.driver, m)) != 1)
        tk_error("the driver could not print");
    ask_for(&c, 5, 6);
    leave(&c);
    tk_bytes printed = tk_receive_all(c.driver);
    int n = occurrences(printed, text);
    tk_cause(n > 1 ? "doubled_stdio" : NULL);
    tk_assert_int(n, 1, "how often the caller's text was printed that was in stdio's buffer before the call");
}

TK_TEST(ask_has_clean_memory)
{
    struct caller c = start_caller();
    ask_for(&c, 5, (int64_t)tk_random());
    ask(&c, 5, 6, (struct order_to_f){EXIT, 0});
    ask_for(&c, 5, (int64_t)tk_random());
    leave(&c);
    tk_wait(c.driver);
}

TK_SUITE(tk_test(ask_leaves_no_descriptor), tk_test(ask_leaves_no_descriptor_after_failures),
         tk_test(ask_leaves_no_child), tk_test(ask_leaves_other_children_alone),
         tk_test(ask_prints_buffered_text_once), tk_test(ask_has_clean_memory))
