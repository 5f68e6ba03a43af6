/*
 * The seccomp filter of every student's process (filter.c): what is refused, and at which system calls
 * the witness stops it first (SECCOMP_RET_TRACE in seccomp(2)). Written for the kernel's own headers, without
 * a library.
 */
#ifndef WARDEN_FILTER_H
#define WARDEN_FILTER_H

#include "calls.h"

/*
 * Installs the filter in the calling process (which has set PR_SET_NO_NEW_PRIVS); false with errno.
 * witness: stop at the calls of that level of watching, which fail with ENOSYS where nobody traces; and at
 * the `further` ones, whatever their arguments.
 */
bool filter_install(bool witness, enum watching watching, const long *further, size_t count);

#endif
