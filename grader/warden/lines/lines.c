/*
 * lines: from stacks to source lines.
 *
 * Theory of operation. warden takes pictures of threads (program counter, stack pointer, the stack's bytes)
 * and gives them to this program on stdin, after the run, each memory map followed by the pictures of it:
 *
 *     maps SIZE\n  bytes          site NUMBER PC SP SIZE\n  bytes
 *
 * It unwinds with the call frame information of the binaries and prints, innermost first, the frames whose
 * code lies below the folder that argv[1] names:   NUMBER LINE FUNCTION FILE
 *
 * It reads binaries made from a student's source, so it runs with the student's rights and nothing else;
 * what it prints is taken as a hint for people, never as evidence.
 *
 * Registers other than these two are unknown. That is enough: the C library's wrappers of system calls
 * find their frame by the stack pointer alone, and the first frame above them is the one we want.
 */
#include <elfutils/libdwfl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE_MAX_READ (1 << 20)
#define FRAMES_MAX    64
#define SECONDS       3

struct picture { /* the one that is being unwound */
    const char *folder;
    unsigned long number;
    uint64_t pc, sp;
    size_t stack_size;
    unsigned char *stack;
    Dwfl *dwfl; /* of the last map */
    int frames;
};

static bool read_exactly(void *data, size_t size)
{
    return fread(data, 1, size, stdin) == size;
}

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread)
{
    (void)dwfl;
    if (*thread)
        return 0;
    *thread = arg;
    return 1;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *result, void *arg)
{
    const struct picture *p = arg;
    (void)dwfl;
    if (address < p->sp || p->stack_size < sizeof *result || address - p->sp > p->stack_size - sizeof *result)
        return false;
    memcpy(result, p->stack + (address - p->sp), sizeof *result);
    return true;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
    const struct picture *p = arg;
#if defined(__x86_64__)
    const int stack_pointer = 7; /* DWARF's number, System V ABI for x86-64, figure 3.36 */
#else
    const int stack_pointer = 31; /* DWARF for the Arm 64-bit architecture */
#endif
    const Dwarf_Word sp = p->sp;
    if (!dwfl_thread_state_registers(thread, stack_pointer, 1, &sp))
        return false;
    dwfl_thread_state_register_pc(thread, p->pc);
    return true;
}

/* Any bytes can be a name, of a symbol or (by #line) of a file: none may end the line, or the word. */
static void copy_printable(char *to, size_t room, const char *name, unsigned char least)
{
    size_t n = 0;
    for (; name[n] && n < room - 1; n++)
        to[n] = (unsigned char)name[n] < least || name[n] == 0x7f ? '?' : name[n];
    to[n] = '\0';
}

static void print_frame(struct picture *p, Dwfl_Module *module, Dwarf_Addr pc)
{
    const char *path = NULL;
    dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, &path, NULL);
    if (!path || strncmp(path, p->folder, strlen(p->folder)) != 0)
        return;
    Dwfl_Line *line = dwfl_module_getsrc(module, pc);
    int number = 0;
    const char *file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
    const char *function = dwfl_module_addrname(module, pc);
    if (!file || number <= 0)
        return;
    const char *base = strrchr(file, '/');
    char shown[128], place[256];
    copy_printable(shown, sizeof shown, function ? function : "", ' ' + 1);
    copy_printable(place, sizeof place, base ? base + 1 : file, ' ');
    printf("%lu %d %s %s\n", p->number, number, *shown ? shown : "?", place);
}

static int visit(Dwfl_Frame *frame, void *arg)
{
    struct picture *p = arg;
    Dwarf_Addr pc;
    bool activation;
    if (++p->frames > FRAMES_MAX || !dwfl_frame_pc(frame, &pc, &activation))
        return DWARF_CB_ABORT;
    /* A return address points behind the call: the line is that of the byte before. */
    if (!activation)
        pc--;
    Dwfl_Module *module = dwfl_addrmodule(p->dwfl, pc);
    if (module)
        print_frame(p, module, pc);
    return DWARF_CB_OK;
}

/* What the map names is opened once for all pictures of it. */
static bool take_map(struct picture *p, size_t size)
{
    static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_linux_proc_find_elf,
                                             .find_debuginfo = dwfl_standard_find_debuginfo};
    static const Dwfl_Thread_Callbacks threads = {
        .next_thread = next_thread, .memory_read = read_memory, .set_initial_registers = set_registers};
    char *text = calloc(1, size + 1);
    if (!text || !read_exactly(text, size))
        return false;
    if (p->dwfl)
        dwfl_end(p->dwfl);
    p->dwfl = dwfl_begin(&callbacks);
    FILE *maps = fmemopen(text, size, "r");
    bool good = p->dwfl && maps && dwfl_linux_proc_maps_report(p->dwfl, maps) == 0 &&
                dwfl_report_end(p->dwfl, NULL, NULL) == 0 && dwfl_attach_state(p->dwfl, NULL, 1, &threads, p);
    if (maps)
        fclose(maps);
    free(text);
    return good;
}

/* The C library's clone() and clone3() say nothing of their frames, so that unwinding a new thread ends
 * there. They have none: the return address is what the stack pointer points at. */
static bool step_out(struct picture *p)
{
#if defined(__x86_64__)
    uint64_t back;
    if (p->stack_size < sizeof back)
        return false;
    memcpy(&back, p->stack, sizeof back);
    p->pc = back - 1; /* within the call instruction */
    p->sp += sizeof back;
    p->stack_size -= sizeof back;
    memmove(p->stack, p->stack + sizeof back, p->stack_size);
    return true;
#else
    (void)p;
    return false;
#endif
}

static bool take_site(struct picture *p)
{
    p->stack = malloc(p->stack_size + 1);
    if (!p->stack || !p->dwfl || !read_exactly(p->stack, p->stack_size))
        return false;
    p->frames = 0;
    /* ends with an error where unwinding ends; what was printed counts */
    dwfl_getthread_frames(p->dwfl, 1, visit, p);
    if (p->frames == 1 && step_out(p))
        dwfl_getthread_frames(p->dwfl, 1, visit, p);
    free(p->stack);
    return true;
}

int main(int argc, char **argv)
{
    struct picture p = {.folder = argc > 1 ? argv[1] : "/"};
    char head[128];
    size_t size;
    alarm(SECONDS);
    while (fgets(head, sizeof head, stdin)) {
        bool good;
        if (sscanf(head, "maps %zu", &size) == 1)
            good = size && size <= SIZE_MAX_READ && take_map(&p, size);
        else
            good = sscanf(head, "site %lu %" SCNx64 " %" SCNx64 " %zu", &p.number, &p.pc, &p.sp,
                          &p.stack_size) == 4 &&
                   p.stack_size <= SIZE_MAX_READ && take_site(&p);
        if (!good)
            return 1;
    }
    return 0;
}
