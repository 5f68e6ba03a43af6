/* What driver.c and the judges agree on. */
#ifndef LIMITS_H
#define LIMITS_H

enum {
    RPCS = 8,    /* clients in one process */
    GUARD = 64,  /* bytes behind a result that must stay as they are */
    MARK = 0x5c, /* what a result holds before the call */
};

#endif
