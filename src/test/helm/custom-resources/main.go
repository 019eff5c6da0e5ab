// Command custom-resources reads a file of Kubernetes objects and decodes those of operators into the types of these operators.
// It prints their kinds, and fails for an unknown field or a value of another type.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	keda "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

type object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
}

func newResource(of object) any {
	switch of.APIVersion + "/" + of.Kind {
	case "monitoring.coreos.com/v1/ServiceMonitor":
		return &monitoring.ServiceMonitor{}
	case "monitoring.coreos.com/v1/PrometheusRule":
		return &monitoring.PrometheusRule{}
	case "keda.sh/v1alpha1/ScaledObject":
		return &keda.ScaledObject{}
	}
	return nil
}

// isCore returns whether an API is part of Kubernetes, and validated elsewhere.
func isCore(apiVersion string) bool {
	group, _, grouped := strings.Cut(apiVersion, "/")
	return !grouped || !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io")
}

func check(document []byte) error {
	var of object
	if err := yaml.Unmarshal(document, &of); err != nil {
		return err
	}
	resource := newResource(of)
	if resource == nil {
		if !isCore(of.APIVersion) {
			fmt.Println(of.Kind, "not checked")
		}
		return nil
	}
	if err := yaml.UnmarshalStrict(document, resource); err != nil {
		return fmt.Errorf("%s: %w", of.Kind, err)
	}
	fmt.Println(of.Kind)
	return nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		fail(err)
	}
	documents := utilyaml.NewYAMLReader(bufio.NewReader(file))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = check(document)
		}
		if err != nil {
			fail(err)
		}
	}
}
