#!/usr/bin/env python3
"""Writes the golden instruction counts of test/golden/fuel from Wasmtime's fuel.

    python3 -m venv wasmtime-venv && wasmtime-venv/bin/pip install wasmtime==45.0.0
    wasmtime-venv/bin/python tools/guests/wasmtime-fuel.py

The rule that ft-wasm follows (one per operator, one per function entered) is Wasmtime's up to version 45. From 46 on
Wasmtime also charges bulk operations by length and the implicit call of the start function, so 45.0.0 is the referee.
Only a module with exceptions needs 50.0.1, the first version in which the Python package enables them: run the script
once with each; it writes the files that its version is the referee of. Such modules have neither bulk operations nor
start functions, where the two versions would differ. Constant expressions are free in both.

A trap leaves Wasmtime's fuel where it was last written back, not where the trap is. `unreachable` does write it back, so
the guests that trap are run with the argument that makes them end there (see guests/fuel/traps.wat).
"""

import hashlib
import importlib.metadata
import json
import pathlib
import sys

import wasmtime

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "test/golden/fuel"
REFEREE = "45.0.0"
REFEREE_EXCEPTIONS = "50.0.1"
FUEL = 10**12
MASK = 0xFFFFFFFF


class Stop(Exception):
    """Raised by a host function that ends the run."""


class Host:
    """The imports of one run; notes the counter at every call."""

    def __init__(self, store: wasmtime.Store, args: list[str]):
        self.store = store
        self.args = [arg.encode() + b"\0" for arg in args]
        self.calls: list[int] = []
        self.stdout = b""
        self.memory: wasmtime.Memory | None = None

    def count(self) -> None:
        self.calls.append(FUEL - self.store.get_fuel())

    def write_u32(self, at: int, value: int) -> None:
        self.memory.write(self.store, value.to_bytes(4, "little"), at)

    def read_u32(self, at: int) -> int:
        return int.from_bytes(self.memory.read(self.store, at, at + 4), "little")

    def host_call(self, value: int) -> int:
        self.count()
        return value

    def host_stop(self, value: int) -> None:
        self.count()
        raise Stop(value)

    def args_sizes_get(self, count: int, size: int) -> int:
        self.count()
        self.write_u32(count, len(self.args))
        self.write_u32(size, sum(map(len, self.args)))
        return 0

    def args_get(self, argv: int, text: int) -> int:
        self.count()
        for index, arg in enumerate(self.args):
            self.write_u32(argv + 4 * index, text)
            self.memory.write(self.store, arg, text)
            text += len(arg)
        return 0

    def fd_write(self, _fd: int, vectors: int, length: int, written: int) -> int:
        self.count()
        total = 0
        for at in range(vectors, vectors + 8 * length, 8):
            start, size = self.read_u32(at), self.read_u32(at + 4)
            self.stdout += bytes(self.memory.read(self.store, start, start + size))
            total += size
        self.write_u32(written, total)
        return 0

    def proc_exit(self, code: int) -> None:
        self.count()
        raise Stop(code)

    def define(self, linker: wasmtime.Linker, module: wasmtime.Module) -> None:
        functions = {"call": self.host_call, "stop": self.host_stop}
        for entry in module.imports:
            handler = functions.get(entry.name) if entry.module == "host" else getattr(self, entry.name)
            linker.define_func(entry.module, entry.name, entry.type, handler)


def run(engine: wasmtime.Engine, module: wasmtime.Module, export: str, args: list[int], argv: list[str]) -> dict:
    """One fresh instance, one exported call; counts the start function too, as the engines do."""
    store = wasmtime.Store(engine)
    store.set_fuel(FUEL)
    host = Host(store, argv)
    linker = wasmtime.Linker(engine)
    host.define(linker, module)
    instance = linker.instantiate(store, module)
    host.memory = next((e for e in instance.exports(store)._extern_seq if isinstance(e, wasmtime.Memory)), None)
    result = {"export": export, "args": args}
    try:
        value = instance.exports(store)[export](store, *args)
        result["outcome"] = "returned"
        if isinstance(value, int) and export != "_start":
            result["value"] = value & MASK
    except wasmtime.Trap as trap:
        assert trap.trap_code == wasmtime.TrapCode.UNREACHABLE, trap
        result["outcome"] = "trapped"
    except Stop as stop:
        result |= {"outcome": "stopped", "value": stop.args[0]}
    result["counter"] = FUEL - store.get_fuel()
    if host.calls:
        result["hostCalls"] = host.calls
    if argv:
        result |= {"argv": argv, "stdout": host.stdout.decode()}
    return result


def write(name: str, source: bytes, module: str, runs: list[dict]) -> None:
    """One file per module, one line per run."""
    header = {
        "module": module,
        "sha256": hashlib.sha256(source).hexdigest(),
        "wasmtime": importlib.metadata.version("wasmtime"),
    }
    lines = ",\n".join(f"    {json.dumps(r)}" for r in runs)
    head = "".join(f"  {json.dumps(k)}: {json.dumps(v)},\n" for k, v in header.items())
    path = GOLDEN / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{{\n{head}  "runs": [\n{lines}\n  ]\n}}\n')
    print(f"{name}: {len(runs)} runs")


def small_guests(engine: wasmtime.Engine, exceptions: bool) -> None:
    folder = ROOT / "guests/fuel"
    for file, cases in json.loads((folder / "cases.json").read_text()).items():
        if (file == "exceptions.wat") != exceptions:
            continue
        source = (folder / file).read_bytes()
        module = wasmtime.Module(engine, source.decode())
        runs = [run(engine, module, case[0], case[1:], []) for case in cases]
        write(file.removesuffix(".wat"), source, f"guests/fuel/{file}", runs)


def kernels(engine: wasmtime.Engine) -> None:
    """Every kernel, two repetitions; the AssemblyScript module must have been built (npm run build)."""
    runs: dict[str, list[dict]] = {}
    for kernel in json.loads((ROOT / "guests/kernels/manifest.json").read_text())["kernels"]:
        module = wasmtime.Module(engine, (ROOT / kernel["module"]).read_bytes())
        argv = [kernel["name"], *kernel["args"], "2"]
        runs.setdefault(kernel["module"], []).append(run(engine, module, "_start", [], argv))
    for module, lines in runs.items():
        write(f"kernels/{pathlib.Path(module).stem}", (ROOT / module).read_bytes(), module, lines)


def main() -> int:
    version = importlib.metadata.version("wasmtime")
    if version not in (REFEREE, REFEREE_EXCEPTIONS):
        print(f"wasmtime {version} is not a referee: install {REFEREE} or {REFEREE_EXCEPTIONS}", file=sys.stderr)
        return 1
    config = wasmtime.Config()
    config.consume_fuel = True
    engine = wasmtime.Engine(config)
    small_guests(engine, version == REFEREE_EXCEPTIONS)
    if version == REFEREE:
        kernels(engine)
    return 0


if __name__ == "__main__":
    sys.exit(main())
