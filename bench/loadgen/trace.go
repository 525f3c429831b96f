// Serverless traces: trace number n of a seed is always the same. How they look on a wire is in the other files.
package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
)

// rng is splitmix64: tiny, fast, and the same on every machine.
type rng uint64

func (r *rng) next() uint64 {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB
	return z ^ (z >> 31)
}
func (r *rng) intn(n int) int       { return int(r.next() % uint64(n)) }
func (r *rng) float() float64       { return float64(r.next()>>11) / (1 << 53) }
func (r *rng) between(a, b int) int { return a + r.intn(b-a+1) }

type attr struct {
	k string
	v any // string, int64, bool, float64
}

// node is one span / one X-Ray segment or subsegment.
type node struct {
	id, parent [8]byte
	name       string
	kind       int // OTLP SpanKind
	origin     string
	namespace  string
	start, end uint64 // ns relative to the trace's start
	http       int
	errF       bool // 4xx
	fault      bool // 5xx
	throttle   bool // 429
	attrs      []attr
	annot      []attr
	excType    string
	excMsg     string
	method     string
	url        string
	sql        string
}

type trace struct {
	id     [16]byte
	fn     int
	orders string // order id, fixed length
	gw     node
	svc    node
	fun    node
	subs   []node // children of fun / invocation
	dur    uint64
}

const (
	nCustomers = 500
	account    = "123456789012"
	region     = "eu-central-1"
)

var domains = []string{"orders", "billing", "catalog", "search", "users", "mail", "stock", "reports", "media", "auth"}
var verbs = []string{"create", "get", "list", "update", "sync", "notify", "export", "resize", "verify", "purge"}

func fnName(i int) string {
	return fmt.Sprintf("%s-%s-%02d", domains[i%len(domains)], verbs[(i/len(domains))%len(verbs)], i/(len(domains)*len(verbs)))
}
func fnRuntime(i int) string {
	if i%2 == 0 {
		return "nodejs22.x"
	}
	return "python3.13"
}
func customer(i int) string { return fmt.Sprintf("cust-%04d", i) }

func (r *rng) id8() (b [8]byte) {
	binary.BigEndian.PutUint64(b[:], r.next()|1<<40)
	return
}
func (r *rng) uuid() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], r.next())
	binary.BigEndian.PutUint64(b[8:], r.next())
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// makeTrace builds trace number n of the stream "seed" over nf functions.
func makeTrace(seed uint64, n uint64, nf int) *trace {
	r := rng(seed*0x9E3779B97F4A7C15 ^ n*0xD1342543DE82EF95)
	t := &trace{}
	binary.BigEndian.PutUint64(t.id[:8], r.next())
	binary.BigEndian.PutUint64(t.id[8:], r.next()|1)
	// skewed popularity: the square of a uniform number
	u := r.float()
	t.fn = int(u * u * float64(nf))
	f := fnName(t.fn)
	cold := r.intn(1000) < 30
	outcome := r.intn(1000) // 0-19 error, 20-29 fault, 30-31 throttle
	isErr, isFault, isThr := outcome < 20, outcome >= 20 && outcome < 30, outcome >= 30 && outcome < 32
	status := 200
	switch {
	case isErr:
		status = 404
	case isFault:
		status = 502
	case isThr:
		status = 429
	}
	t.orders = fmt.Sprintf("ord-%012d", n)
	cust := customer(r.intn(nCustomers))
	reqID := r.uuid()
	gwReq := r.uuid()
	nd := r.between(3, 8)

	t.gw = node{id: r.id8(), name: "prod/" + domains[t.fn%10], kind: 3, origin: "AWS::ApiGateway::Stage", http: status,
		errF: isErr, fault: isFault, throttle: isThr, method: "POST",
		url: "https://a1b2c3d4e5.execute-api." + region + ".amazonaws.com/prod/" + f,
		attrs: []attr{{"http.request.method", "POST"}, {"http.route", "/" + domains[t.fn%10] + "/{id}"}, {"url.path", "/prod/" + f},
			{"http.response.status_code", int64(status)}, {"user_agent.original", "okhttp/4.12.0"},
			{"client.address", fmt.Sprintf("203.0.113.%d", r.intn(255))}, {"aws.request_id", gwReq}, {"aws.apigateway.stage", "prod"}}}
	t.svc = node{id: r.id8(), parent: t.gw.id, name: f, kind: 2, origin: "AWS::Lambda", http: status,
		errF: isErr, fault: isFault, throttle: isThr,
		attrs: []attr{{"aws.request_id", reqID}, {"aws.resource_arn", "arn:aws:lambda:" + region + ":" + account + ":function:" + f},
			{"http.response.status_code", int64(status)}, {"aws.lambda.attempt", int64(1)}}}
	t.fun = node{id: r.id8(), parent: t.svc.id, name: f, kind: 2, origin: "AWS::Lambda::Function",
		errF: isErr, fault: isFault, throttle: isThr,
		attrs: []attr{{"faas.invocation_id", reqID}, {"faas.coldstart", cold}, {"faas.trigger", "http"},
			{"cloud.resource_id", "arn:aws:lambda:" + region + ":" + account + ":function:" + f},
			{"aws.lambda.memory_mb", int64(512)}, {"aws.lambda.max_memory_used_mb", int64(r.between(80, 400))}},
		annot: []attr{{"order_id", t.orders}, {"customer", cust}, {"cold_start", cold}}}
	if isFault {
		t.fun.excType, t.fun.excMsg = "UpstreamError", "upstream replied 503 after 3 attempts for "+f
	}
	var at uint64 = 2_000_000 + uint64(r.intn(3_000_000)) // gateway + service overhead, ns
	t.svc.start = at / 2
	t.fun.start = at
	inv := node{id: r.id8(), parent: t.fun.id, name: "Invocation", kind: 1, attrs: []attr{{"aws.request_id", reqID}}}
	if cold {
		d := uint64(r.between(180, 1600)) * 1_000_000
		t.subs = append(t.subs, node{id: r.id8(), parent: t.fun.id, name: "Initialization", kind: 1, start: at, end: at + d,
			attrs: []attr{{"aws.lambda.initialization_type", "on-demand"}, {"faas.runtime", fnRuntime(t.fn)}}})
		at += d
	}
	inv.start = at
	invIdx := len(t.subs)
	t.subs = append(t.subs, inv)
	for i := 0; i < nd; i++ {
		at += uint64(r.between(100, 4000)) * 1000
		d := uint64(r.between(1, 40)) * uint64(r.between(200, 1500)) * 1000
		s := node{id: r.id8(), parent: inv.id, kind: 3, start: at, end: at + d, http: 200}
		last := i == nd-1
		switch r.intn(4) {
		case 0:
			op := []string{"GetItem", "PutItem", "Query", "UpdateItem"}[r.intn(4)]
			tbl := domains[t.fn%10] + "-" + []string{"main", "index", "audit"}[r.intn(3)]
			s.name, s.namespace = "DynamoDB", "aws"
			s.attrs = []attr{{"rpc.system", "aws-api"}, {"rpc.service", "DynamoDB"}, {"rpc.method", op}, {"db.system", "dynamodb"},
				{"aws.dynamodb.table_names", tbl}, {"cloud.region", region}, {"aws.request_id", r.uuid()}, {"http.response.status_code", int64(200)}, {"aws.retries", int64(0)}}
		case 1:
			op := []string{"GetObject", "PutObject", "HeadObject"}[r.intn(3)]
			s.name, s.namespace = "S3", "aws"
			s.attrs = []attr{{"rpc.system", "aws-api"}, {"rpc.service", "S3"}, {"rpc.method", op}, {"aws.s3.bucket", domains[t.fn%10] + "-" + account},
				{"aws.s3.key", "in/2026/" + reqID + ".json"}, {"cloud.region", region}, {"aws.request_id", r.uuid()}, {"http.response.status_code", int64(200)}}
		case 2:
			host := []string{"api.payments.example", "geo.example", "rates.example"}[r.intn(3)]
			s.name, s.namespace, s.method = host, "remote", "GET"
			s.url = "https://" + host + "/v1/" + domains[r.intn(10)] + "/" + strconv.Itoa(r.intn(100000))
			s.attrs = []attr{{"http.request.method", "GET"}, {"url.full", s.url}, {"server.address", host}, {"server.port", int64(443)},
				{"http.response.status_code", int64(200)}, {"http.response.body.size", int64(r.intn(9000))}}
		default:
			tb := domains[r.intn(10)]
			s.name, s.namespace = tb+"@pg-main."+region, "remote"
			s.sql = "SELECT id, state, total FROM " + tb + " WHERE customer_id = $1 AND created_at > $2 ORDER BY created_at DESC LIMIT 50"
			s.attrs = []attr{{"db.system", "postgresql"}, {"db.namespace", tb}, {"db.user", "app"}, {"server.address", "pg-main." + region}, {"db.query.text", s.sql}}
		}
		if last && (isErr || isFault || isThr) {
			s.errF, s.fault, s.throttle = isErr, isFault, isThr
			s.http = map[bool]int{true: 503, false: status}[isFault]
			for j := range s.attrs {
				if s.attrs[j].k == "http.response.status_code" {
					s.attrs[j].v = int64(s.http)
				}
			}
		}
		if r.intn(4) != 0 { // three in four calls are sequential
			at += d
		}
		t.subs = append(t.subs, s)
	}
	var end uint64
	for i := range t.subs {
		if t.subs[i].end > end {
			end = t.subs[i].end
		}
	}
	end += uint64(r.between(100, 2000)) * 1000
	t.subs[invIdx].end = end
	t.fun.end = end + 200_000
	t.svc.end = end + 900_000
	t.gw.end = end + 1_800_000
	t.dur = t.gw.end
	return t
}

func (t *trace) spans() int { return 3 + len(t.subs) }
