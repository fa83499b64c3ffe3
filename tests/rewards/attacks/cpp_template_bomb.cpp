// Has the compiler instantiate templates for ever.
// kinds: cpp
template <int N> struct Bomb { using Left = typename Bomb<N * 2 % 1000003>::Left; };
template <int A, int B> struct Pair { static const long value = Pair<A - 1, B>::value + Pair<A - 1, B + 1>::value + Pair<A - 1, B * 2>::value; };
template <int B> struct Pair<0, B> { static const long value = B; };
int main() { return Pair<800, 1>::value; }
