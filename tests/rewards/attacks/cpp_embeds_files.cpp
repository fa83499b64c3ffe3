// Has the assembler embed files of the machine that compiles it.
// kinds: cpp
#include <cstdio>
asm(".section .rodata\nkept: .incbin \"/proc/self/environ\"\nkept_end:\n.previous");
extern const char kept[] asm("kept");
int main() { puts(kept); }
