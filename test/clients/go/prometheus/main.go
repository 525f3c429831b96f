// Calls every method of the API that Prometheus publishes in Go, and prints what each answered as one JSON object.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
)

type asked struct {
	URL    string    `json:"url"`
	Time   time.Time `json:"time"`
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	Query  string    `json:"query"`
	Bucket string    `json:"bucket"`
	Wrong  string    `json:"wrong"`
}

// What a call answered, or its error as the client understood it.
type answer struct {
	Type    string `json:"type,omitempty"`
	Message string `json:"message,omitempty"`
	Value   any    `json:"value,omitempty"`
}

func said(value any, err error) answer {
	if err == nil {
		return answer{Value: value}
	}
	var refused *v1.Error
	if errors.As(err, &refused) {
		return answer{Type: string(refused.Type), Message: refused.Msg}
	}
	return answer{Type: "other", Message: err.Error()}
}

func main() {
	var q asked
	if err := json.Unmarshal([]byte(os.Args[1]), &q); err != nil {
		log.Fatal(err)
	}
	client, err := api.NewClient(api.Config{Address: q.URL})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	answers := map[string]answer{}
	askQueries(ctx, v1.NewAPI(client), q, answers)
	askLists(ctx, v1.NewAPI(client), q, answers)
	askServer(ctx, v1.NewAPI(client), q, answers)
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}

func askQueries(ctx context.Context, client v1.API, q asked, answers map[string]answer) {
	for name, query := range map[string]string{
		"vector": q.Query, "scalar": "1.5 + 1", "matrix": q.Query + "[3m]", "text": `"a b"`, "wrong": q.Wrong,
		"infinite": "vector(1/0)",
	} {
		value, _, _, err := client.Query(ctx, query, q.Time)
		answers["Query "+name] = said(value, err)
	}
	limited, _, _, err := client.Query(ctx, `{__name__=~".+"}`, q.Time, v1.WithLimit(1), v1.WithTimeout(5*time.Second))
	answers["Query limit"] = said(limited, err)
	span := v1.Range{Start: q.Start, End: q.End, Step: time.Minute}
	value, _, _, err := client.QueryRange(ctx, q.Query, span)
	answers["QueryRange"] = said(value, err)
	reversed, _, _, err := client.QueryRange(ctx, q.Query, v1.Range{Start: q.End, End: q.Start, Step: time.Minute})
	answers["QueryRange reversed"] = said(reversed, err)
	exemplars, err := client.QueryExemplars(ctx, q.Bucket, q.Start, q.End)
	answers["QueryExemplars"] = said(exemplars, err)
	text, err := client.FormatQuery(ctx, "sum(a)by(b)")
	answers["FormatQuery"] = said(text, err)
}

func askLists(ctx context.Context, client v1.API, q asked, answers map[string]answer) {
	names, _, _, err := client.LabelNames(ctx, []string{q.Query}, q.Start, q.End)
	answers["LabelNames"] = said(names, err)
	values, _, _, err := client.LabelValues(ctx, "job", nil, q.Start, q.End)
	answers["LabelValues"] = said(values, err)
	few, _, _, err := client.LabelValues(ctx, "__name__", nil, q.Start, q.End, v1.WithLimit(1))
	answers["LabelValues limit"] = said(few, err)
	series, _, _, err := client.Series(ctx, []string{q.Query}, q.Start, q.End)
	answers["Series"] = said(series, err)
	every, _, _, err := client.Series(ctx, nil, q.Start, q.End)
	answers["Series of all"] = said(every, err)
	metadata, err := client.Metadata(ctx, q.Query, "1")
	answers["Metadata"] = said(metadata, err)
}

func askServer(ctx context.Context, client v1.API, q asked, answers map[string]answer) {
	rules, err := client.Rules(ctx, nil)
	answers["Rules"] = said(rules, err)
	alerts, err := client.Alerts(ctx)
	answers["Alerts"] = said(alerts, err)
	built, err := client.Buildinfo(ctx)
	answers["Buildinfo"] = said(built, err)
	managers, err := client.AlertManagers(ctx)
	answers["AlertManagers"] = said(managers, err)
	targets, err := client.Targets(ctx)
	answers["Targets"] = said(targets, err)
	ofTargets, err := client.TargetsMetadata(ctx, "", "", "")
	answers["TargetsMetadata"] = said(ofTargets, err)
	config, err := client.Config(ctx)
	answers["Config"] = said(config, err)
	flags, err := client.Flags(ctx)
	answers["Flags"] = said(flags, err)
	runtime, err := client.Runtimeinfo(ctx)
	answers["Runtimeinfo"] = said(runtime, err)
	statistics, err := client.TSDB(ctx)
	answers["TSDB"] = said(statistics, err)
	blocks, err := client.TSDBBlocks(ctx)
	answers["TSDBBlocks"] = said(blocks, err)
	replay, err := client.WalReplay(ctx)
	answers["WalReplay"] = said(replay, err)
	snapshot, err := client.Snapshot(ctx, true)
	answers["Snapshot"] = said(snapshot, err)
	answers["DeleteSeries"] = said(nil, client.DeleteSeries(ctx, []string{q.Query}, q.Start, q.End))
	answers["CleanTombstones"] = said(nil, client.CleanTombstones(ctx))
}
