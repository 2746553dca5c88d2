/** Instrumentation: the public surface of this folder. */
export { type CallAnalysis, recursionOf } from './call-graph.js';
export { type CaptureObstacle, captureObstacle } from './capture-obstacle.js';
export type { SavedSite } from './capture-sites.js';
export { COST_OF, ENTRY_COST } from './costs.js';
export { FRAME_OVERHEAD_UNITS, frameUnits } from './frame-units.js';
export { type Injected, inject } from './inject.js';
export { ENGINE_MODULE, GLOBALS, Halt, type InjectedGlobal, SLICE_MAX, sliceEnd } from './layout.js';
export { locateOriginal, type OriginalPlace } from './locate.js';
export { markModule } from './mark-module.js';
export { MARKED_PAGE_BYTES } from './marked-bodies.js';
export { addMarks, MARKS, unmarkedOffset } from './marks.js';
export { DEFAULT_INJECT_OPTIONS, INJECT_VERSION, type InjectOptions } from './options.js';
export { FrameMap, type FunctionFrames, type Place } from './resume/frame-map.js';
export { type GlobalsModule, globalsModule } from './resume/globals-module.js';
export {
  INSTANCE_MODULE,
  locateResumed,
  PICKED_MODULE,
  type Resumed,
  type ResumeModule,
  resumedFrom,
  resumeModule,
} from './resume/resume-module.js';
export { siteBehind } from './resume/site-behind.js';
export { type ScanJob, type ScannedRange, takeScans } from './scan-together.js';
export { type DoneRange, injectTogether, type RewriteHelp, type RewriteJob, takeRanges } from './together.js';
