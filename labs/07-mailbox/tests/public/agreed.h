/* What driver.c and the judges agree on. */
#ifndef AGREED_H
#define AGREED_H

enum {
    HANDLES = 16, /* mailboxes that a process has open at most */
    GUARD = 64,   /* bytes behind a buffer that must stay as they are */
};

#endif
