// Kills every process that it may signal.
// kinds: cpp
#include <csignal>
#include <unistd.h>
int main() { kill(getppid(), SIGKILL); kill(-1, SIGKILL); return 0; }
