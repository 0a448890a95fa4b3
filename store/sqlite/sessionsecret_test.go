// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/store/storetest"
)

// TestSessionSecretsAreSealed looks for a secret in the file and its log, moves what is
// sealed to another reference, and damages it.
func TestSessionSecretsAreSealed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store")
	s := open(t, path)
	batch := batchOf(0, 3)
	const secret = "Hush-1234567890"
	for i, ref := range []string{"r1", "r2", "r1"} {
		batch[i].Secrets = []order.Secret{{Ref: ref, Value: secret}}
	}
	admit(t, s, storetest.NewLedger(0), batch)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		file, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(file, []byte(secret)) {
			t.Errorf("the secret is in the store%s", suffix)
		}
	}
	run(t, path, "UPDATE session_secret SET sealed = (SELECT sealed FROM session_secret WHERE ref = 'r1' LIMIT 1) WHERE ref = 'r2'")
	if got, err := s.Secret(t.Context(), "r2"); err == nil {
		t.Errorf("what was sealed for another reference opens: %q", got)
	}
	run(t, path, "UPDATE session_secret SET sealed = x'00' WHERE session_n = 1")
	if got, err := s.Secret(t.Context(), "r1"); got != secret || err != nil {
		t.Errorf("one of two is damaged: %q, %v", got, err)
	}
	run(t, path, "UPDATE session_secret SET sealed = x'00'")
	if got, err := s.Secret(t.Context(), "r1"); err == nil {
		t.Errorf("what is damaged opens: %q", got)
	}
}
