// Runs an instruction that is none.
// kinds: cpp
int main() { __builtin_trap(); }
