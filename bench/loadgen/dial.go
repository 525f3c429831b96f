package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// A sender sends one batch: spans rejected by a partial success, whether a failure is worth another try, the failure.
type sender func(bt *batch) (rejected int, retry bool, err error)

// rawCodec hands bytes through: the bodies are encoded already.
type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error) { return *(v.(*[]byte)), nil }
func (rawCodec) Unmarshal(data []byte, v any) error {
	*(v.(*[]byte)) = append([]byte(nil), data...)
	return nil
}
func (rawCodec) Name() string { return "proto" }

const otlpMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

func dial(proto, target string, timeout time.Duration) (sender, func()) {
	switch proto {
	case "otlp-grpc":
		return dialGrpc(target, timeout)
	case "otlp-http", "xray-http", "zipkin-http":
		return dialHTTP(proto, target, timeout)
	case "xray-udp":
		return dialUDP(target)
	}
	panic("unknown -proto " + proto)
}

func dialGrpc(target string, timeout time.Duration) (sender, func()) {
	cc, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{}), grpc.MaxCallSendMsgSize(64<<20)))
	if err != nil {
		panic(err)
	}
	return func(bt *batch) (int, bool, error) {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		var reply []byte
		if err := cc.Invoke(ctx, otlpMethod, &bt.buf, &reply); err != nil {
			c := status.Code(err)
			return 0, c == codes.Unavailable || c == codes.ResourceExhausted || c == codes.DeadlineExceeded || c == codes.Aborted, err
		}
		return rejectedSpans(reply), false, nil
	}, func() { cc.Close() }
}

func dialHTTP(proto, target string, timeout time.Duration) (sender, func()) {
	tr := &http.Transport{MaxIdleConnsPerHost: 2, DisableCompression: true}
	cl := &http.Client{Transport: tr, Timeout: timeout}
	return func(bt *batch) (int, bool, error) {
		req, err := http.NewRequest("POST", target, bytes.NewReader(bt.buf))
		if err != nil {
			return 0, false, err
		}
		switch proto {
		case "otlp-http":
			req.Header.Set("Content-Type", "application/x-protobuf")
		case "zipkin-http":
			req.Header.Set("Content-Type", "application/json")
		default:
			req.Header.Set("Content-Type", "application/x-amz-json-1.1")
			// looks like a signature and is none
			req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/"+region+"/xray/aws4_request, SignedHeaders=host;x-amz-date, Signature=0")
			req.Header.Set("X-Amz-Date", time.Now().UTC().Format("20060102T150405Z"))
		}
		resp, err := cl.Do(req)
		if err != nil {
			return 0, true, err
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			return 0, resp.StatusCode == 429 || resp.StatusCode >= 502, fmt.Errorf("http %d: %.120s", resp.StatusCode, body)
		}
		if proto == "otlp-http" {
			return rejectedSpans(body), false, nil
		}
		var put struct{ UnprocessedTraceSegments []struct{ ErrorCode string } }
		if proto == "xray-http" && json.Unmarshal(body, &put) == nil {
			return bt.spans * len(put.UnprocessedTraceSegments) / bt.docs, false, nil
		}
		return 0, false, nil
	}, tr.CloseIdleConnections
}

func dialUDP(target string) (sender, func()) {
	c, err := net.Dial("udp", target)
	if err != nil {
		panic(err)
	}
	c.(*net.UDPConn).SetWriteBuffer(4 << 20)
	return func(bt *batch) (int, bool, error) {
		for _, d := range bt.dgrams {
			if _, err := c.Write(bt.buf[d[0]:d[1]]); err != nil {
				return 0, false, err
			}
		}
		return 0, false, nil
	}, func() { c.Close() }
}

// rejectedSpans reads ExportTraceServiceResponse.partial_success.rejected_spans.
func rejectedSpans(b []byte) int {
	if len(b) < 4 || b[0] != 0x0a || b[2] != 0x08 {
		return 0
	}
	v, s := 0, 0
	for _, c := range b[3:] {
		v |= int(c&0x7f) << s
		if c < 0x80 {
			break
		}
		s += 7
	}
	return v
}
