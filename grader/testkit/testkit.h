/*
 * testkit: what a lab's tests are written with. A test is a cmocka test; it runs alone in a process of
 * its own (the judge), under another uid than the student's code, and reaches the student's processes
 * through warden only.
 *
 *     TK_TEST(pump_copies_one_byte)
 *     {
 *         tk_process *pump = tk_start("pump");             pipes on 0 and 1
 *         tk_bytes out = tk_exchange(pump, "x", 1);        send, close stdin, read until end-of-file
 *         tk_assert_bytes(out, "X", 1, "what pump printed");
 *         tk_assert_exit(pump, 0);
 *     }
 *     TK_SUITE(tk_test(pump_copies_one_byte))
 *
 * Rules of the house
 * - No wait without a deadline. A wait that passes its deadline, or of which warden proves that nothing
 *   can ever end it, fails the test and says what every process was doing.
 * - A failed assert records what was expected, what came, and the hint, and ends the test. It does not
 *   return. So none of these functions returns an error: what goes wrong on the student's side fails
 *   the test, what goes wrong on the grader's own side ends it as an error (never a zero).
 * - Memory that testkit hands out lives until the test ends; nothing needs to be freed.
 */
#ifndef IPCLAB_TESTKIT_H
#define IPCLAB_TESTKIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

/* ---- declaring tests (main.c) ------------------------------------------------------------------ */

#define TK_TEST(name) static void name(void **tk_state_ __attribute__((unused)))
#define tk_test(name) cmocka_unit_test(name)
#define TK_SUITE(...)                                             \
    const struct CMUnitTest tk_tests[] = {__VA_ARGS__};           \
    const size_t tk_tests_count = sizeof tk_tests / sizeof *tk_tests;

/* ---- the verdict (record.c) -------------------------------------------------------------------- */

/* Sets the hint that the next failing assert records; replaces the test's hint from lab.toml. printf-like. */
void tk_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Sets the cause (a slug of the registry in ipclab/catalogue.toml) that the next failing assert records;
 * NULL takes it back. Use it where the test knows which mistake makes this very assert fail. */
void tk_cause(const char *slug);

/* Fails the test with this sentence. Does not return. */
_Noreturn void tk_fail_at(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define tk_fail(...) tk_fail_at(__FILE__, __LINE__, __VA_ARGS__)

/* The grader's own fault: the test becomes `error`, nobody loses a point. Does not return. */
_Noreturn void tk_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Asserts. `what` names the thing for a person: "the exit status of pump", "*result". */
#define tk_assert(condition, ...) ((condition) ? (void)0 : tk_fail(__VA_ARGS__))
#define tk_assert_int(actual, expected, what) tk_assert_int_at(__FILE__, __LINE__, actual, expected, what)
#define tk_assert_bytes(actual, expected, size, what) tk_assert_bytes_at(__FILE__, __LINE__, actual, expected, size, what)
void tk_assert_int_at(const char *file, int line, int64_t actual, int64_t expected, const char *what);

/* Bytes that came from a process; `data` has a NUL after its last byte. */
typedef struct {
    unsigned char *data;
    size_t size;
} tk_bytes;

/* Fails unless both are equal; tells the first offset that differs, both lengths and an excerpt of each. */
void tk_assert_bytes_at(const char *file, int line, tk_bytes actual, const void *expected, size_t size, const char *what);

/* ---- bytes and text (bytes.c) ------------------------------------------------------------------ */

tk_bytes tk_zeros(size_t size);
/* A text of any length. printf-like. */
const char *tk_string(const char *format, ...) __attribute__((format(printf, 1, 2)));
tk_bytes tk_bytes_of(const char *string); /* without its NUL */
tk_bytes tk_copy(const void *data, size_t size);
tk_bytes tk_join(tk_bytes a, tk_bytes b);
bool tk_same(tk_bytes a, tk_bytes b);

/* ---- randomness, from the recorded seed (random.c) --------------------------------------------- */

uint64_t tk_random(void);
int64_t tk_random_between(int64_t low, int64_t high); /* both ends included */
/* `size` random bytes. Every byte value occurs when size >= 256. */
tk_bytes tk_random_bytes(size_t size);
/* `size` characters drawn from those of `alphabet`, a string: TK_WORD, say, for a name or a word. */
tk_bytes tk_random_text(size_t size, const char *alphabet);
#define TK_WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
/* "reply.4f0c2b17": a name for a file or a socket that nobody can know beforehand. */
const char *tk_random_name(const char *stem);
bool tk_is_slow(void); /* true in a memcheck pass: keep inputs small */

/* ---- processes (process.c) --------------------------------------------------------------------- */

typedef struct tk_process tk_process;

/* What a descriptor of the new process is. TK_PIPE: a pipe whose other end testkit holds. */
enum tk_end { TK_PIPE = 0, TK_NULL, TK_CLOSED, TK_GIVEN };

/* What shall go wrong in one system call (../warden/faults.h). It happens by count and place only, so the same test has the
 * same outcome on every machine. Calls are counted in each process by itself, those of the student's program only: not the
 * dynamic loader's, not those of another program that it executes.
 *
 * Is it fair? A program must live with what the manual says may happen: EINTR where a handler is set, a short read
 * from a pipe or a socket, a fork that fails. It need not live with what the kernel never does: a short write of at most
 * PIPE_BUF bytes to a pipe, a cut datagram, one-byte reads where the handout promises whole messages. So ask for what
 * the handout asks for. And where a program may do without the call, assert nothing about tk_faults_injected(). In a
 * memcheck pass nothing is injected: give such a test the pass "plain" alone. */
enum tk_fault_action {
    TK_ERRNO = 1,     /* the call is not made, and fails with `value` (EPIPE: with SIGPIPE, as write(2) says) */
    TK_SHORT,         /* it reads or writes `value` bytes at most */
    TK_SIGNAL,        /* signal `value` comes just before it: the handler runs, then the call is made */
    TK_SIGNAL_INSIDE, /* it comes once the process is seen blocked in the call */
    TK_HOLD,          /* the thread stops before it: tk_wait_held(), tk_release() */
};
enum tk_who { TK_ANYONE = 0, TK_MAIN, TK_CHILDREN };
struct tk_fault {
    const char *call;     /* "read" (any call that reads), "write", "fork" (vfork, posix_spawn), "open", "pipe", "wait", … or one
                           * by its name in section 2 of the manual; ../PROTOCOL.md has them all */
    int nth;              /* which of a process's calls, from 1 on; 0: every one */
    enum tk_who who;      /* the process itself, its descendants, or both */
    int child;            /* with TK_CHILDREN: only the one that was made so manieth; 0: each */
    const int *fd;        /* only on this descriptor of its; NULL: on any */
    enum tk_fault_action action;
    int value;
};
/* .faults = TK_FAULTS({.call = "read", .nth = 2, .who = TK_MAIN, .action = TK_ERRNO, .value = EINTR}) */
#define TK_FAULTS(...) ((const struct tk_fault[]){__VA_ARGS__, {.call = NULL}})
/* .fd = TK_FD(0) */
#define TK_FD(number) (&(const int){number})

struct tk_how {
    const char *program;         /* a name of lab.toml's targets or peers */
    const char *const *args;     /* after argv[0]; NULL-terminated; may be NULL */
    const char *const *env;      /* "NAME=VALUE", besides what every process gets; NULL-terminated; may be NULL */
    enum tk_end in, out, err;    /* 0, 1, 2; err: TK_PIPE means warden collects it */
    int given_in, given_out;     /* with TK_GIVEN: the judge's descriptor that is passed (and stays open here) */
    const int *fds;              /* further descriptors, -1 terminated, as numbers in fd_numbers */
    const int *fd_numbers;
    bool refuse_fork;            /* every fork of it fails with EAGAIN, as setrlimit(2) says of RLIMIT_NPROC */
    const struct tk_fault *faults; /* ends with one without a call; may be NULL */
    bool watch_data;             /* record flows: tk_flows(); slows every read and write by 20 us */
};

/* Starts a student's program. Never returns NULL. */
tk_process *tk_spawn(const struct tk_how *how);
/* The usual case: pipes on 0 and 1, no arguments. */
tk_process *tk_start(const char *program);

/* The absolute path of what tk_spawn starts by that name, for a program that shall execute it (main.c). */
const char *tk_program_path(const char *program);

pid_t tk_pid(const tk_process *p); /* as the judge sees it (one pid namespace) */
int tk_stdin_fd(const tk_process *p);  /* our end of its stdin, non-blocking; -1 once closed */
int tk_stdout_fd(const tk_process *p); /* our end of its stdout, non-blocking; -1 once closed */

/* Sends all bytes to stdin; fails if the reader is gone or the deadline passes. */
void tk_send(tk_process *p, const void *data, size_t size);
/* Sends until the process takes no more: it is asleep and its stdin is full. Returns bytes taken. */
size_t tk_send_until_full(tk_process *p, const void *data, size_t size);
void tk_close_stdin(tk_process *p);
void tk_close_stdout(tk_process *p); /* stdout's reader is gone from here on */

/* Reads exactly `size` bytes from stdout; fails on early end-of-file or deadline. */
tk_bytes tk_receive(tk_process *p, size_t size, const char *what);
/* Reads a line of at most 64 KiB from stdout, its newline included, and not a byte of what follows. */
tk_bytes tk_receive_line(tk_process *p, const char *what);
/* Fails unless end-of-file comes next on stdout. */
void tk_assert_eof(tk_process *p);
/* Reads stdout until end-of-file. */
tk_bytes tk_receive_all(tk_process *p);
/* True as soon as a byte of stdout is there, or its end. False if it is proven that neither will come: for a test that can
 * find out why better than the supervisor, who sees only who waits for whom. */
bool tk_output_comes(tk_process *p);
/* How many bytes are on stdout now and not yet received. After tk_output_comes 0 means that its end comes next. */
size_t tk_output_pending(const tk_process *p);
/* How many bytes of its stdin the process has not read yet. */
size_t tk_input_unread(const tk_process *p);
/* Sends and reads at the same time, closes stdin at the end of `data`, reads until end-of-file. A
 * process that stops reading early is no failure here: look at what it printed and how it ended. */
tk_bytes tk_exchange(tk_process *p, const void *data, size_t size);

/* Waits for the end. Returns the wait status as of waitpid(2). */
int tk_wait(tk_process *p);
/* tk_wait, then fails unless it exited with `code`. */
#define tk_assert_exit(p, code) tk_assert_exit_at(__FILE__, __LINE__, p, code)
void tk_assert_exit_at(const char *file, int line, tk_process *p, int code);
/* "exited with 3", "was killed by SIGSEGV (11)". */
const char *tk_describe_status(int status);
void tk_signal(tk_process *p, int signal_number);
/* The same for a signal on which it should end by itself: that it does not make a call again which this signal interrupts
 * is no finding. */
void tk_signal_to_end(tk_process *p, int signal_number);
/* Signals any process of the student's by pid (a child of the process; learn it from tk_children). */
void tk_signal_pid(pid_t pid, int signal_number);

/* Waits until that process has ended and its descriptors are closed, whether or not somebody has waited for it: a child
 * of the student's that the test has killed, say. */
void tk_wait_gone(pid_t pid);

/* Waits until a process of `p`'s program (p == NULL: any of the test) is blocked in an operation of
 * that class on that object. Classes: "read", "write", "open", "wait", "lock", "sleep", "poll", "any", and "idle": it
 * waits for something to do, in any call but a write or a sleep; who spins, or sleeps and looks again, never comes to it.
 * "read" and "write" include poll(2) and its kin on that object. `object` as tk_object() names it, or
 * NULL. Returns the pid. */
pid_t tk_wait_blocked(tk_process *p, const char *operation, const char *object);
/* "It neither spins nor sleeps nor polls." True once process `pid`, one of the test's or a descendant, waits for something
 * other than time: in a call that no timeout ends. False if it has ended, or has not come to that by the deadline; what
 * that means is for the test to say. A call on the object `but` does not count (there it waits for the judge); NULL: any does. */
bool tk_blocks(pid_t pid, const char *but);
/* Waits until p's program is idle, so that it has done all that there was to do. False, without an end of the test, once it
 * is certain that it never comes to that: it has ended, it sleeps and looks again, or it spins (100 ms of processor time):
 * for tests of other things, in which that must not cost a point. Asked again of such a one, it does not wait. */
bool tk_settles(tk_process *p);
/* The same of p's main process alone: its children may well be idle while it is not. */
bool tk_settles_alone(tk_process *p);
/* Waits until a fault holds a process of p's program, be it that p itself has ended. Returns its pid. What the test waits
 * for meanwhile, and what nobody but the held one can give, ends at the test's deadline only. */
pid_t tk_wait_held(tk_process *p);
/* The same, but false if `talker` says something on its stdout before anybody is held. */
bool tk_held_comes(tk_process *p, tk_process *talker, pid_t *pid);
/* All that are held go on; it is the grader's own fault if there are none. */
void tk_release(tk_process *p);
/* How often the faults of p happened so far. */
uint64_t tk_faults_injected(tk_process *p);
/* Fails unless each of them has happened: else the test would pass without having tested anything. */
#define tk_assert_faults_injected(p) tk_assert_faults_injected_at(__FILE__, __LINE__, p)
void tk_assert_faults_injected_at(const char *file, int line, tk_process *p);
/* The kernel's name of a descriptor of ours: "pipe:[812]". */
const char *tk_object(int fd);

/* ---- what warden sees of a process (observe.c) ------------------------------------------------- */

struct tk_fd { int number; bool readable, writable; char object[120]; };
struct tk_fds { size_t count; struct tk_fd *list; };
/* The open descriptors of a process, by number. */
struct tk_fds tk_fds(tk_process *p);
/* The same of any process of the test's, one that is held, say; none if it has ended. */
struct tk_fds tk_fds_of(pid_t pid);
/* Fails if the process has a descriptor now that it had not in `before` (number or object). */
#define tk_assert_no_new_fd(before, p, what) tk_assert_no_new_fd_at(__FILE__, __LINE__, before, p, what)
void tk_assert_no_new_fd_at(const char *file, int line, struct tk_fds before, tk_process *p, const char *what);

struct tk_child { pid_t pid; char state; char name[32]; };
struct tk_children { size_t count; struct tk_child *list; };
struct tk_children tk_children(tk_process *p); /* zombies (state 'Z') among them */

/* Fails if the process has a child, running or a zombie. `when`: "a call of ask_child". */
#define tk_assert_no_child(p, when) tk_assert_no_child_at(__FILE__, __LINE__, p, when)
void tk_assert_no_child_at(const char *file, int line, tk_process *p, const char *when);

/* How often the process and its descendants made a control call: "pipe" (pipe, pipe2), "fork" (fork,
 * vfork, clone of a process, posix_spawn), "socketpair", "exec". */
uint64_t tk_calls(tk_process *p, const char *call);

struct tk_flow { pid_t pid; bool write; char object[120]; };
struct tk_flows { size_t count; struct tk_flow *list; };
/* Who read from and wrote to which object so far, each once (needs watch_data). */
struct tk_flows tk_flows(tk_process *p);

/* Has the supervisor say where a process read or wrote a descriptor that was not open (a flow on "closed:[N]"). */
void tk_blame_closed(pid_t pid);
/* Has the supervisor say where a descriptor was made that this process of the student's should not have any more; it may run
 * another program by now. The finding is fd_leak/descriptor_left_open: set that cause before you fail. */
void tk_blame_open(pid_t pid, int fd);

/* ---- calling a student's function (call.c) ----------------------------------------------------- */

/* Starts the driver of a target of kind `functions`; its stdin is /dev/null, stdout a pipe. */
tk_process *tk_driver(const char *target);
/* The same with chosen ends; a further descriptor for the driver's own use is passed in how->fds. */
tk_process *tk_driver_how(const struct tk_how *how);

/* A message of the driver link. Puts append; gets read in order and fail the test on a mismatch
 * ("the driver's answer makes no sense"). */
typedef struct tk_msg tk_msg;
tk_msg *tk_msg_new(const char *function);
void tk_put_int(tk_msg *m, int64_t value);
void tk_put_bytes(tk_msg *m, const void *data, size_t size);
int64_t tk_get_int(tk_msg *m);
tk_bytes tk_get_bytes(tk_msg *m);

void tk_call_begin(tk_process *driver, tk_msg *m); /* sends; the function runs now */
tk_msg *tk_call_end(tk_process *driver);           /* waits for the answer */
tk_msg *tk_call(tk_process *driver, tk_msg *m);    /* both */
/* True if the call that is under way has returned, or its process has ended: tk_call_end tells. Does not wait. */
bool tk_call_returned(tk_process *driver);

/* ---- pipes of the judge's own (pipe.c) -----------------------------------------------------------
 * One end travels as a descriptor of a process, the other one is ours and never blocks:
 *
 *     tk_pipe *to = tk_pipe_to();
 *     const int fds[] = {tk_pipe_theirs(to), -1}, numbers[] = {10, -1};
 *     tk_process *d = tk_driver_how(&(struct tk_how){.program = "msg", .fds = fds, .fd_numbers = numbers});
 *     tk_pipe_given(to, d);
 */
typedef struct tk_pipe tk_pipe;
tk_pipe *tk_pipe_to(void);   /* the process reads what we send */
tk_pipe *tk_pipe_from(void); /* we read what the process writes */
/* Their end. It stays open here until tk_pipe_given: an end-of-file, or an EPIPE, can come only after that. */
int tk_pipe_theirs(const tk_pipe *pipe);
void tk_pipe_given(tk_pipe *pipe, tk_process *to_whom);
const char *tk_pipe_object(const tk_pipe *pipe); /* "pipe:[812]" */
/* Sends all bytes; fails if the reader is gone, if the call that is under way returns before they are in the pipe, or
 * if the deadline passes. */
void tk_pipe_send(tk_pipe *pipe, const void *data, size_t size);
/* Reads exactly `size` bytes; fails on early end-of-file, if the call that is under way returns before, or on deadline. */
tk_bytes tk_pipe_receive(tk_pipe *pipe, size_t size, const char *what);
/* As tk_output_comes: true as soon as a byte is there, or the end; false if it is proven that neither will come. */
bool tk_pipe_comes(tk_pipe *pipe);
/* How many bytes are in the pipe, written and not yet read. */
size_t tk_pipe_unread(const tk_pipe *pipe);
void tk_pipe_close(tk_pipe *pipe); /* our end */

/* As tk_wait_blocked, while a call of the driver's is under way. False if the call returns instead: its answer waits for
 * tk_call_end. */
bool tk_call_blocked(tk_process *driver, const char *operation, const char *object);
/* The same as tk_settles: waits until the call that is under way has done what there was to do. It has returned, and its
 * answer waits for tk_call_end; or it waits for something; or it never comes to that, as it spins, or sleeps and looks
 * again: for tests in which that must not cost a point. */
enum tk_call_state { TK_CALL_RETURNED, TK_CALL_WAITS, TK_CALL_RESTLESS };
enum tk_call_state tk_call_settles(tk_process *driver);

/* What happens on pipes while a call of the driver's is under way. Each of them may be left out. */
struct tk_meanwhile {
    tk_pipe *to; /* gets `size` bytes of `data`, as long as somebody reads them */
    const void *data;
    size_t size;
    bool then_close; /* our end, once they are sent */
    tk_pipe *from;   /* is read */
};
/* Until the call has returned; its answer still waits for tk_call_end. Returns all that came from `from`, up to
 * what was in the pipe when the call returned. */
tk_bytes tk_call_meanwhile(tk_process *driver, const struct tk_meanwhile *m);

/* ---- UDP sockets of the judge's own (datagram.c) ------------------------------------------------
 * On 127.0.0.1, of IPv4. A datagram that nobody takes is lost without a word, as it is with UDP. */
typedef struct tk_udp tk_udp;
tk_udp *tk_udp_new(void); /* on a port that the kernel chooses */
/* A member of the multicast group ("239.1.2.3"): receives what is sent there, to this port, by way of the loopback interface,
 * and sends nothing. Several may join. NULL where the network has no multicast: a program cannot be judged by it there. Fails
 * if a process of the test's has bound the port at 0.0.0.0. */
tk_udp *tk_udp_join(const char *group, uint16_t port);
uint16_t tk_udp_port(const tk_udp *u);
const char *tk_udp_object(const tk_udp *u); /* "socket:[812]" */
void tk_udp_close(tk_udp *u);               /* the port is nobody's from here on */
/* When it returns, the datagram is in the receiver's buffer, if that has room. */
void tk_udp_send(tk_udp *u, uint16_t to, const void *data, size_t size);
struct tk_datagram { uint16_t from; tk_bytes bytes; }; /* from: the sender's port */
/* Waits for a datagram. `p`: who is to send it, or NULL; fails if p has ended, or has returned from the call that is
 * under way, before one has come. */
struct tk_datagram tk_udp_receive(tk_udp *u, tk_process *p, const char *what);
/* The same wait, without failing: false if p has ended or returned, if it is proven that none will come, or at the deadline. */
bool tk_udp_comes(tk_udp *u, tk_process *p);
/* The same, but false, too, if p says something on its stdout before one has come. */
bool tk_udp_comes_first(tk_udp *u, tk_process *p);
bool tk_udp_pending(tk_udp *u); /* one waits now (does not block) */

/* ---- a back channel with proven senders (backchannel.c) ------------------------------------------
 * A SOCK_SEQPACKET pair whose student's end travels as a descriptor: code of the lab's driver that runs
 * wherever the student runs it (a callback, say) asks the judge over it, and the kernel tells which
 * process asked (SO_PASSCRED, unix(7)). What it says is hostile; who says it is certain. */
typedef struct tk_back tk_back;
tk_back *tk_back_new(void);
int tk_back_fd(const tk_back *b); /* give it to the driver in how->fds; closed here by tk_back_given */
void tk_back_given(tk_back *b);   /* after the spawn */
/* Waits for a question of at most `size` bytes. Returns its length; *pid is the sender. 0 = all holders are gone. */
size_t tk_back_receive(tk_back *b, void *data, size_t size, pid_t *pid);
/* What the next question means to a person, should it not come: "the producer, back from put". */
void tk_back_expects(tk_back *b, const char *what);
/* True if a question waits now (does not block). */
bool tk_back_pending(tk_back *b);
/* Waits until a question waits, or all holders are gone. False if it is proven that nothing will come, or at the deadline:
 * for a test that says itself what that means. */
bool tk_back_comes(tk_back *b);
void tk_back_answer(tk_back *b, const void *data, size_t size);

/* ---- stream sockets of the judge's own (socket.c) ------------------------------------------------
 * TCP on the loopback interface, which judge and student share, and Unix domain sockets through a peer, since
 * a judge may not enter the student's folder. None of ours ever blocks.
 *
 *     tk_socket *client = tk_socket_connect(server, "127.0.0.1", port);
 *     tk_socket_send(client, "hello\n", 6);
 *     tk_bytes reply = tk_socket_receive(client, 6, "the reply");
 *     tk_socket_assert_eof(client, "the connection");
 */
typedef struct tk_socket tk_socket;
/* A connection to HOST ("127.0.0.1", "::1"), where `to` listens; NULL if nobody does. */
tk_socket *tk_socket_connect(tk_process *to, const char *host, uint16_t port);
/* Listens on a free port of HOST; `from` may be NULL until tk_socket_belongs. */
tk_socket *tk_socket_listen(const char *host);
/* The socket, connected or listening, that a peer hands over: it is started with `args` and a socket at descriptor 10,
 * and sends one descriptor through it (SCM_RIGHTS, with a byte of data). NULL if it exits with 1 instead: then what it
 * prints is its reason, in *why. */
tk_socket *tk_socket_handed(tk_process *to, const char *peer, const char *const *args, tk_bytes *why);
/* Whose connection it is, for messages: who ended, when it ends early. */
void tk_socket_belongs(tk_socket *s, tk_process *p);
/* Waits for a connection. */
tk_socket *tk_socket_accept(tk_socket *listener, tk_process *from, const char *what);

uint16_t tk_socket_port(const tk_socket *s);       /* our own */
int tk_socket_fd(const tk_socket *s);
const char *tk_socket_object(const tk_socket *s); /* our end: "socket:[812]" */

/* Sends all; fails if the other side is gone, or takes no more and never will. */
void tk_socket_send(tk_socket *s, const void *data, size_t size);
/* Sends what finds room now; returns how much. */
size_t tk_socket_send_some(tk_socket *s, const void *data, size_t size);
/* Waits until all that was sent is in the other side's buffer, and whoever waits there has been woken. */
void tk_socket_arrives(tk_socket *s);

/* Reads exactly `size` bytes; fails if the end comes before, or if it is proven that they never come. */
tk_bytes tk_socket_receive(tk_socket *s, size_t size, const char *what);
/* What has come by now, at most `size` bytes; it may be nothing. */
tk_bytes tk_socket_receive_some(tk_socket *s, size_t size);
/* True as soon as a byte waits to be read, or the end, or a connection. False if it is proven that nothing comes, or at
 * the deadline: for a test that says itself what that means. */
bool tk_socket_comes(tk_socket *s);
/* What comes next: look at it after tk_socket_comes. */
enum tk_socket_next { TK_SOCKET_NOTHING, TK_SOCKET_BYTES, TK_SOCKET_EOF, TK_SOCKET_RESET };
enum tk_socket_next tk_socket_next(tk_socket *s);
/* Fails unless end-of-file, no byte and no reset, comes next. */
void tk_socket_assert_eof(tk_socket *s, const char *what);

void tk_socket_shutdown(tk_socket *s); /* we send no more: the other side sees end-of-file, and may go on sending */
void tk_socket_reset(tk_socket *s);    /* closes it with a reset (TCP), as a machine does that has crashed */
void tk_socket_close(tk_socket *s);

#endif
