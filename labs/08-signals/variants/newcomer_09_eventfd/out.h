#ifndef OUT_H
#define OUT_H
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

/* one line, whole, with as many write() as it needs */
static inline void __attribute__((format(printf, 1, 2))) out(const char *format, ...)
{
        char line[200];
        va_list ap;
        va_start(ap, format);
        int n = vsnprintf(line, sizeof line, format, ap);
        va_end(ap);
        for (int done = 0; done < n;) {
                ssize_t w = write(1, line + done, (size_t)(n - done));
                if (w < 0 && errno != EINTR)
                        return;
                if (w > 0)
                        done += (int)w;
        }
}
#endif
