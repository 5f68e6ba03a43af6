/*
 * Calls in a handler that signal-safety(7) does not list: for each function of unsafe.def a wrapper that
 * looks whether a handler runs, and goes on to the function itself with everything that it was given, however
 * many arguments those are. They are weak: where another file of the library wraps a function, that one is
 * taken.
 */
#include "handlers.h"

#ifdef __x86_64__

#define UNSAFE(name)                                                                                         \
    __asm__(".pushsection .rodata.str1.1, \"aMS\", @progbits, 1\n"                                           \
            ".Lname_" #name ": .asciz \"" #name "\"\n"                                                       \
            ".popsection\n"                                                                                  \
            ".pushsection .text\n"                                                                           \
            ".weak __wrap_" #name "\n"                                                                       \
            ".type __wrap_" #name ", @function\n"                                                            \
            "__wrap_" #name ":\n"                                                                            \
            "    cmpl $0, %fs:weave_handler_depth@tpoff\n"                                                   \
            "    je " #name "\n"                                                                             \
            "    leaq .Lname_" #name "(%rip), %r11\n"                                                        \
            "    call unsafe_call\n"                                                                         \
            "    jmp " #name "\n"                                                                            \
            ".size __wrap_" #name ", . - __wrap_" #name "\n"                                                 \
            ".popsection\n");

/* All registers that may hold an argument are kept, and al, which counts the vector registers of a printf.
 * The caller's address lies above our own return address. */
__asm__(".pushsection .text\n"
        ".type unsafe_call, @function\n"
        "unsafe_call:\n"
        "    pushq %rax\n"
        "    pushq %rdi\n"
        "    pushq %rsi\n"
        "    pushq %rdx\n"
        "    pushq %rcx\n"
        "    pushq %r8\n"
        "    pushq %r9\n"
        "    subq $136, %rsp\n"
        "    movups %xmm0, 0(%rsp)\n"
        "    movups %xmm1, 16(%rsp)\n"
        "    movups %xmm2, 32(%rsp)\n"
        "    movups %xmm3, 48(%rsp)\n"
        "    movups %xmm4, 64(%rsp)\n"
        "    movups %xmm5, 80(%rsp)\n"
        "    movups %xmm6, 96(%rsp)\n"
        "    movups %xmm7, 112(%rsp)\n"
        "    movq %r11, %rdi\n"
        "    movl 200(%rsp), %esi\n"
        "    subl $1, %esi\n"
        "    call weave_unsafe_call\n"
        "    movups 0(%rsp), %xmm0\n"
        "    movups 16(%rsp), %xmm1\n"
        "    movups 32(%rsp), %xmm2\n"
        "    movups 48(%rsp), %xmm3\n"
        "    movups 64(%rsp), %xmm4\n"
        "    movups 80(%rsp), %xmm5\n"
        "    movups 96(%rsp), %xmm6\n"
        "    movups 112(%rsp), %xmm7\n"
        "    addq $136, %rsp\n"
        "    popq %r9\n"
        "    popq %r8\n"
        "    popq %rcx\n"
        "    popq %rdx\n"
        "    popq %rsi\n"
        "    popq %rdi\n"
        "    popq %rax\n"
        "    ret\n"
        ".size unsafe_call, . - unsafe_call\n"
        ".popsection\n");

#include "unsafe.def"

#endif
