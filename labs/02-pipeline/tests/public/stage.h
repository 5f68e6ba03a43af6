/* What the peer `stage` and the judges say to each other. */
#ifndef STAGE_H
#define STAGE_H

/* A report is one write of that size, which a pipe takes whole (PIPE_BUF), with blanks before it:
 *
 *     stage TOKEN PID PARENT'S-PID
 *     fd NUMBER r|w|rw OBJECT             a line for each open descriptor; OBJECT as readlink(2) gives it
 *     end
 */
#define REPORT_SIZE 4096
#define FDS_MAX     128

/* What a peer exits with that cannot do its own part. */
#define PEER_FAILED 120

#endif
