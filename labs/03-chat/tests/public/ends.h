/* Which ends the caller of the functions has: what driver.c and the judges agree on. */
#ifndef ENDS_H
#define ENDS_H

enum {
    READ_END = 10,
    WRITE_END = 11,
    NO_END = 99,            /* nothing is open there */
    ANSWER_MAX = 512 << 10, /* bytes of a message that one answer of the driver's brings; the rest: "more" */
    GUARD = 64,             /* bytes behind a buffer that must stay as they are */
};

#endif
