// Has the compiler compute without end.
// kinds: cpp
constexpr int forever(int n) { int total = 0; for (int place = 0; place < 2000000000; ++place) total += n; return total; }
constexpr int value = forever(3) + forever(4) + forever(5);
int main() { return value; }
