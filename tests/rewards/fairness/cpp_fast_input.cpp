// Reads everything at once with fread and writes with putchar.
// kinds: cpp
#include <cstdio>
#include <cstdlib>
#include <string>
static char buffer[1 << 24];
int main() {
    size_t size = fread(buffer, 1, sizeof buffer - 1, stdin);
    buffer[size] = 0;
    char* at = buffer;
    long long total = 0;
    for (int place = 0;; ++place) {
        char* end;
        long long value = strtoll(at, &end, 10);
        if (end == at) break;
        total += value ^ place;
        at = end;
    }
    for (char letter : std::to_string(((total % 9973) + 9973) % 9973 + 17)) putchar(letter);
}
