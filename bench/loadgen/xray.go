// X-Ray segment documents, as datagrams or as one PutTraceSegments body.
package main

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

type xw struct {
	b   []byte
	p   []patch
	esc bool // inside a JSON string: escape the quotes
}

func (w *xw) s(s string) {
	if !w.esc {
		w.b = append(w.b, s...)
		return
	}
	for i := 0; i < len(s); i++ {
		if s[i] == '"' || s[i] == '\\' {
			w.b = append(w.b, '\\')
		}
		w.b = append(w.b, s[i])
	}
}
func (w *xw) fixed(kind uint8, v uint64, width int) {
	w.p = append(w.p, patch{int32(len(w.b)), kind, v})
	for i := 0; i < width; i++ {
		w.b = append(w.b, '0')
	}
}
func (w *xw) head(n *node) {
	w.s(`"id":"`)
	w.fixed(pXID, binary.BigEndian.Uint64(n.id[:]), 16)
	w.s(`","name":"` + n.name + `","start_time":`)
	w.fixed(pXTime, n.start, 17)
	w.s(`,"end_time":`)
	w.fixed(pXTime, n.end, 17)
	if n.errF {
		w.s(`,"error":true`)
	}
	if n.throttle {
		w.s(`,"error":true,"throttle":true`)
	}
	if n.fault {
		w.s(`,"fault":true`)
	}
}
func (w *xw) sub(t *trace, n *node) {
	w.s("{")
	w.head(n)
	if n.namespace != "" {
		w.s(`,"namespace":"` + n.namespace + `"`)
	}
	get := func(k string) string {
		for _, a := range n.attrs {
			if a.k == k {
				if s, ok := a.v.(string); ok {
					return s
				}
			}
		}
		return ""
	}
	switch {
	case n.namespace == "aws":
		w.s(`,"aws":{"operation":"` + get("rpc.method") + `","region":"` + region + `","request_id":"` + get("aws.request_id") + `"`)
		if v := get("aws.dynamodb.table_names"); v != "" {
			w.s(`,"table_name":"` + v + `"`)
		}
		if v := get("aws.s3.bucket"); v != "" {
			w.s(`,"bucket_name":"` + v + `","key":"` + get("aws.s3.key") + `"`)
		}
		w.s(`},"http":{"response":{"status":` + strconv.Itoa(n.http) + `}}`)
	case n.url != "":
		w.s(`,"http":{"request":{"method":"` + n.method + `","url":"` + n.url + `"},"response":{"status":` + strconv.Itoa(n.http) + `}}`)
	case n.sql != "":
		w.s(`,"sql":{"url":"postgresql://pg-main.` + region + `/` + get("db.namespace") + `","database_type":"PostgreSQL","user":"app","sanitized_query":"` + n.sql + `"}`)
	}
	if n.name == "Invocation" {
		first := true
		for i := range t.subs {
			if t.subs[i].parent == n.id {
				if first {
					w.s(`,"subsegments":[`)
				} else {
					w.s(",")
				}
				first = false
				w.sub(t, &t.subs[i])
			}
		}
		if !first {
			w.s("]")
		}
	}
	w.s("}")
}
func (w *xw) segment(t *trace, n *node) {
	w.s("{")
	w.head(n)
	w.s(`,"trace_id":"1-`)
	w.fixed(pXTrace, 0, 8)
	w.s("-")
	h := hex.EncodeToString(t.id[:])
	w.fixed(pXRand, uint64(binary.BigEndian.Uint32(t.id[:4])), 8)
	w.s(h[16:32] + `"`)
	if n.parent != ([8]byte{}) {
		w.s(`,"parent_id":"`)
		w.fixed(pXID, binary.BigEndian.Uint64(n.parent[:]), 16)
		w.s(`"`)
	}
	w.s(`,"origin":"` + n.origin + `"`)
	switch n.origin {
	case "AWS::ApiGateway::Stage":
		w.s(`,"http":{"request":{"method":"POST","url":"` + n.url + `","user_agent":"okhttp/4.12.0"},"response":{"status":` + strconv.Itoa(n.http) + `}}`)
	case "AWS::Lambda":
		w.s(`,"resource_arn":"arn:aws:lambda:` + region + `:` + account + `:function:` + n.name + `","http":{"response":{"status":` + strconv.Itoa(n.http) + `}},"aws":{"request_id":"` + n.attrs[0].v.(string) + `"}`)
	case "AWS::Lambda::Function":
		w.s(`,"resource_arn":"arn:aws:lambda:` + region + `:` + account + `:function:` + n.name + `","aws":{"function_arn":"arn:aws:lambda:` + region + `:` + account + `:function:` + n.name + `","resource_names":["` + n.name + `"],"account_id":"` + account + `"}`)
		num, _ := strconv.ParseUint(t.orders[4:], 10, 64)
		w.s(`,"annotations":{"order_id":"ord-`)
		w.fixed(pOrder, num, 12)
		w.s(`","customer":"` + n.annot[1].v.(string) + `","cold_start":` + strconv.FormatBool(n.annot[2].v.(bool)) + `}`)
		w.s(`,"metadata":{"fnscope":{"runtime":"` + fnRuntime(t.fn) + `"}}`)
		if n.excType != "" {
			w.s(`,"cause":{"working_directory":"/var/task","exceptions":[{"id":"`)
			w.fixed(pXID, 0x7777, 16)
			w.s(`","type":"` + n.excType + `","message":"` + n.excMsg + `"}]}`)
		}
		w.s(`,"subsegments":[`)
		first := true
		for i := range t.subs {
			if t.subs[i].parent == n.id {
				if !first {
					w.s(",")
				}
				first = false
				w.sub(t, &t.subs[i])
			}
		}
		w.s("]")
	}
	w.s("}")
}

// xrayBatch encodes traces as segment documents, three for each trace:
// as datagrams with the daemon's header line, or as one PutTraceSegments body.
func xrayBatch(seed, first uint64, n, nf int, udp bool) *batch {
	bt := &batch{}
	w := &xw{esc: !udp}
	if !udp {
		w.b = append(w.b, `{"TraceSegmentDocuments":[`...)
	}
	for i := 0; i < n; i++ {
		t := makeTrace(seed, first+uint64(i), nf)
		bt.traces = append(bt.traces, t.id)
		bt.spans += t.spans()
		if t.dur > bt.durMax {
			bt.durMax = t.dur
		}
		for _, nn := range []*node{&t.gw, &t.svc, &t.fun} {
			from := len(w.b)
			if udp {
				w.b = append(w.b, "{\"format\":\"json\",\"version\":1}\n"...)
			} else {
				if bt.docs > 0 {
					w.b = append(w.b, ',')
				}
				w.b = append(w.b, '"')
			}
			w.segment(t, nn)
			if !udp {
				w.b = append(w.b, '"')
			}
			bt.docs++
			bt.dgrams = append(bt.dgrams, [2]int{from, len(w.b)})
		}
	}
	if !udp {
		w.b = append(w.b, `]}`...)
	}
	bt.buf, bt.p = w.b, w.p
	return bt
}
