package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"strings"
	"time"
)

// get asks a URL again and again on one connection, with placeholders filled in, and reports latencies and hits.
func get(args []string) {
	fs := flag.NewFlagSet("get", flag.ExitOnError)
	url := fs.String("url", "", "URL with {id} {xray_id} {customer} {fn} {now_s} {now_ms} {now_us} {ago_s} {ago_ms} {ago_us}")
	idFile := fs.String("ids", "", "file of trace ids for {id}")
	lastIds := fs.Int("last-ids", 0, "draw from so many ids at the end of the file only; 0: from all")
	n := fs.Int("n", 100, "requests measured")
	warm := fs.Int("warm", 5, "requests before measuring")
	ago := fs.Duration("ago", time.Hour, "what {ago_*} means")
	nf := fs.Int("functions", 20, "{fn} is drawn from the so many busiest functions")
	hit := fs.String("hit", "", "count replies that hold this text (placeholders filled in)")
	header := fs.String("header", "", "one more header, Name: value")
	maxT := fs.Duration("max", 45*time.Second, "stop after")
	post := fs.String("post", "", "send a POST with this body (placeholders filled in)")
	fs.Parse(args)
	var ids []string
	if *idFile != "" {
		text, err := os.ReadFile(*idFile)
		if err != nil {
			panic(err)
		}
		ids = strings.Fields(string(text))
		if *lastIds > 0 && len(ids) > *lastIds {
			ids = ids[len(ids)-*lastIds:]
		}
	}
	rnd := rand.New(rand.NewSource(7))
	cl := &http.Client{Timeout: *maxT}
	var lat []int64
	status := map[int]int{}
	hits, size := 0, 0
	failure := ""
	began := time.Now()
	for i := 0; i < *n+*warm && time.Since(began) < *maxT; i++ {
		now := time.Now()
		was := now.Add(-*ago)
		id := strings.Repeat("0", 32)
		if len(ids) > 0 {
			id = ids[rnd.Intn(len(ids))]
		}
		rep := strings.NewReplacer("{id}", id, "{xray_id}", "1-"+id[:8]+"-"+id[8:],
			"{customer}", customer(rnd.Intn(nCustomers)), "{fn}", fnName(rnd.Intn(*nf)),
			"{now_s}", fmt.Sprint(now.Unix()), "{now_ms}", fmt.Sprint(now.UnixMilli()), "{now_us}", fmt.Sprint(now.UnixMicro()),
			"{ago_s}", fmt.Sprint(was.Unix()), "{ago_ms}", fmt.Sprint(was.UnixMilli()), "{ago_us}", fmt.Sprint(was.UnixMicro()))
		method, body := "GET", io.Reader(nil)
		if *post != "" {
			method, body = "POST", strings.NewReader(rep.Replace(*post))
		}
		asked := time.Now()
		req, err := http.NewRequest(method, rep.Replace(*url), body)
		if err != nil {
			panic(err)
		}
		req.Header.Set("Accept", "application/json")
		if *post != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		if name, value, ok := strings.Cut(*header, ": "); ok {
			req.Header.Set(name, value)
		}
		resp, err := cl.Do(req)
		if err != nil {
			failure = fmt.Sprintf("%.200s", err.Error())
			status[0]++
			continue
		}
		reply, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		took := int64(time.Since(asked))
		if err != nil {
			failure = fmt.Sprintf("%.200s", err.Error())
		} else if resp.StatusCode != 200 {
			failure = fmt.Sprintf("http %d: %.200s", resp.StatusCode, reply)
		}
		if i < *warm {
			continue
		}
		status[resp.StatusCode]++
		lat = append(lat, took)
		size += len(reply)
		if resp.StatusCode == 200 && bytes.Contains(reply, []byte(rep.Replace(*hit))) {
			hits++
		}
	}
	j, _ := json.Marshal(map[string]any{"n": len(lat), "ms": quantiles(lat), "status": status, "hits": hits,
		"mean_bytes": size / max(len(lat), 1), "failure": failure})
	fmt.Println(string(j))
}
