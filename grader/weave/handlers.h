/* What is checked while a signal handler runs, and what it shares with the rest of the program. */
#ifndef WEAVE_HANDLERS_H
#define WEAVE_HANDLERS_H

#include "runtime.h"

/* One run of a handler, on its own stack frame. */
struct weave_handling {
    struct weave_handling *outer;
    int number;
    uint32_t installed; /* the place */
    uint32_t handler;   /* its address */
    const struct weave_sent *cause;
    bool by_itself; /* raise, or kill to itself: it comes at a known place */
    int errno_in, errno_now;
    uint32_t last_call;   /* of the handler */
    uint32_t errno_place; /* of the call that changed errno */
};
extern __thread struct weave_handling *weave_handling;

void weave_handling_begins(struct weave_handling *h);
void weave_handling_ends(struct weave_handling *h);
/* Handlers that a longjmp leaves: those whose frames lie below this address of the stack; NULL: all. */
void weave_handling_left(const void *stack);

/* A call in a handler, from weave_point: which call changed errno is seen at the next one. */
void weave_handler_call(uint32_t place);
/* Every wrapper of a function that signal-safety(7) does not list calls this first, with its own name. */
void weave_unsafe_call(const char *function, uint32_t place);
static inline void weave_unsafe(const char *function, uint32_t place)
{
    if (UNLIKELY(weave_handler_depth))
        weave_unsafe_call(function, place);
}

/* An access to private memory: is it shared with a handler? */
void weave_handler_access(const void *address, size_t length, bool write, bool is_volatile, uint32_t place);
/* A handler has been installed: accesses to static storage are looked at from now on. */
void weave_handler_installed(void);
extern bool weave_handlers_installed; /* ever, in this program */

#endif
