// Takes the place of <setjmp.h>, which needs exception handling, when Lua is built without it: an error ends the program.
#include <stdlib.h>
#define luai_jmpbuf int
#define LUAI_THROW(L, c) abort()
#define LUAI_TRY(L, c, a) {a}
