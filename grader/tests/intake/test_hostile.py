"""What is refused in sources, with its line, and what must not be: nobody honest may be turned away.

`// !` at the end of a line in CASES' texts says that this very line is refused; all other lines are not.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipclab import cases, catalogue, ctokens, hostile, manifest
from ipclab.model import Location, SourceFile

REPO = Path(__file__).parents[3]


def refused(data: bytes | str, *, strict: bool = False, driver: bool = True) -> list[tuple[str, int]]:
    data = data.encode() if isinstance(data, str) else data
    found = hostile.refusals([SourceFile("x.c", data)], strict=strict, with_driver=frozenset({"x.c"} if driver else ()))
    return [(f.cause, f.location.line) for f in found if f.location]


# ---- each rule, in several spellings -----------------------------------------------------------------------

CASES: dict[str, str] = {
    "source_asm": r"""
        asm("nop; syscall"); // !
        __asm__(".globl main"); // !
        void f(void) {
            asm volatile("syscall" ::: "memory"); // !
            __asm __volatile__("int3"); // !
            __asm__ __inline("ud2" : : ); // !
            asm goto("jmp %l0" : : : : out); // !
            asm(TEMPLATE); // !
            asm("" TEMPLATE); // !
            asm("no" "p", "x"); // !
        }
        int renamed asm("td_calls"); // !
        register long r asm ("rdi"); // !
        #define STOP(x) __asm__ volatile(x) // !
        #define A asm // !
        int s __attribute__((section(".text\n.globl x\n#"))); // !
    """,
    "source_incbin": r"""
        asm(".incbin \"/etc/passwd\""); // !
        __asm__ volatile(".inc" "bin \"x\"" : : ); // !
        asm("\x2eINCBIN \"x\""); // !
        asm(R"(.include "/etc/passwd")"); // !
        asm(LR"x(.incbin "y")x"); // !
    """,
    "source_includes_outside": r"""
        #include </etc/passwd> // !
        #include "/proc/self/cmdline" // !
        #include "/dev/zero" // !
        #include "../common.h" // !
        #include <sys/../../../etc/passwd> // !
        #  include /* here */ "/etc/hostname" // !
        %:include "/etc/hostname" // !
        #include_next "/etc/passwd" // !
        #import "/etc/passwd" // !
        #embed "/etc/passwd" // !
        #include "./..//x.h" // !
        #define WHERE "/etc/passwd"
        #include WHERE // !
        #define AGAIN WHERE
        #include AGAIN // !
        #define ANGLED </etc/passwd>
        #include ANGLED // !
        #if __has_include("/work/judge/x") // !
        #elif defined X && __has_include_next(</etc/passwd>) // !
        #elif __has_embed("/etc/passwd") // !
        #endif
        #if __has_include(WHERE) // !
        #endif
        #define THERE __has_include("/etc/passwd") // !
        #pragma GCC dependency "/etc/passwd" // !
        _Pragma("GCC dependency \"/etc/passwd\"") // !
        #define P _Pragma("GCC dependency \"../x\"") // !
    """,
    "source_includes_computed": r"""
        #include __FILE__ // !
        #include __BASE_FILE__ // !
        #include UNKNOWN // !
        #define CALL(x) #x
        #include CALL(/etc/passwd) // !
        #define LOOP LOOP
        #include LOOP // !
        #define PASTED "a" "b"
        #include PASTED // !
        #if __has_include(__FILE__) // !
        #endif
        #define HAS(x) __has_include(x) // !
        #define BARE __has_include // !
    """,
    "source_line_marker": r"""
        #line 1 "/etc/passwd" // !
        # 1 "/etc/passwd" 1 3 // !
        #line 7 "../judge.c" // !
        # 1 "\057etc/passwd" // !
    """,
    "source_valgrind": r"""
        #include <valgrind/memcheck.h> // !
        #include "valgrind/valgrind.h" // !
        #if __has_include(<valgrind/helgrind.h>) // !
        #endif
        int f(void) { return RUNNING_ON_VALGRIND; } // !
        void g(void) { VALGRIND_DISABLE_ERROR_REPORTING(0); } // !
        void h(void) { CALLGRIND_STOP_INSTRUMENTATION(); } // !
        #define QUIET VALGRIND_DO_CLIENT_REQUEST_STMT(1, 2, 3, 4, 5, 6) // !
    """,
    "source_sanitizer": r"""
        #include <sanitizer/lsan_interface.h> // !
        int __lsan_is_turned_off(void) { return 1; } // !
        const char *__asan_default_options(void); // !
        void __tsan_read4(void *); // !
        void g(void) { __sanitizer_set_death_callback(0); } // !
        __attribute__((no_sanitize("thread"))) void a(void); // !
        __attribute__((__no_sanitize_thread__)) void b(void); // !
        __attribute((unused, no_sanitize_address)) void c(void); // !
        [[gnu::no_sanitize("address")]] void d(void); // !
        <:<:__gnu__::__no_sanitize_undefined__:>:> void e(void); // !
        __attribute__((no_instrument_function)) void h(void); // !
        static __attribute__((unused)) __attribute__((no_address_safety_analysis)) void i(void); // !
        #define UNSEEN __attribute__((__no_instrument_function__)) // !
        #pragma weak __tsan_init // !
    """,
    "source_early": r"""
        __attribute__((constructor)) static void a(void) {} // !
        static void __attribute__((unused, constructor(101))) b(void) {} // !
        void c(void) __attribute__((__destructor__)); // !
        [[gnu::constructor]] static void d(void) {} // !
        [[maybe_unused, __gnu__::__destructor__(200)]] static void e(void) {} // !
        int f(void) __attribute__((ifunc("resolve"))); // !
        void (*g)(void) __attribute__((section(".init_array"))) = a; // !
        void (*h)(void) __attribute__((used, section(".init_" "array.00001"))) = a; // !
        [[gnu::section(".ctors")]] void (*i)(void) = a; // !
        void (*j)(void) __attribute__((__section__(".preinit_array"))) = a; // !
        void (*k)(void) __attribute__((section("\x2e" "fini_array"))) = a; // !
        const char l[] __attribute__((section(".interp"))) = "/tmp/ld.so"; // !
        #define WHERE ".init_array"
        void (*m)(void) __attribute__((section(WHERE))) = a; // !
        #define EARLY __attribute__((constructor)) // !
        int __libc_start_main(void) { return 0; } // !
        void __gmon_start__(void) {} // !
    """,
    "source_kit_name": r"""
        extern const int td_calls[]; // !
        size_t td_ask_judge(const void *, size_t, void *, size_t); // !
        void f(void) { td_put_int(0, 1); } // !
        void g(void) { extern int td_calls_count; } // !
        int __wrap_fork(void); // !
        int h(void) { return __real_fork(); } // !
        #pragma weak td_get_int // !
        #pragma redefine_extname mine td_ask_judge // !
        extern int other __attribute__((weakref("td_calls"))); // !
        extern int third __attribute__((alias("__wrap_read"))); // !
    """,
}


@pytest.mark.parametrize("cause", CASES)
def test_each_spelling_is_refused_on_its_line_and_nothing_else_is(cause: str) -> None:
    marked = [n for n, line in enumerate(CASES[cause].split("\n"), 1) if line.endswith("// !")]
    lines = CASES[cause].split("\n")
    assert marked and refused(CASES[cause]) == [(cause, n) for n in marked][: hostile.PLACES_MAX]
    # the cap must hide nothing here: each line alone, with the macros that it may use
    defines = "\n".join(line for line in lines if "#define" in line and "// !" not in line)
    for n in marked:
        assert (cause, defines.count("\n") + 2) in refused(f"{defines}\n{lines[n - 1]}"), lines[n - 1]


@pytest.mark.parametrize("cause", CASES)
def test_nothing_is_refused_in_comments_strings_and_what_is_left_out(cause: str) -> None:
    body = CASES[cause].replace("/* here */", "")
    assert refused(f"/*{body}*/ int x;") == []
    assert refused("".join(f"// {line}\n" for line in body.replace("\\\n", "").split("\n"))) == []
    quoted = body.replace("\\\n", "").replace("\\", "\\\\").replace('"', '\\"')
    assert refused("".join(f'const char *s{i} = u8"{line}";\n' for i, line in enumerate(quoted.split("\n")))) == []
    assert refused(f"#if 0\n'{body}\n#endif\nint x;") == []
    assert refused(f"#if 1 /* always */\nint x;\n#elif Y\n{body}\n#else\n{body}\n#endif\n") == []
    assert refused(f"#if X\nint x;\n#elif 0\n#if 1\n{body}\n#endif\n#endif\n") == []
    assert refused(f"#if 0\nint x;\n#else\n{body}\n#endif\n") != []
    assert refused(f"#ifdef SOMETHING\n{body}\n#endif\n") != []


@pytest.mark.parametrize("cause", CASES)
def test_line_ends_of_other_systems_change_nothing(cause: str) -> None:
    assert refused(CASES[cause].replace("\n", "\r\n")) == refused(CASES[cause])
    assert refused(CASES[cause].replace("\n", "\r")) == refused(CASES[cause])


# ---- what must pass ------------------------------------------------------------------------------------------

HONEST = r"""
#include <stdio.h>
#include <sys/shm.h>
#include "pipes.h"
#include "./pipes.h"
#include "sub/../pipes.h"
#include "memcheck.h"
#define TABLE "table.h"
#include TABLE
#if BIG
#define CONFIG <limits.h>
#else
#define CONFIG "config.h"
#endif
#include CONFIG
#ifdef __has_include
#if __has_include(<stdatomic.h>) && defined(__has_include)
#include <stdatomic.h>
#endif
#endif
#define CAN_ASK defined(__has_include)
#ifndef __has_include
#define __has_include(x) 0
#endif
#line 3
#line 12 "grammar.y"
# 5 "lexer.l"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused"
#pragma GCC optimize("O2")
#pragma once
_Pragma("GCC diagnostic pop")
#define ASM 1
#define VALGRIND_MAKE_MEM_DEFINED(a, b)
#ifdef RUNNING_ON_VALGRIND
#endif
#ifdef asm
#endif
#undef asm
/* asm("x") */ // __asm__("y") \
   asm("still the comment");
enum { VALGRIND_OFF, asmx, plasm };
struct object { void (*constructor)(void); int destructor, section, td_calls, no_sanitize, ifunc; int (*td_get_int)(int); };
typedef int volatile flag;
static int volatile seen;
static int td_put_int(int x) { return x; }
static int td_put_bytes(void);
#define td_get_bytes(x) (x)
bool no_sanitize(const char *text);
void constructor(void), destructor(void *), _start_server(void), tk_next(void), _assert_true(int), weave(void), td_open(void);
void f(int td_calls_count, struct object *o)
{
    int _start = 0, _init = 1, _fini = 2, td_calls = 3;
    int a[3], b = a[a[0]];
    char *s __attribute__((cleanup(destructor), unused)) = "asm(\"nop\")" ".incbin \"x\"" L"__tsan_read4" u8"\\";
    char c = '"', d = '\'', e = '\\'; asm(""); // a literal that ends
    __asm__ __volatile__("" ::: "memory");
    __asm__ volatile("pause");
    asm volatile("rep; nop" : : : "memory");
    __asm volatile("mfence\n\t" ::: "memory");
    asm volatile("" : "+r"(b) : "r"(a));
    o->td_get_int(td_calls);
    (*o).td_get_int(td_put_int(td_get_bytes(_start)));
    puts("??/"); constructor(); RUNNING_ON_VALGRIND_OR_NOT();
    int R = 1; puts("R(" "x" ")");
    const char *raw = R"(" asm("hlt"); ")";
}
[[noreturn, gnu::unused, deprecated("constructor")]] void g(void) __attribute__((alias("h"), weak, visibility("hidden")));
int in_section __attribute__((section(".data.mine"), aligned(8), deprecated("no_sanitize")));
int init_section __attribute__((section(".init_table"), section(NAME)));
__attribute__((format(printf, 1, 2), noinline, hot, optimize("O3"), target("sse4.2"))) void say(const char *, ...);
double part(double _Complex z) { return __real__ z + __imag__ z; }
#error asm("x")
#warning __tsan_x isn't here
"""


def test_what_is_honest_passes() -> None:
    assert refused(HONEST) == []


def test_the_drivers_names_are_free_where_no_driver_is_linked() -> None:
    text = "int td_calls; int td_get_int(int x) { return td_put_int(x); }"
    assert refused(text, driver=False) == [] and refused(text) == [("source_kit_name", 1)]


def test_static_names_of_a_header_are_own_names_in_all_files() -> None:
    files = [
        SourceFile("a.c", b'#include "a.h"\nvoid f(void) { td_put_int(1); }\n'),
        SourceFile("a.h", b"static inline void td_put_int(int x) { (void)x; }\n"),
    ]
    assert hostile.refusals(files, with_driver=frozenset({"a.c", "a.h"})) == []
    assert hostile.refusals(files[:1], with_driver=frozenset({"a.c"}))[0].location == Location("a.c", 2)


def test_macros_are_looked_up_in_all_files() -> None:
    files = [SourceFile("a.c", b'#include "a.h"\n#include WHERE\n'), SourceFile("a.h", b'#define WHERE "b.h"\n')]
    assert hostile.refusals(files) == []
    files[1] = SourceFile("a.h", b'#define WHERE "b.h"\n#define WHERE "/b.h"\n')
    assert [(f.cause, f.location) for f in hostile.refusals(files)] == [("source_includes_outside", Location("a.c", 2))]


def test_trigraphs_and_raw_strings_are_read_as_the_standard_of_the_lab_says() -> None:
    trigraph = '??=include "/etc/passwd"\n'
    assert refused(trigraph, strict=True) == [("source_includes_outside", 1)] and refused(trigraph) == []
    hidden = '// what??/\nasm("hlt");\n'
    assert refused(hidden) == [("source_asm", 2)] and refused(hidden, strict=True) == []
    raw = 'const char *s = R"(" asm("hlt") ")";\n'
    assert refused(raw) == [] and refused(raw, strict=True) == [("source_asm", 1)]


def test_a_word_over_several_lines_is_on_the_line_where_it_begins() -> None:
    assert refused('int x;\na\\\ns\\ \t\r\nm("hlt");\n#inc\\\nlude "/etc/passwd"\n#include \\\n"/etc/passwd"\n') == [
        ("source_asm", 2), ("source_includes_outside", 6), ("source_includes_outside", 8),
    ]  # fmt: skip


def test_a_raw_string_ends_where_gcc_ends_it() -> None:
    text = 'const char *s = R"x(\n)\\\nx" )y" )x"; asm("hlt");\n'
    assert refused(text) == [("source_asm", 3)]
    joined = "int a" + "\\\n" * 15
    assert refused(joined + ';/*)x"*/const char *s = R"x( asm("hlt"); )x"; asm("hlt");') == [("source_asm", 16)]
    assert refused('const char *s = R"(\n\\\n)"\n\\\n; asm("hlt");') == [("source_asm", 5)]


def test_each_cause_says_where_and_what_to_do() -> None:
    for cause, text in CASES.items():
        for found in hostile.refusals([SourceFile("x.c", text.encode())], with_driver=frozenset({"x.c"})):
            assert found.kind == "rejected" and catalogue.allows("rejected", cause)
            assert found.location and f"x.c:{found.location.line}" in found.text and found.hint


def test_not_more_places_are_told_than_anybody_reads() -> None:
    assert refused('asm("hlt");\n' * 1000) == [("source_asm", n + 1) for n in range(hostile.PLACES_MAX)]


# ---- all that is known to be right -----------------------------------------------------------------------------


def _texts(folder: Path) -> Iterator[Path]:
    return (p for p in sorted(folder.rglob("*")) if p.suffix in (".c", ".h") and p.is_file())


def test_no_program_of_this_tree_that_a_student_might_write_is_refused() -> None:
    folders = ["solutions", "skeletons", "grader/tests/runs", "grader/tests/weave/programs"]
    places = [p for f in folders for p in _texts(REPO / f)]
    assert len(places) > 300
    wrong = [
        f"{path.relative_to(REPO)}:{f.location.line}: {f.text}"
        for path in places
        for f in hostile.refusals([SourceFile(path.name, path.read_bytes())], with_driver=frozenset({path.name}))
        if f.location
    ]
    assert wrong == []


@pytest.mark.parametrize("slug", manifest.slugs(REPO))
def test_no_variant_and_no_mutant_of_a_lab_is_refused(slug: str) -> None:
    lab = manifest.load_lab(REPO, slug)
    every = [case for case in cases.cases(lab) if isinstance(case, cases.Case)]
    assert len(every) >= 15
    assert [(case.name, f.text) for case in every for f in hostile.of_submission(lab, case.submission)] == []


# ---- the driver's names --------------------------------------------------------------------------------------------


def test_the_drivers_names_are_those_that_it_has(tmp_path: Path) -> None:
    """No name is left out, and none is taken from students for nothing."""
    testkit = REPO / "grader" / "testkit"
    subprocess.run(["make", "-s", "-C", testkit, f"OUT={tmp_path}", f"{tmp_path}/libdriver.a"], check=True, timeout=120, capture_output=True)
    said = subprocess.run(["nm", "-g", tmp_path / "libdriver.a"], check=True, timeout=30, capture_output=True, text=True)
    names = {line.split()[-1] for line in said.stdout.splitlines() if line.split() and line.split()[-1].startswith("td_")}
    assert names == hostile._DRIVER


# ---- hostile bytes ---------------------------------------------------------------------------------------------------

_PIECES = [
    *"\n\r \t\\\"'()[]{}#<>:;,.%?/*0x1\0\x0c\xe9", "\r\n", "\\\n", "\\ \r\n", "??/", "??=", "/*", "*/", "//", "asm", "__asm__", "volatile", "goto",
    "#if 0\n", "#if 1\n", "\n#else\n", "\n#elif 0\n", "#endif\n", "#include ", "#define A ", "#define A(x) ", "__has_include(", "_Pragma(",
    "__attribute__((", "section(", "constructor", "no_sanitize", "[[", "]]", "::", "<:", ":>", "%:", 'R"(', ')"', 'R"x(', 'u8"', "L'", "A", "b",
    "td_calls", "static", "extern", "__tsan_x", "/etc/passwd", "..", '"/x"', "#line ", "#pragma ", "GCC dependency ", "defined", "\\u00e9", "1e+",
]  # fmt: skip
_SOUP = st.lists(st.sampled_from(_PIECES), max_size=60).map(lambda parts: "".join(parts).encode("latin-1"))


@settings(max_examples=400)
@given(st.binary(max_size=400) | _SOUP, st.booleans())
def test_any_bytes_are_read_to_their_end(data: bytes, strict: bool) -> None:
    lines = len(re.findall(rb"\r\n|\r|\n", data)) + 1
    found = refused(data, strict=strict)
    assert all(1 <= line <= lines for _, line in found) and found == sorted(found, key=lambda f: f[1])
    assert refused(data, strict=strict) == found


@settings(max_examples=200)
@given(_SOUP)
def test_what_stands_in_a_closed_comment_or_after_it_is_told_apart(data: bytes) -> None:
    inside = b"/*" + data.replace(b"*", b"").replace(b"/", b"") + b"*/"
    assert refused(inside) == []
    (found,) = refused(inside + b'asm("hlt");')
    assert found == ("source_asm", len(re.findall(rb"\r\n|\r|\n", inside)) + 1)


_PLAIN = [
    *" \t()[]{};,.+", "\n", "\r\n", "\r", "\\\n", "\\ \n", "\\\r\n", "/* ", " */", "// ", '"a\\"b"', "'\\''", '"', "'", 'R"(', ')"', 'R"x(', ')x"',
    "??/\n", "??)", "asm", "_x", "y1", "0x1asm", "1e+asm", ".5asm", "\xc3\xa9z", "u8", "L", "\\\"", "<:", "%>", "\x0c", "/",
]  # fmt: skip


@pytest.mark.parametrize("standard", ["gnu17", "c17"])
@settings(max_examples=60)
@given(parts=st.lists(st.sampled_from(_PLAIN), max_size=40))
def test_words_are_those_that_gcc_sees(standard: str, parts: list[str]) -> None:
    """The same words in the same order, wherever gcc can make tokens of the text at all."""
    data = "".join(parts).encode("latin-1")
    argv = ["gcc", f"-std={standard}", "-E", "-P", "-w", "-x", "c", "-"]
    done = subprocess.run(argv, input=data, capture_output=True, timeout=60)
    if done.returncode == 0:
        said = re.sub(rb"\\U([0-9a-f]{8})", lambda m: chr(int(m[1], 16)).encode(), done.stdout)
        again = ctokens.read(said, strict=standard == "c17")
        words = [t.text for t in again.code if t.kind is ctokens.Kind.WORD]
        assert [t.text for t in ctokens.read(data, strict=standard == "c17").code if t.kind is ctokens.Kind.WORD] == words


_MANY = [
    b"/*", b'"', b"'", b"\\\n", b"\\", b"\\ ", b'R"(', b'R"x', b"#if 0\n", b"#if\n", b"(", b"[[", b"__attribute__((", b"asm(", b"asm volatile ",
    b'asm("" ', b'_Pragma("x") ', b"#include A\n#define A B\n", b"__attribute__((section(S)))\n#define S \"a\"\n", b"td_calls (", b"??/", b"*", b"a",
    b"#pragma a ", b"__has_include(", b"#if __has_include(", b"\r", b"\0",
]  # fmt: skip


@pytest.mark.parametrize("piece", _MANY)
def test_time_grows_with_the_size_only(piece: bytes) -> None:
    """Half a second or less; with a step that looks at all of the rest again it would be an hour."""
    began = time.thread_time()
    refused(piece * (500_000 // len(piece)))
    assert time.thread_time() - began < 20


def test_a_chain_of_macros_has_an_end() -> None:
    chain = b"".join(b"#define A%d A%d\n" % (i, i + 1) for i in range(20_000))
    assert refused(chain + b"#include A0\n") == [("source_includes_computed", 20_001)]


def test_five_megabytes_are_read() -> None:
    for piece in (b"/*", b'"', b"\\\n"):
        assert refused(piece * (5_000_000 // len(piece)) + b'\nasm("hlt");') in ([("source_asm", 2)], [], [("source_asm", 2_500_002)])


# ---- programs ------------------------------------------------------------------------------------------------------------

_REQUEST = r"""
    int main(void)
    {
        unsigned long args[6] = {0x1001}, result = 0;
        __asm__ volatile("rolq $3,%%rdi; rolq $13,%%rdi; rolq $61,%%rdi; rolq $51,%%rdi; xchgq %%rbx,%%rbx"
                         : "=d"(result) : "a"(args), "0"(result) : "cc", "memory");
        return (int)result;
    }
"""


def _program(source: str, folder: Path, gcc: str = "gcc") -> bytes:
    (folder / "p.c").write_text(source)
    subprocess.run([gcc, "-std=gnu17", "-w", "-O1", "-o", "p", "p.c"], cwd=folder, check=True, timeout=60)
    return (folder / "p").read_bytes()


def test_a_client_request_is_seen_in_a_program(tmp_path: Path) -> None:
    assert hostile.makes_client_requests(_program(_REQUEST, tmp_path))
    assert not hostile.makes_client_requests(_program(_REQUEST.replace("$51", "$50"), tmp_path))


def test_a_client_request_of_valgrinds_own_macros_is_seen(tmp_path: Path) -> None:
    if not Path("/usr/include/valgrind/valgrind.h").is_file():
        pytest.skip("no valgrind here")
    text = "#include <valgrind/valgrind.h>\nint main(void) { return RUNNING_ON_VALGRIND; }\n"
    assert hostile.makes_client_requests(_program(text, tmp_path))
    if shutil.which("aarch64-linux-gnu-gcc"):
        assert hostile.makes_client_requests(_program(text, tmp_path, "aarch64-linux-gnu-gcc"))


@settings(max_examples=50)
@given(st.binary(max_size=100))
def test_bytes_that_are_no_program_make_no_request(data: bytes) -> None:
    assert not hostile.makes_client_requests(data)


def test_valgrind_obeys_what_is_refused(tmp_path: Path) -> None:
    """The control: without the check the request works."""
    if not shutil.which("valgrind"):
        pytest.skip("no valgrind here")
    _program(_REQUEST, tmp_path)
    assert subprocess.run([tmp_path / "p"], timeout=60).returncode == 0
    assert subprocess.run(["valgrind", "-q", tmp_path / "p"], timeout=120).returncode == 1


def test_gcc_lets_no_pragma_switch_off_the_hooks(tmp_path: Path) -> None:
    """Why #pragma GCC optimize and the attribute are not refused, while no_sanitize is."""
    def hooks(before: str) -> int:
        text = f"int g;\n{before} int f(void) {{ return g; }}\n"
        argv = ["gcc", "-w", "-O1", "-fsanitize=thread", "-S", "-o", "-", "-x", "c", "-"]
        done = subprocess.run(argv, input=text, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.count("__tsan_read4")

    assert hooks("") == hooks('#pragma GCC optimize("no-sanitize=thread")\n') == hooks('__attribute__((optimize("no-sanitize=thread")))') == 1
    assert hooks('__attribute__((no_sanitize("thread")))') == 0


def test_the_linker_refuses_a_second_start(tmp_path: Path) -> None:
    """Why these names are not refused here."""
    for name in ("_start", "_init", "_fini"):
        (tmp_path / "p.c").write_text(f"void {name}(void) {{}}\nint main(void) {{ return 0; }}\n")
        done = subprocess.run(["gcc", "-o", "p", "p.c"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode != 0 and "multiple definition" in done.stderr
