// OTLP protobuf, by hand: no message objects.
package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

func pbTag(b []byte, f, wt int) []byte { return binary.AppendUvarint(b, uint64(f<<3|wt)) }
func pbBytes(b []byte, f int, v []byte) []byte {
	b = pbTag(b, f, 2)
	b = binary.AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}
func pbStr(b []byte, f int, v string) []byte {
	b = pbTag(b, f, 2)
	b = binary.AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}
func pbVar(b []byte, f int, v uint64) []byte { return binary.AppendUvarint(pbTag(b, f, 0), v) }
func pbFix64(b []byte, f int, v uint64) []byte {
	return binary.LittleEndian.AppendUint64(pbTag(b, f, 1), v)
}
func pbAttr(b []byte, f int, a attr) []byte {
	var v []byte
	switch x := a.v.(type) {
	case string:
		v = pbStr(v, 1, x)
	case bool:
		n := uint64(0)
		if x {
			n = 1
		}
		v = pbVar(v, 2, n)
	case int64:
		v = pbVar(v, 3, uint64(x))
	case float64:
		v = pbFix64(v, 4, math.Float64bits(x))
	}
	kv := pbStr(nil, 1, a.k)
	kv = pbBytes(kv, 2, v)
	return pbBytes(b, f, kv)
}

// pbSpan returns the encoded span and patches relative to it.
func pbSpan(t *trace, n *node) ([]byte, []patch) {
	var b []byte
	var p []patch
	raw := func(k uint8, v uint64) { p = append(p, patch{int32(len(b)), k, v}) }
	b = pbTag(b, 1, 2)
	b = append(b, 16)
	raw(pTraceHi, binary.BigEndian.Uint64(t.id[:8]))
	b = append(b, t.id[:]...)
	b = pbTag(b, 2, 2)
	b = append(b, 8)
	raw(pID, binary.BigEndian.Uint64(n.id[:]))
	b = append(b, n.id[:]...)
	if n.parent != ([8]byte{}) {
		b = pbTag(b, 4, 2)
		b = append(b, 8)
		raw(pID, binary.BigEndian.Uint64(n.parent[:]))
		b = append(b, n.parent[:]...)
	}
	b = pbStr(b, 5, n.name)
	b = pbVar(b, 6, uint64(n.kind))
	b = pbTag(b, 7, 1)
	raw(pTimeLE, n.start)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	b = pbTag(b, 8, 1)
	raw(pTimeLE, n.end)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, a := range n.attrs {
		b = pbAttr(b, 9, a)
	}
	if n.origin != "" {
		b = pbAttr(b, 9, attr{"aws.xray.origin", n.origin})
	}
	for _, a := range n.annot {
		base := len(b)
		b = pbAttr(b, 9, a)
		if a.k == "order_id" {
			i := indexOf(b[base:], t.orders)
			num, _ := strconv.ParseUint(t.orders[4:], 10, 64)
			p = append(p, patch{int32(base + i + 4), pOrder, num})
		}
	}
	if n.excType != "" {
		var e []byte
		e = pbTag(e, 1, 1)
		eoff := len(e)
		e = append(e, 0, 0, 0, 0, 0, 0, 0, 0)
		e = pbStr(e, 2, "exception")
		e = pbAttr(e, 3, attr{"exception.type", n.excType})
		e = pbAttr(e, 3, attr{"exception.message", n.excMsg})
		e = pbAttr(e, 3, attr{"exception.stacktrace", "at handler (/var/task/index.js:41:11)\nat process (/var/task/lib/retry.js:18:5)\nat Runtime.handleOnce (/var/runtime/index.mjs:1173:29)"})
		b = pbBytes(b, 11, e)
		p = append(p, patch{int32(len(b) - len(e) + eoff), pTimeLE, n.end})
	}
	if n.errF || n.fault || n.throttle {
		st := pbStr(nil, 2, "request failed")
		st = pbVar(st, 3, 2)
		b = pbBytes(b, 15, st)
	}
	return b, p
}

func indexOf(b []byte, s string) int {
	for i := 0; i+len(s) <= len(b); i++ {
		if string(b[i:i+len(s)]) == s {
			return i
		}
	}
	panic("not found")
}

type res struct {
	b []byte
	p []patch
}

// resourceSpans encodes one ResourceSpans message for some spans of one resource.
func resourceSpans(rattrs []attr, scope string, t []*trace, ns []*node) res {
	var r []byte
	for _, a := range rattrs {
		r = pbAttr(r, 1, a)
	}
	var out res
	out.b = pbBytes(nil, 1, r)
	sc := pbStr(nil, 1, scope)
	sc = pbStr(sc, 2, "2.1.0")
	var ss []byte
	var sp []patch
	ss = pbBytes(ss, 1, sc)
	for i, n := range ns {
		sb, ps := pbSpan(t[i], n)
		ss = pbTag(ss, 2, 2)
		ss = binary.AppendUvarint(ss, uint64(len(sb)))
		base := int32(len(ss))
		ss = append(ss, sb...)
		for _, x := range ps {
			x.off += base
			sp = append(sp, x)
		}
	}
	out.b = pbTag(out.b, 2, 2)
	out.b = binary.AppendUvarint(out.b, uint64(len(ss)))
	base := int32(len(out.b))
	out.b = append(out.b, ss...)
	for _, x := range sp {
		x.off += base
		out.p = append(out.p, x)
	}
	return out
}

func fnResource(i int, inst string) []attr {
	f := fnName(i)
	return []attr{{"service.name", f}, {"service.version", "1.4.2"}, {"deployment.environment.name", "prod"}, {"cloud.provider", "aws"},
		{"cloud.platform", "aws_lambda"}, {"cloud.region", region}, {"cloud.account.id", account}, {"faas.name", f}, {"faas.version", "$LATEST"},
		{"faas.instance", inst}, {"faas.max_memory", int64(536870912)}, {"telemetry.sdk.language", fnRuntime(i)[:6]}, {"telemetry.sdk.name", "opentelemetry"}, {"telemetry.sdk.version", "2.1.0"}}
}

// otlpBatch encodes traces first..first+n-1 as one ExportTraceServiceRequest:
// one resource for the gateway, and one for each trace's function instance.
func otlpBatch(seed, first uint64, n, nf int) *batch {
	bt := &batch{}
	var groups []res
	var gwT []*trace
	var gwN []*node
	for i := 0; i < n; i++ {
		t := makeTrace(seed, first+uint64(i), nf)
		gwT = append(gwT, t)
		gwN = append(gwN, &t.gw)
		bt.traces = append(bt.traces, t.id)
		bt.spans += t.spans()
		if t.dur > bt.durMax {
			bt.durMax = t.dur
		}
		ts := []*trace{t, t}
		ns := []*node{&t.svc, &t.fun}
		for j := range t.subs {
			ts = append(ts, t)
			ns = append(ns, &t.subs[j])
		}
		groups = append(groups, resourceSpans(fnResource(t.fn, fmt.Sprintf("2026/01/01/[$LATEST]%08x", uint32(t.fn*7+i%3))), "fnscope.loadgen", ts, ns))
	}
	groups = append(groups, resourceSpans([]attr{{"service.name", "api-gateway"}, {"cloud.provider", "aws"}, {"cloud.platform", "aws_api_gateway"}, {"cloud.region", region}, {"cloud.account.id", account}}, "fnscope.loadgen", gwT, gwN))
	for _, g := range groups {
		bt.buf = pbTag(bt.buf, 1, 2)
		bt.buf = binary.AppendUvarint(bt.buf, uint64(len(g.b)))
		base := int32(len(bt.buf))
		bt.buf = append(bt.buf, g.b...)
		for _, x := range g.p {
			x.off += base
			bt.p = append(bt.p, x)
		}
	}
	return bt
}
