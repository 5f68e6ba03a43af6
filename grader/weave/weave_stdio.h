/* What the wrappers of <stdio.h> share. */
#ifndef WEAVE_STDIO_H
#define WEAVE_STDIO_H

#include "runtime.h"
#include <stdio.h>

/* Around each call on a stream: other threads that want it give way, and its reads and writes have a place.
 */
void weave_stdio_enter(FILE *f, uint32_t place);
void weave_stdio_leave(FILE *f);

#endif
