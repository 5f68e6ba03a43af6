/* warden's util.c for the targets: die() says nothing, since it is what most inputs come to, and ends one
 * execution instead of the process. */
#include "fuzz.h"

#include <stdio.h>

#define dprintf(...) 0
#include "../warden/util.c"
