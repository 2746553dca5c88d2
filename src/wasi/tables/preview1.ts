/**
 * wasi_snapshot_preview1 (WASI repository, legacy/preview1/docs.md). Ids are part of the log format: they are never reused.
 * The CPU clocks make clock_time_get a `descriptor` call, the one seed does so for random_get, and the kind of the
 * descriptor for the others.
 */
import { argsGet, argsSizesGet } from '../calls/args.js';
import { clockResGet, clockTimeGet } from '../calls/clock.js';
import { environGet, environSizesGet } from '../calls/environ.js';
import * as fd from '../calls/fd.js';
import * as dir from '../calls/fd-dir.js';
import * as file from '../calls/fd-file.js';
import * as path from '../calls/path.js';
import * as links from '../calls/path-links.js';
import { pathOpen } from '../calls/path-open.js';
import { pollOneoff } from '../calls/poll.js';
import { procExit, procRaise, schedYield } from '../calls/proc.js';
import { randomGet } from '../calls/random.js';
import { sockAccept, sockRecv, sockSend, sockShutdown } from '../calls/sock.js';
import { type CallRow, rowMaker } from './row.js';

const SET_TIMES = 'fd:i32 flags:i32 path:i32 path_len:i32 atim:i64 mtim:i64 fst_flags:i32 -> i32';
const LINK = 'old_fd:i32 old_flags:i32 old_path:i32 old_path_len:i32 new_fd:i32 new_path:i32 new_path_len:i32 -> i32';
const OPEN =
  'fd:i32 dirflags:i32 path:i32 path_len:i32 oflags:i32 rights_base:i64 rights_inheriting:i64 fdflags:i32 opened:i32 -> i32';
const RENAME = 'fd:i32 old_path:i32 old_path_len:i32 new_fd:i32 new_path:i32 new_path_len:i32 -> i32';
const SYMLINK = 'old_path:i32 old_path_len:i32 fd:i32 new_path:i32 new_path_len:i32 -> i32';
const RECV = 'fd:i32 ri_data:i32 ri_data_len:i32 ri_flags:i32 ro_datalen:i32 ro_flags:i32 -> i32';
const SEND = 'fd:i32 si_data:i32 si_data_len:i32 si_flags:i32 so_datalen:i32 -> i32';

const row = rowMaker('wasi_snapshot_preview1');

export const PREVIEW1_CALLS: readonly CallRow[] = [
  row(16, 'args_get', 'pure', 'argv:i32 argv_buf:i32 -> i32', argsGet),
  row(17, 'args_sizes_get', 'pure', 'argc:i32 argv_buf_size:i32 -> i32', argsSizesGet),
  row(18, 'environ_get', 'pure', 'environ:i32 environ_buf:i32 -> i32', environGet),
  row(19, 'environ_sizes_get', 'pure', 'count:i32 environ_buf_size:i32 -> i32', environSizesGet),
  row(20, 'clock_res_get', 'pure', 'id:i32 resolution:i32 -> i32', clockResGet),
  row(21, 'clock_time_get', 'descriptor', 'id:i32 precision:i64 time:i32 -> i32', clockTimeGet),
  row(22, 'fd_advise', 'pure', 'fd:i32 offset:i64 len:i64 advice:i32 -> i32', file.fdAdvise),
  row(23, 'fd_allocate', 'descriptor', 'fd:i32 offset:i64 len:i64 -> i32', file.fdAllocate),
  row(24, 'fd_close', 'descriptor', 'fd:i32 -> i32', fd.fdClose),
  row(25, 'fd_datasync', 'descriptor', 'fd:i32 -> i32', file.fdDatasync),
  row(26, 'fd_fdstat_get', 'pure', 'fd:i32 stat:i32 -> i32', fd.fdFdstatGet),
  row(27, 'fd_fdstat_set_flags', 'pure', 'fd:i32 flags:i32 -> i32', fd.fdFdstatSetFlags),
  row(28, 'fd_fdstat_set_rights', 'pure', 'fd:i32 rights_base:i64 rights_inheriting:i64 -> i32', fd.fdFdstatSetRights),
  row(29, 'fd_filestat_get', 'descriptor', 'fd:i32 stat:i32 -> i32', file.fdFilestatGet),
  row(30, 'fd_filestat_set_size', 'descriptor', 'fd:i32 size:i64 -> i32', file.fdFilestatSetSize),
  row(
    31,
    'fd_filestat_set_times',
    'descriptor',
    'fd:i32 atim:i64 mtim:i64 fst_flags:i32 -> i32',
    file.fdFilestatSetTimes,
  ),
  row(32, 'fd_pread', 'descriptor', 'fd:i32 iovs:i32 iovs_len:i32 offset:i64 nread:i32 -> i32', file.fdPread),
  row(33, 'fd_prestat_get', 'pure', 'fd:i32 prestat:i32 -> i32', dir.fdPrestatGet),
  row(34, 'fd_prestat_dir_name', 'pure', 'fd:i32 path:i32 path_len:i32 -> i32', dir.fdPrestatDirName),
  row(35, 'fd_pwrite', 'descriptor', 'fd:i32 iovs:i32 iovs_len:i32 offset:i64 nwritten:i32 -> i32', file.fdPwrite),
  row(36, 'fd_read', 'descriptor', 'fd:i32 iovs:i32 iovs_len:i32 nread:i32 -> i32', fd.fdRead),
  row(37, 'fd_readdir', 'descriptor', 'fd:i32 buf:i32 buf_len:i32 cookie:i64 bufused:i32 -> i32', dir.fdReaddir),
  row(38, 'fd_renumber', 'descriptor', 'fd:i32 to:i32 -> i32', fd.fdRenumber),
  row(39, 'fd_seek', 'descriptor', 'fd:i32 offset:i64 whence:i32 newoffset:i32 -> i32', file.fdSeek),
  row(40, 'fd_sync', 'descriptor', 'fd:i32 -> i32', file.fdSync),
  row(41, 'fd_tell', 'pure', 'fd:i32 offset:i32 -> i32', file.fdTell),
  row(42, 'fd_write', 'descriptor', 'fd:i32 iovs:i32 iovs_len:i32 nwritten:i32 -> i32', fd.fdWrite),
  row(43, 'path_create_directory', 'descriptor', 'fd:i32 path:i32 path_len:i32 -> i32', path.pathCreateDirectory),
  row(
    44,
    'path_filestat_get',
    'descriptor',
    'fd:i32 flags:i32 path:i32 path_len:i32 buf:i32 -> i32',
    path.pathFilestatGet,
  ),
  row(45, 'path_filestat_set_times', 'descriptor', SET_TIMES, path.pathFilestatSetTimes),
  row(46, 'path_link', 'descriptor', LINK, links.pathLink),
  row(47, 'path_open', 'descriptor', OPEN, pathOpen),
  row(
    48,
    'path_readlink',
    'descriptor',
    'fd:i32 path:i32 path_len:i32 buf:i32 buf_len:i32 bufused:i32 -> i32',
    path.pathReadlink,
  ),
  row(49, 'path_remove_directory', 'descriptor', 'fd:i32 path:i32 path_len:i32 -> i32', path.pathRemoveDirectory),
  row(50, 'path_rename', 'descriptor', RENAME, links.pathRename),
  row(51, 'path_symlink', 'descriptor', SYMLINK, links.pathSymlink),
  row(52, 'path_unlink_file', 'descriptor', 'fd:i32 path:i32 path_len:i32 -> i32', path.pathUnlinkFile),
  row(53, 'poll_oneoff', 'input', 'in:i32 out:i32 nsubscriptions:i32 nevents:i32 -> i32', pollOneoff),
  row(54, 'proc_exit', 'pure', 'code:i32', procExit),
  row(55, 'proc_raise', 'pure', 'signal:i32 -> i32', procRaise),
  row(56, 'sched_yield', 'pure', '-> i32', schedYield),
  row(57, 'random_get', 'descriptor', 'buf:i32 buf_len:i32 -> i32', randomGet),
  row(58, 'sock_accept', 'input', 'fd:i32 flags:i32 ro_fd:i32 -> i32', sockAccept),
  row(59, 'sock_recv', 'input', RECV, sockRecv),
  row(60, 'sock_send', 'output', SEND, sockSend),
  row(61, 'sock_shutdown', 'output', 'fd:i32 how:i32 -> i32', sockShutdown),
];
