// Calls itself without end.
// kinds: cpp
int deeper(volatile int n) { volatile int kept[1024] = {n}; return deeper(n + 1) + kept[0]; }
int main() { return deeper(0); }
