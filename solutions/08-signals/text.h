/*
 * Given: the text of lab 08's editor, and its file. You need not change anything here, nor hand it in.
 *
 * Everything in here calls only open, read, write and close, so each function may be called in a signal
 * handler (signal-safety(7)). That does not make it right to do so: if the handler interrupts another of
 * these functions, it finds a text, or a file, that is half changed.
 */
#ifndef TEXT_H
#define TEXT_H

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 65536 /* bytes, newlines included */

struct text {
    size_t lines;         /* how many there are */
    size_t unsaved;       /* how many of them were added since the text was last loaded or saved */
    size_t size;          /* bytes in use */
    char bytes[TEXT_MAX]; /* the lines, each with its newline */
};

/* Adds a line, given without its newline. 0, or -1 with errno ENOSPC: there is no room. */
static inline int text_add(struct text *t, const char *line, size_t size)
{
    if (size >= sizeof t->bytes - t->size) {
        errno = ENOSPC;
        return -1;
    }
    memcpy(t->bytes + t->size, line, size);
    t->size += size;
    t->bytes[t->size++] = '\n';
    t->lines++;
    t->unsaved++;
    return 0;
}

/* Makes the text what is in the file; a file that is absent is as good as an empty one. 0, or -1 with errno.
 */
static inline int text_load(struct text *t, const char *path)
{
    ssize_t n = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT)
        return -1;
    t->lines = t->unsaved = t->size = 0;
    if (fd < 0)
        return 0;
    while (t->size < sizeof t->bytes - 1 &&
           (n = read(fd, t->bytes + t->size, sizeof t->bytes - 1 - t->size)) > 0)
        t->size += (size_t)n;
    const int error = n < 0 ? errno : 0;
    close(fd);
    if (t->size > 0 && t->bytes[t->size - 1] != '\n')
        t->bytes[t->size++] = '\n'; /* the last line had none */
    for (size_t i = 0; i < t->size; i++)
        t->lines += t->bytes[i] == '\n';
    errno = error;
    return error ? -1 : 0;
}

/* Writes the text into the file, in the place of what is there. 0, or -1 with errno. */
static inline int text_save(struct text *t, const char *path)
{
    size_t done = 0;
    ssize_t n = 0;
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return -1;
    while (done < t->size && (n = write(fd, t->bytes + done, t->size - done)) >= 0)
        done += (size_t)n;
    const int error = n < 0 ? errno : 0;
    if (close(fd) < 0 || error) {
        errno = error ? error : errno;
        return -1;
    }
    t->unsaved = 0;
    return 0;
}

#endif
