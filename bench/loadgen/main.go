// loadgen makes serverless traces at a steady or the highest rate, and measures what a receiver acknowledges.
package main

import (
	"fmt"
	"os"
	"sort"
	"syscall"
)

func main() {
	args := os.Args[1:]
	switch {
	case len(args) > 0 && args[0] == "send":
		send(args[1:])
	case len(args) > 0 && args[0] == "get":
		get(args[1:])
	default:
		fmt.Fprintln(os.Stderr, "usage: loadgen send|get [flags]; -h for each")
		os.Exit(2)
	}
}

func round3(f float64) float64 { return float64(int64(f*1000+0.5)) / 1000 }

// quantiles of nanoseconds, in milliseconds.
func quantiles(ns []int64) map[string]float64 {
	if len(ns) == 0 {
		return nil
	}
	sort.Slice(ns, func(i, j int) bool { return ns[i] < ns[j] })
	q := func(p float64) float64 { return round3(float64(ns[int(p*float64(len(ns)-1))]) / 1e6) }
	return map[string]float64{"p50": q(.5), "p95": q(.95), "p99": q(.99), "max": q(1)}
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
