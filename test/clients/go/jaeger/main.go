// Asks a query service of Jaeger's over gRPC, with the client that Jaeger publishes for api_v2 and OpenTelemetry's messages
// for api_v3, and prints what came as one JSON object. For Jaeger's api_v3 no generated client is published in Go: its
// requests are those of api_v2 on the wire, but for the trace id, which is a text.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
	"time"

	"github.com/jaegertracing/jaeger-idl/model/v1"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Jaeger's messages have types of their own, which only their own code writes.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(message any) ([]byte, error) {
	if own, ok := message.(interface{ Marshal() ([]byte, error) }); ok {
		return own.Marshal()
	}
	return proto.Marshal(message.(proto.Message))
}

func (codec) Unmarshal(bytes []byte, message any) error {
	if own, ok := message.(interface{ Unmarshal([]byte) error }); ok {
		return own.Unmarshal(bytes)
	}
	return proto.Unmarshal(bytes, message.(proto.Message))
}

type asked struct {
	TraceID   string            `json:"traceId"`
	Service   string            `json:"service"`
	Operation string            `json:"operation"`
	Tags      map[string]string `json:"tags"`
	Start     time.Time         `json:"start"`
	End       time.Time         `json:"end"`
	Depth     int32             `json:"depth"`
}

// What a call answered, or its error's code and message.
type answer struct {
	Code    string `json:"code"`
	Message string `json:"message,omitempty"`
	Chunks  int    `json:"chunks,omitempty"`
	Value   any    `json:"value,omitempty"`
}

func main() {
	connection, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(codec{})))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	var question asked
	if err := json.Unmarshal([]byte(os.Args[2]), &question); err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	answers := map[string]answer{}
	askV2(ctx, api_v2.NewQueryServiceClient(connection), question, answers)
	askV3(ctx, connection, question, answers)
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}

func said(value any, err error) answer {
	return answer{Code: status.Code(err).String(), Message: status.Convert(err).Message(), Value: value}
}

func askV2(ctx context.Context, client api_v2.QueryServiceClient, q asked, answers map[string]answer) {
	services, err := client.GetServices(ctx, &api_v2.GetServicesRequest{})
	answers["v2 services"] = said(services.GetServices(), err)
	operations, err := client.GetOperations(ctx, &api_v2.GetOperationsRequest{Service: q.Service})
	answers["v2 operations"] = said(operations.GetOperations(), err)
	id, err := model.TraceIDFromString(q.TraceID)
	if err != nil {
		log.Fatal(err)
	}
	one, err := client.GetTrace(ctx, &api_v2.GetTraceRequest{TraceID: id})
	answers["v2 trace"] = spans(one, err)
	none, err := client.GetTrace(ctx, &api_v2.GetTraceRequest{TraceID: model.NewTraceID(7, 7)})
	answers["v2 no trace"] = spans(none, err)
	found, err := client.FindTraces(ctx, findTraces(q))
	answers["v2 find"] = spans(found, err)
	links, err := client.GetDependencies(ctx, &api_v2.GetDependenciesRequest{StartTime: q.Start, EndTime: q.End})
	answers["v2 dependencies"] = said(links.GetDependencies(), err)
	_, err = client.ArchiveTrace(ctx, &api_v2.ArchiveTraceRequest{TraceID: id})
	answers["v2 archive"] = said(nil, err)
	empty, err := client.FindTraces(ctx, &api_v2.FindTracesRequest{})
	answers["v2 no query"] = spans(empty, err)
}

func findTraces(q asked) *api_v2.FindTracesRequest {
	return &api_v2.FindTracesRequest{Query: &api_v2.TraceQueryParameters{
		ServiceName: q.Service, OperationName: q.Operation, Tags: q.Tags,
		StartTimeMin: q.Start, StartTimeMax: q.End, SearchDepth: q.Depth,
	}}
}

// What is shown of a span: JSON has no NaN, which a tag may be.
type shown struct {
	TraceID string            `json:"traceId"`
	Name    string            `json:"name"`
	Service string            `json:"service"`
	Nanos   int64             `json:"nanos"`
	Tags    map[string]string `json:"tags"`
}

func show(span model.Span) shown {
	tags := map[string]string{}
	for _, tag := range span.Tags {
		tags[tag.Key] = tag.VType.String() + " " + tag.AsString()
	}
	return shown{span.TraceID.String(), span.OperationName, span.Process.ServiceName, span.StartTime.UnixNano(), tags}
}

type spanStream interface {
	Recv() (*api_v2.SpansResponseChunk, error)
}

func spans(stream spanStream, err error) answer {
	all := []shown{}
	chunks := 0
	for err == nil {
		var chunk *api_v2.SpansResponseChunk
		if chunk, err = stream.Recv(); err == nil {
			for _, span := range chunk.Spans {
				all = append(all, show(span))
			}
			chunks++
		}
	}
	if !errors.Is(err, io.EOF) {
		return said(nil, err)
	}
	return answer{Code: "OK", Chunks: chunks, Value: all}
}

const v3 = "/jaeger.api_v3.QueryService/"

func askV3(ctx context.Context, connection *grpc.ClientConn, q asked, answers map[string]answer) {
	services := &api_v2.GetServicesResponse{}
	err := connection.Invoke(ctx, v3+"GetServices", &api_v2.GetServicesRequest{}, services)
	answers["v3 services"] = said(services.Services, err)
	answers["v3 trace"] = tracesData(ctx, connection, "GetTrace", wrapperspb.String(q.TraceID))
	answers["v3 no trace"] = tracesData(ctx, connection, "GetTrace", wrapperspb.String("77"))
	answers["v3 find"] = tracesData(ctx, connection, "FindTraces", findTraces(q))
	answers["v3 no times"] = tracesData(ctx, connection, "FindTraces", findTraces(asked{Service: q.Service}))
}

func tracesData(ctx context.Context, connection *grpc.ClientConn, method string, request any) answer {
	stream, err := connection.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, v3+method)
	if err == nil {
		err = stream.SendMsg(request)
	}
	if err == nil {
		err = stream.CloseSend()
	}
	all := []json.RawMessage{}
	for err == nil {
		data := &trace.TracesData{}
		if err = stream.RecvMsg(data); err == nil {
			text, failed := protojson.Marshal(data)
			if failed != nil {
				log.Fatal(failed)
			}
			all = append(all, text)
		}
	}
	if !errors.Is(err, io.EOF) {
		return said(nil, err)
	}
	return answer{Code: "OK", Chunks: len(all), Value: all}
}
