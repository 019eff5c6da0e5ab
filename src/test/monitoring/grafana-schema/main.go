// Checks dashboards against the schema of Grafana. Fails on fields and types that the schema does not have, and on missing fields.
// The options, the field configuration and the queries of panels are checked as those of their plugin.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	plugins.RegisterDefaultPlugins()
	failed := len(os.Args) == 1
	for _, file := range os.Args[1:] {
		if err := check(file); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func check(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var parsed dashboard.Dashboard
	err = parsed.UnmarshalJSONStrict(content)
	// Without a finding, the library returns an empty list of errors instead of nil.
	var found cog.BuildErrors
	if errors.As(err, &found) && len(found) == 0 {
		return parsed.Validate()
	}
	return err
}
