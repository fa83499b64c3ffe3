// Attaches to its parent as a debugger.
// kinds: cpp
#include <sys/ptrace.h>
#include <unistd.h>
int main() { ptrace(PTRACE_ATTACH, getppid(), 0, 0); ptrace(PTRACE_ATTACH, 1, 0, 0); return 0; }
