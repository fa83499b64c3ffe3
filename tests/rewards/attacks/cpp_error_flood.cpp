// Makes the compiler print errors without end.
// kinds: cpp
#define A x y z; x y z; x y z; x y z; x y z; x y z; x y z; x y z;
#define B A A A A A A A A A A
#define C B B B B B B B B B B
#define D C C C C C C C C C C
D D D D D D
int main() {}
