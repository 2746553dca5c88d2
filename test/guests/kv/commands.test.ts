import { expect, it } from 'vitest';
import { transcript, trimmed } from './support.js';

/** Each transcript is a session on a fresh database: `>` a command, below it the reply, `+` time passing. */
const SESSIONS: Record<string, string> = {
  'SET and GET': `
    > SET a 1
    +OK
    > GET a
    $1
    1
    > GET b
    $-1
    > SET a 2 NX
    $-1
    > SET b 2 XX
    $-1
    > SET a 3 XX
    +OK
    > SET a 4 GET
    $1
    3
    > SET a 5 NX GET
    $1
    4
    > SET new 1 NX GET
    $-1
    > GET new
    $1
    1
    > GETSET a 6
    $1
    4
    > GETDEL a
    $1
    6
    > GETDEL a
    $-1
    > SETNX a 7
    :1
    > SETNX a 8
    :0
    > SET a "two words"
    +OK
    > STRLEN a
    :9
    > STRLEN nothing
    :0`,
  'SET refuses what it does not understand': `
    > SET a
    -ERR wrong number of arguments for 'set' command
    > SET a 1 NX XX
    -ERR syntax error
    > SET a 1 EX
    -ERR syntax error
    > SET a 1 EX ten
    -ERR value is not an integer or out of range
    > SET a 1 EX 0
    -ERR invalid expire time in 'set' command
    > SET a 1 PX -5
    -ERR invalid expire time in 'set' command
    > SET a 1 EX 9223372036854775807
    -ERR invalid expire time in 'set' command
    > SET a 1 EX 10 PX 10
    -ERR syntax error
    > SET a 1 EX 10 KEEPTTL
    -ERR syntax error
    > SET a 1 SOMETIMES
    -ERR syntax error
    > SETEX a 0 1
    -ERR invalid expire time in 'setex' command
    > EXISTS a
    :0`,
  'many keys at once': `
    > MSET a 1 b 2 a 3
    +OK
    > MSET a 1 b
    -ERR wrong number of arguments for 'mset' command
    > MGET a nothing b
    *3
    $1
    3
    $-1
    $1
    2
    > EXISTS a b a nothing
    :3
    > DEL a b c
    :2
    > UNLINK a
    :0
    > DBSIZE
    :0`,
  counters: `
    > INCR n
    :1
    > INCRBY n 41
    :42
    > DECR n
    :41
    > DECRBY n 50
    :-9
    > INCRBY n -1
    :-10
    > GET n
    $3
    -10
    > SET n 9223372036854775806
    +OK
    > INCR n
    :9223372036854775807
    > INCR n
    -ERR increment or decrement would overflow
    > SET n -9223372036854775808
    +OK
    > DECR n
    -ERR increment or decrement would overflow
    > DECRBY n -9223372036854775808
    -ERR decrement would overflow
    > SET n 012
    +OK
    > INCR n
    -ERR value is not an integer or out of range
    > SET n 9223372036854775808
    +OK
    > INCR n
    -ERR value is not an integer or out of range
    > INCRBY n 1.5
    -ERR value is not an integer or out of range`,
  APPEND: `
    > APPEND s abc
    :3
    > APPEND s ""
    :3
    > APPEND s defghijklmnopqrstuvwxyz0123456789
    :36
    > GET s
    $36
    abcdefghijklmnopqrstuvwxyz0123456789`,
  'expiry by the clock': `
    > SET a 1 PX 100
    +OK
    > PTTL a
    :100
    + 60ms
    > PTTL a
    :40
    > TTL a
    :0
    + 39ms
    > GET a
    $1
    1
    + 1ms
    > GET a
    $-1
    > TTL a
    :-2
    > SET a 1
    +OK
    > TTL a
    :-1
    > EXPIRE a 100
    :1
    > TTL a
    :100
    > SET a 2 KEEPTTL
    +OK
    > TTL a
    :100
    > APPEND a 3
    :2
    > INCR a
    :24
    > TTL a
    :100
    > PERSIST a
    :1
    > PERSIST a
    :0
    > TTL a
    :-1
    > PEXPIRE a 500 GT
    :0
    > PEXPIRE a 500 LT
    :1
    > PEXPIRE a 600 NX
    :0
    > PEXPIRE a 400 GT
    :0
    > PEXPIRE a 600 XX
    :1
    > SET a 3
    +OK
    > PTTL a
    :-1
    > EXPIRE a -1
    :1
    > EXISTS a
    :0
    > EXPIRE a 10
    :0
    > SETEX b 10 x
    +OK
    > SET b y
    +OK
    > TTL b
    :-1
    > EXPIRE b 9223372036854775807
    -ERR invalid expire time in 'expire' command
    > SET c 1 PXAT 1700000001000
    +OK
    > PEXPIRETIME c
    :1700000001000`,
  'wrong types': `
    > RPUSH l 1
    :1
    > GET l
    -WRONGTYPE Operation against a key holding the wrong kind of value
    > INCR l
    -WRONGTYPE Operation against a key holding the wrong kind of value
    > APPEND l x
    -WRONGTYPE Operation against a key holding the wrong kind of value
    > SADD l x
    -WRONGTYPE Operation against a key holding the wrong kind of value
    > SET l 1 GET
    -WRONGTYPE Operation against a key holding the wrong kind of value
    > MGET l
    *1
    $-1
    > TYPE l
    +list
    > SET l now-a-string
    +OK
    > TYPE l
    +string
    > LPUSH l 1
    -WRONGTYPE Operation against a key holding the wrong kind of value
    > TYPE nothing
    +none`,
  lists: `
    > RPUSH l b c
    :2
    > LPUSH l a
    :3
    > LRANGE l 0 -1
    *3
    $1
    a
    $1
    b
    $1
    c
    > LRANGE l -2 1
    *1
    $1
    b
    > LRANGE l 5 9
    *0
    > LPOP l
    $1
    a
    > RPOP l 5
    *2
    $1
    c
    $1
    b
    > EXISTS l
    :0
    > LPOP l
    $-1
    > LPOP l 1
    *-1
    > LLEN l
    :0`,
  'hashes and sets': `
    > HSET h f 1 g 2
    :2
    > HSET h f 3
    :0
    > HGET h f
    $1
    3
    > HMGET h g x
    *2
    $1
    2
    $-1
    > HLEN h
    :2
    > HDEL h f g x
    :2
    > EXISTS h
    :0
    > SADD s a b a
    :2
    > SISMEMBER s a
    :1
    > SREM s a
    :1
    > SPOP s
    $1
    b
    > SPOP s
    $-1
    > SCARD s
    :0`,
  'the server itself': `
    > PING
    +PONG
    > ping hello
    $5
    hello
    > ECHO x
    $1
    x
    > SELECT 0
    +OK
    > SELECT 1
    -ERR DB index is out of range
    > TIME
    *2
    $10
    1700000000
    $1
    0
    > WAIT 1 100
    :0
    > CONFIG GET save
    *2
    $4
    save
    $0

    > CONFIG GET nothing
    *0
    > CLIENT SETINFO LIB-NAME x
    +OK
    > CLIENT GETNAME
    $-1
    > CLIENT SETNAME me
    +OK
    > CLIENT GETNAME
    $2
    me
    > CLIENT ID
    :1
    > CLIENT FROB
    -ERR unknown subcommand 'FROB'. Try COMMAND.
    > COMMAND INFO get nothing
    *2
    *6
    $3
    get
    :2
    *2
    +readonly
    +fast
    :1
    :1
    :1
    *-1
    > COMMAND DOCS
    *0
    > FROB one two
    -ERR unknown command 'FROB', with args beginning with: 'one' 'two'
    > HELLO 9
    -NOPROTO unsupported protocol version
    > HELLO 3 AUTH a b
    -ERR AUTH called without any password configured: this server has no users
    > RESET
    +RESET
    > CLIENT GETNAME
    $-1
    > FLUSHALL SYNC
    +OK
    > FLUSHALL NOW
    -ERR syntax error
    > RANDOMKEY
    $-1`,
};

it.each(Object.entries(SESSIONS))('%s', (_name, session) => {
  expect(trimmed(transcript(session))).toBe(trimmed(session));
});

it('answers in RESP3 after HELLO 3', () => {
  const session = `
    > HELLO 3 SETNAME three
    %7
    $6
    server
    $10
    ft-wasm-kv
    $7
    version
    $5
    7.2.0
    $5
    proto
    :3
    $2
    id
    :1
    $4
    mode
    $10
    standalone
    $4
    role
    $6
    master
    $7
    modules
    *0
    > GET nothing
    _
    > LPOP nothing 1
    _
    > HSET h f v
    :1
    > HGETALL h
    %1
    $1
    f
    $1
    v
    > SADD s m
    :1
    > SMEMBERS s
    ~1
    $1
    m
    > CONFIG GET appendonly
    %1
    $10
    appendonly
    $2
    no
    > CLIENT GETNAME
    $5
    three`;
  expect(trimmed(transcript(session))).toBe(trimmed(session));
});
