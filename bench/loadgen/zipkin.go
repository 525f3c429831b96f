// The same spans as a Zipkin v2 JSON list, for servers that take no OTLP.
package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
)

func zipkinBatch(seed, first uint64, n, nf int) *batch {
	bt := &batch{}
	w := &xw{}
	w.s("[")
	for i := 0; i < n; i++ {
		t := makeTrace(seed, first+uint64(i), nf)
		bt.traces = append(bt.traces, t.id)
		bt.spans += t.spans()
		if t.dur > bt.durMax {
			bt.durMax = t.dur
		}
		all := []*node{&t.gw, &t.svc, &t.fun}
		for j := range t.subs {
			all = append(all, &t.subs[j])
		}
		for k, nd := range all {
			if i+k > 0 {
				w.s(",")
			}
			svc := fnName(t.fn)
			if k == 0 {
				svc = "api-gateway"
			}
			w.s(`{"traceId":"`)
			w.fixed(pXID, binary.BigEndian.Uint64(t.id[:8]), 16)
			w.s(hex.EncodeToString(t.id[8:]) + `","id":"`)
			w.fixed(pXID, binary.BigEndian.Uint64(nd.id[:]), 16)
			if nd.parent != ([8]byte{}) {
				w.s(`","parentId":"`)
				w.fixed(pXID, binary.BigEndian.Uint64(nd.parent[:]), 16)
			}
			w.s(`","name":"` + nd.name + `"`)
			switch nd.kind {
			case 2:
				w.s(`,"kind":"SERVER"`)
			case 3:
				w.s(`,"kind":"CLIENT"`)
			}
			w.s(`,"timestamp":`)
			w.fixed(pUsec, nd.start, 16)
			w.s(`,"duration":` + strconv.FormatUint(max((nd.end-nd.start)/1000, 1), 10) + `,"localEndpoint":{"serviceName":"` + svc + `"}`)
			if nd.namespace != "" {
				w.s(`,"remoteEndpoint":{"serviceName":"` + nd.name + `"}`)
			}
			w.s(`,"tags":{`)
			for j, a := range append(append([]attr{}, nd.attrs...), nd.annot...) {
				if j > 0 {
					w.s(",")
				}
				if a.k == "order_id" {
					num, _ := strconv.ParseUint(t.orders[4:], 10, 64)
					w.s(`"order_id":"ord-`)
					w.fixed(pOrder, num, 12)
					w.s(`"`)
					continue
				}
				w.s(`"` + a.k + `":"` + fmt.Sprint(a.v) + `"`)
			}
			if nd.errF || nd.fault || nd.throttle {
				w.s(`,"error":"request failed"`)
			}
			w.s("}}")
		}
	}
	w.s("]")
	bt.buf, bt.p = w.b, w.p
	return bt
}
