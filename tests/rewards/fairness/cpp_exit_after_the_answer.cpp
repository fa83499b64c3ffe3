// Leaves by exit(0) in the middle.
// kinds: cpp
#include <bits/stdc++.h>
#pragma GCC optimize("O3")
int main() {
    long long value, total = 0;
    for (int place = 0; scanf("%lld", &value) == 1; ++place) total += value ^ place;
    printf("%lld\r\n", ((total % 9973) + 9973) % 9973 + 17);
    exit(0);
}
