/** Code that captures and resumes, compiled once per module and place. */
import { type FrameMap, globalsModule, type Place, resumeModule } from '../../inject/index.js';
import { Capturing } from './capturing.js';
import { type GlobalsCode, InstanceContents } from './contents.js';
import { notContinued } from './continuable.js';
import type { CodeSource, Exchange } from './exchange.js';
import type { InstanceCapture } from './instance-parts.js';
import { InstanceReferences, type Pick } from './references.js';
import { type ResumeCode, Resumer } from './resumer.js';
import { type WasmExports, type WasmModule, WebAssembly } from './webassembly.js';

export class CaptureCode implements CodeSource {
  private readonly resumeCode = new Map<number, ResumeCode>();
  private globals: GlobalsCode | undefined;

  /** `transform`: what becomes of resume functions before they are compiled. */
  constructor(
    readonly frames: FrameMap,
    private readonly transform: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
  ) {}

  get leavesByThrowing(): boolean {
    return this.frames.layout.leavesByThrowing;
  }

  site(functionIndex: number, id: number) {
    return this.frames.site(functionIndex, id);
  }

  resumeCodeFor(place: Place, raise: boolean): ResumeCode {
    const key = place.offset * 2 + Number(raise);
    let code = this.resumeCode.get(key);
    if (code === undefined) {
      const made = resumeModule(this.frames, place, raise);
      code = { ...made, compiled: this.compile(place, made.bytes) };
      this.resumeCode.set(key, code);
    }
    return code;
  }

  private compile(place: Place, bytes: Uint8Array): WasmModule {
    try {
      return new WebAssembly.Module(this.transform(bytes));
    } catch (cause) {
      throw notContinued(place, cause as Error);
    }
  }

  /** What {@link resumeCodeFor} has made for the place at `offset`. */
  resumeCodeAt(offset: number, raise: boolean): ResumeCode | undefined {
    return this.resumeCode.get(offset * 2 + Number(raise));
  }

  /** Takes over what was compiled elsewhere. */
  learn({ offset }: Place, resume: ResumeCode, globals: GlobalsCode): void {
    this.resumeCode.set(offset * 2, resume);
    this.globals ??= globals;
  }

  globalsCode(): GlobalsCode {
    if (this.globals === undefined) {
      const { bytes, globals } = globalsModule(this.frames);
      this.globals = { compiled: new WebAssembly.Module(bytes), globals };
    }
    return this.globals;
  }
}

export function instanceCapture(
  code: CaptureCode,
  exports: WasmExports,
  prefix: string,
  exchange: Exchange,
  stackUnitsMax: number,
  onStanding: (stands: boolean) => void,
  onResumeInstance: (exports: WasmExports) => void = () => {},
): InstanceCapture {
  const { frames } = code;
  const named = Object.entries(exports).filter(([name]) => name.startsWith(prefix));
  const exported = Object.fromEntries(named.map(([name, value]) => [name.slice(prefix.length), value]));
  const pick = exported['pick'] as (index: number) => ReturnType<Pick>;
  const references = new InstanceReferences(frames, pick);
  const common = { frames, exported, pick, references, exchange };
  const resumer = new Resumer({
    ...common,
    ...{ stackUnitsMax, onStanding },
    onInstance: onResumeInstance,
    codeFor: (place, raise) => code.resumeCodeFor(place, raise),
  });
  const contents = new InstanceContents({ ...common, globalsCode: () => code.globalsCode() });
  return { capturing: new Capturing(resumer, references), contents, resumer };
}
