/* What the tests of boardd and board share: where a board lies, what a peer says of it, what is on it. */
#ifndef BOARDS_H
#define BOARDS_H

#include "testkit.h"

#include "board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Letters and blanks, first a letter. */
static inline tk_bytes random_line(size_t size)
{
    tk_bytes b = tk_random_text(size, "abcdefghijklmnopqrstuvwxyz   ");
    if (size > 0 && b.data[0] == ' ')
        b.data[0] = 'a';
    return b;
}

/* ---- where a board lies: a key of PATH and ID, or a NAME ------------------------------------------- */

struct place {
    bool object;                /* POSIX */
    const char *first, *second; /* PATH, ID or -m, NAME */
};

/* A peer that cannot do its part is the grader's own fault. */
static inline void peer_ends(tk_process *peer, const char *what)
{
    const int status = tk_wait(peer);
    if (status != 0)
        tk_error("%s %s", what, tk_describe_status(status));
}

static inline void make_file(const char *path)
{
    const char *const args[] = {"file", path, NULL};
    peer_ends(tk_spawn(&(struct tk_how){.program = "writer", .args = args, .in = TK_NULL}),
              "the peer writer");
}

/* An ID that no digit of it is, as a character. */
static inline const char *random_id(void)
{
    return tk_string("%d", (int)tk_random_between(100, 255));
}

static inline struct place new_segment(void)
{
    struct place p = {.first = tk_string("file-%016llx", (unsigned long long)tk_random()),
                      .second = random_id()};
    make_file(p.first);
    return p;
}

static inline struct place new_object(void)
{
    return (struct place){.object = true,
                          .first = "-m",
                          .second = tk_string("/board-%016llx", (unsigned long long)tk_random())};
}

/* ---- the student's programs ---------------------------------------------------------------------- */

static inline tk_process *spawn_boardd(struct place p, size_t size, const char *mode,
                                       const struct tk_fault *faults, bool watch)
{
    const char *const args[] = {p.first, p.second, tk_string("%zu", size), mode, NULL};
    return tk_spawn(
        &(struct tk_how){.program = "boardd", .args = args, .faults = faults, .watch_data = watch});
}

static inline tk_process *spawn_board(struct place p, size_t size)
{
    const char *const args[] = {p.first, p.second, tk_string("%zu", size), NULL};
    return tk_spawn(&(struct tk_how){.program = "board", .args = args, .in = TK_NULL});
}

/* The next line of stdout, which has to be that one. */
static inline void expect(tk_process *p, const char *word, const char *what)
{
    const tk_bytes got = tk_receive_line(p, what);
    const char *line = tk_string("%s\n", word);
    tk_assert_bytes(got, line, strlen(line), what);
}

static inline void expect_ready(tk_process *boardd)
{
    expect(boardd, "ready", "its first line, ready");
}

static inline tk_process *start_boardd(struct place p, size_t size)
{
    tk_process *boardd = spawn_boardd(p, size, "0600", NULL, false);
    expect_ready(boardd);
    return boardd;
}

/* Sends a line, which has to be answered like that. */
static inline void send_line(tk_process *boardd, tk_bytes line, const char *answer)
{
    const tk_bytes whole = tk_zeros(line.size + 1); /* in one piece, newline and all */
    memcpy(whole.data, line.data, line.size);
    whole.data[line.size] = '\n';
    tk_send(boardd, whole.data, whole.size);
    expect(boardd, answer, tk_string("boardd's answer to a line of %zu bytes", line.size));
}

static inline void end_boardd(tk_process *boardd)
{
    tk_close_stdin(boardd);
    tk_assert_eof(boardd);
    tk_assert_exit(boardd, 0);
}

/* How many bytes the first line has, for a message. */
static inline int first_line(tk_bytes out)
{
    return (int)strcspn((char *)out.data, "\n");
}

/* boardd cannot do what it is asked: it says so by its status, and never says ready. */
static inline void assert_boardd_refuses(tk_process *boardd, const char *why)
{
    const tk_bytes out = tk_exchange(boardd, "a line\n", 7);
    const int status = tk_wait(boardd);
    tk_assert(out.size == 0, "%s, but boardd printed \"%.*s\"", why, first_line(out), (char *)out.data);
    tk_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%s, but boardd %s, not with 1", why,
              tk_describe_status(status));
}

/* ---- what there is: the peer reader ----------------------------------------------------------------- */

struct seen {
    bool found;
    bool refused; /* it is there, but cannot be read */
    unsigned key, mode;
    int id, cpid;
    size_t size;
    unsigned long attached;
    tk_bytes bytes;
};

/* A line "found …", "absent …" or "refused …". Returns what comes behind it. */
static inline struct seen read_report(tk_bytes report)
{
    struct seen s = {0};
    const char *line = (const char *)report.data, *end = memchr(line, '\n', report.size);
    s.refused = strncmp(line, "refused ", 8) == 0;
    s.found =
        sscanf(line, "found %x %d %o %zu %lu %d", &s.key, &s.id, &s.mode, &s.size, &s.attached, &s.cpid) == 6;
    if (!end || (!s.found && !s.refused && strncmp(line, "absent ", 7) != 0))
        tk_error("the peer reader says \"%.100s\"", line);
    s.bytes.data = (unsigned char *)end + 1;
    s.bytes.size = report.size - (size_t)(end + 1 - line);
    if (s.found && s.bytes.size != s.size)
        tk_error("the peer reader sends %zu bytes of %zu", s.bytes.size, s.size);
    return s;
}

static inline struct seen look(const char *how, const char *first, const char *second)
{
    const char *const args[] = {how, first, second, NULL};
    tk_process *reader = tk_spawn(&(struct tk_how){.program = "reader", .args = args, .in = TK_NULL});
    tk_bytes report = tk_receive_all(reader);
    peer_ends(reader, "the peer reader");
    return read_report(report);
}

static inline struct seen look_at(struct place p)
{
    return p.object ? look("name", p.second, NULL) : look("key", p.first, p.second);
}

/* Is that a process of p's program? */
static inline bool is_of(tk_process *p, pid_t pid)
{
    struct tk_children children = tk_children(p);
    bool is = pid == tk_pid(p);
    for (size_t i = 0; i < children.count; i++)
        is |= pid == children.list[i].pid;
    return is;
}

/* The segment that boardd, which runs, or a child of it has made; .found says if there is one. */
static inline struct seen listed_segment(tk_process *boardd)
{
    const char *const args[] = {"list", NULL};
    tk_process *reader = tk_spawn(&(struct tk_how){.program = "reader", .args = args, .in = TK_NULL});
    char *all = (char *)tk_receive_all(reader).data, *save = NULL;
    struct seen s = {0};
    peer_ends(reader, "the peer reader");
    for (char *line = strtok_r(all, "\n", &save); line && !s.found; line = strtok_r(NULL, "\n", &save)) {
        if (sscanf(line, "%x %d %o %zu %lu %d", &s.key, &s.id, &s.mode, &s.size, &s.attached, &s.cpid) != 6)
            tk_error("the peer reader lists \"%.100s\"", line);
        s.found = is_of(boardd, s.cpid);
    }
    return s;
}

/* The same with its contents. Whatever its key is: that is for a test of its own. */
static inline struct seen segment_of(tk_process *boardd)
{
    struct seen s = listed_segment(boardd);
    tk_cause("no_segment");
    tk_assert(s.found, "boardd has made no System V shared memory segment");
    tk_cause(NULL);
    s = look("id", tk_string("%d", s.id), NULL);
    tk_assert(s.found, "the segment of boardd cannot be attached by its owner: its mode is %03o", s.mode);
    return s;
}

/* ---- what is on a board ---------------------------------------------------------------------------- */

static inline struct board header_of(struct seen s)
{
    struct board b = {0};
    tk_assert(s.size >= sizeof b, "the shared memory has %zu bytes: no room for the header", s.size);
    memcpy(&b, s.bytes.data, sizeof b);
    return b;
}

/* What an offset that is none may be instead. */
static inline const char *offset_suspect(struct seen s, uint32_t offset)
{
    /* shared memory is mapped at multiples of 4096, so the low bits of an address in it are an offset */
    const uint32_t low = offset % 4096;
    if (offset >= s.size && low >= sizeof(struct board) && low < s.size)
        return "pointer_in_shared_memory";
    return "other_layout";
}

/* The note at an offset, which is called `what`. */
static inline struct note note_of(struct seen s, uint32_t offset, const char *what)
{
    struct note n = {0};
    tk_cause(offset_suspect(s, offset));
    tk_assert(offset >= sizeof(struct board) && offset <= s.size && s.size - offset >= sizeof n,
              "%s is %u (0x%x), which is no offset of a note on a board of %zu bytes", what, offset, offset,
              s.size);
    memcpy(&n, s.bytes.data + offset, sizeof n);
    tk_cause("other_layout");
    tk_assert(n.len <= s.size - offset - sizeof n,
              "the note at offset %u has len %u, and the board ends at %zu", offset, n.len, s.size);
    tk_cause(NULL);
    return n;
}

/* The note at that offset has that text. */
static inline void assert_text(struct seen s, uint32_t offset, const char *what, tk_bytes expected)
{
    struct note n = note_of(s, offset, what);
    tk_bytes got = {.data = s.bytes.data + offset + sizeof n, .size = n.len};
    const unsigned char *nul = memchr(expected.data, 0, expected.size);
    if (got.size > expected.size && memcmp(got.data, expected.data, expected.size) == 0)
        tk_cause("len_counts_too_much");
    else if (nul && got.size == (size_t)(nul - expected.data))
        tk_cause("stops_at_nul");
    tk_assert_bytes(got, expected.data, expected.size,
                    tk_string("the text of the note at offset %u", offset));
    tk_cause(NULL);
}

/* The header says that there are so many notes, on a board of that size. */
static inline struct board assert_count(struct seen s, size_t size, uint32_t count)
{
    const struct board b = header_of(s), none = {0};
    if (memcmp(&b, &none, sizeof b) == 0)
        tk_cause("memory_not_shared");
    else if (b.size != size && (b.count == size || b.head == size || b.tail == size))
        tk_cause("other_layout");
    tk_assert_int(b.size, (int64_t)size, "size in the board's header");
    tk_cause(NULL);
    tk_assert_int(b.count, count, "count in the board's header");
    return b;
}

/* One note, as far as a reader cares. */
static inline void assert_one_note(struct seen s, size_t size, tk_bytes line)
{
    const struct board b = assert_count(s, size, 1);
    assert_text(s, b.head, "head", line);
    tk_assert_int(note_of(s, b.head, "head").next, 0, "next of the only note");
}

/* Those notes, in that order. */
static inline void assert_notes(struct seen s, size_t size, const tk_bytes *lines, uint32_t count)
{
    const struct board b = assert_count(s, size, count);
    uint32_t at = b.head;
    for (uint32_t i = 0; i < count; i++) {
        assert_text(s, at, i ? tk_string("next of note %u", i) : "head", lines[i]);
        at = note_of(s, at, "next").next;
    }
    tk_assert_int(at, 0, count ? "next of the last note" : "head of an empty board");
}

/* ---- making a board: the peer writer ------------------------------------------------------------------ */

/* Puts a note into an image of a board; its `next` is set when the next one comes. */
static inline void put_note(tk_bytes image, uint32_t at, tk_bytes line, uint32_t next)
{
    const struct note n = {.next = next, .len = (uint32_t)line.size};
    memcpy(image.data + at, &n, sizeof n);
    memcpy(image.data + at + sizeof n, line.data, line.size);
}

static inline void put_header(tk_bytes image, struct board header)
{
    memcpy(image.data, &header, sizeof header);
}

/* A board with those notes, each right behind the one before. */
static inline tk_bytes plain_board(size_t size, const tk_bytes *lines, uint32_t count)
{
    tk_bytes image = tk_zeros(size);
    struct board b = {.size = (uint32_t)size, .count = count};
    uint32_t at = sizeof b;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t next = at + (uint32_t)note_size(lines[i].size);
        if (next > size)
            tk_error("the notes do not fit on a board of %zu bytes", size);
        put_note(image, at, lines[i], i + 1 < count ? next : 0);
        if (i == 0)
            b.head = at;
        b.tail = at;
        at = next;
    }
    put_header(image, b);
    return image;
}

struct made {
    tk_process *writer; /* ends, and removes it, when its stdin is closed */
    bool readable;
};

static inline struct made make_by(const char *const *args, tk_bytes image)
{
    struct made m = {.writer = tk_spawn(&(struct tk_how){.program = "writer", .args = args})};
    char word[16] = "";
    int id;
    tk_send(m.writer, image.data, image.size);
    const tk_bytes line = tk_receive_line(m.writer, "the answer of the peer writer");
    if (sscanf((char *)line.data, "made %d %15s", &id, word) != 2)
        tk_error("the peer writer says \"%.100s\"", (char *)line.data);
    m.readable = strcmp(word, "readable") == 0;
    return m;
}

/* Makes shared memory that holds the image. */
static inline struct made make_at(struct place p, tk_bytes image, const char *mode)
{
    const char *const key[] = {"key", p.first, p.second, tk_string("%zu", image.size), mode, NULL};
    const char *const name[] = {"name", p.second, tk_string("%zu", image.size), mode, NULL};
    return make_by(p.object ? name : key, image);
}

static inline void remove_made(struct made m)
{
    tk_close_stdin(m.writer);
    peer_ends(m.writer, "the peer writer");
}

/* What board has to print of those notes. */
static inline tk_bytes printed(const tk_bytes *lines, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += lines[i].size + 1;
    tk_bytes out = tk_zeros(size);
    unsigned char *at = out.data;
    for (size_t i = 0; i < count; i++) {
        memcpy(at, lines[i].data, lines[i].size);
        at += lines[i].size;
        *at++ = '\n';
    }
    return out;
}

/* Starts board, which has to print just that and exit with 0. */
static inline void assert_board_prints(struct place p, size_t size, tk_bytes expected)
{
    tk_process *board = spawn_board(p, size);
    tk_bytes out = tk_receive_all(board);
    const unsigned char *nul = memchr(expected.data, 0, expected.size);
    if (nul && out.size < expected.size)
        tk_cause("stops_at_nul");
    tk_assert_bytes(out, expected.data, expected.size, "what board printed");
    tk_cause(NULL);
    tk_assert_exit(board, 0);
}

/* board cannot do what it is asked. What it printed before it noticed is judged only where `nothing`. */
static inline void assert_board_refuses(struct place p, size_t size, bool nothing, const char *why)
{
    tk_process *board = spawn_board(p, size);
    tk_bytes out = tk_receive_all(board);
    const int status = tk_wait(board);
    tk_assert(!WIFEXITED(status) || WEXITSTATUS(status) == 1, "%s, but board %s, not with 1", why,
              tk_describe_status(status));
    tk_assert(WIFEXITED(status), "%s, and board %s", why, tk_describe_status(status));
    tk_assert(!nothing || out.size == 0, "%s, but board printed \"%.*s\"", why, first_line(out),
              (char *)out.data);
}

#endif
