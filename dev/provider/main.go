// Pulumi's kubernetes provider, as its own cmd/pulumi-resource-kubernetes starts it. That command
// embeds files that only its repository generates, so it cannot be built from the published module.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

// Of the commit in go.mod, the last but one day before the release of 4.25.0.
const version = "4.25.0-alpha.20260115"

func main() {
	program, err := os.Executable()
	if err == nil {
		var schema []byte
		// Beside the program: the schema of the same module, which the build script copies there.
		schema, err = os.ReadFile(filepath.Join(filepath.Dir(program), "schema.json"))
		if err == nil {
			// The mapping is for converting Terraform programs, which nothing here does.
			provider.Serve("kubernetes", version, schema, []byte("{}"))
			return
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
