#include "elf.h"

#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *elf_file(const uint8_t *data, size_t size)
{
    static char path[32];
    static int fd = -1;
    if (fd < 0)
        fd = memfd_create("elf", MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}

uint64_t elf_entry(const uint8_t *data, size_t size)
{
    Elf64_Ehdr head;
    if (size < sizeof head)
        return 0x401000;
    memcpy(&head, data, sizeof head);
    return head.e_entry;
}

int elf_printf(const char *format, ...)
{
    char text[8192];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    FUZZ_CHECK(n > 0);
    if ((size_t)n >= sizeof text)
        return n;
    FUZZ_CHECK(text[n - 1] == '\n');
    for (int i = 0; i < n - 1; i++)
        FUZZ_CHECK((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
    return n;
}
