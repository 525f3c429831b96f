// A request body encoded before the clock starts. Each later round overwrites ids, times and order numbers in place,
// all of fixed length; nothing else changes.
package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// patch says where in a buffer a value that differs each round sits.
type patch struct {
	off  int32
	kind uint8  // see the p* constants
	val  uint64 // base value (relative ns, or the id's own bits)
}

const (
	pTraceHi uint8 = iota // 8 raw bytes: high half of the trace id
	pID                   // 8 raw bytes: span id
	pTimeLE               // fixed64 little endian, ns
	pXTrace               // 8 hex digits: epoch seconds of an X-Ray trace id
	pXRand                // 8 hex digits of the X-Ray trace id's random part, varied each round
	pXID                  // 16 hex digits: segment id
	pXTime                // seconds with 6 decimals: 17 bytes
	pOrder                // 12 decimal digits
	pUsec                 // 16 decimal digits, microseconds
)

// batch is one pre-encoded request body.
type batch struct {
	buf    []byte
	p      []patch
	spans  int
	docs   int
	traces [][16]byte
	dgrams [][2]int // UDP: [from,to) of each datagram
	durMax uint64
}

const hexd = "0123456789abcdef"

func putHex(b []byte, v uint64, n int) {
	for i := n - 1; i >= 0; i-- {
		b[i] = hexd[v&15]
		v >>= 4
	}
}
func putDec(b []byte, v uint64, n int) {
	for i := n - 1; i >= 0; i-- {
		b[i] = byte('0' + v%10)
		v /= 10
	}
}

// stamp gives the batch fresh ids and times: round makes ids new, base is the
// start time (ns) of its traces. Lengths never change.
func (bt *batch) stamp(round uint64, base uint64) {
	mix := rng(round)
	m := mix.next()
	if round == 0 {
		m = 0
	}
	b := bt.buf
	sec := base / 1_000_000_000
	for _, p := range bt.p {
		d := b[p.off:]
		switch p.kind {
		case pTraceHi, pID:
			binary.BigEndian.PutUint64(d, p.val^m)
		case pTimeLE:
			binary.LittleEndian.PutUint64(d, p.val+base)
		case pXTrace:
			putHex(d, sec, 8)
		case pXRand:
			putHex(d, (p.val^m)&0xffffffff, 8)
		case pXID:
			putHex(d, p.val^m, 16)
		case pXTime:
			us := (p.val + base) / 1000
			putDec(d, us/1_000_000, 10)
			d[10] = '.'
			putDec(d[11:], us%1_000_000, 6)
		case pUsec:
			putDec(d, (p.val+base)/1000, 16)
		case pOrder:
			putDec(d, (p.val+round*1_000_003)%1_000_000_000_000, 12)
		}
	}
}

// otlpTraceID is the id trace i of the batch has in this round.
func (bt *batch) otlpTraceID(i int, round uint64) string {
	mix := rng(round)
	m := mix.next()
	if round == 0 {
		m = 0
	}
	id := bt.traces[i]
	binary.BigEndian.PutUint64(id[:8], binary.BigEndian.Uint64(id[:8])^m)
	return hex.EncodeToString(id[:])
}

// xrayTraceID is the same for X-Ray documents, whose ids begin with a time: 32 hex digits, without the dashes.
func (bt *batch) xrayTraceID(i int, round, base uint64) string {
	mix := rng(round)
	m := mix.next()
	if round == 0 {
		m = 0
	}
	id := bt.traces[i]
	h := hex.EncodeToString(id[:])
	return fmt.Sprintf("%08x%08x%s", base/1_000_000_000, (uint64(binary.BigEndian.Uint32(id[:4]))^m)&0xffffffff, h[16:32])
}
