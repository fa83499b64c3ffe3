// Writes to an address that it does not own.
// kinds: cpp
int main() { *(volatile int*)0 = 1; }
