// Changes the options of its own compilation.
// kinds: cpp
#pragma GCC optimize("O3,unroll-loops")
#pragma GCC dependency "/etc/shadow"
#pragma GCC system_header
#pragma GCC poison cout
int main() { return 0; }
