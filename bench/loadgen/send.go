package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// send keeps one request of each sender in flight until the time, the count or a SIGTERM ends it; one JSON line at the end.
func send(args []string) {
	fs := flag.NewFlagSet("send", flag.ExitOnError)
	proto := fs.String("proto", "otlp-grpc", "otlp-grpc, otlp-http, xray-udp, xray-http, zipkin-http")
	target := fs.String("target", "127.0.0.1:4317", "host:port (grpc, udp) or URL (http)")
	conns := fs.Int("conns", 4, "senders, each with its own connection and one request in flight")
	perBatch := fs.Int("traces", 50, "traces in each batch (xray-http: 16 make 48 documents)")
	pool := fs.Int("pool", 400, "different pre-encoded batches for each sender; few flatter compressors and searches")
	rate := fs.Float64("rate", 0, "spans a second over all senders; 0 is as fast as acknowledged")
	dur := fs.Duration("duration", 30*time.Second, "how long to send")
	maxSpans := fs.Int64("spans", 0, "stop after so many acknowledged spans; 0 is no limit")
	nf := fs.Int("functions", 200, "how many functions")
	seed := fs.Uint64("seed", 1, "seed of the stream")
	history := fs.Duration("history", 0, "with -spans: traces start so long ago at first and now at last, in order")
	idFile := fs.String("ids", "", "append the ids of some acknowledged traces to this file, 32 hex digits each")
	idEvery := fs.Int("ids-every", 5, "one id for every so many batches")
	timeout := fs.Duration("timeout", 30*time.Second, "for one request")
	fs.Parse(args)
	isX := *proto == "xray-udp" || *proto == "xray-http"

	pools := make([][]*batch, *conns)
	n := uint64(0)
	for c := range pools {
		for i := 0; i < *pool; i++ {
			pools[c] = append(pools[c], encode(*proto, *seed, n, *perBatch, *nf))
			n += uint64(*perBatch)
		}
	}
	var ids *bufio.Writer
	var idMu sync.Mutex
	if *idFile != "" {
		f, err := os.OpenFile(*idFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			panic(err)
		}
		defer f.Close()
		ids = bufio.NewWriter(f)
		defer ids.Flush()
	}

	var acked, sent, rejected, docs, reqs, retries, failed, bytesOut atomic.Int64
	var errMu sync.Mutex
	errs := map[string]int{}
	noteErr := func(e error) {
		s := fmt.Sprintf("%.160s", e.Error())
		errMu.Lock()
		if len(errs) < 12 || errs[s] > 0 {
			errs[s]++
		}
		errMu.Unlock()
	}
	ctx, cancel := context.WithTimeout(context.Background(), *dur)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	// whoever measures beside a sender waits for this
	fmt.Fprintln(os.Stderr, "sending")
	cpuBefore := cpuSeconds()
	start := time.Now()
	startTime := func(bt *batch) uint64 {
		now := time.Now().UnixNano()
		if *history > 0 && *maxSpans > 0 {
			left := 1 - float64(acked.Load())/float64(*maxSpans)
			now -= int64(max(left, 0) * float64(*history))
		}
		return uint64(now) - bt.durMax
	}
	var wg sync.WaitGroup
	lats := make([][]int64, *conns)
	for c := 0; c < *conns; c++ {
		wg.Add(1)
		go func(c int) {
			defer wg.Done()
			snd, closeFn := dial(*proto, *target, *timeout)
			defer closeFn()
			for k := 0; ctx.Err() == nil; k++ {
				if *maxSpans > 0 && acked.Load() >= *maxSpans {
					return
				}
				bt := pools[c][k%len(pools[c])]
				round := *seed<<32 | uint64(k/len(pools[c]))
				if *rate > 0 { // all senders share the clock
					due := start.Add(time.Duration(float64(sent.Load()) / *rate * 1e9))
					if d := time.Until(due); d > 0 {
						select {
						case <-time.After(d):
						case <-ctx.Done():
							return
						}
					}
				}
				base := startTime(bt)
				bt.stamp(round, base)
				sent.Add(int64(bt.spans))
				for {
					q := time.Now()
					rej, again, err := snd(bt)
					reqs.Add(1)
					if err == nil {
						lats[c] = append(lats[c], int64(time.Since(q)))
						bytesOut.Add(int64(len(bt.buf)))
						rejected.Add(int64(rej))
						acked.Add(int64(bt.spans - rej))
						docs.Add(int64(bt.docs))
						if ids != nil && k%*idEvery == 0 {
							i := k % len(bt.traces)
							id := bt.otlpTraceID(i, round)
							if isX {
								id = bt.xrayTraceID(i, round, base)
							}
							idMu.Lock()
							fmt.Fprintln(ids, id)
							idMu.Unlock()
						}
						break
					}
					noteErr(err)
					if !again || ctx.Err() != nil {
						failed.Add(int64(bt.spans))
						break
					}
					retries.Add(1)
					time.Sleep(20 * time.Millisecond)
				}
			}
		}(c)
	}
	wg.Wait()
	el := time.Since(start).Seconds()
	var all []int64
	for _, l := range lats {
		all = append(all, l...)
	}
	j, _ := json.Marshal(map[string]any{
		"seconds": round3(el), "acked_spans": acked.Load(), "acked_spans_per_s": int64(float64(acked.Load()) / el),
		"documents": docs.Load(), "documents_per_s": int64(float64(docs.Load()) / el),
		"rejected_spans": rejected.Load(), "failed_spans": failed.Load(), "requests": reqs.Load(), "retries": retries.Load(),
		"bytes_per_span": round3(float64(bytesOut.Load()) / float64(max(acked.Load(), 1))),
		"request_ms":     quantiles(all), "cpu_s": round3(cpuSeconds() - cpuBefore), "errors": errs,
	})
	fmt.Println(string(j))
}

func encode(proto string, seed, first uint64, traces, nf int) *batch {
	switch proto {
	case "zipkin-http":
		return zipkinBatch(seed, first, traces, nf)
	case "xray-udp", "xray-http":
		return xrayBatch(seed, first, traces, nf, proto == "xray-udp")
	}
	return otlpBatch(seed, first, traces, nf)
}
