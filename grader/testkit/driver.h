/*
 * The driver's side of the driver link: linked with a student's functions, so nothing here is a secret
 * and nothing it says is trusted. A lab's driver.c is a table of handlers:
 *
 *     static void call_ask_child(td_msg *in, td_msg *out) { … td_get_int(in) … td_put_int(out, r); }
 *     TD_DRIVER({"ask_child", call_ask_child})
 *
 * main (in driver_main.c) reads a call, runs the handler, sends what it put, until end-of-file, then
 * returns 0 from main, so that stdio is flushed as in any program.
 */
#ifndef IPCLAB_DRIVER_H
#define IPCLAB_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#define TD_LINK_FD 200 /* the driver link */
#define TD_BACK_FD 201 /* the back channel, where the judge opened one */

typedef struct td_msg td_msg;

int64_t td_get_int(td_msg *m);                        /* exits 120 on a malformed message */
const void *td_get_bytes(td_msg *m, size_t *size);    /* valid until the handler returns */
void td_put_int(td_msg *m, int64_t value);
void td_put_bytes(td_msg *m, const void *data, size_t size);

struct td_call {
    const char *name;
    void (*handler)(td_msg *in, td_msg *out);
};
#define TD_DRIVER(...)                                       \
    const struct td_call td_calls[] = {__VA_ARGS__};         \
    const size_t td_calls_count = sizeof td_calls / sizeof *td_calls;
extern const struct td_call td_calls[];
extern const size_t td_calls_count;

/* The back channel, one question and its answer: sends, then waits for the reply of at most `room`
 * bytes. Returns its length, 0 if the judge is gone. Safe in any process that inherited TD_BACK_FD. */
size_t td_ask_judge(const void *question, size_t size, void *answer, size_t room);

#endif
