"""Times a WASI command on Wasmtime, with fuel and without, in turns.

    wasmtime-times.py ROUNDS STDIN_FILE DATA_DIRECTORY MODULE [ARGS...]

Prints processor times in milliseconds, round by round, as JSON: {"plain": [..], "fuel": [..]}. The guest sees
DATA_DIRECTORY as /data.
"""

import json
import sys
import tempfile
import time

import wasmtime

WARM_UPS = 1


def prepare(module: str, fuel: bool):
    config = wasmtime.Config()
    config.consume_fuel = fuel
    engine = wasmtime.Engine(config)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    return engine, linker, wasmtime.Module.from_file(engine, module)


def run(prepared, fuel: bool, stdin: str, data: str, args: list[str]) -> float:
    engine, linker, module = prepared
    store = wasmtime.Store(engine)
    if fuel:
        store.set_fuel(2**62)
    wasi = wasmtime.WasiConfig()
    wasi.argv = args
    wasi.stdin_file = stdin
    wasi.preopen_dir(data, "/data")
    with tempfile.NamedTemporaryFile() as stdout:
        wasi.stdout_file = stdout.name
        store.set_wasi(wasi)
        started = time.process_time()
        start = linker.instantiate(store, module).exports(store)["_start"]
        try:
            start(store)
        except wasmtime.ExitTrap as end:
            if end.code != 0:
                raise
        return (time.process_time() - started) * 1000


def main() -> None:
    rounds, stdin, data, module, *args = sys.argv[1:]
    variants = {"plain": prepare(module, False), "fuel": prepare(module, True)}
    times = {name: [] for name in variants}
    for turn in range(WARM_UPS + int(rounds)):
        for name, prepared in variants.items():
            taken = run(prepared, name == "fuel", stdin, data, args)
            if turn >= WARM_UPS:
                times[name].append(taken)
    print(json.dumps(times))


main()
