/* What printf and scanf read and write for the program, found by their formats. */
#ifndef WEAVE_FORMAT_H
#define WEAVE_FORMAT_H

#include <stdarg.h>
#include <stdint.h>

/* The strings (%s) that a call of printf reads, and what %n writes. */
void weave_printf_reads(const char *format, va_list args, uint32_t place);
/* What a call of scanf has written, `done` being its result. */
void weave_scanf_wrote(const char *format, va_list args, int done, uint32_t place);

#endif
