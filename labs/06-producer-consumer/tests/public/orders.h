/* What driver.c and the judges say to each other about actors: processes that the driver has forked and that
 * do as the judge tells them, each over a back channel of its own. */
#ifndef ORDERS_H
#define ORDERS_H

#include <stdint.h>

#define ACTORS   8
#define ACTOR_FD 210 /* that of actor 0; the others follow */
#define BUFFERS  12
#define CHUNK    4096      /* numbers in one message */
#define TAKE_MAX (1 << 20) /* items that one order to get brings at most */

enum what {
    PUT = 1, /* `count` items: value, value + 1, … */
    GET,     /* `count` items, fewer when bb_get returns something else than 1 */
    DONE,
    END,   /* bb_get, `count` times; fewer when it returns something else than 0 */
    LEAVE, /* _exit(value) */
};

struct order {
    int64_t what, buffer, value, count;
};

enum said { READY = 1, ITEMS = 2, REPORT = 3 };

/* ITEMS: `count` numbers follow. REPORT: what the last call returned, and errno then. */
struct said_head {
    int64_t what;
    int64_t returned;
    int64_t error;
    int64_t
        count; /* how many calls came back with what they should: 0 for bb_put, 1 for bb_get, 0 at the end */
    int64_t touched; /* the last bb_get did not return 1, and has changed *item */
};

#endif
