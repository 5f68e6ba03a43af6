/* Lab 01, task 1: ask a child. Given, do not change it. */
#ifndef ASK_H
#define ASK_H

#include <stdint.h>

/*
 * Runs f(x) once, in a child made with fork(), and hands its answer to the caller.
 *
 * Returns 0 and stores the answer in *result; the answer has come through a pipe, all 64 bits of it.
 * Returns -1 and leaves *result untouched when the pipe or the child cannot be made, or when the child
 * ended without an answer: f may call _exit() or be killed by a signal.
 *
 * Returns in the caller's process only. Afterwards the caller has no descriptor and no child that it
 * had not before, its other children are left to it, and what stdio had buffered is printed once.
 */
int ask_child(int64_t (*f)(int64_t), int64_t x, int64_t *result);

#endif
