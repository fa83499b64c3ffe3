// Reads with scanf and writes with printf.
// kinds: cpp
#include <cstdio>
int main(void) {
    long long value, total = 0;
    int place = 0;
    while (scanf("%lld", &value) == 1) total += value ^ place++;
    printf("%lld", ((total % 9973) + 9973) % 9973 + 17);
    return 0;
}
