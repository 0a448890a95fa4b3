// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"github.com/openconfig/ygot/ytypes"

	"github.com/s2cd/s2cd/yang/gateway/gwyang"
)

// Schema returns the model's schema around root. It shares the parsed tree of
// the bindings, which nobody changes; unpacking it each time costs milliseconds.
func Schema(root *gwyang.Root) *ytypes.Schema {
	return &ytypes.Schema{Root: root, SchemaTree: gwyang.SchemaTree, Unmarshal: gwyang.Unmarshal}
}
