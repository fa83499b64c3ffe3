// Becomes another program that succeeds.
// kinds: cpp
#include <unistd.h>
int main() { execl("/bin/true", "true", (char*)nullptr); return 0; }
