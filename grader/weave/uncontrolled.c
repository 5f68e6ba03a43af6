/* Functions of the C library that make processes, memory or waits which weave can neither schedule nor see.
 */
#include "runtime.h"

#define UNCONTROLLED(name)                                                                                   \
    long __wrap_##name(void);                                                                                \
    long __wrap_##name(void)                                                                                 \
    {                                                                                                        \
        if (weave_on())                                                                                      \
            weave_stop(VERDICT_UNCONTROLLED, "function", PLACE, #name "()");                                 \
        __builtin_trap(); /* a program built for weave is not for use without it */                          \
    }

UNCONTROLLED(clone)
UNCONTROLLED(remap_file_pages)
UNCONTROLLED(aio_read)
UNCONTROLLED(aio_write)
UNCONTROLLED(lio_listio)
UNCONTROLLED(aio_suspend)
UNCONTROLLED(io_setup)
UNCONTROLLED(userfaultfd)
UNCONTROLLED(ptrace)
UNCONTROLLED(process_vm_readv)
UNCONTROLLED(process_vm_writev)
UNCONTROLLED(forkpty)
UNCONTROLLED(daemon)
