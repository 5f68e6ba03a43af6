/* editor: signals that come when it matters. */
#include "../public/editing.h"

/* ---- just before it waits ------------------------------------------------------------------------------ */

#define ANSWER "lines 0 unsaved 0"

/* In which of these it waits, one does not know: so each is tried by itself. */
static const struct {
    const char *call;
    const int *fd;
} waits[] = {{"poll", NULL}, {"suspend", NULL}, {"read", TK_FD(0)},
             {"read", NULL}, {"sleep", NULL},   {"lock", NULL}};

/* Until "ready"; what is answered before that is noted. False if it does not come to that: the signal came
 * earlier, as it makes such a call on the way. */
static bool is_ready(tk_process *p, bool *answered)
{
    for (;;) {
        if (!tk_output_comes(p))
            await_ready(p);
        if (!tk_output_pending(p))
            return false;
        tk_bytes line = tk_receive_line(p, "\"ready\"");
        if (tk_same(line, tk_bytes_of("ready\n")))
            return true;
        assert_line(line, ANSWER, "what editor prints");
        *answered = true;
    }
}

/* Did the signal come just before the first such call of editor's? Then it must have been obeyed. */
static void assert_obeyed_before(const char *call, const int *fd)
{
    bool answered = false;
    tk_process *p = start_editor(
        tk_random_name("notes"),
        TK_FAULTS({.call = call, .nth = 1, .who = TK_MAIN, .fd = fd, .action = TK_SIGNAL, .value = SIGUSR1}));
    if (!is_ready(p, &answered))
        return;
    tk_settles(p);
    if (tk_faults_injected(p) > 0 && !answered)
        assert_line(hear(p, SIGUSR1, ANSWER, "signal_missed_before_wait"), ANSWER,
                    "the answer to a SIGUSR1 that came just before editor began to wait");
    put_away(p);
}

TK_TEST(editor_misses_no_signal_before_it_waits)
{
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
        assert_obeyed_before(waits[i].call, waits[i].fd);
}

/* ---- as soon as it is ready ------------------------------------------------------------------------------
 */

static void assert_ready_for(int number, const char *answer)
{
    tk_process *p = start_editor(tk_random_name("notes"), TK_FAULTS({.call = "write",
                                                                     .nth = 1,
                                                                     .who = TK_MAIN,
                                                                     .fd = TK_FD(STDOUT_FILENO),
                                                                     .action = TK_SIGNAL,
                                                                     .value = number}));
    bool ready = false, answered = !answer;
    while (!ready || !answered) {
        if (!tk_output_comes(p)) {
            tk_cause("signal_unanswered");
            tk_fail("%s came just before \"ready\" was written, and nothing came of it", signal_name(number));
        }
        if (!tk_output_pending(p))
            break;
        tk_bytes line = tk_receive_line(p, "\"ready\" and the answer to a signal");
        if (answer && tk_same(line, tk_bytes_of(tk_string("%s\n", answer))))
            answered = true;
        else
            assert_line(line, "ready", "what editor prints");
        ready |= tk_same(line, tk_bytes_of("ready\n"));
    }
    if (answer && ready && answered) {
        put_away(p);
        return;
    }
    tk_cause("signal_unanswered");
    tk_assert(tk_output_comes(p), "%s came just before \"ready\" was written, and nothing came of it",
              signal_name(number));
    const int status = tk_wait(p);
    tk_cause("handler_too_late");
    tk_assert(!WIFSIGNALED(status), "%s came just before \"ready\" was written, and ended editor",
              signal_name(number));
    tk_cause(NULL);
    tk_assert(!answer && WEXITSTATUS(status) == 0, "%s came just before \"ready\" was written, and editor %s",
              signal_name(number), tk_describe_status(status));
}

TK_TEST(editor_is_ready_for_signals_when_it_says_so)
{
    assert_ready_for(SIGTERM, NULL);
    assert_ready_for(SIGUSR1, "lines 0 unsaved 0");
    assert_ready_for(SIGALRM, "autosaved");
    assert_ready_for(SIGHUP, "reloaded 0");
    assert_ready_for(SIGINT, QUESTION);
}

/* ---- several at the same time
 * ------------------------------------------------------------------------------ */

/* Which of the answers is it? */
static int answer_number(tk_bytes line)
{
    static const char *const begin[] = {"autosaved\n", "reloaded ", "lines "};
    for (int i = 0; i < 3; i++)
        if (strncmp((char *)line.data, begin[i], strlen(begin[i])) == 0)
            return i;
    return -1;
}

TK_TEST(editor_obeys_each_of_several_signals)
{
    static const int numbers[] = {SIGALRM, SIGHUP, SIGUSR1};
    const char *path = tk_random_name("notes");
    bool seen[3] = {false, false, false};
    tk_process *p = ready_editor(path);
    type(p, random_lines(2));
    tk_signal(p, SIGSTOP);
    tk_wait_blocked(p, "stop", NULL);
    for (int i = 0; i < 3; i++)
        tk_signal(p, numbers[i]);
    tk_signal(p, SIGCONT);
    for (int i = 0; i < 3; i++) {
        const int missing = !seen[0] ? 0 : !seen[1] ? 1 : 2;
        if (!tk_output_comes(p)) {
            tk_cause("signals_overwrite_each_other");
            tk_fail("SIGALRM, SIGHUP and SIGUSR1 came at the same time, and nothing came of %s",
                    signal_name(numbers[missing]));
        }
        if (!tk_output_pending(p))
            fail_ended(p, numbers[missing], "the answers to three signals");
        tk_bytes line = tk_receive_line(p, "the answers to three signals");
        const int n = answer_number(line);
        tk_assert(n >= 0 && !seen[n],
                  "SIGALRM, SIGHUP and SIGUSR1 came at the same time, and editor prints %s",
                  n >= 0 ? "the answer to one of them twice" : "something that is no answer to any of them");
        seen[n] = true;
    }
}

/* ---- in the midst of something
 * ----------------------------------------------------------------------------- */

/* A line is about to be written, the answer to `first`, and `second` comes. */
static void assert_whole_lines(int first, int second)
{
    tk_process *p = start_editor(tk_random_name("notes"), TK_FAULTS({.call = "write",
                                                                     .nth = 2,
                                                                     .who = TK_MAIN,
                                                                     .fd = TK_FD(STDOUT_FILENO),
                                                                     .action = TK_SIGNAL,
                                                                     .value = second}));
    int saved = 0, told = 0;
    await_ready(p);
    notify(p, first);
    while (tk_settles(p), tk_output_comes(p)) {
        if (!tk_output_pending(p))
            fail_ended(p, second, "two answers");
        tk_bytes line = tk_receive_line(p, "the answers to two signals");
        const bool is_saved = tk_same(line, tk_bytes_of("autosaved\n"));
        tk_cause("handler_prints_in_between");
        tk_assert(is_saved || tk_same(line, tk_bytes_of("lines 0 unsaved 0\n")),
                  "%s came just before the answer to %s was written, and a line of output is not whole: %s",
                  signal_name(second), signal_name(first), line.data);
        saved += is_saved;
        told += !is_saved;
        tk_assert(saved < 2 && told < 2,
                  "%s came just before the answer to %s was written, and a line of output comes twice: %s",
                  signal_name(second), signal_name(first), line.data);
        tk_cause(NULL);
        if (saved && told)
            break;
    }
    tk_cause("handler_prints_in_between");
    tk_assert(saved && told,
              "%s came just before the answer to %s was written, and one of the answers is missing",
              signal_name(second), signal_name(first));
    notify_to(p, SIGTERM, true);
    tk_cause("handler_prints_in_between");
    tk_assert_eof(p);
}

TK_TEST(editor_prints_each_line_once)
{
    assert_whole_lines(SIGALRM, SIGUSR1);
    assert_whole_lines(SIGUSR1, SIGALRM);
}

static bool ends_with_name(const char *object, const char *path)
{
    const char *slash = strrchr(object, '/'), *name = slash ? slash + 1 : object;
    return object[0] == '/' && strstr(name, path) != NULL;
}

enum { FIRST_FD = 3, LAST_FD = 15 };

/* The descriptor by which it writes FILE, or one of a name that holds FILE's; -1 if it writes none. */
static int descriptor_of_file(void)
{
    static struct tk_fault faults[LAST_FD - FIRST_FD + 2];
    static int numbers[LAST_FD + 1];
    const char *path = tk_random_name("notes");
    pid_t pid;
    for (int fd = FIRST_FD; fd <= LAST_FD; fd++) {
        numbers[fd] = fd;
        faults[fd - FIRST_FD] =
            (struct tk_fault){.call = "write", .who = TK_MAIN, .fd = &numbers[fd], .action = TK_HOLD};
    }
    tk_process *p = start_editor(path, faults);
    await_ready(p);
    type(p, random_lines(2));
    notify(p, SIGALRM);
    while (tk_held_comes(p, p, &pid)) {
        struct tk_fds fds = tk_fds_of(pid);
        for (size_t i = 0; i < fds.count; i++)
            if (fds.list[i].writable && fds.list[i].number >= FIRST_FD && fds.list[i].number <= LAST_FD &&
                ends_with_name(fds.list[i].object, path)) {
                tk_signal(p, SIGKILL); /* one that is held is ended, too */
                tk_wait(p);
                return fds.list[i].number;
            }
        tk_release(p);
    }
    return -1;
}

TK_TEST(editor_finishes_what_it_has_begun)
{
    const char *path = tk_random_name("notes");
    const int fd = descriptor_of_file();
    if (fd < 0)
        return; /* it writes in another way, into which no signal can be placed */
    tk_process *p = start_editor(
        path,
        TK_FAULTS(
            {.call = "write", .nth = 1, .who = TK_MAIN, .fd = &fd, .action = TK_SIGNAL, .value = SIGHUP}));
    tk_bytes lines = random_lines(2);
    bool seen[3] = {false, false, false};
    await_ready(p);
    type(p, lines);
    notify(p, SIGALRM);
    tk_hint("The SIGHUP came after the file had been opened, and emptied, for writing. Load it only when it "
            "is whole.");
    for (int i = 0; i < 2; i++) {
        tk_cause("work_interrupted");
        tk_assert(tk_output_comes(p), "SIGHUP came while FILE was being written, and nothing came of it");
        tk_bytes line = tk_receive_line(p, "the answers to SIGALRM and SIGHUP");
        const int n = answer_number(line);
        tk_assert(n >= 0 && n < 2 && !seen[n],
                  "SIGHUP came while FILE was being written, and editor prints %s", line.data);
        tk_assert(n != 1 || tk_same(line, tk_bytes_of("reloaded 2\n")),
                  "SIGHUP came while 2 lines were being written to FILE, and editor has %s", line.data);
        seen[n] = true;
        tk_cause(NULL);
    }
    assert_file(path, lines, "after a SIGHUP while it was being written");
}

/* ---- the others -------------------------------------------------------------------------------------------
 */

TK_TEST(editor_survives_a_reader_that_has_gone)
{
    const char *path = tk_random_name("notes");
    tk_process *p = ready_editor(path);
    tk_bytes lines = random_lines(2);
    type(p, lines);
    tk_close_stdout(p);
    tk_signal(p, SIGUSR1);
    for (int i = 0; i < 2; i++) {
        tk_settles(p);
        tk_cause("sigpipe_not_ignored");
        if (i == 0)
            tk_signal(p, SIGUSR1);
        else
            tk_signal_to_end(p, SIGTERM);
        tk_cause(NULL);
    }
    tk_assert_exit(p, 0);
    assert_file(path, lines, "after SIGTERM when nobody read what it printed");
}

TK_TEST(editor_leaves_sigquit_alone)
{
    const char *path = tk_random_name("notes");
    tk_process *p = ready_editor(path);
    type(p, random_lines(2));
    tk_settles(p);
    tk_signal_to_end(p, SIGQUIT);
    tk_cause("default_action_changed");
    tk_assert(tk_output_comes(p), "SIGQUIT has come, and editor goes on");
    const int status = tk_wait(p);
    tk_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGQUIT,
              "SIGQUIT has come, and editor %s; by default it would be ended by it",
              tk_describe_status(status));
    tk_cause(NULL);
    assert_not_saved(path, tk_zeros(0), "after SIGQUIT");
}

/* First the supervisor of the tests, who can say where it spins. */
static void assert_waits(tk_process *p, const char *when)
{
    tk_wait_blocked(p, "idle", NULL);
    tk_cause("polls_instead_of_waiting");
    tk_assert(tk_blocks(tk_pid(p), NULL), "editor waits with a timeout, or looks again and again, %s", when);
    tk_cause(NULL);
}

TK_TEST(editor_waits_without_spinning)
{
    tk_process *p = ready_editor(tk_random_name("notes"));
    assert_waits(p, "when it is ready");
    assert_status(p, 0, 0);
    assert_waits(p, "after a SIGUSR1");
    assert_asks(p);
    assert_waits(p, "while its question is open");
}

TK_SUITE(tk_test(editor_misses_no_signal_before_it_waits),
         tk_test(editor_is_ready_for_signals_when_it_says_so), tk_test(editor_obeys_each_of_several_signals),
         tk_test(editor_prints_each_line_once), tk_test(editor_finishes_what_it_has_begun),
         tk_test(editor_survives_a_reader_that_has_gone), tk_test(editor_leaves_sigquit_alone),
         tk_test(editor_waits_without_spinning))
