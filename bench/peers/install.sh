#!/usr/bin/env bash
# Installs what fnscope is measured beside, from package registries alone, each pinned.
#   bench/peers/install.sh [DIR] [otelcol|jaeger|zipkin ...]      (all of them; DIR: .fnscope/bench of this repository)
# Wants Go 1.26 and, for Zipkin, Maven and Java 17. Jaeger's build takes many minutes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=${1:-$here/../../.fnscope/bench}
[ $# -gt 0 ] && shift
wanted=${*:-otelcol jaeger zipkin}
mkdir -p "$dir/bin" "$dir/build"
dir=$(cd "$dir" && pwd)
export GOFLAGS=-buildvcs=false

otelcol() { # the Collector's OTLP receiver with the ClickHouse exporter, and with none
  (cd "$here/otelcol" && nice -n 10 go build -trimpath -ldflags '-s -w' -o "$dir/bin/otelcol" .)
}

jaeger() { # v1.76.0 is the last tag of the module that holds the command of version 2
  local module=github.com/jaegertracing/jaeger version=v1.76.0 work=$dir/build/jaeger
  mkdir -p "$work"
  cd "$work"
  printf 'module peer/jaeger\n\ngo 1.25.0\n\nrequire %s %s\n' $module $version > go.mod
  # its own sums: they are part of the module, which the checksum database vouches for
  go mod download -json $module@$version | sed -n 's/.*"Dir": "\(.*\)".*/\1/p' | xargs -I{} install -m 644 {}/go.sum go.sum
  GOFLAGS="$GOFLAGS -mod=mod" nice -n 10 go build -trimpath -ldflags '-s -w' -o "$dir/bin/jaeger" $module/cmd/jaeger
}

zipkin() {
  local version=3.6.1
  mvn -q dependency:copy -Dartifact="io.zipkin:zipkin-server:$version:jar:exec" -DoutputDirectory="$dir/build" -Dmdep.useBaseVersion=true
  install -m 644 "$dir/build/zipkin-server-$version-exec.jar" "$dir/zipkin-server-exec.jar"
}

for peer in $wanted; do
  case $peer in
    otelcol | jaeger | zipkin) (set -e; $peer); echo "$peer: installed" ;;
    *) echo "unknown peer $peer" >&2; exit 2 ;;
  esac
done
