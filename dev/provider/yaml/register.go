// Package v2 stands for yaml/v2 of Pulumi's Go SDK, of which the provider needs one function: what
// a YAML file or a Helm v4 chart is made of, one Go type per kind. This program uses neither, and
// these types are most of the provider's compile time.
package v2

import (
	"errors"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// RegisterResource refuses: this build has no components.
func RegisterResource(
	_ *pulumi.Context, apiVersion, kind, _ string, _ pulumi.Input, _ ...pulumi.ResourceOption,
) (pulumi.CustomResource, error) {
	return nil, errors.New("this build of the provider has no components: " + apiVersion + " " + kind)
}
