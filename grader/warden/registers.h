/* The registers of a thread that is stopped at a call, changed as a fault wants it (registers.c). */
#ifndef WARDEN_REGISTERS_H
#define WARDEN_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>

struct run;
struct proc_syscall;
struct tracee;
struct entered;

/* Is this a machine whose registers we know? */
bool registers_possible(void);
/* Of a thread that is stopped in a call: number, arguments and place. False if they cannot be known. */
bool registers_call(const struct tracee *t, struct proc_syscall *call);
/* At the entry: the thread goes back to the instruction that makes the call. */
bool registers_put_off(const struct tracee *t, const struct entered *e);
/* At the entry: the call is not made, and fails with this errno. */
bool registers_skip(const struct tracee *t, int error);
/* At the exit: the call has failed with this errno. */
bool registers_replace_result(const struct tracee *t, int error);
/* At the entry: it transfers so many bytes at most; false if it would not have transferred more. */
bool registers_shorten(struct run *r, struct tracee *t, const struct entered *e, size_t most);
/* At the exit: what was shortened has its arguments back. */
void registers_put_back(struct tracee *t);

#endif
