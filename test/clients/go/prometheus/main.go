package main

import (
	_ "github.com/prometheus/client_golang/api/prometheus/v1"
)

func main() {}
