/* A gate for each call: what the linker sends to __wrap_NAME (ld(1), --wrap) pauses perhaps, and then jumps to the real one. It jumps
 * with the registers and the stack as they came, so one gate serves any signature, and whoever looks at the stack sees
 * the call where the program makes it. Which registers carry arguments: System V ABI, AMD64, 3.2.3. */
#ifndef __x86_64__
#error "perturb knows the calls of x86-64 only"
#endif

        .macro  GATE name
        .globl  __wrap_\name
        .type   __wrap_\name, @function
__wrap_\name:
        .cfi_startproc
        endbr64
        push    %rbp                    /* a frame, so that the stack of one who pauses can be read */
        .cfi_adjust_cfa_offset 8
        mov     %rsp, %rbp
        push    %rax                    /* of a call with `...`: how many vector registers it uses */
        .cfi_adjust_cfa_offset 8
        call    perturb_gate
        pop     %rax
        .cfi_adjust_cfa_offset -8
        pop     %rbp
        .cfi_adjust_cfa_offset -8
        jmp     __real_\name
        .cfi_endproc
        .size   __wrap_\name, . - __wrap_\name
        .endm

#define CALL(name) GATE name
        .text
#include CALLS

        .type   perturb_gate, @function
perturb_gate:
        .cfi_startproc
        push    %rbp
        .cfi_adjust_cfa_offset 8
        mov     %rsp, %rbp
        .irp    reg, rdi, rsi, rdx, rcx, r8, r9, r10, r11
        push    %\reg
        .cfi_adjust_cfa_offset 8
        .endr
        sub     $128, %rsp              /* eight vector registers; the stack is on a multiple of 16 */
        .cfi_adjust_cfa_offset 128
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
        movups  %xmm\n, 16*\n(%rsp)
        .endr
        call    perturb_pause
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
        movups  16*\n(%rsp), %xmm\n
        .endr
        add     $128, %rsp
        .cfi_adjust_cfa_offset -128
        .irp    reg, r11, r10, r9, r8, rcx, rdx, rsi, rdi
        pop     %\reg
        .cfi_adjust_cfa_offset -8
        .endr
        pop     %rbp
        .cfi_adjust_cfa_offset -8
        ret
        .cfi_endproc
        .size   perturb_gate, . - perturb_gate

        .section .note.GNU-stack, "", @progbits
