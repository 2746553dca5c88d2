/** WasmEdge's additions to wasi_snapshot_preview1, as its socket crates import them. */
import * as socket from '../calls/wasmedge.js';
import { sockConnect, sockGetAddrInfo } from '../calls/wasmedge-dial.js';
import { type CallRow, rowMaker } from './row.js';

const RECV_FROM = 'fd:i32 ri_data:i32 ri_data_len:i32 address:i32 ri_flags:i32 ro_datalen:i32 ro_flags:i32 -> i32';
const RECV_FROM_PORT =
  'fd:i32 ri_data:i32 ri_data_len:i32 address:i32 ri_flags:i32 port:i32 ro_datalen:i32 ro_flags:i32 -> i32';
const SEND_TO = 'fd:i32 si_data:i32 si_data_len:i32 address:i32 port:i32 si_flags:i32 so_datalen:i32 -> i32';

const GETADDRINFO = 'node:i32 node_len:i32 server:i32 server_len:i32 hint:i32 res:i32 max_len:i32 res_len:i32 -> i32';

const row = rowMaker('wasi_snapshot_preview1');

export const WASMEDGE_CALLS: readonly CallRow[] = [
  row(144, 'sock_open', 'pure', 'address_family:i32 sock_type:i32 ro_fd:i32 -> i32', socket.sockOpen),
  row(145, 'sock_bind', 'pure', 'fd:i32 address:i32 port:i32 -> i32', socket.sockBind),
  row(146, 'sock_listen', 'pure', 'fd:i32 backlog:i32 -> i32', socket.sockListen),
  row(147, 'sock_accept', 'input', 'fd:i32 ro_fd:i32 -> i32', socket.sockAcceptPlain),
  row(148, 'sock_connect', 'output', 'fd:i32 address:i32 port:i32 -> i32', sockConnect),
  row(149, 'sock_recv_from', 'input', RECV_FROM, socket.sockRecvFrom),
  row(150, 'sock_recv_from', 'input', RECV_FROM_PORT, socket.sockRecvFromPort),
  row(151, 'sock_send_to', 'output', SEND_TO, socket.sockSendTo),
  row(152, 'sock_getsockopt', 'pure', 'fd:i32 level:i32 name:i32 flag:i32 flag_size:i32 -> i32', socket.sockGetSockOpt),
  row(153, 'sock_setsockopt', 'pure', 'fd:i32 level:i32 name:i32 flag:i32 flag_size:i32 -> i32', socket.sockSetSockOpt),
  row(154, 'sock_getlocaladdr', 'pure', 'fd:i32 address:i32 type:i32 port:i32 -> i32', socket.sockGetLocalAddr),
  row(155, 'sock_getpeeraddr', 'pure', 'fd:i32 address:i32 type:i32 port:i32 -> i32', socket.sockGetPeerAddr),
  row(156, 'sock_getaddrinfo', 'input', GETADDRINFO, sockGetAddrInfo),
];
