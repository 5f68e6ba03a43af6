/*
 * Calls that a signal interrupted and that were not made again (interrupted.c).
 */
#ifndef WARDEN_INTERRUPTED_H
#define WARDEN_INTERRUPTED_H

#include "run.h"

/* Tells those of processes that have ended by themselves, each place once. Wants a log of every call. That
 * alone is no mistake (a server may be meant to leave its accept so): to be asked only where something has
 * gone wrong, or where the interruption was asked for. */
void interrupted_tell(struct run *r);

#endif
