/* Several stages at work. */
#include "../public/staging.h"

#include <stdint.h>

#define STAGES_MAX 20

/* A pipeline of stages that tell, and their reports. */
struct told {
    tk_process *p;
    size_t count;
    const char *tokens[STAGES_MAX];
    struct report reports[STAGES_MAX];
    const char *in, *out; /* the objects */
};

/* Its stdin stays open, so that all stages stay until the test has looked at them. */
static void start_telling(struct told *t, size_t count)
{
    struct line l = {0};
    *t = (struct told){.count = count};
    for (size_t i = 0; i < count; i++) {
        t->tokens[i] = new_token();
        stage(&l, "tell", t->tokens[i], NULL);
    }
    t->p = run(&l, TK_PIPE);
    t->in = tk_object(tk_stdin_fd(t->p));
    t->out = tk_object(tk_stdout_fd(t->p));
    tk_bytes out = tk_receive(t->p, count * REPORT_SIZE, "the reports of all stages");
    for (size_t i = count; i-- > 0;)
        t->reports[i] = need_report(t->p, out, t->tokens[i], stage_name(i));
}

/* Lets some bytes through all stages, to the end. */
static void finish(struct told *t)
{
    tk_bytes data = tk_random_bytes(1000);
    tk_bytes out = tk_exchange(t->p, data.data, data.size);
    tk_assert_bytes(out, data.data, data.size, "what came through all stages");
    tk_assert_exit(t->p, 0);
}

static bool is_child_now(struct tk_children children, pid_t pid)
{
    for (size_t i = 0; i < children.count; i++)
        if (children.list[i].pid == pid && children.list[i].state != 'Z')
            return true;
    return false;
}

/* The first cannot have ended: it reads what we have not closed yet. */
TK_TEST(all_run_at_the_same_time)
{
    static struct told t;
    start_telling(&t, 5);
    struct tk_children children = tk_children(t.p);
    for (size_t i = 0; i < t.count; i++) {
        assert_child(t.p, &t.reports[i], stage_name(i));
        tk_cause("not_a_child");
        tk_assert(is_child_now(children, t.reports[i].pid), "%s (pid %d) is no running child of pipeline",
                  stage_name(i), t.reports[i].pid);
        tk_cause(NULL);
    }
    finish(&t);
}

TK_TEST(it_waits_without_spinning)
{
    static struct told t;
    start_telling(&t, 3);
    tk_hint("waitpid() without WNOHANG returns when there is something to return for: no loop that looks "
            "again and "
            "again, no sleep.");
    tk_cause("looks_instead_of_waiting");
    tk_assert(tk_blocks(tk_pid(t.p), NULL),
              "all stages wait, but pipeline itself does not: it runs, or sleeps and "
              "runs again");
    tk_cause(NULL);
    finish(&t);
}

TK_TEST(twenty_stages)
{
    static struct told t;
    start_telling(&t, 20);
    assert_joined(t.reports, t.count, t.in, t.out);
    finish(&t);
}

TK_TEST(no_stage_holds_another_pipe_end)
{
    static struct told t;
    start_telling(&t, 4);
    tk_hint(
        "In each child, after dup2(): close both ends of its pipes, and the read end of the pipe that it "
        "writes to. Each number that pipe() gave out, and that the child has inherited, goes before exec, "
        "or is marked O_CLOEXEC.");
    for (size_t i = 0; i < t.count; i++) {
        const struct report *r = &t.reports[i];
        for (size_t k = 0; k < r->count; k++) {
            if (r->fds[k].number <= 2 || !is_pipe(&r->fds[k]))
                continue;
            tk_blame_open(r->pid, r->fds[k].number);
            tk_cause("descriptor_left_open");
            tk_fail("%s of %zu has descriptor %d open, the %s end of a pipe", stage_name(i), t.count,
                    r->fds[k].number, r->fds[k].writable ? "write" : "read");
        }
    }
    finish(&t);
}

TK_TEST(files_with_blanks_are_counted)
{
    static const char *const make[] = {"make", "0644", "a", "my notes", "two  blanks", " * ", "$HOME", NULL};
    tk_assert_exit(tk_spawn(&(struct tk_how){.program = "stage", .args = make}), 0);
    struct line count = {0}, show = {0};
    command(&count, "ls", NULL);
    command(&count, "wc", "-l", NULL);
    tk_bytes out = tk_receive_all(run(&count, TK_NULL));
    tk_assert(out.size > 0, "pipeline ls -- wc -l has printed nothing");
    tk_assert_int(atoi((const char *)out.data), 5, "the number that pipeline ls -- wc -l prints");
    command(&show, "cat", "my notes", " * ", NULL);
    command(&show, "cat", "-", "two  blanks", NULL);
    tk_hint("Nobody but a shell splits words at blanks: hand each argument on as it is.");
    tk_assert_exit(run(&show, TK_NULL), 0);
}

TK_TEST(it_has_clean_memory)
{
    struct line l = {0};
    tk_bytes data = tk_random_bytes(1000);
    for (int i = 0; i < 2; i++)
        command(&l, "cat", NULL);
    tk_process *p = run(&l, TK_PIPE);
    tk_exchange(p, data.data, data.size);
    tk_wait(p);
}

TK_SUITE(tk_test(all_run_at_the_same_time), tk_test(it_waits_without_spinning), tk_test(twenty_stages),
         tk_test(no_stage_holds_another_pipe_end), tk_test(files_with_blanks_are_counted),
         tk_test(it_has_clean_memory))
