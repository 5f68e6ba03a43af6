/* What the tests of both programs share: names, texts, and orders to the tester (tester.c), who is the other
 * side. */
#ifndef FIFOS_H
#define FIFOS_H

#include "testkit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- texts; they live until the test ends ------------------------------------------------------ */

/* "stem.1f0c22b7": a name that nobody can know beforehand. */
/* Letters, small ones and capitals, digits and a few marks: no blank, no newline. */
static inline tk_bytes random_word(size_t size)
{
    return tk_random_text(size, TK_WORD ".,:;!?");
}

/* TEXT as the reply has it: a-z in upper case, and a newline. */
static inline tk_bytes upper_cased(tk_bytes t)
{
    tk_bytes b = tk_join(t, tk_bytes_of("\n"));
    for (size_t i = 0; i < t.size; i++)
        if (b.data[i] >= 'a' && b.data[i] <= 'z')
            b.data[i] = (unsigned char)(b.data[i] - 'a' + 'A');
    return b;
}

static inline bool ends_with(const char *string, const char *end)
{
    size_t size = strlen(string), end_size = strlen(end);
    return size >= end_size && strcmp(string + size - end_size, end) == 0;
}

/* ---- orders to the tester ---------------------------------------------------------------------- */

struct answer {
    const char *error; /* "ENOENT"; NULL: it went well */
    tk_bytes data;
};

static inline void tell(tk_process *tester, const char *command, int slot, const char *flags,
                        const char *path, tk_bytes data)
{
    const char *line = tk_string("%s %d %s %zu %s\n", command, slot, flags, data.size, path);
    tk_send(tester, line, strlen(line));
    if (data.size)
        tk_send(tester, data.data, data.size);
}

static inline struct answer hear(tk_process *tester, const char *what)
{
    char error[32];
    size_t size;
    tk_bytes line = tk_receive_line(tester, what);
    if (sscanf((char *)line.data, "%31s %zu", error, &size) != 2)
        tk_error("the tester says %s", line.data);
    struct answer a = {.error = strcmp(error, "ok") == 0 ? NULL : tk_string("%s", error)};
    a.data = tk_receive(tester, size, what);
    return a;
}

/* Nothing comes, and it is proven that nothing will. If the student's program has ended, that is why. If it
 * waits to read, it has done all that it does. Else the supervisor says best what it is stuck in. */
static inline _Noreturn void explain_silence(tk_process *p, const char *program, const char *what)
{
    if (!tk_blocks(tk_pid(p), NULL))
        tk_fail("%s %s, and there was not %s", program, tk_describe_status(tk_wait(p)), what);
    tk_wait_blocked(p, "read", NULL);
    tk_fail("%s waits to read something more, and there is not %s", program, what);
}

/* An answer that depends on what the student's program does. */
static inline struct answer hear_of(tk_process *tester, tk_process *p, const char *program, const char *what)
{
    if (!tk_output_comes(tester))
        explain_silence(p, program, what);
    return hear(tester, what);
}

static inline struct answer ask(tk_process *tester, const char *command, int slot, const char *flags,
                                const char *path, tk_bytes data)
{
    tell(tester, command, slot, flags, path, data);
    return hear(tester, tk_string("what became of %s %s", command, path));
}

#define NO_DATA ((tk_bytes){0})

/* What only the tester's own side can spoil. */
static inline tk_bytes must(struct answer a)
{
    if (a.error)
        tk_error("the tester cannot do its part: %s", a.error);
    return a.data;
}

static inline void make_fifo(tk_process *tester, const char *path)
{
    must(ask(tester, "fifo", 0, "600", path, NO_DATA));
}

/* "fifo 600 2:811"; "" if nothing is there. */
static inline const char *look(tk_process *tester, const char *path)
{
    struct answer a = ask(tester, "look", 0, "-", path, NO_DATA);
    if (a.error && strcmp(a.error, "ENOENT") != 0 && strcmp(a.error, "ENOTDIR") != 0)
        tk_error("the tester cannot look at %s: %s", path, a.error);
    return a.error ? "" : (char *)a.data.data;
}

static inline bool is_fifo(const char *seen)
{
    return strncmp(seen, "fifo ", 5) == 0;
}

/* For a person: "a FIFO of mode 0644". */
static inline const char *described(const char *seen)
{
    char kind[16];
    unsigned mode;
    if (sscanf(seen, "%15s %o", kind, &mode) != 2)
        return "nothing";
    return tk_string("a %s of mode %04o", strcmp(kind, "fifo") == 0 ? "FIFO" : kind, mode);
}

static inline void assert_mode(tk_process *tester, const char *path, const char *what)
{
    const char *seen = look(tester, path);
    tk_cause("fifo_mode");
    tk_assert(strncmp(seen, "fifo 600 ", 9) == 0, "%s is %s, not a FIFO of mode 0600", what, described(seen));
    tk_cause(NULL);
}

static inline const char *listing(tk_process *tester)
{
    return (char *)must(ask(tester, "list", 0, "-", ".", NO_DATA)).data;
}

/* Waits until the program waits for something to do, and fails if it spins, or sleeps and looks again. */
static inline void assert_waits(tk_process *p)
{
    tk_wait_blocked(p, "idle", NULL);
}

#endif
