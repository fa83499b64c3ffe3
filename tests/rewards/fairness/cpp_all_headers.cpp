// Includes everything, uses the whole namespace and fast streams, and returns nothing.
// kinds: cpp
#include <bits/stdc++.h>
using namespace std;
#define int long long
signed main() {
    ios::sync_with_stdio(false);
    cin.tie(nullptr);
    int value, total = 0, place = 0;
    while (cin >> value) total += value ^ place++;
    cout << ((total % 9973) + 9973) % 9973 + 17 << "\n";
}
