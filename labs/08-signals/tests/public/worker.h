/* What the worker (worker.c) and the judge have agreed on. */
#ifndef WORKER_H
#define WORKER_H

#define REPORT_FD      9   /* where a worker reports, in whole reports */
#define REPORT_SIZE    512 /* of each, newline included; filled up with blanks */
#define DIE_OF_SIGTERM 30  /* an order */
#define PEER_FAILED    120 /* exit status of one that cannot do its own part */

#endif
