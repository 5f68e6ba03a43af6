/* What driver.c and the judges say to each other over the back channel: two 64-bit integers a message. */
#ifndef BACK_CHANNEL_H
#define BACK_CHANNEL_H

#include <stdint.h>

/* To the judge: {ASKS, x}: f was called with x, what now? {RETURNED, 0}: ask_child has returned, here. */
enum said { ASKS = 1, RETURNED = 2 };
/* Back to f: {ANSWER, value}: return it. {EXIT, code}: _exit() with it. {DIE, signal}: by that signal. */
enum order { ANSWER = 1, EXIT = 2, DIE = 3 };

#endif
