#include "sites.h"

#include "run.h"
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_NS (4000 * NS_PER_MS)
#define ANSWER_MAX  (4 << 20)
#define MAPS_MAX    65536
#define MAPS_KEPT   200 /* a program that executes itself again and again has a new one each time */
#define MAPS_BYTES  (4 << 20)
#define RANGES_MAX  64
#define STACK_MAX   16384
#define STACK_LEAST 2048      /* that is kept, */
#define STACK_MORE  1024      /* and beyond what makes the place */
#define BYTES_MAX   (6 << 20) /* of all pictures; */
#define BYTES_SPARE (2 << 20) /* more for what findings are about */
#define SITES_MAX   4000
#define INDEX_SIZE  16384
#define OPEN_MAX    64 /* memories */
/* That many words that point into the student's code make a place: the first that is one may be a left-over
 * of an earlier call. */
#define OWN_WORDS 6

static const struct limits helper_limits = {
    .cpu_ms = 3000, .files = 64, .file_size = 1 << 20, .memory = 1 << 30};

struct range { /* that code lies in */
    uint64_t start, end;
    bool own; /* the student's */
    bool loader;
};

struct site_maps { /* a memory map, of one or many processes */
    char *text;    /* its lines that have a file */
    size_t size;
    struct range ranges[RANGES_MAX];
    size_t count;
};

struct site_process {
    pid_t pid;
    ssize_t maps; /* -1: there was no room for it */
    int memory;   /* /proc/PID/mem, -1 not open */
    bool whole;   /* code that is not in its map is nowhere in it: it was read anew for that */
};

struct site {
    uint64_t hash, pc, sp;
    size_t maps, size;
    char *stack;
    bool named;
};

/* ---- memory maps ------------------------------------------------------------------------------------ */

static void add_range(const struct run *r, struct site_maps *m, const char *line)
{
    unsigned long long start, end;
    char mode[8], *folder = xformat("%s/bin/", r->w->level.work);
    const char *path = strchr(line, '/'), *name = path ? strrchr(path, '/') + 1 : "";
    if (m->count < RANGES_MAX && sscanf(line, "%llx-%llx %7s", &start, &end, mode) == 3 && mode[2] == 'x')
        m->ranges[m->count++] =
            (struct range){start, end, path && strncmp(path, folder, strlen(folder)) == 0,
                           strncmp(name, "ld-linux", 8) == 0 || strncmp(name, "ld-2", 4) == 0};
    free(folder);
}

/* What files are mapped where: the rest differs from process to process and tells nothing. */
static void read_map(const struct run *r, char *text, struct site_maps *m)
{
    struct buffer kept = {0};
    *m = (struct site_maps){0};
    buffer_add(&kept, "", 0);
    for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (!strchr(line, '/'))
            continue;
        add_range(r, m, line);
        buffer_print(&kept, "%s\n", line);
    }
    m->text = kept.data;
    m->size = kept.size;
}

/* -1: there is no more room. */
static ssize_t intern_map(struct sites *s, struct site_maps *m)
{
    for (size_t i = 0; i < s->maps_count; i++) {
        if (s->maps[i].size == m->size && memcmp(s->maps[i].text, m->text, m->size) == 0) {
            free(m->text);
            return (ssize_t)i;
        }
    }
    if (s->maps_count == MAPS_KEPT || s->maps_bytes > MAPS_BYTES) {
        free(m->text);
        return -1;
    }
    s->maps = xrealloc(s->maps, (s->maps_count + 1) * sizeof *s->maps);
    s->maps[s->maps_count] = *m;
    s->maps_bytes += m->size;
    return (ssize_t)s->maps_count++;
}

static bool is_code(const struct site_maps *m, uint64_t address, bool *own)
{
    for (size_t i = 0; i < m->count; i++) {
        if (address >= m->ranges[i].start && address < m->ranges[i].end) {
            *own = m->ranges[i].own;
            return true;
        }
    }
    return false;
}

void sites_forget(struct run *r, pid_t pid)
{
    struct sites *s = &r->sites;
    for (size_t i = 0; i < s->processes_count; i++)
        if (s->processes[i].pid == pid) {
            close_fd(&s->processes[i].memory);
            s->processes[i] = s->processes[--s->processes_count];
            return;
        }
}

/* The number of the map of a process that is at pc; -1 if it may not be read. */
static ssize_t map_of(struct run *r, pid_t pid, uint64_t pc)
{
    static char text[MAPS_MAX];
    struct sites *s = &r->sites;
    struct site_maps m;
    bool own;
    for (size_t i = 0; i < s->processes_count; i++) {
        const struct site_process *p = &s->processes[i];
        if (p->pid != pid)
            continue;
        if (p->maps < 0 || p->whole || is_code(&s->maps[p->maps], pc, &own))
            return p->maps;
        break;
    }
    ssize_t n = proc_maps(&r->w->access, pid, text, sizeof text - 1);
    if (n <= 0)
        return -1;
    text[n] = '\0';
    read_map(r, text, &m);
    const ssize_t number = intern_map(s, &m);
    const bool whole = number >= 0 && !is_code(&s->maps[number], pc, &own);
    sites_forget(r, pid);
    if (r->w->witness) { /* else nobody tells of its next exec or of its end */
        s->processes = xrealloc(s->processes, (s->processes_count + 1) * sizeof *s->processes);
        s->processes[s->processes_count++] = (struct site_process){pid, number, -1, whole};
    }
    return number;
}

/* Reads from a process's memory, which stays open: a place is asked for at each call. */
static ssize_t read_memory(struct run *r, pid_t pid, uint64_t address, void *data, size_t size)
{
    struct sites *s = &r->sites;
    for (size_t i = 0; i < s->processes_count && i < OPEN_MAX; i++) {
        struct site_process *p = &s->processes[i];
        if (p->pid != pid)
            continue;
        if (p->memory < 0)
            p->memory = proc_memory_open(&r->w->access, pid);
        return p->memory < 0 ? -1 : pread(p->memory, data, size, (off_t)address);
    }
    return proc_memory_some(&r->w->access, pid, address, data, size);
}

/* ---- pictures ----------------------------------------------------------------------------------------- */

static bool has_own(const struct site_maps *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->ranges[i].own)
            return true;
    return false;
}

/* The loader's calls are nobody's, though the stack below it leads to the program's entry. */
static bool in_loader(const struct site_maps *m, uint64_t pc)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->ranges[i].loader && pc >= m->ranges[i].start && pc < m->ranges[i].end)
            return true;
    return false;
}

/* The hash of a place; *size: how much of the stack was read, *extent: how much of it makes the place; *owns:
 * words of it that may lead into the student's code. */
static uint64_t hash_of(struct run *r, pid_t pid, uint64_t pc, uint64_t sp, size_t maps, char *stack,
                        size_t *size, size_t *extent, int *owns)
{
    const struct site_maps *m = &r->sites.maps[maps];
    uint64_t hash = hash_add(hash_add(HASH_START, pc), maps);
    size_t have = 0, at = 0;
    int own_words = 0;
    bool own;
    if (is_code(m, pc, &own))
        own_words += own;
    for (size_t want = 1024; want <= STACK_MAX && own_words < OWN_WORDS; want *= 4) {
        ssize_t n = read_memory(r, pid, sp + have, stack + have, want - have);
        have += n > 0 ? (size_t)n : 0;
        for (uint64_t word; at + sizeof word <= have && own_words < OWN_WORDS; at += sizeof word) {
            memcpy(&word, stack + at, sizeof word);
            if (!is_code(m, word, &own))
                continue;
            hash = hash_add(hash_add(hash, at), word);
            own_words += own;
        }
        if (have < want)
            break;
    }
    *size = have;
    *extent = at;
    *owns = own_words;
    return hash;
}

bool sites_is_own(struct run *r, pid_t pid, uint64_t pc, uint64_t sp)
{
    static char stack[STACK_MAX];
    size_t size, extent;
    int owns;
    const ssize_t maps = map_of(r, pid, pc);
    if (maps < 0 || !has_own(&r->sites.maps[maps]))
        return false;
    const struct site_maps *m = &r->sites.maps[maps];
    if (in_loader(m, pc))
        return false;
    hash_of(r, pid, pc, sp, (size_t)maps, stack, &size, &extent, &owns);
    return owns > 0;
}

/* The slot of a hash in the index: that of its site, or an empty one. */
static uint32_t *slot_of(struct sites *s, uint64_t hash)
{
    if (!s->index)
        s->index = xcalloc(INDEX_SIZE, sizeof *s->index);
    size_t at = (hash ^ hash >> 32) % INDEX_SIZE;
    while (s->index[at] && s->list[s->index[at] - 1].hash != hash)
        at = (at + 1) % INDEX_SIZE;
    return &s->index[at];
}

static site_id take(struct run *r, pid_t pid, uint64_t pc, uint64_t sp, size_t bytes_max)
{
    static char stack[STACK_MAX];
    struct sites *s = &r->sites;
    size_t size, extent;
    int owns;
    const ssize_t maps = map_of(r, pid, pc);
    if (maps < 0 || !has_own(&s->maps[maps]) || in_loader(&s->maps[maps], pc))
        return 0;
    const uint64_t hash = hash_of(r, pid, pc, sp, (size_t)maps, stack, &size, &extent, &owns);
    uint32_t *slot = slot_of(s, hash);
    if (*slot)
        return *slot;
    if (!owns || s->count == SITES_MAX || s->bytes > bytes_max)
        return 0;
    extent = extent + STACK_MORE > STACK_LEAST ? extent + STACK_MORE : STACK_LEAST;
    extent = extent < STACK_MAX ? extent : STACK_MAX;
    if (size < extent) {
        ssize_t n = read_memory(r, pid, sp + size, stack + size, extent - size);
        size += n > 0 ? (size_t)n : 0;
    }
    size = size < extent ? size : extent;
    if (s->count == s->room) {
        s->room = s->room ? 2 * s->room : 32;
        s->list = xrealloc(s->list, s->room * sizeof *s->list);
    }
    struct site *made = &s->list[s->count++];
    *made = (struct site){hash, pc, sp, (size_t)maps, size, xcalloc(size + 1, 1), false};
    memcpy(made->stack, stack, size);
    s->bytes += size;
    *slot = (uint32_t)s->count;
    return (site_id)s->count;
}

site_id sites_take(struct run *r, pid_t pid, uint64_t pc, uint64_t sp)
{
    return take(r, pid, pc, sp, BYTES_MAX);
}

site_id sites_take_for_finding(struct run *r, pid_t pid, uint64_t pc, uint64_t sp)
{
    return take(r, pid, pc, sp, BYTES_MAX + BYTES_SPARE);
}

void sites_free(struct sites *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->list[i].stack);
    for (size_t i = 0; i < s->maps_count; i++)
        free(s->maps[i].text);
    for (size_t i = 0; i < s->processes_count; i++)
        close_fd(&s->processes[i].memory);
    free(s->list);
    free(s->maps);
    free(s->processes);
    free(s->index);
    *s = (struct sites){0};
}

/* ---- lines --------------------------------------------------------------------------------------------- */

void json_site(struct run *r, struct buffer *b, const char *key, site_id site)
{
    if (!site)
        return;
    r->sites.list[site - 1].named = true;
    json_int(b, key, site);
}

/* The helper's input is a file of memory: nobody has to read it for us to write on. -1 with errno. */
static int write_pictures(const struct sites *s)
{
    int fd = memfd_create("pictures", MFD_CLOEXEC);
    char head[128];
    for (size_t m = 0; fd >= 0 && m < s->maps_count; m++) {
        bool told = false;
        for (size_t i = 0; i < s->count; i++) {
            const struct site *at = &s->list[i];
            if (!at->named || at->maps != m)
                continue;
            if (!told) {
                snprintf(head, sizeof head, "maps %zu\n", s->maps[m].size);
                write_all(fd, head, strlen(head));
                write_all(fd, s->maps[m].text, s->maps[m].size);
            }
            told = true;
            snprintf(head, sizeof head, "site %zu %llx %llx %zu\n", i + 1, (unsigned long long)at->pc,
                     (unsigned long long)at->sp, at->size);
            write_all(fd, head, strlen(head));
            write_all(fd, at->stack, at->size);
        }
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

/* Reads until end-of-file; false if that did not come by the deadline. */
static bool hear(int fd, struct buffer *text)
{
    char part[16384];
    int64_t deadline = now_ns() + DEADLINE_NS;
    while (text->size < ANSWER_MAX) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int left = (int)((deadline - now_ns()) / NS_PER_MS);
        if (left <= 0 || poll(&p, 1, left) == 0)
            return false;
        ssize_t n = read(fd, part, sizeof part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return true;
        buffer_add(text, part, (size_t)n);
    }
    return false;
}

/* Runs `lines` with the student's rights. False if it is not there. */
static bool resolve(struct run *r, struct buffer *answer)
{
    char *path = xformat("%s/lines", r->w->level.work), *folder = xformat("%s/bin/", r->w->level.work);
    int out[2] = {-1, -1};
    cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    cleanup_fd int in = access(path, F_OK) == 0 ? write_pictures(&r->sites) : -1;
    bool done = false;
    if (in >= 0 && pipe2(out, O_CLOEXEC) == 0) {
        const struct spawn_fd fds[] = {{in, 0}, {out[1], 1}, {null, 2}};
        char *argv[] = {path, folder, NULL}, *env[] = {(char *)"LC_ALL=C", NULL};
        const struct spawn s = {.path = path,
                                .argv = argv,
                                .env = env,
                                .cwd = "/",
                                .uid = r->w->plan.student,
                                .change_uid = r->w->level.own_uids,
                                .limits = &helper_limits,
                                .no_more_processes = true, /* nobody looks for leftovers after it */
                                .fds = fds,
                                .fds_count = ARRAY_SIZE(fds),
                                .filter = true};
        pid_t pid = spawn_process(&s);
        close_fd(&out[1]);
        if (pid > 0) {
            r->w->no_lines |= !hear(out[0], answer); /* made to be slow: not once more */
            kill(pid, SIGKILL);
            while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
            done = true;
        }
    }
    close_fd(&out[0]);
    close_fd(&out[1]);
    free(path);
    free(folder);
    return done;
}

/* "SITE LINE FUNCTION FILE": the file's name is last, since it may hold blanks. Lines about places that were
 * not asked for are none. */
static void tell_frame(const struct sites *s, struct buffer *b, char *line, unsigned long *open)
{
    unsigned long site, number;
    char function[256];
    int file = 0;
    if (sscanf(line, "%lu %lu %255s %n", &site, &number, function, &file) < 3 || !file || !line[file])
        return;
    if (site < 1 || site > s->count || !s->list[site - 1].named || number < 1 || number > INT_MAX)
        return;
    if (site != *open) {
        if (*open) {
            json_close(b, ']');
            json_close(b, '}');
        }
        json_open(b, NULL, '{');
        json_int(b, "site", (int64_t)site);
        json_open(b, "frames", '[');
        *open = site;
    }
    json_open(b, NULL, '{');
    json_text(b, "file", line + file);
    json_int(b, "line", (int64_t)number);
    json_text(b, "function", function);
    json_close(b, '}');
}

/* Whatever `lines` says: a hostile binary may have made it say it. */
static void tell_frames(const struct sites *s, struct buffer *b, char *answer)
{
    unsigned long open = 0;
    json_open(b, "sites", '[');
    for (char *save = NULL, *line = strtok_r(answer, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        tell_frame(s, b, line, &open);
    if (open) {
        json_close(b, ']');
        json_close(b, '}');
    }
    json_close(b, ']');
}

void sites_tell(struct run *r)
{
    struct buffer answer = {0}, b = {0};
    bool any = false;
    for (size_t i = 0; i < r->sites.count && !any; i++)
        any = r->sites.list[i].named;
    if (any && !r->w->no_lines && resolve(r, &answer) && answer.size) {
        run_event_begin(r, &b, "sites");
        tell_frames(&r->sites, &b, answer.data);
        warden_event(r->w, &b);
    }
    buffer_free(&answer);
}
