// Forks for ever, in every process.
// kinds: cpp
#include <unistd.h>
int main() { for (int place = 0; place < 100000; ++place) fork(); }
