#include "plan.h"

#include "faults.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 256

struct reader {
    struct plan *plan;
    struct limits defaults;
    struct entry *entry; /* the one being read, or NULL */
    int line;
    bool seen_version;
    char *word[WORDS_MAX];
    size_t count;
};

static _Noreturn void bad(const struct reader *r, const char *why)
{
    die("plan, line %d: %s", r->line, why);
}

static int64_t number(const struct reader *r, const char *word, int64_t low, int64_t high)
{
    char *end;
    errno = 0;
    long long value = strtoll(word, &end, 10);
    if (errno || *end || end == word || value < low || value > high)
        bad(r, "a number out of range");
    return value;
}

static void words_add(struct words *w, const char *word)
{
    w->list = xrealloc(w->list, (w->count + 2) * sizeof *w->list);
    w->list[w->count++] = xstrdup(word);
    w->list[w->count] = NULL;
}

static void named_add(struct named_words **list, size_t *count, char *const *word, size_t words)
{
    *list = xrealloc(*list, (*count + 1) * sizeof **list);
    struct named_words *n = &(*list)[(*count)++];
    *n = (struct named_words){.name = xstrdup(word[0])};
    for (size_t i = 1; i < words; i++)
        words_add(&n->words, word[i]);
}

static void set_limit(struct reader *r, struct limits *l)
{
    static const struct {
        const char *name;
        size_t offset;
    } names[] = {
        {"wall_ms", offsetof(struct limits, wall_ms)},
        {"cpu_ms", offsetof(struct limits, cpu_ms)},
        {"memory", offsetof(struct limits, memory)},
        {"address_space", offsetof(struct limits, address_space)},
        {"processes", offsetof(struct limits, processes)},
        {"files", offsetof(struct limits, files)},
        {"file_size", offsetof(struct limits, file_size)},
        {"output", offsetof(struct limits, output)},
        {"collect", offsetof(struct limits, collect)},
    };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcmp(r->word[1], names[i].name) == 0) {
            int64_t value = number(r, r->word[2], 0, INT64_MAX / 1000000000);
            memcpy((char *)l + names[i].offset, &value, sizeof value);
            return;
        }
    }
    bad(r, "unknown limit");
}

static void begin_entry(struct reader *r, enum entry_kind kind)
{
    struct plan *p = r->plan;
    if (plan_entry(p, r->word[1]))
        bad(r, "this id occurs twice");
    p->entries = xrealloc(p->entries, (p->entries_count + 1) * sizeof *p->entries);
    r->entry = &p->entries[p->entries_count++];
    *r->entry = (struct entry){.id = xstrdup(r->word[1]), .kind = kind, .limits = r->defaults, .slow = 1};
}

static void end_entry(struct reader *r)
{
    struct entry *e = r->entry;
    if (e->kind == ENTRY_COMMAND ? e->argv.count == 0
        : e->kind == ENTRY_RUN   ? !e->starts
                                 : !e->judge || !e->name)
        bad(r, "the entry lacks what it runs");
    if (!e->pass)
        e->pass = xstrdup("plain");
    if (e->kind == ENTRY_TEST && strcmp(e->pass, "plain") != 0 &&
        !plan_find(r->plan->wrappers, r->plan->wrappers_count, e->pass))
        bad(r, "no wrapper of that pass's name");
    r->entry = NULL;
}

static void use(struct reader *r)
{
    if (!plan_find(r->plan->programs, r->plan->programs_count, r->word[2]))
        bad(r, "no program of that name");
    named_add(&r->entry->uses, &r->entry->uses_count, &r->word[1], 2);
}

static void start(struct reader *r)
{
    struct entry *e = r->entry;
    if (!plan_find(r->plan->programs, r->plan->programs_count, r->word[1]))
        bad(r, "no program of that name");
    e->starts = xrealloc(e->starts, (e->starts_count + 1) * sizeof *e->starts);
    e->starts[e->starts_count] = (struct words){0};
    words_add(&e->starts[e->starts_count], r->word[1]);
    for (size_t i = 2; i < r->count; i++) {
        if (r->word[i][0] != '=') /* an argument may be empty, a word may not */
            bad(r, "an argument begins with =");
        words_add(&e->starts[e->starts_count], r->word[i] + 1);
    }
    e->starts_count++;
}

static void fault(struct reader *r)
{
    struct entry *e = r->entry;
    if (e->faults_count == FAULTS_MAX)
        bad(r, "too many faults");
    e->faults = xrealloc(e->faults, (e->faults_count + 1) * sizeof *e->faults);
    if (faults_read(&e->faults[e->faults_count++], &r->word[1], r->count - 1) != 0)
        bad(r, "no such fault");
    e->watch_all = true; /* what becomes of a call that failed: is it made again? */
}

static void explains(struct reader *r)
{
    const struct entry *other = plan_entry(r->plan, r->word[1]);
    if (!other || other == r->entry || other->kind != ENTRY_TEST)
        bad(r, "`explains` names no test that stands before");
    r->entry->explains = xstrdup(r->word[1]);
    r->entry->watch_all = true;
}

static void seed(struct reader *r)
{
    char *end;
    errno = 0;
    r->entry->seed = strtoull(r->word[1], &end, 16);
    if (errno || *end || end == r->word[1])
        bad(r, "the seed is not hexadecimal");
}

/* The words of one line, decided by where they may stand. Each returns nothing: what is wrong dies. */
static bool inside_entry(struct reader *r, const char *keyword)
{
    struct entry *e = r->entry;
    if (strcmp(keyword, "judge") == 0 && r->count == 2 && e->kind == ENTRY_TEST)
        e->judge = xstrdup(r->word[1]);
    else if (strcmp(keyword, "name") == 0 && r->count == 2 && e->kind == ENTRY_TEST)
        e->name = xstrdup(r->word[1]);
    else if (strcmp(keyword, "pass") == 0 && r->count == 2 && e->kind == ENTRY_TEST)
        e->pass = xstrdup(r->word[1]);
    else if (strcmp(keyword, "use") == 0 && r->count == 3 && e->kind == ENTRY_TEST)
        use(r);
    else if (strcmp(keyword, "explains") == 0 && r->count == 2 && e->kind == ENTRY_TEST)
        explains(r);
    else if (strcmp(keyword, "seed") == 0 && r->count == 2)
        seed(r);
    else if (strcmp(keyword, "slow") == 0 && r->count == 2)
        e->slow = number(r, r->word[1], 1, 10000);
    else if (strcmp(keyword, "limit") == 0 && r->count == 3)
        set_limit(r, &e->limits);
    else if (strcmp(keyword, "collect") == 0 && r->count == 2)
        words_add(&e->collect, r->word[1]);
    else if (strcmp(keyword, "input") == 0 && r->count == 2 && e->kind == ENTRY_COMMAND)
        words_add(&e->input, r->word[1]);
    else if (strcmp(keyword, "argv") == 0 && r->count >= 2 && e->kind == ENTRY_COMMAND)
        for (size_t i = 1; i < r->count; i++)
            words_add(&e->argv, r->word[i]);
    else if (strcmp(keyword, "start") == 0 && r->count >= 2 && e->kind == ENTRY_RUN)
        start(r);
    else if (strcmp(keyword, "fault") == 0 && e->kind == ENTRY_RUN)
        fault(r);
    else if (strcmp(keyword, "trace") == 0 && r->count == 1 && e->kind == ENTRY_RUN)
        e->trace = e->watch_all = true;
    else if (strcmp(keyword, "after") == 0 && r->count >= 2)
        for (size_t i = 1; i < r->count; i++) {
            const struct entry *other = plan_entry(r->plan, r->word[i]);
            if (!other || other == e)
                bad(r, "`after` names an entry that does not stand before");
            words_add(&e->after, r->word[i]);
        }
    else if (strcmp(keyword, "end") == 0 && r->count == 1)
        end_entry(r);
    else
        return false;
    return true;
}

static bool outside_entry(struct reader *r, const char *keyword)
{
    struct plan *p = r->plan;
    if (strcmp(keyword, "work") == 0 && r->count == 2)
        p->work = xstrdup(r->word[1]);
    else if (strcmp(keyword, "symbols") == 0 && r->count == 2)
        p->symbols = xstrdup(r->word[1]);
    else if (strcmp(keyword, "uid") == 0 && r->count == 3 && strcmp(r->word[1], "student") == 0)
        p->student = (uid_t)number(r, r->word[2], 1, 65535);
    else if (strcmp(keyword, "uid") == 0 && r->count == 3 && strcmp(r->word[1], "judge") == 0)
        p->judge = (uid_t)number(r, r->word[2], 1, 65535);
    else if (strcmp(keyword, "limit") == 0 && r->count == 3)
        set_limit(r, &r->defaults);
    else if (strcmp(keyword, "program") == 0 && r->count == 3)
        named_add(&p->programs, &p->programs_count, &r->word[1], 2);
    else if (strcmp(keyword, "peer") == 0 && r->count == 3)
        named_add(&p->peers, &p->peers_count, &r->word[1], 2);
    else if (strcmp(keyword, "wrapper") == 0 && r->count >= 3)
        named_add(&p->wrappers, &p->wrappers_count, &r->word[1], r->count - 1);
    else if (strcmp(keyword, "test") == 0 && r->count == 2)
        begin_entry(r, ENTRY_TEST);
    else if (strcmp(keyword, "command") == 0 && r->count == 2)
        begin_entry(r, ENTRY_COMMAND);
    else if (strcmp(keyword, "run") == 0 && r->count == 2)
        begin_entry(r, ENTRY_RUN);
    else
        return false;
    return true;
}

static void split(struct reader *r, char *line)
{
    r->count = 0;
    for (char *save = NULL, *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        if (r->count == WORDS_MAX)
            bad(r, "too many words");
        if (!word_decode(word))
            bad(r, "a broken %XX");
        r->word[r->count++] = word;
    }
}

static void read_line(struct reader *r, char *line)
{
    split(r, line);
    if (r->count == 0)
        return;
    if (!r->seen_version) {
        if (r->count != 2 || strcmp(r->word[0], "plan") != 0 || strcmp(r->word[1], "1") != 0)
            bad(r, "it does not begin with `plan 1`");
        r->seen_version = true;
        return;
    }
    if (!(r->entry ? inside_entry(r, r->word[0]) : outside_entry(r, r->word[0])))
        bad(r, "unknown directive, or a wrong number of words");
}

void plan_read(struct plan *plan, FILE *in)
{
    *plan = (struct plan){.student = 20000, .judge = 20001};
    struct reader r = {.plan = plan,
                       .defaults = {.wall_ms = 20000,
                                    .cpu_ms = 10000,
                                    .memory = 256 << 20,
                                    .processes = 64,
                                    .files = 256,
                                    .file_size = 16 << 20,
                                    .output = 16 << 20,
                                    .collect = 16 << 20}};
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    while ((size = getline(&line, &room, in)) >= 0) {
        r.line++;
        if (strlen(line) != (size_t)size)
            bad(&r, "a NUL byte");
        if (size && line[size - 1] == '\n')
            line[size - 1] = '\0';
        if (line[0] != '#')
            read_line(&r, line);
    }
    free(line);
    if (ferror(in))
        die("the plan cannot be read: %s", strerror(errno));
    if (!r.seen_version)
        die("the plan is empty");
    if (r.entry)
        die("plan: the entry %s has no end", r.entry->id);
    if (plan->student == plan->judge)
        die("plan: student and judge must have different uids");
    if (!plan->work)
        plan->work = xstrdup("/work");
}

const struct words *plan_find(const struct named_words *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i].words;
    return NULL;
}

struct entry *plan_entry(struct plan *plan, const char *id)
{
    for (size_t i = 0; i < plan->entries_count; i++)
        if (strcmp(plan->entries[i].id, id) == 0)
            return &plan->entries[i];
    return NULL;
}
