// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"path/filepath"
	"testing"

	"github.com/s2cd/s2cd/internal/inventory"
)

const examples = "../../examples"

func TestExamplesLoad(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(examples, "*inventory.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples found: %v", err)
	}
	for _, f := range files {
		inv, err := inventory.Load(f)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if len(inv.Digest) != 64 || len(inv.Tenants) == 0 || len(inv.Network.Access) == 0 {
			t.Errorf("%s: incomplete: %+v", f, inv)
		}
	}
}
