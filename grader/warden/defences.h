/*
 * Defences that can be switched off one at a time (defences.c): a test that an attack fails proves something
 * only if the same attack succeeds without the defence. `warden --without NAME`, for the kit's own tests.
 */
#ifndef WARDEN_DEFENCES_H
#define WARDEN_DEFENCES_H

#include <stdbool.h>

enum defence {
    DEFENCE_UIDS,         /* judge and student have different uids */
    DEFENCE_UNPRIVILEGED, /* the student's processes give up warden's uid and capabilities */
    DEFENCE_CALLS,        /* the seccomp filter refuses what reaches beyond the student's own processes */
    DEFENCE_DESCRIPTORS,  /* no descriptor but those asked for is inherited */
    DEFENCE_RLIMITS,      /* setrlimit(2) */
    DEFENCE_END,          /* every process of an entry is ended with it */
    DEFENCE_REMOVAL,      /* IPC objects and files of an entry are removed with it */
    DEFENCE_IPC,          /* levels with namespaces: an IPC namespace */
    DEFENCE_NET,          /* the same: a network namespace */
    DEFENCE_SPACE,        /* the same: file systems have a size, a number of inodes, of terminals */
    DEFENCE_LINKS,        /* files are collected with the student's rights, and links are not followed */
    DEFENCE_REPORTS,      /* a report is read from the descriptor of who writes it */
    DEFENCES
};

/* Is it in force? All are, unless defence_switch_off named it. */
bool defended(enum defence defence);

/* Switches off the defence of that name; false if there is none. */
bool defence_switch_off(const char *name);

#endif
