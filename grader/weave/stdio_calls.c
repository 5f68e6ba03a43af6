/* The calls of <stdio.h>: each enters its stream, and what it reads and writes for the program is an access.
 */
#include "format.h"
#include "handlers.h"
#include "weave_stdio.h"
#include <errno.h>
#include <string.h>

/* None of them is for handlers: its name is that of the wrapper, less what stands before. */
static const char *name_of(const char *wrapper)
{
    wrapper += strlen("__wrap_");
    return strncmp(wrapper, "__isoc", 6) == 0 ? wrapper + strlen("__isoc99_") : wrapper;
}
#define UNSAFE_HERE() weave_unsafe(name_of(__func__), PLACE)

/* ---- printf */

static int print(FILE *f, const char *format, va_list args, uint32_t place)
{
    weave_printf_reads(format, args, place);
    weave_stdio_enter(f, place);
    int n = vfprintf(f, format, args);
    weave_stdio_leave(f);
    return n;
}

static int print_to(int fd, const char *format, va_list args, uint32_t place)
{
    weave_printf_reads(format, args, place);
    weave_stdio_enter(NULL, place);
    int n = vdprintf(fd, format, args);
    weave_stdio_leave(NULL);
    return n;
}

static int print_into(char *into, size_t room, const char *format, va_list args, uint32_t place)
{
    weave_printf_reads(format, args, place);
    int n = vsnprintf(into, room, format, args);
    if (n >= 0 && room)
        weave_range(into, (size_t)n < room ? (size_t)n + 1 : room, true, place);
    return n;
}

/* vsnprintf is not asked for more than an int can count. */
static int print_all_into(char *into, const char *format, va_list args, uint32_t place)
{
    weave_printf_reads(format, args, place);
    int n = vsprintf(into, format, args);
    if (n >= 0)
        weave_range(into, (size_t)n + 1, true, place);
    return n;
}

#define ARGUMENTS(last, result)                                                                              \
    va_list args;                                                                                            \
    va_start(args, last);                                                                                    \
    UNSAFE_HERE();                                                                                           \
    int n_ = (result);                                                                                       \
    va_end(args);                                                                                            \
    return n_

int __wrap_printf(const char *format, ...)
{
    ARGUMENTS(format, weave_on() ? print(stdout, format, args, PLACE) : vprintf(format, args));
}

int __wrap_fprintf(FILE *f, const char *format, ...)
{
    ARGUMENTS(format, weave_on() ? print(f, format, args, PLACE) : vfprintf(f, format, args));
}

int __wrap_dprintf(int fd, const char *format, ...)
{
    ARGUMENTS(format, weave_on() ? print_to(fd, format, args, PLACE) : vdprintf(fd, format, args));
}

int __wrap_sprintf(char *into, const char *format, ...)
{
    ARGUMENTS(format, weave_on() ? print_all_into(into, format, args, PLACE) : vsprintf(into, format, args));
}

int __wrap_snprintf(char *into, size_t room, const char *format, ...)
{
    ARGUMENTS(format,
              weave_on() ? print_into(into, room, format, args, PLACE) : vsnprintf(into, room, format, args));
}

int __wrap_vprintf(const char *format, va_list args)
{
    UNSAFE_HERE();
    return weave_on() ? print(stdout, format, args, PLACE) : vprintf(format, args);
}

int __wrap_vfprintf(FILE *f, const char *format, va_list args)
{
    UNSAFE_HERE();
    return weave_on() ? print(f, format, args, PLACE) : vfprintf(f, format, args);
}

int __wrap_vdprintf(int fd, const char *format, va_list args)
{
    UNSAFE_HERE();
    return weave_on() ? print_to(fd, format, args, PLACE) : vdprintf(fd, format, args);
}

int __wrap_vsprintf(char *into, const char *format, va_list args)
{
    UNSAFE_HERE();
    return weave_on() ? print_all_into(into, format, args, PLACE) : vsprintf(into, format, args);
}

int __wrap_vsnprintf(char *into, size_t room, const char *format, va_list args)
{
    UNSAFE_HERE();
    return weave_on() ? print_into(into, room, format, args, PLACE) : vsnprintf(into, room, format, args);
}

int __wrap_asprintf(char **made, const char *format, ...)
{
    UNSAFE_HERE();
    va_list args;
    va_start(args, format);
    if (weave_on())
        weave_printf_reads(format, args, PLACE);
    int n = vasprintf(made, format, args);
    va_end(args);
    return n;
}

/* ---- scanf */

static int scan(FILE *f, const char *format, va_list args, uint32_t place)
{
    va_list again;
    va_copy(again, args);
    weave_stdio_enter(f, place);
    int n = vfscanf(f, format, args);
    weave_stdio_leave(f);
    weave_scanf_wrote(format, again, n, place);
    va_end(again);
    return n;
}

static int scan_string(const char *s, const char *format, va_list args, uint32_t place)
{
    va_list again;
    va_copy(again, args);
    weave_string(s, place);
    int n = vsscanf(s, format, args);
    weave_scanf_wrote(format, again, n, place);
    va_end(again);
    return n;
}

/* The names that <stdio.h> gives them differ with the standard that the program is compiled for. */
#define SCANFS(prefix)                                                                                       \
    int __wrap_##prefix##scanf(const char *format, ...)                                                      \
    {                                                                                                        \
        ARGUMENTS(format, weave_on() ? scan(stdin, format, args, PLACE) : vscanf(format, args));             \
    }                                                                                                        \
    int __wrap_##prefix##fscanf(FILE *f, const char *format, ...)                                            \
    {                                                                                                        \
        ARGUMENTS(format, weave_on() ? scan(f, format, args, PLACE) : vfscanf(f, format, args));             \
    }                                                                                                        \
    int __wrap_##prefix##sscanf(const char *s, const char *format, ...)                                      \
    {                                                                                                        \
        ARGUMENTS(format, weave_on() ? scan_string(s, format, args, PLACE) : vsscanf(s, format, args));      \
    }                                                                                                        \
    int __wrap_##prefix##vscanf(const char *format, va_list args)                                            \
    {                                                                                                        \
        UNSAFE_HERE();                                                                                       \
        return weave_on() ? scan(stdin, format, args, PLACE) : vscanf(format, args);                         \
    }                                                                                                        \
    int __wrap_##prefix##vfscanf(FILE *f, const char *format, va_list args)                                  \
    {                                                                                                        \
        UNSAFE_HERE();                                                                                       \
        return weave_on() ? scan(f, format, args, PLACE) : vfscanf(f, format, args);                         \
    }                                                                                                        \
    int __wrap_##prefix##vsscanf(const char *s, const char *format, va_list args)                            \
    {                                                                                                        \
        UNSAFE_HERE();                                                                                       \
        return weave_on() ? scan_string(s, format, args, PLACE) : vsscanf(s, format, args);                  \
    }

SCANFS()
SCANFS(__isoc99_)
SCANFS(__isoc23_)

/* ---- characters and strings */

#define INSIDE(f, type, call)                                                                                \
    if (!weave_on())                                                                                         \
        return call;                                                                                         \
    FILE *f_ = (f);                                                                                          \
    UNSAFE_HERE();                                                                                           \
    weave_stdio_enter(f_, PLACE);                                                                            \
    type r_ = call;                                                                                          \
    weave_stdio_leave(f_);                                                                                   \
    return r_

int __wrap_putchar(int c)
{
    INSIDE(stdout, int, putchar(c));
}

int __wrap_putc(int c, FILE *f)
{
    INSIDE(f, int, putc(c, f));
}

int __wrap_fputc(int c, FILE *f)
{
    INSIDE(f, int, fputc(c, f));
}

int __wrap_getchar(void)
{
    INSIDE(stdin, int, getchar());
}

int __wrap_getc(FILE *f)
{
    INSIDE(f, int, getc(f));
}

int __wrap_fgetc(FILE *f)
{
    INSIDE(f, int, fgetc(f));
}

int __wrap_ungetc(int c, FILE *f)
{
    INSIDE(f, int, ungetc(c, f));
}

int __wrap_puts(const char *s)
{
    if (weave_on())
        weave_string(s, PLACE);
    INSIDE(stdout, int, puts(s));
}

int __wrap_fputs(const char *s, FILE *f)
{
    if (weave_on())
        weave_string(s, PLACE);
    INSIDE(f, int, fputs(s, f));
}

void __wrap_perror(const char *s)
{
    UNSAFE_HERE();
    if (!weave_on()) {
        perror(s);
        return;
    }
    weave_string(s, PLACE);
    weave_stdio_enter(stderr, PLACE);
    perror(s);
    weave_stdio_leave(stderr);
}

char *__wrap_fgets(char *into, int room, FILE *f)
{
    UNSAFE_HERE();
    if (!weave_on())
        return fgets(into, room, f);
    weave_stdio_enter(f, PLACE);
    char *got = fgets(into, room, f);
    weave_stdio_leave(f);
    if (got && room > 0)
        weave_range(into, strnlen(into, (size_t)room - 1) + 1, true, PLACE);
    return got;
}

static ssize_t line(char **into, size_t *room, int end, FILE *f, uint32_t place)
{
    weave_stdio_enter(f, place);
    ssize_t n = getdelim(into, room, end, f);
    weave_stdio_leave(f);
    if (n >= 0) {
        weave_range(into, sizeof *into, true, place);
        weave_range(room, sizeof *room, true, place);
        weave_range(*into, (size_t)n + 1, true, place);
    }
    return n;
}

ssize_t __wrap_getline(char **into, size_t *room, FILE *f)
{
    UNSAFE_HERE();
    return weave_on() ? line(into, room, '\n', f, PLACE) : getline(into, room, f);
}

ssize_t __wrap_getdelim(char **into, size_t *room, int end, FILE *f)
{
    UNSAFE_HERE();
    return weave_on() ? line(into, room, end, f, PLACE) : getdelim(into, room, end, f);
}

/* ---- blocks */

size_t __wrap_fread(void *into, size_t size, size_t n, FILE *f)
{
    UNSAFE_HERE();
    if (!weave_on())
        return fread(into, size, n, f);
    weave_stdio_enter(f, PLACE);
    size_t got = fread(into, size, n, f);
    weave_stdio_leave(f);
    weave_range(into, got * size, true, PLACE);
    return got;
}

size_t __wrap_fwrite(const void *from, size_t size, size_t n, FILE *f)
{
    UNSAFE_HERE();
    if (!weave_on())
        return fwrite(from, size, n, f);
    weave_range(from, n * size, false, PLACE);
    weave_stdio_enter(f, PLACE);
    size_t put = fwrite(from, size, n, f);
    weave_stdio_leave(f);
    return put;
}

/* ---- what flushes, or moves */

/* All streams: those that are not the three may be some thread's at this moment, and then it is seen as a
 * stop. */
static int flush_all(uint32_t place)
{
    FILE *const known[] = {stdin, stdout, stderr};
    for (int i = 0; i < 3; i++)
        weave_stdio_enter(known[i], place);
    int result = fflush(NULL);
    for (int i = 3; i-- > 0;)
        weave_stdio_leave(known[i]);
    return result;
}

int __wrap_fflush(FILE *f)
{
    if (weave_on() && !f)
        return flush_all(PLACE);
    INSIDE(f, int, fflush(f));
}

int __wrap_fseek(FILE *f, long offset, int whence)
{
    INSIDE(f, int, fseek(f, offset, whence));
}

int __wrap_fseeko(FILE *f, off_t offset, int whence)
{
    INSIDE(f, int, fseeko(f, offset, whence));
}

int __wrap_fseeko64(FILE *f, off_t offset, int whence)
{
    INSIDE(f, int, fseeko(f, offset, whence));
}

long __wrap_ftell(FILE *f)
{
    INSIDE(f, long, ftell(f));
}

off_t __wrap_ftello(FILE *f)
{
    INSIDE(f, off_t, ftello(f));
}

off_t __wrap_ftello64(FILE *f)
{
    INSIDE(f, off_t, ftello(f));
}

int __wrap_fgetpos(FILE *f, fpos_t *position)
{
    INSIDE(f, int, fgetpos(f, position));
}

int __wrap_fsetpos(FILE *f, const fpos_t *position)
{
    INSIDE(f, int, fsetpos(f, position));
}

void __wrap_rewind(FILE *f)
{
    UNSAFE_HERE();
    if (!weave_on()) {
        rewind(f);
        return;
    }
    weave_stdio_enter(f, PLACE);
    rewind(f);
    weave_stdio_leave(f);
}

int __wrap_setvbuf(FILE *f, char *buffer, int mode, size_t size)
{
    INSIDE(f, int, setvbuf(f, buffer, mode, size));
}
