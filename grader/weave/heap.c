/*
 * The allocator, where threads are watched: memory that is given back and taken again is other memory, so
 * what was done to it must not be held against its next owner. These are the C library's names, not wrappers:
 * strdup, getline and fopen come here too.
 */
#include "thread.h"
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

/* A line of the program; 0 for the C library's own. */
static uint32_t place_of(const void *address)
{
    uintptr_t a = (uintptr_t)address - 1;
    return a <= INT32_MAX ? (uint32_t)a : 0;
}
#define CALLER place_of(__builtin_return_address(0))

static void *fresh(void *p)
{
    if (UNLIKELY(weave_watch_private) && p)
        weave_private_clear(p, malloc_usable_size(p));
    return p;
}

void *weave_interpose_malloc(size_t size)
{
    return fresh(__libc_malloc(size));
}

void *weave_interpose_calloc(size_t n, size_t size)
{
    return fresh(__libc_calloc(n, size));
}

void *weave_interpose_memalign(size_t alignment, size_t size)
{
    return fresh(__libc_memalign(alignment, size));
}

void *weave_interpose_aligned_alloc(size_t alignment, size_t size)
{
    if (alignment == 0 || alignment & (alignment - 1)) {
        errno = EINVAL;
        return NULL;
    }
    return fresh(__libc_memalign(alignment, size));
}

int weave_interpose_posix_memalign(void **made, size_t alignment, size_t size)
{
    if (alignment == 0 || alignment % sizeof(void *) != 0 || alignment & (alignment - 1))
        return EINVAL;
    int e = errno;
    void *p = fresh(__libc_memalign(alignment, size));
    errno = e;
    if (!p)
        return ENOMEM;
    *made = p;
    return 0;
}

void weave_interpose_free(void *p)
{
    if (UNLIKELY(weave_watch_private) && p)
        weave_private_free(p, malloc_usable_size(p), CALLER);
    __libc_free(p);
}

void *weave_interpose_realloc(void *old, size_t size)
{
    if (LIKELY(!weave_watch_private) || !old)
        return fresh(__libc_realloc(old, size));
    size_t before = malloc_usable_size(old);
    uintptr_t was = (uintptr_t)old;
    void *p = __libc_realloc(old, size);
    if (p == NULL && size != 0)
        return NULL; /* it is still there */
    size_t now = p ? malloc_usable_size(p) : 0;
    if ((uintptr_t)p != was) {
        weave_private_free((void *)was, before, CALLER);
        weave_private_clear(p, now);
    } else if (now > before) {
        weave_private_clear((char *)p + before, now - before);
    } else {
        weave_private_clear((char *)p + now, before - now);
    }
    return p;
}
