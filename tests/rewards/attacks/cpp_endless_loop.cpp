// Never ends.
// kinds: cpp
int main() { for (volatile int n = 0;; ++n) {} }
