// Lua 5.4 as a guest: `lua [SCRIPT [ARGS...]]` runs a script file, or standard input. Built twice: lua.wasm carries no
// exception handling, so an error ends the program (no pcall, no coroutines); lua-eh.wasm has setjmp by WebAssembly
// exceptions and is complete. Of `os` there are clock, time and getenv; there is no `io` but print and io.write.
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int os_clock(lua_State *L) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
  return 1;
}

static int os_time(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)time(NULL));
  return 1;
}

static int os_getenv(lua_State *L) {
  lua_pushstring(L, getenv(luaL_checkstring(L, 1)));
  return 1;
}

static int io_write(lua_State *L) {
  for (int i = 1, n = lua_gettop(L); i <= n; i++) {
    size_t size;
    const char *text = luaL_checklstring(L, i, &size);
    fwrite(text, 1, size, stdout);
  }
  return 0;
}

static const luaL_Reg os_functions[] = {{"clock", os_clock}, {"time", os_time}, {"getenv", os_getenv}, {NULL, NULL}};
static const luaL_Reg io_functions[] = {{"write", io_write}, {NULL, NULL}};
static const luaL_Reg libraries[] = {
    {LUA_GNAME, luaopen_base},           {LUA_TABLIBNAME, luaopen_table}, {LUA_STRLIBNAME, luaopen_string},
    {LUA_MATHLIBNAME, luaopen_math},     {LUA_UTF8LIBNAME, luaopen_utf8},
#ifdef LUA_WITH_EXCEPTIONS
    {LUA_COLIBNAME, luaopen_coroutine},
#endif
    {NULL, NULL}};

static void open_libraries(lua_State *L) {
  for (const luaL_Reg *library = libraries; library->func; library++) {
    luaL_requiref(L, library->name, library->func, 1);
    lua_pop(L, 1);
  }
  luaL_newlib(L, os_functions);
  lua_setglobal(L, "os");
  luaL_newlib(L, io_functions);
  lua_setglobal(L, "io");
}

static int panic(lua_State *L) {
  fprintf(stderr, "lua: %s\n", lua_tostring(L, -1));
  exit(1);
}

int main(int argc, char **argv) {
  lua_State *L = luaL_newstate();
  if (!L) return 1;
  lua_atpanic(L, panic);
  open_libraries(L);
  lua_createtable(L, argc, 0);
  for (int i = 2; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - 1);
  }
  lua_setglobal(L, "arg");
  if (luaL_loadfile(L, argc > 1 ? argv[1] : NULL) || lua_pcall(L, 0, 0, 0)) panic(L);
  lua_close(L);
  return 0;
}
